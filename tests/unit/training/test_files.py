import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable, Mapping
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from training.errors import DatasetError
from training.sources.files import file_sources, format_of
from training.sources.source import Received

ROW = {"text": "Good.", "rating": 4}


def parquet_of(rows: list[dict[str, object]]) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
CONTENT = {
    ".jsonl": b'{"text":"Good.","rating":4}\n',
    ".csv": b"text,rating\nGood.,4\n",
    ".parquet": parquet_of([ROW]),
}


def rows_of(address: str) -> list[Received]:
    return [row for source in file_sources(address) for row in source.rows]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("ending", CONTENT)
def test_each_format_is_read_in_each_compression(ending: str, compression: str, tmp_path: Path) -> None:
    path = tmp_path / f"reviews{ending}{compression}"
    path.write_bytes(COMPRESSIONS[compression](CONTENT[ending]))
    (row,) = rows_of(str(path))
    assert json.loads(row.value or b"") == ROW


@pytest.mark.parametrize("lines", [1, 50_000])
def test_zstandard_is_read(lines: int, tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl.zst"
    path.write_bytes(pa.compress(CONTENT[".jsonl"] * lines, "zstd", asbytes=True))
    assert len(rows_of(str(path))) == lines


@pytest.mark.parametrize("compression", [name for name in COMPRESSIONS if name])
def test_a_damaged_archive_ends_the_reading_with_its_line(compression: str, tmp_path: Path) -> None:
    path = tmp_path / f"reviews.jsonl{compression}"
    lines = b"".join(b'{"text":"Number %d.","rating":4}\n' % number for number in range(20_000))
    path.write_bytes(COMPRESSIONS[compression](lines)[:-2_000])
    with pytest.raises(DatasetError, match=rf"reviews\.jsonl{compression}, line \d+: damaged"):
        rows_of(str(path))


def test_a_damaged_zstandard_archive_ends_the_reading_too(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl.zst"
    lines = b"".join(b'{"text":"Number %d.","rating":4}\n' % number for number in range(20_000))
    path.write_bytes(pa.compress(lines, "zstd", asbytes=True)[:-2_000])
    with pytest.raises(DatasetError, match=r"reviews\.jsonl\.zst, line \d+: damaged"):
        rows_of(str(path))


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "reviews.parquet"
    path.write_bytes(CONTENT[".parquet"][:-10])
    with pytest.raises(DatasetError, match=r"reviews\.parquet, row 1: damaged"):
        rows_of(str(path))


def test_nulls_of_parquet_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "reviews.parquet"
    path.write_bytes(parquet_of([{"text": "Good.", "title": None}, {"text": "Fine.", "title": "So so"}]))
    values = [json.loads(row.value or b"") for row in rows_of(str(path))]
    assert values == [{"text": "Good."}, {"text": "Fine.", "title": "So so"}]


def test_mixed_encodings_are_told_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_bytes("text,rating\nGut für mich,4\n".encode() + b"caf\xe9,5\nok,5\n")
    good, bad, last = rows_of(str(tmp_path / "reviews.csv"))
    assert json.loads(good.value or b"")["text"] == "Gut für mich"
    assert bad == Received("line 3", None, "not UTF-8")
    assert last.place == "line 4"


def test_a_folder_gives_its_files_of_reviews_by_name(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.csv", "notes.txt", "sbd_gold.jsonl", ".hidden.jsonl", "sentences_x.jsonl.gz"):
        (tmp_path / name).write_bytes(b"")
    assert [source.name for source in file_sources(str(tmp_path))] == ["a", "b", "sentences_x"]


def test_a_pattern_gives_the_files_that_match(tmp_path: Path) -> None:
    for name in ("b1.jsonl", "b2.jsonl", "c.jsonl"):
        (tmp_path / name).write_bytes(b"")
    assert [source.name for source in file_sources(str(tmp_path / "b*.jsonl"))] == ["b1", "b2"]


def test_an_address_of_fsspec_is_read() -> None:
    with fsspec.open("memory://shop/reviews.jsonl", "wb") as stream:
        stream.write(CONTENT[".jsonl"])
    (source,) = file_sources("memory://shop/reviews.jsonl")
    assert source.address == "memory:///shop/reviews.jsonl"
    assert [json.loads(row.value or b"") for row in source.rows] == [ROW]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("absent.jsonl", r"absent\.jsonl: no such file"),
        ("reviews.xlsx", r"reviews\.xlsx: format not known, expected a name that ends in \.jsonl"),
        ("nothing*.csv", r"nothing\*\.csv: no file, expected"),
        ("what://is/this.csv", r"what://is/this\.csv: Protocol not known: what"),
    ],
)
def test_what_cannot_be_read_is_told(address: str, message: str) -> None:
    Path("reviews.xlsx").write_bytes(b"")
    with pytest.raises(DatasetError, match=message):
        file_sources(address)


def test_the_format_is_told_by_the_ending() -> None:
    assert format_of("a.b.JSONL.GZ") == ".jsonl"
    assert format_of("a.csv") == ".csv"
    assert format_of("csv") is None
    assert format_of("a.gz") is None
