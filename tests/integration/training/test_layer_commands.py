"""The commands of the layers, one after the other and all at once."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from stream_app.bundled import bundled
from tests.layers import review, silent, write_lines
from training.cli import main
from training.commands.layers import build
from training.errors import DatasetError
from training.gold import Gold


class Done(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


Command: TypeAlias = Callable[..., Done]


@pytest.fixture
def stream_train(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`stream-train` in this process, since starting one takes longer than the commands do."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["stream-train", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, printed.out, printed.err)

    return run


def test_from_a_file_of_other_names_to_gold_step_by_step(stream_train: Command) -> None:
    rows = [{"body": f"Number {n} came.", "stars": f"{n % 5 + 1}/5", "id": n} for n in range(300)]
    write_lines(Path("mine.jsonl"), [*rows, {"body": "No rating.", "stars": "two"}])
    ingested = stream_train("ingest", "mine.jsonl", "--name", "mine", "--field-map", "text=body,rating=stars")
    assert (ingested.code, ingested.stdout) == (0, "data/bronze/mine\n"), ingested.stderr
    cleaned = stream_train("clean", "--name", "mine")
    assert cleaned.code == 0
    assert "1 in quarantine (rating 1)" in " ".join(cleaned.stderr.split())
    made = stream_train("dataset", "--name", "mine", "--seed", "3")
    assert (made.code, made.stdout) == (0, "data/gold/mine\n"), made.stderr
    gold = Gold(Path("data/gold/mine"))
    assert (gold.manifest.seed, gold.manifest.total(gold.manifest.reviews)) == (3, 300)
    # `train --data data/bronze/mine` goes on from there, and finds the layers current.
    said: list[str] = []
    assert build(Path("data/bronze/mine"), 3, said.append) == gold
    assert all("is current" in line for line in said)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ingest", "absent.csv"), 1, "stream-train: absent.csv: no such file"),
        (("ingest", "x.csv", "--name", "../x"), 2, "expected letters, digits"),
        (("ingest", "x.csv", "--field-map", "words=x"), 2, "expected OURS=THEIRS"),
        (("ingest", "kafka://127.0.0.1:1/reviews"), 69, "no Kafka broker answers at 127.0.0.1:1"),
        (("clean", "--name", "absent"), 1, "data/bronze/absent: no part of bronze"),
        (("dataset", "--name", "absent"), 1, "silver.json: missing"),
        (("train", "--data", "."), 1, "no file, expected names that end in .jsonl"),
    ],
)
def test_what_is_wrong_has_a_message_and_a_code(
    arguments: tuple[str, ...], code: int, message: str, stream_train: Command
) -> None:
    done = stream_train(*arguments)
    assert done.code == code
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_the_sample_is_built_and_then_reused() -> None:
    gold = build(None, 0, silent)
    assert gold.folder.parent == Path("data/gold")
    assert gold.manifest.reviews.keys() == {"womens_clothing"}
    written = (gold.folder / "sentences.parquet").stat()
    assert build(None, 0, silent) == gold
    assert (gold.folder / "sentences.parquet").stat() == written
    lines = bundled("womens_clothing_sample.jsonl.gz")
    assert lines.name.startswith(gold.folder.name.rpartition("-")[0])


def test_a_folder_that_loses_a_class_keeps_its_former_gold(tmp_path: Path) -> None:
    (folder := tmp_path / "mine").mkdir()
    write_lines(folder / "a.jsonl", map(review, range(300)))
    former = build(folder, 0, silent).manifest
    write_lines(folder / "a.jsonl", [review(number, rating=5) for number in range(300)])
    with pytest.raises(DatasetError, match="found 1"):
        build(folder, 0, silent)
    (gold,) = (tmp_path / "data" / "gold").iterdir()
    assert Gold(gold).manifest == former


def test_the_specs_are_printed_or_written(tmp_path: Path, stream_train: Command) -> None:
    printed = stream_train("specs")
    written = stream_train("specs", "--write", "specs.md")
    assert (printed.code, written.code) == (0, 0)
    assert (tmp_path / "specs.md").read_text(encoding="utf-8") == printed.stdout
    assert printed.stdout.startswith("# Data\n")
