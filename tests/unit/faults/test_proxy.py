"""The proxy between a client and a peer that answers each request with what it got."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.faults.frames import (
    API_VERSIONS,
    OFFSET_FETCH,
    PRODUCE,
    framed,
    header,
    offset_fetch_answer,
    produce_answer,
    produced_partitions,
)
from tests.faults.proxy import SILENCE, Conditions, Direction, ProduceFault, Proxy, proxy

METADATA = 3
A_MOMENT_S = 0.3


def request(api_key: int, correlation_id: int, body: bytes = b"") -> bytes:
    return struct.pack(">hhih", api_key, 7, correlation_id, 4) + b"test" + body


def produce(correlation_id: int, version: int = 7) -> bytes:
    """To two partitions of one topic and one of another."""
    records = struct.pack(">i", 5) + b"batch"
    first = (
        struct.pack(">h", 7)
        + b"results"
        + struct.pack(">ii", 2, 0)
        + records
        + struct.pack(">i", 3)
        + records
    )
    second = struct.pack(">h", 3) + b"dlq" + struct.pack(">ii", 1, 1) + records
    body = struct.pack(">hhii", -1, -1, 30_000, 2) + first + second
    made = request(PRODUCE, correlation_id, body)
    return made[:2] + struct.pack(">h", version) + made[4:]


class Peer:
    """Answers with the correlation id and the whole request."""

    def __init__(self, listener: socket.socket) -> None:
        self.port = listener.getsockname()[1]
        self.seen: list[bytes] = []
        self._listener = listener

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,)).start()

    def _answer(self, connection: socket.socket) -> None:
        with closing(connection):
            while frame := receive(connection):
                self.seen.append(frame)
                connection.sendall(framed(struct.pack(">i", header(frame).correlation_id) + frame))


def receive(connection: socket.socket) -> bytes:
    """The next frame; empty when there will be none."""
    try:
        (length,) = struct.unpack(">i", receive_exactly(connection, 4))
        return receive_exactly(connection, length)
    except (EOFError, ConnectionError):
        return b""


def receive_exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise EOFError
        received += part
    return received


@pytest.fixture
def peer() -> Iterator[Peer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Peer(listener)
        server = threading.Thread(target=made.serve)
        server.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        server.join()


@pytest.fixture
def network(peer: Peer) -> Iterator[Proxy]:
    with proxy(random.Random(1)) as made:
        made.target = peer.port
        yield made


@contextmanager
def connected(network: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", network.port), timeout=10) as client:
        yield client


def ask(client: socket.socket, frame: bytes) -> bytes:
    client.sendall(framed(frame))
    return receive(client)


def is_silent(client: socket.socket) -> bool:
    client.settimeout(A_MOMENT_S)
    try:
        return client.recv(1, socket.MSG_PEEK) is None
    except TimeoutError:
        return True
    finally:
        client.settimeout(10)


def test_what_is_asked_and_answered_passes_unchanged(network: Proxy, peer: Peer) -> None:
    with connected(network) as client:
        for number in range(3):
            asked = request(METADATA, number, bytes(100_000))
            assert ask(client, asked) == struct.pack(">i", number) + asked
    assert len(peer.seen) == 3


def test_frames_keep_their_order_under_jitter(network: Proxy, peer: Peer) -> None:
    network.conditions = Conditions(latency_s=0.01, jitter_s=0.01)
    asked = [request(METADATA, number) for number in range(50)]
    with connected(network) as client:
        client.sendall(b"".join(map(framed, asked)))
        answers = [receive(client) for _ in asked]
    assert peer.seen == asked
    assert [answer[4:] for answer in answers] == asked


def test_a_delay_is_latency_give_or_take_the_jitter() -> None:
    chance = random.Random(1)
    delays = [Conditions(latency_s=0.1, jitter_s=0.05).delay_s(chance) for _ in range(1_000)]
    assert 0.05 <= min(delays) < 0.06
    assert 0.14 < max(delays) <= 0.15
    assert min(Conditions(jitter_s=1).delay_s(chance) for _ in range(100)) == 0


def test_a_narrow_network_takes_its_time_by_the_byte() -> None:
    assert Conditions(bytes_per_s=1_000).sending_s(bytes(500)) == 0.5
    assert Conditions().sending_s(bytes(500)) == 0


def test_a_reset_is_seen_as_an_error_and_new_connections_are_fine(network: Proxy) -> None:
    with connected(network) as client:
        assert ask(client, request(METADATA, 1))
        assert network.reset() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with connected(network) as client:
        assert ask(client, request(METADATA, 2))


def test_in_silence_a_connection_is_accepted_and_nothing_passes(network: Proxy, peer: Peer) -> None:
    network.conditions = SILENCE
    with connected(network) as client:
        client.sendall(framed(request(METADATA, 1)))
        assert is_silent(client)
        assert peer.seen == []


def test_answers_that_were_kept_pass_when_they_may(network: Proxy, peer: Peer) -> None:
    network.conditions = Conditions(passing=frozenset({Direction.REQUESTS}))
    with connected(network) as client:
        asked = request(METADATA, 1)
        client.sendall(framed(asked))
        assert is_silent(client)
        assert peer.seen == [asked]
        network.conditions = Conditions()
        assert receive(client)[4:] == asked


def test_requests_that_were_kept_pass_when_they_may(network: Proxy, peer: Peer) -> None:
    network.conditions = Conditions(passing=frozenset({Direction.ANSWERS}))
    with connected(network) as client:
        client.sendall(framed(request(METADATA, 1)))
        assert is_silent(client)
        assert peer.seen == []
        network.conditions = Conditions()
        assert receive(client)


def test_on_a_forgotten_connection_nothing_passes_while_a_new_one_is_fine(network: Proxy) -> None:
    with connected(network) as old, connected(network) as new:
        assert ask(old, request(METADATA, 1))
        assert ask(new, request(METADATA, 1))
        assert network.forget() == 2
        old.sendall(framed(request(METADATA, 2)))
        assert is_silent(old)
    with connected(network) as new:
        assert ask(new, request(METADATA, 3))


def test_a_refused_produce_does_not_reach_the_broker_and_is_answered_in_its_turn(
    network: Proxy, peer: Peer
) -> None:
    network.conditions = Conditions(produce=ProduceFault.REFUSED)
    with connected(network) as client:
        client.sendall(b"".join(map(framed, (request(METADATA, 1), produce(2), request(METADATA, 3)))))
        answers = [receive(client) for _ in range(3)]
    assert [header(frame).api_key for frame in peer.seen] == [METADATA, API_VERSIONS, METADATA]
    assert answers[1] == produce_answer(produce(2), 19)
    assert answers[2][4:] == request(METADATA, 3)


def test_a_produce_that_timed_out_was_written(network: Proxy, peer: Peer) -> None:
    network.conditions = Conditions(produce=ProduceFault.TIMED_OUT)
    with connected(network) as client:
        assert ask(client, produce(1)) == produce_answer(produce(1), 7)
    assert peer.seen == [produce(1)]


def test_when_the_answer_to_a_produce_is_lost_the_connection_is_too(network: Proxy, peer: Peer) -> None:
    network.conditions = Conditions(produce=ProduceFault.ANSWER_LOST)
    with connected(network) as client:
        assert ask(client, request(METADATA, 1))
        assert ask(client, produce(2)) == b""
    assert peer.seen[1:] == [produce(2)]


def offset_fetch(correlation_id: int, version: int = 7) -> bytes:
    made = request(OFFSET_FETCH, correlation_id)
    return made[:2] + struct.pack(">h", version) + made[4:]


def test_while_a_coordinator_loads_it_does_not_tell_what_is_committed(network: Proxy, peer: Peer) -> None:
    network.conditions = Conditions(is_loading=True)
    with connected(network) as client:
        assert ask(client, offset_fetch(1)) == struct.pack(">ibibhb", 1, 0, 0, 1, 14, 0)
        assert ask(client, request(METADATA, 2))[4:] == request(METADATA, 2)
        network.conditions = Conditions()
        assert ask(client, offset_fetch(3))[4:] == offset_fetch(3)
    assert [header(frame).api_key for frame in peer.seen] == [API_VERSIONS, METADATA, OFFSET_FETCH]


def test_an_unknown_version_of_offset_fetch_is_refused() -> None:
    with pytest.raises(ValueError, match="OffsetFetch version 2: expected 7"):
        offset_fetch_answer(offset_fetch(1, version=2), 14)


def test_without_a_broker_a_connection_is_reset(network: Proxy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        network.target = listener.getsockname()[1]
    with pytest.raises(ConnectionResetError), connected(network) as client:
        client.recv(1)


def test_the_partitions_of_a_produce_are_read() -> None:
    assert produced_partitions(produce(1)) == {b"results": [0, 3], b"dlq": [1]}


def test_the_answer_to_a_produce_is_what_the_protocol_says() -> None:
    answer = produce_answer(produce(9), 19)
    assert answer[:4] == struct.pack(">i", 9)
    of_partition = struct.pack(">hqqq", 19, -1, -1, -1)
    assert answer.endswith(
        struct.pack(">ih", 1 + 1, 7)
        + b"results"
        + struct.pack(">ii", 2, 0)
        + of_partition
        + struct.pack(">i", 3)
        + of_partition
        + struct.pack(">h", 3)
        + b"dlq"
        + struct.pack(">ii", 1, 1)
        + of_partition
        + struct.pack(">i", 0)
    )


@pytest.mark.parametrize("version", [4, 8, 9])
def test_an_unknown_version_of_produce_is_refused(version: int) -> None:
    with pytest.raises(ValueError, match=f"Produce version {version}"):
        produce_answer(produce(1, version), 19)
