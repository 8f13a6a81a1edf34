"""What of a topic a group has done, record by record, across runs."""

from stream_app.kafka.connection import Connection, KafkaRequestError
from stream_app.kafka.done_offsets import MAX_METADATA_BYTES, DoneOffsets
from stream_app.kafka.group_offsets import CommittedOffset, GroupOffsets
from stream_app.kafka.reader import beginning_offsets

_LONGEST_RUN_BYTES = 14  # two offsets of up to five bytes each, in base 64


class ScatteredError(KafkaRequestError):
    """What is done lies so scattered that a commit cannot hold it. The message says what to do."""


class Bookmark:
    """The done records of a topic, read from a group's committed offsets and committed to them.

    Args:
        connection: where Kafka is.
        group: its name; it has no members.
        topic: the topic.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """

    def __init__(self, connection: Connection, group: str, topic: str) -> None:
        self._topic = topic
        self._beginnings = beginning_offsets(connection, topic)
        self._offsets = GroupOffsets(connection, group, topic)
        self._committed = self._offsets.read()
        self._done = {
            number: DoneOffsets.from_commit(*self._committed.get(number, CommittedOffset(0)))
            for number in self._beginnings
        }
        for number, beginning in self._beginnings.items():
            self._done[number].mark(0, beginning)

    def starts(self, *, again: bool) -> dict[int, int]:
        """Where to begin to read, by partition: at the first record that is not done, or at the first."""
        firsts = {number: done.first_open for number, done in self._done.items()}
        return dict(self._beginnings) if again else firsts

    def is_done(self, partition: int, offset: int) -> bool:
        """Whether the record is done."""
        return offset in self._done[partition]

    def mark(self, partition: int, first: int, end: int) -> None:
        """The records from `first` up to, and without, `end` are done."""
        self._done[partition].mark(first, end)

    def check_room(self, runs: int) -> None:
        """Make sure that a commit can hold so many more runs of done records, wherever they are.

        Raises:
            ScatteredError: it cannot.
        """
        for number, done in self._done.items():
            if len(done.metadata()) + runs * _LONGEST_RUN_BYTES > MAX_METADATA_BYTES:
                raise ScatteredError(
                    f"topic {self._topic}, partition {number}: the done records lie too scattered to be "
                    f"remembered; replay or purge all of those from offset {done.first_open} on first"
                )

    def commit(self) -> None:
        """Commit what has changed, and wait until the broker holds it.

        Raises:
            KafkaRequestError: of the kind that says what is wrong.
        """
        now = {
            number: CommittedOffset(done.first_open, done.metadata()) for number, done in self._done.items()
        }
        changed = {number: at for number, at in now.items() if at != self._committed.get(number)}
        self._offsets.commit(changed)
        self._committed |= changed

    def close(self) -> None:
        """Let go of the connections."""
        self._offsets.close()
