"""`stream-app topics`: create and check."""

import json
from dataclasses import asdict

import typer

from stream_app.exit_codes import ExitCode
from stream_app.kafka.topic_checks import check
from stream_app.kafka.topics import create, plan_topics
from stream_app.settings import Settings


def create_topics(settings: Settings, partitions: int, replication_factor: int) -> None:
    """Create the three topics, as far as they are not there.

    Raises:
        KafkaRequestError: of the kind that says what is wrong.
    """
    names = (settings.input_topic, settings.result_topic, settings.dlq_topic)
    plans = plan_topics(*names, partitions=partitions, replication_factor=replication_factor)
    for creation in create(settings.connection(), plans):
        typer.echo(f"{creation.name}: {creation.outcome}")


def check_topics(settings: Settings, *, as_json: bool) -> ExitCode:
    """Print what is wrong; 78 when something would keep the worker from working.

    Raises:
        KafkaRequestError: the broker cannot be asked.
    """
    names = (settings.input_topic, settings.result_topic, settings.dlq_topic)
    findings = check(settings.connection(), plan_topics(*names), settings.group_id)
    for finding in findings:
        line = f"{finding.severity}: {finding.subject}: {finding.message}"
        typer.echo(json.dumps(asdict(finding)) if as_json else line)
    if not findings:
        typer.echo("topics and rights are as they should be", err=True)
    wrong = any(finding.severity == "error" for finding in findings)
    return ExitCode.CONFIGURATION if wrong else ExitCode.DONE
