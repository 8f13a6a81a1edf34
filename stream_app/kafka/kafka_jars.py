"""The jars of Apache Kafka, in a cache that never holds a jar which is not the listed one.

`kafka-4.2.0.sha256` beside this module lists them in the form of `sha256sum`, by their paths in a Maven
repository: the runtime dependencies of `org.apache.kafka:kafka_2.13`, as a Maven resolver finds them, and
`log4j-slf4j-impl`, which Kafka's own archive adds, without which a broker keeps its errors to itself.
As the list is complete nothing needs resolving at run time; jgo, a Maven client in pure Python, fetches
each jar. It writes to the place where it later finds it and checks afterwards, so it works in a folder beside
the cache, under a lock, and a jar moves over only when its hash is right. Whatever ends a download half-way,
the cache holds whole jars, and the next start fetches the others.
"""

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from stream_app.kafka.broker_errors import BrokerUnavailable

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA_VERSION = "4.2.0"
_ATTEMPTS = 3
_SECONDS_BETWEEN_LINES = 3.0


@dataclass(frozen=True)
class Jar:
    """One jar: its path in a Maven repository (group/artifact/version/file) and its SHA-256 in hex."""

    path: str
    sha256: str

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """Group, artifact and version."""
        *group, artifact, version, _file = self.path.split("/")
        return ".".join(group), artifact, version

    def is_in(self, folder: Path) -> bool:
        """Whether the folder holds this jar, byte for byte."""
        try:
            with (folder / self.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


def kafka_jars() -> list[Jar]:
    """The jars of Apache Kafka, in the order of the tracked list."""
    listed = files("stream_app.kafka").joinpath(f"kafka-{KAFKA_VERSION}.sha256").read_text(encoding="ascii")
    pairs = (line.split() for line in listed.splitlines())
    return [Jar(path, sha256) for sha256, path in pairs]


def default_cache_dir(environ: Mapping[str, str]) -> Path:
    """Where downloads are kept: XDG_CACHE_HOME, else ~/.cache, and there a folder of this project's name."""
    base = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "review-sentiment-stream"


def fetch_jars(cache_dir: Path, jars: Sequence[Jar], say: Callable[[str], None]) -> list[Path]:
    """The paths of the jars in the cache, each checked against its hash, the missing ones downloaded.

    Safe to call from several processes at once: one downloads, the others wait for it.

    Raises:
        BrokerUnavailable: a jar cannot be had, or the cache cannot be written.
    """
    cache = cache_dir.absolute() / f"kafka-{KAFKA_VERSION}"
    try:
        if _missing(jars, cache):
            with _lock(cache.with_name(f"{cache.name}.lock"), say):
                _download(_missing(jars, cache), cache, say)
    except OSError as exc:
        message = f"the cache folder {cache} cannot be used: {exc}. Set XDG_CACHE_HOME to a folder that can."
        raise BrokerUnavailable(message) from exc
    return [cache / jar.path for jar in jars]


def _missing(jars: Sequence[Jar], cache: Path) -> list[Jar]:
    return [jar for jar in jars if not jar.is_in(cache)]


@contextmanager
def _lock(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold an exclusive lock on the file; the system lets go of it however this process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is downloading Apache Kafka: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(jars: Sequence[Jar], cache: Path, say: Callable[[str], None]) -> None:
    if not jars:
        return
    partial = cache.with_name(f"{cache.name}.partial")
    progress = Progress(len(jars), say)
    maven = _maven_context(partial, progress)
    say(f"downloading Apache Kafka {KAFKA_VERSION} into {cache}: {len(jars)} jars, only this once")
    for jar in jars:
        _download_one(jar, maven, partial, cache)
        (cache / jar.path).parent.mkdir(parents=True, exist_ok=True)
        (partial / jar.path).replace(cache / jar.path)
        progress.jar_done()
    shutil.rmtree(partial)
    progress.say_where_it_is()


def _maven_context(repo_cache: Path, progress: "Progress") -> "MavenContext":
    try:
        from jgo.config import GlobalSettings  # noqa: PLC0415 - the extra `broker` may be absent
        from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 - the same
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - the same
    except ImportError as exc:
        message = (
            "a broker needs packages that are not installed: pip install 'review-sentiment-stream[broker]'"
        )
        raise BrokerUnavailable(message) from exc
    return MavenContext(
        resolver=PythonResolver(progress_callback=progress.of_file),
        repo_cache=repo_cache,
        # jgo's own configuration file may name a mirror.
        remote_repos={"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories},
    )


def _download_one(jar: Jar, maven: "MavenContext", partial: Path, cache: Path) -> None:
    from requests import RequestException  # noqa: PLC0415 - jgo brings it; the extra may be absent

    group, artifact, version = jar.coordinates
    failure: object = None
    for attempt in range(_ATTEMPTS):
        time.sleep(attempt)
        (partial / jar.path).unlink(missing_ok=True)  # jgo takes a file that exists for a good one
        try:
            maven.project(group, artifact).at_version(version).artifact().resolve()
        except (RequestException, RuntimeError) as exc:
            failure = exc
            continue
        if jar.is_in(partial):
            return
        failure = "what arrived has another SHA-256 than the listed one"
    message = (
        f"cannot download {group}:{artifact}:{version} for Apache Kafka: {failure}. "
        f"Check the network and try again; the jars that arrived stay in {cache}."
    )
    raise BrokerUnavailable(message)


class Progress:
    """Says how far a download is, as lines with some seconds between them."""

    def __init__(
        self, jars: int, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jars = jars
        self._jars_done = 0
        self._bytes = 0
        self._say = say
        self._clock = clock
        self._said_at = clock()

    @contextmanager
    def of_file(self, _name: str, _size: int) -> Iterator[Callable[[int], None]]:
        """What jgo reports to: it calls what this gives with the size of each piece."""
        yield self._add

    def jar_done(self) -> None:
        """Counts one more jar."""
        self._jars_done += 1

    def say_where_it_is(self) -> None:
        """Says how many jars and bytes have come."""
        self._said_at = self._clock()
        self._say(f"downloaded {self._jars_done} of {self._jars} jars, {self._bytes / 1e6:.1f} MB")

    def _add(self, size: int) -> None:
        self._bytes += size
        if self._clock() - self._said_at >= _SECONDS_BETWEEN_LINES:
            self.say_where_it_is()
