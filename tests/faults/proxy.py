"""A proxy between Kafka's clients and a broker: a network that is slow, narrow, broken or one-way on purpose.

It knows frames, so that it can delay whole requests, keep them back, and say no in the broker's place.
"""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto

from tests.faults.frames import (
    OFFSET_FETCH,
    PRODUCE,
    correlation_id,
    framed,
    header,
    offset_fetch_answer,
    produce_answer,
    question_instead,
    read_frame,
)

_HOST = "127.0.0.1"
_FRAMES_ON_THE_WAY = 64
_LOOK_AGAIN_S = 0.02
_REQUEST_TIMED_OUT = 7
_COORDINATOR_LOAD_IN_PROGRESS = 14
_NOT_ENOUGH_REPLICAS = 19

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Held = tuple[float, bytes]
"""A frame on the way: when it is due (the loop's time), and its bytes."""


class Direction(Enum):
    """Which way a frame goes."""

    REQUESTS = auto()
    ANSWERS = auto()


class ProduceFault(Enum):
    """What becomes of each Produce.

    REFUSED: the broker never sees it; the answer is NOT_ENOUGH_REPLICAS.
    TIMED_OUT: the broker writes it; the answer is REQUEST_TIMED_OUT.
    ANSWER_LOST: the broker writes it; the connection is reset in the place of an answer.
    """

    REFUSED = auto()
    TIMED_OUT = auto()
    ANSWER_LOST = auto()


@dataclass(frozen=True)
class Conditions:
    """What the network is like.

    Attributes:
        latency_s: that each frame takes, each way.
        jitter_s: by how much that varies, up and down; frames of a connection keep their order.
        bytes_per_s: of each connection, each way; None: as much as there is.
        passing: what gets through; the rest is kept, and passes when it may.
        produce: what becomes of each Produce.
        is_loading: whether the group's coordinator still loads what was committed, and says so when asked.
    """

    latency_s: float = 0
    jitter_s: float = 0
    bytes_per_s: float | None = None
    passing: frozenset[Direction] = frozenset(Direction)
    produce: ProduceFault | None = None
    is_loading: bool = False

    def delay_s(self, chance: random.Random) -> float:
        """How long the next frame is on the way, its own length aside."""
        return max(self.latency_s + chance.uniform(-self.jitter_s, self.jitter_s), 0)

    def sending_s(self, frame: bytes) -> float:
        """How long it takes to send the frame."""
        return len(frame) / self.bytes_per_s if self.bytes_per_s else 0


FAULTLESS = Conditions()
SILENCE = Conditions(passing=frozenset())


