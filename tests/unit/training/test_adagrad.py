from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from stream_app.core.features import HashedNgrams
from stream_app.core.terms import index_terms
from training.adagrad import Descent, Linear, Steps
from training.examples import NO_FOLD, Labelled, ShuffledExamples

BITS = 10
WORDS = ["good", "fine", "poor", "sound", "price", "case"]
MANY = Steps(passes=60, rate=0.7, penalty=1.0, min_sentences=1)


def sentences(count: int = 600) -> tuple[list[str], NDArray[np.int64]]:
    """Drawn sentences, each with a class that its first word makes likely."""
    draws = np.random.default_rng(7)
    words = draws.integers(len(WORDS), size=(count, 4))
    noise = draws.integers(3, size=count)
    classes = np.where(draws.random(count) < 0.6, words[:, 0] % 3, noise)
    return [" ".join(WORDS[word] for word in row) for row in words], classes


def labelled(texts: list[str], targets: NDArray[np.float32]) -> Labelled:
    """Each counts once and is never left out."""
    never = np.full(len(texts), NO_FOLD, np.int8)
    return Labelled(texts, targets, np.ones(len(texts), np.float32), never)


def fitted(
    folder: Path, taught: Labelled, steps: Steps = MANY, *, without: int | None = None, seed: int = 0
) -> Linear:
    with TemporaryDirectory(dir=folder) as place:
        examples = ShuffledExamples(Path(place), BITS, taught.targets.shape[1])
        examples.write([taught], seed=0)
        return Descent(examples, steps, seed, without).run(lambda *_: None)


def one_hot(classes: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.eye(3, dtype=np.float32)[classes]


def probabilities(linear: Linear, texts: list[str]) -> NDArray[np.float64]:
    activation = HashedNgrams(BITS).transform(texts) @ linear.coefficients.T + linear.intercepts
    return np.asarray(softmax(activation, axis=1) if activation.shape[1] > 1 else expit(activation))


def test_it_comes_to_what_logistic_regression_finds(tmp_path: Path) -> None:
    texts, classes = sentences()
    ours = probabilities(fitted(tmp_path, labelled(texts, one_hot(classes))), texts)
    matrix = HashedNgrams(BITS).transform(texts)
    theirs = LogisticRegression(C=1.0, tol=1e-8, max_iter=5000).fit(matrix, classes).predict_proba(matrix)
    assert np.abs(ours - theirs).mean() < 0.01


def test_one_output_is_a_regression_through_a_sigmoid(tmp_path: Path) -> None:
    texts, classes = sentences()
    targets = (classes[:, None] / 2).astype(np.float32)
    ours = probabilities(fitted(tmp_path, labelled(texts, targets)), texts)
    assert ours.shape == (len(texts), 1)
    by_first_word = [ours[[text.startswith(word) for text in texts]].mean() for word in WORDS[:3]]
    assert by_first_word[2] > by_first_word[1] > by_first_word[0]
    assert ours.mean() == pytest.approx(targets.mean(), abs=0.02)


def test_soft_targets_are_met(tmp_path: Path) -> None:
    targets = np.tile(np.array([0.2, 0.3, 0.5], np.float32), (400, 1))
    linear = fitted(tmp_path, labelled(["good"] * 400, targets))
    np.testing.assert_allclose(probabilities(linear, ["good"])[0], [0.2, 0.3, 0.5], atol=0.01)


def test_a_weight_counts_like_as_many_copies(tmp_path: Path) -> None:
    texts, targets = ["good"] * 200, one_hot(np.arange(200) % 2)
    weights = np.where(np.arange(200) % 2, 3, 1).astype(np.float32)
    linear = fitted(tmp_path, replace(labelled(texts, targets), weights=weights))
    np.testing.assert_allclose(probabilities(linear, ["good"])[0, 1], 0.75, atol=0.03)


def test_a_fold_left_out_teaches_nothing(tmp_path: Path) -> None:
    texts, classes = ["good"] * 300, np.arange(300) % 3
    folds = np.where(classes == 2, 1, 0).astype(np.int8)
    taught = replace(labelled(texts, one_hot(classes)), folds=folds)
    with_it = fitted(tmp_path, taught, without=5)
    without = fitted(tmp_path, taught, without=1)
    assert probabilities(with_it, ["good"])[0, 2] > 0.25
    assert probabilities(without, ["good"])[0, 2] < 0.05


def test_rare_terms_have_no_weight(tmp_path: Path) -> None:
    texts = ["good"] * 3 + ["seldom"] * 2
    steps = Steps(min_sentences=3)
    linear = fitted(tmp_path, labelled(texts, one_hot(np.array([2, 2, 2, 0, 0]))), steps)
    buckets = index_terms(["good", "seldom"], BITS).buckets
    assert linear.coefficients[:, buckets[0]].any()
    assert not linear.coefficients[:, buckets[1]].any()


def test_the_same_seed_gives_the_same_weights_bit_for_bit(tmp_path: Path) -> None:
    texts, classes = sentences(200)
    once, again, other = (
        fitted(tmp_path, labelled(texts, one_hot(classes)), Steps(passes=2), seed=seed) for seed in (0, 0, 1)
    )
    assert once.coefficients.tobytes() == again.coefficients.tobytes()
    assert once.intercepts.tobytes() == again.intercepts.tobytes()
    assert once.coefficients.tobytes() != other.coefficients.tobytes()


def test_every_pass_is_told_and_the_loss_falls(tmp_path: Path) -> None:
    texts, classes = sentences(300)
    examples = ShuffledExamples(tmp_path, BITS, 3)
    examples.write([labelled(texts, one_hot(classes))], seed=0)
    told: list[tuple[int, float]] = []
    Descent(examples, Steps(passes=4), 0, None).run(lambda number, loss: told.append((number, loss)))
    assert [number for number, _ in told] == [1, 2, 3, 4]
    assert told[-1][1] < told[0][1] < 1.2
