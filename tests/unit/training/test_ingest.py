import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from tests.layers import bronze_part, review, silent, write_lines
from training.bronze import is_bronze, read_note, read_parts
from training.errors import DatasetError
from training.fields import parse_field_map
from training.folder_ingest import bronze_of
from training.ingest import ingest
from training.sources.source import Received, Source


def test_bronze_keeps_what_was_received_with_its_source_and_time(tmp_path: Path) -> None:
    rows = [b'{"text": "caf\\u00e9", "rating":  3 }', b"\xff not JSON", b'{"rating": 1, "other": [1]}']
    before = datetime.now(UTC)
    part = bronze_part(tmp_path, rows, "shop", text="text")
    frame = pd.read_parquet(part.path)
    assert frame["received"].tolist() == rows
    assert frame["place"].tolist() == ["line 1", "line 2", "line 3"]
    assert set(frame["address"]) == {"mem/shop.jsonl"}
    assert (frame["ingested_at"] >= before).all()
    assert frame["problem"].tolist()[1] == "byte 0 is not UTF-8"
    assert frame["problem"].isna().tolist() == [True, False, True]
    note = read_note(part.path)
    assert (note.rows, note.address, note.field_map) == (3, "mem/shop.jsonl", {"text": "text"})
    assert before <= note.ingested_at <= datetime.now(UTC)


def test_the_fingerprint_is_that_of_the_rows(tmp_path: Path) -> None:
    same = [bronze_part(tmp_path / name, [review(1), review(2)]).note.sha256 for name in "ab"]
    assert len(set(same)) == 1
    assert bronze_part(tmp_path / "c", [review(1), review(3)]).note.sha256 not in same


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("shop", [], r"mem/shop\.jsonl: empty, expected at least one row"),
        ("shop", [b"", b"x"], r"no row is a JSON object; line 1: not a JSON object"),
        ("shop", [b"{}"], "no row is a JSON object; all are empty"),
        (
            "shop",
            [{"body": "x", "stars": 3}],
            "no row has 'text' or 'rating'; found the fields body, stars, expected text, rating",
        ),
        ("sentences_lab", [{"text": "x"}], "no row has 'label'; found the fields text, expected text, label"),
    ],
)
def test_a_source_that_cannot_be_trained_on_leaves_no_part(
    name: str, rows: list[object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=message):
        bronze_part(tmp_path / "bronze", rows, name)
    assert not list((tmp_path / "bronze").iterdir())


def test_the_names_of_the_source_count(tmp_path: Path) -> None:
    rows = [{"body": "x", "stars": 3}]
    assert bronze_part(tmp_path, rows, text="body", rating="stars").note.rows == 1
    with pytest.raises(DatasetError, match="no row has 'words'; found the fields body, stars"):
        bronze_part(tmp_path, rows, text="words", rating="stars")


def test_a_source_lost_on_the_way_leaves_the_former_part(tmp_path: Path) -> None:
    former = bronze_part(tmp_path, [review(1)]).note

    def rows() -> Iterator[Received]:
        yield Received("row 1", b'{"text": "x", "rating": 1}')
        raise DatasetError("the database went away")

    with pytest.raises(DatasetError, match="went away"):
        ingest(Source("shop", "mem/shop.jsonl", rows()), tmp_path, {}, silent)
    assert [part.note for part in read_parts(tmp_path)] == [former]
    assert [path.name for path in tmp_path.iterdir()] == ["shop.parquet"]


def test_two_sources_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    bronze_part(tmp_path, [review(1)])
    other = Source("shop", "elsewhere/shop.jsonl", iter([Received("line 1", json.dumps(review(2)).encode())]))
    with pytest.raises(DatasetError, match=r"holds what came from mem/shop\.jsonl, not from elsewhere"):
        ingest(other, tmp_path, {}, silent)


def test_a_folder_is_ingested_as_far_as_it_changed(tmp_path: Path) -> None:
    (folder := tmp_path / "mine").mkdir()
    for name in "abc":
        write_lines(folder / f"{name}.jsonl", [review(ord(name))])
    said: list[str] = []
    bronze = bronze_of(folder, tmp_path / "bronze", said.append)
    assert {part.name for part in read_parts(bronze)} == {"a", "b", "c"}
    write_lines(folder / "b.jsonl", [review(7)])
    (folder / "c.jsonl").unlink()
    said.clear()
    assert bronze_of(folder, tmp_path / "bronze", said.append) == bronze
    assert [line for line in said if line.startswith("reading")] == [f"reading {folder / 'b.jsonl'}"]
    assert {part.name for part in read_parts(bronze)} == {"a", "b"}


def test_folders_of_one_name_do_not_share_their_bronze(tmp_path: Path) -> None:
    names = set()
    for parent in ("x", "y"):
        (folder := tmp_path / parent / "mine").mkdir(parents=True)
        write_lines(folder / "a.jsonl", [review(1)])
        names.add(bronze_of(folder, tmp_path / "bronze", silent).name)
    assert len(names) == 2
    assert all(name.startswith("mine-") for name in names)


def test_files_that_would_share_a_part_are_refused(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DatasetError, match="files of the same name but for the ending: a"):
        bronze_of(tmp_path, tmp_path / "bronze", silent)


def test_a_folder_of_bronze_is_known_as_such(tmp_path: Path) -> None:
    assert not is_bronze(tmp_path)
    bronze_part(tmp_path, [review(1)])
    assert is_bronze(tmp_path)
    pd.DataFrame({"text": ["x"]}).to_parquet(tmp_path / "own.parquet")
    assert not is_bronze(tmp_path)
    with pytest.raises(DatasetError, match=r"own\.parquet: not a part of bronze"):
        read_parts(tmp_path)


def test_a_field_map_is_read() -> None:
    assert parse_field_map("text=body, rating=stars,") == {"text": "body", "rating": "stars"}


@pytest.mark.parametrize("value", ["words=body", "text", "text="])
def test_a_wrong_field_map_is_told(value: str) -> None:
    with pytest.raises(ValueError, match="expected OURS=THEIRS"):
        parse_field_map(value)
