"""Processes of run.py that the desk starts, and that the next desk knows again where this one is killed.

    process = begin(["-d", "/scans/box1"], folder / "said.txt")     # prints into that file
    at_work(folder / "said.txt")                                    # whoever has begun it, and whether that desk lives
    interrupt(process.send_signal)                                  # as Ctrl-C; hard=True: at once

A process holds the file that it prints into until it ends, whatever becomes of the desk: by a lock that it inherits
(flock), on Windows because there no open file can be renamed. So a process number is trusted only while that file is
held.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from desk.refused import Refused
from settings.config_file import HOME, PACKED

WINDOWS = os.name == "nt"
LOOK = 0.3  # seconds between two looks whether a process has ended


def begin(words: Sequence[str], said: Path) -> subprocess.Popen:
    """Start run.py. said: to which is added what it prints. Refused: a process prints into it already; OSError: it
    cannot be written, or no process can be started.
    """
    program = [sys.executable] if PACKED else [sys.executable, str(HOME / "run.py")]
    with said.open("ab") as stream:
        if not WINDOWS and not _locked(stream.fileno(), shared=False):
            raise Refused(409, "it is at work already")
        return subprocess.Popen(
            [*program, *words],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            # Ctrl-C in the desk's terminal is for the desk, which interrupts this process itself
            **({"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if WINDOWS else {"start_new_session": True}),
        )


def ended(process: subprocess.Popen) -> int | None:
    """The exit code of a process, None = it is still at work after a little while."""
    try:
        return process.wait(LOOK)
    except subprocess.TimeoutExpired:
        return None


def at_work(said: Path) -> bool:
    """Whether a process prints into this file; False where the disk knows no locks."""
    try:
        if WINDOWS:
            said.rename(said)
            return False
        with said.open("rb") as stream:
            return not _locked(stream.fileno(), shared=True)
    except PermissionError:
        return WINDOWS
    except OSError:
        return False


def interrupt(send: Callable[[int], None], *, hard: bool = False) -> None:
    """Interrupt a process as Ctrl-C does, so that it puts in order what is done; hard: end it at once.

    send: hands it a signal. On Windows only processes of the same console hear Ctrl-Break; the others are ended.
    """
    # SIGTERM: Ctrl-C does not reach what was started in the background
    softly = signal.CTRL_BREAK_EVENT if WINDOWS else signal.SIGTERM
    at_once = signal.SIGTERM if WINDOWS else signal.SIGKILL
    try:
        send(at_once if hard else softly)
    except OSError:  # it has just ended, or hears nothing
        if WINDOWS and not hard:
            interrupt(send, hard=True)


def sender(number: int) -> Callable[[int], None]:
    """What hands signals to a process by its number; to none that got this number later."""

    def send(what: int) -> None:
        if not WINDOWS and os.getpgid(number) != number:  # each is begun as the first of a group
            raise ProcessLookupError(number)
        os.kill(number, what)

    return send


def _locked(number: int, *, shared: bool) -> bool:
    """Lock an open file, as long as anybody has it open. False: another has; True, too, where the disk has no locks."""
    import fcntl

    try:
        fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
