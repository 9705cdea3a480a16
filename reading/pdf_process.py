"""PDFs drawn in a process of its own that is ended where one takes too long: PDFium, once it hangs, stops for nothing,
and in one process all PDFs wait for one another.

    with pdfs_elsewhere(seconds=40):            # until its end, for all threads and Readers of this process
        reader.page(Path("report.pdf"), 0)

A file that it was ended for is not tried again until it has changed: the next page would take as long.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from reading import pdf
from reading.containers import FileId, file_id_of
from reading.decoding import Reader, frames_of
from reading.page_errors import PageError, reason_of
from reading.worker import GONE, Worker, serving
from utils import UserError


class PdfProcess:
    """The process, started when it is first needed. seconds: for a page, or to count pages."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._turn = seconds, threading.Lock()
        self._worker: Worker | None = None
        self._given_up: set[FileId] = set()
        self._to_forget = False

    def count(self, path: Path) -> int:
        """As `count_pdf_pages`."""
        return self._asked(path, ())[0]

    def page(self, path: Path, frame: int, min_side: int, max_pixels: int, heard: list[str]) -> Image.Image:
        """As `OpenPdfs.page`."""
        (mode, size, complaints), data = self._asked(path, (frame, min_side, max_pixels))
        heard += complaints
        return Image.frombytes(mode, size, data)

    def forget(self) -> None:
        """Close the files that are open there, now or once the page that it is at is done: this waits for none."""
        self._to_forget = True
        if self._turn.acquire(blocking=False):
            try:
                self._forgotten()
            finally:
                self._turn.release()

    def _forgotten(self) -> None:
        if self._to_forget and self._worker is not None:
            with contextlib.suppress(*GONE):
                self._worker.send(None)
        self._to_forget = False

    def close(self) -> None:
        """End it."""
        with self._turn:
            if self._worker is not None:
                self._worker.end()
                self._worker = None

    def _asked(self, path: Path, what: tuple[int, ...]) -> tuple[Any, bytes]:
        with path.open("rb") as file:
            file_id = file_id_of(path, file)
        with self._turn:
            late = PageError(f"given up: PDFium was at it for more than {self._seconds:.0f} seconds")
            if file_id in self._given_up:
                raise late
            try:
                self._worker = self._worker or Worker(_serve)
                self._forgotten()
                self._worker.send((path, what))
                said = self._worker.answer(self._seconds)
                return said, self._worker.data() if what else b""
            except UserError:
                raise PageError("no process that draws PDFs could be started") from None
            except TimeoutError:
                self._given_up.add(file_id)
                self._worker.end(0)
                self._worker = None
                raise late from None
            except GONE:
                died = self._worker.end()
                self._worker = None
                raise PageError(f"the process that drew it died ({died}): damaged, or too large") from None
            finally:
                self._forgotten()


def _serve(pipe: Connection, memory: int) -> None:
    """What the process does: PDF after PDF until the pipe is closed."""
    readers: dict[tuple[int, int], Reader] = {}
    with serving(pipe, memory):
        while True:
            asked = pipe.recv()
            if asked is None:
                for reader in readers.values():
                    reader.close()
                readers.clear()
                continue
            path, what = asked
            heard: list[str] = []
            try:
                if not what:
                    pipe.send(("done", frames_of(path).count))
                    continue
                frame, min_side, max_pixels = what
                if (min_side, max_pixels) not in readers:
                    readers[min_side, max_pixels] = Reader(min_side=min_side, max_pixels=max_pixels)
                page = readers[min_side, max_pixels].page(path, frame, heard)
                data = page.tobytes()
            except PageError as error:
                pipe.send(("failed", error))
            except MemoryError as error:
                pipe.send(("failed", PageError(reason_of(error))))
            else:
                pipe.send(("done", (page.mode, page.size, heard)))
                pipe.send_bytes(data)


@contextlib.contextmanager
def pdfs_elsewhere(seconds: float) -> Iterator[PdfProcess]:
    """Have all PDFs drawn in a process of their own until the end of the block."""
    process = PdfProcess(seconds)
    pdf.draw_elsewhere(process)
    try:
        yield process
    finally:
        pdf.draw_elsewhere(None)
        process.close()
