"""The tracked corpus of the fuzzer, replayed without it, and proof that the targets can fail."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fuzz import targets
from fuzz.__main__ import DICTIONARY, main, merge
from fuzz.targets import CORPUS, MAX_BYTES, TARGETS, BrokenPromiseError
from stream_app.core.errors import RecordError
from stream_app.core.isolation import classify_isolating
from stream_app.core.messages import Review, ReviewDecoder
from stream_app.core.pipeline import Outcome
from stream_app.core.scoring import Scorer
from tests.conftest import REPOSITORY

SEEDS = {
    "decoder": b'{"text": "It works.", "rating": 4}',
    "splitter": b"Fine\0It works. I like it. Fine",
    "scorer": b"It works.\0I do not like it at all.",
    "pipeline": b'{"text": "It works. I like it."}\xff\xff{}',
}


def inputs(target: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


@pytest.mark.parametrize("target", TARGETS)
def test_no_input_of_the_corpus_breaks_a_promise(target: str) -> None:
    kept = inputs(target)
    assert len(kept) >= 10
    assert max(map(len, kept)) <= MAX_BYTES
    for data in kept:
        TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_no_mutation_of_the_corpus_breaks_a_promise(target: str) -> None:
    """A little of what the fuzzer does, on machines that have none: pieces of inputs strung together."""
    draw = random.Random(5)
    kept = [SEEDS[target], *inputs(target)]
    for _ in range(200):
        one, other = draw.choice(kept), draw.choice(kept)
        cut, paste = draw.randint(0, len(one)), draw.randint(0, len(other))
        TARGETS[target](one[:cut] + other[paste:])


def test_the_loops_of_the_scorer_run_without_numba() -> None:
    """So they are fuzzed: coverage leads through their lines, and an index out of bounds is an error."""
    code = f"from fuzz.targets import fuzz_scorer; fuzz_scorer({SEEDS['scorer']!r})"
    interpreted = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", code], env=interpreted, cwd=REPOSITORY, check=True)


def test_the_targets_need_no_fuzzer() -> None:
    assert "fuzz.targets" in sys.modules
    assert "atheris" not in sys.modules


def test_an_unknown_target_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzz", "splitter", "nothing"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "no target nothing; there are decoder, splitter" in capsys.readouterr().err


def test_without_atheris_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzz"])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SystemExit, match="atheris is not installed"):
        main()


def test_the_dictionary_has_one_quoted_word_a_line() -> None:
    words = [line for line in DICTIONARY.read_text().splitlines() if not line.startswith("#")]
    assert len(words) >= 50
    assert all(word[0] == word[-1] == '"' and json.loads(word.replace("\\x", "\\u00")) for word in words)


def decode_loosely(_: ReviewDecoder, value: bytes | None) -> Review:
    return Review(str(value))


def decode_and_stumble(_: ReviewDecoder, value: bytes | None) -> Review:
    raise KeyError(value)


def refuse_without_reason(_: ReviewDecoder, value: bytes | None) -> Review:
    error = RecordError(str(value))
    error.reason = "blank"  # type: ignore[assignment,misc] # that is the fault
    raise error


@pytest.mark.parametrize("fault", [decode_loosely, decode_and_stumble, refuse_without_reason])
def test_a_fault_of_the_decoder_is_found(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[ReviewDecoder, bytes | None], Review]
) -> None:
    monkeypatch.setattr(ReviewDecoder, "decode", fault)
    with pytest.raises((BrokenPromiseError, KeyError)):
        TARGETS["decoder"](b" " * 300)


@pytest.mark.parametrize(
    ("spans", "promise"),
    [
        ([(0, 8), (10, 20)], "no character lost"),
        ([(0, 10), (9, 25)], "spans in order"),
        ([(0, 26)], "spans in order"),
        ([(0, 9), (9, 25)], "without white space"),
    ],
)
def test_a_fault_of_the_splitter_is_found(
    monkeypatch: pytest.MonkeyPatch, spans: list[tuple[int, int]], promise: str
) -> None:
    monkeypatch.setattr(targets, "boundaries", lambda _: spans)
    with pytest.raises(BrokenPromiseError, match=promise):
        TARGETS["splitter"](SEEDS["splitter"])


def not_a_number(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows * np.nan


def beyond_one(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows + 1


def other_in_a_batch(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.roll(rows, len(rows) - 1, axis=1)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [(not_a_number, "in \\[0, 1\\]"), (beyond_one, "in \\[0, 1\\]"), (other_in_a_batch, "alone")],
)
def test_a_fault_of_the_scorer_is_found(
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    promise: str,
) -> None:
    sound = Scorer.probabilities

    def faulty(scorer: Scorer, sentences: Sequence[str]) -> NDArray[np.float64]:
        return fault(sound(scorer, sentences))

    targets.champion()
    monkeypatch.setattr(Scorer, "probabilities", faulty)
    with pytest.raises(BrokenPromiseError, match=promise):
        TARGETS["scorer"](SEEDS["scorer"])


def without_a_result(outcome: Outcome) -> list[Outcome]:
    return [Outcome(outcome.results[1:], outcome.dead_letters, outcome.tally)]


def with_a_letter_twice(outcome: Outcome) -> list[Outcome]:
    return [Outcome(outcome.results, outcome.dead_letters * 2, outcome.tally)]


def in_two_parts(outcome: Outcome) -> list[Outcome]:
    return [outcome, outcome]


@pytest.mark.parametrize("fault", [without_a_result, with_a_letter_twice, in_two_parts])
def test_a_fault_of_the_pipeline_is_found(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[Outcome], list[Outcome]]
) -> None:
    sound = classify_isolating
    monkeypatch.setattr(targets, "classify_isolating", lambda *slice_: fault(sound(*slice_)[0]))
    with pytest.raises(BrokenPromiseError):
        TARGETS["pipeline"](SEEDS["pipeline"])


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has wheels for Linux on x86_64 only")
def test_found_inputs_are_merged_into_the_corpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("fuzz.__main__.FOUND", tmp_path / "found")
    monkeypatch.setattr("fuzz.__main__.CORPUS", tmp_path / "corpus")
    monkeypatch.chdir(REPOSITORY)
    found = tmp_path / "found" / "decoder"
    found.mkdir(parents=True)
    (found / "review").write_bytes(SEEDS["decoder"])
    (found / "same").write_bytes(SEEDS["decoder"])
    assert merge("decoder") == 0
    assert [path.read_bytes() for path in (tmp_path / "corpus" / "decoder").iterdir()] == [SEEDS["decoder"]]


def test_the_corpus_is_small() -> None:
    files = [path for path in Path(CORPUS).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 250_000
