"""TLS, logins and rights on a real broker: who gets in, who does not, and what is said about it."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from stream_app.kafka.topic_checks import check
from stream_app.kafka.topics import plan_topics
from stream_app.settings import load_settings
from tests.commands import stream_app
from tests.conftest import REPOSITORY
from tests.secured_broker import KEY_PASSWORD, PASSWORD, Right, SecuredBroker, secured_broker
from tests.stream import Stream, reviews, stream, wait_until
from tests.token_endpoint import CLIENT, SECRET

pytestmark = pytest.mark.broker

SECRETS = (PASSWORD, KEY_PASSWORD, SECRET)
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}


class DocumentedRight(NamedTuple):
    """One operation of a row of the table in docs/security.md."""

    who: str
    resource: str
    setting: str
    operation: str

    def on(self, names: Mapping[str, str]) -> Right:
        """With the names that a test gives to topics and group."""
        kind = ResourceType[self.resource.upper().replace(" ", "_")]
        return kind, names[self.setting.lower()], OPERATIONS[self.operation]


def documented_rights() -> list[DocumentedRight]:
    """The table of docs/security.md."""
    lines = (REPOSITORY / "docs/security.md").read_text().splitlines()
    start = lines.index("| who | resource | STREAM_… | operations |") + 2
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]]
    rows = rows[: next(n for n, row in enumerate(rows) if len(row) == 1)]
    return [
        DocumentedRight(who, resource, setting, right.strip())
        for who, resource, setting, rights in rows
        for right in rights.split(",")
    ]


RIGHTS = documented_rights()
WORKER_RIGHTS = [right for right in RIGHTS if right.who == "worker"]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path_factory.mktemp("secured")) as made:
        yield made


@pytest.fixture
def flow(secured: SecuredBroker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    """A stream whose topics the administrator has made."""
    with stream(secured.bootstrap_servers, topic_name, tmp_path) as made:
        made.create_topics(partitions=2, dead_letters={"max.message.bytes": "1200000"})
        yield made


def names(flow: Stream) -> dict[str, str]:
    topics = {"input_topic": flow.input, "result_topic": flow.results, "dlq_topic": flow.dead_letters}
    return topics | {"group_id": flow.group}


def grant(secured: SecuredBroker, user: str, flow: Stream, *who: str) -> None:
    for right in RIGHTS:
        if right.who in who:
            secured.grant(user, right.on(names(flow)))


CLIENTS: dict[str, tuple[Callable[[SecuredBroker], dict[str, str]], str]] = {
    "tls": (SecuredBroker.tls, "ANONYMOUS"),
    "mutual tls": (SecuredBroker.mutual_tls, "CN=certified"),
    "PLAIN": (partial(SecuredBroker.login, mechanism="PLAIN"), "worker"),
    "SCRAM-SHA-256": (partial(SecuredBroker.login, mechanism="SCRAM-SHA-256"), "worker"),
    "SCRAM-SHA-512": (partial(SecuredBroker.login, mechanism="SCRAM-SHA-512"), "worker"),
    "OAUTHBEARER": (SecuredBroker.oauth, CLIENT),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_worker_with_the_documented_rights_and_no_other_makes_the_round_trip_and_tells_no_secret(
    secured: SecuredBroker, flow: Stream, client: str
) -> None:
    settings_of, user = CLIENTS[client]
    grant(secured, user, flow, "worker")
    flow.feed([*reviews(20), (b"k", b"poison")])
    worker = flow.start_worker(**settings_of(secured), log_level="debug")
    flow.wait_for_outputs(21)
    told = worker.get("/info")[1] + worker.get("/metrics")[1]
    assert worker.terminate() == 0
    verdict = flow.verdict()
    assert (verdict.results, verdict.dead_letters, verdict.lost, verdict.duplicates) == (20, 1, 0, 0)
    assert flow.group in told
    assert not [secret for secret in SECRETS if secret in told + worker.text()]


def test_a_worker_in_transactions_needs_its_transactional_ids_and_ends_without(
    secured: SecuredBroker, flow: Stream
) -> None:
    settings = secured.login("SCRAM-SHA-256") | {"processing_guarantee": "exactly_once"}
    grant(secured, "worker", flow, "worker")
    flow.feed([*reviews(20), (b"k", b"poison")])
    refused = flow.start_worker(**settings)
    assert refused.wait(120) == 78
    assert "TransactionalIdAuthorizationFailed" in refused.text()
    grant(secured, "worker", flow, "worker, exactly-once")
    flow.start_worker(**settings)
    verdict = flow.wait_until_nothing_is_lost()
    assert (verdict.results, verdict.dead_letters, verdict.duplicates) == (20, 1, 0)


def test_the_commands_log_in_as_the_worker_does(secured: SecuredBroker, flow: Stream, tmp_path: Path) -> None:
    settings = names(flow) | secured.login("SCRAM-SHA-512")
    grant(secured, "worker", flow, "worker", "produce", "consume")
    file = tmp_path / "reviews.jsonl"
    file.write_text('{"review_id": 1, "text": "I love it."}\n')
    checked = stream_app("topics", "check", settings=settings)
    assert b"error" not in checked.stdout
    assert checked.returncode == 0, checked.stderr
    fed = stream_app("produce", str(file), settings=settings)
    assert fed.returncode == 0, fed.stderr
    flow.start_worker(**settings)
    flow.wait_for_outputs(1)
    consumed = stream_app("consume", "--json", settings=settings)
    assert json.loads(consumed.stdout)["review_id"] == "1"


def test_each_documented_right_of_the_worker_is_needed(secured: SecuredBroker, flow: Stream) -> None:
    connection = load_settings(**secured.login("PLAIN")).connection()
    plans = plan_topics(flow.input, flow.results, flow.dead_letters, partitions=2)
    grant(secured, "worker", flow, "worker")
    for right in WORKER_RIGHTS:
        secured.revoke("worker", right.on(names(flow)))
        wait_until(lambda: bool(check(connection, plans, flow.group)), 10, lambda: "the right is not missed")
        (finding,) = check(connection, plans, flow.group)
        assert (finding.severity, finding.subject) == ("error", names(flow)[right.setting.lower()])
        assert right.operation in finding.message
        secured.grant("worker", right.on(names(flow)))
        wait_until(lambda: not check(connection, plans, flow.group), 10, lambda: "the right is back")


def test_a_worker_that_loses_its_group_ends_with_configuration(secured: SecuredBroker, flow: Stream) -> None:
    for right in WORKER_RIGHTS:
        if right.resource == "topic":
            secured.grant("worker", right.on(names(flow)))
    worker = flow.start_worker(**secured.login("PLAIN"))
    assert worker.wait(60) == 78
    assert "GroupAuthorizationFailed" in worker.text()


class Refusal(NamedTuple):
    """Settings of which one is wrong, and what is said about it."""

    settings: dict[str, str]
    says: tuple[str, ...]


def refusals(secured: SecuredBroker) -> dict[str, Refusal]:
    login, tls = "refuses the login", "TLS with 127.0.0.1:"
    without_certificate = {
        name: value
        for name, value in secured.mutual_tls().items()
        if not name.startswith(("ssl_key", "ssl_cert"))
    }
    wrong_key = secured.mutual_tls() | {"ssl_key_password": "wrong"}
    return {
        "wrong password, PLAIN": Refusal(secured.login("PLAIN", "worker", "wrong"), (login, "STREAM_SASL_")),
        "wrong password, SCRAM": Refusal(
            secured.login("SCRAM-SHA-512", "worker", "wrong"), (login, "STREAM_SASL_")
        ),
        "wrong client secret": Refusal(
            secured.login("OAUTHBEARER", CLIENT, "wrong"), ("STREAM_SASL_OAUTH_TOKEN_URL", "401")
        ),
        "unknown authority": Refusal(secured.unknown_authority(), (tls, "certificate verify failed")),
        "wrong host name": Refusal(secured.stranger(), (tls, "certificate verify failed")),
        "no certificate": Refusal(without_certificate, (tls, "STREAM_SSL_")),
        "wrong key password": Refusal(wrong_key, ("ssl.key.",)),
    }


@pytest.mark.timeout(400)
def test_whoever_is_refused_is_told_why_and_the_exit_code_is_configuration(
    secured: SecuredBroker, flow: Stream
) -> None:
    cases = refusals(secured)

    def run(command: tuple[str, ...], case: str) -> subprocess.CompletedProcess[bytes]:
        settings = names(flow) | cases[case].settings
        return stream_app(*command, settings=settings, within_s=120)

    workers = [
        (("worker", "--http-port", "0"), case) for case in ("wrong password, SCRAM", "unknown authority")
    ]
    runs = [*workers, *((("topics", "check"), case) for case in cases)]
    with ThreadPoolExecutor(3) as pool:  # librdkafka tries for ten seconds
        ended = list(pool.map(lambda pair: run(*pair), runs))
    for (command, case), process in zip(runs, ended, strict=True):
        said = process.stderr.decode()
        assert process.returncode == 78, (command, case, said)
        assert [part for part in cases[case].says if part not in said] == [], (command, case, said)
        assert "Traceback" not in said
        assert not [secret for secret in SECRETS if secret in said]


def test_config_shows_no_secret(secured: SecuredBroker) -> None:
    settings = secured.oauth() | secured.mutual_tls() | {"security_protocol": "SASL_SSL"}
    for arguments in (["config"], ["config", "--json"]):
        shown = stream_app(*arguments, settings=settings)
        assert shown.returncode == 0, shown.stderr
        assert b"oauth-worker" in shown.stdout
        assert not [secret for secret in SECRETS if secret.encode() in shown.stdout + shown.stderr]


def test_a_worker_listens_on_loopback_unless_told(flow: Stream) -> None:
    worker = flow.start_worker()
    worker.wait_until_ready()
    everywhere = flow.start_worker(http_host="0.0.0.0")  # noqa: S104 - what the test is about
    wait_until(lambda: everywhere.get("/livez")[0] == 200, 60, everywhere.text)
    assert listening(worker.pid) == {("127.0.0.1", worker.port)}
    assert listening(everywhere.pid) == {("0.0.0.0", everywhere.port)}  # noqa: S104 - see above


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses that a process listens on, itself and its children."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    connections = [connection for process in family for connection in process.net_connections("inet")]
    return {(c.laddr.ip, c.laddr.port) for c in connections if c.status == psutil.CONN_LISTEN}
