import random
from pathlib import Path

import pytest

from stream_app.account import Verdict
from tests.faults.inputs import inputs, key_of
from tests.faults.judgement import breaches
from tests.faults.ledger import Ledger, Progress
from tests.faults.mixtures import draw
from tests.faults.page import BEGIN, END, record_path, render
from tests.faults.record import Record, entry, failed, read_record
from tests.faults.scenario import Outcome, Scenario
from tests.faults.sections import scenarios
from tests.faults.soak_verdict import Tally

GOOD = Outcome(Verdict(10, 9, 1, 0, 0, 0), recovered_s=14.96)
SCENARIO = Scenario("away", "Broker", "it is away", "nothing", lambda _: GOOD, repeats=5)


def ledger_of(numbers: list[int], *, poison_every: int = 0) -> Ledger:
    ledger = Ledger(poison_every)
    for number in numbers:
        ledger.result(number, key_of(number))
    return ledger


def test_the_same_numbers_are_fed_with_the_keys_that_are_expected() -> None:
    fed = list(inputs(200, start=100, poison_every=100))
    assert [key for key, _ in fed] == [key_of(number) for number in range(100, 300)]
    assert [value for _, value in fed if value and value.startswith(b"\xff")] == [
        b"\xffpoison 199",
        b"\xffpoison 299",
    ]


def test_what_has_no_output_is_lost() -> None:
    ledger = ledger_of([0, 1, 3])
    assert ledger.close(6) == Verdict(6, 3, 0, 3, 0, 0)
    assert ledger.lost(6) == [2, 4, 5]


def test_a_second_output_is_a_duplicate() -> None:
    assert ledger_of([0, 1, 1, 1]).close(2).duplicates == 2


def test_poison_belongs_into_the_dead_letters_and_nothing_else_does() -> None:
    ledger = Ledger(poison_every=2)
    ledger.result(0, key_of(0))
    ledger.dead_letter(1, key_of(1))
    ledger.result(3, key_of(3))
    ledger.dead_letter(2, key_of(2))
    assert ledger.close(4) == Verdict(4, 1, 1, 2, 0, 2)


def test_what_was_never_fed_is_strange() -> None:
    ledger = ledger_of([0, 7])
    ledger.result(None, b"k0")
    ledger.result(10**12, b"k0")
    ledger.result(1, b"another key")
    assert ledger.close(2) == Verdict(2, 1, 0, 1, 0, 4)


def test_order_is_judged_within_a_key_by_first_outputs() -> None:
    assert ledger_of([97, 1, 0]).out_of_order == 1
    assert ledger_of([0, 97, 0, 97, 194, 3, 2]).out_of_order == 0


def test_work_has_resumed_when_the_last_partition_has_an_output() -> None:
    progress = Progress(partitions=2)
    for partition, at_ms in ((0, 1_000), (1, 1_000), (0, 2_500), (1, 4_000), (0, 5_000)):
        progress.output(partition, at_ms)
    assert progress.resumed_after_s(2_000) == 2
    assert progress.resumed_after_s(4_500) == float("inf")


def test_a_partition_that_never_had_an_output_has_not_resumed() -> None:
    progress = Progress(partitions=2)
    progress.output(0, 1_000)
    assert progress.resumed_after_s(0) == float("inf")


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (GOOD._replace(verdict=GOOD.verdict._replace(lost=1)), "1 lost, expected 0"),
        (GOOD._replace(verdict=GOOD.verdict._replace(strange=1)), "1 outputs belong to no input"),
        (GOOD._replace(verdict=GOOD.verdict._replace(duplicates=6)), "6 duplicates, expected at most 5"),
        (GOOD._replace(out_of_order=2), "2 results out of order within their key"),
        (GOOD._replace(recovered_s=15.2), "work resumed after 15.2 s, expected 15"),
        (GOOD._replace(destroyed=1), "0 lost, expected 1"),
    ],
)
def test_each_broken_promise_is_told(outcome: Outcome, line: str) -> None:
    assert breaches(GOOD, "at_least_once", 5) == []
    assert breaches(outcome, "at_least_once", 5) == [line]


def test_a_fault_may_have_a_longer_time_of_its_own() -> None:
    late = GOOD._replace(recovered_s=74.0)
    assert breaches(late, "at_least_once", within_s=75) == []
    assert breaches(late, "at_least_once", within_s=70) == ["work resumed after 74.0 s, expected 70"]


def test_a_kill_may_repeat_what_a_commit_interval_held() -> None:
    repeated = GOOD._replace(verdict=GOOD.verdict._replace(duplicates=6), held=6)
    assert breaches(repeated, "at_least_once", 5) == []
    assert breaches(repeated, "at_least_once") == ["6 duplicates, expected at most 0"]


def test_what_an_interval_held_is_the_most_that_any_did() -> None:
    progress = Progress(partitions=1)
    for appended_ms in (0, 950, 1_000, 1_100, 1_950, 5_000):
        progress.output(0, appended_ms)
    assert progress.most_within(10) == 3
    assert progress.most_within(11) == 4


def test_exactly_once_allows_no_duplicate() -> None:
    repeated = GOOD._replace(verdict=GOOD.verdict._replace(duplicates=1))
    assert breaches(repeated, "exactly_once", 5) == ["1 duplicates, expected at most 0"]


def test_the_page_says_what_was_measured_and_what_was_not_run() -> None:
    record: Record = {
        "at_least_once": {"away": entry(SCENARIO, "at_least_once", 3, GOOD)},
        "exactly_once": {},
    }
    page = render(f"above\n{BEGIN}\nold\n{END}\nbelow\n", [SCENARIO], record)
    assert "| 10 reviews: 0 lost, 0 repeated; back after 15 s (seed 3) | not run |" in page
    assert "old" not in page
    assert (page[:6], page[-6:]) == ("above\n", "below\n")


def test_a_run_that_failed_is_told_on_the_page() -> None:
    record: Record = {"at_least_once": {}, "exactly_once": {"away": failed(3, TimeoutError("late"))}}
    page = render(f"{BEGIN}{END}", [SCENARIO], record)
    assert "**broken: the run failed: TimeoutError: late**" in page


def test_the_page_is_what_the_scenarios_and_their_outcomes_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "faults.md"
    assert render(page.read_text(), scenarios(), read_record(record_path(page))) == page.read_text()


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        render("nothing", [SCENARIO], {"at_least_once": {}, "exactly_once": {}})


def test_a_seed_draws_the_same_faults_again_and_another_seed_others() -> None:
    def drawn(seed: int) -> list[tuple[str, float | None]]:
        chance = random.Random(seed)
        return [(fault.kind, fault.seconds) for _ in range(50) for fault in draw(chance)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert len({kind for kind, _ in drawn(1)}) == 8


def test_recovery_is_judged_after_single_faults() -> None:
    single, tally, chance = [], Tally(), random.Random(1)
    for _ in range(20):
        faults = draw(chance)
        tally.add(faults, 99 if len(faults) > 1 else 3)
        single.append(len(faults) == 1)
    assert set(tally.recovered_s.values()) == {3}
    assert not all(single)


def test_committed_offsets_that_fall_are_a_breach() -> None:
    tally = Tally()
    for offsets in ({0: 5, 1: 7}, {0: 6, 1: 7}, {0: 6}, {0: 6, 1: 8}):
        tally.see_committed(offsets)
    assert tally.fell_back == ["the committed offset of partition 1 fell from 7 to None"]
