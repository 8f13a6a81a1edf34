import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from bench.account import Account
from bench.competitors import ECHO, LOOP, PRODUCT
from bench.core_alone import STAGES, CoreCost
from bench.latency import LatencyRun
from bench.plan import QUICK
from bench.report import show
from bench.results import Results, as_json, write_results
from bench.reviews import ReviewsFacts
from bench.statistics import Quantiles
from bench.throughput import BacklogRun
from bench.tuning import Trial

GOOD = Account(10, 10, 0, 0, 0)
LOSING = Account(10, 9, 1, 0, 0)


def backlog_run(
    reviews_per_s: float, cpu_us: float, account: Account = GOOD, flaw: str | None = None
) -> BacklogRun:
    return BacklogRun(account, flaw, reviews_per_s, cpu_us, 300.0, 1_100.0)


def latency_run(p99: float, account: Account = GOOD) -> LatencyRun:
    return LatencyRun(account, Quantiles(1.0, p99, 2 * p99), 0.5)


def results(loop: BacklogRun, product_latency: LatencyRun) -> Results:
    return Results(
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        plan=QUICK,
        machine={"cpu": "a cpu", "cores": 2, "load_before": 0.1, "python": "3.11"},
        commit="abc",
        versions={"numpy": "2"},
        peers={"numpy": "1"},
        reviews=ReviewsFacts("a pack", 100, 1, 400.0),
        how={PRODUCT: "all of it", LOOP: "in batches"},
        sweep=[Trial({"batch": "500", "compression": "none", "linger-ms": "5"}, 8_000.0)],
        throughput={PRODUCT: [backlog_run(30_000, 20)], LOOP: [loop]},
        latency={PRODUCT: [product_latency], ECHO: [latency_run(3.0)]},
        core=[CoreCost(128, dict.fromkeys(STAGES, 2.5))],
    )


def shown(outcome: Results) -> str:
    out = io.StringIO()
    show(outcome, Console(file=out, width=130))
    return out.getvalue()


def test_a_good_run_has_its_ratios() -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    assert outcome.valid
    assert outcome.faster_than(LOOP) == pytest.approx(3)
    assert outcome.cheaper_than(LOOP) == pytest.approx(5)
    assert outcome.p99_against_echo(PRODUCT) == pytest.approx(2)


@pytest.mark.parametrize(
    "loop",
    [backlog_run(12_345, 67, LOSING), backlog_run(12_345, 67, flaw="a result without sentences")],
    ids=["lost", "flawed"],
)
def test_a_competitor_that_loses_or_cheats_has_no_figures_and_the_row_says_so(loop: BacklogRun) -> None:
    outcome = results(loop, latency_run(6.0))
    assert not outcome.valid
    assert outcome.faster_than(LOOP) is None
    assert "WRONG" in shown(outcome)
    assert "12,345" not in shown(outcome)


def test_a_loss_under_load_makes_the_run_invalid() -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0, LOSING))
    assert not outcome.valid
    assert outcome.p99_against_echo(PRODUCT) is None
    assert "1 lost" in shown(outcome)


def test_the_report_names_machine_reviews_and_figures() -> None:
    told = shown(results(backlog_run(10_000, 100), latency_run(6.0)))
    assert "WRONG" not in told
    for figure in ("a cpu, 2 cores", "a pack", "30,000", "10,000", "3.00", "5.00", "10.0", LOOP, ECHO):
        assert figure in told


def test_the_file_is_json_and_named_after_its_date(tmp_path: Path) -> None:
    outcome = results(backlog_run(10_000, 100), latency_run(6.0))
    file = write_results(outcome, tmp_path / "results")
    assert file.name == "2026-01-02T030405Z.json"
    document = json.loads(file.read_text())
    assert document == json.loads(as_json(outcome))
    assert document["ratios"]["product_is_faster_than"][LOOP] == pytest.approx(3)
    assert document["throughput"][LOOP][0]["account"]["lost"] == 0
    assert document["latency"][ECHO][0]["latency"]["p99"] == pytest.approx(3)
    assert document["core_us_per_review"]["128"]["all"] == pytest.approx(10)
