"""Reviews from a real PostgreSQL."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.kafka.connection import Connection
from tests.layers import silent
from tests.postgres import PASSWORD, Postgres, postgres
from training.bronze import read_parts
from training.errors import DatasetError
from training.ingest import ingest
from training.sources.addresses import sources_at
from training.sources.source import Source

ROWS = 12_000  # more than the driver fetches at once


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as started:
        started.execute(
            "create table reviews (id int primary key, stars numeric, body text, written date, note text)",
            "insert into reviews "
            "select n, ((n % 9 + 2) / 2.0)::numeric(2,1), 'Number ' || n || ' gut 👍', '2024-02-29', null "
            "from generate_series(1, 12000) n",
            "create schema shop",
            "create table shop.empty (text text, rating int)",
        )
        yield started


def no_login() -> Connection:
    raise AssertionError("a database needs no login to Kafka")


def source(address: str, query: str | None = None, table: str | None = None) -> Source:
    (only,) = sources_at(address, query, table, no_login)
    return only


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_table_becomes_bronze(scheme: str, database: Postgres, tmp_path: Path) -> None:
    address = database.address.replace("postgresql", scheme, 1)
    part = ingest(source(address, table="reviews"), tmp_path, {"text": "body", "rating": "stars"}, silent)
    assert part.note.rows == ROWS
    assert PASSWORD not in part.note.address
    assert part.note.address == f"postgresql+psycopg://reviews:***@127.0.0.1:{database.port}/postgres reviews"
    rows = [row for batch in read_parts(tmp_path)[0].rows() for row in batch]
    by_id = {fields["id"]: fields for fields in (json.loads(row.received or b"") for row in rows)}
    assert by_id.keys() == set(range(1, ROWS + 1))
    assert by_id[7] == {"id": 7, "stars": "4.5", "body": "Number 7 gut 👍", "written": "2024-02-29"}


def test_a_query_gives_its_own_columns(database: Postgres) -> None:
    query = (
        "select body as text, stars as rating from reviews where id in (3, 4) and body like '%r%' order by id"
    )
    rows = list(source(database.address, query=query).rows)
    assert [json.loads(row.value or b"") for row in rows] == [
        {"text": "Number 3 gut 👍", "rating": "2.5"},
        {"text": "Number 4 gut 👍", "rating": "3.0"},
    ]
    assert [row.place for row in rows] == ["row 1", "row 2"]


@pytest.mark.parametrize(
    ("query", "table", "message"),
    [
        (None, "absent", "absent"),
        ("select nothing from nowhere", None, "nowhere"),
        ("select 1 / 0", None, "division by zero"),
        ("select body, 1 / (id - 6000) from reviews order by id", None, "row .*division by zero"),
    ],
)
def test_what_the_database_refuses_is_told(
    query: str | None, table: str | None, message: str, database: Postgres
) -> None:
    with pytest.raises(DatasetError, match=message) as raised:
        list(source(database.address, query, table).rows)
    assert PASSWORD not in str(raised.value)


def test_an_empty_table_is_told(database: Postgres, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"shop\.empty: empty, expected at least one row"):
        ingest(source(database.address, table="shop.empty"), tmp_path, {}, silent)
    assert not list(tmp_path.iterdir())


def test_a_wrong_password_is_told_and_not_printed(database: Postgres) -> None:
    with pytest.raises(DatasetError, match="password authentication failed") as raised:
        list(source(database.address.replace(PASSWORD, "wrong-one"), table="reviews").rows)
    assert "wrong-one" not in str(raised.value)


@pytest.mark.parametrize(("query", "table"), [(None, None), ("select 1", "reviews")])
def test_either_a_query_or_a_table_is_wanted(query: str | None, table: str | None) -> None:
    with pytest.raises(DatasetError, match="//host/x: expected either --query or --table"):
        source(f"postgresql://me:{PASSWORD}@host/x", query, table)


def test_files_have_no_tables() -> None:
    with pytest.raises(DatasetError, match="--query and --table are for databases"):
        source("reviews.csv", table="reviews")


def test_a_database_lost_in_the_middle_leaves_the_former_part(tmp_path: Path) -> None:
    with postgres() as lost:
        lost.execute(
            "create table reviews as select n as id, 3 as rating, repeat('word ', 200) as text "
            "from generate_series(1, 50000) n"
        )
        former = ingest(source(lost.address, table="reviews"), tmp_path, {}, silent)
        again = source(lost.address, table="reviews")
        next(again.rows)
        lost.kill()
        with pytest.raises(DatasetError, match=r"row \d+: .*psycopg"):
            ingest(again, tmp_path, {}, silent)
    assert [part.note for part in read_parts(tmp_path)] == [former.note]
    assert [path.name for path in tmp_path.iterdir()] == ["reviews.parquet"]
