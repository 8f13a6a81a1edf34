"""data/data_specs.md is what the schemas say."""

from pathlib import Path

from training.layer_schemas import GOLD, SILVER
from training.specs import render

SPECS = Path(__file__).parents[2] / "data" / "data_specs.md"


def test_the_tracked_document_is_current() -> None:
    assert SPECS.read_text(encoding="utf-8") == render(), "run `make schemas`"


def test_every_field_stands_with_its_type_and_checks() -> None:
    lines = render().splitlines()
    for schema in (SILVER, GOLD):
        for name, column in schema.columns.items():
            assert column.description
            assert any(line.startswith(f"| {name} | ") and column.description in line for line in lines)
    assert "| rating | float | Rating as a number; halves occur. | from 1 to 5 |" in lines
