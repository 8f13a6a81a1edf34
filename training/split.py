"""Who is trained on and who is measured on, decided by hashes alone: a review never changes sides.

A domain (a company, an item, a restaurant) is held out as a whole, whatever data set it comes in.
"""

import hashlib
from typing import Final, Literal, get_args

Side = Literal["train", "tune", "test", "familiar"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)
HELD_OUT: Final[tuple[Side, ...]] = ("tune", "test")

HELD_OUT_SHARE: Final = 0.12
# The first salt with which every source of the review pack has 9 to 14 % of its reviews held out, and its
# eight insurers have two.
SALT: Final = 10


def _fraction(*parts: object) -> float:
    """A number in [0, 1) that the parts decide."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return int(digest[:8], 16) / 2**32


def review_side(identity: str, source: str, domain: str, seed: int, *, from_dev: bool) -> Side:
    """Where a review stands.

    Returns:
        `tune` or `test` when its domain is held out: decisions are tuned on one half and measured on the
        other; `familiar` when it comes from a file of dev reviews, of a domain that is trained on; else
        `train`.
    """
    if _fraction(SALT, source, domain) < HELD_OUT_SHARE:
        return _half(identity, seed)
    return "familiar" if from_dev else "train"


def human_side(text: str, seed: int) -> Side:
    """`tune` (a recipe may learn from these labels too) or `test` (only measured on)."""
    return _half(text, seed)


def _half(identity: str, seed: int) -> Side:
    return "tune" if _fraction(seed, identity) < 1 / 2 else "test"
