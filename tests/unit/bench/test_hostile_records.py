from collections import Counter

import pytest

from bench.hostile import HostileRun, Ledger, summary
from bench.hostile_records import KINDS, HostileRecord, hostile_records
from stream_app.account import Verdict
from stream_app.bundled import bundled
from stream_app.core.errors import BlankTextError
from stream_app.core.messages import DeadLetter, OutputRecord, encode_dead_letter
from stream_app.core.pipeline import Rules, classify
from stream_app.core.scoring import Model
from stream_app.kafka.reader import RawRecord
from stream_app.model_store import load_model
from tests.records import StoredRecord

GOOD = b'{"text": "It works."}'
SENT = (
    HostileRecord("good", "result", b"0", GOOD),
    HostileRecord("blank", "dead_letter", b"1", b'{"text": " "}'),
)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(bundled("champion"), "inherited")


def test_every_kind_has_the_ending_that_it_states(model: Model) -> None:
    seen: Counter[str] = Counter()
    for record in hostile_records(4_000, seed=3):
        outcome = classify([StoredRecord(record.value)], model, Rules(max_result_bytes=1_000_000))
        ending = "result" if outcome.results else "dead_letter"
        assert ending == record.ending, (record.kind, (record.value or b"")[:200])
        seen[record.kind] += 1
    assert len(seen) >= len(KINDS) - 3  # three kinds are rare, since their records are large


def test_the_seed_decides() -> None:
    one, same, other = (list(hostile_records(300, seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert [record.key for record in one] == [b"%d" % number for number in range(300)]


def result_for(record: HostileRecord, offset: int, model: Model) -> RawRecord:
    stored = StoredRecord(GOOD, key=record.key, offset=offset)
    return as_read(classify([stored], model, Rules()).results[0])


def letter_for(record: HostileRecord, offset: int, value: bytes | None) -> RawRecord:
    stored = StoredRecord(value, key=record.key, offset=offset)
    return as_read(encode_dead_letter(DeadLetter(stored, BlankTextError("blank"))))


def as_read(output: OutputRecord) -> RawRecord:
    return RawRecord("out", 0, 0, 0, output.key, output.value, tuple(output.headers))


def ledger_of_both() -> Ledger:
    ledger = Ledger()
    for record in SENT:
        ledger.sent(record)
    return ledger


def test_what_ends_as_it_must_is_not_wrong(model: Model) -> None:
    ledger = ledger_of_both()
    ledger.result(result_for(SENT[0], 0, model))
    ledger.dead_letter(letter_for(SENT[1], 1, SENT[1].value))
    assert not ledger.wrong
    assert ledger.reasons == {"blank_text": 1}
    assert ledger.account.close([(0, 0), (0, 1)]) == Verdict(2, 1, 1, 0, 0, 0)


def test_another_ending_another_value_and_an_unknown_key_are_wrong(model: Model) -> None:
    ledger = ledger_of_both()
    ledger.result(result_for(SENT[1], 1, model))
    ledger.dead_letter(letter_for(SENT[1], 1, b"changed"))
    ledger.dead_letter(letter_for(SENT[0], 0, SENT[0].value))
    ledger.result(result_for(HostileRecord("good", "result", b"9", GOOD), 9, model))
    assert ledger.wrong == {"blank": 2, "good": 1, "unknown key": 1}


@pytest.mark.parametrize(
    ("verdict", "wrong", "valid"),
    [
        (Verdict(2, 1, 1, 0, 0, 0), {}, True),
        (Verdict(2, 1, 0, 1, 0, 0), {}, False),
        (Verdict(2, 1, 1, 0, 1, 0), {}, False),
        (Verdict(2, 1, 1, 0, 0, 1), {}, False),
        (Verdict(2, 1, 1, 0, 0, 0), {"good": 1}, False),
    ],
)
def test_a_run_is_valid_when_each_record_ended_once_and_as_it_should(
    verdict: Verdict, wrong: dict[str, int], valid: bool
) -> None:
    run = HostileRun(verdict, wrong, {}, {}, seconds=0.5, memory_mb=1)
    assert run.valid is valid
    assert summary(run)["records_per_s"] == 4
