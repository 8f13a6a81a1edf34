"""Sentences of the product against gold boundaries. The texts stay in the pack."""

from pathlib import Path

import pytest

from bench.sentences import (
    DEV,
    GOLDEN,
    TRAIN,
    Document,
    boundary_f1,
    plain_sentencex,
    read_documents,
    sentence_ends,
    share_right,
    split,
)


@pytest.mark.parametrize(("name", "least"), [(DEV, 0.98), (TRAIN, 0.99)])
def test_boundaries_of_web_reviews(pack: Path, name: str, least: float) -> None:
    documents = read_documents(pack / name)
    f1 = boundary_f1(documents, split)
    assert f1 >= least
    assert f1 > boundary_f1(documents, plain_sentencex)


def test_golden_documents_are_right_to_the_last_boundary(pack: Path) -> None:
    documents = read_documents(pack / GOLDEN)
    assert share_right(documents, split) >= 0.94
    assert share_right(documents, split) > share_right(documents, plain_sentencex)


def test_no_character_of_the_documents_is_lost(pack: Path) -> None:
    for name in (DEV, TRAIN, GOLDEN):
        for text, _ in read_documents(pack / name):
            assert "".join("".join(split(text)).split()) == "".join(text.split())


def test_a_boundary_counts_characters_that_are_not_white_space() -> None:
    assert sentence_ends(["Two words.", "Next one.", "Last"]) == {9, 17}
    assert sentence_ends(["Alone."]) == set()


def test_f1_is_micro_averaged() -> None:
    documents = [Document("A b. C d. E f.", ["A b.", "C d.", "E f."]), Document("G h. I j.", ["G h. I j."])]
    # Two boundaries found, two wanted, one in common: 2 * 1 / (2 + 2).
    found = {documents[0].text: ["A b.", "C d. E f."], documents[1].text: ["G h.", "I j."]}
    assert boundary_f1(documents, found.__getitem__) == pytest.approx(0.5)
    assert share_right(documents, found.__getitem__) == 0
