"""Confluent's wire format: a zero byte and the schema's id, four bytes big-endian, before the value."""

import struct
from typing import Final

_MAGIC: Final = b"\x00"
_PREFIX: Final = struct.Struct(">cI")


def framing(schema_id: int) -> bytes:
    """What goes before a value of this schema."""
    return _PREFIX.pack(_MAGIC, schema_id)


def unframed(value: bytes) -> bytes:
    """The value without what goes before it. JSON never begins with a zero byte, so it is told apart."""
    return value[_PREFIX.size :] if value.startswith(_MAGIC) else value
