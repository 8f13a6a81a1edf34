from dataclasses import replace
from typing import Any

import pytest

from stream_app.kafka.connection import TopicError
from stream_app.kafka.topic_checks import Checked, Finding, findings
from stream_app.kafka.topic_state import TopicConfig, TopicState
from stream_app.kafka.topics import DEAD_LETTER_HEADROOM, Role, TopicPlan, plan_topics

PLANS = plan_topics("reviews.raw", "reviews.sentiment", "reviews.raw.dlq")
LIMIT = 1_048_588


def good(plan: TopicPlan) -> TopicState:
    limit = LIMIT + DEAD_LETTER_HEADROOM if plan.role == "dead_letter" else LIMIT
    return TopicState(
        name=plan.name,
        partitions=12,
        replicas=3,
        leaderless=(),
        operations=frozenset({"READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"}),
        config=TopicConfig(limit, plan.retention_ms, 2, frozenset({"delete"})),
    )


def with_config(state: TopicState, changes: dict[str, Any]) -> TopicState:
    assert state.config is not None
    return replace(state, config=replace(state.config, **changes))


def found(role: Role, changed: TopicState | TopicError) -> list[Finding]:
    return findings([Checked(plan, changed if plan.role == role else good(plan)) for plan in PLANS])


def state_of(role: Role) -> TopicState:
    return next(good(plan) for plan in PLANS if plan.role == role)


def test_nothing_is_found_when_all_is_as_planned() -> None:
    assert findings([Checked(plan, good(plan)) for plan in PLANS]) == []


@pytest.mark.parametrize("role", ["input", "result", "dead_letter"])
def test_an_absent_topic_is_an_error_and_the_others_are_still_looked_at(role: Role) -> None:
    name = state_of(role).name
    assert found(role, TopicError("it is absent")) == [Finding("error", name, "it is absent")]


@pytest.mark.parametrize(
    ("role", "changes", "severity", "says"),
    [
        ("input", {"leaderless": (3, 5)}, "error", "partition 3, 5"),
        ("dead_letter", {"partitions": 6}, "warning", "6 partitions, planned are 12"),
        ("result", {"partitions": 24}, "warning", "24 partitions, the input 12"),
        ("input", {"operations": frozenset({"DESCRIBE", "DESCRIBE_CONFIGS"})}, "error", "right to Read"),
        ("result", {"operations": frozenset({"READ", "DESCRIBE_CONFIGS"})}, "error", "right to Write"),
        ("dead_letter", {"operations": frozenset({"WRITE"}), "config": None}, "error", "DescribeConfigs"),
    ],
)
def test_what_is_wrong_with_a_topic_is_told(
    role: Role, changes: dict[str, Any], severity: str, says: str
) -> None:
    (finding,) = found(role, replace(state_of(role), **changes))
    assert (finding.severity, finding.subject) == (severity, state_of(role).name)
    assert says in finding.message


@pytest.mark.parametrize(
    ("role", "changes", "severity", "says"),
    [
        ("input", {"retention_ms": 86_400_000}, "warning", "1 days, planned are 7"),
        ("dead_letter", {"retention_ms": 7 * 86_400_000}, "warning", "7 days, planned are 30"),
        ("dead_letter", {"cleanup_policies": frozenset({"compact"})}, "error", "without a key"),
        ("result", {"cleanup_policies": frozenset({"compact", "delete"})}, "warning", "one result per key"),
        ("result", {"min_insync_replicas": 1}, "warning", "min.insync.replicas is 1"),
        ("result", {"min_insync_replicas": 4}, "error", "nothing can be written"),
        ("dead_letter", {"max_message_bytes": LIMIT}, "error", f"set {LIMIT + DEAD_LETTER_HEADROOM}"),
        ("result", {"max_message_bytes": LIMIT - 1}, "warning", "large results"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_told(
    role: Role, changes: dict[str, Any], severity: str, says: str
) -> None:
    (finding,) = found(role, with_config(state_of(role), changes))
    assert (finding.severity, finding.subject) == (severity, state_of(role).name)
    assert says in finding.message


@pytest.mark.parametrize(
    "harmless",
    [
        with_config(state_of("input"), {"retention_ms": -1}),
        with_config(state_of("input"), {"cleanup_policies": frozenset({"compact"})}),
        replace(with_config(state_of("input"), {"min_insync_replicas": 1}), replicas=1),
        replace(state_of("input"), operations=frozenset()),
    ],
    ids=["kept for ever", "compacted input", "one replica", "rights not told"],
)
def test_what_is_no_fault_is_not_told(harmless: TopicState) -> None:
    assert found("input", harmless) == []


def test_without_the_inputs_limit_the_others_are_not_compared_with_it() -> None:
    unreadable = replace(state_of("input"), config=None)
    small = with_config(state_of("dead_letter"), {"max_message_bytes": 1_000})
    states = [unreadable, state_of("result"), small]
    assert findings([Checked(plan, state) for plan, state in zip(PLANS, states, strict=True)]) == []
