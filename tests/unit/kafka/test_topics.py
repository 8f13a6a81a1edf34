import pytest
from confluent_kafka.admin import AdminClient

from stream_app.kafka.topics import BROKER_DEFAULT, _new_config, plan_topics

DAY_MS = 24 * 60 * 60 * 1000


def test_the_plan_is_the_documented_one() -> None:
    plans = plan_topics("reviews.raw", "reviews.sentiment", "reviews.raw.dlq")
    assert [(plan.role, plan.name) for plan in plans] == [
        ("input", "reviews.raw"),
        ("result", "reviews.sentiment"),
        ("dead_letter", "reviews.raw.dlq"),
    ]
    assert {plan.partitions for plan in plans} == {12}
    assert {plan.replication_factor for plan in plans} == {BROKER_DEFAULT}
    assert [plan.retention_ms for plan in plans] == [7 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS]
    assert [plan.larger_than for plan in plans] == [None, None, "reviews.raw"]


def test_partitions_and_replicas_are_the_users_choice() -> None:
    plans = plan_topics("a", "b", "c", partitions=3, replication_factor=2)
    assert {(plan.partitions, plan.replication_factor) for plan in plans} == {(3, 2)}


@pytest.mark.parametrize(("replicas", "insync"), [(1, None), (2, None), (3, "2"), (5, "2")])
def test_from_three_replicas_on_two_must_have_a_record(replicas: int, insync: str | None) -> None:
    plan = plan_topics("a", "b", "c", replication_factor=replicas)[0]
    nobody = AdminClient({"bootstrap.servers": "127.0.0.1:1"})  # which need not be asked
    assert _new_config(nobody, plan).get("min.insync.replicas") == insync
