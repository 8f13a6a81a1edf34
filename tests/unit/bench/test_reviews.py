import gzip
import json
from pathlib import Path

import pytest

from bench.reviews import can_be_split, load_reviews


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    rows = [
        {"id": n, "rating": 4, "title": None, "text": f"Number {n}.", "date": "2020-01-01"} for n in range(20)
    ]
    rows.append({"id": 20, "rating": 1, "title": "", "text": "A\u2028B"})
    for name, part in (("reviews_train.jsonl.gz", rows[:15]), ("reviews_dev.jsonl.gz", rows[15:])):
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in part)
    return tmp_path


def test_both_parts_of_the_pack_are_taken_without_what_peers_cannot_split(pack: Path) -> None:
    reviews = load_reviews({"REVIEWS_PACK": str(pack)})
    assert {row["review_id"] for row in reviews.rows} == {str(number) for number in range(20)}
    assert reviews.left_out == 1
    assert "pack" in reviews.origin


def test_the_order_is_mixed_and_the_same_each_time(pack: Path) -> None:
    first, again = (load_reviews({"REVIEWS_PACK": str(pack)}).rows for _ in range(2))
    assert first == again
    assert first != sorted(first, key=lambda row: int(row["review_id"]))


def test_values_are_json_with_the_four_fields_of_a_review(pack: Path) -> None:
    reviews = load_reviews({"REVIEWS_PACK": str(pack)})
    decoded = [json.loads(value) for value in reviews.values()]
    assert decoded == reviews.rows
    assert set(decoded[0]) == {"review_id", "rating", "title", "text"}
    assert reviews.facts().mean_bytes == pytest.approx(sum(map(len, reviews.values())) / 20, abs=0.1)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("Plain.\r\n\tText.", True),
        ("x" * 10_000, True),
        ("x" * 10_001, False),
        ("A\u00a0.", False),
        ("A\x85.", False),
    ],
)
def test_what_sentencex_cannot_take_is_known(text: str, possible: bool) -> None:
    assert can_be_split(text) is possible
