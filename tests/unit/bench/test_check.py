from dataclasses import replace

import pytest

from bench.check import exit_code, kept_ratio
from bench.core_alone import core_records
from bench.core_cpu import core_cpu_us
from stream_app.bundled import bundled
from stream_app.model_store import load_model
from tests.benchmark_results import backlog_run, latency_run, results


def test_the_ratio_of_the_kept_run_is_of_the_worker_over_the_core() -> None:
    kept = results(backlog_run(10_000.0, 100.0), latency_run(6.0))
    assert kept_ratio(kept) == pytest.approx(20.0 / 10.0)


def test_a_kept_run_without_the_figures_is_refused() -> None:
    kept = results(backlog_run(10_000.0, 100.0), latency_run(6.0))
    for lacking in (replace(kept, core_cpu_us=0.0), replace(kept, throughput={})):
        with pytest.raises(ValueError, match="expected a kept run with the parts core and throughput"):
            kept_ratio(lacking)


def test_only_above_the_limit_it_fails() -> None:
    assert [exit_code(ratio, limit=2.0) for ratio in (1.0, 2.0, 2.01)] == [0, 0, 3]


def test_the_core_takes_cpu_time() -> None:
    records = core_records([b'{"text": "It is great. It came late."}'] * 256)
    assert core_cpu_us(records, load_model(bundled("champion"), "inherited")) > 0
