"""One Apache Kafka node as a child of this process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from stream_app.kafka import broker_watchdog
from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.broker_properties import (
    HOST,
    LOG4J,
    Listener,
    free_port,
    new_cluster_id,
    port_is_taken,
    server_properties,
)
from stream_app.kafka.broker_readiness import wait_until_ready
from stream_app.kafka.java import Java

_STOPPED_WITHIN_S = 60.0
_LOG_LINES = 15


def broker_folder(data: Path | None) -> Path:
    """The folder of a broker: the given one, else a new temporary one.

    Raises:
        BrokerUnavailable: the folder cannot be written, or holds something that is not a broker's.
    """
    if data is None:
        return Path(tempfile.mkdtemp(prefix="review-sentiment-stream-"))
    try:
        data.mkdir(parents=True, exist_ok=True)
        foreign = any(data.iterdir()) and not (data / "server.properties").exists()
    except OSError as exc:
        message = f"the broker's data folder {data} cannot be used: {exc}"
        raise BrokerUnavailable(message) from exc
    if foreign:
        message = f"the broker's data folder {data} holds other files: name a new or an empty folder"
        raise BrokerUnavailable(message)
    return data.absolute()


@dataclass
class LocalBroker:
    """One Kafka node, run by Java on this machine; `broker.local_broker` makes it.

    Beside `stop` it has what a test under faults needs: it can be ended (`terminate`, `kill`) and started
    again on the same port with the same records, and suspended and resumed.

    Attributes:
        java: What runs it.
        jars: Its class path.
        folder: Where its records, configuration and log are.
        port: Where clients find it on this machine.
        settings: Server properties beside the usual ones.
        client: librdkafka properties that a client of it needs.
        keep: Whether the folder outlives the broker.
        listeners: More ways in, by name.
        cluster_id: What its cluster is called, unless its records are of one already.
        pid: Process id of the Java that runs it, or ran it last.
    """

    java: Java
    jars: Sequence[Path]
    folder: Path
    port: int
    settings: Mapping[str, str]
    client: Mapping[str, str]
    keep: bool
    listeners: Mapping[str, Listener] = field(default_factory=dict)
    cluster_id: str = field(default_factory=new_cluster_id)
    pid: int = field(default=0, init=False)
    _watchdog: subprocess.Popen[str] | None = field(default=None, init=False)

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it, as host:port."""
        return f"{HOST}:{self.port}"

    def address(self, listener: str) -> str:
        """Where clients find one of its further listeners, as host:port."""
        return f"{HOST}:{self.listeners[listener].port}"

    @property
    def is_running(self) -> bool:
        """Whether its process is there; it may be suspended."""
        return self._watchdog is not None and self._watchdog.poll() is None

    @property
    def could_not_bind(self) -> bool:
        """Whether the log says that a port was taken."""
        return "failed to bind" in self._log()

    def start(self) -> None:
        """Start it, with the records of before if there are any, and wait until it answers.

        Raises:
            BrokerUnavailable: it ended, or did not answer in time.
        """
        self._forget_watchdog()  # of a Java that ended by itself
        formatted = self._meta_properties.exists()
        cluster_id = self._stored_cluster_id() if formatted else self.cluster_id
        config = self._write_configuration()
        storage_tool = self._command("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", config)
        node = self._command("kafka.Kafka", config)
        self._spawn([node] if formatted else [storage_tool, node])
        wait_until_ready(self.bootstrap_servers, self.client, cluster_id, self._raise_if_ended)

    def stop(self) -> None:
        """End it for good, orderly, and remove its folder unless that is to be kept."""
        if self._watchdog and self._watchdog.stdin:
            self._watchdog.stdin.close()
        self._forget_watchdog()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self) -> None:
        """End it orderly and start it again."""
        self.terminate()
        self.start()

    def terminate(self) -> None:
        """End the process orderly, with SIGTERM, and wait for its end."""
        self._signal(signal.SIGTERM)
        self._forget_watchdog()

    def kill(self) -> None:
        """End the process at once, with SIGKILL."""
        self._signal(signal.SIGKILL)
        self._forget_watchdog()

    def suspend(self) -> None:
        """Freeze the process with SIGSTOP: connections stay open and nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended process go on."""
        self._signal(signal.SIGCONT)

    @property
    def _meta_properties(self) -> Path:
        return self.folder / "records" / "meta.properties"

    def _stored_cluster_id(self) -> str:
        lines = self._meta_properties.read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith("cluster.id="))

    def _write_configuration(self) -> Path:
        (self.folder / "tmp").mkdir(exist_ok=True)
        (self.folder / "broker.log").unlink(missing_ok=True)
        (self.folder / "log4j2.properties").write_text(LOG4J)
        config = self.folder / "server.properties"
        records = str(self._meta_properties.parent)
        own = [self.port, *(door.port for door in self.listeners.values())]
        controller = free_port(port_is_taken, besides=own)
        config.write_text(server_properties(self.port, controller, records, self.settings, self.listeners))
        return config

    def _command(self, main_class: str, *arguments: str | Path) -> list[str]:
        return [
            str(self.java.path),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",  # it writes to the machine's temporary folder, and stays there after kill -9
            f"-Djava.io.tmpdir={self.folder / 'tmp'}",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp",
            os.pathsep.join(map(str, self.jars)),
            main_class,
            *map(str, arguments),
        ]

    def _spawn(self, commands: Sequence[Sequence[str]]) -> None:
        order = json.dumps({"commands": commands, "remove": None if self.keep else str(self.folder)})
        with (self.folder / "broker.log").open("a") as log:
            self._watchdog = subprocess.Popen(  # noqa: S603 - our own file and the Java found above
                [sys.executable, "-I", broker_watchdog.__file__, order],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                text=True,
                start_new_session=True,  # Ctrl-C in the terminal is for this process, not for Java
            )
        for _ in commands:
            self._read_pid()

    def _read_pid(self) -> None:
        printed = self._watchdog.stdout.readline() if self._watchdog and self._watchdog.stdout else ""
        if not printed:
            raise self._did_not_start()
        self.pid = int(printed)

    def _forget_watchdog(self) -> None:
        """Wait for the end of the watchdog, which ends after its Java."""
        watchdog, self._watchdog = self._watchdog, None
        if watchdog:
            watchdog.wait(_STOPPED_WITHIN_S)
            for pipe in filter(None, (watchdog.stdin, watchdog.stdout)):
                pipe.close()

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            os.kill(self.pid, number)

    def _raise_if_ended(self) -> None:
        if not self.is_running:
            raise self._did_not_start()

    def _did_not_start(self) -> BrokerUnavailable:
        lines = [line for line in self._log().splitlines() if not line.startswith("\t")]  # no stack traces
        tail = "\n".join(lines[-_LOG_LINES:])
        return BrokerUnavailable(f"Apache Kafka ended before it was ready. The end of its log:\n{tail}")

    def _log(self) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / "broker.log").read_text(errors="replace")
        return ""
