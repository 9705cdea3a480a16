"""Decodes pages in processes of their own: for machines with many cores, whose threads would wait for each other.

    with Processes(16, transform, None, min_side=448, max_pixels=700_000_000) as processes:
        pixels, heard, turn = processes.page(Path("CTX194603902-14.png"), None)      # from any of 16 threads

A thread hands its page to a process that has none and waits for the pixels, so all else stays as it is with threads
(loader.py): order, slots, and the one budget of memory, of which the thread takes what its process asks for. A process
that dies (a decoder crashed, or the system ended it for want of memory) takes nothing with it but its page, which is
tried once more in a new one. Where this process ends in whatever way, they see their pipes closed and end too.
"""

from __future__ import annotations

import queue
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from reading.decoding import PageError, Reader
from reading.memory_gate import one_page
from reading.page_errors import no_room
from reading.transform import PageTransform
from reading.turns import Turn, TurnFinder
from reading.worker import GONE, Worker, serving

_TRIES = 2  # processes that a page may cost
_OUR_MISTAKE = "exit code 1"  # of Python, after a traceback


class Processes:
    """So many processes, each started when it is first needed. Every thread may ask; `close` once none does any more.

    transform, turns, min_side, max_pixels: as of `Reader` and of what is done with its pages (loader.py).
    """

    def __init__(
        self, count: int, transform: PageTransform, turns: TurnFinder | None, *, min_side: int, max_pixels: int
    ) -> None:
        self._how = transform, turns, min_side, max_pixels
        self._all: list[_Process | None] = []
        self._idle: queue.LifoQueue[int] = queue.LifoQueue()  # places in the list
        for place in reversed(range(count)):
            self._all.append(None)
            self._idle.put(place)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all processes and waits until they have ended."""
        processes = [process for process in self._all if process is not None]
        self._all = []
        for process in processes:
            process.hang_up()  # all of them, before the first is waited for
        for process in processes:
            process.end()

    def page(self, path: Path, frame: int | None) -> tuple[np.ndarray, list[str], Turn | None]:
        """The pixels of a page, uint8 [3, height, width], or [1, height, width] of a grey one; what its decoder
        complained about; how it lies, where that was asked.

        To be called within `one_page`. Raises PageError as `Reader.page` does, and where a second process died too.
        """
        place = self._idle.get()
        try:
            for _ in range(_TRIES):
                process = self._all[place] = self._all[place] or _Process(*self._how)
                try:
                    return process.page(path, frame)
                except GONE:
                    self._all[place] = None
                    died = process.end()
                    if died == _OUR_MISTAKE:
                        raise RuntimeError("a process that decodes pages ended: why, it has said above") from None
            raise PageError(
                f"the process that decoded it died, and so did a second one ({died}): damaged, or too large"
            )
        finally:
            self._idle.put(place)


class _Process(Worker):
    """One process. For one thread at a time."""

    def __init__(self, transform: PageTransform, turns: TurnFinder | None, min_side: int, max_pixels: int) -> None:
        super().__init__(_serve, transform, turns, min_side, max_pixels)
        self._shape = transform.size

    def page(self, path: Path, frame: int | None) -> tuple[np.ndarray, list[str], Turn | None]:
        """See `Processes.page`. Raises EOFError or OSError where the process died."""
        self.send((path, frame))
        heard, turn = self.answer()
        return np.frombuffer(self.data(), np.uint8).reshape(-1, *self._shape), heard, turn


def _serve(
    pipe: Connection,
    memory: int,
    transform: PageTransform,
    turns: TurnFinder | None,
    min_side: int,
    max_pixels: int,
) -> None:
    """What a process does: page after page until the pipe is closed."""
    with serving(pipe, memory), Reader(min_side=min_side, max_pixels=max_pixels) as reader:
        while True:
            heard: list[str] = []
            try:
                with one_page():
                    image = reader.page(*pipe.recv(), heard)
                    turn = turns.find(image) if turns else None
                    pixels = transform(image, turn.clockwise) if turn else transform(image)
                    del image  # before its memory counts as free
            except PageError as error:
                pipe.send(("failed", error))
                continue
            except MemoryError as error:
                pipe.send(("failed", PageError(no_room(error))))
                continue
            pipe.send(("done", (heard, turn)))
            is_grey = np.array_equal(pixels[0], pixels[1]) and np.array_equal(pixels[0], pixels[2])
            pipe.send_bytes((pixels[:1] if is_grey else pixels).ravel())
