"""Pictures of an evaluation, as SVG that takes the colour of the text around it."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stream_app.core.scoring import LABELS
from training.calibration import Calibration
from training.classifiers import CHAMPION, MODEL, SEED, SEED_TUNED, VADER
from training.evaluate import Judged
from training.figures import Figures
from training.report.learning_curve import Point
from training.report.telling import Ngram

INK: Final = "#010203"  # stands for the colour of the text, whatever that will be
COLOURS: Final = {"negative": "#d1495b", "neutral": "#8d96a3", "positive": "#2a9d8f"}
BLUE: Final = "#3a86ff"
# A classifier has the same colour in every picture.
CLASSIFIERS: Final = {
    MODEL: BLUE,
    CHAMPION: "#b565c9",
    SEED_TUNED: "#f4a261",
    SEED: "#2a9d8f",
    VADER: "#8d96a3",
}
SCORE_BINS: Final = 20
STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "legend.frameon": False,
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "axes.titlecolor"),
        INK,
    ),
}


@contextmanager
def drawn(
    width: float = 6.2, height: float = 3.8, panels: int = 1
) -> Iterator[tuple[Figure, Sequence[Axes]]]:
    """A figure without a screen, in inches, and its panels side by side."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(1, panels, squeeze=False)[0]


def svg(figure: Figure) -> str:
    """The figure as an element to stand in a page; the same figure gives the same text."""
    buffer = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    content = buffer.getvalue()
    return content[content.index("<svg") :].replace(INK, "currentColor")


def confusion_matrix(found: Figures) -> Figure:
    """Share of each gold class that got each label, with counts."""
    counts = np.array(found.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with drawn(4.2, 3.6) as (figure, (axes,)):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 0.5 else "#1b2a3a"  # noqa: PLR2004 - where the blue turns dark
            text = f"{share:.0%}\n{counts[row, column]:,}"
            axes.text(column, row, text, ha="center", va="center", color=colour)
        axes.set_xticks(range(len(LABELS)), LABELS)
        axes.set_yticks(range(len(LABELS)), LABELS)
        axes.set(xlabel="label", ylabel="gold class")
        axes.spines[:].set_visible(False)
    return figure


def reliability(calibrations: Mapping[str, Calibration], predicted: str, observed: str) -> Figure:
    """What was predicted and what came true, bin by bin; on the diagonal they agree."""
    with drawn(4.6, 3.8) as (figure, (axes,)):
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
        for name, found in calibrations.items():
            points = [(each.predicted, each.observed) for each in found.bins]
            label = f"{name} (ECE {found.error:.3f})"
            axes.plot(
                *zip(*points, strict=True), "o-", color=CLASSIFIERS.get(name, INK), markersize=4, label=label
            )
        axes.set(xlabel=predicted, ylabel=observed, xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper left", fontsize=8)
    return figure


def score_histogram(judged: Judged, classifier: str) -> Figure:
    """How the scores of each gold class are spread."""
    scores = judged.judgements[classifier].scores
    edges = np.linspace(0, 1, SCORE_BINS + 1)
    with drawn(4.6, 3.6) as (figure, (axes,)):
        for code, label in enumerate(LABELS):
            of_class = scores[judged.rows.gold == code]
            share = np.full(len(of_class), 1 / max(len(of_class), 1))
            axes.hist(of_class, edges.tolist(), weights=share, histtype="step", linewidth=1.8,
                      color=COLOURS[label], label=label)  # fmt: skip
        axes.set(xlabel="score", ylabel="share of the gold class", xlim=(0, 1))
        axes.legend(loc="upper center", fontsize=8)
    return figure


def learning_curve(points: Sequence[Point]) -> Figure:
    """Macro-F1 over the number of reviews trained on, with intervals."""
    with drawn(4.6, 3.6) as (figure, (axes,)):
        reviews = [point.reviews for point in points]
        values = [point.macro_f1.value for point in points]
        axes.plot(reviews, values, "o-", color=BLUE, markersize=4)
        low, high = ([getattr(point.macro_f1, end) for point in points] for end in ("low", "high"))
        axes.fill_between(reviews, low, high, color=BLUE, alpha=0.2, linewidth=0)
        axes.set_xscale("log")
        axes.set_xticks(reviews, [f"{count:,}" for count in reviews], rotation=30)
        axes.minorticks_off()
        axes.set(xlabel="reviews trained on", ylabel="macro-F1, sentences of new domains")
    return figure


def telling_ngrams(ngrams: Mapping[str, Sequence[Ngram]]) -> Figure:
    """The strongest n-grams of each label, a panel for each."""
    longest = max(len(found) for found in ngrams.values())
    with drawn(9.6, 0.6 + 0.2 * longest, len(ngrams)) as (figure, panels):
        for axes, (label, found) in zip(panels, ngrams.items(), strict=True):
            axes.barh([each.text for each in found], [each.weight for each in found], color=COLOURS[label])
            axes.invert_yaxis()
            axes.set_title(label)
            axes.tick_params(axis="y", length=0, labelsize=8)
            axes.tick_params(axis="x", labelsize=8)
    return figure


def macro_f1_by_set(figures: Sequence[Figures]) -> Figure:
    """Macro-F1 with its interval: a row for each set, a colour for each classifier."""
    sets = list(dict.fromkeys((found.dataset, found.level) for found in figures))
    names = list(dict.fromkeys(found.classifier for found in figures))
    with drawn(9.6, 0.9 + 0.42 * len(sets)) as (figure, (axes,)):
        for at, name in enumerate(names):
            own = [found for found in figures if found.classifier == name]
            shift = (at - (len(names) - 1) / 2) * 0.14
            places = [sets.index((found.dataset, found.level)) + shift for found in own]
            _with_interval(axes, own, places, name)
        axes.set_yticks(range(len(sets)), [f"{dataset}, {level}s" for dataset, level in sets])
        axes.invert_yaxis()
        axes.grid(axis="x", color=INK, alpha=0.15)
        axes.set(xlabel="macro-F1, 95 % interval")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
    return figure


def _with_interval(axes: Axes, figures: Sequence[Figures], places: Sequence[float], name: str) -> None:
    found = [each.macro_f1 for each in figures]
    # On few rows the value may lie outside of its interval: a bar has no negative length.
    low = [max(each.value - each.low, 0) for each in found]
    high = [max(each.high - each.value, 0) for each in found]
    axes.errorbar([each.value for each in found], places, xerr=[low, high], fmt="o", markersize=4,
                  color=CLASSIFIERS.get(name, INK), label=name)  # fmt: skip
