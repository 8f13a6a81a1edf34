"""MLflow as tracker of training runs and as registry of models.

MLflow takes seconds to import, so only who tracks pays for it. Its client is used without the fluent
interface, which would ask git and pip about this process: a run here states its own provenance.
"""

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream_app.core.manifest import Manifest
from stream_app.model_store import read_manifest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

DEFAULT_URI: Final = "sqlite:///mlruns/mlflow.db"
NO_TRACKING: Final = "none"
EXPERIMENT: Final = "review-sentiment"
MODEL_NAME: Final = "review-sentiment"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
SQLITE: Final = "sqlite:///"


class TrackingError(Exception):
    """MLflow did not take what it was told. The message names its address."""


class Tracker:
    """What MLflow is told of models.

    Args:
        uri: a server's address, or a database as `sqlite:///FILE`; artifacts lie beside such a file.

    Raises:
        TrackingError: MLflow does not answer.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._artifacts = _beside(uri)
        with self._failures_named():
            self._client = _client(uri)

    def record(self, folder: Path, report: Path | None = None) -> None:
        """A training run and its model as a registered version, alias `challenger`; nothing if it is known.

        Args:
            folder: of the model.
            report: folder of the evaluation's report, where there is one.

        Raises:
            TrackingError: MLflow does not take it.
        """
        manifest = read_manifest(folder)
        with self._failures_named():
            if self._known(manifest.version) is None:
                version = self._register(folder, manifest, report)
                self._client.set_registered_model_alias(MODEL_NAME, CHALLENGER, version)

    def crown(self, folder: Path) -> None:
        """Move the alias `champion` to the model of the folder, which becomes known if it was not.

        Raises:
            TrackingError: MLflow does not take it.
        """
        manifest = read_manifest(folder)
        with self._failures_named():
            known = self._known(manifest.version)
            version = self._register(folder, manifest, None) if known is None else known.version
            self._client.set_registered_model_alias(MODEL_NAME, CHAMPION, version)
            aliases = self._client.get_registered_model(MODEL_NAME).aliases
            if str(aliases.get(CHALLENGER)) == str(version):  # a database gives numbers, a server strings
                self._client.delete_registered_model_alias(MODEL_NAME, CHALLENGER)

    def _known(self, version: str) -> "ModelVersion | None":
        found = self._client.search_model_versions(f"name = '{MODEL_NAME}' and tags.version = '{version}'")
        return next(iter(found), None)

    def _register(self, folder: Path, manifest: Manifest, report: Path | None) -> str:
        run = self._client.create_run(
            self._experiment(), run_name=manifest.version, tags=_tags(manifest)
        ).info
        for name, value in _parameters(manifest).items():
            self._client.log_param(run.run_id, name, value)
        for metric in manifest.metrics:
            name = _metric_name(f"{metric.dataset}/{metric.level}/{metric.preset}/macro_f1")
            self._client.log_metric(run.run_id, name, metric.macro_f1)
        self._client.log_artifacts(run.run_id, str(folder), "model")
        if report is not None:
            self._client.log_artifacts(run.run_id, str(report), "report")
        self._client.set_terminated(run.run_id, "FINISHED")
        self._ensure_registered_model()
        version = self._client.create_model_version(
            MODEL_NAME, f"{run.artifact_uri}/model", run.run_id, tags=_tags(manifest)
        )
        return str(version.version)

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(EXPERIMENT, self._artifacts))

    def _ensure_registered_model(self) -> None:
        if not self._client.search_registered_models(f"name = '{MODEL_NAME}'"):
            self._client.create_registered_model(MODEL_NAME)

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # MLflow's own, of its own libraries
                yield
        except Exception as error:  # MLflow lets through what its drivers raise
            raise TrackingError(f"MLflow at {self._uri}: {error}") from error


def _client(uri: str) -> "MlflowClient":
    # MLflow reads these when it is imported. A server that is down should be told at once, not after minutes.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    import mlflow  # noqa: PLC0415 - takes seconds

    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of each table that it makes
    return mlflow.MlflowClient(uri)


def _beside(uri: str) -> str | None:
    """Where artifacts go: into the folder of a database file; with a server that is the server's affair."""
    if not uri.startswith(SQLITE):
        return None
    folder = Path(uri.removeprefix(SQLITE)).absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "artifacts").as_uri()


def _tags(manifest: Manifest) -> dict[str, str]:
    return {
        "version": manifest.version,
        "sha256": manifest.sha256,
        "data_sha256": manifest.training.sha256,
    }


def _parameters(manifest: Manifest) -> dict[str, object]:
    training = manifest.training
    sources = {f"reviews.{source}": count for source, count in training.reviews.items()}
    libraries = {f"library.{name}": version for name, version in manifest.libraries.items()}
    of_training = {"recipe": training.recipe, "seed": training.seed, "sentences": training.sentences}
    named = of_training | sources | libraries
    return {_metric_name(name): value for name, value in named.items()}


def _metric_name(name: str) -> str:
    """The name with what MLflow does not take in one replaced."""
    return re.sub(r"[^\w./ -]", "_", name)
