"""Files that are there whole or not at all: written beside as `<file>.part`, onto the disk, completed by one rename.

    write_whole(folder / "rows.json", json.dumps(rows))                   # text or bytes
    with whole(folder / "map.parquet") as part:                           # whatever writes to a path
        rows.to_parquet(part)
    with whole(file) as part, part.open("w", encoding="utf-8") as stream: # or to a stream
        csv.writer(stream).writerows(rows)
    with whole_folder(models / "mine", models / ".mine.part") as part:    # the same for a folder that is new
        write_parts(classifier, part)

A kill at any moment leaves the file of before, and perhaps a `.part`, which the next write replaces.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def part_of(file: Path) -> Path:
    """Where a file or folder grows until it is whole: beside it, so that a rename completes it."""
    return file.with_name(f"{file.name}.part")


@contextlib.contextmanager
def whole(file: Path, part: Path | None = None) -> Iterator[Path]:
    """Gives the path to write to; when the block ends, that becomes `file`. Nothing is left where the block fails.

    part: another path to write to, in the same folder, where several processes may write the same file at once.
    """
    part = part or part_of(file)
    if part.is_symlink():  # in a folder of strangers it may lead anywhere
        part.unlink()
    try:
        yield part
        with part.open("r+b") as written:  # Windows brings only a file onto the disk that may be written
            os.fsync(written.fileno())
        part.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def write_whole(file: Path, content: str | bytes, part: Path | None = None) -> Path:
    """Write a file whole; text as UTF-8. See `whole`.

    A lone surrogate (a file name that is no text) becomes an escape, which in JSON comes back as it was.
    """
    with whole(file, part) as path:
        path.write_bytes(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)
    return file


def write_lines(file: Path, lines: Iterable[str]) -> Path:
    """Write lines of ASCII as they come (JSON, say): a long list takes no memory. See `whole`."""
    with whole(file) as part, part.open("w", encoding="ascii", newline="\n") as stream:
        stream.writelines(f"{line}\n" for line in lines)
    return file


def write_json(file: Path, value: Any) -> Path:
    """Write a record that people read too: indented, letters as they are; what JSON does not know as text."""
    return write_whole(file, json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n")


@contextlib.contextmanager
def whole_folder(folder: Path, part: Path) -> Iterator[Path]:
    """Gives an empty folder to fill; when the block ends, it becomes `folder`, which must not be there yet.

    part: where it grows, beside `folder`. Nothing is left of it where the block fails.
    """
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield part
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def replace_folder(part: Path, folder: Path) -> Path:
    """Put a folder that is whole in the place of an earlier one, which is moved aside first: no rename replaces it.

    OSError: a file of the earlier one is open in another program (Windows); both folders stay as they are.
    """
    aside = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        folder.replace(aside)
    part.replace(folder)
    shutil.rmtree(aside, ignore_errors=True)
    return folder


def json_if_whole(file: Path) -> dict[str, Any]:
    """A record; {} where the file is absent, or holds none."""
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def file_hash(file: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits. Raises OSError where it cannot be read."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
