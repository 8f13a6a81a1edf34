"""The commands that need no broker."""

import gzip
import json
import shutil
import socket
from pathlib import Path

import pytest

from stream_app.bundled import bundled
from tests.commands import stream_app


def test_classify_gives_a_result_a_line_in_the_same_order(tmp_path: Path) -> None:
    texts = [f"Number {number}. I love it." for number in range(600)]
    file = tmp_path / "reviews.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    ended = stream_app("classify", str(file))
    assert (ended.returncode, ended.stderr) == (0, b"")
    results = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [result["review_id"] for result in results] == [f"line-{number}" for number in range(1, 601)]
    assert results[7]["sentences"][0]["text"] == "Number 7."
    assert "source" not in results[0]


def test_classify_tells_of_bad_lines_by_number_and_goes_on() -> None:
    ended = stream_app(
        "classify", "-", stdin=b'{"text": "Good."}\n\nnot json\n{"text": " "}\n{"text": "Bad."}'
    )
    assert ended.returncode == 1
    assert [json.loads(line)["review_id"] for line in ended.stdout.splitlines()] == ["line-1", "line-5"]
    problems = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [(problem["line"], problem["reason"]) for problem in problems] == [
        (3, "not_json"),
        (4, "blank_text"),
    ]


def test_classify_follows_the_settings() -> None:
    ended = stream_app(
        "classify", "-", "--field-map", "text=body", "--include-text", "false", stdin=b'{"body": "Good."}'
    )
    assert ended.returncode == 0, ended.stderr
    assert "text" not in json.loads(ended.stdout)["sentences"][0]


@pytest.mark.parametrize("arguments", [["classify"], ["classify", "-", "--no-such"], ["nothing"]])
def test_a_wrong_command_line_is_usage(arguments: list[str]) -> None:
    assert stream_app(*arguments).returncode == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = stream_app("classify", str(tmp_path / "absent.jsonl"))
    assert ended.returncode == 1
    assert b"absent.jsonl" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_a_wrong_setting_ends_with_78_and_its_name() -> None:
    ended = stream_app("worker", settings={"processing_guarantee": "at_most_once"})
    assert ended.returncode == 78
    assert b"STREAM_PROCESSING_GUARANTEE: got 'at_most_once'" in ended.stderr


def test_a_corrupt_model_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bundled("champion"), folder)
    artifact = next(folder.glob("model-*.joblib"))
    artifact.write_bytes(artifact.read_bytes()[:-1])
    for command in (["model", "verify"], ["classify", "-"], ["worker"]):
        ended = stream_app(*command, settings={"model_path": str(folder)}, stdin=b'{"text": "a"}')
        assert ended.returncode == 78
        assert artifact.name.encode() in ended.stderr
        assert b"Traceback" not in ended.stderr


def test_the_model_shows_and_verifies_itself() -> None:
    assert stream_app("model", "verify").returncode == 0
    shown = json.loads(stream_app("model", "show", "--json").stdout)
    assert shown["version"].encode() in stream_app("model", "show").stdout


def test_config_shows_what_is_set_and_hides_secrets() -> None:
    ended = stream_app("config", "--json", settings={"group_id": "mine", "sasl_password": "hunter2"})
    assert json.loads(ended.stdout)["group_id"] == "mine"
    assert b"hunter2" not in ended.stdout
    assert b"STREAM_GROUP_ID" in stream_app("config").stdout


def test_the_schemas_come_with_the_package(tmp_path: Path) -> None:
    assert b"# review.v1.schema.json" in stream_app("schemas").stdout
    assert stream_app("schemas", "--write", str(tmp_path / "new")).returncode == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        path.name for path in bundled("schemas").iterdir() if path.is_file()
    }


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = stream_app("worker", settings={"http_port": port})
    assert ended.returncode == 1
    assert f"127.0.0.1:{port} (STREAM_HTTP_HOST, STREAM_HTTP_PORT)".encode() in ended.stderr
