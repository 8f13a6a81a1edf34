"""Artifacts that state their own hash and are wrong all the same."""

import io
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import joblib
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from stream_app.core.errors import ModelError
from stream_app.core.features import HashedNgrams
from stream_app.core.manifest import decode_golden
from stream_app.core.scoring import Scorer
from stream_app.model_store import check_golden, load_model, read_manifest, unpickle, verify_model
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
        verify_model(folder, "inherited")
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
        (labels_only, "golden.jsonl", "the serving form and the stored probabilities differ by"),
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
    assert verify_model(folder, "inherited").version


class Bold(Pipeline):  # type: ignore[misc] # scikit-learn ships no types
    """A pipeline whose probabilities are not what its serving form makes of its weights."""

    def predict_proba(self, X: list[str]) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        squared: NDArray[np.float64] = super().predict_proba(X) ** 2
        return squared


def test_a_pipeline_that_differs_from_its_serving_form_is_named(folder: Path) -> None:
    bold = Bold(three_class_pipeline().steps)
    golden = decode_golden((folder / "golden.jsonl").read_bytes())
    with pytest.raises(ModelError, match="the pipeline and its serving form differ by"):
        check_golden(bold, Scorer.from_pipeline(bold), golden, folder)


def test_a_pipeline_without_probabilities_is_none_of_three_classes(folder: Path) -> None:
    silent = make_pipeline(HashedNgrams(10), RidgeClassifier()).fit(SENTENCES, CLASSES)
    golden = decode_golden((folder / "golden.jsonl").read_bytes())
    with pytest.raises(ModelError, match="the pipeline and its serving form have shapes"):
        check_golden(silent, Scorer.from_pipeline(silent), golden, folder)


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
    content = joblib_bytes({"steps": attack(marker)})
    replace_artifact(folder, content)
    assert "expected classes of stream_app.core, sklearn" in refusal(folder)
    with pytest.raises(ModelError, match=r"expected classes of stream_app\.core, sklearn"):
        unpickle(content, folder)
    assert not marker.exists()


@pytest.mark.parametrize(("module", "name"), [("numpy", "os.system"), ("sklearn.base", "copy")])
def test_foreign_code_under_a_trusted_name_is_refused(folder: Path, module: str, name: str) -> None:
    """A dotted name leads out of a trusted module, and so does what that module imported."""
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    replace_artifact(folder, lzma.compress(b"\x80\x04" + texts + b"\x93."))
    assert f"it holds {module}.{name}" in refusal(folder)


def test_another_patch_release_of_scikit_learn_loads_without_a_warning(folder: Path) -> None:
    ours = version("scikit-learn")
    other = ours[:-1] + ("8" if ours[-1] == "9" else "9")
    plain = lzma.decompress((folder / read_manifest(folder).file).read_bytes())
    assert ours.encode() in plain
    replace_artifact(folder, lzma.compress(plain.replace(ours.encode(), other.encode())))
    edit_manifest(folder, lambda _: {"libraries": {"scikit-learn": other}})
    assert verify_model(folder, "inherited").version


def test_a_model_is_served_without_scikit_learn(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from stream_app.model_store import load_model; "
        f"model = load_model(Path({str(folder)!r}), 'inherited'); import stream_app.commands.worker; "
        "print(model.scorer.kind, sorted({'sklearn', 'scipy.sparse', 'pandas'} & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "biases []\n"


def test_the_pipeline_and_what_is_served_of_it_have_the_same_weights(folder: Path) -> None:
    pipeline = three_class_pipeline()
    replace_artifact(folder, serialize(pipeline))
    served = load_model(folder, "inherited").scorer
    assert served.probabilities(SENTENCES) == pytest.approx(
        Scorer.from_pipeline(pipeline).probabilities(SENTENCES)
    )
