"""What several tests of training share."""

import contextlib

import pytest

from training.commands.layers import build
from training.gold import Gold


@pytest.fixture(scope="session")
def sample_gold(tmp_path_factory: pytest.TempPathFactory) -> Gold:
    """The gold layer of the tracked sample."""
    with contextlib.chdir(tmp_path_factory.mktemp("layers")):
        gold = build(None, 0, lambda _: None)
        return Gold(gold.folder.absolute())
