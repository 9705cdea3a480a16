"""What LanceDB complains about, in one line that people can act on.

    raise lance_error(error, Path("result/index"), ["id", "path", "year"]) from error

It raises ValueError, OSError or RuntimeError, with the texts of several libraries (its own, Arrow's, an SQL parser's,
the system's) and the place in their source; which mistake it was can only be told from the text.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from utils import UserError, did_you_mean, printable

NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)
FORBIDDEN = re.compile(r"permission denied|read-only file system|access is denied", re.IGNORECASE)
MISSING = re.compile(r"not found|no such file", re.IGNORECASE)
OWN = re.compile(r"\.lance\b|table '", re.IGNORECASE)
# What systems say of a disk, a quota or a file size that is used up.
FULL = re.compile(r"no space left|disk quota|file too large|not enough space|os error (27|28|122)\b", re.IGNORECASE)


class NotWritten(UserError):
    """What was found could not be written into the index; the user has it in files all the same (`keep_columns`)."""


class ReadOnly(NotWritten):
    """As the index may only be read: on a share, a DVD, of another user."""


def lance_error(error: Exception, folder: Path, columns: Sequence[str]) -> UserError:
    """The user's error for one of LanceDB's. folder: of the index. columns: those that a condition may name."""
    text = first_line(error)
    shown = printable(str(folder))
    if field := re.search(r"No (?:field|column) named \W*([^\s.`\"']+)", text):
        hint = did_you_mean(field[1], columns) or f"; a text stands in single quotes: '{field[1]}'"
        return UserError(f"--where: there is no column {field[1]} (columns: {', '.join(columns)}){hint}")
    if parsing := re.search(r"sql parser error: (.*)", text) or re.search(r"Error parsing statement: (.*)", text):
        return UserError(f"--where is not an SQL condition: {parsing[1].rstrip(' )')}")
    if where := re.search(r"resolving filter expression (.*)", text):
        return UserError(f"--where is not an SQL condition: {where[1]}")
    if temporary := re.search(r'temp dir.* at path "(.*)[/\\][^/\\"]*"', text):
        return NotWritten(
            f"the folder for temporary files, {temporary[1]}, cannot be used (not there, or no right to write): set "
            "TMPDIR (Windows: TMP) to one that can, and run the command again"
        )
    if FULL.search(text):
        return NotWritten(f"no space left for the index {shown}: make room and run it again; nothing is lost")
    if FORBIDDEN.search(text):
        return ReadOnly(f"the index {shown} may only be read ({text})")
    # Only of the index's own files: a missing folder of the system is no change by anybody.
    if MISSING.search(text) and OWN.search(text):
        return UserError(
            f"the index {shown} was changed by another process while it was read, or files of it were removed: run "
            f"the command again ({text})"
        )
    return UserError(f"the index {shown}: {text}")


def first_line(error: BaseException) -> str:
    """The first line of what was raised, at most 400 characters, without the place in LanceDB's source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = re.sub(r",? ?\S*[/\\]\S+\.rs:\d+:\d+", "", lines[0]) if lines else type(error).__name__
    return printable(text)[:400]


class Database(Protocol):
    """What knows its folder and columns, and so can say what LanceDB finds wrong with it."""

    def in_one_line(self, error: Exception) -> UserError:
        """The user's error for one of LanceDB's."""


D = TypeVar("D", bound=Database)
P = ParamSpec("P")
R = TypeVar("R")


def plainly(method: Callable[Concatenate[D, P], R]) -> Callable[Concatenate[D, P], R]:
    """A method of a database, so that whatever LanceDB finds wrong in it is one line."""

    @wraps(method)
    def in_one_line(self: D, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except (ValueError, OSError, RuntimeError) as error:
            raise self.in_one_line(error) from error

    return in_one_line
