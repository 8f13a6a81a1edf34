import ast
from pathlib import Path

import pytest

import bench.peers

FILES = sorted(Path(next(iter(bench.peers.__path__))).glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_peers_import_nothing_of_the_product(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {name for name in imported if name.split(".")[0] in {"stream_app", "training", "bench", ""}}
    assert all(name.startswith("bench.peers.") for name in ours)


def test_there_are_peers() -> None:
    assert {"confluent_loop.py", "confluent_echo.py", "quix_per_review.py", "faust_per_review.py"} <= {
        file.name for file in FILES
    }
