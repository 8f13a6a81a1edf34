"""What a run must have measured so that the promises are kept."""

from typing import Final

from tests.faults.scenario import RECOVERED_WITHIN_S, Guarantee, Outcome

HELD_TENTHS: Final = 15
"""Of a second: a commit interval (0.5 s), and a commit that is late by a second."""


def breaches(
    outcome: Outcome, guarantee: Guarantee, repeats: int = 0, within_s: float = RECOVERED_WITHIN_S
) -> list[str]:
    """The promises that the outcome breaks, a line for each; none when all are kept.

    Args:
        outcome: of a run.
        guarantee: that the workers gave.
        repeats: the most duplicates that at-least-once allows, or `outcome.held`; exactly-once allows none.
        within_s: the longest time until work has resumed.
    """
    verdict, may_repeat = outcome.verdict, repeats > 0 and guarantee == "at_least_once"
    allowed = outcome.asked_again + (max(repeats, outcome.held) if may_repeat else 0)
    found = {
        f"{verdict.lost} lost, expected {outcome.destroyed}": verdict.lost != outcome.destroyed,
        f"{verdict.strange} outputs belong to no input": verdict.strange > 0,
        f"{verdict.duplicates} duplicates, expected at most {allowed}": verdict.duplicates > allowed,
        f"{verdict.duplicates} duplicates, asked for were {outcome.asked_again}": (
            verdict.duplicates < outcome.asked_again
        ),
        f"{outcome.out_of_order} results out of order within their key": outcome.out_of_order > 0,
        f"work resumed after {outcome.recovered_s or 0:.1f} s, expected {within_s:g}": (
            (outcome.recovered_s or 0) > within_s
        ),
    }
    return [line for line, is_breach in found.items() if is_breach]
