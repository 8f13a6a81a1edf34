"""Reviews from a local S3 server, through `stream-train` as users run it."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.layers import review
from training.bronze import read_parts

BUCKET = "reviews"
SCRIPT = "import sys, s3fs; fs = s3fs.S3FileSystem(); fs.mkdir(sys.argv[1]); fs.put(sys.argv[2], sys.argv[3])"


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment in which s3:// is a server of our own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    yield {**os.environ, **keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    server.stop()


def stream_train(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from training.cli import main; main()", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_folder_of_a_bucket_becomes_bronze(s3: dict[str, str], tmp_path: Path) -> None:
    (folder := tmp_path / "upload").mkdir()
    rows = [json.dumps(review(number)) for number in range(100)]
    (folder / "a.jsonl.gz").write_bytes(gzip.compress("\n".join(rows[:50]).encode()))
    (folder / "b.jsonl").write_text("\n".join(rows[50:]))
    (folder / "notes.txt").write_text("none")
    uploaded = [sys.executable, "-c", SCRIPT, BUCKET, f"{folder}/*", f"{BUCKET}/shop/"]
    subprocess.run(uploaded, env=s3, check=True, timeout=120)

    done = stream_train(s3, "ingest", f"s3://{BUCKET}/shop", "--name", "cloud")
    assert (done.returncode, done.stdout) == (0, "data/bronze/cloud\n"), done.stderr
    parts = read_parts(tmp_path / "data" / "bronze" / "cloud")
    assert [(part.name, part.note.address) for part in parts] == [
        ("a", f"s3://{BUCKET}/shop/a.jsonl.gz"),
        ("b", f"s3://{BUCKET}/shop/b.jsonl"),
    ]
    received = [row.received for part in parts for batch in part.rows() for row in batch]
    assert received == [row.encode() for row in rows]


def test_what_is_not_there_is_told(s3: dict[str, str]) -> None:
    done = stream_train(s3, "ingest", f"s3://{BUCKET}/absent.csv")
    assert done.returncode == 1
    assert f"stream-train: s3://{BUCKET}/absent.csv: no such file" in done.stderr
