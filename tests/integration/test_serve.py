"""`stream-app serve` as a process."""

import http.client
import shutil
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stream_app.bundled import bundled
from tests.api import ask, serve
from tests.commands import stream_app
from tests.model_folders import edit_manifest
from tests.stream import wait_until

REVIEW = {"text": "The sound is great. The battery is poor!"}


def version_of(port: int) -> Any:  # noqa: ANN401 - whatever JSON can hold
    return ask(port, "GET", "/info").json["model"]["version"]


def test_it_reloads_the_model_at_sighup_and_ends_at_sigterm(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bundled("champion"), folder)
    with serve(tmp_path, model_path=str(folder)) as process:
        edit_manifest(folder, lambda _: {"version": "second"})
        process.send(signal.SIGHUP)
        wait_until(lambda: version_of(process.port) == "second", 30, process.log.read_text)

        edit_manifest(folder, lambda _: {"version": "third", "sha256": "0" * 64})
        process.send(signal.SIGHUP)
        assert process.wait_for("model_refused")["kept"] == "second"
        assert version_of(process.port) == "second"
        metrics = ask(process.port, "GET", "/metrics").body.decode()
        for outcome in ("loaded", "refused"):
            assert f'stream_app_model_reloads_total{{outcome="{outcome}"}} 1.0' in metrics
        assert 'stream_app_model_info{sha256="' in metrics
        assert 'version="second"} 1.0' in metrics

        process.send(signal.SIGTERM)
        assert process.wait() == 0
        assert process.events("api_drain_done")


def test_requests_that_come_until_the_end_are_all_answered(tmp_path: Path) -> None:
    """Each of many clients is answered, or was never let in: refused, or still in the kernel's queue of those
    who knock when the door was closed, which resets them.
    """
    with serve(tmp_path) as process, ThreadPoolExecutor(8) as pool:

        def outcome(_: int) -> int:
            try:
                return ask(process.port, "POST", "/v1/classify", [REVIEW] * 100).status
            except (ConnectionRefusedError, ConnectionResetError):
                return 0

        asked = [pool.submit(outcome, number) for number in range(300)]
        wait_until(lambda: sum(one.done() for one in asked) >= 40, 30, process.log.read_text)
        process.send(signal.SIGTERM)
        assert process.wait() == 0
        statuses = [one.result() for one in asked]
    assert set(statuses) <= {0, 200}
    assert statuses.count(200) >= 40


def test_without_a_broker_the_live_stream_says_so_and_the_rest_works(tmp_path: Path) -> None:
    with serve(tmp_path, "--live", bootstrap_servers="127.0.0.1:1") as process:
        connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=30)
        connection.request("GET", "/v1/results")
        events = connection.getresponse()
        told = [events.readline() for _ in range(4)]
        assert told[2:] == [b"event: state\n", b'data: {"connected":false}\n']
        assert process.wait_for("live_results_unavailable")["detail"].startswith("no Kafka broker answers")
        assert ask(process.port, "POST", "/v1/classify", REVIEW).status == 200
        process.send(signal.SIGTERM)
        assert events.read() == b"\n"  # the stream ends in good order
        assert process.wait() == 0
        connection.close()


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = stream_app("serve", "--api-port", port)
    assert ended.returncode == 1
    assert f"127.0.0.1:{port} (STREAM_API_HOST, STREAM_API_PORT)".encode() in ended.stderr


@pytest.mark.parametrize("settings", [{"api_port": "70000"}, {"model_path": "/nowhere"}])
def test_wrong_settings_are_refused(settings: dict[str, str]) -> None:
    ended = stream_app("serve", settings=settings)
    assert ended.returncode == 78
    assert b"Traceback" not in ended.stderr


def test_settings_reach_the_answers(tmp_path: Path) -> None:
    with serve(tmp_path, include_text="false", max_text_chars="20") as process:
        result = ask(process.port, "POST", "/v1/classify", {"text": "Good."}).json
        assert "text" not in result["sentences"][0]
        assert ask(process.port, "POST", "/v1/classify", {"text": "a" * 21}).status == 422
        document = ask(process.port, "GET", "/openapi.json").json
        assert document["components"]["schemas"]["Review"]["properties"]["text"]["maxLength"] == 20
