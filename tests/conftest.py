"""What every test may ask for: a broker, names of its own, the review pack."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stream_app.kafka.broker import Broker, LocalBroker, local_broker
from stream_app.kafka.docker_broker import docker_broker

REPOSITORY = Path(__file__).parents[1]

# A cold cache or a busy machine makes an example slow: no verdict hangs on time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@dataclass(frozen=True)
class GivenBroker:
    """The broker of TEST_BOOTSTRAP_SERVERS, which the tests did not start and do not stop."""

    bootstrap_servers: str
    is_running: bool = True

    def stop(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the user's STREAM_ variables, nor the .env of the folder it was started in."""
    for name in [name for name in os.environ if name.upper().startswith("STREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A broker for all tests: the one of TEST_BOOTSTRAP_SERVERS, else their own.

    TEST_BROKER_ENGINE says what runs their own: local (the default) or docker.
    """
    given = os.environ.get("TEST_BOOTSTRAP_SERVERS")
    if given:
        yield GivenBroker(given)
        return
    with _own_broker_of(os.environ.get("TEST_BROKER_ENGINE", "local")) as started:
        yield started


def _own_broker_of(kind: str) -> AbstractContextManager[Broker]:
    if kind == "local":
        return local_broker(port=0, say=print)
    if kind == "docker":
        return docker_broker(port=0, say=print)
    message = f"TEST_BROKER_ENGINE is {kind!r}: expected local or docker"
    raise ValueError(message)


@pytest.fixture(scope="module")
def _breakable_broker() -> Iterator[LocalBroker]:
    with local_broker(port=0, say=print) as started:
        yield started


@pytest.fixture
def own_broker(_breakable_broker: LocalBroker) -> Iterator[LocalBroker]:
    """A broker for the tests of one module, which may suspend, end and start it; each finds it running."""
    yield _breakable_broker
    _breakable_broker.resume()
    if not _breakable_broker.is_running:
        _breakable_broker.start()


@pytest.fixture
def topic_name(request: pytest.FixtureRequest) -> str:
    """A topic name that no other test and no other run uses; also good as the prefix of several."""
    test = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:60]
    return f"test-{test}-{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def pack() -> Path:
    """The folder of the review pack."""
    folder = Path(os.environ.get("REVIEWS_PACK") or REPOSITORY.parent / "shared" / "data").absolute()
    if not (folder / "reviews_dev.jsonl.gz").is_file():
        pytest.skip(f"no review pack in {folder}: set REVIEWS_PACK to its folder")
    return folder
