"""The API on its real server, over real connections."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stream_app.api import app as app_module
from stream_app.api import server as server_module
from stream_app.api.live import MAX_CLIENTS, LiveResults
from stream_app.api.metrics import ROUTES
from stream_app.api.openapi import MAX_BODY_BYTES, openapi
from stream_app.api.security import SECURITY_HEADERS
from tests.api import Answer, RunningApi, ask, running_api
from tests.live import FilledTopic, results_of
from tests.stream import wait_until

REVIEW = {"title": "Love it", "text": "The sound is great. The battery is poor!"}


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api() as running:
        yield running


def requests_counted(api: RunningApi, route: str, status: int) -> float:
    labels = {"route": route, "status": str(status)}
    return api.registry.get_sample_value("stream_app_http_requests_total", labels) or 0.0


def test_one_review_or_several_are_classified(api: RunningApi) -> None:
    one = ask(api.port, "POST", "/v1/classify", REVIEW)
    assert (one.status, one.headers["Content-Type"]) == (200, "application/json")
    assert [(sentence["part"], sentence["text"]) for sentence in one.json["sentences"]] == [
        ("title", "Love it"),
        ("text", "The sound is great."),
        ("text", "The battery is poor!"),
    ]
    assert ask(api.port, "POST", "/v1/classify", [REVIEW]).json == [one.json]


def test_many_clients_at_once_get_their_own_answers(api: RunningApi) -> None:
    def classified(number: int) -> str:
        text = f"Number {number} is good."
        return str(ask(api.port, "POST", "/v1/classify", {"text": text}).json["sentences"][0]["text"])

    with ThreadPoolExecutor(16) as pool:
        texts = list(pool.map(classified, range(200)))
    assert texts == [f"Number {number} is good." for number in range(200)]


def refusals(api: RunningApi) -> Iterator[tuple[Answer, int, str]]:
    """Answers, with the status and a part of the detail that each must have."""
    port, path = api.port, "/v1/classify"
    plain = {"Content-Type": "text/plain"}
    packed = {"Content-Encoding": "gzip"}
    yield ask(port, "POST", path, b"{"), 400, "truncated"
    yield ask(port, "GET", "/nothing"), 404, "no such path"
    yield ask(port, "GET", "//v1/classify/"), 404, "no such path"
    yield ask(port, "GET", path), 405, "Allow lists"
    yield ask(port, "OPTIONS", path), 405, "Allow lists"
    yield ask(port, "POST", path, b" " * (MAX_BODY_BYTES + 1)), 413, "at most 1048576 bytes"
    yield ask(port, "POST", path, b"{}", plain), 415, "expected Content-Type application/json"
    yield ask(port, "POST", path, b"{}", packed), 415, "without Content-Encoding"
    yield ask(port, "POST", path, {"text": " "}), 422, "field `text` is blank"
    yield ask(port, "GET", "/v1/results"), 404, "--live"


def test_every_refusal_is_a_problem_that_says_what_was_expected(api: RunningApi) -> None:
    for answer, status, detail in refusals(api):
        assert (answer.status, answer.json["status"]) == (status, status)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert detail in answer.json["detail"]
        assert answer.json["title"]
        assert answer.headers.items() >= SECURITY_HEADERS.items()


def test_a_method_that_is_not_allowed_gets_those_that_are(api: RunningApi) -> None:
    assert ask(api.port, "DELETE", "/v1/classify").headers["Allow"] == "POST"
    assert set(ask(api.port, "POST", "/livez", b"").headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTX\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"POST /v1/classify HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /v1/classify HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_what_is_refused_before_it_is_read_gets_a_problem_too(
    api: RunningApi, sent: bytes, status: int
) -> None:
    before = requests_counted(api, "unparsed", status)
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == json.loads(body)["status"] == status
    assert b"application/problem+json" in head
    assert b"Content-Security-Policy" in head
    wait_until(lambda: requests_counted(api, "unparsed", status) == before + 1, 20, lambda: "not counted")


def test_an_error_that_nobody_foresaw_is_told_without_its_words(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: bytes) -> bytes:
        raise RuntimeError("a secret")

    monkeypatch.setattr(api.classifier, "classify", fail)
    answer = ask(api.port, "POST", "/v1/classify", REVIEW)
    assert (answer.status, answer.json["title"]) == (500, "Internal Server Error")
    assert b"secret" not in answer.body


def test_a_request_that_waited_too_long_is_told_to_come_back(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "MAX_WAIT_S", -1.0)
    answer = ask(api.port, "POST", "/v1/classify", REVIEW)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert ask(api.port, "GET", "/livez").status == 200  # a probe is answered all the same


def test_a_client_that_sends_too_slowly_is_cut_off(api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "RECEIVE_WITHIN_S", 0.0)
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as connection:
        connection.sendall(b"POST /v1/classify HTTP/1.1\r\n")
        assert connection.recv(1) == b""


def test_a_connection_serves_one_request_after_the_other(api: RunningApi) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    connection.connect()
    address = connection.sock.getsockname()
    ids = []
    for number in range(3):
        body, kind = json.dumps(REVIEW | {"review_id": number}), "application/json; charset=utf-8"
        connection.request("POST", "/v1/classify", body, {"Content-Type": kind})
        ids.append(json.load(connection.getresponse())["review_id"])
    assert ids == ["0", "1", "2"]
    assert connection.sock.getsockname() == address
    connection.close()


def test_the_operations_pages(api: RunningApi) -> None:
    assert ask(api.port, "GET", "/livez").json == {"status": "ok", "reasons": []}
    assert ask(api.port, "GET", "/readyz").json == {"status": "ok", "reasons": []}
    assert ask(api.port, "GET", "/openapi.json").json == openapi(20_000)
    info = ask(api.port, "GET", "/info").json
    model = api.classifier.model
    assert info["model"]["sha256"] == model.sha256
    assert (info["live"], info["max_text_chars"]) == (False, 20_000)
    assert ask(api.port, "HEAD", "/livez").body == b""


def test_metrics_tell_requests_by_a_bounded_route(api: RunningApi) -> None:
    before = requests_counted(api, "/v1/classify", 200), requests_counted(api, "unmatched", 404)
    ask(api.port, "POST", "/v1/classify", REVIEW)
    for number in range(3):
        ask(api.port, "GET", f"/nothing/{number}")
    text = ask(api.port, "GET", "/metrics").body.decode()
    after = requests_counted(api, "/v1/classify", 200), requests_counted(api, "unmatched", 404)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 3)
    assert set(re.findall(r'route="([^"]+)"', text)) <= set(ROUTES)
    assert 'stream_app_http_request_seconds_bucket{le="0.02",route="/v1/classify"}' in text
    assert "stream_app_model_info{" not in text  # the entry point tells which model it loaded
    assert "process_resident_memory_bytes" in text


def test_every_route_of_the_application_is_a_known_label(api: RunningApi) -> None:
    rules = {rule.rule for rule in api.app.url_map.iter_rules()}
    assert rules | {"unmatched", "unparsed"} == set(ROUTES)


class Gate:
    """Holds the classification of a server until it is opened."""

    def __init__(self, api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self._classify = api.classifier.classify
        monkeypatch.setattr(api.classifier, "classify", self)

    def __call__(self, body: bytes) -> bytes:
        self.entered.set()
        assert self.open.wait(20)
        return self._classify(body)


def test_a_stop_answers_what_has_come_and_refuses_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_api(threads=1) as api, ThreadPoolExecutor(2) as pool:
        gate = Gate(api, monkeypatch)
        at_work = pool.submit(ask, api.port, "POST", "/v1/classify", REVIEW)
        assert gate.entered.wait(20)
        queued = pool.submit(ask, api.port, "POST", "/v1/classify", REVIEW)
        with socket.create_connection(("127.0.0.1", api.port), timeout=20) as half:
            half.sendall(b"GET /livez HTTP/1.1\r\n")
            wait_until(lambda: _pending(api) == 3, 20, lambda: "the requests did not come")
            api.server.stop()
            wait_until(lambda: _is_refused(api.port), 20, lambda: "it still listens")
            half.sendall(b"\r\n")
            gate.open.set()
            late = half.recv(65_536)
        for answer in (at_work.result(20), queued.result(20)):
            assert answer.status == 200
            assert answer.headers["Connection"] == "close"
        assert late.startswith(b"HTTP/1.1 200 OK")


def _pending(api: RunningApi) -> int:
    """How many connections have something of a request."""
    return sum(not one.is_idle for one in list(api.server._listener.active_channels.values()))


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it waited to be accepted as the door closed
    return False


def test_a_stop_cuts_off_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_api(drain_timeout_s=0.2) as api, ThreadPoolExecutor(1) as pool:
        gate = Gate(api, monkeypatch)
        at_work = pool.submit(ask, api.port, "POST", "/v1/classify", REVIEW)
        assert gate.entered.wait(20)
        api.server.stop()
        assert isinstance(at_work.exception(20), http.client.HTTPException | ConnectionError)
        gate.open.set()


class LiveClient:
    """Reads the events of a live stream."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request("GET", "/v1/results")
        self.answer = self._connection.getresponse()

    def event(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """The content of the next event of this name."""
        while self.answer.readline() != f"event: {name}\n".encode():
            pass
        return json.loads(self.answer.readline().removeprefix(b"data: "))

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def test_live_results_come_as_events_to_a_bounded_number_of_clients() -> None:
    topic = FilledTopic()
    with running_api(live=LiveResults(topic.follow), threads=MAX_CLIENTS + 1) as api:
        clients = [LiveClient(api.port) for _ in range(MAX_CLIENTS)]
        assert clients[0].answer.headers["Content-Type"] == "text/event-stream"
        refused = ask(api.port, "GET", "/v1/results")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
        wait_until(lambda: topic.followed == 1, 20, lambda: "nobody reads the topic")
        topic.put(*results_of(b'{"review_id": "r7", "text": "Good."}'))
        assert [client.event("result")["review_id"] for client in clients] == ["r7"] * MAX_CLIENTS
        assert ask(api.port, "POST", "/v1/classify", REVIEW).status == 200  # a thread is left for it
        clients.pop().close()
        wait_until(lambda: _gets_in(api.port), 20, lambda: "no place for another client")
        api.server.stop()
        assert all(client.answer.read() is not None for client in clients)  # each ends


def _gets_in(port: int) -> bool:
    client = LiveClient(port)
    client.close()
    return client.answer.status == 200
