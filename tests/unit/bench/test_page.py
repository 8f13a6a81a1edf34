from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from bench.competitors import LOOP, PRODUCT, SCORER_LOOP
from bench.page import PAGES, PLOT, blocks, fast, filled, markdown
from bench.plot import beside, plot
from bench.results import Results, read_results
from bench.scale import PartitionsRun
from bench.sizing import size, sizing_tables
from bench.table import Table
from tests.benchmark_results import LOSING, backlog_run, latency_run, results


@pytest.fixture(scope="module")
def outcome() -> Results:
    partitions = {
        count: PartitionsRun(backlog_run(29_000.0, 21.0), 100 + 3 * count, 5.5) for count in (1, 200)
    }
    return replace(results(backlog_run(10_000.0, 100.0), latency_run(6.0)), partitions=partitions)


def test_page_and_plot_show_the_run_that_is_kept() -> None:
    kept = read_results()
    assert kept.valid
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert filled(text, blocks(kept)) == text
    assert PLOT.read_text(encoding="utf-8") == plot(kept)


def test_a_block_is_written_anew_and_the_rest_is_left_alone() -> None:
    page = "before\n<!-- bench one -->\nold\n\n<!-- end -->\nbetween\n<!-- bench two -->\n<!-- end -->"
    by_name = {"one": "1", "two": "2"}
    new = filled(page, by_name)
    assert new == (
        "before\n<!-- bench one -->\n\n1\n<!-- end -->\nbetween\n<!-- bench two -->\n\n2\n<!-- end -->"
    )
    assert filled(new, by_name) == new


def test_a_block_without_figures_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"a block `three`, expected one of one, two"):
        filled("<!-- bench three -->\n<!-- end -->", {"one": "1", "two": "2"})


def test_a_table_becomes_markdown() -> None:
    table = Table("name", "Its title", ("", "figure"), [("row", "1")])
    assert markdown(table) == "Its title:\n\n|  | figure |\n| --- | ---: |\n| row | 1 |\n"


def test_every_table_has_its_block(outcome: Results) -> None:
    names = {
        "throughput",
        "layers",
        "latency",
        "recovery",
        "workers",
        "partitions",
        "starts",
        "core",
        "lengths",
    }
    assert names | {"heading", "sizes", "traffic", "courses", "simulated"} <= blocks(outcome).keys()


def test_the_readme_says_how_fast_it_is(outcome: Results) -> None:
    told = fast(outcome)
    assert told.startswith(
        "One worker process on 2 cores shared with the broker: 30,000 reviews/s, 3.0 times"
    )
    assert "at 512 reviews/s p99 is 6.0 ms" in told
    losing = replace(outcome, throughput={**outcome.throughput, LOOP: [backlog_run(9.0, 1.0, LOSING)]})
    busy = replace(outcome, machine={**outcome.machine, "busy_before": 0.5})
    assert fast(busy) == ""
    assert "PROVISIONAL" in blocks(busy)["heading"]
    assert fast(losing) == fast(replace(outcome, latency={})) == ""


def test_the_plot_is_svg_with_a_bar_for_each_that_classifies(outcome: Results) -> None:
    drawn = ET.fromstring(plot(outcome))  # noqa: S314 - our own
    texts = [one.text or "" for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    bars = [float(one.get("width", "")) for one in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert [text for text in texts if text in {PRODUCT, LOOP, SCORER_LOOP}] == [
        PRODUCT,
        LOOP,
        PRODUCT,
        SCORER_LOOP,
    ]
    assert "10,000 (1/3.0)" in texts
    assert bars[1] / bars[0] == pytest.approx(1 / 3, abs=0.01)


def test_a_plot_of_a_busy_machine_says_so(outcome: Results) -> None:
    busy = replace(outcome, machine={**outcome.machine, "busy_before": 0.5})
    assert ["Provisional" in plot(run) for run in (outcome, busy)] == [False, True]


@pytest.mark.parametrize(("rate", "told"), [(50.0, "1/2.0"), (100.0, "1.0 times"), (150.0, "1.5 times")])
def test_a_rate_is_told_beside_the_product(rate: float, told: str) -> None:
    assert beside(rate, 100.0) == told


def test_a_competitor_that_lost_reviews_has_no_bar(outcome: Results) -> None:
    losing = replace(outcome, throughput={**outcome.throughput, LOOP: [backlog_run(99_999.0, 1.0, LOSING)]})
    assert "99,999" not in plot(losing)


@pytest.mark.parametrize(
    ("per_minute", "workers", "partitions"), [(10_000, 2, 12), (1_000_000, 2, 12), (100_000_000, 67, 134)]
)
def test_a_group_is_busy_to_half_at_most_and_one_of_it_may_end(
    per_minute: int, workers: int, partitions: int
) -> None:
    group = size(per_minute, cpu_us=20.0).group
    assert (group.workers, group.partitions, group.reviews_per_s) == (workers, partitions, 50_000)
    assert per_minute / 60 / workers <= group.reviews_per_s / 2


def test_what_a_load_moves_is_told(outcome: Results) -> None:
    by_name = {table.name: table for table in sizing_tables(outcome)}
    assert by_name["traffic"].rows[1] == ("1,000,000", "6.7", "18.3", "75.0", "56.7")
    assert by_name["sizes"].rows[2][:5] == ("100,000,000", "1,666,667", "67", "50%", "134")
    assert by_name["sizes"].rows[2][5] == f"{67 * 100 + 134 * 3:,}"
