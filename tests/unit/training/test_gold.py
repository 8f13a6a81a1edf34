from pathlib import Path

import pytest
from pyarrow import parquet

from tests.layers import gold_of, review, write_lines
from training import layer_files
from training.errors import DatasetError
from training.gold import Gold
from training.split import SIDES, Side


@pytest.fixture
def gold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gold:
    """A layer of several row groups a side."""
    monkeypatch.setattr(layer_files, "ROW_GROUP", 100)
    (folder := tmp_path / "reviews").mkdir()
    write_lines(folder / "a.jsonl", map(review, range(300)))
    write_lines(folder / "b_dev.jsonl", map(review, range(300, 500)))
    labelled = [{"text": f"Fine {n}.", "label": "neutral", "source": "lab"} for n in range(20)]
    write_lines(folder / "sentences_lab.jsonl", labelled)
    return gold_of(folder, tmp_path / "layers")


def test_a_batch_is_a_row_group_of_one_side(gold: Gold) -> None:
    batches = list(gold.batches())
    assert max(map(len, batches)) == 100
    assert all(batch["side"].nunique() == 1 for batch in batches)
    order = [SIDES.index(batch["side"].iloc[0]) for batch in batches]
    assert order == sorted(order)
    assert set(order) == set(range(len(SIDES)))


def test_sides_are_read_alone(gold: Gold) -> None:
    asked: list[tuple[Side, ...]] = [("tune",), ("train", "familiar"), ()]
    for sides in asked:
        rows = gold.side(*sides)
        wanted = gold.side()
        wanted = wanted[wanted["side"].isin(sides or SIDES)].reset_index(drop=True)
        assert rows.equals(wanted)


def test_numbers_of_reviews_ascend_and_their_sentences_stand_together(gold: Gold) -> None:
    rows = gold.side()
    steps = rows["review"].diff().iloc[1:]
    assert set(steps) == {0, 1}
    assert (rows.loc[rows["index"] == 0, "review"].duplicated()).sum() == 0
    assert (rows["index"].diff().iloc[1:][steps == 0] == 1).all()


def test_a_side_without_rows_is_an_empty_frame(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", map(review, range(300)))
    gold = gold_of(tmp_path / "a.jsonl", tmp_path / "layers")
    nothing = gold.side("familiar")
    assert len(nothing) == 0
    assert nothing.dtypes.equals(gold.side("train").dtypes)
    assert len(gold.human()) == 0


def test_the_manifest_counts_what_is_there(gold: Gold) -> None:
    manifest, rows = gold.manifest, gold.side()
    for source, of_source in rows.groupby("source"):
        assert manifest.sentences[str(source)] == of_source["side"].value_counts().to_dict()
        counted = of_source.drop_duplicates("review")["side"].value_counts().to_dict()
        assert manifest.reviews[str(source)] == counted
    assert manifest.human == {"lab": gold.human()["side"].value_counts().to_dict()}
    assert manifest.total(manifest.sentences) == len(rows)
    assert manifest.total(manifest.reviews, "tune", "test") == gold.side("tune", "test")["review"].nunique()


def test_human_sentences_by_side(gold: Gold) -> None:
    tune, test = gold.human("tune"), gold.human("test")
    assert set(tune["side"]) == {"tune"}
    assert set(test["side"]) == {"test"}
    assert len(tune) + len(test) == 20


@pytest.mark.parametrize("name", ["sentences.parquet", "human.parquet", "gold.json"])
def test_what_is_missing_or_damaged_is_named(gold: Gold, name: str) -> None:
    def read() -> None:
        gold.side()
        gold.human()
        _ = gold.manifest

    path = gold.folder / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DatasetError, match=rf"{name}: damaged"):
        read()
    path.unlink()
    with pytest.raises(DatasetError, match=rf"{name}: missing"):
        read()


def test_row_groups_are_full_as_far_as_the_side_goes(gold: Gold) -> None:
    file = parquet.ParquetFile(gold.folder / "sentences.parquet")
    groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert groups.count(100) >= file.num_row_groups - len(SIDES)
