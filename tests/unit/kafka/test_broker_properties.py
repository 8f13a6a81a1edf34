import socket
from collections.abc import Iterator

import pytest

from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.broker_properties import (
    HOST,
    Listener,
    choose_port,
    free_port,
    free_ports,
    new_cluster_id,
    port_is_taken,
    server_properties,
)
from stream_app.kafka.docker_broker import environment_variable


def everything_is_free(_port: int) -> bool:
    return False


def everything_is_taken(_port: int) -> bool:
    return True


@pytest.fixture
def listening_port() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as listener:
        yield listener.getsockname()[1]


def properties(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_node_listens_on_this_machine_alone_and_creates_no_topics_by_itself() -> None:
    found = properties(server_properties(9092, 9093, "/records", {}))
    assert found["listeners"] == "CLIENT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert found["advertised.listeners"] == "CLIENT://127.0.0.1:9092"
    assert found["controller.quorum.voters"] == "1@127.0.0.1:9093"
    assert found["log.dirs"] == "/records"
    assert found["auto.create.topics.enable"] == "false"


def test_further_listeners_are_on_this_machine_too() -> None:
    doors = {"LOGIN": Listener("SASL_SSL", 9094)}
    found = properties(server_properties(9092, 9093, "/records", {}, doors))
    assert found["listeners"] == "CLIENT://127.0.0.1:9092,LOGIN://127.0.0.1:9094,CONTROLLER://127.0.0.1:9093"
    assert found["advertised.listeners"] == "CLIENT://127.0.0.1:9092,LOGIN://127.0.0.1:9094"
    protocols = found["listener.security.protocol.map"]
    assert protocols == "CLIENT:PLAINTEXT,LOGIN:SASL_SSL,CONTROLLER:PLAINTEXT"


def test_given_settings_win() -> None:
    text = server_properties(1, 2, "/records", {"log.retention.ms": "1000", "message.max.bytes": "2000"})
    found = properties(text)
    assert found["log.retention.ms"] == "1000"
    assert found["message.max.bytes"] == "2000"
    assert text.count("log.retention.ms=") == 1


def test_a_value_keeps_its_backslashes_and_stays_on_its_line() -> None:
    found = properties(server_properties(1, 2, "/records", {"some.value": "a\\b\nnode.id=7"}))
    assert found["some.value"] == r"a\\b\nnode.id=7"
    assert found["node.id"] == "1"


def test_the_usual_port_is_taken_when_free() -> None:
    assert choose_port(None, everything_is_free) == 9092


def test_another_port_is_taken_when_the_usual_one_is_not_free() -> None:
    assert 20_000 <= choose_port(None, {9092}.__contains__) < 32_000


def test_port_zero_means_any_free_one() -> None:
    assert 20_000 <= choose_port(0, everything_is_free) < 32_000


def test_a_named_port_is_taken_or_refused() -> None:
    assert choose_port(19092, everything_is_free) == 19092
    with pytest.raises(BrokerUnavailable, match="port 19092 is taken"):
        choose_port(19092, everything_is_taken)


def test_a_machine_without_free_ports_is_told_so() -> None:
    with pytest.raises(BrokerUnavailable, match="no free port"):
        free_port(everything_is_taken)


def test_free_ports_differ_and_spare_those_already_promised() -> None:
    def all_but_three(port: int) -> bool:
        return port not in {20_001, 20_002, 20_003}

    assert sorted(free_ports(2, all_but_three, besides=[20_002])) == [20_001, 20_003]
    with pytest.raises(BrokerUnavailable, match="no free port"):
        free_ports(3, all_but_three, besides=[20_002])


def test_a_port_with_a_listener_is_taken_and_after_its_end_is_not(listening_port: int) -> None:
    assert port_is_taken(listening_port)
    assert not port_is_taken(free_port(port_is_taken))


def test_a_port_bound_on_all_addresses_is_taken() -> None:
    with socket.create_server(("", 0)) as listener:
        assert port_is_taken(listener.getsockname()[1])


def test_a_port_that_is_bound_but_not_yet_listening_is_taken() -> None:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        assert port_is_taken(bound.getsockname()[1])


def test_cluster_ids_differ_and_never_look_like_an_option() -> None:
    ids = {new_cluster_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(len(each) == 22 and "-" not in each for each in ids)


@pytest.mark.parametrize(
    ("server_property", "variable"),
    [
        ("message.max.bytes", "KAFKA_MESSAGE_MAX_BYTES"),
        ("a-b.c_d", "KAFKA_A___B_C__D"),
    ],
)
def test_the_image_takes_properties_as_variables(server_property: str, variable: str) -> None:
    assert environment_variable(server_property) == variable
