import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.kafka_jars import (
    KAFKA_VERSION,
    Jar,
    Progress,
    default_cache_dir,
    fetch_jars,
    kafka_jars,
)
from tests.maven_repository import MavenRepository, serving

CONTENTS = {f"org/example/part-{n}/1.0/part-{n}-1.0.jar": bytes([n]) * 50_000 for n in range(4)}
JARS = [Jar(path, hashlib.sha256(content).hexdigest()) for path, content in CONTENTS.items()]
FETCH = """
import sys
from pathlib import Path
from stream_app.kafka.kafka_jars import Jar, fetch_jars
jars = [Jar(*pair.split("=")) for pair in sys.argv[2:]]
fetch_jars(Path(sys.argv[1]), jars, lambda line: print(line, flush=True))
print("fetched", flush=True)
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MavenRepository]:
    with serving(CONTENTS.get) as running:
        monkeypatch.setenv("JGO_CONFIG_FILE", str(running.configure_jgo(tmp_path)))
        yield running


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def fetch(cache_dir: Path) -> list[str]:
    """What was said while the jars were fetched, all of which are then as listed."""
    said: list[str] = []
    paths = fetch_jars(cache_dir, JARS, said.append)
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    return said


def fetching_process(cache_dir: Path) -> "subprocess.Popen[str]":
    pairs = [f"{jar.path}={jar.sha256}" for jar in JARS]
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, cache_dir, *pairs], stdout=subprocess.PIPE, text=True
    )


def cached(cache_dir: Path) -> set[str]:
    cache = cache_dir / f"kafka-{KAFKA_VERSION}"
    return {str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()}


class HeldDownload:
    """Holds a download when half of one file has been sent."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.half_sent = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, path: str, content: bytes) -> Iterator[bytes]:
        half = len(content) // 2
        yield content[:half]
        if path == self.path:
            self.half_sent.set()
            self.go_on.wait(60)
        yield content[half:]


def test_the_tracked_list_names_every_jar_of_kafka_once() -> None:
    jars = kafka_jars()
    names = [jar.coordinates[1] for jar in jars]
    assert len(set(names)) == len(jars) == 46
    assert {"kafka_2.13", "kafka-clients", "scala-library", "log4j-slf4j-impl"} <= set(names)
    assert all(len(jar.sha256) == 64 and int(jar.sha256, 16) for jar in jars)
    assert all(jar.path.endswith("/{1}/{2}/{1}-{2}.jar".format(*jar.coordinates)) for jar in jars)


def test_coordinates_come_from_the_path() -> None:
    assert Jar("org/apache/kafka/kafka_2.13/4.2.0/kafka_2.13-4.2.0.jar", "").coordinates == (
        "org.apache.kafka",
        "kafka_2.13",
        "4.2.0",
    )


