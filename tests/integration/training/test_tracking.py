"""Runs and models in MLflow: in a file, and on a server."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_app.core.manifest import Metric
from stream_app.model_store import read_manifest
from tests.model_folders import edit_manifest, sigmoid_pipeline, three_class_pipeline, write_model
from tests.stream import free_port, wait_until
from training.tracking import EXPERIMENT, MODEL_NAME, Tracker, TrackingError

METRIC = Metric("human: shop (new)", "sentence", "human", 0.5, 10)


@pytest.fixture
def candidates(tmp_path: Path) -> list[Path]:
    folders = [tmp_path / "candidates" / str(number) for number in range(2)]
    for folder, pipeline in zip(folders, [three_class_pipeline(), sigmoid_pipeline()], strict=True):
        write_model(folder, pipeline)
        edit_manifest(folder, lambda _: {"metrics": (METRIC,)})
    return folders


@pytest.fixture
def report(tmp_path: Path) -> Path:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").write_text("<p>Figures")
    return tmp_path / "report"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """An MLflow server of its own, with its files in a folder of the test."""
    port = free_port()
    database, artifacts, log = f"sqlite:///{tmp_path}/server.db", str(tmp_path / "kept"), tmp_path / "log"
    command = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    places = ["--backend-store-uri", database, "--artifacts-destination", artifacts]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-m", *command, *places],
            env=environment,
            stdout=out,
            stderr=out,
            cwd=tmp_path,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_until(lambda: answers(port), 120, log.read_text)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def aliases(tracker: Tracker) -> dict[str, str]:
    """Each alias, and the version that its model's manifest states."""
    client: Any = tracker._client
    numbers = client.get_registered_model(MODEL_NAME).aliases
    return {
        alias: client.get_model_version(MODEL_NAME, number).tags["version"]
        for alias, number in numbers.items()
    }


def test_aliases_follow_training_promotion_and_rollback(candidates: list[Path], report: Path) -> None:
    first, second = (read_manifest(candidate).version for candidate in candidates)
    tracker = Tracker("sqlite:///mlruns/mlflow.db")
    tracker.record(candidates[0], report)
    tracker.record(candidates[0])
    assert aliases(tracker) == {"challenger": first}
    tracker.crown(candidates[0])
    assert aliases(tracker) == {"champion": first}
    tracker.record(candidates[1])
    assert aliases(tracker) == {"champion": first, "challenger": second}
    tracker.crown(candidates[1])
    tracker.crown(candidates[0])
    assert aliases(tracker) == {"champion": first}
    check_runs(tracker, candidates)
    assert Path("mlruns/mlflow.db").is_file()
    assert list(Path("mlruns/artifacts").rglob("report/report.html"))


def check_runs(tracker: Tracker, candidates: list[Path]) -> None:
    """One run for each candidate, with what it was made of, its figures and its files."""
    client: Any = tracker._client
    found = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    by_name = {run.info.run_name: run for run in found}
    assert len(found) == len(by_name) == len(candidates)
    for candidate in candidates:
        manifest = read_manifest(candidate)
        run = by_name[manifest.version]
        assert run.info.status == "FINISHED"
        assert (run.data.params["recipe"], run.data.params["seed"]) == ("test", "0")
        assert run.data.tags["data_sha256"] == manifest.training.sha256
        assert run.data.metrics == {"human_ shop _new_/sentence/human/macro_f1": 0.5}
        files = {file.path for file in client.list_artifacts(run.info.run_id, "model")}
        assert files == {f"model/{path.name}" for path in candidate.iterdir()}


def test_a_server_takes_the_same(server: str, candidates: list[Path]) -> None:
    tracker = Tracker(server)
    tracker.record(candidates[0])
    tracker.crown(candidates[0])
    assert aliases(tracker) == {"champion": read_manifest(candidates[0]).version}
    check_runs(tracker, candidates[:1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_server_that_is_down_is_named(candidates: list[Path]) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TrackingError, match=f"MLflow at {address}"):
        Tracker(address).record(candidates[0])
