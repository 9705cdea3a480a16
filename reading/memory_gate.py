"""The gate through which pages go into memory, no more of them at once than the budget allows.

    set_budget(bytes_of("6 GB"))        # without this: half of what the machine has
    with one_page():                    # one thread, one page, until it is brought to the model's size
        take(9_800_000_000)             # what it will need: waits for its turn, or raises PageError

Pages are decoded side by side as long as what they need together is within the budget; a page that needs most of it
waits until the others are done, and those behind it wait for it. So any page that fits alone is read. Gate and budget
are one a process, as the memory is that they share out, whatever Readers (decoding.py) there are.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from collections import deque
from collections.abc import Callable, Iterator

from reading.memory import bytes_of
from reading.page_errors import PageError, over_memory
from settings.sizes import AUTO

_LARGE = 10**8  # bytes of a page, after which the C library is asked to keep nothing for the next one
_LOOK_AGAIN = 0.2  # seconds after which one that waits asks whether it was given up


class _Gate:
    """What is taken of the budget, and who waits, first come first served."""

    def __init__(self) -> None:
        self.budget = 0  # 0: not asked for yet
        self.changed = threading.Condition()
        self.taken = 0
        self.line: deque[object] = deque()
        self.ask: Callable[[int], None] | None = None


class _Mine(threading.local):
    """What this thread has taken; None outside of `one_page`."""

    held: int | None = None
    is_given_up: Callable[[], bool] = staticmethod(lambda: False)


_gate = _Gate()
_mine = _Mine()


def set_budget(size: int) -> None:
    """What decoding may take from here on, in bytes, in this process."""
    _gate.budget = size


def budget() -> int:
    """What decoding may take at once, in bytes."""
    if not _gate.budget:
        _gate.budget = bytes_of(AUTO)
    return _gate.budget


def ask_elsewhere(ask: Callable[[int], None]) -> None:
    """From here on, this process asks another one before it takes anything: `ask` gets the bytes that the page needs in
    all, returns once they are had, or raises PageError.
    """
    _gate.ask = ask


@contextlib.contextmanager
def one_page(is_given_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Around reading one page and all that is done with its pixels: what it took is given back at the end.

    is_given_up: asked while it waits for its turn; where true, it waits no longer (PageError). Inside another one it
    changes nothing.
    """
    if _mine.held is not None:
        yield
        return
    _mine.held, _mine.is_given_up = 0, is_given_up
    try:
        yield
    finally:
        if _mine.held > _LARGE:
            _hand_back()
        with _gate.changed:
            _gate.taken -= _mine.held
            _mine.held = None
            _gate.changed.notify_all()


@functools.cache
def _trim() -> Callable[[int], object] | None:
    """What makes the C library hand freed memory back to the system, where there is such a thing (glibc)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        return ctypes.CDLL(None).malloc_trim
    return None


def _hand_back() -> None:
    if trim := _trim():
        trim(0)


def take(needed: int) -> None:
    """Takes `needed` bytes of the budget for the page that this thread reads (within `one_page`); a second time, only
    what is missing.

    Waits while others have too much. Raises PageError where it is more than the whole budget. A thread that has
    something already never waits: two that wait for each other would wait for ever.
    """
    if needed > budget():
        raise over_memory(needed, budget())
    if _mine.held is None:
        return  # outside of `one_page`, nobody would give it back
    missing = needed - _mine.held
    if missing <= 0:
        return
    if _gate.ask:
        _gate.ask(needed)
    with _gate.changed:
        if not _mine.held:
            _wait(missing)
        _gate.taken += missing
    _mine.held += missing


def _wait(needed: int) -> None:
    ticket = object()
    _gate.line.append(ticket)
    try:
        while _gate.line[0] is not ticket or (_gate.taken and _gate.taken + needed > budget()):
            if not _gate.changed.wait(_LOOK_AGAIN) and _mine.is_given_up():
                raise PageError("the run was stopped before it was read")
    finally:
        _gate.line.remove(ticket)
        _gate.changed.notify_all()
