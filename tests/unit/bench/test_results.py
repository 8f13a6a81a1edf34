import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.competitors import ECHO, LOOP, PRODUCT, SCORER_LOOP
from bench.report import show
from bench.results import Results, as_json, cheaper_than, faster_than, read_results, write_results
from bench.run import attempt
from bench.scale import PartitionsRun
from bench.tables import tables
from bench.throughput import BacklogRun
from tests.benchmark_results import LOSING, backlog_run, latency_run, results


def shown(outcome: Results) -> str:
    out = io.StringIO()
    show(outcome, Console(file=out, width=150))
    return out.getvalue()


def test_a_good_run_has_its_ratios() -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    assert outcome.valid
    assert faster_than(outcome.throughput, LOOP) == pytest.approx(3)
    assert cheaper_than(outcome.throughput, LOOP) == pytest.approx(5)
    assert outcome.p99_against_echo(512, PRODUCT) == pytest.approx(2)


@pytest.mark.parametrize(
    "loop",
    [backlog_run(12_345, 67, LOSING), backlog_run(12_345, 67, flaw="a result without sentences")],
    ids=["lost", "flawed"],
)
def test_a_competitor_that_loses_or_cheats_has_no_figures_and_the_row_says_so(loop: BacklogRun) -> None:
    outcome = results(loop, latency_run(6.0))
    assert not outcome.valid
    assert faster_than(outcome.throughput, LOOP) is None
    assert "WRONG" in shown(outcome)
    assert "12,345" not in shown(outcome)


def test_a_loss_under_load_makes_the_run_invalid() -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0, LOSING))
    assert not outcome.valid
    assert outcome.p99_against_echo(512, PRODUCT) is None
    assert "1 lost" in shown(outcome)


def test_the_report_names_machine_reviews_and_figures() -> None:
    told = shown(results(backlog_run(10_000, 100), latency_run(6.0)))
    assert "WRONG" not in told
    compared = (
        "a cpu, 2 cores",
        "a pack",
        "30,000",
        "10,000",
        "3.00",
        "5.00",
        "10.0",
        LOOP,
        ECHO,
        SCORER_LOOP,
    )
    scale = ("1,250", "301", "5, 60", "2, 9", "22.0", "1.10", "1,234", "5.5", "2.50", "40.0")
    for figure in (*compared, *scale):
        assert figure in told


def test_what_was_not_measured_has_no_table() -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    some = replace(outcome, layers={}, recovery=None, starts=(), lengths=())
    assert [table.name for table in tables(some)] == [
        "sweeps", "throughput", "latency", "workers", "partitions", "core",
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["recovery", "workers", "partitions", "layers"])
def test_a_loss_in_any_part_makes_the_run_invalid_and_is_shown(part: str) -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    losing = backlog_run(1.0, 1.0, LOSING)
    lost: dict[str, Any] = {
        "recovery": outcome.recovery and replace(outcome.recovery, account=LOSING),
        "workers": {1: [losing]},
        "partitions": {200: PartitionsRun(losing, 1, 1.0)},
        "layers": {PRODUCT: [losing]},
    }
    with_loss = replace(outcome, **{part: lost[part]})
    assert (outcome.valid, with_loss.valid) == (True, False)
    assert "WRONG: 1 lost" in shown(with_loss)


def test_the_file_is_json_and_named_after_its_date(tmp_path: Path) -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    file = write_results(outcome, tmp_path / "results")
    assert file.name == "2026-01-02T030405Z.json"
    document = json.loads(file.read_text())
    assert document == json.loads(as_json(outcome))
    assert document["ratios"]["throughput"][LOOP]["product_is_faster_by"] == pytest.approx(3)
    assert document["ratios"]["layers"][SCORER_LOOP]["takes_more_cpu_by"] == pytest.approx(1.5)
    assert document["throughput"][LOOP][0]["account"]["lost"] == 0
    assert document["latency"]["512"][ECHO][0]["latency"]["p99"] == pytest.approx(3)


def test_what_was_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    outcome = results(backlog_run(10_000.0, 100.0), latency_run(6.0))
    back = read_results(write_results(outcome, tmp_path))
    assert as_json(back) == as_json(outcome)
    assert back.latency[512][ECHO][0].latency.p99 == pytest.approx(3)


def test_a_file_of_another_form_is_refused_by_name_and_field(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"started_at": "2026-01-02T03:04:05Z"}')
    with pytest.raises(ValueError, match=r"other\.json: expected .* missing required field `took_s`"):
        read_results(file)


def test_without_an_echo_at_its_rate_there_is_no_ratio() -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    assert outcome.p99_against_echo(1_000, PRODUCT) is None


def test_a_part_that_fails_takes_no_other_with_it_and_is_told() -> None:
    def fail(_: Results) -> Results:
        raise TimeoutError("no result within 60 s")

    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    said: list[str] = []
    after = attempt("scale", fail, outcome, said.append)
    assert (outcome.valid, after.valid) == (True, False)
    assert after.throughput == outcome.throughput
    assert said == ["scale: no result within 60 s"]
    assert "NOT MEASURED: scale: no result within 60 s" in shown(after)
