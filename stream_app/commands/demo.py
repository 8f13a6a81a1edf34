"""`stream-app demo`: real reviews through a real Kafka, the worker as its own process, and the account."""

import gzip
import itertools
import json
import queue
import signal
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

import typer
from rich.console import Console

from stream_app.account import Account, Verdict, places
from stream_app.bundled import bundled
from stream_app.commands.demo_view import Progress, View, show_summary
from stream_app.commands.follower import PATIENCE_S, Follower
from stream_app.commands.worker_process import running_worker
from stream_app.core.messages import decode_result
from stream_app.dead_letters import parse
from stream_app.exit_codes import ExitCode
from stream_app.kafka.broker import local_broker
from stream_app.kafka.connection import Connection
from stream_app.kafka.feed import feed
from stream_app.kafka.reader import RawRecord, end_offsets, read
from stream_app.kafka.topics import create, delete, plan_topics
from stream_app.review_files import FeedRecord
from stream_app.settings import PREFIX

RATE_PER_S: Final = 400
WARM_UP: Final = 800
BROKEN: Final = (
    b'{"text": "bad \xff bytes"}',
    b'{"text": "no closing quote}',
    b'{"title": "no text"}',
    b'{"text": "   "}',
    b'{"text": "six stars", "rating": 6}',
)


class Names(NamedTuple):
    """Topics and group of one demo, which nothing else uses."""

    input: str
    results: str
    dead_letters: str
    group: str


def run_demo(bootstrap_servers: str | None, *, keep: bool) -> ExitCode:
    """Feed, classify, show, account.

    Returns:
        1 when a review was lost.

    Raises:
        BrokerUnavailable: no broker could be started.
        KafkaRequestError: of the kind that says what is wrong.
    """
    console = Console(stderr=True)
    demo_id = f"demo-{uuid.uuid4().hex[:8]}"
    names = Names(f"{demo_id}.raw", f"{demo_id}.sentiment", f"{demo_id}.raw.dlq", demo_id)
    with _servers(bootstrap_servers, console) as servers:
        connection = Connection(servers)
        create(connection, plan_topics(*names[:3]))
        try:
            with running_worker(_environment(servers, names)) as metrics_url:
                console.print(f"the worker is ready: {metrics_url}")
                _warm_up(connection, names, console)
                verdict = _feed_and_watch(connection, names, console)
                if keep:
                    _wait_for_ctrl_c(servers, names, console)
        finally:
            if not keep:
                delete(connection, names[:3])
    return ExitCode.INPUT_WRONG if verdict.lost else ExitCode.DONE


@contextmanager
def _servers(given: str | None, console: Console) -> Iterator[str]:
    """The given servers, or those of a broker of the demo's own."""
    if given:
        yield given
        return
    with local_broker(say=console.print) as own:
        yield own.bootstrap_servers


def _environment(servers: str, names: Names) -> dict[str, str]:
    """The user's own settings, on the demo's broker, topics and group."""
    return {
        f"{PREFIX}BOOTSTRAP_SERVERS": servers,
        f"{PREFIX}INPUT_TOPIC": names.input,
        f"{PREFIX}RESULT_TOPIC": names.results,
        f"{PREFIX}DLQ_TOPIC": names.dead_letters,
        f"{PREFIX}GROUP_ID": names.group,
    }


def _records() -> Iterator[bytes]:
    """The sample's reviews with the broken records among them."""
    with gzip.open(bundled("womens_clothing_sample.jsonl.gz")) as lines:
        reviews = [line.rstrip(b"\n") for line in lines]
    gap = len(reviews) // len(BROKEN)
    for number, review in enumerate(reviews):
        yield review
        if number % gap == gap // 2 and number // gap < len(BROKEN):
            yield BROKEN[number // gap]


def _warm_up(connection: Connection, names: Names, console: Console) -> None:
    """A Java that has just started is slow: it shall not be measured for that."""
    console.print(f"warming up with {WARM_UP} reviews that do not count")
    feed(connection, names.input, _fed(itertools.islice(_records(), WARM_UP)), RATE_PER_S)
    deadline = time.monotonic() + PATIENCE_S
    while _outputs(connection, names) < WARM_UP and time.monotonic() < deadline:
        time.sleep(0.2)


def _outputs(connection: Connection, names: Names) -> int:
    topics = (names.results, names.dead_letters)
    return sum(sum(end_offsets(connection, topic).values()) for topic in topics)


def _fed(values: Iterable[bytes]) -> Iterator[FeedRecord]:
    return (FeedRecord(value, None, f"record {number}") for number, value in enumerate(values))


def _feed_and_watch(connection: Connection, names: Names, console: Console) -> Verdict:
    records = list(_records())
    progress = Progress(len(records))
    seen: queue.SimpleQueue[RawRecord] = queue.SimpleQueue()
    starts = {topic: end_offsets(connection, topic) for topic in names[:3]}
    watched = (names.results, names.dead_letters)
    followers = [Follower(connection, topic, starts[topic], seen) for topic in watched]
    for follower in followers:
        follower.start()
    arguments = (connection, names.input, _fed(records), RATE_PER_S)
    threading.Thread(target=feed, args=arguments, daemon=True).start()
    with View(console, progress) as view:
        _watch(seen, names, progress, view)
    for follower in followers:
        follower.end()
    verdict = _account(connection, names, starts)
    summary = progress.summary(verdict)
    show_summary(console, summary)
    typer.echo(json.dumps(summary._asdict()))
    return verdict


def _watch(seen: queue.SimpleQueue[RawRecord], names: Names, progress: Progress, view: View) -> None:
    """Until every record has an output, or none has come for a while."""
    last_at = time.monotonic()
    while progress.done < progress.expected and time.monotonic() - last_at < PATIENCE_S:
        try:
            record = seen.get(timeout=0.1)
        except queue.Empty:
            continue
        finally:
            view.update()
        last_at = time.monotonic()
        if record.topic == names.dead_letters:
            progress.dead_letter()
        else:
            progress.result(decode_result(record.value or b""))


def _account(connection: Connection, names: Names, starts: Mapping[str, Mapping[int, int]]) -> Verdict:
    """The verdict, from what the topics hold from these offsets on."""
    account = Account()
    for record in read(connection, names.results, starts[names.results]):
        source = decode_result(record.value or b"").source
        if source:
            account.result((source.partition, source.offset))
    for record in read(connection, names.dead_letters, starts[names.dead_letters]):
        letter = parse(record)
        account.dead_letter((letter.partition, letter.offset))
    return account.close(places(end_offsets(connection, names.input), starts[names.input]))


def _wait_for_ctrl_c(servers: str, names: Names, console: Console) -> None:
    console.print(f"still running on {servers}, with topics {', '.join(names[:3])}; Ctrl-C ends it")
    with suppress(KeyboardInterrupt):
        signal.pause()