class Proxy:
    """Listens on a port and leads to `target`; `proxy` makes it. May be told things from any thread.

    Attributes:
        port: where it listens.
        target: port of the broker on this machine.
        conditions: of the network, from now on.
    """

    def __init__(self, chance: random.Random) -> None:
        self.port = 0
        self.target = 0
        self.conditions = FAULTLESS
        self.chance = chance
        self._connections: dict[_Connection, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")

    @property
    def address(self) -> str:
        """Where clients find it, as host:port."""
        return f"{_HOST}:{self.port}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._accept, _HOST, 0), self._loop
        ).result()
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """End every connection and listen no more."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def reset(self) -> int:
        """End the connections that there are with RST, and tell how many."""
        return asyncio.run_coroutine_threadsafe(self._reset(), self._loop).result()

    def forget(self) -> int:
        """Nothing passes any more on the connections that there are, ever; tell how many. New ones are fine.

        As behind a firewall that has lost its table of connections.
        """
        return asyncio.run_coroutine_threadsafe(self._forget(), self._loop).result()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_broker = await asyncio.open_connection(_HOST, self.target)
        except OSError:
            _reset(writer)
            return
        connection = _Connection(self, (reader, writer), to_broker)
        task = self._connections[connection] = asyncio.create_task(connection.run())
        await task
        del self._connections[connection]

    async def _reset(self) -> int:
        for connection in self._connections:
            connection.reset()
        return len(self._connections)

    async def _forget(self) -> int:
        for connection in self._connections:
            connection.is_forgotten = True
        return len(self._connections)

    async def _close(self) -> None:
        self._server.close()
        await self._reset()
        await asyncio.gather(*self._connections.values())


class _Connection:
    """One client's connection, and the one to the broker that is made for it."""

    def __init__(self, network: Proxy, client: Streams, broker: Streams) -> None:
        self.is_forgotten = False
        self._network = network
        self._client = client
        self._broker = broker
        self._own_answers: dict[int, bytes | None] = {}
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Pass frames on until either side ends."""
        async with asyncio.TaskGroup() as tasks:
            ways = [
                tasks.create_task(way)
                for way in (
                    *self._way(Direction.REQUESTS, self._client[0], self._broker[1], self._asked),
                    *self._way(Direction.ANSWERS, self._broker[0], self._client[1], self._answered),
                )
            ]
            await self._ended.wait()
            for way in ways:
                way.cancel()
        self.reset()

    def reset(self) -> None:
        """End both connections with RST."""
        for _, writer in (self._client, self._broker):
            _reset(writer)
        self._ended.set()

    def _way(
        self,
        direction: Direction,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        change: Callable[[bytes], bytes],
    ) -> tuple[Coroutine[None, None, None], Coroutine[None, None, None]]:
        queue: asyncio.Queue[Held | None] = asyncio.Queue(_FRAMES_ON_THE_WAY)
        return self._receive(reader, queue), self._pass_on(direction, queue, writer, change)

    async def _receive(self, reader: asyncio.StreamReader, queue: asyncio.Queue[Held | None]) -> None:
        now, due = asyncio.get_running_loop().time, 0.0
        while (frame := await read_frame(reader)) is not None:
            conditions = self._network.conditions
            due = max(due, now() + conditions.delay_s(self._network.chance)) + conditions.sending_s(frame)
            await queue.put((due, frame))
        await queue.put(None)

    async def _pass_on(
        self,
        direction: Direction,
        queue: asyncio.Queue[Held | None],
        writer: asyncio.StreamWriter,
        change: Callable[[bytes], bytes],
    ) -> None:
        with suppress(ConnectionError):
            while held := await queue.get():
                due, frame = held
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                while self._is_kept(direction):  # noqa: ASYNC110 - changed by other threads, which set no Event
                    await asyncio.sleep(_LOOK_AGAIN_S)
                writer.write(framed(change(frame)))
                await writer.drain()
        self._ended.set()

    def _is_kept(self, direction: Direction) -> bool:
        return self.is_forgotten or direction not in self._network.conditions.passing

    def _asked(self, request: bytes) -> bytes:
        """What the broker gets in the place of a request."""
        head, conditions = header(request), self._network.conditions
        if head.api_key == OFFSET_FETCH and conditions.is_loading:
            return self._say_no(request, offset_fetch_answer(request, _COORDINATOR_LOAD_IN_PROGRESS))
        if head.api_key == PRODUCE and conditions.produce:
            return self._produced(request, conditions.produce)
        return request

    def _produced(self, request: bytes, fault: ProduceFault) -> bytes:
        if fault is ProduceFault.REFUSED:
            return self._say_no(request, produce_answer(request, _NOT_ENOUGH_REPLICAS))
        number = header(request).correlation_id
        is_lost = fault is ProduceFault.ANSWER_LOST
        self._own_answers[number] = None if is_lost else produce_answer(request, _REQUEST_TIMED_OUT)
        return request

    def _say_no(self, request: bytes, answer: bytes) -> bytes:
        """The broker answers in order, so its answer to another question keeps this one's place."""
        self._own_answers[header(request).correlation_id] = answer
        return question_instead(request)

    def _answered(self, answer: bytes) -> bytes:
        """What the client gets in the place of an answer."""
        own = self._own_answers.pop(correlation_id(answer), answer)
        if own is None:
            self.reset()
            raise ConnectionResetError
        return own


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST: the other side sees an error, not an end."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
    writer.transport.abort()


@contextmanager
def proxy(chance: random.Random) -> Iterator[Proxy]:
    """A proxy that runs until the block ends. Set its `target` before a client comes."""
    made = Proxy(chance)
    made.start()
    try:
        yield made
    finally:
        made.stop()
