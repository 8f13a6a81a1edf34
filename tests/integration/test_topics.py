"""Topics on a real broker: creation, limits, deletion, and a check that finds each fault."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from stream_app.kafka.broker import Broker, local_broker
from stream_app.kafka.connection import (
    BrokerUnavailableError,
    Connection,
    ConnectionSettingsError,
    GroupError,
    TopicError,
)
from stream_app.kafka.reader import committed, read
from stream_app.kafka.topic_checks import Finding, check
from stream_app.kafka.topics import TopicLimits, TopicPlan, create, delete, limits, plan_topics
from tests.topics import make_topic

pytestmark = pytest.mark.broker

LIMIT = 1_048_588
"""Kafka's default of `message.max.bytes`."""
DAY_MS = 24 * 60 * 60 * 1000

Plans = tuple[TopicPlan, TopicPlan, TopicPlan]


@pytest.fixture
def connection(broker: Broker) -> Connection:
    return Connection(broker.bootstrap_servers)


@pytest.fixture
def plans(connection: Connection, topic_name: str) -> Iterator[Plans]:
    planned = plan_topics(f"{topic_name}.raw", f"{topic_name}.sentiment", f"{topic_name}.dlq", partitions=3)
    yield planned
    delete(connection, [plan.name for plan in planned])


def test_topics_are_created_once(connection: Connection, plans: Plans) -> None:
    assert [(made.name, made.outcome) for made in create(connection, plans)] == [
        (plan.name, "created") for plan in plans
    ]
    assert {made.outcome for made in create(connection, plans)} == {"exists"}
    assert check(connection, plans, "some-group") == []


def test_what_is_missing_is_added_to_what_exists(connection: Connection, plans: Plans) -> None:
    make_topic(connection, plans[0].name, partitions=5, max_message_bytes="500000")
    assert [made.outcome for made in create(connection, plans)] == ["exists", "created", "created"]
    assert limits(connection, [plan.name for plan in plans]) == {
        plans[0].name: TopicLimits(5, 500_000),
        plans[1].name: TopicLimits(3, LIMIT),
        plans[2].name: TopicLimits(3, 500_000 + 65_536),
    }


def test_topics_that_do_not_exist_are_told_with_what_to_do(connection: Connection, plans: Plans) -> None:
    with pytest.raises(TopicError, match=rf"{plans[0].name}.*stream-app topics create"):
        limits(connection, [plans[0].name])


def test_asking_for_a_topic_does_not_create_it(connection: Connection, plans: Plans) -> None:
    for _ in range(2):
        assert {finding.severity for finding in check(connection, plans, "some-group")} == {"error"}
        with pytest.raises(TopicError, match="does not exist"):
            read(connection, plans[0].name)


def test_what_the_broker_refuses_is_told(connection: Connection, topic_name: str) -> None:
    for plans, reason in (
        (plan_topics(topic_name, "b", "c", partitions=0), "partitions"),
        (plan_topics(topic_name, "b", "c", replication_factor=100), "replicat"),
        (plan_topics(f"{topic_name}?", "b", "c"), "invalid"),
    ):
        with pytest.raises(TopicError, match=rf"{topic_name}.*{reason}"):
            create(connection, plans)


def test_deleting_twice_is_no_error(connection: Connection, plans: Plans) -> None:
    create(connection, plans)
    names = [plan.name for plan in plans]
    delete(connection, names)
    delete(connection, names)
    with pytest.raises(TopicError):
        limits(connection, names)


def test_an_absent_broker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.kafka.topic_state.REQUEST_TIMEOUT_S", 1.0)
    with pytest.raises(BrokerUnavailableError, match=r"127\.0\.0\.1:1"):
        check(Connection("127.0.0.1:1"), plan_topics("a", "b", "c"), "some-group")


class Fault(NamedTuple):
    """One topic that is not as planned, and what the check says of it."""

    topic: int
    partitions: int
    config: dict[str, str]
    severity: str
    says: str


