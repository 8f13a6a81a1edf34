import json
from pathlib import Path

import pandas as pd
import pytest

from tests.layers import bronze_part, clean_rows, review, silent
from training import clean as clean_module
from training.clean import clean
from training.errors import DatasetError
from training.silver import SilverManifest

GERMAN = "Das Kleid ist wunderschön und passt perfekt, sehr zu empfehlen."
LONG = "We would buy this one again and again for all of our friends."


def silver(root: Path, name: str = "reviews") -> pd.DataFrame:
    return pd.read_parquet(root / "silver" / f"{name}.parquet")


def rejected(root: Path, row: object) -> tuple[str, str, bytes | None]:
    """Reason, message and bytes of a row that stands between good ones."""
    manifest = clean_rows(root, [review(0), row, review(1)])
    assert manifest.reviews == 2
    (only,) = silver(root, "quarantine").to_dict("records")
    assert (only["file"], only["place"]) == ("shop", "line 2")
    assert manifest.quarantined == {only["reason"]: 1}
    return only["reason"], only["message"], only["received"]


@pytest.mark.parametrize(
    ("row", "reason", "message"),
    [
        (b'{"text": "x", "rating": 3', "not_json", "not a JSON object: Input data was truncated"),
        (b'["x", 3]', "not_json", "Expected `object`, got `array`"),
        (b'{"text": "caf\xe9", "rating": 3}', "not_json", "byte 13 is not UTF-8"),
        (b"[" * 100_000, "not_json", "not a JSON object"),
        (review(5, text=None), "schema", "text: expected a string, got nothing"),
        (review(5, text=7), "schema", "text: expected a string, got 7"),
        (review(5, title=["a"]), "schema", "title: expected a string, got ['a']"),
        (review(5, domain={"a": 1}), "schema", "domain: expected a string or a number"),
        (review(5, text=" <br> "), "blank_text", "text: expected more than white space and markup"),
        (review(5, rating="five"), "rating", "rating: expected a number from 1 to 5, got 'five'"),
        (review(5, rating=None), "rating", "got 'None'"),
        (
            review(5, text="x" * 1_000_000),
            "too_large",
            "text: expected at most 20,000 characters, got 1,000,000",
        ),
        (review(5, text="<b></b>" * 3_000 + "x"), "too_large", "at most 20,000 characters, got 21,001"),
        (review(5, title="x" * 1_001), "too_large", "title: expected at most 1,000 characters"),
        (review(0, text="Other words."), "repeated_id", "id: 'r0' of 'shop' came before"),
    ],
)
def test_what_is_no_review_goes_to_quarantine(row: object, reason: str, message: str, tmp_path: Path) -> None:
    got_reason, got_message, received = rejected(tmp_path, row)
    assert got_reason == reason
    assert message in got_message
    assert received == (row if isinstance(row, bytes) else json.dumps(row).encode())


def test_a_clean_review_has_all_fields(tmp_path: Path) -> None:
    row = {
        "id": 17,
        "rating": "4/5",
        "title": "So <b>good</b>",
        "text": " It&#39;s fine.\x00 ",
        "domain": "d",
    }
    clean_rows(tmp_path, [row])
    (only,) = silver(tmp_path).drop(columns="text_key").to_dict("records")
    assert only == {
        "review_id": "17",
        "source": "shop",
        "domain": "d",
        "file": "shop",
        "rating": 4.0,
        "title": "So good",
        "text": "It's fine.",
        "title_repeats": False,
        "language": "en",
        "words": 2,
        "duplicate": False,
    }


def test_fields_are_found_under_the_names_of_the_source(tmp_path: Path) -> None:
    rows = [{"body": "It is fine.", "stars": 4, "key": "a"}]
    clean_rows(tmp_path, rows, text="body", rating="stars", id="key")
    assert silver(tmp_path)[["review_id", "rating", "text"]].to_numpy().tolist() == [
        ["a", 4.0, "It is fine."]
    ]


