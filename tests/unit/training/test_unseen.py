import numpy as np
from pytest import MonkeyPatch  # noqa: PT013 - the one name that is needed of it

from tests.model_folders import sigmoid_pipeline, three_class_pipeline
from training.unseen import count_terms


def test_terms_without_a_weight_are_unseen() -> None:
    """good, sound and their pair were trained on; zzz and what it pairs with were not."""
    pipeline = three_class_pipeline()
    assert count_terms(pipeline, ["good sound"]) == (3, 0)
    assert count_terms(pipeline, ["good zzz", ""]) == (1, 2)


def test_a_term_counts_once_a_sentence() -> None:
    assert count_terms(sigmoid_pipeline(), ["zzz zzz zzz", "zzz"]) == (0, 3)


def test_chunks_add_up(monkeypatch: MonkeyPatch) -> None:
    pipeline = three_class_pipeline()
    sentences = ["good zzz", "poor battery", "nothing known here", "fine"] * 3
    whole = count_terms(pipeline, sentences)
    monkeypatch.setattr("training.unseen.CHUNK", 5)
    assert count_terms(pipeline, sentences) == whole


def test_a_model_without_weights_has_seen_nothing() -> None:
    pipeline = three_class_pipeline()
    pipeline[-1].coef_ = np.zeros_like(pipeline[-1].coef_)
    assert count_terms(pipeline, ["good sound"]) == (0, 3)
