"""Faults of the network between worker and broker: all that the worker says goes through a proxy."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, NamedTuple

from stream_app.kafka.broker import LocalBroker, local_broker
from stream_app.kafka.broker_properties import free_port, port_is_taken
from tests.faults.oracle import LOG_APPEND_TIME
from tests.faults.proxy import FAULTLESS, SILENCE, Conditions, Direction, ProduceFault, Proxy, proxy
from tests.faults.scenario import RECOVERED_WITHIN_S, Outcome, Scenario, Stage
from tests.faults.supervision import Supervisor
from tests.faults.trial import PER_S, POISON_EVERY, REPEATS, SESSION_S, Trial

_PROXIED: Final = "PROXIED"


class Course(NamedTuple):
    """What a fault acts on."""

    network: Proxy
    supervisor: Supervisor


Fault = Callable[[Course], None]
"""Makes the network faulty and, at its end, faultless again."""


@contextmanager
def broker_behind(network: Proxy) -> Iterator[LocalBroker]:
    """A broker with a second listener that tells clients to come through the proxy."""
    port = free_port(port_is_taken)
    advertised = f"CLIENT://127.0.0.1:{port},{_PROXIED}://{network.address}"
    settings = {"advertised.listeners": advertised}
    with local_broker(port=port, settings=settings, protocols={_PROXIED: "PLAINTEXT"}, say=print) as broker:
        network.target = broker.listeners[_PROXIED].port
        yield broker


def _run(stage: Stage, fault: Fault, count: int, *, stops: bool) -> Outcome:
    with (
        proxy(stage.chance) as network,
        broker_behind(network) as broker,
        stage.stream(broker.bootstrap_servers) as flow,
    ):
        flow.create_topics(results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        run = Trial(broker, flow, count, POISON_EVERY)
        supervisor = Supervisor(lambda: run.start_worker(bootstrap_servers=network.address))
        run.feed(until=PER_S)
        fault(Course(network, supervisor))
        outcome = run.outcome(time.time() if stops else None, tend=supervisor.tend)
        return outcome._replace(note=supervisor.told())


def _for(lasts_s: float, conditions: Conditions) -> Fault:
    """The network is like this for so long."""

    def fault(course: Course) -> None:
        course.network.conditions = conditions
        course.supervisor.watch(lasts_s)
        course.network.conditions = FAULTLESS

    return fault


def _silence(lasts_s: float) -> Fault:
    """Nothing passes for so long, and then the former connections are known to nobody."""

    def fault(course: Course) -> None:
        course.network.conditions = SILENCE
        course.supervisor.watch(lasts_s)
        course.network.reset()
        course.network.conditions = FAULTLESS

    return fault


def _resets(course: Course) -> None:
    for _ in range(10):
        assert course.network.reset() > 0
        course.supervisor.watch(course.network.chance.uniform(0.1, 0.7))


def _forgotten(course: Course) -> None:
    """It has no end of its own: measured is from the moment at which the connections fall silent."""
    assert course.network.forget() > 0


def _loading(course: Course) -> None:
    """The next worker joins the group, and may not read yet what its predecessor has committed."""
    course.network.conditions = Conditions(is_loading=True)
    course.supervisor.worker.terminate()
    course.supervisor.watch(6)
    course.network.conditions = FAULTLESS


def _scenario(  # noqa: PLR0913, PLR0917 - the columns of a row
    name: str,
    done: str,
    seen: str,
    fault: Fault,
    count: int = 8_000,
    repeats: int = 0,
    *,
    stops: bool = True,
    is_slow: bool = False,
    within_s: float = RECOVERED_WITHIN_S,
) -> Scenario:
    run = partial(_run, fault=fault, count=count, stops=stops)
    return Scenario(name, "Network", done, seen, run, is_slow, repeats, within_s)


_SLOW: Final = Conditions(latency_s=0.1, jitter_s=0.08)
_NARROW: Final = Conditions(bytes_per_s=250_000)
_NO_ANSWERS: Final = Conditions(passing=frozenset({Direction.REQUESTS}))
_NO_REQUESTS: Final = Conditions(passing=frozenset({Direction.ANSWERS}))
_WITHIN_S: Final = SESSION_S - 2
_BEYOND_S: Final = SESSION_S + 4

SCENARIOS: Final = (
    _scenario(
        "latency_and_jitter",
        "each frame takes 100 ± 80 ms, each way, for 5 s",
        "Results come later by some round trips; nothing is logged.",
        _for(5, _SLOW),
        stops=False,
    ),
    _scenario(
        "narrow_bandwidth",
        "250 kB/s a connection, each way, for 5 s",
        "Lag grows while the results need more than there is, and falls afterwards.",
        _for(5, _NARROW),
        stops=False,
    ),
    _scenario(
        "connections_reset",
        "every connection is reset, ten times within 4 s",
        "Warnings of the client libraries; the worker connects again and sends again.",
        _resets,
        count=PER_S * 12,
    ),
    _scenario(
        "silence_within_the_session",
        f"for {_WITHIN_S} s connections are accepted and nothing passes (half-open); then they are reset",
        "Lag grows, `lag_unreadable`; the worker stays in its group.",
        _silence(_WITHIN_S),
    ),
    _scenario(
        "silence_beyond_the_session",
        f"the same for {_BEYOND_S} s, longer than the session of {SESSION_S} s",
        "The group drops the worker, which joins it again afterwards; `/livez` stays 200.",
        _silence(_BEYOND_S),
        count=PER_S * 12,
        repeats=REPEATS,
    ),
    _scenario(
        "requests_without_answers",
        f"for {_WITHIN_S} s requests pass and no answers, which arrive then (one-way partition)",
        "As in a silence. What was produced is in the topic though the worker does not know it yet.",
        _for(_WITHIN_S, _NO_ANSWERS),
    ),
    _scenario(
        "answers_without_requests",
        f"for {_WITHIN_S} s answers pass and no requests, which arrive then (one-way partition)",
        "As in a silence.",
        _for(_WITHIN_S, _NO_REQUESTS),
    ),
    _scenario(
        "requests_without_answers_beyond_the_session",
        f"requests pass and no answers for {_BEYOND_S} s, longer than the session of {SESSION_S} s",
        "As in a silence of that length.",
        _for(_BEYOND_S, _NO_ANSWERS),
        count=PER_S * 12,
        repeats=REPEATS,
    ),
    _scenario(
        "forgotten_connections",
        "a firewall forgets the connections: they stay silent for ever, new ones are fine",
        "Lag grows until the requests on the old connections time out, after 60 s each; then the worker "
        "connects anew. Measured from the moment at which they fell silent.",
        _forgotten,
        repeats=REPEATS,
        is_slow=True,
        within_s=2 * 60 + RECOVERED_WITHIN_S,
    ),
    _scenario(
        "produce_answers_lost",
        "for 4 s each Produce is written, and the connection is reset in the place of an answer",
        "Warnings of the client library, which sends again; the broker knows the batch by its number.",
        _for(4, Conditions(produce=ProduceFault.ANSWER_LOST)),
    ),
    _scenario(
        "produce_timed_out_but_written",
        "for 4 s each Produce is written, and the answer is REQUEST_TIMED_OUT",
        "The same.",
        _for(4, Conditions(produce=ProduceFault.TIMED_OUT)),
    ),
    _scenario(
        "produce_refused_for_want_of_replicas",
        "for 4 s each Produce is answered with NOT_ENOUGH_REPLICAS and not written",
        "Lag grows; the worker sends again until it is taken.",
        _for(4, Conditions(produce=ProduceFault.REFUSED)),
    ),
    _scenario(
        "coordinator_still_loading",
        "a worker starts while the group's coordinator, for 6 s, answers OffsetFetch with "
        "COORDINATOR_LOAD_IN_PROGRESS",
        "Lag grows; the worker asks until it is told what is committed, and begins there.",
        _loading,
    ),
)
