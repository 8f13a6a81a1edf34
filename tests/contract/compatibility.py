"""What a change of a JSON Schema breaks for those who hold on to the schema as it was released."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

Schema = Mapping[str, Any]
Role = Literal["input", "output"]
"""An input is written by others and read by us; an output the other way round."""

_LOWER, _UPPER = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")
_SAME = ("pattern", "const")


def breaking_changes(released: Schema, current: Schema, role: Role) -> list[str]:
    """Each change that breaks somebody, with its place.

    What was a valid input has to stay one, so an input may only become wider; what comes out has to be
    what it was, so an output may only become narrower, or get new fields.
    """
    wide, narrow = (current, released) if role == "input" else (released, current)
    places = _narrowed("$", _Node(wide, wide), _Node(narrow, narrow))
    return [*places, *_removed("$", _Node(released, released), _Node(current, current))]


class _Node:
    """A schema within its document, references followed."""

    def __init__(self, schema: Schema, document: Schema) -> None:
        while "$ref" in schema:
            schema = document["$defs"][schema["$ref"].rpartition("/")[2]]
        self.schema = schema
        self.document = document

    def at(self, schema: Schema) -> "_Node":
        return _Node(schema, self.document)

    def alternatives(self) -> "dict[str, _Node]":
        """By type; `anyOf` has one for each of its parts."""
        parts = self.schema.get("anyOf", [self.schema])
        nodes = [self.at(part) for part in parts]
        found: dict[str, _Node] = {}
        for node in nodes:
            kinds = node.schema.get("type", "any")
            found |= dict.fromkeys([kinds] if isinstance(kinds, str) else kinds, node)
        if "number" in found:
            found.setdefault("integer", found["number"])
        return found

    def properties(self) -> "dict[str, _Node]":
        return {name: self.at(part) for name, part in self.schema.get("properties", {}).items()}

    def required(self) -> set[str]:
        return set(self.schema.get("required", []))

    def values(self) -> set[str] | None:
        """The values of an enumeration; None when it is none."""
        return set(map(str, self.schema["enum"])) if "enum" in self.schema else None


def _narrowed(place: str, wide: _Node, narrow: _Node) -> Iterator[str]:
    """Where something is allowed by `narrow` that `wide` does not allow."""
    allowed = wide.alternatives()
    for kind, node in narrow.alternatives().items():
        if kind not in allowed and "any" not in allowed:
            yield f"{place}: type {kind}"
        else:
            yield from _narrowed_kind(place, allowed.get(kind, wide), node)


def _narrowed_kind(place: str, wide: _Node, narrow: _Node) -> Iterator[str]:
    yield from _narrowed_values(place, wide, narrow)
    inner = narrow.properties()
    for name, node in wide.properties().items():
        if name in inner:
            yield from _narrowed(f"{place}.{name}", node, inner[name])
    for name in sorted(wide.required() - narrow.required()):
        yield f"{place}.{name}: required"
    if "items" in wide.schema:
        items = narrow.schema.get("items", {})
        yield from _narrowed(f"{place}[]", wide.at(wide.schema["items"]), narrow.at(items))


def _narrowed_values(place: str, wide: _Node, narrow: _Node) -> Iterator[str]:
    values, others = wide.values(), narrow.values()
    if values is not None and (others is None or not others <= values):
        yield f"{place}: enum {sorted((others or set()) - values)}"
    for name in _LOWER:
        if name in wide.schema and narrow.schema.get(name, float("-inf")) < wide.schema[name]:
            yield f"{place}: {name}"
    for name in _UPPER:
        if name in wide.schema and narrow.schema.get(name, float("inf")) > wide.schema[name]:
            yield f"{place}: {name}"
    for name in _SAME:
        if name in wide.schema and narrow.schema.get(name) != wide.schema[name]:
            yield f"{place}: {name}"


def _removed(place: str, released: _Node, current: _Node) -> Iterator[str]:
    """Fields that are gone, on whichever side."""
    former, now = released.alternatives(), current.alternatives()
    for kind in former.keys() & now.keys():
        inner = now[kind].properties()
        for name, node in former[kind].properties().items():
            if name not in inner:
                yield f"{place}.{name}: removed"
            else:
                yield from _removed(f"{place}.{name}", node, inner[name])
        if "items" in former[kind].schema and "items" in now[kind].schema:
            items = (part.at(part.schema["items"]) for part in (former[kind], now[kind]))
            yield from _removed(f"{place}[]", *items)
