"""What a run must have measured so that the promises are kept."""

from typing import Final

from tests.faults.scenario import Guarantee, Outcome

RECOVERED_WITHIN_S: Final = 15.0


def breaches(outcome: Outcome, guarantee: Guarantee, repeats: int = 0) -> list[str]:
    """The promises that the outcome breaks, a line for each; none when all are kept.

    Args:
        outcome: of a run.
        guarantee: that the workers gave.
        repeats: the most duplicates that at-least-once allows; exactly-once allows none.
    """
    verdict, allowed = outcome.verdict, repeats if guarantee == "at_least_once" else 0
    found = {
        f"{verdict.lost} lost, expected {outcome.destroyed}": verdict.lost != outcome.destroyed,
        f"{verdict.strange} outputs belong to no input": verdict.strange > 0,
        f"{verdict.duplicates} duplicates, expected at most {allowed}": verdict.duplicates > allowed,
        f"{outcome.out_of_order} results out of order within their key": outcome.out_of_order > 0,
        f"work resumed after {outcome.recovered_s} s, expected {RECOVERED_WITHIN_S:g}": (
            (outcome.recovered_s or 0) > RECOVERED_WITHIN_S
        ),
    }
    return [line for line, is_breach in found.items() if is_breach]
