"""The oracle: every input has exactly one output. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """What became of a run's inputs.

    Attributes:
        inputs: reviews that went in.
        outputs: results that came out.
        lost: inputs without a result.
        duplicates: results beyond the first of their input.
        unknown: results of no input.
    """

    inputs: int
    outputs: int
    lost: int
    duplicates: int
    unknown: int

    @property
    def balanced(self) -> bool:
        """Whether each input has exactly one output, and nothing else came."""
        return not (self.lost or self.duplicates or self.unknown)


def key_of(number: int) -> bytes:
    """The key that names input `number`; every competitor passes it on."""
    return b"%d" % number


def account(inputs: int, keys: Iterable[bytes | None]) -> Account:
    """Compare the keys of all outputs with those of the inputs 0, 1, …, inputs - 1."""
    outputs = Counter(keys)
    expected = {key_of(number) for number in range(inputs)}
    found = expected & outputs.keys()
    unknown = sum(outputs[key] for key in outputs.keys() - expected)
    return Account(
        inputs=inputs,
        outputs=outputs.total(),
        lost=inputs - len(found),
        duplicates=outputs.total() - unknown - len(found),
        unknown=unknown,
    )
