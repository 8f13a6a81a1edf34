import threading
from collections.abc import Callable, Iterator

import pytest

from stream_app.api import live as live_module
from stream_app.api.events import event_stream
from stream_app.api.live import MAX_CLIENTS, MAX_WAITING, LiveResults, TooManyClientsError
from stream_app.core.messages import Record
from stream_app.kafka.connection import BrokerUnavailableError
from tests.live import FilledTopic, results_of
from tests.stream import wait_until

RESULT = results_of(b'{"review_id": "r1", "text": "Good."}')[0]


@pytest.fixture
def topic() -> FilledTopic:
    return FilledTopic()


@pytest.fixture
def live(topic: FilledTopic) -> Iterator[LiveResults]:
    made = LiveResults(topic.follow)
    yield made
    made.close()
    made.join()


def until(condition: Callable[[], bool]) -> None:
    wait_until(condition, 20, lambda: "it never came to be")


def test_every_client_gets_what_comes(live: LiveResults, topic: FilledTopic) -> None:
    clients = [live.subscribe(), live.subscribe()]
    topic.put(b"1")
    for client in clients:
        assert live.take(client, 20) == ([b"1"], 0, True)
        assert live.take(client, 0) == ([], 0, True)


def test_a_slow_client_gets_the_newest_and_a_count_of_the_others(
    live: LiveResults, topic: FilledTopic
) -> None:
    slow, quick = live.subscribe(), live.subscribe()
    taken: list[bytes] = []
    for number in range(MAX_WAITING + 5):
        topic.put(None, b"%d" % number)
        taken += live.take(quick, 20).values
    assert taken == [b"%d" % number for number in range(MAX_WAITING + 5)]
    assert live.take(slow, 0) == (taken[-MAX_WAITING:], 5, True)
    assert live.take(slow, 0).skipped == 0


def test_clients_are_bounded_and_one_that_leaves_makes_place(live: LiveResults) -> None:
    clients = [live.subscribe() for _ in range(MAX_CLIENTS)]
    with pytest.raises(TooManyClientsError, match="8 clients listen"):
        live.subscribe()
    live.unsubscribe(clients[0])
    live.subscribe()


def test_the_topic_is_read_only_while_somebody_listens(live: LiveResults, topic: FilledTopic) -> None:
    assert topic.followed == 0
    client = live.subscribe()
    until(lambda: topic.followed == 1)
    live.unsubscribe(client)
    until(lambda: topic.left == 1)
    live.subscribe()
    until(lambda: topic.followed == 2)


def test_a_broker_that_is_away_is_tried_again(topic: FilledTopic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "RETRY_S", 0.01)
    away = threading.Event()
    away.set()

    def follow(stop: Callable[[], bool]) -> Iterator[Record]:
        if away.is_set():
            raise BrokerUnavailableError("no Kafka broker answers at nowhere:1")
        return topic.follow(stop)

    live = LiveResults(follow)
    client = live.subscribe()
    assert not live.take(client, 0.05).connected
    away.clear()
    topic.put(b"1")
    assert live.take(client, 20) == ([b"1"], 0, True)
    live.close()
    live.join()


def test_closing_ends_the_waiting_and_refuses_more(topic: FilledTopic) -> None:
    live = LiveResults(topic.follow)
    client = live.subscribe()
    live.close()
    assert live.take(client, 60).values == []  # does not wait
    live.join()
    with pytest.raises(TooManyClientsError):
        live.subscribe()


def test_the_events_of_a_client(live: LiveResults, topic: FilledTopic) -> None:
    client, gone = live.subscribe(), threading.Event()
    events = event_stream(live, client, gone.is_set)
    assert next(events) == b"retry: 2000\n\n"
    topic.put(b"what others wrote", RESULT)
    seen = b""
    while b"event: result" not in seen:
        seen += next(events)
    assert b'event: state\ndata: {"connected":true}\n\n' in seen
    assert seen.endswith(b"event: result\ndata: " + RESULT + b"\n\n")
    assert b"what others wrote" not in seen
    gone.set()
    assert list(events) == []


def test_skipped_results_are_told(live: LiveResults, topic: FilledTopic) -> None:
    client = live.subscribe()
    other = live.subscribe()
    for _ in range(MAX_WAITING + 2):
        topic.put(RESULT)
        live.take(other, 20)
    seen = b""
    events = event_stream(live, client, lambda: False)
    while b"event: result" not in seen:
        seen += next(events)
    assert b'event: skipped\ndata: {"count":2}\n\n' in seen
    assert seen.count(b"event: result") == MAX_WAITING


def test_silence_is_broken_for_proxies_in_between(live: LiveResults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.api.events._LOOK_S", 0.001)
    events = event_stream(live, live.subscribe(), lambda: False)
    seen = [next(events) for _ in range(4)]
    assert seen[-1] == b": nothing new\n\n"
