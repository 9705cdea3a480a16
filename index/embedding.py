"""Pages -> rows of the index: decoded beside the model as in sorting, embedded, and committed every few seconds.

embedded, failed, interrupted = embed_files(Rows(index, stamps, documents), maker, plan.todo, {}, settings)
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    from pathlib import Path

    from settings.schema import Settings

Keep = Callable[[Page, Image.Image], dict[str, Any]]  # called on the threads that decode; may raise PageError

COMMIT_PAGES, COMMIT_SECONDS = 2000, 20.0  # what a kill may lose; a commit takes some 50 ms
TIDY_FROM = 20_000  # pages: the first time that files are put together on the way; then each time they have doubled
THUMBNAIL_BYTES = 6000
NO_VECTOR = "the model gives no valid numbers for this page"
CHANGED = "the file was changed while it was read: the next run looks again"


class PageVectors(Protocol):
    """What makes the vectors of an index. info: what the index keeps of it. computed_by: engine, device, precision."""

    info: BackboneInfo
    computed_by: dict[str, str]

    def batches(self, pages: PageList, settings: Settings, keep: Keep) -> Iterator[tuple[Batch, np.ndarray]]:
        """Pages in order, as reading/loader.py has them, with their vectors float32 [B, D].

        keep: what the index wants to know of each decoded page; its dictionary stands in `Batch.kept`. A page that is
        to have no vector, whatever stands in its row, says why: "reason" in that dictionary.
        """


Todo = list[tuple[File, frozenset[int]]]  # files to be done, in order, with the frames that the index has
Given = str | dict[str, Any]  # of a page: why it failed, or what stands in its row of what was seen


def embed_files(
    rows: Rows, maker: PageVectors, todo: Todo, raw: dict[File, str], settings: Settings
) -> tuple[int, int, bool]:
    """Embed files and add their pages: how many were, how many could not be read, whether Ctrl-C came.

    raw: undecodable paths.
    """
    quiet = settings.setup.quiet
    interrupted = False
    seen = Seen(look="look" in rows.index.spaces)
    try:
        lists = page_lists(todo, raw, quiet)
        total = sum(len(pages.pages) for pages, _ in lists.values())
        with Progress(total, "page", quiet, "embedding") as progress:
            for folder, (pages, frames) in lists.items():
                seen.begin(pages.root, {page.path: rows.stamps[folder, printable(page.path)] for page in pages.pages})
                for batch, vectors in maker.batches(pages, settings, seen.kept):
                    failed = 0
                    for page, given in zip(batch.pages, seen.given(batch, vectors), strict=True):
                        failed += rows.take(folder, page, frames.get(page.path), given)
                    progress.advance(len(batch.pages), failed=failed)
    except KeyboardInterrupt:
        interrupted = True
        say("interrupted: writing what is done ...")
    rows.commit()
    return rows.embedded, rows.failed, interrupted


def page_lists(todo: Todo, raw: dict[File, str], quiet: bool) -> dict[str, tuple[PageList, dict[str, int]]]:
    """Folder -> its pages that are to be done, by path and frame (a file's pages stand together), and how many pages
    each of its files of several holds."""
    files: dict[str, Todo] = {}
    for file, present in todo:
        files.setdefault(file[0], []).append((file, present))
    return {folder: _pages(folder, its_files, raw, quiet) for folder, its_files in files.items()}


def _pages(folder: str, files: Todo, raw: dict[File, str], quiet: bool) -> tuple[PageList, dict[str, int]]:
    root = page_file(folder, "")
    pages: list[Page] = []
    frames: dict[str, int] = {}
    passed = Passed()
    with Progress(len(files), "file", quiet, "counting pages") as progress:
        for file, present in files:
            held, copies = pages_of(root, raw.get(file, file[1]))
            if held and held[0].frame is not None:
                frames[held[0].path] = len(held)
            pages += [page for page in held if page.frame not in present]
            passed.frames += copies
            progress.advance()
    for line in passed.lines():
        say(line)
    return PageList(root, pages, passed), frames


class Seen:
    """What is seen of pages beside their vectors, and what of both goes into their rows: the same on any machine.

    look: whether the index keeps how they look.
    """

    def __init__(self, *, look: bool) -> None:
        self._encoder = LookEncoder.load() if look else None
        self._hashes: dict[Path, str] = {}
        self._lock = threading.Lock()

    def begin(self, root: Path, stamps: Mapping[str, Stamp]) -> None:
        """The next pages lie below `root`. stamps: path -> stamp of its file, as it was listed."""
        self._root, self._stamps = root, stamps

    def kept(self, page: Page, image: Image.Image) -> dict[str, Any]:
        """What of a decoded page is kept beside its vector, its look too; called on the threads that decode.

        stamp: of its file afterwards: picture and hash are of one file only where it is the one that was listed.
        Raises PageError where the file cannot be read any more.
        """
        kept: dict[str, Any] = {"width": image.width, "height": image.height}
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
        file = self._root / page.path
        if page.frame is None:
            return content_hash(file)
        with self._lock:  # a file of many pages is read once
            if file not in self._hashes:
                if len(self._hashes) > 64:
                    self._hashes.clear()
                self._hashes[file] = content_hash(file)
            return f"{self._hashes[file]}#{page.frame}"

    def given(self, batch: Batch, vectors: np.ndarray) -> Iterator[Given]:
        """What the pages of a batch give, with their vectors, float32 [B, D]; vectors are float16 from here on."""
        for page, reason, kept, vector in zip(batch.pages, batch.reasons, batch.kept, vectors, strict=True):
            if (
                not reason
                and "reason" not in kept
                and not (np.isfinite(vector).all() and vector.any() and np.isfinite(kept.get("look", 0)).all())
            ):
                reason = NO_VECTOR
            if not reason and kept.pop("stamp") != self._stamps[page.path]:
                reason = CHANGED
            if reason:
                yield printable(" ".join(reason.split()))
                continue
            spaces = {"vector": vector} | ({"look": kept["look"]} if "look" in kept else {})
            yield kept | {space: part.astype(np.float16) for space, part in spaces.items()}


class Rows:
    """Rows on their way into the index. stamps: of all files."""

    def __init__(self, index: Index, stamps: dict[File, Stamp], documents: IndexDocuments) -> None:
        self.index, self.stamps, self._documents = index, stamps, documents
        self.embedded = self.failed = 0
        self._next, self._tidy_at = index.next_id(), max(TIDY_FROM, 2 * len(index))
        self._rows: list[dict[str, Any]] = []
        self._broken: list[dict[str, Any]] = []
        self._since = time.monotonic()

    def take(self, folder: str, page: Page, frames: int | None, given: Given) -> bool:
        """The next page, with what it gave; whether it could not be read. frames: pages of its file of several."""
        path = printable(page.path)
        if failed := isinstance(given, str):
            self.failed += 1
            number = whole(page.number)
            broken = {"folder": folder, "path": path, "frame": page.frame, "page": number, "reason": given}
            self._broken.append(broken)
        else:
            size, mtime = self.stamps[folder, path]
            document = self._documents.of(folder, page)
            self._rows.append(
                {
                    "id": self._next,
                    "folder": folder,
                    "path": path,
                    "frame": page.frame,
                    "frames": frames,
                    "document": document,
                    "page": whole(page.number),
                    "file": path.rpartition("/")[2],
                    "year": year_of(document),
                    "size": size,
                    "mtime_ns": mtime,
                    **given,
                }
            )
            self._next += 1
        waiting = len(self._rows) + len(self._broken)
        if waiting >= COMMIT_PAGES or time.monotonic() - self._since > COMMIT_SECONDS:
            self.commit()
        return failed

    def commit(self) -> None:
        """Write what waits. It is let go first: an interruption in here may lose it, but never write it twice."""
        rows, broken = self._rows, self._broken
        self._rows, self._broken = [], []
        if broken:
            self.index.add_broken(pa.Table.from_pylist(broken, BROKEN))
        if rows:
            self.index.add(_table(rows, self.index))
            self.embedded += len(rows)
            if len(self.index) >= self._tidy_at:
                self._tidy_at = 2 * len(self.index)
                self.index.tidy(final=False)
        self._since = time.monotonic()


def _table(rows: Sequence[dict[str, Any]], index: Index) -> pa.Table:
    fields = index.schema
    names = [name for name in fields.names if (name in rows[0] or name == "reason") and name not in index.spaces]
    columns = {name: pa.array([row.get(name) for row in rows], fields.field(name).type) for name in names}
    absent = pa.array(["reason" in row for row in rows]) if any("reason" in row for row in rows) else None
    for space in index.spaces:
        flat = pa.array(np.concatenate([row[space] for row in rows]), pa.float16())
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
