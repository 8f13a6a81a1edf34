import codecs
import csv
import io

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from stream_app.line_formats import BadLine, Line, csv_lines, json_lines, parquet_lines

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def csv_rows(text: bytes) -> list[Line | BadLine]:
    return list(csv_lines(io.BytesIO(text)))


def values(lines: list[Line | BadLine]) -> list[object]:
    return [msgspec.json.decode(line.value) if isinstance(line, Line) else line.message for line in lines]


def parquet_of(**columns: object) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


def test_json_lines_are_passed_on_as_they_are_without_their_ends() -> None:
    stream = io.BytesIO(b' {"a": 1} \r\n\n \t\n\xff\n{"b"\x00}')
    assert list(json_lines(stream)) == [Line(1, b' {"a": 1} '), Line(4, b"\xff"), Line(5, b'{"b"\x00}')]


def test_a_byte_order_mark_belongs_to_the_file_not_to_its_first_line() -> None:
    mark = codecs.BOM_UTF8
    assert list(json_lines(io.BytesIO(mark + b"{}\n" + mark + b"{}"))) == [
        Line(1, b"{}"),
        Line(2, mark + b"{}"),
    ]
    assert csv_rows(mark + b"text\ngood") == [Line(2, b'{"text":"good"}')]


def test_csv_rows_become_objects_without_empty_cells() -> None:
    rows = csv_rows(b'id,title,text\r\n7,,"He said ""no"",\nand left"\r\n,x,\r\n')
    assert rows[0].number == 2
    assert rows[1].number == 4
    assert values(rows) == [{"id": "7", "text": 'He said "no",\nand left'}, {"title": "x"}]


@pytest.mark.parametrize(
    ("cell", "rating"),
    [("4", 4), ("4.5", 4.5), ("1e0", 1.0), ("four", "four"), ("4,5", "4,5"), ("NaN", "NaN"), ("1_0", "1_0")],
)
def test_the_rating_of_a_csv_row_is_a_number_when_it_is_one(cell: str, rating: object) -> None:
    assert values(csv_rows(f'rating,stars\n"{cell}",5'.encode())) == [{"rating": rating, "stars": "5"}]


def test_what_is_wrong_in_a_csv_file_is_told_by_line_and_the_other_rows_are_read() -> None:
    rows = csv_rows(b'rating,text\n5\n4,a\n3,"b" c\n2,d\n1,\xff\n1,"open\n1,e\n')
    assert [row.number for row in rows] == [2, 3, 4, 5, 6, 7]
    assert [type(row) for row in rows] == [BadLine, Line, BadLine, Line, BadLine, BadLine]
    messages = [row.message for row in rows if isinstance(row, BadLine)]
    assert "1 cells, expected 2" in messages[0]
    assert "not CSV" in messages[1]
    assert "not UTF-8" in messages[2]
    assert "unexpected end" in messages[3]


def test_a_csv_cell_may_be_larger_than_the_modules_own_limit() -> None:
    assert values(csv_rows(b"text\n" + b"x" * 200_000)) == [{"text": "x" * 200_000}]


@pytest.mark.parametrize("text", [b"", b"\n", b"text\n", b"\n\ntext\n\n"])
def test_a_csv_file_may_have_no_rows(text: bytes) -> None:
    assert csv_rows(text) == []


@given(st.lists(st.tuples(CELL, CELL), max_size=5))
def test_whatever_a_csv_writer_wrote_is_read_back(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["title", "text"])
    writer.writerows(rows)
    expected = [
        {name: cell for name, cell in zip(("title", "text"), row, strict=True) if cell} for row in rows
    ]
    assert values(csv_rows(text.getvalue().encode())) == expected


@given(st.binary(max_size=60))
def test_no_bytes_make_a_csv_file_raise(text: bytes) -> None:
    assert all(isinstance(line, (Line, BadLine)) for line in csv_rows(b"a,b\n" + text))


def test_parquet_rows_become_objects_without_empty_cells() -> None:
    table = parquet_of(
        id=[1, None],
        rating=[4.5, float("nan")],
        text=["a", "b"],
        at=pa.array([1_700_000_000_000_000_001, None], pa.timestamp("ns")),
    )
    lines = list(parquet_lines(io.BytesIO(table)))
    assert [line.number for line in lines] == [1, 2]
    first, second = values(lines)
    assert isinstance(first, dict)
    assert first.pop("at").startswith("2023-11-14")
    assert (first, second) == ({"id": 1, "rating": 4.5, "text": "a"}, {"text": "b"})


def test_a_damaged_parquet_file_is_told() -> None:
    table = parquet_of(text=["some text " * 50] * 1_000)
    middle = len(table) // 4
    damaged = table[:4] + b"\xff" * middle + table[4 + middle :]
    for broken in (damaged, table[:-100], b"no Parquet at all"):
        (line,) = parquet_lines(io.BytesIO(broken))
        assert isinstance(line, BadLine)
        assert "not Parquet" in line.message
