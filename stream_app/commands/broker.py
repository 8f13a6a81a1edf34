"""`stream-app broker`: an Apache Kafka for development, until Ctrl-C."""

import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import typer

from stream_app.kafka.broker import Broker, BrokerUnavailable, local_broker
from stream_app.options import Engine
from stream_app.settings import PREFIX

_LOOK_AGAIN_S = 0.5


def run_broker(port: int | None, data: Path | None, engine: Engine) -> None:
    """Run it and print what to export; every other word goes to stderr.

    Raises:
        BrokerUnavailable: it cannot be had; the message says why and what to do.
    """
    say = partial(typer.echo, err=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with opened_broker(engine, port, data, say) as broker:
        typer.echo(f"export {PREFIX}BOOTSTRAP_SERVERS={broker.bootstrap_servers}")
        say("Ctrl-C ends it")
        try:
            while broker.is_running:
                time.sleep(_LOOK_AGAIN_S)
        except KeyboardInterrupt:
            say("stopping")
        else:
            raise BrokerUnavailable("the broker has ended by itself")


def opened_broker(
    engine: Engine, port: int | None, data: Path | None, say: Callable[[str], None]
) -> AbstractContextManager[Broker]:
    """A broker of the engine's kind."""
    if engine is Engine.LOCAL:
        return local_broker(port=port, data=data, say=say)
    if data is not None:
        raise typer.BadParameter("the docker engine keeps no data: use it with --engine local")
    from stream_app.kafka.docker_broker import docker_broker  # noqa: PLC0415 - it needs Docker's client

    return docker_broker(port=port, say=say)
