"""Stock Faust with scikit-learn per review, in the fastest of its ways that waits for the broker.

`take_events` hands out what has come, up to 500; each review is scored by itself and sent with `topic.send`;
the events are acked when all their results are held by the broker. (Awaiting each send before the next review
would be slower.)
"""

import argparse
import asyncio
import sys
from typing import Any

import faust

from bench.peers.classification import HEADERS, classify, load_model
from bench.peers.options import stream_options
from bench.peers.source import Source

_TAKE = 500
_WITHIN_S = 0.02


def _source(event: Any) -> Source:  # noqa: ANN401 - Faust's event
    message = event.message
    return Source(message.topic, message.partition, message.offset, int(message.timestamp * 1000))


def main() -> None:
    """Run until SIGTERM, which Faust listens for."""
    parser = argparse.ArgumentParser(description=__doc__, parents=[stream_options()])
    options = parser.parse_args()
    model = load_model(options.model)
    app = faust.App(
        options.group_id,
        broker=f"kafka://{options.bootstrap_servers}",
        store="memory://",
        autodiscover=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_commit_interval=0.5,
    )
    reviews = app.topic(options.input_topic, key_type=bytes, key_serializer="raw", value_serializer="json")
    results = app.topic(options.result_topic, key_serializer="raw", value_serializer="json")

    @app.agent(reviews)
    async def classify_reviews(stream: Any) -> None:  # noqa: ANN401 - Faust types it without take_events
        async for events in stream.take_events(_TAKE, within=_WITHIN_S):
            sent = []
            for event in events:
                result = classify(model, [(event.value, _source(event))])[0]
                sent.append(await results.send(key=event.key, value=result, headers=dict(HEADERS)))
            await asyncio.gather(*sent)

    sys.argv = ["faust", "worker", "--loglevel", "info", "--without-web"]
    app.main()


if __name__ == "__main__":
    main()
