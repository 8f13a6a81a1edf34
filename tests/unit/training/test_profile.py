from pathlib import Path

import pytest

from tests.golds import Review, write_reviews
from training import profile
from training.gold import Gold
from training.report import data_pictures


@pytest.fixture
def gold(tmp_path: Path) -> Gold:
    reviews = [
        Review("train", 5, ("Thank you", "Good.")),
        Review("train", 1, ("thank you ", "Bad.", "Bad!")),
        Review("train", 5, ("THANK YOU",), "stall"),
        Review("test", 3, ("Thank you",)),
    ]
    return write_reviews(tmp_path / "gold", reviews)


def test_a_row_for_each_review(gold: Gold) -> None:
    reviews = profile.reviews_of(gold).sort_index()
    assert reviews[["source", "side", "rating", "class", "sentences"]].to_numpy().tolist() == [
        ["shop", "train", 5, "positive", 2],
        ["shop", "train", 1, "negative", 3],
        ["stall", "train", 5, "positive", 1],
        ["shop", "test", 3, "neutral", 1],
    ]


def test_counts_and_shares(gold: Gold) -> None:
    reviews = profile.reviews_of(gold)
    assert profile.counts_by_side(reviews).loc["shop"].to_dict() == {"test": 1, "train": 2}
    shares = profile.class_shares(reviews).loc["shop"].to_dict()
    assert shares == pytest.approx({"negative": 1 / 3, "neutral": 1 / 3, "positive": 1 / 3})


def test_lengths_are_of_sentences(gold: Gold) -> None:
    lengths = profile.length_quantiles(gold)
    by_source = lengths[["count", "min", "50%", "max"]].to_dict("index")
    assert by_source["stall"] == {"count": 1, "min": 9, "50%": 9, "max": 9}
    assert by_source["shop"] == {"count": 6, "min": 4, "50%": 7, "max": 10}


def test_recurring_sentences_are_those_trained_on_whatever_their_case(gold: Gold) -> None:
    found = profile.recurring_sentences(gold)
    assert found.index.tolist() == ["thank you"]
    row = found.loc["thank you"].to_dict()
    assert row == pytest.approx({"negative": 1 / 3, "neutral": 0, "positive": 2 / 3, "times": 3})


def test_pictures_show_every_review_and_every_class(gold: Gold) -> None:
    reviews = profile.reviews_of(gold)
    for figure in (data_pictures.ratings(reviews), data_pictures.sentences_per_review(reviews)):
        bars = figure.axes[0].patches
        assert sum(bar.get_height() for bar in bars) == len(reviews)  # type: ignore[attr-defined]
    shares = data_pictures.class_shares(profile.class_shares(reviews)).axes[0]
    assert shares.get_legend_handles_labels()[1] == ["negative", "neutral", "positive"]
    widths = [bar.get_width() for bar in shares.patches]  # type: ignore[attr-defined]
    assert sum(widths) == pytest.approx(2)  # two sources, each up to one
