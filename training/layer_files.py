"""Files of a layer: Parquet, read and written row group by row group, and never seen half written."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
from pandera.errors import SchemaErrors
from pandera.pandas import DataFrameSchema
from pyarrow import parquet

from training.errors import DatasetError
from training.layer_schemas import arrow_schema

ROW_GROUP: Final = 65_536
_STAGED: Final = ".new-"


class LayerWriter:
    """A Parquet file of a layer: each frame is checked against the schema and collected to full row groups.

    Attributes:
        rows: how many were written.
        notes: stand with the file, in its metadata.
    """

    def __init__(self, path: Path, schema: DataFrameSchema) -> None:
        self.rows = 0
        self.notes: dict[str, str] = {}
        self._path = path
        self._schema = schema
        self._arrow = arrow_schema(schema)
        self._writer = parquet.ParquetWriter(path, self._arrow, compression="zstd", write_page_checksum=True)
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0

    def write(self, rows: Sequence[Sequence[object]]) -> None:
        """Add rows, their cells in the order of the schema's columns.

        Raises:
            DatasetError: they are not what the layer's schema says.
        """
        if not rows:
            return
        columns = [list(cells) for cells in zip(*rows, strict=True)]
        _check(self._path, self._schema, columns)
        cells = map(pa.array, columns, self._arrow.types)
        self._waiting.append(pa.Table.from_arrays(list(cells), schema=self._arrow))
        self._waiting_rows += len(rows)
        self.rows += len(rows)
        while self._waiting_rows >= ROW_GROUP:
            self._write_group(ROW_GROUP)

    def end_row_group(self) -> None:
        """What comes next stands in a row group of its own."""
        if self._waiting_rows:
            self._write_group(self._waiting_rows)

    def close(self) -> None:
        """Write what waits, and the notes; the bytes are on disk when this returns."""
        self.end_row_group()
        if self.notes:
            self._writer.add_key_value_metadata(self.notes)
        self._writer.close()
        sync(self._path)

    def abandon(self) -> None:
        """Let go of the file; what it holds does not matter any more."""
        self._waiting.clear()
        try:
            self._writer.close()
        except OSError:
            # The footer had no room either. The error that led here is the one to tell.
            return

    def _write_group(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        self._writer.write_table(table.slice(0, rows), row_group_size=rows)
        rest = table.slice(rows)
        self._waiting = [rest] if len(rest) else []
        self._waiting_rows = len(rest)


@contextmanager
def layer_writer(path: Path, schema: DataFrameSchema) -> Iterator[LayerWriter]:
    """A writer, closed behind its use."""
    writer = LayerWriter(path, schema)
    try:
        yield writer
        writer.close()
    except BaseException:
        writer.abandon()
        raise


def _check(path: Path, schema: DataFrameSchema, columns: Iterable[list[object]]) -> None:
    frame = pd.DataFrame(
        {
            name: pd.Series(cells, dtype=_dtype(str(schema.columns[name].dtype)))
            for name, cells in zip(schema.columns, columns, strict=True)
        }
    )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        first = error.failure_cases.iloc[0]
        raise DatasetError(
            f"{path.name}: column {first['column']}: {str(first['failure_case'])[:60]!r} fails the check "
            f"{first['check']} (row {first['index']} of this batch; {len(error.failure_cases)} failures)"
        ) from error


def _dtype(of_schema: str) -> str:
    return "str" if of_schema.startswith("string") else of_schema


def read_frames(
    path: Path, columns: list[str] | None = None, rows: int = ROW_GROUP
) -> Iterator[pd.DataFrame]:
    """The rows of a file in order, at most so many at once.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    with opened_parquet(path) as file:
        for batch in file.iter_batches(rows, columns=columns):
            yield batch.to_pandas()


@contextmanager
def opened_parquet(path: Path) -> Iterator[parquet.ParquetFile]:
    """A Parquet file; what is wrong with it becomes an error that names it.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            yield file
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: missing") from error
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path}: damaged, expected Parquet: {error}") from error


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside, which takes the folder's place when the block ends well and vanishes when not.

    Raises:
        DatasetError: it cannot be written.
    """
    with _writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}{_STAGED}", dir=folder.parent))
        try:
            yield staged
            staged.chmod(0o755)
            for path in staged.iterdir():
                sync(path)
            sync(staged)
            _exchange(staged, folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


@contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """A name beside, which takes the file's place when the block ends well and vanishes when not.

    Raises:
        DatasetError: it cannot be written.
    """
    staged = path.with_name(f".{path.name}{_STAGED}{os.getpid()}")
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield staged
            sync(staged)
            staged.replace(path)
            sync(path.parent)
        finally:
            staged.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What reads says itself which file is wrong, so an OSError that comes here is of the writing."""
    try:
        yield
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written: {error}") from error


def _exchange(staged: Path, folder: Path) -> None:
    """Put the staged folder in place. The former one is deleted last, under the staged one's name."""
    if folder.exists():
        former = staged.with_name(f"{staged.name}-former")
        folder.rename(former)
        staged.rename(folder)
        sync(folder.parent)
        shutil.rmtree(former, ignore_errors=True)
    else:
        staged.rename(folder)
        sync(folder.parent)


def sync(path: Path) -> None:
    """See to it that the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
