"""A real PostgreSQL for tests, from the machine's own binaries: a cluster in a temporary folder."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.stream import wait_until

PASSWORD = "secret"  # noqa: S105 - of a cluster that lives as long as a test
OWNER = "reviews"


@dataclass(frozen=True)
class Postgres:
    """A running cluster."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """Its database, as users write it."""
        return f"postgresql://{OWNER}:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.address) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def kill(self) -> None:
        """Take it away at once, connections or not."""
        self.process.kill()
        self.process.wait()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A cluster on a port of its own that ends with the block; skips where there is no PostgreSQL."""
    initdb, server = _binary("initdb"), _binary("postgres")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    owner = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    if owner:
        shutil.chown(folder, owner)
    cluster, port = folder / "cluster", _free_port()
    try:
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        made = [initdb, "-D", str(cluster), "-U", OWNER, "-A", "scram-sha-256", "--no-sync", "-E", "UTF8"]
        subprocess.run(
            [*made, f"--pwfile={folder / 'password'}"],
            user=owner,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, "-D", cluster, *options], user=owner, cwd=folder, stdout=log, stderr=log
            )
        started = Postgres(port, process)
        try:
            wait_until(lambda: _answers(started), 60, (folder / "log").read_text)
            yield started
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary(name: str) -> str:
    """Debian keeps the server's programs out of the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(debian[-1]) if debian else None)
    if found is None:
        pytest.skip(f"no {name}: install PostgreSQL (Debian: apt-get install postgresql)")
    return found


def _answers(started: Postgres) -> bool:
    try:
        started.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
