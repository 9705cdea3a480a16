"""One-page documents into one folder: <document>/<document>-1.png -> onepagers/<document>-1.png.

python data_scripts/move_single.py scans/pages
"""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import (
    ONEPAGERS,
    Parser,
    alone_in,
    counted,
    folder_argument,
    list_undone,
    move_new,
    same_name,
    start,
)
from pdf_pages import OF_PAGES, png_texts

from output.progress import Progress
from reading.decoding import PageError, count_frames
from reading.listing import Passed, Patterns, is_hidden, named_as_page
from settings.given_paths import given_path
from utils import UserError, printable, split_page_name

# What file managers leave in every folder that was looked at: it makes no document of two files.
_CLUTTER = re.compile(r"\._.*|\.DS_Store|\.directory|Thumbs\.db|desktop\.ini", re.IGNORECASE | re.DOTALL).fullmatch

DESCRIPTION = """\
Move the pages of one-page documents into PAGES/onepagers/, which is made if absent. A one-page document is a folder
that holds just one file, a page image that bears the folder's name (X/X-1.png). The empty folder stays: nothing is ever
deleted, and nothing is ever written over a file that is there. A document whose PDF says that it has more pages (made
with pdf2png.py --pages, or not finished) stays where it is. Two documents of one name both stay and are listed.
Exit code: 0 all done, 1 something was left undone, 2 wrong command."""

EXAMPLES = """\
examples:
  python data_scripts/move_single.py scans/pages --dry-run
  python data_scripts/move_single.py scans/pages"""


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("folder", metavar="PAGES", type=given_path, help="the folder with one folder for each document")
    parser.add_listing()
    options = parser.read(arguments)
    root = folder_argument(options.folder)
    target = root / ONEPAGERS
    if target.exists() and not target.is_dir():
        raise UserError(f"{printable(str(target))} is a file where the folder of one-page documents should be")
    with alone_in(root, "it"):
        singles, notes, lost, passed = single_pages(root, options.exclude, hidden=options.hidden)
        moves, undone = plan(singles, target)
        if options.dry_run:
            for source, to in moves:
                print(f"would move {printable(str(source))} to {printable(str(to))}")
        else:
            undone += move(moves)
    for line in (*(f"note: {note}" for note in notes), *passed.lines()):
        print(line)
    did = len(moves) if options.dry_run else len(singles) - len(undone)
    verb = "would be moved" if options.dry_run else "moved"
    print(f"{counted(len(singles), 'one-page document')}: {did} {verb} to {printable(str(target))}", flush=True)
    return list_undone([*undone, *lost], "left where they are")


def single_pages(
    root: Path, exclude: Sequence[str], *, hidden: bool
) -> tuple[list[Path], list[str], list[str], Passed]:
    """The only files of the folders of one-page documents, sorted; what looks like one and is not; folders that cannot
    be listed; and what was passed over (exclude, hidden: see reading/listing.py)."""
    singles, notes, lost = [], [], []
    patterns, passed = Patterns(exclude), Passed()

    def closed(error: OSError) -> None:
        lost.append(f"{printable(str(error.filename))}: cannot be listed: {(error.strerror or str(error)).lower()}")

    for folder, inner, files in os.walk(root, onerror=closed):
        below = Path(folder).relative_to(root)
        for name in sorted(inner):
            if not hidden and is_hidden(name):
                passed.folders[name] = passed.folders.get(name, 0) + 1
            elif not patterns.fit((below / name).as_posix()) and (below / name).as_posix() != ONEPAGERS:
                continue
            inner.remove(name)
        files = [name for name in files if not _CLUTTER(name) and not patterns.fit((below / name).as_posix())]
        if Path(folder) == root or inner or len(files) != 1:
            continue
        file = Path(folder) / files[0]
        if not named_as_page(file.name) or file.suffix.lower() == ".pdf":
            continue
        names = {same_name(file.stem), same_name(split_page_name(file.stem)[0])}
        shown = printable(str(file))
        if same_name(file.parent.name) not in names:
            notes.append(f"{shown} stays: it does not bear its folder's name, so it may be no document of its own")
        elif reason := more_pages(file):
            notes.append(f"{shown} stays: {reason}")
        else:
            singles.append(file)
    passed.excluded = patterns.counts
    return sorted(singles), sorted(notes), sorted(lost), passed


def more_pages(file: Path) -> str:
    """Why a file that lies alone is not all of its document; "" where it is."""
    try:
        frames = count_frames(file) or 1
    except PageError:
        frames = 1  # unreadable, but a single file
    if frames > 1:
        return f"it holds {frames} pages"
    count = png_texts(file).get(OF_PAGES, "1")
    if count != "1":
        return f"it is one page of {count}"
    beside = file.parent.parent
    for pdf in beside.glob("*.[pP][dD][fF]"):
        if same_name(pdf.stem) == same_name(file.parent.name):
            try:
                frames = count_frames(pdf) or 1
            except PageError:
                continue
            if frames > 1:
                return f"{printable(pdf.name)} beside its folder has {frames} pages"
    return ""


def plan(singles: list[Path], target: Path) -> tuple[list[tuple[Path, Path]], list[str]]:
    """(from, to) of each page that may be moved, and those whose place is taken. Names that differ in letter case only
    are the same name: Windows and macOS could not hold both."""
    taken: dict[str, Path] = {}
    if target.is_dir():
        taken = {same_name(entry.name): Path(entry.path) for entry in os.scandir(target)}
    wanted: dict[str, list[Path]] = defaultdict(list)
    for file in singles:
        wanted[same_name(file.name)].append(file)
    moves, undone = [], []
    for name, files in wanted.items():
        existing = taken.get(name)
        free = [
            file for file in files if existing is not None and existing.samefile(file)
        ]  # a kill in the middle of a move
        if free or (existing is None and len(files) == 1):
            moves += [(file, target / file.name) for file in free or files]
            files = [file for file in files if file not in free and free]
        for file in files:
            other = existing if existing is not None else next(one for one in files if one != file)
            undone.append(f"{printable(str(file))}: {printable(str(other))} has the same name")
    return moves, undone


def move(moves: list[tuple[Path, Path]]) -> list[str]:
    """Move the pages; what could not be moved."""
    undone = []
    with Progress(len(moves), unit="page", label="move_single") as progress:
        for source, target in moves:
            try:
                target.parent.mkdir(exist_ok=True)
                if target.exists() and target.samefile(source):
                    source.unlink()  # its second name stands in onepagers/
                else:
                    move_new(source, target)
            except OSError as error:
                undone.append(f"{printable(str(source))}: {(error.strerror or str(error)).lower()}")
            progress.advance(1)
    return undone


if __name__ == "__main__":
    start(main)
