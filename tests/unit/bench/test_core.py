import pytest

from bench.core import RECORDED_RATIO, check, ratio
from bench.core_alone import core_records
from stream_app.bundled import bundled
from stream_app.model_store import load_model


def test_a_core_slower_by_a_third_is_told() -> None:
    assert check(RECORDED_RATIO) is None
    assert check(RECORDED_RATIO * 1.1) is None
    told = f"{RECORDED_RATIO * 1.4:.2f} times the yardstick, expected at most {RECORDED_RATIO * 4 / 3:.2f}"
    assert told in (check(RECORDED_RATIO * 1.4) or "")


def test_the_ratio_is_that_of_two_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that only the work moves: the core takes three ticks, the yardstick two."""
    costs = {"classify": 3, "_decode": 2}
    now = [0.0]

    def spend(name: str) -> None:
        now[0] += costs[name]

    monkeypatch.setattr("bench.core.classify", lambda *_: spend("classify"))
    monkeypatch.setattr("bench.core._decode", lambda _: spend("_decode"))
    monkeypatch.setattr("bench.core.time.perf_counter", lambda: now[0])
    records = core_records([b'{"text": "Fine."}'] * 3)
    assert ratio(records, load_model(bundled("champion"), "inherited")) == pytest.approx(1.5)
