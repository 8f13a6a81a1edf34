import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.layers import bronze_part, clean_rows, gold_of, review, silent, write_lines
from training import layer_files
from training.clean import clean
from training.dataset import make_gold
from training.errors import DatasetError
from training.layer_files import LayerWriter, layer_writer, read_frames, staged_file, staged_folder
from training.layer_schemas import HUMAN

GOOD = ("Fine.", 1, "lab", "tune")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (("Fine.", 3, "lab", "tune"), "column class: '3' fails the check one of 0, 1, 2"),
        ((" ", 1, "lab", "tune"), "column text: ' ' fails the check not blank"),
        (("Fine.", 1, "lab", "train"), "column side: 'train' fails the check one of tune, test"),
        (("Fine.", 1, None, "tune"), "column source: 'nan' fails the check not_nullable"),
    ],
)
def test_a_row_that_breaks_the_schema_is_told(
    row: tuple[object, ...], complaint: str, tmp_path: Path
) -> None:
    with layer_writer(tmp_path / "a.parquet", HUMAN) as writer, pytest.raises(DatasetError, match=complaint):
        writer.write([GOOD, row])


def test_rows_come_back_in_order_in_full_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_files, "ROW_GROUP", 10)
    texts = [f"Sentence {number}." for number in range(37)]
    path = tmp_path / "a.parquet"
    with layer_writer(path, HUMAN) as writer:
        writer.notes = {"about": "test"}
        for start in range(0, 37, 7):
            writer.write([(text, *GOOD[1:]) for text in texts[start : start + 7]])
        writer.write([])
        assert writer.rows == 37
    file = parquet.ParquetFile(path)
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [10, 10, 10, 7]
    assert file.metadata.metadata[b"about"] == b"test"
    assert [text for frame in read_frames(path) for text in frame["text"]] == texts


def test_a_folder_takes_the_place_of_the_former_one_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "layer"
    for name in ("one", "two"):
        with staged_folder(folder) as staged:
            (staged / name).write_text(name)
    assert content(tmp_path) == {"deep/layer/two": b"two"}
    assert [path.name for path in folder.parent.iterdir()] == ["layer"]


def fail_in(block: AbstractContextManager[Path], name: str) -> None:
    with block as staged:
        (staged / name if staged.is_dir() else staged).write_text("half")
        raise KeyError(name)


def test_what_fails_in_the_block_leaves_what_was_there(tmp_path: Path) -> None:
    (folder := tmp_path / "layer").mkdir()
    (folder / "old").write_text("old")
    for block in (staged_folder(folder), staged_file(folder / "old")):
        with pytest.raises(KeyError):
            fail_in(block, "new")
    assert content(tmp_path) == {"layer/old": b"old"}


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A disk on which some row groups find room, and the next one does not."""
    room = [0]
    write = LayerWriter._write_group

    def write_while_there_is_room(self: LayerWriter, rows: int) -> None:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= 1
        write(self, rows)

    monkeypatch.setattr(LayerWriter, "_write_group", write_while_there_is_room)
    monkeypatch.setattr(layer_files, "ROW_GROUP", 100)
    return room


def write_bronze(root: Path) -> None:
    bronze_part(root / "bronze", map(review, range(300)))


def write_silver(root: Path) -> None:
    clean(root / "bronze", root / "silver", silent)


def write_gold(root: Path) -> None:
    make_gold(root / "silver", root / "gold", 0, silent)


@pytest.mark.parametrize("write", [write_bronze, write_silver, write_gold])
def test_a_full_disk_leaves_each_layer_as_it_was(
    write: Callable[[Path], None], tmp_path: Path, full_disk: list[int]
) -> None:
    full_disk[0] = 1_000
    clean_rows(tmp_path, map(review, range(400)))
    write_gold(tmp_path)
    bronze_part(tmp_path / "bronze", map(review, range(401)))
    if write is write_gold:
        write_silver(tmp_path)
    before = content(tmp_path)
    full_disk[0] = 2
    with pytest.raises(DatasetError, match=r"cannot be written: .*No space left on device") as raised:
        write(tmp_path)
    assert str(tmp_path / write.__name__.removeprefix("write_")) in str(raised.value)
    assert content(tmp_path) == before


def test_a_footer_that_finds_no_room_does_not_hide_the_first_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: object) -> None:
        raise OSError(errno.ENOSPC, "the footer")

    def write() -> None:
        with layer_writer(tmp_path / "a.parquet", HUMAN) as writer:
            monkeypatch.setattr(writer, "_writer", type("Writer", (), {"close": no_room})())
            raise KeyError("first")

    with pytest.raises(KeyError, match="first"):
        write()


def test_a_file_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(DatasetError, match=r"a\.parquet: missing"):
        list(read_frames(path))
    path.write_bytes(b"PAR1 is not all that it takes PAR1")
    with pytest.raises(DatasetError, match=r"a\.parquet: damaged, expected Parquet"):
        list(read_frames(path))


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7])
def test_bytes_that_changed_on_disk_are_noticed(place: float, tmp_path: Path) -> None:
    """Without checksums of its pages such a file is read as if nothing were wrong."""
    path = tmp_path / "a.parquet"
    with layer_writer(path, HUMAN) as writer:
        writer.write([(f"Sentence {hash((number, 1))}.", *GOOD[1:]) for number in range(20_000)])
    damaged = bytearray(path.read_bytes())
    damaged[int(len(damaged) * place)] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(DatasetError, match=r"a\.parquet: damaged, expected Parquet"):
        list(read_frames(path))


def test_a_million_characters_in_one_row_do_not_stop_the_others(tmp_path: Path) -> None:
    rows = [*map(review, range(300)), review(300, text="long " * 200_000)]
    write_lines(tmp_path / "reviews.jsonl", rows)
    gold = gold_of(tmp_path / "reviews.jsonl", tmp_path / "layers")
    assert gold.manifest.total(gold.manifest.reviews) == 300
