"""Decodes pages in processes of their own: for machines with many cores, whose threads would wait for each other.

    with Processes(16, transform, min_side=448, max_pixels=700_000_000) as processes:
        pixels, heard = processes.page(Path("CTX194603902-14.png"), None)      # from any of 16 threads

A thread hands its page to a process that has none and waits for the pixels, so all else stays as it is with threads
(loader.py): order, slots, and the one budget of memory, of which the thread takes what its process asks for. A process
that dies (a decoder crashed, or the system ended it for want of memory) takes nothing with it but its page, which is
tried once more in a new one. Where this process ends in whatever way, they see their pipes closed and end too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from reading.decoding import PageError, Reader
from reading.memory_gate import ask_elsewhere, budget, one_page, set_budget, take
from reading.page_errors import no_room
from reading.transform import PageTransform
from utils import UserError

_TRIES = 2  # processes that a page may cost
_SECONDS_TO_END = 5.0
_GONE = (EOFError, OSError)  # of a pipe whose other end died
_OUR_MISTAKE = "exit code 1"  # of Python, after a traceback
_one_at_a_time = threading.Lock()  # two threads must not ask the system for the end of the same process


class Processes:
    """So many processes, each started when it is first needed. Every thread may ask; `close` once none does any more.

    transform, min_side, max_pixels: as of `Reader` and of what is done with its pages.
    """

    def __init__(self, count: int, transform: PageTransform, *, min_side: int, max_pixels: int) -> None:
        self._how = transform, min_side, max_pixels
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

    def page(self, path: Path, frame: int | None) -> tuple[np.ndarray, list[str]]:
        """The pixels of a page, uint8 [3, height, width], or [1, height, width] of a grey one; and what its decoder
        complained about.

        To be called within `one_page`. Raises PageError as `Reader.page` does, and where a second process died too.
        """
        place = self._idle.get()
        try:
            for _ in range(_TRIES):
                process = self._all[place] = self._all[place] or _Process(*self._how)
                try:
                    return process.page(path, frame)
                except _GONE:
                    self._all[place] = None
                    died = process.end()
                    if died == _OUR_MISTAKE:
                        raise RuntimeError("a process that decodes pages ended: why, it has said above") from None
            raise PageError(
                f"the process that decoded it died, and so did a second one ({died}): damaged, or too large"
            )
        finally:
            self._idle.put(place)


class _Process:
    """One process and this end of its pipe. For one thread at a time."""

    def __init__(self, transform: PageTransform, min_side: int, max_pixels: int) -> None:
        context = multiprocessing.get_context("spawn")  # the same on all systems; a copy of a GPU's process would crash
        self._pipe, theirs = context.Pipe()
        given = (theirs, transform, min_side, max_pixels, budget())
        self._process = context.Process(target=_serve, args=given, name="decode", daemon=True)
        with _one_at_a_time, _without_interrupts():
            self._process.start()
        theirs.close()
        self._shape = transform.size
        try:
            self._pipe.recv()  # it is there
        except _GONE:
            raise UserError(
                f"a process for decoding could not be started ({self.end()}); take --workers 0 or fewer workers"
            ) from None

    def page(self, path: Path, frame: int | None) -> tuple[np.ndarray, list[str]]:
        """See `Processes.page`. Raises EOFError or OSError where the process died."""
        self._pipe.send((path, frame))
        while True:
            what, value = self._pipe.recv()
            if what == "take":
                try:
                    take(value)
                except PageError as error:
                    self._pipe.send(str(error))
                else:
                    self._pipe.send(None)
            elif what == "page":
                return np.frombuffer(self._pipe.recv_bytes(), np.uint8).reshape(-1, *self._shape), value
            else:
                raise PageError(value)

    def hang_up(self) -> None:
        """Closes the pipe: it ends with the page that it is at."""
        self._pipe.close()

    def end(self) -> str:
        """Waits until it has ended, or ends it; how it ended, in words."""
        self.hang_up()
        with _one_at_a_time:
            self._process.join(_SECONDS_TO_END)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
            code = self._process.exitcode
        self._process.close()
        return f"signal {-code}" if code < 0 else f"exit code {code}"


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C goes to all processes of a terminal: what is started here never hears of it, and ends with its pipe."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows: see `_serve`
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, transform: PageTransform, min_side: int, max_pixels: int, memory: int) -> None:
    """What a process does: page after page until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_budget(memory)

    def ask(needed: int) -> None:
        pipe.send(("take", needed))
        if reason := pipe.recv():
            raise PageError(reason)

    ask_elsewhere(ask)
    with contextlib.suppress(*_GONE), Reader(min_side=min_side, max_pixels=max_pixels) as reader:
        pipe.send(None)
        while True:
            heard: list[str] = []
            try:
                with one_page():
                    pixels = transform(reader.page(*pipe.recv(), heard))
            except PageError as error:
                pipe.send(("failed", str(error)))
                continue
            except MemoryError as error:
                pipe.send(("failed", no_room(error)))
                continue
            pipe.send(("page", heard))
            is_grey = np.array_equal(pixels[0], pixels[1]) and np.array_equal(pixels[0], pixels[2])
            pipe.send_bytes((pixels[:1] if is_grey else pixels).ravel())
