"""A list of files that somebody wrote or piped (`--files-from`): which pages it names.

    names = names_in(sys.stdin.buffer.read())            # as `find scans -type f -print0` gives them
    pages, notes = pages_of_list(names, Path("scans"), below=True)

A list of a million with one name that leads nowhere must go on: such a name is a page with its reason, as a file that
cannot be read is. What is no page by its name is left alone and counted, as in a folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from reading.listing import Passed, ending_of, extensions_of, link_fault
from reading.pages import Page, PageList, broken_page, pages_of, sort_key
from utils import UserError, printable

UTF16 = (b"\xff\xfe", b"\xfe\xff")  # how Windows PowerShell 5 begins what `>` writes
PROGRESS_EVERY = 1000


def names_in(content: bytes) -> list[str]:
    r"""The names in a list, as they stand there: one a line, or with NULs between where it has any. UTF-8, other bytes
    of Linux's file names kept; with a byte order mark UTF-16 too. UserError where it names nothing.

    >>> names_in(b"\xef\xbb\xbfa.png\r\n\r\nbox 1/b.png\n"), names_in(b"a\nb.png\0c.png\0")
    (['a.png', 'box 1/b.png'], ['a\nb.png', 'c.png'])
    """
    if content.startswith(UTF16):
        try:
            content = content.decode("utf-16").encode("utf-8")
        except UnicodeError:
            raise UserError("the list of files is cut off in the middle of a name: write it anew, as UTF-8") from None
    content = content.removeprefix(b"\xef\xbb\xbf")
    parts = content.split(b"\0") if b"\0" in content else [line.removesuffix(b"\r") for line in content.split(b"\n")]
    return [part.decode("utf-8", "surrogateescape") for part in parts if part.strip()]


def list_hash(names: Sequence[str]) -> str:
    """SHA-256 of what a list names, whatever its order and however often."""
    return hashlib.sha256("\0".join(sorted(set(names))).encode("utf-8", "surrogateescape")).hexdigest()


def pages_of_list(
    names: Sequence[str],
    root: Path,
    *,
    below: bool,
    formats: Collection[str] = (),
    on_progress: Callable[[int], None] | None = None,
) -> tuple[PageList, list[str]]:
    """The pages of listed files, sorted, and lines for the user.

    root: what relative names count from. below: it is a folder of pages (`-d`): PATH counts from it, and names that
    lead out of it are refused; else PATH is as listed. on_progress: called now and then with the number of names seen.
    UserError where a name leads out of the root, or none of them leads to a page.
    """
    wanted = extensions_of(formats)
    pages: list[Page] = []
    passed = Passed()
    folders = twice = absent = 0
    outside: list[str] = []
    seen: set[tuple[str, str]] = set()
    real: dict[str, str] = {}  # folder -> where it lies, links followed; folders are no more than files
    for number, given in enumerate(names, 1):
        if on_progress is not None and number % PROGRESS_EVERY == 0:
            on_progress(number)
        path = _below(given, root) if below else _tidy(given)
        if path is None:
            outside.append(given)
            continue
        whole = os.path.join(root, path)  # noqa: PTH118 (a million Paths take their time)
        folder, _, name = path.rpartition("/")
        ending = ending_of(name)
        if ending[1:] not in wanted:
            if os.path.isdir(whole):  # noqa: PTH112
                folders += 1
            else:
                passed.other[ending] = passed.other.get(ending, 0) + 1
            continue
        if folder not in real:
            real[folder] = os.path.realpath(os.path.dirname(whole))  # noqa: PTH120
        key = real[folder], os.path.normcase(name)
        if key in seen:
            twice += 1
            continue
        seen.add(key)
        kind, fault = _look(whole)
        if kind == "folder":
            folders += 1
        elif fault:
            absent += 1
            pages.append(broken_page(path, fault))
        else:
            held, frames = pages_of(root, path)
            pages += held
            passed.frames += frames
    if outside:
        raise UserError(
            f"--files-from names {len(outside)} files outside of {printable(str(root))}, the first one "
            f"{printable(outside[0])}: with -d its names count from there; leave -d out to sort files from anywhere"
        )
    if absent == len(pages):
        raise _nothing(pages[0].path if pages else "", absent, folders, root, passed)
    notes = []
    if twice:
        notes.append(f"{twice} names in the list lead to files that it names before: each counts once")
    if folders:
        notes.append(f"{folders} folders in the list are left alone: a list names files (find ... -type f)")
    pages.sort(key=sort_key)
    return PageList(root, pages, passed), notes


def _nothing(first: str, absent: int, folders: int, root: Path, passed: Passed) -> UserError:
    where = f"names count from {printable(str(root.absolute()))}"
    if absent:
        return UserError(
            f"none of the {absent} page files in the list is there, the first one {printable(first)}: {where}"
        )
    others = "".join(f"; {line}" for line in passed.lines())
    said = f"; {folders} folders, whose files it has to name themselves (find ... -type f)" if folders else ""
    return UserError(f"--files-from names no page{others}{said}")


def _look(whole: str) -> tuple[str, str]:
    """What a path leads to - file, folder, "" -, and why that is no page."""
    try:
        mode = os.stat(whole).st_mode  # noqa: PTH116
    except (OSError, ValueError) as error:  # ValueError: a NUL or a lone surrogate
        return "", link_fault(Path(whole)) or _said(error)
    if stat.S_ISDIR(mode):
        return "folder", ""
    return "file", "" if stat.S_ISREG(mode) else "is neither a folder nor a file"


def _said(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError) or not isinstance(error, OSError):
        return "the file does not exist"
    if error.errno == errno.ENAMETOOLONG:
        return "its name is longer than a file's can be"
    return f"the file cannot be read: {(error.strerror or str(error)).lower()}"


def _tidy(given: str) -> str:
    """A name with "/" between folders, and none too many."""
    plain = os.name != "nt" and not given.startswith("./") and not given.endswith("/")
    return given if plain and "//" not in given and "/./" not in given else Path(given).as_posix()


def _below(given: str, root: Path) -> str | None:
    """The path below `root` that a name means; None where it leads out of it."""
    path = _tidy(given)
    absolute = os.path.isabs(path)  # noqa: PTH117
    if not absolute and ".." not in path:
        return path
    for base in (root.absolute(), root.resolve()):
        whole = os.path.normpath(os.path.join(base, path))  # noqa: PTH118
        try:
            return Path(whole).relative_to(os.path.normpath(base)).as_posix()
        except ValueError:
            continue
    return None
