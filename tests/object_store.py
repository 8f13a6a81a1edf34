"""A local S3 server, and the environment that leads clients to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import s3fs
from moto.server import ThreadedMotoServer


@contextmanager
def object_store(bucket: str) -> Iterator[s3fs.S3FileSystem]:
    """An empty bucket, at `s3://BUCKET` for everybody in this process until the block ends."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        files = s3fs.S3FileSystem()
        files.mkdir(bucket)
        try:
            yield files
        finally:
            s3fs.S3FileSystem.clear_instance_cache()
            server.stop()
