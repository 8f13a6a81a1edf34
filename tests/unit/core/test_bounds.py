"""Memory for any megabyte of bytes, by counting what is allocated: no clock decides."""

import tracemalloc
from collections.abc import Callable

import pytest

from bench.hostile_texts import (
    LIFTED,
    MEGABYTE,
    UNITS,
    VALUES,
    WITHIN_LIMITS,
    classify_one,
    review_of,
    text_of,
)
from stream_app.bundled import bundled
from stream_app.core.scoring import Model
from stream_app.core.sentences import boundaries
from stream_app.model_store import load_model

# Bytes allocated at once, at most, for a byte of input. Measured: 5, 94 and 152.
WITHIN_LIMITS_RATIO = 6
SPLIT_RATIO = 110
LIFTED_RATIO = 200


@pytest.fixture(scope="module")
def model() -> Model:
    loaded = load_model(bundled("champion"), "inherited")
    classify_one(review_of("It fits."), loaded, WITHIN_LIMITS)  # what compiling takes is none of a record's
    return loaded


def peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_what_is_allocated_is_seen() -> None:
    assert peak_bytes(lambda: list(range(MEGABYTE))) > 8 * MEGABYTE
    assert peak_bytes(lambda: None) < 1_000


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_a_megabyte_of_text_is_refused_at_the_cost_of_reading_it(unit: str, model: Model) -> None:
    value = review_of(text_of(unit, MEGABYTE))
    assert peak_bytes(lambda: classify_one(value, model, WITHIN_LIMITS)) <= WITHIN_LIMITS_RATIO * len(value)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_megabyte_of_anything_else_costs_no_more(value: bytes, model: Model) -> None:
    assert peak_bytes(lambda: classify_one(value, model, WITHIN_LIMITS)) <= WITHIN_LIMITS_RATIO * len(value)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_splitting_takes_memory_by_the_length(unit: str) -> None:
    text = text_of(unit, MEGABYTE // 4)
    assert peak_bytes(lambda: boundaries(text)) <= SPLIT_RATIO * len(text.encode())


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_with_the_limit_lifted_memory_grows_with_the_length(unit: str, model: Model) -> None:
    value = review_of(text_of(unit, MEGABYTE // 8))
    assert peak_bytes(lambda: classify_one(value, model, LIFTED)) <= LIFTED_RATIO * len(value)
