"""The kept run: a part that is measured anew takes the place of the former, the others stay and say so."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bench.plan import PARTS, Part
from bench.results import Results

_FIGURES: Final[Mapping[Part, tuple[str, ...]]] = {
    "core": ("core", "core_cpu_us", "lengths", "sentences", "slices"),
    "throughput": ("throughput",),
    "layers": ("layers",),
    "latency": ("latency",),
    "recovery": ("recovery",),
    "scale": ("workers", "partitions"),
    "start": ("starts",),
    "profile": ("profile",),
}


def beside(former: Results, new: Results) -> Results:
    """The new run with the parts of the former that it did not measure, and where these come from."""
    kept = [part for part in PARTS if part not in new.parts and part in {*former.parts, *former.origins}]
    figures = {name: getattr(former, name) for part in kept for name in _FIGURES[part]}
    return replace(
        new,
        **figures,
        how={**former.how, **new.how},
        sweeps={**former.sweeps, **new.sweeps},
        failed={**{part: why for part, why in former.failed.items() if part in kept}, **new.failed},
        origins={part: former.origin(part) for part in kept},
    )
