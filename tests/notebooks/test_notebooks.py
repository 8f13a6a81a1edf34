"""The notebooks run from top to bottom, think nothing of their own, and are stored without outputs."""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LOGIC = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.IfExp, ast.comprehension,
         ast.Try, ast.BinOp, ast.With)  # fmt: skip


def read(path: Path) -> Any:  # noqa: ANN401 - nbformat ships no types
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def code_of(path: Path) -> list[ast.Module]:
    return [ast.parse(cell.source) for cell in read(path).cells if cell.cell_type == "code"]


def statements(tree: ast.Module) -> list[ast.AST]:
    """`Path | None` of DATA is a type, not an operation."""
    return [node for each in tree.body if not isinstance(each, ast.AnnAssign) for node in ast.walk(each)]


def test_there_are_two() -> None:
    assert [path.name for path in NOTEBOOKS] == ["01_data_understanding.ipynb", "02_model_training.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(path: Path) -> None:
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert cells
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_calls_and_shows_and_does_nothing_else(path: Path) -> None:
    for tree in code_of(path):
        assert [ast.unparse(node) for node in statements(tree) if isinstance(node, LOGIC)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_on_the_tracked_sample(path: Path, tmp_path: Path) -> None:
    """And each picture and table is there: a cell that ends in an expression shows something."""
    notebook = read(path)
    NotebookClient(notebook, timeout=150, resources={"metadata": {"path": str(tmp_path)}}).execute()
    silent = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code"
        and isinstance(ast.parse(cell.source).body[-1], ast.Expr)
        and not any(output.output_type == "execute_result" for output in cell.outputs)
    ]
    assert silent == []
    assert any("image/svg+xml" in output.data for cell in notebook.cells if cell.cell_type == "code"
               for output in cell.outputs if output.output_type == "execute_result")  # fmt: skip
