import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.drift import Histogram
from stream_app.core.errors import ManifestError
from stream_app.core.manifest import (
    GoldenSentence,
    Manifest,
    Metric,
    PresetDecisions,
    TrainingFingerprint,
    decode_golden,
    decode_manifest,
    encode_golden,
    encode_manifest,
)
from stream_app.core.scoring import Decision

CUTS = Decision("cuts", (1 / 3, 2 / 3))
BIASES = Decision("biases", (0.0, 1.1, -0.4))
MANIFEST = Manifest(
    version="2026.01.02-aaaaaaaaaaaa",
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    file="model-aaaaaaaaaaaa.joblib",
    sha256="a" * 64,
    kind="biases",
    decisions={"seed": PresetDecisions(CUTS, CUTS), "inherited": PresetDecisions(BIASES, BIASES)},
    libraries={"scikit-learn": "1.9.1"},
    training=TrainingFingerprint("champion", 0, "b" * 64, {"womens_clothing": 1798}, 10_107),
    reference={"review_score": Histogram((0.0, 0.5, 1.0), (3, 4))},
    metrics=(Metric("new domains", "sentence", "inherited", 0.6, 100),),
    golden_sha256="c" * 64,
)
JSON: dict[str, Any] = json.loads(encode_manifest(MANIFEST))


def changed(path: str, value: object) -> bytes:
    """The manifest with one value in another's place."""
    content = json.loads(encode_manifest(MANIFEST))
    *parents, last = path.split(".")
    place = content
    for name in parents:
        place = place[name]
    place[last] = value
    return json.dumps(content).encode()


def test_decoding_what_was_encoded_gives_the_same() -> None:
    assert decode_manifest(encode_manifest(MANIFEST)) == MANIFEST


def test_it_is_written_for_people_too() -> None:
    assert encode_manifest(MANIFEST).startswith(b'{\n  "schema": "model_manifest.v1",\n')


@pytest.mark.parametrize("field", [field for field in JSON if field != "schema"])
def test_a_missing_field_is_named(field: str) -> None:
    content = {name: value for name, value in JSON.items() if name != field}
    with pytest.raises(ManifestError, match=f"missing required field `{field}`"):
        decode_manifest(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "model_manifest.v2"),
        ("version", "no spaces"),
        ("version", "../up"),
        ("created_at", "2026-01-02T03:04:05"),
        ("file", "../model-aaaaaaaaaaaa.joblib"),
        ("file", "model.joblib"),
        ("sha256", "A" * 64),
        ("sha256", "a" * 63),
        ("kind", "trees"),
        ("decisions.seed.sentence.values", [0.5]),
        ("decisions", {"mine": {}}),
        ("training.sha256", 5),
        ("training.sentences", -1),
        ("reference.review_score.counts", [3]),
        ("reference.review_score.edges", [0, 0, 1]),
        ("golden_sha256", None),
    ],
)
def test_a_wrong_field_is_named(path: str, value: object) -> None:
    with pytest.raises(ManifestError) as raised:
        decode_manifest(changed(path, value))
    known = [name for name in path.split(".") if name not in {"seed", "review_score", "values", "counts"}]
    assert all(name in str(raised.value) or "[...]" in str(raised.value) for name in known)


def test_a_model_of_one_score_cannot_have_biases() -> None:
    with pytest.raises(ManifestError, match=r"decisions\.inherited: expected cuts"):
        decode_manifest(changed("kind", "cuts"))


def test_fields_of_a_later_version_are_ignored() -> None:
    assert decode_manifest(changed("later", 1)) == MANIFEST


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    with pytest.raises(ManifestError):
        decode_manifest(content)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ManifestError):
        decode_manifest(b'{"x":' + b"[" * 100_000)


golden_sentences = st.builds(
    GoldenSentence,
    st.text(),
    st.tuples(*[st.floats(0, 1)] * 3),
)


@given(st.lists(golden_sentences, max_size=5))
def test_the_golden_set_survives_its_file_to_the_last_digit(golden: list[GoldenSentence]) -> None:
    assert decode_golden(encode_golden(golden)) == golden


@pytest.mark.parametrize(
    "content", [b"{}", b"\xff", b'{"text": "x"}', b'{"text": "x", "probabilities": ["y"]}']
)
def test_a_broken_golden_set_is_refused(content: bytes) -> None:
    with pytest.raises(ManifestError, match="golden set"):
        decode_golden(content)
