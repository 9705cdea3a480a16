"""Decoded pages and features, kept on disk while a training or a comparison is unfinished; each row says whose it is.

    with KeptRows(folder / "features", np.float32, (17, 1280), keys, of={"model": ..., "seed": 420}) as rows:
        for row in rows.missing:                         # made of something else, or never made
            rows.put(row, features_of(row))
    rows.array[7]                                        # float32 [17, 1280], mapped from the disk

A row is taken for current only where its key is: the key of a page holds its file's size and time, `of` what all rows
hang on (the transform, the model, the seed). A page that was replaced before `--resume` is therefore read again.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from output.failures import FULL, WriteError
from output.files import write_whole
from reading.pages import PageList
from utils import printable

if TYPE_CHECKING:
    from reading.transform import PageTransform
    from settings.schema import Settings
    from training.data import LabelledPages

BATCH = 8  # pages that are decoded together
SPARE = 1.05  # a disk filled to the last byte has no room for what comes after


class KeptRows:
    """An array [len(keys), *shape] in `<file>.rows`, and in `<file>.json` what each row was made of.

    keys: what each row is made of; "" = no row is wanted there. of: what all rows hang on (a JSON value): where it, the
    shape or the type differ, nothing of an earlier start is taken. Entering opens the file for writing and reserves all
    of its room; leaving, also by an exception, keeps the rows that were put. Not for two processes at once.

    Attributes: missing: rows that are wanted and were not made yet; notes: what `put` noted of each row.
    Raises UserError where the disk, or a quota, has no room.
    """

    def __init__(
        self, file: Path, dtype: Any, shape: Sequence[int], keys: Sequence[str], *, of: Any, what: str = "rows"
    ) -> None:
        self.file, self.what = file, what
        self.dtype = np.dtype(dtype)
        self.shape = (len(keys), *shape)
        self.keys = list(keys)
        self.of = json.loads(json.dumps([of, str(self.dtype), self.shape]))
        self.made, self.notes = self._stored()
        self._out: Any = None
        self._mapped: np.ndarray | None = None

    def __getstate__(self) -> dict[str, Any]:  # a spawned worker maps the file itself
        return {**self.__dict__, "_mapped": None, "_out": None}

    @property
    def missing(self) -> list[int]:
        """Rows that are wanted, and are not there or were made of something else."""
        return [i for i, (key, made) in enumerate(zip(self.keys, self.made, strict=True)) if key and key != made]

    @property
    def array(self) -> np.ndarray:
        """All rows, read only; what was never put is zero."""
        if not self._rows.is_file():
            return np.zeros(self.shape, self.dtype)
        if self._mapped is None:
            self._mapped = np.memmap(self._rows, self.dtype, "r", shape=self.shape)
        return self._mapped

    def put(self, row: int, values: np.ndarray, note: str = "") -> None:
        """Write one row, of `shape`. A plain write: a full disk is an error that can be told, not a dead process."""
        self._out.seek(row * self._row_size)
        data = memoryview(np.ascontiguousarray(values, self.dtype)).cast("B")
        while len(data):
            data = data[self._out.write(data) :]
        self.made[row], self.notes[row] = self.keys[row], note

    def __enter__(self) -> Self:
        self._mapped = None
        self.file.parent.mkdir(parents=True, exist_ok=True)
        for row in self.missing:
            self.made[row], self.notes[row] = "", ""
        self._mark()  # before a row is touched: a kill must not leave a new row under an old key
        if not any(self.made):
            self._rows.unlink(missing_ok=True)
        self._reserve()
        self._out = self._rows.open("r+b", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Where something went wrong already (a full disk, say), that is what the user must hear of.
        with contextlib.suppress(OSError) if error else contextlib.nullcontext():
            os.fsync(self._out.fileno())
            self._mark()
        self._out.close()

    @property
    def _rows(self) -> Path:
        return self.file.with_name(f"{self.file.name}.rows")

    @property
    def _row_size(self) -> int:
        return int(np.prod(self.shape[1:])) * self.dtype.itemsize

    def _stored(self) -> tuple[list[str], list[str]]:
        """What the rows on the disk were made of, and their notes; nothing where they are of another kind."""
        nothing = [""] * len(self.keys), [""] * len(self.keys)
        try:
            stored = json.loads(self.file.with_name(f"{self.file.name}.json").read_text(encoding="utf-8"))
            whole = self._rows.stat().st_size == self._row_size * len(self.keys)
            return (stored["made"], stored["notes"]) if whole and stored["of"] == self.of else nothing
        except (OSError, ValueError, KeyError, TypeError):
            return nothing

    def _mark(self) -> None:
        marks = {"of": self.of, "made": self.made, "notes": self.notes}
        write_whole(self.file.with_name(f"{self.file.name}.json"), json.dumps(marks))

    def _reserve(self) -> None:
        """Take all room now, where the system can: hours later is too late to hear that there is none."""
        size = self._row_size * len(self.keys)
        try:
            with self._rows.open("ab") as stream:
                status = os.fstat(stream.fileno())
                have = getattr(status, "st_blocks", 0) * 512 or status.st_size
                if have < size and shutil.disk_usage(self.file.parent).free < size * SPARE - have:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                if hasattr(os, "posix_fallocate") and size:
                    try:
                        os.posix_fallocate(stream.fileno(), 0, size)
                    except OSError as error:
                        if error.errno in FULL:
                            raise
                        # this file system cannot; the writes will tell
                stream.truncate(size)
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._rows.unlink(missing_ok=True)
            shown = f"{size / 1e9:.1f} GB" if size > 1e8 else f"{size / 1e6:.1f} MB"
            raise WriteError(
                f"the {self.what} take {shown}, more than there is room for in {printable(str(self.file.parent))} "
                f"({os.strerror(error.errno or 0).lower()}): make room, or take fewer pages"
            ) from error


class PageStore:
    """The transformed pixels of all pages of some parts in one file, decoded once: `store[i]` is uint8 [3, H, W].

    parts: the own pages, and any extra ones behind them; i counts through all parts. The file is mapped into memory, so
    it may be larger than it. Once filled, `reasons[i]` is "" or why page i cannot be read, and `keys[i]` what it is.
    """

    def __init__(self, folder: Path, parts: Sequence[LabelledPages], transform: PageTransform) -> None:
        self.folder, self.parts, self.transform = folder, list(parts), transform
        self.pages = [page for part in parts for page in part.pages]
        self.keys = [key for part in parts for key in part.page_keys()]
        self.reasons: list[str] = []
        self._rows: KeptRows | None = None

    def __len__(self) -> int:
        return len(self.pages)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._rows.array[index]

    def fill(self, wanted: Sequence[bool], settings: Settings, advance: Callable[[int, int], None]) -> None:
        """Decode the wanted pages, but for those that an earlier start has decoded from the same files.

        advance(done, failed) is called batch by batch. Raises UserError where the disk has no room.
        """
        keys = [key if want else "" for key, want in zip(self.keys, wanted, strict=True)]
        shape = (3, *self.transform.size)
        of = {
            "transform": self.transform.to_dict(),
            "max_pixels": settings.input.max_pixels,
            "memory": settings.input.memory,
            "strict": settings.input.strict,
        }
        rows = KeptRows(self.folder / "pixels", np.uint8, shape, keys, of=of, what="decoded pages")
        missing = set(rows.missing)
        if missing:
            with rows:
                self._decode(rows, missing, settings, advance)
        advance(sum(map(bool, keys)) - len(missing), 0)
        # A page that was left out may still carry the reason why its file could not even be counted.
        self.reasons = [note or page.reason for note, page in zip(rows.notes, self.pages, strict=True)]
        self._rows = rows

    def _decode(
        self, rows: KeptRows, missing: set[int], settings: Settings, advance: Callable[[int, int], None]
    ) -> None:
        """Put the pixels of the missing pages, part by part."""
        from reading.loader import load_batches
        from sorting.computing import threads

        first = 0
        for part in self.parts:
            indices = [first + i for i in range(len(part.pages)) if first + i in missing]
            first += len(part.pages)
            batches = load_batches(
                PageList(part.root, [self.pages[index] for index in indices]),
                self.transform,
                batch_size=BATCH,
                workers=threads(settings.setup.workers),
                max_pixels=settings.input.max_pixels,
                strict=settings.input.strict,
            )
            for batch in batches:
                for slot, reason in enumerate(batch.reasons):
                    rows.put(indices[batch.index * BATCH + slot], batch.pixels[slot], reason)
                advance(len(batch.pages), sum(map(bool, batch.reasons)))
