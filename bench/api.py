"""`python -m bench.api`: how long the HTTP API takes, open loop, on loopback.

One review a request, keep-alive connections, each request timed from when it was meant to be sent to its
answer read. Exit code 1 when an answer was not 200, 3 when p99 is above the limit.
"""

import argparse
import http.client
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from bench.machine import commit, machine
from bench.processes import Worker, WorkerEndedError, worker
from bench.reviews import load_reviews
from bench.schedule import Schedule
from bench.statistics import quantile, quantiles

LIMIT_P99_MS: Final = 20.0

_CONNECTIONS: Final = 32
_READY_WITHIN_S: Final = 60.0
_START_AHEAD_S: Final = 1.0
_WARM_UP_S: Final = 3.0
_HEADERS: Final = {"Content-Type": "application/json"}


class Timed(NamedTuple):
    """One request.

    Attributes:
        due_s: when it was meant to be sent, monotonic seconds.
        sent_s: when it was.
        answered_s: when its answer had been read.
        status: of the answer.
    """

    due_s: float
    sent_s: float
    answered_s: float
    status: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    try:
        timed = _measure(options.rate, options.seconds)
    except (WorkerEndedError, TimeoutError) as error:
        sys.exit(f"bench.api: {error}")
    sys.exit(show(timed, options.rate, Console(highlight=False, soft_wrap=True)))


def show(timed: Sequence[Timed], rate: float, console: Console) -> int:
    """Print the figures.

    Returns:
        The exit code.
    """
    start_s = timed[0].due_s + _WARM_UP_S
    counted = [one for one in timed if one.due_s >= start_s]
    latency = quantiles([one.answered_s - one.due_s for one in counted])
    late_ms = quantile([one.sent_s - one.due_s for one in counted], 0.99) * 1000
    statuses = Counter(one.status for one in timed)
    about = machine()
    console.print(
        f"{about['cpu']}, {about['cores']} cores, {about['busy_before']:.0%} busy before, {commit()}"
    )
    console.print(f"{len(counted):,} requests at {rate:g}/s, statuses {dict(statuses)}")
    console.print(f"p50 {latency.p50:.1f} ms, p99 {latency.p99:.1f} ms, p99.9 {latency.p999:.1f} ms")
    console.print(f"the sender's own lateness, which is part of it: p99 {late_ms:.1f} ms")
    if set(statuses) != {200}:
        return 1
    return 3 if latency.p99 > LIMIT_P99_MS else 0


def _measure(rate: float, seconds: float) -> list[Timed]:
    bodies = load_reviews().values()
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as port:
        schedule = Schedule(time.monotonic() + _START_AHEAD_S, rate, round(rate * seconds))
        return send(port, bodies, schedule)


def send(port: int, bodies: Sequence[bytes], schedule: Schedule) -> list[Timed]:
    """Send every request when it is due, on whichever connection is its turn.

    Returns:
        The requests in the order of the schedule.
    """
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        shares = pool.map(lambda first: _send_share(port, bodies, schedule, first), range(_CONNECTIONS))
        return sorted(one for share in shares for one in share)


def _send_share(port: int, bodies: Sequence[bytes], schedule: Schedule, first: int) -> list[Timed]:
    """The requests of one connection: every so manieth, beginning with `first`."""
    share = []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.connect()
        for number in range(first, schedule.reviews, _CONNECTIONS):
            due_s = schedule.intended(number)
            time.sleep(max(0.0, due_s - time.monotonic()))
            sent_s = time.monotonic()
            connection.request("POST", "/v1/classify", bodies[number % len(bodies)], _HEADERS)
            answer = connection.getresponse()
            answer.read()
            share.append(Timed(due_s, sent_s, time.monotonic(), answer.status))
    return share


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    """`stream-app serve` in a process of its own, ready; its port."""
    port = free_port()
    with worker([sys.executable, "-m", "stream_app", "serve", f"--api-port={port}"], folder) as process:
        _wait_until_ready(port, process)
        yield port


def _wait_until_ready(port: int, process: Worker) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        process.raise_if_ended()
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/readyz")
                connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"port {port} did not answer within {_READY_WITHIN_S:g} s")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
