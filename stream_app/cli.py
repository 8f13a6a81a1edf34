"""The command line: names, options and help of every command. What a command does is in `commands`."""
# ruff: noqa: PLC0415 - a command imports what it alone needs, so that `--help` is there at once

from pathlib import Path
from typing import Annotated

import typer

from stream_app import cli_dlq
from stream_app.filter_options import time_option
from stream_app.options import API, CONNECTION, MODEL, RULES, TOPICS, WORKER, Engine, with_settings
from stream_app.settings import Settings

app = typer.Typer(
    help="Classifies every sentence of a Kafka stream of reviews as positive, neutral or negative.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
topics_app = typer.Typer(help="The topics: create, check.", no_args_is_help=True)
model_app = typer.Typer(help="The model: show, verify.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(cli_dlq.app, name="dlq")
app.add_typer(model_app, name="model")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Stop after so many.")]


@app.command()
@with_settings(*WORKER)
def worker(settings: Settings) -> None:
    """Classify the input topic until SIGTERM; SIGHUP loads the model and the log level anew."""
    from stream_app.commands.worker import run_worker

    run_worker(settings)


@app.command()
@with_settings(*API)
def serve(
    settings: Settings,
    live: Annotated[
        bool, typer.Option("--live", help="Show the results topic on the page as it grows.")
    ] = False,
) -> None:
    """Answer HTTP requests until SIGTERM, with a page to try it; SIGHUP loads model and log level anew."""
    from stream_app.commands.serve import run_serve

    run_serve(settings, live=live)


@app.command()
@with_settings(*MODEL, *RULES)
def classify(
    settings: Settings,
    file: Annotated[
        Path, typer.Argument(help="JSON lines, .gz or not; - reads standard input.", allow_dash=True)
    ],
) -> None:
    """Classify a file of reviews without Kafka: a result a line, problems to standard error."""
    from stream_app.commands.classify import classify_lines

    raise typer.Exit(classify_lines(settings, file))


@app.command()
@with_settings(*CONNECTION, "input_topic")
def produce(  # noqa: PLR0913, PLR0917 - each is an option of its own
    settings: Settings,
    file: Annotated[
        Path, typer.Argument(help="JSON lines, CSV or Parquet, .gz or not; - reads JSON lines.")
    ] = Path("-"),
    sample: Annotated[
        bool, typer.Option("--sample", help="Feed the sample that comes with the package.")
    ] = False,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Reviews per second; default: all at once.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=0, help="How often to feed the file; 0 never ends.")] = 1,
    key: Annotated[str, typer.Option(help="The field whose value becomes the key.")] = "review_id",
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Feed reviews from a file to the input topic, and wait until the broker has them."""
    from stream_app.commands.produce import produce_file

    raise typer.Exit(
        produce_file(
            settings,
            None if sample else file,
            rate=rate,
            repeat=repeat,
            key=key,
            limit=limit,
            as_json=as_json,
        )
    )


@app.command()
@with_settings(*CONNECTION, "result_topic")
def consume(
    settings: Settings,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="With --follow: what is there, too.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Print the results that are there, each sentence in the colour of its label."""
    from stream_app.commands.consume import consume_results

    raise typer.Exit(
        consume_results(
            settings, from_beginning=from_beginning, follow_on=follow, limit=limit, as_json=as_json
        )
    )


@app.command()
def demo(
    bootstrap_servers: Annotated[
        str | None, typer.Option(help="A broker to use; default: one is started.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave broker and worker running until Ctrl-C.")
    ] = False,
) -> None:
    """Send 2,000 real reviews and five broken records through a real Kafka, and account for each."""
    from stream_app.commands.demo import run_demo

    raise typer.Exit(run_demo(bootstrap_servers, keep=keep))


@app.command()
def broker(
    port: Annotated[int | None, typer.Option(help="Default: 9092 when free, else another.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A folder that keeps the records; default: none is kept.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="local (Java) or docker (the apache/kafka image).")
    ] = Engine.LOCAL,
) -> None:
    """Run an Apache Kafka for development until Ctrl-C."""
    from stream_app.commands.broker import run_broker

    run_broker(port, data, engine)


@topics_app.command("create")
@with_settings(*CONNECTION, *TOPICS)
def topics_create(
    settings: Settings,
    partitions: Annotated[int, typer.Option(min=1)] = 12,
    replication_factor: Annotated[int, typer.Option(help="-1: the broker's default.")] = -1,
) -> None:
    """Create the three topics; those that exist are left as they are."""
    from stream_app.commands.topics import create_topics

    create_topics(settings, partitions, replication_factor)


@topics_app.command("check")
@with_settings(*CONNECTION, *TOPICS, "group_id")
def topics_check(settings: Settings, as_json: Json = False) -> None:
    """Check that topics, limits, retention and rights are what the stream needs."""
    from stream_app.commands.topics import check_topics

    raise typer.Exit(check_topics(settings, as_json=as_json))


@app.command()
@with_settings(*CONNECTION, *TOPICS, "thresholds", *RULES, "group_id")
def replay(  # noqa: PLR0913, PLR0917 - each is an option of its own
    settings: Settings,
    from_ms: Annotated[
        int,
        typer.Option("--from", parser=time_option, metavar="TIME", help="2026-11-24T08:30 (UTC) or 2h ago."),
    ],
    to_ms: Annotated[int, typer.Option("--to", parser=time_option, metavar="TIME", help="Before this time.")],
    to_topic: Annotated[
        str, typer.Option(metavar="TOPIC", help="Where the results go; created if it is not there.")
    ],
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model; default: STREAM_MODEL_PATH, else the champion.")
    ] = None,
    dead_letters_to: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="Default: dead letters are counted only.")
    ] = None,
    into_live_results: Annotated[
        bool, typer.Option("--into-live-results", help="Allow the stream's own results topic.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="From the beginning, not where an earlier run stopped.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Classify a range of the input anew, to a topic of your choice; stopped, it goes on where it was."""
    from stream_app.commands.replay import replay_history
    from stream_app.history_replay import HistoryPlan

    plan = HistoryPlan(settings.input_topic, from_ms, to_ms, to_topic, dead_letters_to)
    chosen = settings if model is None else settings.model_copy(update={"model_path": model})
    raise typer.Exit(replay_history(chosen, plan, again=again, into_live=into_live_results, as_json=as_json))


@model_app.command("show")
@with_settings(*MODEL)
def model_show(settings: Settings, as_json: Json = False) -> None:
    """Show what the model says about itself."""
    from stream_app.commands.show import show_model

    show_model(settings, as_json=as_json)


@model_app.command("verify")
@with_settings(*MODEL)
def model_verify(settings: Settings) -> None:
    """Load the model as the worker does, with all its checks."""
    from stream_app.commands.show import verify_model

    verify_model(settings)


@app.command()
@with_settings(*WORKER)
def config(settings: Settings, as_json: Json = False) -> None:
    """Show every setting with its value."""
    from stream_app.commands.show import show_config

    show_config(settings, as_json=as_json)


@app.command()
def schemas(
    write: Annotated[
        Path | None, typer.Option(help="Make them anew from the code, into this folder.")
    ] = None,
) -> None:
    """Print the JSON Schemas of the messages and the AsyncAPI document."""
    from stream_app.commands.show import show_schemas, write_schemas

    if write is None:
        show_schemas()
    else:
        write_schemas(write)
