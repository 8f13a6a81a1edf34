"""`stream-train promote`, `drift` and `retrain` as their users run them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from stream_app.bundled import bundled
from stream_app.core.messages import encode_result
from stream_app.model_store import load_model, read_manifest
from tests.model_folders import CLASSES, SENTENCES, three_class_pipeline, write_model
from tests.results import results_of
from tests.unit.training.test_run_lock import HOLDER
from training.cli import main

DATA = ("--data", "reviews")
FREE = ("--tracking-uri", "none", "--waive", "behaviour", "--waive", "speed")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Command:
    """`stream-train` in this process: a start of Python for each would cost more than all the rest."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        self._monkeypatch.setattr(sys, "argv", ["stream-train", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, *self._capsys.readouterr())


@pytest.fixture
def stream_train(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def candidates(tmp_path: Path) -> list[str]:
    useless = three_class_pipeline()
    useless[-1].coef_ = np.zeros_like(useless[-1].coef_)
    for name, pipeline in (("good", three_class_pipeline()), ("useless", useless)):
        write_model(tmp_path / name, pipeline)
    return ["good", "useless"]


@pytest.fixture
def _reviews(tmp_path: Path) -> None:
    """A folder of reviews that the good one understands and the useless one does not."""
    (tmp_path / "reviews").mkdir()
    stars = (1, 3, 5)
    sentences = [pair for pair in zip(SENTENCES, CLASSES, strict=True) if pair[0]]
    lines = [
        json.dumps({"text": f"{text} {number}", "rating": stars[label]})
        for number, (text, label) in enumerate(sentences * 150)
    ]
    (tmp_path / "reviews" / "mine.jsonl").write_text("\n".join(lines))


@pytest.mark.usefixtures("_reviews")
def test_a_champion_is_made_defended_and_rolled_back(
    stream_train: Command, candidates: list[str], tmp_path: Path
) -> None:
    good, useless = candidates
    place = tmp_path / "models/champion"
    assert stream_train("promote", useless, *DATA, *FREE).code == 2
    assert stream_train("promote", useless, *DATA, *FREE, "--first").code == 0
    promoted = stream_train("promote", good, *DATA, *FREE)
    assert read_manifest(place) == read_manifest(Path(good)), promoted.err
    refused = stream_train("promote", useless, *DATA, *FREE)
    assert refused.code == 3
    assert "is not promoted\n  better: macro-F1 less the champion's" in refused.err
    assert stream_train("promote", "--rollback", *FREE).code == 0
    assert read_manifest(place) == read_manifest(Path(useless))
    assert stream_train("promote").code == 2


def test_drift_of_a_file_is_a_table_or_json_and_tells_by_its_exit_code(
    stream_train: Command, tmp_path: Path
) -> None:
    model = load_model(bundled("champion"), "inherited")
    bad = [b'{"text": "Terrible. A waste of money.", "rating": 1}'] * 200
    results = [encode_result(result) for result in results_of(model, bad)]
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(results))
    champion = ("--champion", str(bundled("champion")))
    ended = stream_train("drift", "results.jsonl", *champion, "--json")
    assert ended.code == 3
    figures = {figure["feature"]: figure for figure in map(json.loads, ended.out.splitlines())}
    assert figures["review_label"]["over"]
    assert "review_label: psi" in ended.err
    shown = stream_train("drift", "results.jsonl", *champion, "--psi-limit", "1000", "--unseen-limit", "1")
    assert shown.code == 0, shown.err
    assert "review_label" in shown.out
    assert stream_train("drift", "results.jsonl", *champion, "--min-reviews", "201").code == 1
    assert stream_train("drift", "results.jsonl", *champion, "--from", "yesterday").code == 2
    assert stream_train("drift", "results.jsonl").code == 78
    assert stream_train("drift", "absent.jsonl", *champion).code == 1


def test_a_second_run_says_who_holds_the_lock(stream_train: Command, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "models/.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        ended = stream_train("retrain", *FREE)
        holder.kill()
    assert ended.code == 75
    assert f"held by the other run, process {holder.pid}" in ended.err
