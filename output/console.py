"""The terminal that a command was started in: lines said there, closed streams, Ctrl-C that comes more than once.

open_streams()              # print() works, whatever was closed (>&-), or says that what it wrote is lost (/dev/full)
with interruptible():       # KeyboardInterrupt twice at most, whatever signals come
    ...
say("note: two folders are not there", quiet=settings.setup.quiet)
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from utils import UserError

SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")  # SIGBREAK: Ctrl-Break on Windows
OUTPUT = "standard output"  # the file name of an OSError of printing
RAISING = 2  # Ctrl-C ends the work, once more ends what puts finished work in order; what comes then changes nothing


def say(line: str, quiet: bool = False) -> None:
    """A line on stderr, at once; `quiet` leaves out all but warnings."""
    if not quiet or line.startswith("warning"):
        print(line, file=sys.stderr, flush=True)


def open_streams() -> None:
    """Streams that were closed lead to nowhere, so that no file that is opened later takes their place and receives
    what is printed; a console of another code page does not end a run over one letter.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number and not _is_open(number):
                os.dup2(nowhere, number)
            setattr(sys, name, open(os.devnull, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    _name_faults(sys.stdout)


def _name_faults(stream: Any) -> None:
    """What cannot be printed (a full device) fails under the stream's name, and is not forgotten where a library
    swallows the failure, as argparse does: the next flush fails too.
    """
    if stream is not sys.__stdout__ or "write" in vars(stream):
        return
    failed: list[OSError] = []

    def named(work: Callable[..., Any]) -> Callable[..., Any]:
        def do(*arguments: Any) -> Any:
            try:
                if failed:
                    raise failed.pop()
                return work(*arguments)
            except OSError as error:
                error.filename = OUTPUT
                failed.append(error)
                raise

        return do

    stream.write, stream.flush = named(stream.write), named(stream.flush)


def drop_output() -> None:
    """Nobody reads what is printed from here on, or it cannot be written: it leads to nowhere, at the exit too."""
    for name in ("write", "flush"):
        vars(sys.stdout).pop(name, None)
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_place() -> None:
    """UserError where the working directory is gone: relative paths would mean nothing, and libraries ask for it."""
    try:
        os.getcwd()  # noqa: PTH109
    except OSError:
        raise UserError(
            "the working directory does not exist any more (deleted, or its drive is gone): change to another one "
            "(cd), then give the command again"
        ) from None


@contextlib.contextmanager
def interruptible(*, alone: bool = False) -> Iterator[None]:
    """SIGTERM (and Ctrl-Break on Windows) interrupt like Ctrl-C, so that finished work is put in order. From the third
    signal on, none disturbs what is said at the end.

    alone: the process ends after this, and no signal disturbs its end either.
    """
    seen = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        seen += 1
        if seen <= RAISING:
            raise KeyboardInterrupt

    def lost(unraisable: object) -> None:
        """Python swallows what is raised while an object is destroyed: no word of it, and it counts as not come."""
        nonlocal seen
        if isinstance(getattr(unraisable, "exc_value", None), KeyboardInterrupt):
            seen -= 1
        else:
            hook(unraisable)

    before, hook = {}, sys.unraisablehook
    sys.unraisablehook = lost
    with contextlib.suppress(ValueError):  # not in the main thread: whoever called us handles signals
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and (name != "SIGINT" or signal.getsignal(number) != signal.SIG_IGN):
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if alone and seen else handler)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
