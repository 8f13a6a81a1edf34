"""Tools and files that come as Go modules: built or fetched once, and kept in the user's cache folder."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HELM = "helm.sh/helm/v4"
HELM_VERSION = "v4.3.1"


def cache_folder() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "review-sentiment-stream" / "tools"


def _go(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        ["go", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=1100
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _skip_without_go() -> None:
    if shutil.which("go") is None:
        pytest.skip("no go here: Helm and the definitions of KEDA and the Prometheus Operator are Go modules")


def helm() -> Path:
    """The program, built in a module of its own when it is not there yet."""
    program = cache_folder() / f"helm-{HELM_VERSION}"
    if not program.exists():
        _skip_without_go()
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as name:
            folder = Path(name)
            _go("mod", "init", "scratch", folder=folder)
            _go("get", "-tool", f"{HELM}/cmd/helm@{HELM_VERSION}", folder=folder)
            _go("build", "-o", "helm", f"{HELM}/cmd/helm", folder=folder)
            (folder / "helm").replace(program)
    return program


def module_folder(module: str) -> Path:
    """The unpacked files of a module, as `path@version`."""
    _skip_without_go()
    with tempfile.TemporaryDirectory() as name:
        return Path(json.loads(_go("mod", "download", "-json", module, folder=Path(name)))["Dir"])
