"""Work that can be killed: a folder that one process holds, what it was begun as, and lines that are only ever added.

    work = WorkFolder(runs / name, "settings.json")
    if not work.take(): ...                              # a living process holds it
    work.begin({"identity": identity, "started": time.time()})
    work.remove()                                        # finished

    begun(runs, "*", "settings.json")                    # [(folder, what it was begun as)], the oldest first
    differences(stored["identity"], identity)            # [("top_n", 1, 3)]: why one is not resumed

`lock` is a lock of the operating system, that dies with its process. The head is written last at the start and removed
first at the end: a folder without it is no work, whenever a kill came.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from output.files import json_if_whole, write_json
from utils import UserError, printable

LOCK = "lock"
SHOWN = 3  # items of a list that a message names


class NoWork(UserError):
    """There is no unfinished work of this kind that nobody holds."""


class WorkFolder:
    """A folder of unfinished work.

    Attributes:
        folder: where it lies.
        head: the file in it that holds what the work was begun as (JSON: identity, started ...); "" where the folder's
            name says it all.
    """

    def __init__(self, folder: Path, head: str = "") -> None:
        self.folder, self.head = folder, head
        self._lock: FileLock | None = None

    def take(self) -> bool:
        """Hold the folder, until `release`, `remove` or the process's end. False: a living process holds it, or is just
        removing it. OSError: the folder cannot be written."""
        lock = FileLock(self.folder / LOCK, timeout=0, thread_local=False)
        try:
            lock.acquire()
        except (Timeout, FileNotFoundError):
            return False
        if not (self.folder / LOCK).exists():  # whoever held it was just removing it
            lock.release()
            return False
        self._lock = lock
        return True

    def begin(self, values: dict[str, Any]) -> None:
        """Write the head: from now on this is work that can be resumed."""
        write_json(self.folder / self.head, values)

    def release(self) -> None:
        """Let the folder go: another process may take it up. Nothing is removed."""
        if self._lock is not None:
            self._lock.release()

    def remove(self, files: Sequence[str] | None = None) -> None:
        """Remove the folder, the head first; with `files` only these, and the folder if nothing else is in it.

        What cannot be removed (another program has it open) stays, without its head.
        """
        with contextlib.suppress(OSError):
            if self.head:
                (self.folder / self.head).unlink(missing_ok=True)
            for path in self._contents(files):
                _drop(path, ignore_errors=True)
        self.release()  # Windows removes no file that is held
        with contextlib.suppress(OSError):
            (self.folder / LOCK).unlink(missing_ok=True)
            self.folder.rmdir()

    def clear(self) -> None:
        """Remove what is in the folder, but for the lock. OSError: something cannot be removed."""
        for path in self._contents():
            _drop(path)

    def _contents(self, files: Sequence[str] | None = None) -> list[Path]:
        names = [path.name for path in self.folder.iterdir()] if files is None else files
        return [self.folder / name for name in names if name != LOCK]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _drop(path: Path, *, ignore_errors: bool = False) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=ignore_errors)
    else:
        path.unlink(missing_ok=True)


def begun(parent: Path, names: str, head: str) -> list[tuple[Path, dict[str, Any]]]:
    """The work folders in `parent` (names: a pattern) that were begun, with what their heads say; the oldest first."""
    heads = ((file.parent, json_if_whole(file)) for file in parent.glob(f"{names}/{head}"))
    works = [(folder, values) for folder, values in heads if {"identity", "started"} <= values.keys()]
    return sorted(works, key=lambda work: (work[1]["started"], work[0].name))


def differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[tuple[str, Any, Any]]:
    """What differs between two identities: key, then the old and the new value; keys of inner records with a dot.

    >>> differences({"top_n": 1, "input": {"strict": True}}, {"top_n": 1, "input": {"strict": False}})
    [('input.strict', True, False)]
    """
    changed: list[tuple[str, Any, Any]] = []
    for key in [*old, *(key for key in new if key not in old)]:
        one, other = old.get(key), new.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            changed += differences(one, other, f"{prefix}{key}.")
        elif one != other:
            changed.append((prefix + key, one, other))
    return changed


def differing(old: dict[str, Any], new: dict[str, Any]) -> str:
    """What differs between two identities, for a message; "" where nothing does.

    >>> differing({"top_n": 1}, {"top_n": 2})
    'top_n = 1 (here 2)'
    """
    return ", ".join(f"{key} = {shown(was)} (here {shown(now)})" for key, was, now in differences(old, new))


def shown(value: object) -> str:
    """A value of an identity, for a message: short."""
    if isinstance(value, str):
        return printable(value[:12] if re.fullmatch("[0-9a-f]{32,}", value) else value) or '""'
    if isinstance(value, list) and len(value) > SHOWN:
        return f"{len(value)} of them, {', '.join(map(shown, value[:SHOWN]))}, ..."
    return "nothing" if value is None else printable(json.dumps(value, ensure_ascii=False))


class Lines:
    """A file of lines to which is only ever added, each handed to the operating system at once: kill -9 loses at most
    the line that is being written.

    Whoever holds the file alone says where its whole lines end (`whole_lines`): what a kill has torn is cut off, and so
    is a line that a full disk has torn. Else the torn line gets an end, so that the next one does not touch it; other
    processes may add to the file meanwhile.
    """

    def __init__(self, file: Path, end: int | None = None) -> None:
        self.file, self._end = file, end
        self._out = file.open("a+b", buffering=0)
        if end is not None:
            self._out.truncate(end)
        elif self._out.seek(0, os.SEEK_END):
            self._out.seek(-1, os.SEEK_END)
            if self._out.read(1) != b"\n":
                self.append(b"")

    def append(self, line: bytes) -> None:
        """Add a line, given without its end. OSError: the disk is full or the like; the file keeps what it had."""
        rest = line + b"\n"
        try:
            while rest:
                rest = rest[self._out.write(rest) or 0 :]
        except OSError:
            if self._end is not None:
                with contextlib.suppress(OSError):
                    self._out.truncate(self._end)
            raise
        if self._end is not None:
            self._end += len(line) + 1

    def close(self) -> None:
        """Close the file."""
        self._out.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def whole_lines(file: Path) -> Iterator[bytes]:
    """The lines of such a file, each with its end; a torn one at the end is left out."""
    with file.open("rb") as lines:
        yield from itertools.takewhile(lambda line: line.endswith(b"\n"), lines)
