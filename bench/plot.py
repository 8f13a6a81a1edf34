"""The throughput of a run as bars, in SVG that can be read on light and on dark ground. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from bench.competitors import PRODUCT
from bench.results import Results, Rounds, median_of

_WIDTH: Final = 760
_LABEL: Final = 250
_VALUE: Final = 150
_ROW: Final = 26
_BAR: Final = 16
_HEAD: Final = 34
_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.product { fill: #0969da; }
.peer { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .product { fill: #4493f8; }
  .peer { fill: #6e7681; }
}
"""


def plot(results: Results) -> str:
    """Two groups of bars: each with its own model, and all with the product's scorer."""
    groups = {
        "Reviews a second of one worker process, each with its own model": _rates(results.throughput),
        "The same with our scorer in each: the streaming layer alone": _rates(results.layers),
    }
    parts, top = [], 0
    for title, rates in groups.items():
        if rates:
            parts.append(_group(title, rates, top))
            top += _HEAD + _ROW * len(rates)
    if results.origin("throughput").machine_was_busy or results.origin("layers").machine_was_busy:
        parts.append(f'<text x="0" y="{top + 14}">Provisional: others used the machine meanwhile.</text>')
        top += _ROW
    size = f'width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


def _rates(rounds: Rounds) -> dict[str, float]:
    """Medians of those with valid figures that classify, the fastest first."""
    rates = {
        name: median_of(runs, "reviews_per_s")
        for name, runs in rounds.items()
        if all(run.valid for run in runs) and "no work" not in name
    }
    return dict(sorted(rates.items(), key=lambda one: -one[1]))


def _group(title: str, rates: Mapping[str, float], top: int) -> str:
    most = max(rates.values())
    lines = [f'<text class="title" x="0" y="{top + 20}">{escape(title)}</text>']
    for number, (name, rate) in enumerate(rates.items()):
        lines += _bar(name, rate, rate / most, top + _HEAD + number * _ROW, rates.get(PRODUCT))
    return "\n".join(lines)


def _bar(name: str, rate: float, share: float, top: int, product: float | None) -> Sequence[str]:
    length = max(1.0, share * (_WIDTH - _LABEL - _VALUE))
    kind = "product" if name == PRODUCT else "peer"
    ratio = f" ({beside(rate, product)})" if product and name != PRODUCT else ""
    text_y = top + _BAR - 3
    return (
        f'<text x="{_LABEL - 8}" y="{text_y}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="2"/>',
        f'<text x="{_LABEL + length + 6:.1f}" y="{text_y}">{rate:,.0f}{ratio}</text>',
    )


def beside(rate: float, product: float) -> str:
    """A rate as a share or as a multiple of the product's."""
    return f"1/{product / rate:.1f}" if rate < product else f"{rate / product:.1f} times"
