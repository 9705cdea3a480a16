"""What the data scripts share: the command line, names that every system takes, files completed by rename.

    if __name__ == "__main__":
        start(main)                              # one-line errors, exit 2; Ctrl-C and SIGTERM: exit 130

Exit codes: 0 all done; 1 something was left undone, and is listed; 2 a mistake that the user can mend; 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import errno
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from encoders.labels import folder_name_problem, same_name  # noqa: F401 (for the scripts)
from output.console import OUTPUT, check_place, drop_output, interruptible, open_streams
from output.files import write_whole
from reading.documents import ONEPAGERS  # noqa: F401 (for the scripts)
from reading.pages import ARCHIVES, no_folder
from settings.command import check_packages, install_command  # noqa: F401 (for the scripts)
from settings.config_file import HOME
from utils import UserError, did_you_mean, printable

_PROCESS = int.from_bytes(os.urandom(6), "big")  # a number that no process on any machine has too
_PART = re.compile(r"\.[0-9a-f]{16}\.\d+\.part")


class Parser(argparse.ArgumentParser):
    """argparse with the project's manners: no abbreviations, an error is one line and names the nearest flag."""

    def __init__(self, description: str, examples: str) -> None:
        super().__init__(
            description=description,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument("--dry-run", action="store_true", help="change nothing, print what would be done")

    def add_listing(self) -> None:
        """The flags that say what of a folder is left out, as in run.py; `listing_of` gives what was typed."""
        self.add_argument(
            "--hidden",
            action="store_true",
            help="look into hidden folders too, and those that systems keep for themselves (@eaDir, #recycle)",
        )
        self.add_argument(
            "--exclude",
            action="append",
            default=[],
            metavar="PATTERN",
            help="leave out files and folders of this name, or of this path below the folder; * and ? for what varies",
        )

    def error(self, message: str) -> NoReturn:
        """A mistake on the command line."""
        raise UserError(f"{message} (see --help)")

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The arguments; UserError for an unknown flag."""
        known, rest = self.parse_known_args(arguments)
        if rest:
            flags = [flag for action in self._actions for flag in action.option_strings]
            kind = "unknown flag" if rest[0].startswith("-") else "one argument too many:"
            self.error(f"{kind} {printable(rest[0])}{did_you_mean(rest[0], flags)}")
        return known


def start(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a script's `main` on the command line and leave with its exit code."""
    open_streams()
    with interruptible(alone=True):
        try:
            code = _answer(main)
        except KeyboardInterrupt:  # Ctrl-C again, while the first one was answered
            code = _interrupted()
    sys.exit(code)


def no_command(instead: str) -> NoReturn:
    """End the process that was started with a file that only the scripts use: tell which command is meant."""

    def main(_: Sequence[str]) -> int:
        raise UserError(f"this file is a part of the data scripts, not a command: {instead}")

    start(main)


def _interrupted() -> int:
    return _fail("interrupted; the same command goes on where this one stopped", 130)


def _answer(main: Callable[[Sequence[str]], int]) -> int:
    """The exit code, and one line for whatever ends the work early."""
    try:
        check_place()
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except UserError as error:
        code = _fail(str(error), 2)
    except KeyboardInterrupt:
        code = _interrupted()
    except BrokenPipeError:  # `| head` has read enough
        drop_output()
        code = 1
    except ModuleNotFoundError as error:
        top = (error.name or "").split(".")[0]
        if not top or (HOME / f"{top}.py").exists() or (HOME / top / "__init__.py").exists():
            raise
        code = _fail(f"the Python package {top} is missing: {install_command('requirements.txt')}", 2)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        if error.filename == OUTPUT:
            drop_output()
        where = f" {printable(str(error.filename))}" if error.filename else ""
        again = "" if error.errno not in (errno.ENOSPC, errno.EDQUOT) else "; make room, the same command then goes on"
        code = _fail(f"cannot write or read{where}: {(error.strerror or str(error)).lower()}{again}", 2)
    return code


def _fail(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


def folder_argument(folder: Path) -> Path:
    """An existing folder, or UserError."""
    if os.path.isdir(folder):  # noqa: PTH112 (Path.is_dir raises below a closed folder)
        return folder
    if os.path.isfile(folder):  # noqa: PTH113
        hint = ": unpack it first" if folder.suffix.lower().lstrip(".") in ARCHIVES else ""
        raise UserError(f"the folder {printable(str(folder))} is not a folder{hint}")
    raise no_folder(folder)


def listing_of(options: argparse.Namespace) -> dict[str, Any]:
    """What `Parser.add_listing` was told, as `list_files` and `find_pages` take it."""
    return {"hidden": options.hidden, "exclude": tuple(options.exclude)}


def list_undone(undone: Collection[str], what: str) -> int:
    """Print what was left undone, in order, to stderr; the exit code: 1, or 0 where nothing was."""
    if undone:
        print(f"{what}:", file=sys.stderr)
        for line in undone:
            print(f"  {line}", file=sys.stderr)
    return 1 if undone else 0


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "page"), counted(2, "page"), counted(2, "category")
    ('1 page', '2 pages', '2 categories')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def write_csv(file: Path, rows: Iterable[Sequence[str | int]]) -> bool:
    """Write a CSV (UTF-8, commas), whole or not at all; False where just this content was there already."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return write_changed(file, out.getvalue().encode("utf-8"))


def write_changed(file: Path, content: bytes) -> bool:
    """Write a file whole; False where just this content was there already. UserError where that is not possible."""
    part = process_part(file)
    if file.parent.is_dir():
        drop_parts(file.parent, part.name[:18])
    try:
        if file.is_file() and file.read_bytes() == content:
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content, part)
    except PermissionError:
        said = "no permission, or it is open in another program"
        raise UserError(f"cannot write {printable(str(file))}: {said}") from None
    return True


def process_part(file: Path) -> Path:
    """Where a file is written until it is whole: beside it, under a name of this process, so that a worker that
    outlives a killed start cannot tear what the second start writes."""
    name = hashlib.sha256(os.fsencode(file.name)).hexdigest()[:16]
    return file.with_name(f".{name}.{_PROCESS}.part")


def drop_parts(folder: Path, of: str = "") -> None:
    """Remove what killed starts left half-made in a folder: only names of `process_part` (that begin so)."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        stale = [entry.path for entry in entries if entry.name.startswith(of) and _PART.fullmatch(entry.name)]
    for path in stale:
        with contextlib.suppress(OSError):  # Windows: its writer still lives, and removes or completes it
            Path(path).unlink()


def move_new(source: Path, target: Path) -> None:
    """Rename, never over a file that is there (FileExistsError). Killed half-way it leaves one file under two names."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # no hard links here (exFAT, some network shares); Windows' rename refuses by itself
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        source.rename(target)
    else:
        source.unlink()


def copy_new(source: Path, target: Path) -> None:
    """Copy with times, whole or not at all, never over a file that is there."""
    part = process_part(target)
    try:
        with source.open("rb") as from_file, part.open("wb") as to_file:
            shutil.copyfileobj(from_file, to_file, 1 << 20)
            to_file.flush()
            os.fsync(to_file.fileno())
        shutil.copystat(source, part)
        move_new(part, target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def alone_in(folder: Path, what: str) -> Iterator[None]:
    """Holds off a second start on the same folder (on this machine). The lock lies in the system's temporary folder,
    so that nothing is left among the user's files."""
    from filelock import FileLock, Timeout

    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    lock = FileLock(Path(tempfile.gettempdir()) / f"page-sorter-{user}-{name}.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise UserError(f"another start is working in {printable(str(folder))}: wait for {what} to end") from None


def default_workers() -> int:
    """One a core, eight at most: beyond that the disk is the limit."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, cores)


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A type for argparse: a whole number in a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read
