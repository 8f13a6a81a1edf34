"""What a model artifact must state about itself."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from stream_app.core.drift import Count, Histogram
from stream_app.core.errors import ManifestError
from stream_app.core.scoring import Decision, Kind

MANIFEST_SCHEMA: Final = "model_manifest.v1"
Preset = Literal["seed", "inherited", "human"]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class PresetDecisions(Struct, frozen=True):
    """How one preset labels a sentence, and how a review by the mean of its sentences' probabilities."""

    sentence: Decision
    review: Decision


class TrainingFingerprint(Struct, frozen=True):
    """What the model was trained on, so that the same training can be recognised.

    Attributes:
        recipe: name of the recipe.
        seed: seed of the draw that halves the held-out reviews.
        sha256: of the reviews trained on, in the order of their ids.
        reviews: number of reviews trained on, by source.
        sentences: number of sentences trained on.
    """

    recipe: str
    seed: int
    sha256: Sha256
    reviews: dict[str, Count]
    sentences: Count


class Metric(Struct, frozen=True):
    """One measured figure.

    Attributes:
        dataset: what it was measured on.
        level: sentences one at a time, or reviews by the mean of their sentences.
        preset: the decisions used.
        macro_f1: mean of the F1 of the classes that occur in the data set.
        rows: number of sentences or reviews.
    """

    dataset: str
    level: Literal["sentence", "review"]
    preset: Preset
    macro_f1: Annotated[float, Meta(ge=0, le=1)]
    rows: Count


class Manifest(Struct, frozen=True, kw_only=True):
    """The statement beside an artifact.

    Attributes:
        schema: name and version of this form.
        version: names the model in every result.
        created_at: with a time zone.
        file: name of the artifact, beside the manifest.
        sha256: of the artifact.
        kind: `biases`: three probabilities; `cuts`: one score.
        decisions: per preset.
        libraries: versions that made the artifact, by distribution name.
        training: what it was trained on.
        reference: histograms of held-out reviews, to tell drift by.
        metrics: measured on held-out data.
        golden_sha256: of golden.jsonl.
    """

    schema: Literal["model_manifest.v1"] = MANIFEST_SCHEMA
    version: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    created_at: Annotated[datetime, Meta(tz=True)]
    file: Annotated[str, Meta(pattern=r"^model-[0-9a-f]{12}\.joblib$")]
    sha256: Sha256
    kind: Kind
    decisions: dict[Preset, PresetDecisions]
    libraries: dict[str, str]
    training: TrainingFingerprint
    reference: dict[str, Histogram]
    metrics: tuple[Metric, ...]
    golden_sha256: Sha256

    def __post_init__(self) -> None:
        if self.kind == "cuts":
            for preset, decisions in self.decisions.items():
                if "biases" in {decisions.sentence.kind, decisions.review.kind}:
                    raise ValueError(f"decisions.{preset}: expected cuts, since the model gives one score")


class GoldenSentence(Struct, frozen=True):
    """A sentence with the probabilities of the day the model was made, as the scorer gives them."""

    text: str
    probabilities: tuple[float, ...]


def decode_manifest(content: bytes) -> Manifest:
    """The manifest in its JSON form.

    Raises:
        ManifestError: not JSON, or a field is missing or wrong; the message names it.
    """
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(f"the manifest is not valid: {error}") from error


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON for people to read, ending with a newline."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode_golden(content: bytes) -> list[GoldenSentence]:
    """The golden set from its JSON lines.

    Raises:
        ManifestError: a line is not a golden sentence.
    """
    try:
        return msgspec.json.Decoder(GoldenSentence).decode_lines(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(f"the golden set is not valid: {error}") from error


def encode_golden(sentences: list[GoldenSentence]) -> bytes:
    """The golden set as JSON lines."""
    return msgspec.json.Encoder().encode_lines(sentences)
