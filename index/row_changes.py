"""Changes of rows that need no page to be opened: moved, touched, copied and dropped ones, and names of documents.

    changes = RowChanges(index, documents)
    changes.apply(plan, found)

Each step leaves an index that the next run can go on from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from index.columns import whole
from index.database import Index
from index.documents import IndexDocuments
from index.known import File, Plan, Stamp, page_at, year_of

FILES_AT_ONCE = 5_000  # rows of copies that are read at once: 40 MB
MOVED = ("id", "folder", "path", "document", "page", "file", "year")
TOUCHED = ("id", "size", "mtime_ns")
COPIED = ("id", "frame", "frames", "hash", "width", "height", "thumbnail", "vector", "look", "reason")  # where it is


class RowChanges:
    """Writes into an index that is held. documents: what document a page is of."""

    def __init__(self, index: Index, documents: IndexDocuments) -> None:
        self.index, self.documents = index, documents

    def apply(self, plan: Plan, stamps: dict[File, Stamp]) -> None:
        """Everything that needs no decoding. Each step leaves an index that the next run can go on from."""
        self.move(plan.moved)
        stamped = [*plan.moved, *plan.touched]
        touched = [(number, *stamps[file]) for file, ids in stamped for number in ids]
        ids, sizes, times = zip(*touched, strict=True) if touched else ((), (), ())
        self.index.update(
            pa.table(
                {name: pa.array(values, pa.int64()) for name, values in zip(TOUCHED, (ids, sizes, times), strict=True)}
            )
        )
        for start in range(0, len(plan.copied), FILES_AT_ONCE):
            self._copy(plan.copied[start : start + FILES_AT_ONCE], stamps)
        self.index.remove(plan.drop)

    def move(self, moved: list[tuple[File, list[int]]]) -> None:
        """Give rows another path, with all that is read from a name."""
        columns: dict[str, list[Any]] = {name: [] for name in MOVED}
        frames = dict(_pairs(self.index, "frame", [number for _, ids in moved for number in ids]))
        for file, ids in moved:
            for number in ids:
                for name, value in zip(MOVED, (number, *self._named(file, frames[number])), strict=True):
                    columns[name].append(value)
        fields = self.index.schema
        self.index.update(pa.table({name: pa.array(columns[name], fields.field(name).type) for name in MOVED}))

    def _named(self, file: File, frame: int | None) -> tuple[Any, ...]:
        """What a row has of its file's name: MOVED without the id."""
        page = page_at(file[1], frame)
        document = self.documents.of(file[0], page)
        return *file, document, whole(page.number), file[1].rpartition("/")[2], year_of(document)

    def _copy(self, copies: list[tuple[File, list[int]]], stamps: dict[File, Stamp]) -> None:
        """Rows for files with the content of rows that are there."""
        of, copied = {}, [name for name in COPIED if name in self.index.schema.names]
        for some in _parts([number for _, ids in copies for number in ids]):
            for row in self.index.arrow(copied, f"id in ({', '.join(map(str, some))})").to_pylist():
                of[row["id"]] = row
        rows, number = [], self.index.next_id()
        for file, ids in copies:
            for source in ids:
                named = (number, *self._named(file, of[source]["frame"]))
                stamp = dict(zip(TOUCHED[1:], stamps[file], strict=True))
                rows.append(of[source] | dict(zip(MOVED, named, strict=True)) | stamp)
                number += 1
        fields = self.index.schema
        names = dict.fromkeys((*MOVED, *TOUCHED, *copied))
        self.index.add(pa.Table.from_pylist(rows, pa.schema([fields.field(name) for name in names])))

    def rename_documents(self) -> None:
        """Pages that were named after their number before other folders with such names came: the folder counts."""
        if not self.documents.by_folder:
            return
        rows = self.index.arrow(["id", "folder", "path", "frame", "document"]).to_pylist()
        pages = [(row, page_at(row["path"], row["frame"])) for row in rows]
        stale = [(row, page) for row, page in pages if self.documents.outdated(row["folder"], page, row["document"])]
        if not stale:
            return
        names = [self.documents.of(row["folder"], page) for row, page in stale]
        fields = self.index.schema
        values = {"id": [row["id"] for row, _ in stale], "document": names, "year": [year_of(name) for name in names]}
        self.index.update(pa.table({name: pa.array(value, fields.field(name).type) for name, value in values.items()}))


def _pairs(index: Index, column: str, ids: list[int]) -> Iterator[tuple[int, Any]]:
    for some in _parts(ids):
        rows = index.arrow(["id", column], f"id in ({', '.join(map(str, some))})")
        yield from zip(rows["id"].to_pylist(), rows[column].to_pylist(), strict=True)


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), FILES_AT_ONCE):
        yield ids[start : start + FILES_AT_ONCE]
