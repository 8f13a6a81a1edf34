"""What a failed run leaves behind beside the workers' logs: topics, the broker's state, a timeline."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stream_app.kafka.broker import LocalBroker
from stream_app.kafka.connection import KafkaRequestError
from stream_app.kafka.reader import RawRecord, read
from tests.stream import Stream


def dump_topics(flow: Stream, folder: Path) -> None:
    """Each topic of the stream as a file of JSON lines; where the broker does not answer, its reason."""
    for topic in (flow.input, flow.results, flow.dead_letters):
        with (folder / f"{topic}.jsonl").open("w") as file:
            try:
                file.writelines(json.dumps(_line(record)) + "\n" for record in read(flow.connection, topic))
            except KafkaRequestError as error:
                file.write(json.dumps({"not_read": str(error)}) + "\n")


def keep_broker(broker: LocalBroker, folder: Path) -> None:
    """Its log, and what it has on disk of committed offsets and transactions."""
    kept = folder / "broker"
    for inner_topic in (broker.folder / "records").glob("__*"):
        shutil.copytree(inner_topic, kept / inner_topic.name)
    shutil.copy(broker.folder / "broker.log", kept)


@contextmanager
def broker_kept_if_unreadable(broker: LocalBroker, folder: Path) -> Iterator[None]:
    """Keep what the broker has when it does not answer."""
    try:
        yield
    except KafkaRequestError:
        keep_broker(broker, folder)
        raise


def _line(record: RawRecord) -> dict[str, Any]:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


class Timeline:
    """What was done to whom, and when, as JSON lines; each is on disk before the next thing is done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, event: str, **details: object) -> float:
        """Write a line down.

        Returns:
            The time that is in it, seconds since the epoch.
        """
        now = time.time()
        line = {"at": datetime.fromtimestamp(now, UTC).isoformat(), "event": event, **details}
        with self._path.open("a") as file:
            file.write(json.dumps(line, default=str) + "\n")
        return now
