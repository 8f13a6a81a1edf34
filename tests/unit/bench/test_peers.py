import ast
from pathlib import Path

import pytest

import bench.peers
import bench.same_scorer
from bench.competitors import Peers

FILES = sorted(Path(next(iter(bench.peers.__path__))).glob("*.py"))
WITH_OUR_SCORER = sorted(Path(next(iter(bench.same_scorer.__path__))).glob("*.py"))


def imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name for name in imported if name.split(".")[0] in {"stream_app", "training", "bench", ""}}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_peers_import_nothing_of_the_product(file: Path) -> None:
    assert all(name.startswith("bench.peers.") for name in imports(file))


@pytest.mark.parametrize("file", WITH_OUR_SCORER, ids=lambda file: file.name)
def test_peers_with_our_scorer_import_the_core_and_its_model_alone(file: Path) -> None:
    allowed = ("bench.peers.", "bench.same_scorer.", "stream_app.core.")
    model = {"stream_app.bundled", "stream_app.model_store"}
    assert all(name.startswith(allowed) or name in model for name in imports(file))


def test_there_are_peers() -> None:
    assert {"confluent_loop.py", "confluent_echo.py", "quix_per_review.py", "faust_per_review.py"} <= {
        file.name for file in FILES
    }


def test_each_peer_with_our_scorer_is_a_file() -> None:
    peers = Peers(Path("python"), Path("model"))
    modules = {competitor.command[-1] for competitor in peers.with_our_scorer()}
    files = {f"bench.same_scorer.{file.stem}" for file in WITH_OUR_SCORER}
    assert modules == files - {"bench.same_scorer.__init__", "bench.same_scorer.scorer"}
