"""`stream-app produce`: reviews from a file to the input topic."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console

from stream_app.bundled import bundled
from stream_app.exit_codes import ExitCode
from stream_app.kafka.feed import FeedProgress, FeedWatch, feed
from stream_app.review_files import Problem, read_reviews
from stream_app.settings import Settings


def produce_file(  # noqa: PLR0913 - each is an option of the command
    settings: Settings,
    path: Path | None,
    *,
    rate: float | None,
    repeat: int,
    key: str,
    limit: int | None,
    as_json: bool,
) -> ExitCode:
    """Feed the file, or the sample of the package; say what could not be fed.

    Raises:
        ReviewFileError: the format is not known.
        KafkaRequestError: of the kind that says what is wrong.
        OSError: the file cannot be read.
    """
    source = str(bundled("womens_clothing_sample.jsonl.gz") if path is None else path)
    records = read_reviews(source, key, limit, repeat or sys.maxsize)
    console = Console(stderr=True)
    with console.status("producing") as status:

        def show(progress: FeedProgress) -> None:
            status.update(f"{progress.acked} of {progress.sent} acked, {progress.rate:.0f}/s")

        done = feed(settings.connection(), settings.input_topic, records, rate, FeedWatch(_complain, show))
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    else:
        console.print(
            f"{done.read} read, {done.acked} acked, {done.malformed} malformed, {done.failed} failed, "
            f"{done.rate:.0f}/s"
        )
    return ExitCode.INPUT_WRONG if done.malformed or done.failed else ExitCode.DONE


def _complain(problem: Problem) -> None:
    typer.echo(f"stream-app: {problem.place}: {problem.message}", err=True)
