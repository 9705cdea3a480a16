"""Tables whose pictures lie in their rows: parquet files as the hub keeps them, and data sets of the hub by their id.

for table in dataset_rows("linxy/LaTeX_OCR", "full"):
    table.columns, table.split, table.texts("text"), table.picture("image", 17)()      # the picture's bytes

Texts are read at once, pictures when they are asked for: the group of rows that was read last is kept.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from hub import client
from reading.page_errors import PageError
from utils import UserError, printable


class Rows(Protocol):
    """A table. name: of its rows in tables of ours; split: as its source calls it, "" = it does not say."""

    name: str
    split: str
    columns: list[str]

    def texts(self, column: str) -> list[str]:
        """A column of texts; what is no text is ""."""

    def picture(self, column: str, number: int) -> Callable[[], bytes]:
        """What gives the bytes of a row's picture. PageError then: there are none."""


class ParquetRows:
    """The rows of a parquet file."""

    def __init__(self, file: Path, name: str, split: str) -> None:
        import pyarrow
        from pyarrow import parquet

        self.name, self.split = name, split
        self._lock = threading.Lock()
        try:
            self._file = parquet.ParquetFile(file)
        except (OSError, pyarrow.ArrowException) as error:
            raise UserError(f"{printable(str(file))}: not a parquet file ({_first_line(error)})") from None
        self.columns = list(self._file.schema_arrow.names)
        metadata = self._file.metadata
        self._starts = [0]
        for group in range(metadata.num_row_groups):
            self._starts.append(self._starts[-1] + metadata.row_group(group).num_rows)
        self._kept: tuple[str, int] = ("", -1)
        self._values: Any = None

    def texts(self, column: str) -> list[str]:
        """As `Rows` has it."""
        return [text if isinstance(text, str) else "" for text in self._file.read([column])[column].to_pylist()]

    def picture(self, column: str, number: int) -> Callable[[], bytes]:
        """As `Rows` has it."""

        def read() -> bytes:
            group = next(at for at, end in enumerate(self._starts[1:]) if number < end)
            with self._lock:
                if self._kept != (column, group):
                    self._values = self._file.read_row_group(group, [column])[column]
                    self._kept = column, group
                value = self._values[number - self._starts[group]].as_py()
            return _bytes_of(value)

        return read


class DatasetRows:
    """A split of a data set of the `datasets` library."""

    def __init__(self, dataset: Any, split: str) -> None:
        self.name = self.split = split
        self.columns = list(dataset.column_names)
        self._dataset = dataset

    def texts(self, column: str) -> list[str]:
        """As `Rows` has it."""
        return [text if isinstance(text, str) else "" for text in self._dataset[column]]

    def picture(self, column: str, number: int) -> Callable[[], bytes]:
        """As `Rows` has it."""
        return lambda: _bytes_of(self._dataset[number][column])


def parquet_rows(files: list[Path], folder: Path, split_of: Callable[[str], str]) -> Iterator[Rows]:
    """The tables of parquet files; their names, or the folders they lie in, tell their split."""
    for file in files:
        name = file.relative_to(folder).with_suffix("").as_posix()
        yield ParquetRows(file, name, split_of(file.name) or split_of(name))


def dataset_rows(repo: str, configuration: str) -> Iterator[Rows]:
    """The splits of a data set: of its copy in the hub cache, else from the hub.

    UserError: it is neither here nor there, or has no such configuration.
    """
    import datasets

    found = _loaded(repo, configuration)
    for split, dataset in found.items():
        undecoded = {
            name: datasets.Image(decode=False)
            for name, kind in dataset.features.items()
            if isinstance(kind, datasets.Image)
        }
        for name, kind in undecoded.items():
            dataset = dataset.cast_column(name, kind)
        yield DatasetRows(dataset, str(split))


def _loaded(repo: str, configuration: str) -> Any:
    """The data set, split by split. What is in the cache is taken as it is: nothing is asked then."""
    import datasets

    datasets.disable_progress_bars()
    reason = ""
    for offline in (True, False):
        with contextlib.nullcontext() if offline else client.online():
            datasets.config.HF_HUB_OFFLINE = offline  # it was read when the package was imported
            try:
                return datasets.load_dataset(repo, configuration or None)
            except (OSError, ValueError, RuntimeError, LookupError) as error:
                reason = _first_line(error)
            finally:
                datasets.config.HF_HUB_OFFLINE = True
    hint = "" if configuration else " (which configuration is said with --configuration)"
    where = "no such folder here, not in the hub cache, and not from the hub"
    raise UserError(printable(f"{repo}: {where}: {reason}{hint}"))


def _bytes_of(value: Any) -> bytes:
    """The bytes of a picture: as they are, or as the hub's data sets keep them ({"bytes": ..., "path": ...})."""
    if isinstance(value, dict):
        if not value.get("bytes") and value.get("path"):
            try:
                return Path(value["path"]).read_bytes()
            except OSError as error:
                raise PageError(f"its picture cannot be read: {error.strerror or error}") from None
        value = value.get("bytes")
    if not isinstance(value, bytes) or not value:
        raise PageError("the row holds no picture")
    return value


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
