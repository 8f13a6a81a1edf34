"""The frozen holdout of a folder of reviews, for whoever compares two models."""

from pathlib import Path

from training.commands.layers import build
from training.commands.steps import Announce
from training.gates import Holdout
from training.registry import ReadHoldout
from training.targets import CRITICS


def holdout_of(data: Path | None, announce: Announce) -> ReadHoldout:
    """Reads the side `test`: of domains that no model trains on, the half that no decision was tuned on.

    People's labels come without those of film critics, far from any review that comes in.
    """

    def read(seed: int) -> Holdout:
        gold = build(data, seed, announce)
        human = gold.human("test")
        return Holdout(gold.side("test"), human[~human["source"].isin(CRITICS)])

    return read
