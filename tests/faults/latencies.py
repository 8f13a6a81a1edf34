"""How long reviews beside a poison record took, and how long the others."""

from collections.abc import Iterable
from statistics import quantiles
from typing import Final

from stream_app.core.messages import decode_result
from tests.stream import Stream

_NEAR: Final = 2  # offsets: they come in the same slice, or the next


def delay_of_neighbours(flow: Stream) -> str:
    """The ratio of both latencies, from an input's timestamp to its result in the topic, as a sentence.

    The topics of outputs must have LogAppendTime.
    """
    poison = set(_poison_places(flow))
    near: list[int] = []
    far: list[int] = []
    for record in flow.read_results():
        source = decode_result(record.value or b"").source
        assert source
        places = {(source.partition, source.offset + by) for by in range(-_NEAR, _NEAR + 1)}
        (near if places & poison else far).append(record.timestamp - source.timestamp_ms)
    return f"latency of {len(near):,} neighbours of poison to {len(far):,} others: {_ratios(near, far)}"


def _poison_places(flow: Stream) -> Iterable[tuple[int, int]]:
    for letter in flow.read_dead_letters():
        headers = dict(letter.headers)
        partition, offset = (headers[f"__connect.errors.{name}"] or b"" for name in ("partition", "offset"))
        yield int(partition), int(offset)


def _ratios(near: list[int], far: list[int]) -> str:
    percentiles = [quantiles(latencies, n=100) for latencies in (near, far)]
    ratios = {place: (percentiles[0][place - 1] + 1) / (percentiles[1][place - 1] + 1) for place in (50, 90)}
    return ", ".join(f"p{place} {ratio:.2f}" for place, ratio in ratios.items())
