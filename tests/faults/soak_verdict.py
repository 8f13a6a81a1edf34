"""The verdict on a soak: what struck, what became of the reviews, and which promises were broken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.fleet import Fleet
from tests.faults.judgement import HELD_TENTHS, breaches
from tests.faults.mixtures import Fault
from tests.faults.oracle import Oracle
from tests.faults.scenario import Guarantee, Outcome

_DRAINED_WITHIN_S: Final = 10
_EXPECTED_CODES: Final = {0, -9, 75}  # 75: Kafka failed; the supervisor starts the worker again


@dataclass
class Tally:
    """What has struck so far, and how long work took to resume.

    Attributes:
        struck: how often each kind of fault.
        cuts: how many processes lost what a commit interval held.
        recovered_s: after each single fault, by its kind, the longest; not after two at once.
        fed: how many reviews the broker was given.
        committed: the latest committed offsets, by partition.
        fell_back: what became of committed offsets that were lower than before, in words.
    """

    struck: Counter[str] = field(default_factory=Counter)
    cuts: int = 0
    recovered_s: dict[str, float] = field(default_factory=dict)
    fed: int = 0
    committed: Mapping[int, int] = field(default_factory=dict)
    fell_back: list[str] = field(default_factory=list)

    def add(self, faults: Sequence[Fault], resumed_after_s: float) -> None:
        """These struck, at the same time."""
        self.struck.update(fault.kind for fault in faults)
        self.cuts += sum(fault.cuts for fault in faults)
        if len(faults) == 1:
            kind = faults[0].kind
            self.recovered_s[kind] = max(self.recovered_s.get(kind, 0), round(resumed_after_s, 1))

    def see_committed(self, offsets: Mapping[int, int]) -> None:
        """These are committed now. They never fall, whatever the broker went through."""
        self.fell_back += [
            f"the committed offset of partition {partition} fell from {before} to {offsets.get(partition)}"
            for partition, before in self.committed.items()
            if offsets.get(partition, 0) < before
        ]
        self.committed = offsets


def soak_verdict(guarantee: Guarantee, oracle: Oracle, tally: Tally, fleet: Fleet) -> dict[str, Any]:
    """What is printed at the end; `breaches` is empty when every promise was kept."""
    ledger, held = oracle.ledger, oracle.progress.most_within(HELD_TENTHS)
    longest_s = max(tally.recovered_s.values(), default=None)
    outcome = Outcome(ledger.close(tally.fed), longest_s, out_of_order=ledger.out_of_order)
    broken = breaches(outcome, guarantee, repeats=tally.cuts * held) + tally.fell_back
    if fleet.longest_drain_s > _DRAINED_WITHIN_S:
        broken.append(f"a worker ended {fleet.longest_drain_s:.1f} s after SIGTERM")
    if strange := fleet.exit_codes.keys() - _EXPECTED_CODES:
        broken.append(f"workers ended with {sorted(strange)}")
    return {
        "guarantee": guarantee,
        **outcome.verdict._asdict(),
        "out_of_order": ledger.out_of_order,
        "duplicates_allowed": tally.cuts * held if guarantee == "at_least_once" else 0,
        "faults": dict(tally.struck),
        "longest_recovery_s": tally.recovered_s,
        "longest_drain_s": round(fleet.longest_drain_s, 1),
        "exit_codes": {str(code): times for code, times in fleet.exit_codes.items()},
        "memory_mb": fleet.memory_mb,
        "breaches": broken,
    }
