"""Which source an address names."""

from collections.abc import Callable
from typing import Final

from sqlalchemy.dialects import registry
from sqlalchemy.exc import NoSuchModuleError

from stream_app.kafka.connection import Connection
from training.errors import DatasetError
from training.sources.files import file_sources
from training.sources.source import Source
from training.sources.sql import sql_source
from training.sources.topic import SCHEME as KAFKA
from training.sources.topic import topic_source

# `postgres://` is what many tools print; SQLAlchemy wants the other.
_RENAMED: Final = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


def sources_at(
    address: str, query: str | None, table: str | None, login: Callable[[], Connection]
) -> list[Source]:
    """The sources of an address: `kafka://…`, a database's, or that of files.

    Args:
        address: what the user gave.
        query: rows of a database.
        table: a table of a database.
        login: how to log in to Kafka; asked when the address is one of Kafka's.

    Raises:
        DatasetError: nothing can be read there.
    """
    scheme, separator, rest = address.partition("://")
    if separator and scheme == KAFKA:
        return [topic_source(address, login())]
    if separator and _is_database(scheme):
        return [sql_source(f"{_RENAMED.get(scheme, scheme)}://{rest}", query, table)]
    if query or table:
        raise DatasetError(
            f"{address}: --query and --table are for databases, such as postgresql://host/name"
        )
    return file_sources(address)


def _is_database(scheme: str) -> bool:
    name = _RENAMED.get(scheme, scheme).replace("+", ".")
    try:
        registry.load(name)
    except NoSuchModuleError:
        return False
    return True