FAULTS = [
    Fault(0, 2, {}, "warning", "has 2 partitions, planned are 3"),
    Fault(1, 4, {}, "warning", "has 4 partitions, the input 3"),
    Fault(1, 3, {"max_message_bytes": "500000"}, "warning", "max.message.bytes is 500000"),
    Fault(1, 3, {"retention_ms": str(DAY_MS)}, "warning", "1 days"),
    Fault(1, 3, {"min_insync_replicas": "2"}, "error", "nothing can be written"),
    Fault(2, 3, {}, "error", f"set {LIMIT + 65_536}"),
    Fault(2, 3, {"max_message_bytes": "9000000", "cleanup_policy": "compact"}, "error", "without a key"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.says)
def test_the_check_finds_the_fault(connection: Connection, plans: Plans, fault: Fault) -> None:
    broken = plans[fault.topic]
    make_topic(connection, broken.name, fault.partitions, **fault.config)
    create(connection, plans)
    found = [finding for finding in check(connection, plans, "some-group") if finding.subject == broken.name]
    assert [finding.severity for finding in found] == [fault.severity]
    assert fault.says in found[0].message


def test_the_check_finds_a_missing_topic(connection: Connection, plans: Plans) -> None:
    create(connection, plans)
    delete(connection, [plans[1].name])
    (finding,) = check(connection, plans, "some-group")
    assert (finding.severity, finding.subject) == ("error", plans[1].name)
    assert "stream-app topics create" in finding.message


class Secured:
    """A broker with users and rights; a user's password is the user's name."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._admin = AdminClient(self.login("admin").confluent_config("test"))

    def login(self, user: str, password: str | None = None) -> Connection:
        return Connection(self._servers, "SASL_PLAINTEXT", "PLAIN", user, password or user)

    def grant(
        self, user: str, operation: AclOperation, name: str, kind: ResourceType = ResourceType.TOPIC
    ) -> None:
        literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
        rule = AclBinding(kind, name, literal, f"User:{user}", "*", operation, allow)
        self._admin.create_acls([rule])[rule].result()


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    users = " ".join(f'user_{name}="{name}"' for name in ("admin", "worker", "nobody"))
    settings = {
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": f'{login} username="admin" password="admin" {users};',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:admin;User:ANONYMOUS",
    }
    client_settings = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "admin",
        "sasl.password": "admin",
    }
    with local_broker(port=0, settings=settings, client=client_settings, say=print) as started:
        yield Secured(started.bootstrap_servers)


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it holds within five seconds: rights take effect a moment after they are granted."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def test_the_check_finds_each_missing_right(secured: Secured) -> None:
    plans = plan_topics("raw", "sentiment", "dlq", partitions=1)
    create(secured.login("admin"), plans)
    worker = secured.login("worker")

    def found() -> list[Finding]:
        return check(worker, plans, "the-group")

    assert [finding.subject for finding in found()] == ["raw", "sentiment", "dlq", "the-group"]
    for plan in plans:
        secured.grant("worker", AclOperation.DESCRIBE, plan.name)
    secured.grant("worker", AclOperation.DESCRIBE, "the-group", ResourceType.GROUP)
    assert eventually(lambda: len(found()) == 7)
    assert [(finding.subject, finding.message.split(":")[0]) for finding in found()] == [
        ("raw", "the user lacks the right to Read"),
        ("raw", "the user lacks the right to DescribeConfigs"),
        ("sentiment", "the user lacks the right to Write"),
        ("sentiment", "the user lacks the right to DescribeConfigs"),
        ("dlq", "the user lacks the right to Write"),
        ("dlq", "the user lacks the right to DescribeConfigs"),
        ("the-group", "the user lacks the right to Read"),
    ]
    for plan in plans:
        needed = AclOperation.READ if plan.role == "input" else AclOperation.WRITE
        secured.grant("worker", needed, plan.name)
        secured.grant("worker", AclOperation.DESCRIBE_CONFIGS, plan.name)
    secured.grant("worker", AclOperation.READ, "the-group", ResourceType.GROUP)
    assert eventually(lambda: found() == [])


def test_what_a_user_may_not_do_is_told(secured: Secured) -> None:
    create(secured.login("admin"), plan_topics("a", "b", "c", partitions=1))
    nobody = secured.login("nobody")
    for forbidden in (
        lambda: create(nobody, plan_topics("x", "y", "z")),
        lambda: limits(nobody, ["a"]),
        lambda: delete(nobody, ["a"]),
        lambda: read(nobody, "a"),
    ):
        with pytest.raises(TopicError, match=r"topic [ax] may not be used.*grant"):
            forbidden()
    with pytest.raises(GroupError, match="right to Read the consumer group"):
        committed(nobody, "the-group", "a")


def test_a_wrong_password_is_told_as_such(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.kafka.topic_state.REQUEST_TIMEOUT_S", 2.0)
    with pytest.raises(ConnectionSettingsError, match=r"refuses the login.*STREAM_SASL_"):
        limits(secured.login("worker", "wrong"), ["a"])
