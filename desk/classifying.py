"""Files that were handed in become pages with scores: opened, decoded, computed by the one model, each file by itself.

    classifying = Classifying(classifier, PageLimits(), folder=Path("result/desk"))
    rows = await classifying.rows(received.files, Wish())         # of each file its rows: `Row` or `Unread`

A PDF and a TIFF bring as many pages as they hold. Every file has rows, and every row is a page with its outcome or the
reason why there is none. Nothing of a file stays, in memory or elsewhere, once its request is answered.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from desk.batching import Batching, Computed
from desk.held_files import held_file, remove_left
from desk.pool import Pool
from desk.refused import Refused, refusal_of
from desk.uploads import Limits, Upload
from output.outcome import Failed, Scored
from reading.containers import HEAD, PDF_JUNK, kind_of
from reading.decoding import Reader, frames_of, read_picture
from reading.memory_gate import one_page
from reading.page_errors import FILE_ERRORS, PageError, UnknownKindError, no_room, reason_of
from reading.turns import Turn, TurnFinder
from utils import UserError, cores

if TYPE_CHECKING:
    from PIL import Image

    from classifier import PageClassifier

PREVIEW = 1000  # pixels of the longer side of what a page is shown as
QUALITY = 82  # of its JPEG
AHEAD = 16  # pages of a file that wait to be computed at most, before the next one is decoded
GRACE = 5.0  # seconds after the end in which what is being read may still come: else all pages of a long file were lost
IN_FILES = ("pdf", "tiff")  # kinds that are read from files alone
Vectors = dict[str, np.ndarray]  # by the space of an index that they lie in


@dataclass(frozen=True)
class PageLimits(Limits):
    """As `Limits`, for pages. pages: of a request."""

    files: int = 100
    file_bytes: int = 100_000_000
    request_bytes: int = 200_000_000
    held_bytes: int = 500_000_000
    pixels: int = 200_000_000  # A2 at 600 dpi has 139 million
    waiting: int = 500
    pages: int = 300


@dataclass(frozen=True)
class Wish:
    """What is wanted of each page beside its scores: a picture of it; the vectors that it is looked for by.

    only: the kind of file that is taken, "pdf" or "picture"; "" = both.
    """

    preview: bool = False
    vectors: Callable[[Image.Image], Vectors] | None = None
    only: str = ""


class Row(NamedTuple):
    """A page with scores. page: its number in its file, from 1. scores: a probability a category.

    preview: JPEG, b"" where none is wanted. embedding: float32 [D]. vectors: what `Wish.vectors` made, {} without;
    lacking: why it could make none, "" where it did. turn: how it lies, None where nobody asked.
    """

    name: str
    page: int
    scores: list[float]
    warning: str
    preview: bytes
    embedding: np.ndarray
    vectors: Vectors
    lacking: str
    turn: Turn | None


class Unread(NamedTuple):
    """A page without scores; page 0 stands for the whole file."""

    name: str
    page: int
    why: Refused


class _Decoded(NamedTuple):
    page: int
    warning: str
    preview: bytes
    vectors: Vectors
    lacking: str
    turn: Turn | None
    computed: Future[Computed]


class _Left:
    """How many pages a request may still bring."""

    def __init__(self, pages: int) -> None:
        self._most = self._left = pages
        self._taking = threading.Lock()

    def take(self, pages: int) -> None:
        """Refused where they are too many."""
        with self._taking:
            if pages > self._left:
                holds = f"holds {pages} pages" if pages > 1 else "one page more"
                raise Refused(
                    413,
                    f"{holds}: {self._most} pages at once are the most here; sort many with: python run.py -d FOLDER",
                )
            self._left -= pages


class Classifying:
    """folder: where files are put that some systems cannot keep in memory. batch_size: pages computed together.

    strict: a page that a decoder complained about has no scores, as in sorting. turns: says how pages lie; without it
    they are taken as they lie.
    """

    def __init__(
        self,
        classifier: PageClassifier,
        limits: PageLimits,
        *,
        folder: Path,
        batch_size: int = 16,
        strict: bool = False,
        turns: TurnFinder | None = None,
    ) -> None:
        self.classifier, self.limits, self.batching = classifier, limits, Batching(classifier, batch_size)
        self._folder, self._strict, self._turns = folder, strict, turns
        self._pool = Pool(max(4, cores()), limits.waiting)
        remove_left(folder)

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.close()
        self.batching.close()

    async def rows(self, files: Sequence[Upload], wish: Wish) -> list[list[Row | Unread]]:
        """Of each file its rows, at least one. Refused (429) where too many files are in line."""
        end, left = time.monotonic() + self.limits.answer_seconds, _Left(self.limits.pages)
        works = [lambda file=file: self._read(file, wish, left, end) for file in files]
        done = await self._pool.each(works, self.limits.answer_seconds + GRACE)
        return [await self._finished(file, decoded, end + GRACE) for file, decoded in zip(files, done, strict=True)]

    async def _finished(
        self, file: Upload, decoded: list[_Decoded | Unread] | Refused, end: float
    ) -> list[Row | Unread]:
        if isinstance(decoded, Refused):
            return [Unread(file.name, 0, decoded)]
        return [one if isinstance(one, Unread) else await self._row(file.name, one, end) for one in decoded]

    async def _row(self, name: str, decoded: _Decoded, end: float) -> Row | Unread:
        try:
            async with asyncio.timeout(max(0.0, end - time.monotonic())):
                computed = await asyncio.wrap_future(decoded.computed)
        except TimeoutError:
            return Unread(name, decoded.page, self._late())
        except UserError as error:  # the engine gave up
            return Unread(name, decoded.page, Refused(422, str(error)))
        if isinstance(computed.outcome, Failed):
            return Unread(name, decoded.page, Refused(422, computed.outcome.reason))
        assert isinstance(computed.outcome, Scored)
        _, warning, preview, vectors, lacking, turn, _ = decoded
        scores = list(computed.outcome.scores)
        return Row(name, decoded.page, scores, warning, preview, computed.embedding, vectors, lacking, turn)

    # ---- on a thread of the pool ---------------------------------------------------------------------------------

    def _read(self, file: Upload, wish: Wish, left: _Left, end: float) -> list[_Decoded | Unread]:
        """The pages of a file, decoded; their scores are on their way."""
        try:
            if file.fault:
                raise file.fault
            kind = _kind(file)
            if wish.only and (kind == "pdf") != (wish.only == "pdf"):
                raise Refused(400, f"a {'PDF' if wish.only == 'pdf' else 'picture of a page'} is expected here")
            if kind not in IN_FILES:
                left.take(1)
                most = self.limits.pixels

                def read(heard: list[str]) -> Image.Image:
                    try:
                        return read_picture(file.data, max_pixels=most, heard=heard)
                    finally:
                        file.data.clear()

                return [self._decoded(file.name, 1, read, wish, end)]
            with held_file(file.data, self._folder) as path:
                return list(self._pages_of(file.name, path, kind, wish, left, end))
        except Refused as error:
            return [Unread(file.name, 0, error)]
        except PageError as error:
            return [Unread(file.name, 0, refusal_of(error))]
        except FILE_ERRORS as error:  # no room for the file
            return [Unread(file.name, 0, Refused(422, reason_of(error)))]

    def _pages_of(
        self, name: str, path: Path, kind: str, wish: Wish, left: _Left, end: float
    ) -> Iterator[_Decoded | Unread]:
        count = frames_of(path).count
        if wish.only == "picture" and count is not None:
            raise Refused(400, f"holds {count} pages where one picture is expected")
        left.take(count or 1)
        waiting: list[Future[Computed]] = []
        side = max(self.classifier.transform.size)
        with Reader(min_side=side, max_pixels=self.limits.pixels) as reader:
            for frame in range(count or 1):
                if len(waiting) >= AHEAD:
                    wait([waiting[-AHEAD]], max(0.0, end - time.monotonic()))
                at = None if count is None else frame
                decoded = self._decoded(name, frame + 1, lambda heard, at=at: reader.page(path, at, heard), wish, end)
                if isinstance(decoded, _Decoded):
                    waiting.append(decoded.computed)
                yield decoded

    def _decoded(
        self, name: str, page: int, read: Callable[[list[str]], Image.Image], wish: Wish, end: float
    ) -> _Decoded | Unread:
        """One page; what `read` complains about goes into the list that it is given."""
        heard: list[str] = []
        if time.monotonic() > end:
            return Unread(name, page, self._late())
        try:
            with one_page(lambda: time.monotonic() > end):
                image = read(heard)
                if heard and self._strict:
                    raise PageError(f"doubtful: {'; '.join(heard)}")
                turn = self._turns.find(image) if self._turns else None
                pixels = self.classifier.transform(image, turn.clockwise if turn else 0)
                preview = preview_of(image) if wish.preview else b""
                vectors, lacking = _vectors(image, wish)
                del image  # before its memory counts as free
        except PageError as error:
            return Unread(name, page, refusal_of(error))
        except MemoryError as error:  # of the resizing
            return Unread(name, page, Refused(422, no_room(error)))
        return _Decoded(page, "; ".join(heard), preview, vectors, lacking, turn, self.batching.add(pixels))

    def _late(self) -> Refused:
        return Refused(408, f"not read within {self.limits.answer_seconds:.0f} seconds")


def _vectors(image: Image.Image, wish: Wish) -> tuple[Vectors, str]:
    """What is wanted beside the scores, or why there is none: an index that cannot be asked costs no page them."""
    try:
        return (wish.vectors(image) if wish.vectors else {}), ""
    except UserError as error:
        return {}, str(error)


def preview_of(image: Image.Image, side: int = PREVIEW) -> bytes:
    """A page in mode "L" or "RGB" as a JPEG that any browser shows, its longer side `side` pixels at most."""
    part = min(1.0, side / max(image.size))
    size = max(1, round(image.width * part)), max(1, round(image.height * part))
    file = io.BytesIO()
    image.resize(size, reducing_gap=2.0).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _kind(file: Upload) -> str:
    """The kind of a file by its bytes; what may stand before a PDF's header is taken off it, as sorting passes over it.

    PageError: no file that is read.
    """
    if not file.data:
        raise PageError("the file is empty")
    kind = kind_of(bytes(file.data[:HEAD]))
    if not kind and file.name.lower().endswith(".pdf"):
        begin = file.data.find(b"%PDF-", 0, PDF_JUNK)
        if begin < 0:
            raise UnknownKindError("not a PDF although its name ends in .pdf")
        del file.data[:begin]
        return "pdf"
    return kind
