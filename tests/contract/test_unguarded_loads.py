"""Nothing that may run code is read but what was compared with its hash; nothing is installed without one."""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.core.errors import ModelError
from tests.conftest import REPOSITORY
from training import export
from training.destinations import target

PACKAGES = ("stream_app", "training", "bench", "fuzz", "observability", "supply_chain")
# What runs code out of what it reads, by full name; `*` stands for any modules.
RUNS_CODE = re.compile(
    r"(pickle|cPickle|_pickle|dill|cloudpickle|marshal)\.(load|loads|Unpickler)"
    r"|joblib\.load|joblib\.numpy_pickle\.\w+|shelve\.open|skops\.io\.load|torch\.load"
    r"|pandas\.read_pickle|mlflow\..*load_model|yaml\.(load|unsafe_load|full_load)(_all)?|eval|exec"
)
ALLOWED = {
    # Builds arrays and objects without behaviour; reached through `read_artifact`, whose callers are below.
    ("stream_app/artifact.py", "joblib.numpy_pickle.NumpyUnpickler"),
    # A benchmark's own model, written by the same run into its own folder.
    ("bench/peers/classification.py", "joblib.load"),
}
# `load_model` compares the hash before it; `export.current` gives no bytes but those of the manifest's hash.
READS_ARTIFACTS = {"stream_app/model_store.py", "training/commands/drift.py"}


def trees() -> Iterator[tuple[str, ast.AST]]:
    for package in PACKAGES:
        for path in (REPOSITORY / package).rglob("*.py"):
            if ".venv" not in path.parts:
                yield path.relative_to(REPOSITORY).as_posix(), ast.parse(path.read_text())


def used(tree: ast.AST) -> Iterator[str]:
    """The full names of all that is referred to, through any import."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            root, dot, rest = ast.unparse(node).partition(".")
            yield names.get(root, root) + dot + rest


def unguarded(tree: ast.AST) -> set[str]:
    found = {name for name in used(tree) if RUNS_CODE.fullmatch(name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found |= {"allow_pickle"} if ast.unparse(node.value) != "False" else set()
    return found


def test_nothing_else_may_run_code_out_of_a_file() -> None:
    found = {(path, name) for path, tree in trees() for name in unguarded(tree)}
    assert found == ALLOWED


def test_only_what_was_compared_with_its_hash_is_read() -> None:
    callers = {
        path
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "read_artifact"
    }
    assert callers == READS_ARTIFACTS


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.loads(b)",
        "from pickle import load as read\nread(f)",
        "import joblib as j\nj.load(p)",
        "from joblib.numpy_pickle import NumpyUnpickler",
        "import pandas as pd\npd.read_pickle(p)",
        "import numpy as np\nnp.load(p, allow_pickle=True)",
        "import numpy as np\nnp.load(p, allow_pickle=given)",
        "import mlflow.sklearn\nmlflow.sklearn.load_model(u)",
        "import yaml\nyaml.load(f, Loader=yaml.Loader)",
        "eval(text)",
    ],
)
def test_an_unguarded_load_would_be_found(source: str) -> None:
    imported = "" if "NumpyUnpickler" not in source else "\nNumpyUnpickler(f)"
    assert unguarded(ast.parse(source + imported))


@pytest.mark.parametrize(
    "source",
    ["import json\njson.load(f)", "import numpy as np\nnp.load(p)", "import yaml\nyaml.safe_load(f)"],
)
def test_a_harmless_load_is_none(source: str) -> None:
    assert unguarded(ast.parse(source)) == set()


def test_a_champion_with_another_artifact_is_given_to_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "champion"
    shutil.copytree(REPOSITORY / "models/champion", folder)
    assert export.current(target(str(folder))) is not None
    (artifact,) = folder.glob("model-*.joblib")
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"\0")
    with pytest.raises(ModelError, match=artifact.name):
        export.current(target(str(folder)))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "bench/peers.lock"])
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (REPOSITORY / lock).read_text()
    assert re.search(r"https?://", text) is None
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 10
    assert [
        entry for entry in entries if not re.match(r"\S+==\S.*--hash=sha256:[0-9a-f]{64}", entry, re.DOTALL)
    ] == []


INSTALLS = re.compile(r"pip(?: --python \S+)? install\b(.*)")


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_nothing_is_installed_but_by_hash_or_from_here(file: str) -> None:
    text = (REPOSITORY / file).read_text().replace("\\\n", " ")
    options = INSTALLS.findall(text)
    assert len(options) >= 2
    assert [given for given in options if "--require-hashes" not in given and "--no-deps" not in given] == []
