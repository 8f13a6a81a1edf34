from pathlib import Path

import numpy as np

from stream_app.core.terms import index_terms
from training.examples import NO_FOLD, Examples, Labelled, ShuffledExamples

BITS = 12


def numbered(count: int) -> Labelled:
    """Sentences of one word each, whose target, weight and fold tell which one it is."""
    numbers = np.arange(count)
    return Labelled(
        [f"word{number}" for number in numbers],
        np.repeat(numbers[:, None], 2, axis=1).astype(np.float32),
        numbers.astype(np.float32),
        (numbers % 3).astype(np.int8),
    )


def shuffled(folder: Path, labelled: Labelled, seed: int = 0) -> ShuffledExamples:
    folder.mkdir()
    examples = ShuffledExamples(folder, BITS, 2)
    examples.write([labelled], seed)
    return examples


def read(examples: ShuffledExamples, seed: int = 0) -> list[Examples]:
    return list(examples.parts(np.random.default_rng(seed)))


def test_every_example_comes_once_with_its_own_terms_target_weight_and_fold(tmp_path: Path) -> None:
    labelled = numbered(40_000)  # more than one piece
    parts = read(shuffled(tmp_path / "all", labelled))
    numbers = np.concatenate([part.weights for part in parts]).astype(int)
    assert sorted(numbers.tolist()) == list(range(40_000))
    for part in parts[:2]:
        rows = part.weights.astype(int)
        expected = index_terms([labelled.texts[row] for row in rows], BITS)
        assert part.buckets.tolist() == expected.buckets[: expected.ends[-1]].tolist()
        assert part.counts.cumsum().tolist() == expected.ends.tolist()
        assert (part.targets == part.weights[:, None]).all()
        assert (part.folds == rows % 3).all()


def test_a_part_is_a_sample_of_all_and_the_seed_draws_it(tmp_path: Path) -> None:
    labelled = numbered(6_400)
    once = read(shuffled(tmp_path / "once", labelled))
    again = read(shuffled(tmp_path / "again", labelled))
    other = read(shuffled(tmp_path / "other", labelled, seed=1))
    assert all(1_500 < part.weights.mean() < 4_900 for part in once)
    assert [part.weights.tolist() for part in once] == [part.weights.tolist() for part in again]
    assert [part.weights.tolist() for part in once] != [part.weights.tolist() for part in other]


def test_occurrences_count_every_term(tmp_path: Path) -> None:
    texts = ["good good sound", "good"]
    labelled = Labelled(texts, np.zeros((2, 2), np.float32), np.ones(2, np.float32), np.full(2, NO_FOLD))
    examples = shuffled(tmp_path / "few", labelled)
    good = index_terms(["good"], BITS).buckets[0]
    assert examples.rows == 2
    assert examples.occurrences[good] == 3
    assert examples.occurrences.sum() == 6


def test_there_may_be_no_example(tmp_path: Path) -> None:
    examples = shuffled(tmp_path / "none", numbered(0))
    assert examples.rows == 0
    assert sum(len(part.counts) for part in read(examples)) == 0
