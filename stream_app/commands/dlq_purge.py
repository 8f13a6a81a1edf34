"""`stream-app dlq purge`: delete dead letters for good."""

import json

import typer

from stream_app.dead_letters import LetterPlace
from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.deletion import delete_records
from stream_app.kafka.reader import beginning_offsets, end_offsets
from stream_app.kafka.time_offsets import offsets_at_time
from stream_app.settings import Settings
from stream_app.times import show_time


def purge(
    settings: Settings, before_ms: int | None, up_to: LetterPlace | None, *, ask: bool, as_json: bool
) -> None:
    """Delete the dead letters before a time, or those of a partition before an offset.

    Raises:
        typer.Abort: asked, and the answer was no.
        TopicError: the partition or the offset is not there, or nothing may be deleted.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """
    connection, topic = settings.connection(), settings.dlq_topic
    beginnings = beginning_offsets(connection, topic)
    if up_to is not None:
        before = _checked(connection, topic, up_to)
        what = f"before offset {up_to.offset} of partition {up_to.partition}"
    else:
        before = offsets_at_time(connection, topic, before_ms or 0)
        what = f"before {show_time(before_ms or 0)}"
    doomed = {number: end for number, end in before.items() if end > beginnings[number]}
    offsets = sum(end - beginnings[number] for number, end in doomed.items())
    if ask and doomed:
        typer.confirm(f"Delete {offsets} records of {topic} {what}, for good?", abort=True, err=True)
    delete_records(connection, topic, doomed)
    if as_json:
        typer.echo(json.dumps({"topic": topic, "purged": offsets, "first_offsets": doomed}))
    else:
        typer.echo(f"{topic}: {offsets} records {what} purged", err=True)


def _checked(connection: Connection, topic: str, up_to: LetterPlace) -> dict[int, int]:
    ends = end_offsets(connection, topic)
    if up_to.partition not in ends:
        raise TopicError(f"topic {topic} has no partition {up_to.partition}: it has {len(ends)}, from 0 on")
    if up_to.offset > ends[up_to.partition]:
        raise TopicError(
            f"topic {topic}, partition {up_to.partition}: got offset {up_to.offset}, expected at most "
            f"{ends[up_to.partition]}, its end"
        )
    return {up_to.partition: up_to.offset}
