"""`stream-app worker` with a defect, for the tests of what must find it: `sabotaged_worker.py DEFECT`.

The defects are made where outputs enter aiokafka's producer, which every way of publishing uses.
"""

import asyncio
import sys
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from stream_app.commands.worker import run_worker
from stream_app.settings import load_settings

Patch = tuple[type, str, Callable[..., Any]]

_EVERY: Final = 50
_HELD_BACK_S: Final = 60

_append = BatchBuilder.append
_close = BatchBuilder.close
_send_batch = AIOKafkaProducer.send_batch
_calls = count(1)


async def _send_batch_later(*arguments: Any, **named: Any) -> asyncio.Future[None]:  # noqa: ANN401 - aiokafka's
    """Says at once that the broker has it, and sends it a minute later: never, when the process is killed."""

    async def send() -> None:
        await asyncio.sleep(_HELD_BACK_S)
        await _send_batch(*arguments, **named)

    _later.add(asyncio.create_task(send()))
    return _held()


async def _send_batch_swallowing(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - aiokafka's
    """Now and then the broker refuses a batch, and nobody hears of it."""
    return _held() if next(_calls) % 5 == 0 else await _send_batch(*arguments, **named)


def _append_skipping(batch: BatchBuilder, **record: Any) -> Any:  # noqa: ANN401 - aiokafka's
    return True if next(_calls) % _EVERY == 0 else _append(batch, **record)


def _append_twice(batch: BatchBuilder, **record: Any) -> Any:  # noqa: ANN401 - aiokafka's
    if next(_calls) % _EVERY == 0:
        _append(batch, **record)
    return _append(batch, **record)


def _append_under_another_key(batch: BatchBuilder, **record: Any) -> Any:  # noqa: ANN401 - aiokafka's
    key = b"k0" if next(_calls) % _EVERY == 0 else record["key"]
    return _append(batch, **record | {"key": key})


def _append_swapping(batch: BatchBuilder, **record: Any) -> Any:  # noqa: ANN401 - aiokafka's
    """The first record of a batch comes behind the next of its key."""
    first = _first_of.setdefault(batch, record)
    if first is record:
        return True
    done = _append(batch, **record)
    if record["key"] == first["key"] and batch not in _swapped:
        _swapped.add(batch)
        _append(batch, **first)
    return done


def _close_swapping(batch: BatchBuilder) -> None:
    if batch in _first_of and batch not in _swapped:
        _append(batch, **_first_of[batch])
    _close(batch)


_later: set[asyncio.Task[None]] = set()
_first_of: dict[BatchBuilder, dict[str, Any]] = {}
_swapped: set[BatchBuilder] = set()

DEFECTS: Final[dict[str, tuple[Patch, ...]]] = {
    "none": (),
    "ack_before_publish": ((AIOKafkaProducer, "send_batch", _send_batch_later),),
    "swallow_an_error": ((AIOKafkaProducer, "send_batch", _send_batch_swallowing),),
    "skip_a_record": ((BatchBuilder, "append", _append_skipping),),
    "publish_twice": ((BatchBuilder, "append", _append_twice),),
    "answer_under_another_key": ((BatchBuilder, "append", _append_under_another_key),),
    "swap_within_a_key": (
        (BatchBuilder, "append", _append_swapping),
        (BatchBuilder, "close", _close_swapping),
    ),
}


def _held() -> asyncio.Future[None]:
    """What the producer gives when the broker has the batch."""
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


if __name__ == "__main__":
    for place, name, defect in DEFECTS[sys.argv[1]]:
        setattr(place, name, defect)
    run_worker(load_settings())
