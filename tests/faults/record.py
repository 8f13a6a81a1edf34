"""Outcomes on disk: what was measured, by guarantee and scenario, in a JSON file beside the page."""

import json
import os
from pathlib import Path
from typing import TypedDict

from stream_app.account import Verdict
from tests.faults.judgement import breaches
from tests.faults.scenario import Guarantee, Outcome, Scenario


class Entry(TypedDict):
    """A run: what it measured, or why it has measured nothing."""

    seed: int
    reviews: int
    lost: int
    destroyed: int
    duplicates: int
    strange: int
    out_of_order: int
    recovered_s: float | None
    note: str
    breaches: list[str]


Record = dict[Guarantee, dict[str, Entry]]


def entry(scenario: Scenario, guarantee: Guarantee, seed: int, outcome: Outcome) -> Entry:
    """The entry of a run that has come to its end."""
    broken = breaches(outcome, guarantee, scenario.repeats, scenario.within_s)
    return {**_measured(seed, outcome), "breaches": broken}


def failed(seed: int, error: Exception) -> Entry:
    """The entry of a run that has not come to its end."""
    first_line = (str(error).splitlines() or [""])[0]
    nothing = Outcome(Verdict(0, 0, 0, 0, 0, 0))
    return {**_measured(seed, nothing), "breaches": [f"the run failed: {type(error).__name__}: {first_line}"]}


def read_record(path: Path) -> Record:
    """What was recorded; nothing where there is no file."""
    record: Record = {"at_least_once": {}, "exactly_once": {}}
    return record | json.loads(path.read_text()) if path.exists() else record


def write_record(path: Path, record: Record) -> None:
    """Replace the file, whole or not at all."""
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        file.write(json.dumps(record, indent=1, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _measured(seed: int, outcome: Outcome) -> Entry:
    recovered_s = None if outcome.recovered_s is None else round(outcome.recovered_s, 1)
    return {
        "seed": seed,
        "reviews": outcome.verdict.reviews,
        "lost": outcome.verdict.lost,
        "destroyed": outcome.destroyed,
        "duplicates": outcome.verdict.duplicates,
        "strange": outcome.verdict.strange,
        "out_of_order": outcome.out_of_order,
        "recovered_s": recovered_s,
        "note": outcome.note,
        "breaches": [],
    }