def test_the_cache_is_where_the_user_keeps_caches(tmp_path: Path) -> None:
    assert default_cache_dir({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "review-sentiment-stream"
    assert default_cache_dir({}) == Path.home() / ".cache" / "review-sentiment-stream"


def test_an_empty_cache_is_filled_and_a_full_one_asks_for_nothing(
    repository: MavenRepository, cache_dir: Path
) -> None:
    said = fetch(cache_dir)
    assert "4 jars" in said[0]
    assert said[-1] == "downloaded 4 of 4 jars, 0.2 MB"
    assert repository.sent == list(CONTENTS)
    assert cached(cache_dir) == set(CONTENTS)
    assert not (cache_dir / f"kafka-{KAFKA_VERSION}.partial").exists()
    assert fetch(cache_dir) == []
    assert len(repository.sent) == 4


def test_a_full_cache_needs_neither_the_network_nor_jgo(
    repository: MavenRepository, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(cache_dir)
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    repository.sent.clear()
    assert fetch(cache_dir) == []
    assert repository.sent == []


def test_a_long_download_says_where_it_is_every_few_seconds() -> None:
    now = 0.0
    said: list[str] = []
    progress = Progress(2, said.append, clock=lambda: now)
    with progress.of_file("big.jar", 10_000_000) as add:
        for _ in range(10):
            now += 1
            add(1_000_000)
    progress.jar_done()
    progress.say_where_it_is()
    assert said == [
        "downloaded 0 of 2 jars, 3.0 MB",
        "downloaded 0 of 2 jars, 6.0 MB",
        "downloaded 0 of 2 jars, 9.0 MB",
        "downloaded 1 of 2 jars, 10.0 MB",
    ]


@pytest.mark.parametrize("damage", [b"", b"\x01" * 49_999, b"\x09" * 50_000])
def test_a_damaged_jar_is_fetched_again_and_the_others_are_not(
    repository: MavenRepository, cache_dir: Path, damage: bytes
) -> None:
    fetch(cache_dir)
    repository.sent.clear()
    (cache_dir / f"kafka-{KAFKA_VERSION}" / JARS[1].path).write_bytes(damage)
    assert "1 jars" in fetch(cache_dir)[0]
    assert repository.sent == [JARS[1].path]


def test_a_connection_that_breaks_is_tried_again(repository: MavenRepository, cache_dir: Path) -> None:
    def break_the_first(path: str, content: bytes) -> Iterator[bytes]:
        yield content[:1000]
        if repository.sent.count(path) == 1 and path == JARS[2].path:
            raise ConnectionError
        yield content[1000:]

    repository.pieces = break_the_first
    fetch(cache_dir)
    assert repository.sent.count(JARS[2].path) == 2


def test_a_jar_that_is_not_the_listed_one_is_refused_and_the_others_stay(
    repository: MavenRepository, cache_dir: Path
) -> None:
    repository.pieces = lambda path, content: iter([content if path != JARS[2].path else bytes(len(content))])
    with pytest.raises(BrokerUnavailable, match=r"org\.example:part-2:1\.0 .* another SHA-256 .* try again"):
        fetch(cache_dir)
    assert repository.sent.count(JARS[2].path) == 3
    assert cached(cache_dir) == {JARS[0].path, JARS[1].path}
    repository.pieces = lambda _path, content: iter([content])
    assert "2 jars" in fetch(cache_dir)[0]


def test_a_repository_that_cannot_be_reached_is_named_with_the_jar(
    cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = MavenRepository(CONTENTS.get, url="http://127.0.0.1:9").configure_jgo(tmp_path)
    monkeypatch.setenv("JGO_CONFIG_FILE", str(nowhere))
    with pytest.raises(
        BrokerUnavailable, match=r"org\.example:part-0:1\.0 .*127\.0\.0\.1.* Check the network"
    ):
        fetch(cache_dir)


def test_without_jgo_the_message_says_what_to_install(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    with pytest.raises(BrokerUnavailable, match=r"pip install 'review-sentiment-stream\[broker\]'"):
        fetch(cache_dir)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BrokerUnavailable, match=r"file/cache/kafka-.* Set XDG_CACHE_HOME"):
        fetch(tmp_path / "file" / "cache")


def test_a_download_killed_in_the_middle_is_taken_up_by_the_next(
    repository: MavenRepository, cache_dir: Path
) -> None:
    repository.pieces = held = HeldDownload(JARS[2].path)
    with fetching_process(cache_dir) as killed:
        assert held.half_sent.wait(60)
        killed.kill()
    held.go_on.set()
    assert cached(cache_dir) == {JARS[0].path, JARS[1].path}
    repository.sent.clear()
    fetch(cache_dir)
    assert repository.sent == [JARS[2].path, JARS[3].path]
    assert not (cache_dir / f"kafka-{KAFKA_VERSION}.partial").exists()


def test_of_two_processes_at_once_one_downloads_and_the_other_waits(
    repository: MavenRepository, cache_dir: Path
) -> None:
    repository.pieces = held = HeldDownload(JARS[0].path)
    with fetching_process(cache_dir) as first:
        assert held.half_sent.wait(60)
        with fetching_process(cache_dir) as second:
            assert second.stdout
            assert "waiting" in second.stdout.readline()
            held.go_on.set()
            assert first.communicate()[0].splitlines()[-1] == "fetched"
            assert second.communicate()[0].splitlines() == ["fetched"]
    assert repository.sent == list(CONTENTS)
