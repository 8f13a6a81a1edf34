import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from training.dataset import DatasetError, fingerprint, read_corpus, shared_domains, split_sentences

RATINGS = (1, 2, 3, 3, 4, 5)


def review(number: int, **fields: object) -> dict[str, object]:
    text = f"Number {number} came. It is what it is!"
    return {"id": f"r{number}", "rating": RATINGS[number % 6], "text": text, "domain": f"d{number}"} | fields


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "reviews_train.jsonl.gz", map(review, range(300)))
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(DatasetError) as raised:
        read_corpus(folder, 0)
    return str(raised.value)


def test_each_kind_of_file_is_read_for_what_it_is(folder: Path) -> None:
    write(folder / "reviews_dev.jsonl", map(review, range(300, 360)))
    write(folder / "sentences_lab.jsonl", [{"text": "Fine.", "label": "neutral", "source": "lab"}])
    write(folder / "sbd_gold.jsonl", [{"id": 1}])
    (folder / "README.md").write_text("not data")
    corpus = read_corpus(folder, 0)
    sides = corpus.reviews.set_index("id")["side"]
    assert set(sides[[f"r{n}" for n in range(300)]]) == {"train", "tune", "test"}
    assert set(sides[[f"r{n}" for n in range(300, 360)]]) >= {"familiar"}
    assert "train" not in set(sides[[f"r{n}" for n in range(300, 360)]])
    assert corpus.human[["text", "class", "source"]].to_numpy().tolist() == [["Fine.", 1, "lab"]]


def test_ratings_become_targets_and_classes(folder: Path) -> None:
    halves = [2.5, 3.5, 4.5, 1]
    write(
        folder / "halves.jsonl",
        [review(1000 + n, id=f"h{n}", rating=rating) for n, rating in enumerate(halves)],
    )
    reviews = read_corpus(folder, 0).reviews
    rows = reviews[reviews["source"] == "halves"].sort_values("id")
    assert rows["target"].tolist() == [0.375, 0.625, 0.875, 0]
    assert rows["class"].tolist() == [1, 1, 2, 0]


def test_what_a_line_does_not_say_is_filled_in(folder: Path) -> None:
    write(folder / "mine.jsonl", [{"text": "It is mine.", "rating": 5, "title": None}])
    reviews = read_corpus(folder, 0).reviews
    rows = reviews.loc[reviews["id"] == "mine-1", ["title", "source", "domain"]]
    assert rows.to_numpy().tolist() == [["", "mine", "mine-1"]]


def test_a_review_that_is_held_out_as_well_is_not_trained_on(folder: Path) -> None:
    corpus = read_corpus(folder, 0)
    held_out = corpus.reviews[corpus.reviews["side"] == "test"].iloc[0]
    known = corpus.reviews[corpus.reviews["side"] == "train"].iloc[0]
    copy = {"id": "copy", "rating": 5, "text": f"  {held_out['text'].upper()} ", "domain": known["domain"]}
    write(folder / "reviews_train2.jsonl", [copy | {"source": "reviews_train"}])
    again = read_corpus(folder, 0)
    assert "copy" not in set(again.reviews["id"])
    assert len(again.reviews) == len(corpus.reviews)


def test_domains_on_both_sides_would_be_found() -> None:
    reviews = pd.DataFrame(
        {
            "source": ["a", "a", "b", "a"],
            "domain": ["x", "x", "x", "y"],
            "side": ["train", "test", "train", "tune"],
        }
    )
    assert shared_domains(reviews) == ["a/x"]
    assert shared_domains(reviews.drop(index=0)) == []


def test_sentences_are_those_of_the_stream() -> None:
    reviews = pd.DataFrame(
        {"title": ["So good", "It works"], "text": ["Fine. I like it!", "It works. Really."]}
    )
    sentences = split_sentences(reviews)
    assert sentences["text"].tolist() == ["So good", "Fine.", "I like it!", "It works.", "Really."]
    assert sentences["review"].tolist() == [0, 0, 0, 1, 1]


def test_the_fingerprint_is_that_of_the_reviews_trained_on_alone(folder: Path, tmp_path: Path) -> None:
    of_all = fingerprint(read_corpus(folder, 0).reviews)
    (other := tmp_path / "other").mkdir()
    rows = [review(number, source="reviews_train") for number in range(300)]
    write(other / "a.jsonl", rows[150:])
    write(other / "b.jsonl", rows[:150])
    assert fingerprint(read_corpus(other, 0).reviews) == of_all
    write(other / "later_dev.jsonl", map(review, range(400, 410)))
    assert fingerprint(read_corpus(other, 0).reviews) == of_all
    write(other / "c.jsonl", map(review, range(500, 600)))
    assert fingerprint(read_corpus(other, 0).reviews) != of_all


def test_a_class_that_is_missing_is_told_with_its_side(tmp_path: Path) -> None:
    write(tmp_path / "reviews.jsonl", [review(number, rating=5) for number in range(300)])
    assert (
        "expected reviews of all three classes (1-2, 3 and 4-5 stars) on the side 'train', found 1"
        in refusal(tmp_path)
    )


def test_one_domain_alone_cannot_be_split(tmp_path: Path) -> None:
    write(tmp_path / "reviews.jsonl", [review(number, domain="shop") for number in range(300)])
    assert "leave `domain` out" in refusal(tmp_path)


def test_an_id_that_occurs_twice_is_named(folder: Path) -> None:
    train = read_corpus(folder, 0).reviews.query("side == 'train'")["id"].iloc[0]
    number = int(train[1:])
    write(folder / "reviews_train.jsonl.gz", map(review, [*range(300), number]))
    assert f"the id {train!r} occurs twice" in refusal(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"text": "x", "rating": 3}\n\xff\n', "broken.jsonl, line 2"),
        (b'{"text": "x", "rating": "3"}\n', "line 1: Expected `float`, got `str` - at `$.rating`"),
        (b'{"text": "x", "rating": NaN}\n', "line 1"),
        (b"[" * 100_000, "line 1"),
        (b'{"text": "x", "rating": 3}\n\n', "line 2"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(folder: Path, content: bytes, message: str) -> None:
    (folder / "broken.jsonl").write_bytes(content)
    assert message in refusal(folder)


@pytest.mark.parametrize("cut", [slice(0, 3), slice(0, -20), slice(40, None)])
def test_a_damaged_gzip_file_is_named(folder: Path, cut: slice) -> None:
    path = folder / "reviews_train.jsonl.gz"
    path.write_bytes(path.read_bytes()[cut])
    assert str(path) in refusal(folder)


def test_a_label_that_is_none_of_the_three_is_named(folder: Path) -> None:
    write(folder / "sentences_lab.jsonl", [{"text": "Fine.", "label": "mixed", "source": "lab"}])
    assert "sentences_lab.jsonl, line 1: Invalid enum value 'mixed'" in refusal(folder)
