"""Dead letters inspected, replayed and purged on a real broker."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Producer
from msgspec.structs import replace

from stream_app.core.errors import BlankTextError, SchemaError
from stream_app.core.messages import DeadLetter, OutputRecord, encode_dead_letter, without_value
from stream_app.dead_letter_reader import LetterNotFoundError, find_letter, newest_letters
from stream_app.dead_letter_replay import DeadLetterReplay, ReplayCount, ReplayPlan, ReplayWatch, Skipped
from stream_app.dead_letters import DeadLetterFilter, LetterPlace
from stream_app.kafka.bookmark import Bookmark
from stream_app.kafka.broker import Broker
from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.reader import RawRecord, beginning_offsets, committed, read
from stream_app.kafka.topics import delete
from tests.commands import stream_app
from tests.records import StoredRecord
from tests.topics import make_topic

pytestmark = pytest.mark.broker

ALL = DeadLetterFilter()
FIRST_MS = 1_795_507_200_000
Send = Callable[[OutputRecord], None]


@dataclass
class Letters:
    """A dead-letter topic of one partition, and the topic of three that its letters came from."""

    connection: Connection
    name: str
    skipped: list[Skipped] = field(default_factory=list)
    sent: int = 0

    @property
    def source(self) -> str:
        return f"{self.name}.raw"

    @property
    def topic(self) -> str:
        return f"{self.name}.dlq"

    @property
    def settings(self) -> dict[str, str]:
        servers = self.connection.bootstrap_servers
        return {"bootstrap_servers": servers, "dlq_topic": self.topic, "group_id": self.name}

    def letter(self, number: int) -> OutputRecord:
        headers = (("trace", f"t{number}".encode()),)
        origin = StoredRecord(
            f"value {number}".encode(), f"k{number}".encode(), headers, self.source, number % 3, number
        )
        error = SchemaError("x") if number % 2 else BlankTextError("x")
        return encode_dead_letter(DeadLetter(origin, error))

    def add(self, *records: OutputRecord) -> None:
        """A second apart."""
        with Producer(self.connection.confluent_config("test")) as producer:
            for record in records:
                time_ms, self.sent = FIRST_MS + self.sent * 1000, self.sent + 1
                producer.produce(
                    self.topic, record.value, record.key, 0, timestamp=time_ms, headers=list(record.headers)
                )

    def replay(self, wanted: DeadLetterFilter = ALL, plan: ReplayPlan | None = None) -> ReplayCount:
        watch = ReplayWatch(self.skipped.append)
        group = f"{self.name}-dlq-replay"
        with DeadLetterReplay(self.connection, self.topic, group, plan or ReplayPlan(), watch) as run:
            return run.run(wanted)

    def replayed(self, topic: str | None = None) -> list[RawRecord]:
        return sorted(read(self.connection, topic or self.source), key=lambda record: record.value or b"")

    def values(self) -> list[bytes | None]:
        return [record.value for record in self.replayed()]


@pytest.fixture
def letters(broker: Broker, topic_name: str) -> Iterator[Letters]:
    made = Letters(Connection(broker.bootstrap_servers), topic_name)
    make_topic(made.connection, made.source, partitions=3)
    make_topic(made.connection, made.topic)
    yield made
    delete(made.connection, [made.source, made.topic])


def test_letters_go_back_as_they_were_to_the_partitions_they_came_from(letters: Letters) -> None:
    letters.add(*map(letters.letter, range(6)))
    count = letters.replay()
    assert (count.read, count.replayed, count.before, count.skipped) == (6, 6, 0, 0)
    assert (count.by_reason, count.by_topic) == ({"schema": 3, "blank_text": 3}, {letters.source: 6})
    for number, record in enumerate(letters.replayed()):
        assert (record.key, record.value) == (f"k{number}".encode(), f"value {number}".encode())
        assert record.partition == number % 3
        assert record.headers == (
            ("trace", f"t{number}".encode()),
            ("dlq.replayed_from", f"{letters.topic}-0-{number}".encode()),
        )


def test_nothing_is_replayed_twice_unless_asked(letters: Letters) -> None:
    letters.add(*map(letters.letter, range(3)))
    assert letters.replay().replayed == 3
    letters.add(letters.letter(3))
    assert letters.replay().replayed == 1
    assert letters.values() == [b"value 0", b"value 1", b"value 2", b"value 3"]
    assert committed(letters.connection, f"{letters.name}-dlq-replay", letters.topic) == {0: 4}
    assert letters.replay(plan=ReplayPlan(again=True)).replayed == 4
    assert len(letters.values()) == 8


def test_after_a_filtered_replay_the_others_are_still_to_be_done(letters: Letters) -> None:
    letters.add(*map(letters.letter, range(6)))
    assert letters.replay(DeadLetterFilter(reason="schema")).replayed == 3
    assert letters.values() == [b"value 1", b"value 3", b"value 5"]
    assert letters.replay(DeadLetterFilter(key=b"k1")).before == 1
    second = letters.replay()
    assert (second.replayed, second.before) == (3, 3)
    assert len(set(letters.values())) == len(letters.values()) == 6


def test_a_dry_run_does_nothing(letters: Letters) -> None:
    letters.add(letters.letter(0))
    assert letters.replay(plan=ReplayPlan(dry_run=True)).replayed == 1
    assert letters.values() == []
    assert committed(letters.connection, f"{letters.name}-dlq-replay", letters.topic) == {}
    assert letters.replay().replayed == 1


def test_what_cannot_be_replayed_is_told_and_stops_no_other(letters: Letters) -> None:
    stranger = OutputRecord(b"k", b"stranger", [], 0, source_keyed=True)
    letters.add(without_value(letters.letter(0)), stranger, letters.letter(2))
    count = letters.replay()
    assert (count.replayed, count.skipped) == (1, 2)
    assert [skipped.place for skipped in letters.skipped] == [(0, 0), (0, 1)]
    assert "is not there" in letters.skipped[0].why
    assert "dlq.reason" in letters.skipped[1].why
    assert letters.replay().skipped == 0


def test_another_topic_is_filled_by_key_and_a_letter_too_large_for_it_stays(letters: Letters) -> None:
    other = f"{letters.name}.other"
    make_topic(letters.connection, other, partitions=2, max_message_bytes="2000")
    large = replace(letters.letter(1), value=b"x" * 5_000)
    letters.add(letters.letter(0), large, letters.letter(2))
    try:
        assert letters.replay(plan=ReplayPlan(to=other)).skipped == 1
        assert [record.value for record in letters.replayed(other)] == [b"value 0", b"value 2"]
        assert "2000 bytes" in letters.skipped[0].why
        assert letters.replay().replayed == 1
        assert letters.values() == [b"x" * 5_000]
    finally:
        delete(letters.connection, [other])


def test_the_dead_letter_topic_itself_is_no_target(letters: Letters) -> None:
    letters.add(letters.letter(0))
    with pytest.raises(TopicError, match="replay to another"):
        letters.replay(plan=ReplayPlan(to=letters.topic))


def test_purged_letters_are_gone_and_those_after_them_are_replayed(letters: Letters) -> None:
    letters.add(*map(letters.letter, range(6)))
    assert letters.replay(DeadLetterFilter(reason="schema")).replayed == 3
    ended = stream_app("dlq", "purge", "--up-to", "0:2", "--yes", "--json", settings=letters.settings)
    assert json.loads(ended.stdout) == {"topic": letters.topic, "purged": 2, "first_offsets": {"0": 2}}
    assert beginning_offsets(letters.connection, letters.topic) == {0: 2}
    with pytest.raises(LetterNotFoundError, match="0:1"):
        find_letter(letters.connection, letters.topic, LetterPlace(0, 1))
    assert letters.replay().replayed == 2
    before = "2026-11-24T08:00:05"
    assert stream_app("dlq", "purge", "--before", before, "--yes", settings=letters.settings).returncode == 0
    assert beginning_offsets(letters.connection, letters.topic) == {0: 5}


def test_purge_asks_first(letters: Letters) -> None:
    letters.add(letters.letter(0))
    ended = stream_app("dlq", "purge", "--up-to", "0:1", settings=letters.settings, stdin=b"n\n")
    assert ended.returncode == 1
    assert b"Delete 1 records" in ended.stderr
    assert beginning_offsets(letters.connection, letters.topic) == {0: 0}
    stream_app("dlq", "purge", "--up-to", "0:1", settings=letters.settings, stdin=b"y\n")
    assert beginning_offsets(letters.connection, letters.topic) == {0: 1}


@pytest.mark.parametrize(
    ("place", "expected"), [("0:9", b"expected at most 0, its end"), ("4:0", b"no partition 4")]
)
def test_purge_refuses_what_is_not_there(letters: Letters, place: str, expected: bytes) -> None:
    ended = stream_app("dlq", "purge", "--up-to", place, "--yes", settings=letters.settings)
    assert (ended.returncode, expected in ended.stderr) == (78, True)


def test_a_letter_is_inspected_repaired_and_replayed(letters: Letters, tmp_path: Path) -> None:
    letters.add(letters.letter(0), replace(letters.letter(1), value=b'{"text": 1}'))
    shown = stream_app("dlq", "inspect", "0:1", settings=letters.settings).stdout.decode()
    assert f"came from      {letters.source}-1-1" in shown
    value = stream_app("dlq", "inspect", "0:1", "--value", settings=letters.settings).stdout
    repaired = tmp_path / "repaired.json"
    repaired.write_bytes(value.replace(b"1", b'"1"'))
    ended = stream_app("dlq", "replay", "0:1", "--value", str(repaired), "--json", settings=letters.settings)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["by_topic"] == {letters.source: 1}
    assert letters.values() == [b'{"text": "1"}']
    rest = stream_app("dlq", "replay", settings=letters.settings)
    assert b"1 replayed (1 to" in rest.stderr
    assert b"1 were replayed before" in rest.stderr


def test_inspect_gives_programs_all_bytes(letters: Letters) -> None:
    letters.add(replace(letters.letter(0), value=b"\xff", key=None), letters.letter(2))
    ended = stream_app("dlq", "inspect", "--limit", "5", "--json", settings=letters.settings)
    first, second = map(json.loads, ended.stdout.splitlines())
    assert (first["value"], first["key"]) == ({"hex": "ff"}, {"text": None})
    assert second["value"] == {"text": "value 2"}
    assert second["headers"][0] == {"name": "trace", "text": "t2"}
    newest = newest_letters(letters.connection, letters.topic, ALL, 1)
    assert [letter.view.place for letter in newest] == [(0, 1)]


def test_only_what_is_wanted_by_time_and_key_is_listed(letters: Letters) -> None:
    letters.add(*map(letters.letter, range(6)))
    arguments = ["--since", "2026-11-24T08:00:02Z", "--until", "2026-11-24T08:00:05Z"]
    ended = stream_app("dlq", "list", "--json", *arguments, settings=letters.settings)
    assert [json.loads(line)["dlq_offset"] for line in ended.stdout.splitlines()] == [2, 3, 4]
    assert b"dead letters: blank_text 2, schema 1" in ended.stderr
    by_key = stream_app("dlq", "list", "--json", "--key", "k3", *arguments, settings=letters.settings)
    assert json.loads(by_key.stdout)["dlq_offset"] == 3


def test_a_place_without_a_letter_is_told(letters: Letters) -> None:
    letters.add(OutputRecord(b"k", b"stranger", [], 0, source_keyed=True))
    for place, expected in (("0:0", b"dlq.reason is missing"), ("0:1", b"holds no record at 0:1")):
        ended = stream_app("dlq", "inspect", place, settings=letters.settings)
        assert (ended.returncode, expected in ended.stderr) == (1, True)


def test_a_bookmark_remembers_scattered_records_up_to_what_a_commit_can_hold(letters: Letters) -> None:
    bookmark = Bookmark(letters.connection, letters.name, letters.topic)
    for number in range(900):
        offset = number * number
        bookmark.mark(0, offset, offset + 1)
    bookmark.commit()
    bookmark.close()
    again = Bookmark(letters.connection, letters.name, letters.topic)
    assert [again.is_done(0, offset) for offset in (0, 1, 2, 4, 5, 899 * 899)] == [True] * 2 + [
        False,
        True,
        False,
        True,
    ]
    with pytest.raises(Exception, match="too scattered"):
        again.check_room(10_000)
    again.close()
