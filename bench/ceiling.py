"""The product's transport with no work: for each review one output of a result's size, acked.

What the worker reaches beside it is what classifying, metrics and health cost.
"""

import argparse
import asyncio
import gc
import signal
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Never, cast

from faust import Stream
from faust.events import Event

from bench.cluster import PARTITIONS
from stream_app.core.messages import Header, OutputRecord
from stream_app.exit_codes import ExitCode
from stream_app.kafka.app import delivery_of, input_topic, new_app, slice_in, work_of
from stream_app.kafka.consumer import Watch
from stream_app.kafka.publish import Outputs, OutputTopic, Publisher
from stream_app.settings import Settings, load_settings
from stream_app.worker import end_process

if TYPE_CHECKING:
    from faust.types.agents import AgentFun

_MAX_RECORD_BYTES = 1_048_588
_HEADERS: list[Header] = [("schema", b"review_result.v1"), ("model-version", b"none")]


def fail(error: BaseException) -> Never:
    """End at once, as the worker does."""
    end_process(ExitCode.INTERNAL_ERROR, "relay_failed", error)


class Relay:
    """Takes slices and sends as many records as came."""

    def __init__(self, settings: Settings, value: bytes) -> None:
        ignored = {name: lambda *_: None for name in Watch._fields}
        topics = [
            OutputTopic(name, PARTITIONS, _MAX_RECORD_BYTES, same_partitions=True)
            for name in (settings.result_topic, settings.dlq_topic)
        ]
        watch = Watch(**ignored | {"group_failed": fail})
        self._app = new_app(settings, {}, watch, Publisher(*topics))
        self._app.agent(input_topic(self._app, settings.input_topic), name="relay")(
            cast("AgentFun[None]", self._relay)
        )
        self._value = value
        self._free_place = asyncio.Semaphore(settings.max_in_flight)
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until SIGTERM."""
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await self._app.start()
        gc.collect()
        gc.freeze()
        await stop.wait()
        await self._app.stop()

    async def _relay(self, stream: Stream[Any]) -> None:
        async for event in stream.noack().events():
            await self._free_place.acquire()
            records = slice_in(event).records
            outputs = [OutputRecord(r.key, self._value, _HEADERS, r.partition, True) for r in records]
            delivered = await delivery_of(self._app).deliver(work_of(event, Outputs(outputs, [])))
            task = asyncio.create_task(self._settle(stream, event, delivered))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)

    async def _settle(self, stream: Stream[Any], event: Event, delivered: Awaitable[object]) -> None:
        try:
            await delivered
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be acked
            fail(error)
        await stream.ack(event)
        self._free_place.release()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("bootstrap-servers", "input-topic", "result-topic", "dlq-topic", "group-id"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--result-bytes", type=int, required=True)
    options = vars(parser.parse_args())
    value = b"x" * options.pop("result_bytes")
    asyncio.run(_run(load_settings(**options), value))


async def _run(settings: Settings, value: bytes) -> None:
    await Relay(settings, value).run()


if __name__ == "__main__":
    main()
