import pytest

from bench.cost_curves import LENGTHS, SENTENCES, SLICES, by_slice, text_of
from stream_app.bundled import bundled
from stream_app.core.sentences import split_review
from stream_app.model_store import load_model


@pytest.mark.parametrize(
    ("chars", "sentences"), [*((n, max(1, n // 60)) for n in LENGTHS), *((1_200, n) for n in SENTENCES)]
)
def test_a_text_has_the_sentences_and_nearly_the_characters_asked_for(chars: int, sentences: int) -> None:
    text = text_of(chars, sentences)
    assert len(split_review("", text)) == sentences
    assert len(text) == pytest.approx(chars, rel=0.05)


def test_each_slice_size_has_its_cost() -> None:
    values = [b'{"text": "It is great. It came late."}'] * 32
    costs = by_slice(load_model(bundled("champion"), "inherited"), values, repeats=1)
    assert [cost.size for cost in costs] == list(SLICES)
    assert all(cost.us > 0 and cost.chars == len(values[0]) for cost in costs)
