"""Pages -> rows of the index: decoded beside the model as in sorting, embedded, and committed every few seconds.

embedded, failed, interrupted = embed_files(index, maker, plan.todo, found, {}, documents, settings)
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
from PIL import Image

from encoders.look import LookEncoder, look_pixels
from index.columns import BROKEN, BackboneInfo, whole
from index.database import Index, page_file
from index.documents import IndexDocuments
from index.known import File, Stamp, content_hash, stamp_of, year_of
from output.console import say
from output.progress import Progress
from reading.listing import Passed
from reading.loader import Batch
from reading.page_errors import PageError, reason_of
from reading.pages import Page, PageList, pages_of
from reading.sketch import thumbnail
from utils import printable

if TYPE_CHECKING:
    from settings.schema import Settings

Keep = Callable[[Page, Image.Image], dict[str, Any]]  # called on the threads that decode; may raise PageError

COMMIT_PAGES, COMMIT_SECONDS = 2000, 20.0  # what a kill may lose; a commit takes some 50 ms
TIDY_FROM = 20_000  # pages: the first time that files are put together on the way; then each time they have doubled
THUMBNAIL_BYTES = 6000
NO_VECTOR = "the model gives no valid numbers for this page"
CHANGED = "the file was changed while it was read: the next run looks again"


class PageVectors(Protocol):
    """What makes the vectors of an index. info: what the index keeps of it."""

    info: BackboneInfo

    def batches(self, pages: PageList, settings: Settings, keep: Keep) -> Iterator[tuple[Batch, np.ndarray]]:
        """Pages in order, as reading/loader.py has them, with their vectors float32 [B, D].

        keep: what the index wants to know of each decoded page; its dictionary stands in `Batch.kept`. A page that is
        to have no vector, whatever stands in its row, says why: "reason" in that dictionary.
        """


def embed_files(
    index: Index,
    maker: PageVectors,
    todo: list[tuple[File, frozenset[int]]],
    stamps: dict[File, Stamp],
    raw: dict[File, str],
    documents: IndexDocuments,
    settings: Settings,
) -> tuple[int, int, bool]:
    """Embed files and add their pages: how many were, how many could not be read, whether Ctrl-C came.

    todo: files, in order, with the frames that the index has. stamps: theirs. raw: undecodable paths.
    """
    rows = _Rows(index, stamps, raw, documents)
    files: dict[str, list[tuple[File, frozenset[int]]]] = {}
    for file, present in todo:
        files.setdefault(file[0], []).append((file, present))
    quiet = settings.setup.quiet
    interrupted = False
    try:
        lists = [_pages(folder, its_files, raw, quiet) for folder, its_files in files.items()]
        total = sum(len(pages.pages) for _, pages in lists)
        with Progress(total, "page", quiet, "embedding") as progress:
            for folder, pages in lists:
                rows.begin(folder, pages)
                for batch, vectors in maker.batches(pages, settings, rows.kept):
                    failed = rows.take(batch, vectors)
                    progress.advance(len(batch.pages), failed=failed)
    except KeyboardInterrupt:
        interrupted = True
        say("interrupted: writing what is done ...")
    rows.commit()
    return rows.embedded, rows.failed, interrupted


def _pages(
    folder: str, files: list[tuple[File, frozenset[int]]], raw: dict[File, str], quiet: bool
) -> tuple[str, PageList]:
    """The pages of a folder's files that are to be done, by path and frame: a file's pages stand together."""
    root = page_file(folder, "")
    pages: list[Page] = []
    passed = Passed()
    with Progress(len(files), "file", quiet, "counting pages") as progress:
        for file, present in files:
            held, copies = pages_of(root, raw.get(file, file[1]))
            pages += [page for page in held if page.frame not in present]
            passed.frames += copies
            progress.advance()
    for line in passed.lines():
        say(line)
    return folder, PageList(root, pages, passed)


class _Rows:
    """Rows on their way into the index."""

    def __init__(
        self,
        index: Index,
        stamps: dict[File, Stamp],
        raw: dict[File, str],
        documents: IndexDocuments,
    ) -> None:
        self.index, self.stamps, self._documents = index, stamps, documents
        self._encoder = LookEncoder.load() if "look" in index.spaces else None
        self.embedded = self.failed = 0
        self._next, self._tidy_at = index.next_id(), max(TIDY_FROM, 2 * len(index))
        self._rows: list[dict] = []
        self._vectors: list[tuple[np.ndarray, ...]] = []  # of each row, float16: one in each space
        self._broken: list[dict] = []
        self._since = time.monotonic()
        self._hashes: dict[str, str] = {}
        self._lock = threading.Lock()

    def begin(self, folder: str, pages: PageList) -> None:
        """The next pages are of this folder."""
        self._folder, self._root = folder, pages.root
        self._frames: dict[str, int] = {}
        for page in pages.pages:
            if page.frame is not None:
                self._frames[page.path] = max(self._frames.get(page.path, 0), page.frame + 1)

    def kept(self, page: Page, image: Image.Image) -> dict:
        """What of a decoded page is kept beside its vector, its look too; called on the threads that decode.

        stamp: of its file afterwards: picture and hash are of one file only where it is the one that was listed.
        Raises PageError where the file cannot be read any more.
        """
        kept = {"width": image.width, "height": image.height}
        kept["thumbnail"] = thumbnail_of(image)
        if self._encoder:
            kept["look"] = self._encoder.embed(look_pixels(image))  # float32 [LOOK]
        try:
            kept["hash"] = self._hash(page)
        except OSError as error:
            raise PageError(reason_of(error)) from None
        try:
            kept["stamp"] = stamp_of((self._root / page.path).stat())
        except OSError:
            kept["stamp"] = None
        return kept

    def _hash(self, page: Page) -> str:
        if page.frame is None:
            return content_hash(self._root / page.path)
        with self._lock:  # a file of many pages is read once
            if page.path not in self._hashes:
                if len(self._hashes) > 64:
                    self._hashes.clear()
                self._hashes[page.path] = content_hash(self._root / page.path)
            return f"{self._hashes[page.path]}#{page.frame}"

    def take(self, batch: Batch, vectors: np.ndarray) -> int:
        """A batch with its vectors, float32 [B, D]; how many pages could not be read."""
        failed = 0
        for page, reason, kept, vector in zip(batch.pages, batch.reasons, batch.kept, vectors, strict=True):
            path = printable(page.path)
            if (
                not reason
                and "reason" not in kept
                and not (np.isfinite(vector).all() and vector.any() and np.isfinite(kept.get("look", 0)).all())
            ):
                reason = NO_VECTOR
            if not reason and kept.pop("stamp") != self.stamps[self._folder, path]:
                reason = CHANGED
            if reason:
                failed += 1
                self._broken.append(
                    {
                        "folder": self._folder,
                        "path": path,
                        "frame": page.frame,
                        "page": whole(page.number),
                        "reason": printable(" ".join(reason.split())),
                    }
                )
                continue
            size, mtime = self.stamps[self._folder, path]
            spaces = [vector, *([kept.pop("look")] if "look" in kept else [])]
            self._vectors.append(tuple(part.astype(np.float16) for part in spaces))
            document = self._documents.of(self._folder, page)
            self._rows.append(
                {
                    "id": self._next,
                    "folder": self._folder,
                    "path": path,
                    "frame": page.frame,
                    "frames": self._frames.get(page.path),
                    "document": document,
                    "page": whole(page.number),
                    "file": path.rpartition("/")[2],
                    "year": year_of(document),
                    "size": size,
                    "mtime_ns": mtime,
                    **kept,
                }
            )
            self._next += 1
        self.failed += failed
        waiting = len(self._rows) + len(self._broken)
        if waiting >= COMMIT_PAGES or time.monotonic() - self._since > COMMIT_SECONDS:
            self.commit()
        return failed

    def commit(self) -> None:
        """Write what waits. It is let go first: an interruption in here may lose it, but never write it twice."""
        rows, vectors, broken = self._rows, self._vectors, self._broken
        self._rows, self._vectors, self._broken = [], [], []
        if broken:
            self.index.add_broken(pa.Table.from_pylist(broken, BROKEN))
        if rows:
            self.index.add(_table(rows, vectors, self.index))
            self.embedded += len(rows)
            if len(self.index) >= self._tidy_at:
                self._tidy_at = 2 * len(self.index)
                self.index.tidy(final=False)
        self._since = time.monotonic()


def _table(rows: Sequence[dict], vectors: list[tuple[np.ndarray, ...]], index: Index) -> pa.Table:
    fields = index.schema
    names = [name for name in fields.names if name in rows[0] or name == "reason"]
    columns = {name: pa.array([row.get(name) for row in rows], fields.field(name).type) for name in names}
    absent = pa.array(["reason" in row for row in rows]) if any("reason" in row for row in rows) else None
    for space, parts in zip(index.spaces, zip(*vectors, strict=True), strict=True):
        flat = pa.array(np.concatenate(parts), pa.float16())
        columns[space] = pa.FixedSizeListArray.from_arrays(flat, type=fields.field(space).type, mask=absent)
    return pa.table(columns)


def thumbnail_of(image: Image.Image) -> bytes:
    """A page (mode "L" or "RGB") as a small JPEG of at most `THUMBNAIL_BYTES`, or as near to it as quality 20 comes."""
    small = thumbnail(image)
    for quality in (65, 40, 20):  # each try costs a millisecond
        out = io.BytesIO()
        small.save(out, "JPEG", quality=quality)
        if out.tell() <= THUMBNAIL_BYTES:
            break
    return out.getvalue()
