"""The peers' model: what anyone would take from scikit-learn for three classes of sentiment."""

import argparse
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

NEGATIVE, NEUTRAL, POSITIVE = range(3)
_NEUTRAL_RATINGS: Final = (2.5, 3.5)


def rating_class(rating: float) -> int:
    """Ratings of 1 to 5 by thirds: up to 2 negative, 3 neutral, from 4 on positive."""
    low, high = _NEUTRAL_RATINGS
    return NEGATIVE if rating < low else POSITIVE if rating > high else NEUTRAL


def train(texts: Sequence[str], ratings: Sequence[float]) -> Pipeline:
    """TF-IDF of word 1-2-grams and a logistic regression of three classes, fitted."""
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=200))
    return model.fit(texts, [rating_class(rating) for rating in ratings])


def main() -> None:
    """Train on reviews (gzipped JSON lines with text and rating) and write the model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("reviews", type=Path)
    parser.add_argument("model", type=Path)
    options = parser.parse_args()
    with gzip.open(options.reviews, "rt", encoding="utf-8") as lines:
        reviews = [json.loads(line) for line in lines]
    model = train([review["text"] for review in reviews], [review["rating"] for review in reviews])
    joblib.dump(model, options.model)
    print(json.dumps({"terms": len(model[0].vocabulary_), "reviews": len(reviews)}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
