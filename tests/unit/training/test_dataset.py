from pathlib import Path

import pandas as pd
import pytest

from tests.layers import clean_rows, gold_of, review, silent, write_lines
from training.dataset import make_gold
from training.errors import DatasetError
from training.gold import Gold


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (folder := tmp_path / "reviews").mkdir()
    write_lines(folder / "reviews_train.jsonl.gz", map(review, range(300)))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "layers"


def reviews_of(gold: Gold) -> pd.DataFrame:
    return gold.side().drop_duplicates("review").set_index("review_id")


def refusal(folder: Path, root: Path) -> str:
    with pytest.raises(DatasetError) as raised:
        gold_of(folder, root)
    assert not (root / "gold").exists()
    return str(raised.value)


def test_each_kind_of_file_is_read_for_what_it_is(folder: Path, root: Path) -> None:
    write_lines(folder / "reviews_dev.jsonl", map(review, range(300, 360)))
    write_lines(folder / "sentences_lab.jsonl", [{"text": "Fine. ", "label": "neutral", "source": "lab"}])
    write_lines(folder / "sbd_gold.jsonl", [{"id": 1}])
    (folder / "README.md").write_text("not data")
    gold = gold_of(folder, root)
    sides = reviews_of(gold)["side"]
    assert set(sides[[f"r{n}" for n in range(300)]]) == {"train", "tune", "test"}
    assert set(sides[[f"r{n}" for n in range(300, 360)]]) >= {"familiar"}
    assert "train" not in set(sides[[f"r{n}" for n in range(300, 360)]])
    assert gold.human()[["text", "class", "source"]].to_numpy().tolist() == [["Fine. ", 1, "lab"]]


def test_ratings_become_targets_and_classes(folder: Path, root: Path) -> None:
    halves = [2.5, "3,5", 4.5, 1]
    write_lines(
        folder / "halves.jsonl",
        [review(1000 + n, id=f"h{n}", rating=rating) for n, rating in enumerate(halves)],
    )
    rows = reviews_of(gold_of(folder, root)).query("source == 'halves'").sort_index()
    assert rows["rating"].tolist() == [2.5, 3.5, 4.5, 1]
    assert rows["target"].tolist() == [0.375, 0.625, 0.875, 0]
    assert rows["class"].tolist() == [1, 1, 2, 0]


def test_what_a_row_does_not_say_is_filled_in(folder: Path, root: Path) -> None:
    write_lines(folder / "mine.jsonl", [{"text": "It is mine.", "rating": 5, "title": None}])
    row = reviews_of(gold_of(folder, root)).loc["mine-1"]
    assert [row["source"], row["domain"]] == ["mine", "mine-1"]


def test_a_review_that_is_held_out_as_well_is_not_trained_on(folder: Path, root: Path) -> None:
    gold = gold_of(folder, root)
    before = gold.manifest
    known = gold.side("train").iloc[0]
    number = str(gold.side("test")["review_id"].iloc[0])[1:]
    text = f"  NUMBER {number} came.  It is what it is! "
    copy = {"id": "copy", "rating": 5, "text": text, "domain": known["domain"], "source": "reviews_train"}
    write_lines(folder / "reviews_train2.jsonl", [copy])
    again = gold_of(folder, root)
    assert "copy" not in set(again.side()["review_id"])
    assert again.manifest.left_out["held out as well"] == 1
    assert again.manifest.reviews == before.reviews


def test_of_copies_the_first_is_trained_on_unless_they_are_short(folder: Path, root: Path) -> None:
    train = gold_of(folder, root).side("train")["domain"].unique()[:4]
    long = "We would buy this one again and again for all of our friends."
    texts = [long, long.upper(), "Easy to use.", "Easy to use."]
    rows = [
        review(900 + n, text=text, domain=domain, source="reviews_train")
        for n, (text, domain) in enumerate(zip(texts, train, strict=True))
    ]
    write_lines(folder / "reviews_more.jsonl", rows)
    gold = gold_of(folder, root)
    assert {"r900", "r902", "r903"} == set(gold.side("train")["review_id"]) & {f"r90{n}" for n in range(4)}
    assert gold.manifest.left_out["duplicate"] == 1


