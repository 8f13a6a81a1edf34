"""`stream-app replay`: a range of the input classified anew, to a topic of its own."""

import json
from dataclasses import asdict

import typer
from rich.console import Console

from stream_app.commands.classifier import model_folder, rules_of
from stream_app.exit_codes import ExitCode
from stream_app.history_replay import HistoryCount, HistoryPlan, HistoryReplay
from stream_app.kafka.connection import TopicError
from stream_app.kafka.topic_checks import check
from stream_app.kafka.topics import BROKER_DEFAULT, DAY_MS, TopicPlan, create, limits
from stream_app.model_store import load_model
from stream_app.options import RULES
from stream_app.settings import Settings
from stream_app.times import show_time


def replay_history(
    settings: Settings, plan: HistoryPlan, *, again: bool, into_live: bool, as_json: bool
) -> ExitCode:
    """Classify the range; 1 when there were dead letters and no topic to keep them.

    Raises:
        ModelError: the model must not be used.
        TopicError: a topic does not exist or may not be used.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """
    check_targets(settings, plan, into_live=into_live)
    model = load_model(model_folder(settings), settings.thresholds)
    rules = [getattr(settings, name) for name in ("thresholds", *RULES)]
    group = plan.group(settings.group_id, model.sha256, rules)
    _prepare_topics(settings, plan, group)
    console = Console(stderr=True)
    span = f"from {show_time(plan.from_ms)} to {show_time(plan.to_ms)}"
    typer.echo(f"{plan.source} {span}, model {model.version}, group {group}", err=True)
    with console.status("replaying") as status:

        def show(count: HistoryCount) -> None:
            status.update(_progress(count))

        with HistoryReplay(settings.connection(), plan, group, show) as run:
            count = run.run(model, rules_of(settings), again=again)
    kept = plan.dead_letters is not None
    if as_json:
        typer.echo(json.dumps(asdict(count) | {"group": group, "model_version": model.version}))
    else:
        typer.echo(_summary(count, plan), err=True)
    return ExitCode.DONE if kept or not count.dead_letters else ExitCode.INPUT_WRONG


def check_targets(settings: Settings, plan: HistoryPlan, *, into_live: bool) -> None:
    """Refuse targets that would mix the replay with what is live.

    Raises:
        typer.BadParameter: a target is one of the stream's own topics, or both are the same.
    """
    if plan.from_ms >= plan.to_ms:
        raise typer.BadParameter("--from: expected a time before that of --to")
    live = {settings.input_topic, settings.dlq_topic}
    if plan.results in live or (plan.results == settings.result_topic and not into_live):
        raise typer.BadParameter(
            f"--to-topic: {plan.results} is a topic of the live stream, expected another one "
            "(results may go among the live ones with --into-live-results)"
        )
    if plan.dead_letters in {settings.input_topic, settings.result_topic, plan.results}:
        raise typer.BadParameter(
            f"--dead-letters-to: expected a topic for dead letters, got {plan.dead_letters}"
        )


def _prepare_topics(settings: Settings, plan: HistoryPlan, group: str) -> None:
    """Create the targets that are not there, as the stream's are made, and check those that are."""
    connection = settings.connection()
    partitions = limits(connection, [plan.source])[plan.source].partitions
    source = TopicPlan("input", plan.source, partitions, BROKER_DEFAULT, retention_ms=0)
    targets = [TopicPlan("result", plan.results, partitions, BROKER_DEFAULT, 7 * DAY_MS)]
    if plan.dead_letters is not None:
        letters = TopicPlan(
            "dead_letter", plan.dead_letters, partitions, BROKER_DEFAULT, 30 * DAY_MS, larger_than=plan.source
        )
        targets.append(letters)
    for creation in create(connection, targets):
        typer.echo(f"{creation.name}: {creation.outcome}", err=True)
    for finding in check(connection, [source, *targets], group):
        if finding.severity == "error":
            raise TopicError(f"{finding.subject}: {finding.message}")
        typer.echo(f"{finding.severity}: {finding.subject}: {finding.message}", err=True)


def _progress(count: HistoryCount) -> str:
    share = count.done / count.offsets if count.offsets else 1
    rate = (count.done - count.before) / count.seconds if count.seconds else 0
    return f"{count.done} of {count.offsets} offsets, {share:.0%}, {rate:.0f}/s"


def _summary(count: HistoryCount, plan: HistoryPlan) -> str:
    letters = ", ".join(f"{reason} {number}" for reason, number in count.dead_letters.items()) or "none"
    where = f" (in {plan.dead_letters})" if plan.dead_letters else " (counted only: see --dead-letters-to)"
    return (
        f"{_progress(count)}, {count.before} of them by an earlier run\n"
        f"{count.results} results in {plan.results}; dead letters: {letters}"
        f"{where if count.dead_letters else ''}"
    )
