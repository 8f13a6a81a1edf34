"""What docs/logs.md says of events and spans is what the code logs and sends."""

import ast
import re
from collections.abc import Iterator

from tests.conftest import REPOSITORY

LEVELS = {"debug", "info", "warning", "error", "critical"}
DOCUMENT = (REPOSITORY / "docs/logs.md").read_text()
ROW = re.compile(r"^\| ([a-z_]+) \| ([a-z]+) \| ([a-z_0-9, ]*?) ?\| ", re.MULTILINE)


def documented() -> dict[str, tuple[str, set[str]]]:
    """Level and fields by event."""
    return {
        event: (level, set(filter(None, fields.split(", "))))
        for event, level, fields in ROW.findall(DOCUMENT)
        if level in LEVELS
    }


def logged() -> Iterator[tuple[str, str, set[str]]]:
    """Event, level and fields of each call in the code."""
    for path in (REPOSITORY / "stream_app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield from _of_call(node)


def _of_call(call: ast.Call) -> Iterator[tuple[str, str, set[str]]]:
    function = call.func
    if (
        isinstance(function, ast.Attribute)
        and function.attr in LEVELS
        and ast.unparse(function.value) == "log"
    ):
        (event,) = call.args
        if isinstance(event, ast.Constant):  # `end_process` passes one on
            fields = {"exception" if k.arg == "exc_info" else str(k.arg) for k in call.keywords}
            yield str(event.value), function.attr, fields
    if isinstance(function, ast.Name) and function.id == "end_process":
        event = call.args[1]
        assert isinstance(event, ast.Constant), f"line {call.lineno}: an event has a literal name"
        yield str(event.value), "critical", {"exit_code", "exception"}


def test_every_event_is_documented_with_its_level_and_fields() -> None:
    found = list(logged())
    assert len(found) >= 15
    assert documented() == {event: (level, fields) for event, level, fields in found}


def test_an_event_is_a_name_in_snake_case() -> None:
    assert [event for event, _, _ in logged() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", event)] == []


def test_every_attribute_of_a_span_is_documented() -> None:
    tree = ast.parse((REPOSITORY / "stream_app/spans.py").read_text())
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    names = {t for t in texts if isinstance(t, str) and re.fullmatch(r"(messaging|stream_app)\.[a-z_.]+", t)}
    assert len(names) == 11
    assert [name for name in sorted(names) if f"`{name}`" not in DOCUMENT] == []
