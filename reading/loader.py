"""Decodes pages on threads beside the model's work, a few batches ahead, each page in the slot it was given.

    for batch in load_batches(pages, transform, batch_size=16, workers=2, max_pixels=700_000_000):
        scores = classifier.scores(batch.pixels)  # where batch.reasons[i] is not "", row i means nothing

Pillow works without Python's global lock, so threads are enough: they share memory and start at once. An engine that
computes pages one by one (ONNX Runtime) does so on these threads too: each page is decoded and embedded in one go.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from reading.decoding import PageError, Reader
from reading.memory_gate import one_page
from reading.page_errors import no_room
from reading.pages import Page, PageList
from reading.process_pool import Processes
from reading.transform import PageTransform
from reading.turns import Turn, TurnFinder

if TYPE_CHECKING:
    from PIL.Image import Image

FEW = 16  # pages a process: it takes as long to start as they do to decode
BATCHES_AHEAD = 2  # one that the workers are at, one that waits: the model never starves, memory stays at three batches


class PageEmbedder(Protocol):
    """What embeds pages one by one, on the threads that decode them. dimensions: of an embedding."""

    dimensions: int

    def embed_page(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [3, height, width] -> float32 [dimensions]."""


@dataclass
class Batch:
    """Pages `index * batch_size ...` of the list, with their pixels or embeddings.

    pixels: uint8 [len(pages), 3, height, width]; a failed page's slot is zero. embeddings: float32 [len(pages), D]
    where an embedder made them, a failed page's are zero; `pixels` is empty then.
    reasons: "" or why the page failed, one a page. warnings: "" or what a decoder complained about, one a page (a page
    that failed has none). kept: what `keep` gave, one a page, None for a failed one. turns: how each page lies, None
    for a failed one; [] where nobody was asked.
    """

    index: int
    pages: list[Page]
    pixels: np.ndarray
    reasons: list[str]
    warnings: list[str] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)
    embeddings: np.ndarray | None = None
    turns: list[Turn | None] = field(default_factory=list)


class _Decoded(NamedTuple):
    """What became of a page beside its pixels: fields of `Batch`, of one page."""

    reason: str = ""
    warning: str = ""
    kept: Any = None
    turn: Turn | None = None


def load_batches(
    pages: PageList,
    transform: PageTransform,
    *,
    batch_size: int,
    workers: int,
    max_pixels: int,
    strict: bool = False,
    least_side: int = 0,
    first_batch: int = 0,
    keep: Callable[[Page, Image], Any] | None = None,
    embedder: PageEmbedder | None = None,
    processes: bool = False,
    turns: TurnFinder | None = None,
) -> Iterator[Batch]:
    """Batches in order, cut from the page list by position: batch i holds pages[i * batch_size : (i + 1) * batch_size].

    A page that fails keeps its slot, with zeros and its reason; one that carries a reason already is not opened.
    strict: a page that a decoder complained about fails. workers: threads; 0 decodes in the caller's thread and starts
    none. least_side: pixels that pages are made for at least, where the transform asks for fewer. first_batch: where to
    begin (resume). keep: called with each decoded page, on the thread that decoded it; what it gives is in the batch
    (`kept`), and where it raises PageError, the page fails. embedder: embeds each page, on that thread too. processes:
    each thread has a process decode its pages (process_pool.py), unless there are few, or `keep` wants to see them.
    turns: says how each page lies; one that lies turned gives the pixels that it would give upright (`keep` sees it as
    it lies).
    Closing the iterator, or an exception such as KeyboardInterrupt, drops what is not begun and waits for the pages
    that are being decoded; no thread and no process is left.
    """
    count = -(-len(pages.pages) // batch_size)
    stop = threading.Event()
    nothing = np.zeros((0, 3, *transform.size), np.uint8)
    limits = {"min_side": max(*transform.size, least_side), "max_pixels": max_pixels}
    reader, others = Reader(**limits), None
    if processes and not keep and len(pages.pages) >= workers * FEW > 0:
        others = Processes(workers, transform, turns, **limits)

    def decode(page: Page, slot: np.ndarray) -> _Decoded:
        if page.reason or stop.is_set():
            return _Decoded(page.reason)
        file, heard, turn = pages.root / page.path, [], None
        try:
            with one_page(stop.is_set):
                if others:
                    image, (pixels, heard, turn) = None, others.page(file, page.frame)
                else:
                    image = reader.page(file, page.frame, heard)
                if heard and strict:
                    return _Decoded(f"doubtful: {'; '.join(heard)}")
                if image:
                    turn = turns.find(image) if turns else None
                    pixels = transform(image, turn.clockwise) if turn else transform(image)
                kept = keep(page, image) if keep else None
                del image  # before its memory counts as free
        except PageError as error:
            return _Decoded(str(error))
        except MemoryError as error:  # of the resizing
            return _Decoded(no_room(error))
        slot[...] = embedder.embed_page(pixels) if embedder else pixels
        return _Decoded(warning="; ".join(heard), kept=kept, turn=turn)

    def empty(index: int) -> Batch:
        part = pages.pages[index * batch_size : (index + 1) * batch_size]
        if embedder:
            return Batch(index, part, nothing, [], embeddings=np.zeros((len(part), embedder.dimensions), np.float32))
        return Batch(index, part, np.zeros((len(part), 3, *transform.size), np.uint8), [])

    def slots(batch: Batch) -> Iterator[tuple[Page, np.ndarray]]:
        return zip(batch.pages, batch.pixels if batch.embeddings is None else batch.embeddings, strict=True)

    def filled(batch: Batch, decoded: list[_Decoded]) -> Batch:
        batch.reasons, batch.warnings, batch.kept, found = (list(part) for part in zip(*decoded, strict=True))
        batch.turns = found if turns else []
        return batch

    def inline() -> Iterator[Batch]:
        for index in range(first_batch, count):
            batch = empty(index)
            yield filled(batch, [decode(page, slot) for page, slot in slots(batch)])

    def threaded() -> Iterator[Batch]:
        # A batch may be smaller than the workers are many: then more of them are begun ahead.
        ahead = BATCHES_AHEAD + workers // batch_size
        waiting: deque[tuple[Batch, list[Future[_Decoded]]]] = deque()
        pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="decode")
        try:
            begun = first_batch
            while begun < count or waiting:
                while begun < count and len(waiting) <= ahead:
                    batch = empty(begun)
                    waiting.append((batch, [pool.submit(decode, page, slot) for page, slot in slots(batch)]))
                    begun += 1
                batch, futures = waiting.popleft()
                yield filled(batch, [future.result() for future in futures])
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

    with reader, others or contextlib.nullcontext():
        yield from threaded() if workers > 0 else inline()
