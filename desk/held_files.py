"""Bytes in memory as a file that can be opened by its path: PDFium, pypdf and libtiff read nothing else.

    with held_file(upload.data, folder) as path:        # the bytes are given up by who had them
        reader.page(path, 0)

On Linux the file lies in memory too. Elsewhere it is written into `folder`, for this user alone, and removed at the
end; what a killed desk left there is removed by the next one (`remove_left`).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = "handed-in-"
_OPEN = Path("/proc")
_OLD = 86_400  # seconds after which no desk can still be reading a file


@contextlib.contextmanager
def held_file(data: bytearray, folder: Path) -> Iterator[Path]:
    """A file with these bytes, gone at the end; `data` is emptied. OSError where there is no room for it."""
    folder_of_open = _OPEN / str(os.getpid()) / "fd"  # for other processes of ours too (reading/pdf_process.py)
    if hasattr(os, "memfd_create") and folder_of_open.is_dir():
        number = os.memfd_create(PREFIX)
        try:
            _write(number, data)
            yield folder_of_open / str(number)
        finally:
            os.close(number)
        return
    folder.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=PREFIX, dir=folder)
    try:
        try:
            _write(number, data)
        finally:
            os.close(number)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def remove_left(folder: Path) -> None:
    """Remove the files of desks that were killed, a day ago or more."""
    with contextlib.suppress(OSError):
        for file in folder.glob(f"{PREFIX}*"):
            if file.stat().st_mtime < time.time() - _OLD:
                file.unlink()


def _write(number: int, data: bytearray) -> None:
    with open(number, "wb", closefd=False) as file:
        file.write(data)
    data.clear()
