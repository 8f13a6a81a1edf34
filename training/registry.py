"""Champions: a candidate is judged and promoted, and the one before it comes back when that was a mistake."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.model_store import GoldenMismatchError, read_manifest, verify_model
from training import behaviour, export, gates
from training.destinations import Target
from training.export import PROMOTION_FILE, ModelFiles
from training.gates import PRESET, Contender, Gate, Holdout
from training.speed import speed_ratio

SPEED_SENTENCES: Final = 6_400

ReadHoldout = Callable[[int], Holdout]
"""The seed of the draw to what it holds out."""


class Waivable(StrEnum):
    """Gates that may be left open, by name; the others say that something is broken or no better."""

    SOURCE = "source"
    BEHAVIOUR = "behaviour"
    SIZE = "size"
    SPEED = "speed"


class RefusedError(Exception):
    """The candidate does not pass. The message has a line for each gate that it failed.

    Attributes:
        gates: all that was measured.
    """

    def __init__(self, version: str, judged: Collection[Gate], failed: Collection[Gate]) -> None:
        self.gates = tuple(judged)
        super().__init__("\n  ".join([f"{version} is not promoted", *map(str, failed)]))


class NoComparisonError(Exception):
    """There is no champion to compare with, or there is one and it was said that there is none."""


class Promotion(msgspec.Struct, frozen=True):
    """Why a model became the champion; stands beside it as promotion.json.

    Attributes:
        version: of the model.
        former: version of the champion before it, None for a first one.
        promoted_at: when.
        gates: all that was asked and measured.
        waived: gates that did not have to be passed.
    """

    version: str
    former: str | None
    promoted_at: datetime
    gates: tuple[Gate, ...]
    waived: tuple[str, ...] = ()


def promote(
    candidate: Path,
    place: Target,
    holdout: ReadHoldout,
    *,
    first: bool = False,
    waived: Collection[Waivable] = (),
) -> Promotion | None:
    """Judge a candidate, and make it the champion when it passes.

    Args:
        candidate: its folder.
        place: where the champion stands.
        holdout: reads what to compare on.
        first: there is no champion to compare with.
        waived: gates that it need not pass.

    Returns:
        Why it was promoted; None when it is the champion already.

    Raises:
        RefusedError: it does not pass.
        NoComparisonError: `first` does not fit what is there.
        ModelError: the candidate, or what is there already, is not a whole model.
    """
    files = export.folder_files(candidate)
    reigning, champion = _reigning(place, first=first)
    if reigning is not None and reigning.manifest == files.manifest:
        return None
    judged = judge(candidate, champion, holdout)
    failed = [gate for gate in judged if not gate.passed]
    if refusing := [gate for gate in failed if gate.name not in waived]:
        raise RefusedError(files.manifest.version, judged, refusing)
    promotion = Promotion(
        version=files.manifest.version,
        former=None if reigning is None else reigning.manifest.version,
        promoted_at=datetime.now(UTC).replace(microsecond=0),
        gates=tuple(judged),
        waived=tuple(sorted({gate.name for gate in failed})),
    )
    export.publish(_with_promotion(files, promotion), place, reigning)
    return promotion


def judge(candidate: Path, champion: Contender | None, holdout: ReadHoldout) -> list[Gate]:
    """What is asked of a candidate, and how it does; only the golden gate when it fails that.

    Raises:
        ModelError: the candidate is not a whole model.
    """
    try:
        challenger = contender(candidate)
    except GoldenMismatchError as error:
        return [_golden(str(error), passed=False)]
    held_out = holdout((champion or challenger).manifest.training.seed)
    decision = challenger.manifest.decisions[PRESET].sentence
    judged = [_golden("agree", passed=True)]
    if champion is not None:
        judged += gates.compared(challenger, champion, held_out)
    judged += gates.behaviour(behaviour.run(challenger.scorer, decision))
    judged.append(gates.size((candidate / challenger.manifest.file).read_bytes()))
    pace = champion or _packaged()
    if pace is not None:
        texts = held_out.sentences["text"].tolist()[:SPEED_SENTENCES]
        judged.append(gates.speed(speed_ratio(challenger.scorer, pace.scorer, texts)))
    return judged


def rollback(place: Target) -> ModelFiles:
    """Make the former champion the champion again, and keep the one that it replaces.

    Returns:
        The champion's files.

    Raises:
        NoComparisonError: no former champion was kept.
        ModelError: the former champion is not a whole model.
    """
    former = export.former(place)
    if former is None:
        raise NoComparisonError(f"{place.address}: no former champion was kept, nothing to roll back to")
    with checked_out(former) as folder:
        contender(folder)
    export.publish(former, place, export.current(place))
    return former


def contender(folder: Path) -> Contender:
    """The model of a folder, loaded as the stream does, with each of its presets.

    Raises:
        GoldenMismatchError: it does not give what its golden set states.
        ModelError: it would be refused for another reason.
    """
    manifest = read_manifest(folder)
    scorers = [verify_model(folder, preset).scorer for preset in manifest.decisions]
    if PRESET not in manifest.decisions:
        raise ModelError(f"{folder}: no preset {PRESET!r}, expected one; train the candidate again")
    return Contender(manifest, scorers[0])


@contextmanager
def checked_out(files: ModelFiles) -> Iterator[Path]:
    """A folder that holds the model while the block lasts."""
    with TemporaryDirectory(prefix="champion-") as name:
        folder = Path(name)
        for file, content in files.contents.items():
            (folder / file).write_bytes(content)
        yield folder


def _reigning(place: Target, *, first: bool) -> tuple[ModelFiles | None, Contender | None]:
    """The champion's files and the champion, as far as there are any."""
    try:
        files = export.current(place)
        champion = None if files is None else _opened(files)
    except ModelError as error:
        if first:  # what cannot be served is no champion
            return None, None
        raise ModelError(
            f"{place.address}: the champion cannot be loaded, --first replaces it: {error}"
        ) from error
    if first and files is not None:
        raise NoComparisonError(
            f"{place.address}: has the champion {files.manifest.version}; leave out --first"
        )
    if files is None and not first:
        raise NoComparisonError(
            f"{place.address}: has no champion to compare with; --first makes this the first"
        )
    return files, champion


def _opened(files: ModelFiles) -> Contender:
    with checked_out(files) as folder:
        return contender(folder)


def _packaged() -> Contender | None:
    """The champion that comes with the project, when this code can load it."""
    try:
        return contender(bundled("champion"))
    except ModelError:
        return None


def _golden(figure: str, *, passed: bool) -> Gate:
    return Gate(
        "golden", "the pipeline, its serving form and the golden set", passed, figure, "the same within 1e-6"
    )


def _with_promotion(files: ModelFiles, promotion: Promotion) -> ModelFiles:
    stated = msgspec.json.format(msgspec.json.encode(promotion), indent=2) + b"\n"
    return ModelFiles(files.manifest, {**files.contents, PROMOTION_FILE: stated})
