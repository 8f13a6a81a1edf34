"""What a run does after an earlier one."""

from pathlib import Path

import pytest

from tests.model_folders import three_class_pipeline, write_model
from training.gates import Gate
from training.registry import RefusedError
from training.retrain import AlreadyRefusedError, Inputs, read_state, retrain

INPUTS = Inputs("a" * 64, "champion", 0, "models/champion")
OTHER = Inputs("b" * 64, "champion", 0, "models/champion")


class Job:
    """A retraining whose steps are counted and may fail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state_file = folder / "retrain.json"
        self.made = 0
        self.promoted: list[str] = []
        self.failure: BaseException | None = None

    def run(self, inputs: Inputs = INPUTS) -> None:
        retrain(inputs, self._make, self._promote, lambda _: None, self.state_file)

    def _make(self) -> Path:
        self.made += 1
        candidate = self.folder / f"candidate-{self.made}"
        write_model(candidate, three_class_pipeline())
        return candidate

    def _promote(self, candidate: Path) -> None:
        if self.failure is not None:
            raise self.failure
        self.promoted.append(candidate.name)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def refusal() -> RefusedError:
    gate = Gate("size", "bytes", passed=False, figure="13", limit="at most 12")
    return RefusedError("v1", [gate], [gate])


def test_the_same_reviews_are_trained_on_and_promoted_once(job: Job) -> None:
    job.run()
    job.run()
    assert (job.made, job.promoted) == (1, ["candidate-1"])


def test_other_reviews_are_a_new_job(job: Job) -> None:
    job.run()
    job.run(OTHER)
    assert (job.made, job.promoted) == (2, ["candidate-1", "candidate-2"])


def test_a_run_that_was_broken_off_goes_on_with_its_candidate(job: Job) -> None:
    job.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        job.run()
    job.failure = None
    job.run()
    assert (job.made, job.promoted) == (1, ["candidate-1"])


def test_a_candidate_that_is_damaged_meanwhile_is_made_again(job: Job) -> None:
    job.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        job.run()
    next((job.folder / "candidate-1").glob("model-*")).write_bytes(b"")
    job.failure = None
    job.run()
    assert (job.made, job.promoted) == (2, ["candidate-2"])


def test_what_was_refused_is_not_tried_again(job: Job) -> None:
    job.failure = refusal()
    with pytest.raises(RefusedError):
        job.run()
    job.failure = None
    with pytest.raises(AlreadyRefusedError, match=r"candidate-1 already; .*\n.*v1.*\n.*size: bytes: 13"):
        job.run()
    assert (job.made, job.promoted) == (1, [])


def test_a_state_that_cannot_be_read_begins_anew(job: Job) -> None:
    job.run()
    job.state_file.write_text("{")
    assert read_state(job.state_file) is None
    job.run()
    assert job.made == 2
