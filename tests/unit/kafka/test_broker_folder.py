from pathlib import Path

import pytest

from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.local_broker import broker_folder


def test_without_a_name_each_broker_has_a_folder_of_its_own() -> None:
    first, second = broker_folder(None), broker_folder(None)
    try:
        assert first != second
        assert first.is_dir()
    finally:
        first.rmdir()
        second.rmdir()


def test_a_named_folder_is_made(tmp_path: Path) -> None:
    assert broker_folder(tmp_path / "new" / "one").is_dir()


def test_the_folder_of_an_earlier_broker_is_taken_again(tmp_path: Path) -> None:
    (tmp_path / "server.properties").touch()
    (tmp_path / "records").mkdir()
    assert broker_folder(tmp_path) == tmp_path


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(BrokerUnavailable, match="holds other files: name a new or an empty folder"):
        broker_folder(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BrokerUnavailable, match=r"file/folder cannot be used"):
        broker_folder(tmp_path / "file" / "folder")
