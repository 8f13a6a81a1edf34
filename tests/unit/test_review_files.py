import gzip
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from stream_app.review_files import FeedRecord, Problem, ReviewFileError, _feed_record, read_reviews


def write(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return str(path)


def parquet_of(**columns: object) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


@pytest.mark.parametrize("gz", ["", ".gz"])
@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".jsonl", b'{"review_id":"r1","text":"good"}\n'),
        (".NDJSON", b'{"review_id":"r1","text":"good"}'),
        (".json", b'{"review_id":"r1","text":"good"}\n'),
        (".csv", b"review_id,text\nr1,good\n"),
        (".parquet", parquet_of(review_id=["r1"], text=["good"])),
    ],
)
def test_the_suffix_tells_the_format(suffix: str, content: bytes, gz: str, tmp_path: Path) -> None:
    (record,) = read_reviews(write(tmp_path, f"reviews{suffix}{gz}", content))
    assert isinstance(record, FeedRecord)
    assert (record.value, record.key) == (b'{"review_id":"r1","text":"good"}', b"r1")


def test_an_unknown_format_is_told_with_the_known_ones() -> None:
    with pytest.raises(ReviewFileError, match=r"reviews\.xlsx.*\.jsonl.*\.csv.*\.parquet"):
        read_reviews("reviews.xlsx")


def test_an_absent_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.jsonl"):
        read_reviews(str(tmp_path / "absent.jsonl"))


def test_parquet_without_pyarrow_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path, "reviews.parquet", b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ReviewFileError, match=r"pyarrow.*review-sentiment-stream\[training\]"):
        read_reviews(path)


def test_a_problem_names_file_and_line_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path, "r.jsonl", b'{"text":"a"}\nnonsense\n[]\n{"text":"\xff"}\n{"text":NaN}\n{"text":"b"}'
    )
    read = list(read_reviews(path))
    problems = [entry for entry in read if isinstance(entry, Problem)]
    assert [entry.value for entry in read if isinstance(entry, FeedRecord)] == [
        b'{"text":"a"}',
        b'{"text":"b"}',
    ]
    assert [problem.place for problem in problems] == [f"{path}, line {number}" for number in (2, 3, 4, 5)]
    assert "byte 9 is not UTF-8" in problems[2].message


def test_a_damaged_archive_is_read_up_to_the_damage(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b'{"review_id":%d}\n' % number for number in range(50_000)))
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    *read, last = read_reviews(str(path))
    assert len(read) > 100
    assert all(isinstance(entry, FeedRecord) for entry in read)
    assert isinstance(last, Problem)
    assert last.place == f"{path}, line {len(read) + 1}"
    assert "damaged" in last.message


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(b'{"text":"a"}\n')
    (problem,) = read_reviews(str(path))
    assert isinstance(problem, Problem)


def test_limit_and_repeat(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", b"text\na\nb\nc\n")
    values = [
        entry.value[9:10] for entry in read_reviews(path, limit=7, repeat=3) if isinstance(entry, FeedRecord)
    ]
    assert values == [b"a", b"b", b"c", b"a", b"b", b"c", b"a"]


def test_standard_input_has_json_lines_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"id":1}\nx\n')))
    record, problem = read_reviews("-")
    assert record == FeedRecord(b'{"review_id":1}', b"1", "standard input, line 1")
    assert isinstance(problem, Problem)
    assert problem.place == "standard input, line 2"
    with pytest.raises(ReviewFileError, match="standard input"):
        read_reviews("-", repeat=2)


@pytest.mark.parametrize(
    ("line", "value", "key"),
    [
        (b'{"text": "a",  "x":1.10}', None, None),
        (b'{"review_id": 5, "id": 6}', None, b"5"),
        (b'{"review_id": "\\u00e9"}', None, "é".encode()),
        (b'{"review_id": ""}', None, None),
        (b'{"id": null}', None, None),
        (b'{"rating":4.10, "id": "a"}', b'{"rating":4.10,"review_id":"a"}', b"a"),
        (b'{"id":7,"review_id":null}', b'{"review_id":7}', b"7"),
    ],
)
def test_only_an_id_in_the_place_of_a_review_id_changes_a_line(
    line: bytes, value: bytes | None, key: bytes | None
) -> None:
    assert _feed_record(line, "review_id", "there") == FeedRecord(value or line, key, "there")


def test_the_key_may_be_another_field() -> None:
    assert _feed_record(b'{"id":1,"product":"p9"}', "product", "there").key == b"p9"  # type: ignore[union-attr]
    assert _feed_record(b'{"id":1,"product":null}', "product", "there").key is None  # type: ignore[union-attr]


@given(st.one_of(st.binary(max_size=80), st.text(max_size=40).map(str.encode)))
def test_any_line_is_a_record_or_a_problem(line: bytes) -> None:
    entry = _feed_record(line, "review_id", "there")
    assert isinstance(entry, Problem) or entry.value == line


def test_a_line_nested_beyond_the_parser_is_a_problem() -> None:
    assert isinstance(_feed_record(b'{"a":' + b"[" * 100_000, "review_id", "there"), Problem)
