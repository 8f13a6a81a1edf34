import gzip
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_app.bundled import bundled
from stream_app.core.messages import encode_result
from stream_app.model_store import load_model
from tests.results import results_of
from training.result_window import WindowError, parsed_time, read_window, topic_of


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    model = load_model(bundled("champion"), "inherited")
    reviews = [b'{"text": "Fine. Good.", "review_id": %d}' % number for number in range(20)]
    return [encode_result(result) + b"\n" for result in results_of(model, reviews)]


@pytest.mark.parametrize("name", ["results.jsonl", "results.jsonl.gz"])
def test_the_last_results_of_a_file(lines: list[bytes], tmp_path: Path, name: str) -> None:
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "wb") as file:
        file.write(b"".join(lines) + b"\n")
    window = read_window(str(tmp_path / name), last=5)
    assert [result.review_id for result in window.results] == ["15", "16", "17", "18", "19"]


def test_standard_input_is_a_window_too(lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"".join(lines))))
    assert len(read_window("-", last=100).results) == 20


def test_repeats_count_once_and_what_is_no_result_is_counted(lines: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(lines[0] * 3 + b"{}\nnot json\n" + b'{"text": "\xff"}\n' + lines[1])
    window = read_window(str(file), last=100)
    assert ([result.review_id for result in window.results], window.unreadable) == (["0", "1"], 3)


def test_a_file_without_a_result_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reviews.jsonl").write_text('{"text": "Good."}\n')
    with pytest.raises(WindowError, match=r"reviews\.jsonl: expected results .* none in 1 records"):
        read_window(str(tmp_path / "reviews.jsonl"), last=10)


def test_a_file_has_no_start_in_time(tmp_path: Path) -> None:
    with pytest.raises(WindowError, match="a start in time needs a topic"):
        read_window(str(tmp_path / "any"), 10, datetime.now(UTC))


def test_an_address_names_brokers_and_topic() -> None:
    assert topic_of("kafka://a:9092,b:9092/reviews.sentiment") == ("a:9092,b:9092", "reviews.sentiment")
    for wrong in ("kafka:///topic", "kafka://host:9092", "kafka://host/a/b", "http://host/topic"):
        with pytest.raises(WindowError, match="expected kafka://host:port/topic"):
            topic_of(wrong)


def test_a_time_without_a_zone_is_utc() -> None:
    assert parsed_time("2026-01-31T08:00") == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert parsed_time("2026-01-31T08:00+01:00") == datetime(2026, 1, 31, 7, tzinfo=UTC)
