"""Where an index may lie: a folder of its own, under a name that the database can hold; made whole or not at all.

lancedb.connect(database_address(Path("result/index")))
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path

from utils import UserError, printable


def taken(folder: Path) -> bool:
    """Whether other things than an index lie in a folder, or it is a file."""
    return folder.is_file() or (folder.is_dir() and any(entry.name != "lock" for entry in folder.iterdir()))


def database_address(folder: Path) -> str:
    """The folder as LanceDB takes it. UserError for a name that it cannot hold.

    Absolute: it reads names such as `s3:x`, `memory:` and `~x` as addresses of other stores.
    """
    address = os.path.abspath(folder)  # noqa: PTH100 (links are not followed)
    if (not address.isascii() and printable(address) != address) or re.search(r"[\x00-\x1f\x7f]", address):
        raise UserError(
            f"the place of the index, {printable(address)!r}, has letters that are no UTF-8, or control letters, which "
            "the database cannot hold: give another folder with --index"
        )
    return address


def remove_begun(folder: Path, *, whole: bool) -> None:
    """Take away an index that could not be made: all of it or nothing. whole: the folder was not there before."""
    for name in ("pages.lance", "broken.lance"):
        shutil.rmtree(folder / name, ignore_errors=True)
    with contextlib.suppress(OSError):
        for file in folder.glob("index.json*"):
            file.unlink()
        if whole:
            folder.rmdir()
