"""The command stream-train."""

import logging
import sys

import typer

from training.commands.drift import drift_command
from training.commands.evaluate import evaluate_command
from training.commands.failures import CODES, exit_code
from training.commands.layers import clean_command, dataset_command, ingest_command, specs_command
from training.commands.promote import promote_command
from training.commands.retrain import retrain_command
from training.commands.train import train_command

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("ingest")(ingest_command)
app.command("clean")(clean_command)
app.command("dataset")(dataset_command)
app.command("specs")(specs_command)
app.command("train")(train_command)
app.command("evaluate")(evaluate_command)
app.command("promote")(promote_command)
app.command("drift")(drift_command)
app.command("retrain")(retrain_command)


def main() -> None:
    """Run a command; what is wrong with its input becomes a message and an exit code."""
    logging.getLogger("confluent_kafka").addHandler(logging.NullHandler())  # a command says what failed
    try:
        app()
    except tuple(CODES) as error:
        typer.echo(f"stream-train: {error}", err=True)
        sys.exit(exit_code(error))