def test_the_review_id_of_the_stream_names_a_review_too(tmp_path: Path) -> None:
    clean_rows(tmp_path, [{"review_id": "k1", "text": "Fine.", "rating": 4}, {"text": "Good.", "rating": 4}])
    assert silver(tmp_path)["review_id"].tolist() == ["k1", "shop-2"]


def test_marks_are_set_and_counted(tmp_path: Path) -> None:
    bronze_part(tmp_path / "bronze", [review(1, text=LONG), review(2, text=f" {LONG.upper()}")], "a")
    bronze_part(
        tmp_path / "bronze",
        [
            review(1, text=LONG),
            review(3, text="Easy to use."),
            review(4, text="Easy to use."),
            review(5, text=GERMAN),
            review(6, title="It works…", text="It works well."),
        ],
        "b",
    )
    manifest = clean(tmp_path / "bronze", tmp_path / "silver", silent)
    rows = silver(tmp_path)
    assert rows["duplicate"].tolist() == [False, True, True, False, False, False, False]
    assert rows["language"].tolist() == ["en"] * 5 + ["de", "en"]
    assert rows["title_repeats"].tolist() == [False] * 6 + [True]
    assert (manifest.duplicates, manifest.not_english, manifest.title_repeats) == (2, {"de": 1}, 1)
    assert (manifest.received, manifest.reviews) == (7, 7)


def test_labelled_sentences_are_kept_as_they_were_labelled(tmp_path: Path) -> None:
    rows = [
        {"text": " It's &amp; <b>fine</b>. ", "label": "neutral"},
        {"text": "Fine.", "label": "mixed", "source": "lab"},
        {"text": " ", "label": "positive", "source": "lab"},
    ]
    bronze_part(tmp_path / "bronze", [review(0)], "shop")
    bronze_part(tmp_path / "bronze", rows, "sentences_lab")
    manifest = clean(tmp_path / "bronze", tmp_path / "silver", silent)
    labelled = silver(tmp_path, "labelled").to_numpy().tolist()
    assert labelled == [[" It's &amp; <b>fine</b>. ", 1, "sentences_lab"]]
    assert manifest.quarantined == {"label": 1, "blank_text": 1}


def test_the_first_rejected_row_is_told_with_its_place(tmp_path: Path) -> None:
    bronze_part(tmp_path / "bronze", [review(0), review(1, rating="two")])
    said: list[str] = []
    clean(tmp_path / "bronze", tmp_path / "silver", said.append)
    assert "quarantine.parquet tells why; the first: mem/shop.jsonl, line 2: rating: expected" in said[-1]
    assert "1 in quarantine (rating 1)" in said[-2]


def test_no_review_at_all_is_refused_and_leaves_no_layer(tmp_path: Path) -> None:
    bronze_part(tmp_path / "bronze", [review(0, rating="two")])
    with pytest.raises(DatasetError, match=r"no row is a review; mem/shop\.jsonl, line 1: rating"):
        clean(tmp_path / "bronze", tmp_path / "silver", silent)
    assert [path.name for path in tmp_path.iterdir()] == ["bronze"]


def test_silver_is_made_anew_only_when_bronze_or_the_rules_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(rows: int) -> tuple[SilverManifest, int]:
        manifest = clean_rows(tmp_path, map(review, range(rows)))
        return manifest, (tmp_path / "silver" / "reviews.parquet").stat().st_ino

    first = written(3)
    assert written(3) == first
    more = written(4)
    assert more[0].reviews == 4
    monkeypatch.setattr(clean_module, "_RULES", ("training.clean",))
    assert written(4)[0].made_of != more[0].made_of


def test_a_damaged_part_is_named_and_the_former_silver_stays(tmp_path: Path) -> None:
    former = clean_rows(tmp_path, map(review, range(5)))
    part = tmp_path / "bronze" / "shop.parquet"
    part.write_bytes(part.read_bytes()[:-50])
    with pytest.raises(DatasetError, match=r"shop\.parquet: damaged, expected Parquet"):
        clean(tmp_path / "bronze", tmp_path / "silver", silent)
    assert len(silver(tmp_path)) == former.reviews


def test_a_folder_without_parts_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no part of bronze"):
        clean(tmp_path, tmp_path / "silver", silent)
