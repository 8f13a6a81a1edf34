"""The one file of reviews that is tracked, and what else of reviews is shipped."""

import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stream_app.bundled import bundled
from stream_app.core.manifest import decode_golden
from stream_app.core.sentences import split_review

SAMPLE = bundled("womens_clothing_sample.jsonl.gz")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reviews() -> list[dict[str, Any]]:
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_it_holds_2000_reviews_of_the_one_free_source(reviews: list[dict[str, Any]]) -> None:
    assert len(reviews) == 2000
    assert {review["source"] for review in reviews} == {"womens_clothing"}
    assert len({review["id"] for review in reviews}) == 2000


def test_every_review_has_all_fields_and_no_other(reviews: list[dict[str, Any]]) -> None:
    kinds = {"id": str, "rating": int, "title": str, "text": str, "source": str, "domain": str}
    for review in reviews:
        assert {name: type(value) for name, value in review.items()} == kinds
        assert 1 <= review["rating"] <= 5
        assert review["text"].strip()


def test_all_ratings_and_many_domains_occur(reviews: list[dict[str, Any]]) -> None:
    assert {review["rating"] for review in reviews} == {1, 2, 3, 4, 5}
    assert len({review["domain"] for review in reviews}) > 100


def test_it_names_nobody(reviews: list[dict[str, Any]]) -> None:
    private = re.compile(r"https?://|www\.|\S@\S+\.\w|\d{3}[-. ]\d{3}[-. ]\d{4}")
    assert [review["id"] for review in reviews if private.search(f"{review['title']} {review['text']}")] == []


def test_its_bytes_do_not_depend_on_when_it_was_packed() -> None:
    assert SAMPLE.read_bytes()[4:8] == b"\0\0\0\0"


def test_the_golden_set_is_drawn_from_it(reviews: list[dict[str, Any]]) -> None:
    sentences = {
        review[part][start:end]
        for review in reviews
        for part, start, end in split_review(review["title"], review["text"])
    }
    golden = decode_golden((bundled("champion") / "golden.jsonl").read_bytes())
    assert len(golden) == 64
    assert {sentence.text for sentence in golden} <= sentences


def test_no_other_file_of_reviews_is_tracked() -> None:
    """Generated layers lie beside the sample; git ignores them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "data"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    assert set(listed.stdout.split()) == {f"data/bronze/{SAMPLE.name}", "data/data_specs.md"}
