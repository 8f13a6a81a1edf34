"""What is read of an artifact, and what is not."""

import io
import lzma
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from stream_app.artifact import read_artifact
from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.core.scoring import Scorer
from tests.model_folders import SENTENCES, sigmoid_pipeline, three_class_pipeline
from training.artifact import serialize

PATH = Path("model.joblib")


@pytest.mark.parametrize("pipeline", [three_class_pipeline(), sigmoid_pipeline()], ids=["classes", "score"])
def test_a_pipeline_is_read_as_its_numbers(pipeline: Pipeline) -> None:
    fitted = read_artifact(serialize(pipeline), PATH)
    assert not isinstance(fitted, Pipeline)
    ours, theirs = Scorer.from_pipeline(fitted), Scorer.from_pipeline(pipeline)
    assert np.array_equal(ours.probabilities(SENTENCES), theirs.probabilities(SENTENCES))


def test_people_may_open_the_champion_as_a_pipeline() -> None:
    (artifact,) = bundled("champion").glob("model-*.joblib")
    opened = joblib.load(artifact)
    served = Scorer.from_pipeline(read_artifact(artifact.read_bytes(), artifact))
    assert isinstance(opened, Pipeline)
    assert np.allclose(opened.predict_proba(SENTENCES), served.probabilities(SENTENCES), atol=1e-6)


@pytest.mark.parametrize(
    ("foreign", "name"),
    [(Fraction(1, 3), "fractions.Fraction"), (OrderedDict(a=1), "collections.OrderedDict")],
)
def test_an_object_from_elsewhere_is_not_opened(foreign: object, name: str) -> None:
    content = io.BytesIO()
    joblib.dump(foreign, content, compress=("xz", 1))
    with pytest.raises(ModelError, match=f"model.joblib: .*it holds {name}, expected arrays"):
        read_artifact(content.getvalue(), PATH)


@pytest.mark.parametrize(
    ("module", "name"), [("numpy", "load"), ("numpy", "os.system"), ("os", "system"), ("sklearn", "os")]
)
def test_foreign_code_under_a_trusted_name_is_refused(module: str, name: str) -> None:
    """A dotted name leads out of a module, and numpy itself opens files."""
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    with pytest.raises(ModelError, match=f"it holds {module}.{name}"):
        read_artifact(lzma.compress(b"\x80\x04" + texts + b"\x93."), PATH)


def test_an_estimator_that_asks_to_be_built_by_a_call_is_refused() -> None:
    """Fitted takes no arguments, so what a call would do never happens."""
    call = b"\x80\x04csklearn.utils\nresample\n(X\x01\x00\x00\x00atR."
    with pytest.raises(ModelError, match="takes no arguments"):
        read_artifact(lzma.compress(call), PATH)
