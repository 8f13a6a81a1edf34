"""Quix Streams as its documentation shows it: a dataframe, a function per review, scikit-learn inside it."""

import argparse
from typing import Any

from quixstreams import Application, message_context  # type: ignore[import-not-found] # in bench/.venv

from bench.peers.classification import HEADERS, classify, load_model
from bench.peers.options import stream_options
from bench.peers.source import Source


def main() -> None:
    """Run until SIGTERM, which Quix Streams listens for."""
    parser = argparse.ArgumentParser(description=__doc__, parents=[stream_options()])
    options = parser.parse_args()
    model = load_model(options.model)
    app = Application(
        options.bootstrap_servers,
        consumer_group=options.group_id,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        auto_create_topics=False,
        loglevel="WARNING",
    )

    def classify_review(
        review: dict[str, Any], _key: object, timestamp: int, _headers: object
    ) -> dict[str, Any]:
        context = message_context()
        source = Source(context.topic, context.partition, context.offset, timestamp)
        return classify(model, [(review, source)])[0]

    results = app.dataframe(app.topic(options.input_topic)).apply(classify_review, metadata=True)
    results = results.set_headers(lambda *_: HEADERS)
    results.to_topic(app.topic(options.result_topic))
    app.run()


if __name__ == "__main__":
    main()
