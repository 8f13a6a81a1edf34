from pathlib import Path

import pytest

from stream_app.kafka import local_broker
from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.broker_properties import Listener
from stream_app.kafka.java import Java
from stream_app.kafka.local_broker import LocalBroker


def test_the_controller_is_never_given_a_port_of_the_broker_s_own_listeners(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = {20_001, 20_002}  # free, as long as the broker has not started
    monkeypatch.setattr(local_broker, "port_is_taken", lambda port: port not in own)
    java, doors = Java(Path("no-java"), 17), {"TLS": Listener("SSL", 20_002)}
    broker = LocalBroker(java, [], tmp_path, 20_001, {}, {}, keep=True, listeners=doors)
    with pytest.raises(BrokerUnavailable, match="no free port"):
        broker.start()
