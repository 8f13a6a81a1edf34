"""A real Prometheus and a real Alertmanager as processes, each with a folder and a port of its own."""

import json
import math
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.stream import free_port, wait_until

REPOSITORY = Path(__file__).parents[1]


class Sample(NamedTuple):
    """One series of an answer, at its newest value."""

    labels: dict[str, str]
    value: float


class Prometheus:
    """The API of a running Prometheus."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self.log = log

    def query(self, expression: str) -> list[Sample]:
        """The answer at this moment, a NaN left out: it is what nothing looks like after a division."""
        found = self._get("query", query=expression)["result"]
        samples = [Sample(one["metric"], float(one["value"][1])) for one in found]
        return [sample for sample in samples if not math.isnan(sample.value)]

    def query_range(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """The series of an answer over a time."""
        asked = {"query": expression, "start": str(start), "end": str(end), "step": str(step)}
        found: list[dict[str, Any]] = self._get("query_range", **asked)["result"]
        return found

    def unhealthy_rules(self) -> list[str]:
        """What Prometheus itself could not evaluate."""
        groups = self._get("rules")["groups"]
        return [
            f"{rule['name']}: {rule.get('lastError')}"
            for group in groups
            for rule in group["rules"]
            if rule["health"] == "err"
        ]

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {
            one["labels"]["alertname"] for one in self._get("alerts")["alerts"] if one["state"] == "firing"
        }

    def explain(self) -> str:
        """What it says of its alerts and targets, and the end of its log."""
        targets = self._get("targets")["activeTargets"]
        seen = [(target["labels"], target["health"], target["lastError"]) for target in targets]
        return f"{self._get('alerts')}\n{seen}\n{self.log.read_text()[-2000:]}"

    def _get(self, what: str, **asked: str) -> dict[str, Any]:
        return dict(_get_json(self._port, f"/api/v1/{what}?{urllib.parse.urlencode(asked)}")["data"])


class Alertmanager:
    """The API of a running Alertmanager."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self.log = log

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._port}"

    def received(self) -> dict[str, str]:
        """The receiver of each alert that has arrived, silenced ones too."""
        alerts = _get_json(self._port, "/api/v2/alerts")
        return {alert["labels"]["alertname"]: alert["receivers"][0]["name"] for alert in alerts}


class Targets:
    """The workers that Prometheus scrapes, by job, as a file that may change while it runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._groups: list[dict[str, Any]] = []
        self._write()

    @property
    def path(self) -> Path:
        return self._path

    def add(self, job: str, port: int) -> None:
        self._groups.append({"targets": [f"127.0.0.1:{port}"], "labels": {"job": job}})
        self._write()

    def _write(self) -> None:
        new = self._path.with_suffix(".new.json")
        new.write_text(json.dumps(self._groups))
        new.rename(self._path)


@contextmanager
def prometheus(
    folder: Path, rules: Mapping[str, str], targets: Targets, alertmanager: Alertmanager | None = None
) -> Iterator[Prometheus]:
    """A Prometheus that scrapes and evaluates every second.

    Args:
        folder: an empty one, for its files.
        rules: rule files by name.
        targets: what it scrapes.
        alertmanager: who hears of its alerts.
    """
    folder.mkdir()
    for name, content in rules.items():
        (folder / name).write_text(content)
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(folder / name) for name in rules],
        "scrape_configs": [
            {
                "job_name": "file",
                "file_sd_configs": [{"files": [str(targets.path)], "refresh_interval": "1s"}],
            }
        ],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [alertmanager.address]}]}]
            if alertmanager
            else []
        },
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        _program("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running(command, folder, port) as log:
        yield Prometheus(port, log)


@contextmanager
def alertmanager(folder: Path) -> Iterator[Alertmanager]:
    """An Alertmanager with the configuration of deploy/."""
    folder.mkdir()
    port = free_port()
    command = [
        _program("prometheus-alertmanager"),
        f"--config.file={REPOSITORY}/deploy/alertmanager/alertmanager.yml",
        f"--storage.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running(command, folder, port) as log:
        yield Alertmanager(port, log)


@contextmanager
def _running(command: Sequence[str], folder: Path, port: int) -> Iterator[Path]:
    """The log of a process that ends with the block."""
    path = folder / "log"
    with path.open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        wait_until(lambda: _is_ready(port), 30, path.read_text)
        yield path
    finally:
        process.terminate()
        process.wait(20)


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"no {name} command: install Debian's prometheus and prometheus-alertmanager")
    return found


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _get_json(port: int, path: str) -> Any:  # noqa: ANN401 - whatever the API says
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return json.load(answer)
