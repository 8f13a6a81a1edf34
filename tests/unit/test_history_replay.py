"""What a replay of history may write to, and what makes two of them the same."""

from dataclasses import replace

import pytest
import typer

from stream_app.commands.replay import check_targets
from stream_app.history_replay import HistoryPlan
from stream_app.settings import Settings

PLAN = HistoryPlan("reviews.raw", 1_000, 2_000, "reviews.other", "reviews.other.dlq")


@pytest.mark.parametrize("topic", ["reviews.raw", "reviews.sentiment", "reviews.raw.dlq"])
def test_the_live_topics_are_no_targets_for_results(topic: str) -> None:
    with pytest.raises(typer.BadParameter, match=f"--to-topic: {topic} is a topic of the live stream"):
        check_targets(Settings(), replace(PLAN, results=topic), into_live=False)


def test_the_live_results_are_a_target_when_asked() -> None:
    check_targets(Settings(), PLAN, into_live=False)
    check_targets(Settings(), replace(PLAN, results="reviews.sentiment"), into_live=True)
    for topic in ("reviews.raw", "reviews.raw.dlq"):
        with pytest.raises(typer.BadParameter, match="live stream"):
            check_targets(Settings(), replace(PLAN, results=topic), into_live=True)


@pytest.mark.parametrize("topic", ["reviews.raw", "reviews.sentiment", "reviews.other"])
def test_dead_letters_go_among_neither_reviews_nor_results(topic: str) -> None:
    with pytest.raises(typer.BadParameter, match=f"--dead-letters-to: .* got {topic}"):
        check_targets(Settings(), replace(PLAN, dead_letters=topic), into_live=False)


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="before that of --to"):
        check_targets(Settings(), replace(PLAN, from_ms=2_000), into_live=False)


def test_only_the_same_replay_goes_on_where_one_stopped() -> None:
    group = PLAN.group("g", "sha", ["rules"])
    assert group == replace(PLAN).group("g", "sha", ["rules"])
    assert group.startswith("g-replay-")
    changed = {"source": "a", "from_ms": 0, "to_ms": 3_000, "results": "b", "dead_letters": None}
    others = [replace(PLAN, **{name: value}).group("g", "sha", ["rules"]) for name, value in changed.items()]  # type: ignore[arg-type] # each of its own kind
    others += [PLAN.group("g", "other sha", ["rules"]), PLAN.group("g", "sha", ["others"])]
    assert len({group, *others}) == len(others) + 1
