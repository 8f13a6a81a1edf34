"""The dashboards against Grafana's own types, by the TypeScript compiler."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TYPES = Path(__file__).with_name("dashboard_types.ts")
# The version of Grafana that the dashboards are written for is that of the SDK in pyproject.toml.
PACKAGES = ("@grafana/schema@11.6.0", "typescript@5.9.3")
COMPILE = ("--noEmit", "--strict", "--skipLibCheck", "--module", "preserve", "--target", "es2022")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the compiler and the types."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("no npm command: install Node.js")
    folder = tmp_path_factory.mktemp("grafana-schema")
    (folder / "package.json").write_text('{"private": true}')
    install = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install {' '.join(PACKAGES)}: {done.stderr[-300:]}")
    shutil.copy(TYPES, folder)
    return folder


def objections(project: Path, dashboards: Sequence[str]) -> dict[int, str]:
    """What the compiler objects to in dashboards, as JSON, by their place; empty when it is satisfied."""
    begin = "import type { CheckedDashboard } from './dashboard_types';\n"
    each = (
        f"export const number{place}: CheckedDashboard = {text};\n" for place, text in enumerate(dashboards)
    )
    (project / "dashboards.ts").write_text(begin + "".join(each))
    compiler = [str(project / "node_modules/.bin/tsc"), *COMPILE, "dashboards.ts"]
    done = subprocess.run(compiler, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    found = re.findall(r"^dashboards\.ts\((\d+),\d+\): (error TS.*)$", done.stdout, re.MULTILINE)
    assert bool(found) == bool(done.returncode), done.stdout
    return {int(line) - 2: text for line, text in found}


def dashboard(name: str) -> str:
    return json.dumps(json.loads((REPOSITORY / f"deploy/grafana/dashboards/{name}.json").read_text()))


def test_the_dashboards_are_of_grafanas_types(project: Path) -> None:
    assert objections(project, [dashboard("stream"), dashboard("model")]) == {}


def test_the_compiler_finds_what_grafana_would_not_know(project: Path) -> None:
    right = dashboard("stream")
    changes = [
        ('"graphTooltip": 1', '"graphTooltip": 7'),
        ('"mode": "absolute"', '"mode": "relative"'),
        ('"graphMode": "area"', '"graphMode": "bars"'),
        ('"lineWidth": 1', '"lineWidth": "1"'),
        ('"cellGap": 1', '"cellGapp": 1'),
        ('"refresh": 2', '"refresh": 5'),
        ('"unit": "s"', '"units": "s"'),
    ]
    assert all(before in right for before, _ in changes)

    found = objections(project, [right.replace(before, after, 1) for before, after in changes])

    assert list(found) == list(range(len(changes)))
