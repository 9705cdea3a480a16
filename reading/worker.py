"""A process that decodes for this one, and ends when this one does: started, asked over a pipe, ended.

    class Adder(Worker):
        def sum(self, one, other):
            self.send((one, other))
            return self.answer()

It takes memory of the one budget (memory_gate.py): what it needs, the thread that asks takes. It never hears of Ctrl-C.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from reading.memory_gate import ask_elsewhere, budget, set_budget, take
from reading.page_errors import PageError
from utils import UserError

GONE = (EOFError, OSError)  # of a pipe whose other end died
_SECONDS_TO_END = 5.0
_one_at_a_time = threading.Lock()  # two threads must not ask the system for the end of the same process


class Worker:
    """One process and this end of its pipe. For one thread at a time.

    serve: what it does, a function that begins with `serving(pipe, budget)`: it gets these two, and what is `given`.
    """

    def __init__(self, serve: Callable[..., None], *given: object) -> None:
        context = multiprocessing.get_context("spawn")  # the same on all systems; a copy of a GPU's process would crash
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, budget(), *given), name="decode", daemon=True)
        with _one_at_a_time, without_interrupts():
            self._process.start()
        theirs.close()
        try:
            self._pipe.recv()  # it is there
        except GONE:
            raise UserError(
                f"a process for decoding could not be started ({self.end()}); take --workers 0 or fewer workers"
            ) from None

    def send(self, asked: object) -> None:
        """Ask. Raises one of `GONE` where the process died."""
        self._pipe.send(asked)

    def answer(self, seconds: float | None = None) -> Any:
        """What came of it. Raises PageError as it was raised there; TimeoutError where nothing was heard for that long;
        one of `GONE` where the process died.
        """
        while True:
            if not self._pipe.poll(seconds):
                raise TimeoutError
            what, value = self._pipe.recv()
            if what == "done":
                return value
            if what == "failed":
                raise value
            try:
                take(value)
            except PageError as error:
                self._pipe.send(error)
            else:
                self._pipe.send(None)

    def data(self) -> bytes:
        """Bytes that come behind an answer."""
        return self._pipe.recv_bytes()

    def hang_up(self) -> None:
        """Closes the pipe: it ends with the page that it is at."""
        self._pipe.close()

    def end(self, seconds: float = _SECONDS_TO_END) -> str:
        """Waits until it has ended, or ends it; how it ended, in words."""
        self.hang_up()
        with _one_at_a_time:
            self._process.join(seconds)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
            code = self._process.exitcode
        self._process.close()
        return f"signal {-code}" if code < 0 else f"exit code {code}"


@contextlib.contextmanager
def without_interrupts() -> Iterator[None]:
    """Ctrl-C goes to all processes of a terminal: what is started here never hears of it, and ends with its pipe."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows: see `serving`
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def serving(pipe: Connection, memory: int) -> Iterator[None]:
    """Around what a process does; the end of the pipe ends it. memory: the budget of who asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_budget(memory)

    def ask(needed: int) -> None:
        pipe.send(("take", needed))
        if reason := pipe.recv():
            raise reason

    ask_elsewhere(ask)
    with contextlib.suppress(*GONE):
        pipe.send(None)
        yield
