"""Artifacts that state their own hash and are wrong all the same."""

import io
import lzma
import os
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import joblib
import msgspec
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from stream_app.core.errors import ModelError
from stream_app.core.features import HashedNgrams
from stream_app.core.manifest import decode_golden
from stream_app.model_store import load_model, read_manifest
from tests.model_folders import (
    CLASSES,
    SENTENCES,
    edit_manifest,
    replace_artifact,
    replace_golden,
    sigmoid_pipeline,
    three_class_pipeline,
    write_model,
)
from training.artifact import serialize


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_model(tmp_path / "model", three_class_pipeline())
    return tmp_path / "model"


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as raised:
        load_model(folder, "inherited")
    return str(raised.value)


def joblib_bytes(content: object) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(content, buffer, compress=("xz", 1))
    return buffer.getvalue()


def test_a_model_of_one_score_is_loaded_too(tmp_path: Path) -> None:
    write_model(tmp_path, sigmoid_pipeline())
    model = load_model(tmp_path, "inherited")
    assert model.scorer.probabilities(SENTENCES).shape == (len(SENTENCES), 1)


def another_kind(folder: Path) -> None:
    replace_artifact(folder, serialize(sigmoid_pipeline()))


def not_compressed(folder: Path) -> None:
    replace_artifact(folder, b"not xz")


def cut_off_when_it_was_made(folder: Path) -> None:
    replace_artifact(folder, lzma.compress(lzma.decompress(serialize(three_class_pipeline()))[:-20]))


def no_pipeline(folder: Path) -> None:
    replace_artifact(folder, joblib_bytes({"steps": [1, 2]}))


def no_golden_sentence(folder: Path) -> None:
    replace_golden(folder, [])


def golden_of_two_classes(folder: Path) -> None:
    golden = decode_golden((folder / "golden.jsonl").read_bytes())
    halves = msgspec.structs.replace(golden[0], probabilities=(0.5, 0.5))
    replace_golden(folder, [halves, *golden[1:]])


def labels_only(folder: Path) -> None:
    """Weights of three classes, and no probabilities."""
    pipeline = make_pipeline(HashedNgrams(10), RidgeClassifier()).fit(SENTENCES, CLASSES)
    replace_artifact(folder, joblib_bytes(pipeline))


@pytest.mark.parametrize(
    ("damage", "file", "message"),
    [
        (another_kind, ".joblib", "a model of kind cuts, and the manifest states biases"),
        (not_compressed, ".joblib", "cannot be opened"),
        (cut_off_when_it_was_made, ".joblib", "cannot be opened"),
        (no_pipeline, ".joblib", "expected fitted HashedNgrams"),
        (no_golden_sentence, "golden.jsonl", "expected sentences with 3 probabilities each"),
        (golden_of_two_classes, "golden.jsonl", "expected sentences with 3 probabilities each"),
        (labels_only, "golden.jsonl", "the model differs by"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    folder: Path, damage: Callable[[Path], None], file: str, message: str
) -> None:
    damage(folder)
    text = refusal(folder)
    assert file in text.partition(": ")[0]
    assert message in text


def test_a_difference_within_the_tolerance_passes(folder: Path) -> None:
    golden = decode_golden((folder / "golden.jsonl").read_bytes())
    moved = [
        msgspec.structs.replace(one, probabilities=tuple(value + 9e-7 for value in one.probabilities))
        for one in golden
    ]
    replace_golden(folder, moved)
    assert load_model(folder, "inherited").version


class CallsOs:
    """What a malicious artifact would hold."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[object]]:
        return os.system, (f"touch {self.marker}",)


class CallsSubprocess(CallsOs):
    def __reduce__(self) -> tuple[object, tuple[object]]:
        return subprocess.check_call, (["touch", str(self.marker)],)


@pytest.mark.parametrize("attack", [CallsOs, CallsSubprocess])
def test_foreign_code_is_refused_before_it_runs(folder: Path, tmp_path: Path, attack: type[CallsOs]) -> None:
    marker = tmp_path / "marker"
    replace_artifact(folder, joblib_bytes({"steps": attack(marker)}))
    assert "expected arrays and estimators of scikit-learn only" in refusal(folder)
    assert not marker.exists()


def test_another_release_of_scikit_learn_loads_without_a_warning(folder: Path) -> None:
    ours = version("scikit-learn")
    other = ours[:-1] + ("8" if ours[-1] == "9" else "9")
    plain = lzma.decompress((folder / read_manifest(folder).file).read_bytes())
    assert ours.encode() in plain
    replace_artifact(folder, lzma.compress(plain.replace(ours.encode(), other.encode())))
    edit_manifest(folder, lambda _: {"libraries": {"scikit-learn": other}})
    assert load_model(folder, "inherited").version
