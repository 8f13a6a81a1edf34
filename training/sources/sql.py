"""Reviews in a database, read by SQLAlchemy."""

from collections.abc import Iterator
from contextlib import closing
from typing import Final

import msgspec
from sqlalchemy import Connection, MetaData, Select, Table, TextClause, create_engine, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from training.errors import DatasetError
from training.sources.source import Received, Source

_FETCHED: Final = 5_000


def sql_source(address: str, query: str | None, table: str | None) -> Source:
    """The rows of a query or of a table, each as a JSON object of its columns that are not null.

    Raises:
        DatasetError: the address is none of SQLAlchemy's, or not one of query and table is given.
    """
    if (query is None) == (table is None):
        raise DatasetError(f"{shown(address)}: expected either --query or --table")
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise DatasetError(f"{shown(address)}: not a database's address: {error}") from error
    place = url.render_as_string(hide_password=True)
    name = table.rpartition(".")[2] if table else "query"
    return Source(name, f"{place} {table or query}", _rows(url, place, query, table))


def shown(address: str) -> str:
    """The address without what stands between `//` and `@`."""
    scheme, slashes, rest = address.partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"


def _rows(url: URL, place: str, query: str | None, table: str | None) -> Iterator[Received]:
    number = 0
    try:
        engine = create_engine(url)
        try:
            with (
                engine.connect().execution_options(stream_results=True, yield_per=_FETCHED) as connection,
                closing(connection.execute(_statement(connection, query, table))) as result,
            ):
                for row in result.mappings():
                    number += 1
                    yield _received(number, dict(row))
        finally:
            engine.dispose()
    except (SQLAlchemyError, NoSuchModuleError, ImportError) as error:
        raise DatasetError(f"{place}, row {number + 1}: {_first_line(error)}") from error


def _statement(
    connection: Connection, query: str | None, table: str | None
) -> TextClause | Select[tuple[object]]:
    if query is not None:
        return text(query)
    schema, _, name = (table or "").rpartition(".")
    return select(Table(name, MetaData(), schema=schema or None, autoload_with=connection))


def _received(number: int, row: dict[str, object]) -> Received:
    fields = {name: value for name, value in row.items() if value is not None}
    return Received(f"row {number}", msgspec.json.encode(fields, enc_hook=str))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
