from dataclasses import replace
from datetime import timedelta

import pytest

from bench.kept import beside
from bench.page import fast
from bench.report import heading
from bench.results import Origin, Results, as_json
from tests.benchmark_results import backlog_run, latency_run, results


@pytest.fixture
def former() -> Results:
    busy = results(backlog_run(10_000, 100), latency_run(6.0))
    machine = {**busy.machine, "busy_before": 0.9}
    return replace(busy, machine=machine, parts=["core", "throughput", "latency"], profile={})


@pytest.fixture
def new(former: Results) -> Results:
    later = former.started_at + timedelta(days=1)
    machine = {**former.machine, "busy_before": 0.0}
    again = replace(former, started_at=later, commit="def", machine=machine, parts=["core", "profile"])
    return replace(again, throughput={}, latency={}, core_cpu_us=7.0, profile={"split": 1.0}, how={})


def test_what_was_measured_anew_takes_the_place_of_the_former(former: Results, new: Results) -> None:
    kept = beside(former, new)
    assert (kept.core_cpu_us, kept.profile, kept.commit) == (7.0, {"split": 1.0}, "def")
    assert (kept.throughput, kept.latency, kept.how) == (former.throughput, former.latency, former.how)
    origin = Origin(former.started_at, "abc", machine_was_busy=True)
    assert kept.origins == {"throughput": origin, "latency": origin}


def test_a_part_keeps_its_origin_through_several_runs(former: Results, new: Results) -> None:
    third = replace(new, started_at=new.started_at + timedelta(days=1), parts=["core"], profile={})
    kept = beside(beside(former, new), third)
    assert kept.profile == new.profile
    assert [(origin.commit, parts) for origin, parts in kept.origins_of_all.items()] == [
        ("def", ["core"]),
        ("def", ["profile"]),
        ("abc", ["throughput", "latency"]),
    ]


def test_the_page_tells_which_run_each_part_is_of(former: Results, new: Results) -> None:
    kept = beside(former, new)
    assert b'"origins"' in as_json(kept)
    told = [line.partition(" UTC")[0].partition(":")[0] for line in heading(kept)]
    assert told[-4:] == ["core, profile", "throughput, latency", "PROVISIONAL", "the last run took 1 min\n"]
    assert fast(kept) == ""
    assert fast(replace(kept, origins={})) != ""


def test_a_whole_run_keeps_nothing_of_the_former(former: Results, new: Results) -> None:
    whole = replace(new, parts=["core", "throughput", "latency", "profile"])
    assert beside(former, whole) == replace(whole, how=former.how)
