"""The gold layer of a folder of reviews."""

from pathlib import Path
from typing import Final

import msgspec
import pandas as pd

from stream_app.bundled import bundled
from stream_app.core.sentences import split_review
from training.commands.steps import Announce
from training.dataset import Corpus, fingerprint, read_corpus
from training.gold import HUMAN_FILE, MANIFEST_FILE, SENTENCES_FILE, Gold, GoldManifest

GOLD: Final = Path("data/gold")


def build(data: Path | None, seed: int, announce: Announce) -> Gold:
    """The gold layer of a folder, below data/gold; without a folder that of the tracked sample."""
    folder = data or bundled("womens_clothing_sample.jsonl.gz").parent
    announce(f"reading {folder}")
    return write_gold(read_corpus(folder, seed), seed, GOLD / folder.name)


def write_gold(corpus: Corpus, seed: int, folder: Path) -> Gold:
    """A corpus as a gold layer."""
    folder.mkdir(parents=True, exist_ok=True)
    sentences = _spans(corpus).sort_values(["side", "review"], kind="stable")
    sentences.to_parquet(folder / SENTENCES_FILE, index=False, row_group_size=65_536)
    corpus.human.to_parquet(folder / HUMAN_FILE, index=False)
    counts: dict[str, dict[str, int]] = {}
    for source, rows in corpus.reviews.groupby("source"):
        counts[str(source)] = {str(side): int(count) for side, count in rows["side"].value_counts().items()}
    manifest = GoldManifest(fingerprint(corpus.reviews), counts, seed)
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.encode(manifest))
    return Gold(folder)


def _spans(corpus: Corpus) -> pd.DataFrame:
    reviews = corpus.reviews
    rows = [
        (review, part, index, start, end, (title if part == "title" else text)[start:end])
        for review, title, text in zip(reviews.index, reviews["title"], reviews["text"], strict=True)
        for index, (part, start, end) in enumerate(split_review(title, text))
    ]
    spans = pd.DataFrame(rows, columns=["review", "part", "index", "start", "end", "text"])
    columns = ["id", "source", "domain", "side", "rating", "target", "class"]
    return spans.join(corpus.reviews[columns].rename(columns={"id": "review_id"}), on="review")


def corpus_of(gold: Gold) -> Corpus:
    """What today's training takes."""
    rows = gold.side("train", "tune", "test", "familiar").sort_values("review", kind="stable")
    reviews = rows.drop_duplicates("review").set_index("review")
    return Corpus(
        reviews[["source", "side", "target", "class"]], rows[["text", "review"]], gold.human("tune", "test")
    )
