"""Which files lie in the folders of an index, each once, with its size and time; none is opened.

    listing = list_pages(["/scans"], settings.input, skip=[index.folder])
    listing.stamps["/scans", "box 1/a-1.png"]        # (bytes, nanoseconds)

One page is one file: what a link leads to is passed over where the file itself is found too.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from index.database import page_file
from index.folders import real_path
from index.known import File, Stamp, stamp_of
from reading.listing import Passed, list_files, wanted_files
from utils import printable

if TYPE_CHECKING:
    from settings.schema import Input


@dataclass
class Listing:
    """What was found.

    stamps: of files, (-1, -1) where it cannot be told. raw: their paths as the system has them, where the
    index must spell them otherwise (undecodable names). doubles: files that links lead to and that are found without
    them. broken: files and folders that cannot be followed or listed, with the reason. passed: what was passed over.
    """

    stamps: dict[File, Stamp] = field(default_factory=dict)
    raw: dict[File, str] = field(default_factory=dict)
    doubles: set[File] = field(default_factory=set)
    broken: dict[File, str] = field(default_factory=dict)
    passed: Passed = field(default_factory=Passed)

    def at(self, file: File) -> Path:
        """Where a file lies."""
        return page_file(file[0], "") / self.raw.get(file, file[1])

    def may_be_there(self, file: File) -> bool:
        """Whether a file that was not found may be there all the same: what lies in a folder that cannot be listed is,
        and what lies behind a link that leads nowhere now."""
        closed = any(folder == file[0] and file[1].startswith(f"{path}/") for folder, path in self.broken)
        return closed or os.path.lexists(page_file(*file))


def list_pages(covered: Sequence[str], read: Input, *, skip: Iterable[Path]) -> Listing:
    """All page files below the folders (names as in the index)."""
    listing = Listing()
    linked: dict[File, str] = {}  # files that lie elsewhere -> where
    doubles: set[File] = set()
    skip = list(skip)
    for folder in covered:
        root = page_file(folder, "")
        listed = list_files(root, **wanted_files(read), skip=skip)
        doubles |= {(folder, printable(path)) for path in listed.second}
        listed.passed.links = 0  # they are told among the doubles
        listing.passed.add(listed.passed)
        listing.broken |= {(folder, printable(path)): reason for path, reason in listed.broken.items()}
        base, real_root = str(root), real_path(folder)
        elsewhere: dict[str, bool] = {}  # sub-folder -> whether a link leads there
        for path in listed.files:
            folder_inside = path.rpartition("/")[0]
            if (away := elsewhere.get(folder_inside)) is None:
                here = os.path.normcase(os.path.realpath(f"{base}/{folder_inside}"))
                away = elsewhere[folder_inside] = here != os.path.normpath(
                    f"{real_root}/{os.path.normcase(folder_inside)}"
                )
            file = folder, path if path.isascii() else printable(path)
            if file[1] != path:
                listing.raw[file] = path
            try:
                whole = f"{base}/{path}"
                status = os.lstat(whole)
                if away or stat.S_ISLNK(status.st_mode):
                    status = os.stat(whole)  # noqa: PTH116
                    linked[file] = os.path.normcase(os.path.realpath(whole))
                stamp = stamp_of(status)
            except OSError:  # a dangling link, or it vanished: decoding says so
                stamp = -1, -1
            listing.stamps[file] = stamp
    listing.doubles = _doubles(covered, listing.stamps, linked)
    for file in listing.doubles:
        del listing.stamps[file]
    listing.doubles |= doubles
    return listing


def _doubles(covered: Sequence[str], stamps: dict[File, Stamp], linked: dict[File, str]) -> set[File]:
    """Linked files that are found without the link too, and all but the first of several links to one file."""
    roots = {f"{real_path(folder).rstrip(os.sep)}{os.sep}": folder for folder in covered} if linked else {}
    first: dict[str, File] = {}
    doubles = set()
    for file, real in sorted(linked.items()):
        plain = [
            (folder, printable(real[len(root) :].replace(os.sep, "/")))
            for root, folder in roots.items()
            if real.startswith(root)
        ]
        if any(other in stamps and other not in linked for other in plain) or first.setdefault(real, file) != file:
            doubles.add(file)
    return doubles
