"""Topics as the tests want them."""

from confluent_kafka.admin import AdminClient, NewTopic

from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.topics import limits
from tests.stream import wait_until


def make_topic(connection: Connection, name: str, partitions: int = 1, **config: str) -> None:
    """A topic that can be used, whatever is wrong with it; `max_message_bytes` is `max.message.bytes`.

    It keeps records for ever unless told otherwise, since tests give them old timestamps.
    """
    settings = {"retention.ms": "-1"} | {key.replace("_", "."): value for key, value in config.items()}
    admin = AdminClient(connection.confluent_config("test"))
    admin.create_topics([NewTopic(name, partitions, 1, config=settings)])[name].result()
    wait_until(lambda: _is_there(connection, name), 30, lambda: f"topic {name} is not there")


def _is_there(connection: Connection, name: str) -> bool:
    try:
        return bool(limits(connection, [name]))
    except TopicError:
        return False
