"""From reviews to a new champion as one job that can be run again: what is done already is not done twice."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec

from stream_app.core.errors import ModelError
from training.export import folder_files
from training.registry import RefusedError

STATE_FILE: Final = Path("models/retrain.json")
Step = Literal["trained", "promoted", "refused"]


class Inputs(msgspec.Struct, frozen=True):
    """What decides the candidate, and whom it has to beat.

    Attributes:
        data_sha256: of the reviews trained on.
        recipe: how it is made.
        seed: of the draw.
        champion: where the champion stands.
    """

    data_sha256: str
    recipe: str
    seed: int
    champion: str


class State(msgspec.Struct, frozen=True):
    """How far the job for some inputs has come.

    Attributes:
        inputs: of the job.
        step: the last one that was done.
        candidate: folder of the candidate.
        message: why it was refused.
    """

    inputs: Inputs
    step: Step
    candidate: str
    message: str = ""


class AlreadyRefusedError(Exception):
    """The same reviews gave a candidate that was refused. The message says why, and what would help."""


def retrain(
    inputs: Inputs,
    make_candidate: Callable[[], Path],
    promote: Callable[[Path], object],
    announce: Callable[[str], None],
    state_file: Path = STATE_FILE,
) -> None:
    """Train and promote, from where an earlier run for the same inputs was broken off.

    Args:
        inputs: of this run; other ones than those of the last run begin a new job.
        make_candidate: trains; gives the candidate's folder.
        promote: makes a candidate the champion; does nothing when it is that already.
        announce: told what is done and what is skipped.
        state_file: where the progress is kept.

    Raises:
        RefusedError: the candidate does not pass.
        AlreadyRefusedError: it did not pass in an earlier run, and nothing has changed.
    """
    state = read_state(state_file)
    if state is None or state.inputs != inputs or not _is_whole(Path(state.candidate)):
        state = State(inputs, "trained", str(make_candidate()))
        write_state(state_file, state)
    else:
        announce(f"{state.candidate} was made of the same reviews already")
    if state.step == "promoted":
        announce("and promoted; whoever rolled back since then meant it")
        return
    if state.step == "refused":
        raise AlreadyRefusedError(
            f"the same reviews gave {state.candidate} already; give more reviews, or remove {state_file}\n"
            f"  {state.message}"
        )
    _promote(state, promote, state_file)


def _promote(state: State, promote: Callable[[Path], object], state_file: Path) -> None:
    try:
        promote(Path(state.candidate))
    except RefusedError as error:
        write_state(state_file, msgspec.structs.replace(state, step="refused", message=str(error)))
        raise
    write_state(state_file, msgspec.structs.replace(state, step="promoted"))


def read_state(path: Path) -> State | None:
    """How far the last run came; None when there was none, or when its file cannot be read any more."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_state(path: Path, state: State) -> None:
    """Replace the state, as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)  # noqa: PTH105 - atomic, and named so


def _is_whole(candidate: Path) -> bool:
    try:
        folder_files(candidate)
    except ModelError:
        return False
    return True