def test_a_copy_in_an_earlier_file_does_not_push_out_a_held_out_review(folder: Path, root: Path) -> None:
    gold = gold_of(folder, root)
    known = gold.side("train").iloc[0]["domain"]
    held_out = gold.side("test").iloc[0]["review_id"]
    copy = review(int(held_out[1:]), id="copy", domain=known, source="reviews_train")
    write_lines(folder / "aaa.jsonl", [copy])
    sides = reviews_of(gold_of(folder, root))["side"]
    assert sides[held_out] == "test"
    assert "copy" not in sides.index


def test_what_is_not_english_is_not_in_gold(folder: Path, root: Path) -> None:
    german = "Das Kleid ist wunderschön und passt perfekt, sehr zu empfehlen."
    write_lines(folder / "german.jsonl", [review(500, text=german)])
    gold = gold_of(folder, root)
    assert "r500" not in set(gold.side()["review_id"])
    assert gold.manifest.left_out["not English"] == 1


def test_sentences_are_those_of_the_stream_with_their_spans(folder: Path, root: Path) -> None:
    rows = [
        review(600, title="So good", text="Fine. I like it!"),
        review(601, title="It works", text="It works. Really."),
    ]
    write_lines(folder / "two.jsonl", rows)
    sentences = gold_of(folder, root).side().query("source == 'two'").sort_values(["review_id", "index"])
    columns = ["review_id", "part", "index", "start", "end", "text"]
    assert sentences[columns].to_numpy().tolist() == [
        ["r600", "title", 0, 0, 7, "So good"],
        ["r600", "text", 1, 0, 5, "Fine."],
        ["r600", "text", 2, 6, 16, "I like it!"],
        ["r601", "text", 0, 0, 9, "It works."],
        ["r601", "text", 1, 10, 17, "Really."],
    ]


def test_the_fingerprint_is_that_of_the_reviews_trained_on_alone(folder: Path, tmp_path: Path) -> None:
    of_all = gold_of(folder, tmp_path / "one").manifest.fingerprint
    (other := tmp_path / "other").mkdir()
    rows = [review(number, source="reviews_train") for number in range(300)]
    write_lines(other / "a.jsonl", rows[150:])
    write_lines(other / "b.jsonl", rows[:150])
    root = tmp_path / "two"
    assert gold_of(other, root).manifest.fingerprint == of_all
    write_lines(other / "later_dev.jsonl", map(review, range(400, 410)))
    assert gold_of(other, root).manifest.fingerprint == of_all
    write_lines(other / "c.jsonl", map(review, range(500, 600)))
    assert gold_of(other, root).manifest.fingerprint != of_all


def test_a_class_that_is_missing_is_told_with_its_side(folder: Path, root: Path) -> None:
    write_lines(folder / "reviews_train.jsonl.gz", [review(number, rating=5) for number in range(300)])
    expected = "expected reviews of all three classes (1-2, 3 and 4-5 stars) on the side 'train', found 1"
    assert expected in refusal(folder, root)


def test_one_domain_alone_cannot_be_split(folder: Path, root: Path) -> None:
    write_lines(folder / "reviews_train.jsonl.gz", [review(number, domain="shop") for number in range(300)])
    assert "leave `domain` out" in refusal(folder, root)


@pytest.mark.parametrize(("reviews", "refused"), [(49, False), (80, True)])
def test_a_source_that_shrank_to_one_class_is_named(
    reviews: int, refused: bool, folder: Path, root: Path
) -> None:
    write_lines(folder / "cut.jsonl", [review(700 + n, rating=5) for n in range(reviews)])
    if refused:
        assert "all 80 reviews of the source 'cut' are positive" in refusal(folder, root)
    else:
        assert "cut" in gold_of(folder, root).manifest.reviews


def test_gold_is_made_anew_only_when_seed_or_silver_change(tmp_path: Path) -> None:
    clean_rows(tmp_path, map(review, range(300)))
    said: list[str] = []

    def make(seed: int) -> None:
        said.clear()
        make_gold(tmp_path / "silver", tmp_path / "gold", seed, said.append)

    make(0)
    assert "is current" not in said[-1]
    make(0)
    assert "is current" in said[-1]
    make(1)
    assert "is current" not in said[-1]
    clean_rows(tmp_path, map(review, range(301)))
    make(1)
    assert "is current" not in said[-1]
    make_gold(tmp_path / "silver", tmp_path / "gold", 1, silent)
    assert Gold(tmp_path / "gold").manifest.seed == 1
