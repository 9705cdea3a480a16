"""PDFs become page images: each PDF below a folder -> <document>/<document>-<page>.png, beside the PDFs or in --output.

    python data_scripts/pdf2png.py scans/pdf
    python data_scripts/pdf2png.py scans/pdf --output scans/pages --dpi 300 --grey --workers 4
    python data_scripts/pdf2png.py scans/pdf --output scans/pages --cluster slurm:8

A page that is one embedded scan keeps the scan's own pixels; anything else is drawn at --dpi. PDFs are only read.
PDFium is not thread-safe, so pages are drawn in processes, one page a task.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import (
    ONEPAGERS,
    Parser,
    alone_in,
    counted,
    default_workers,
    drop_parts,
    folder_argument,
    list_undone,
    listing_of,
    same_name,
    start,
    whole_number,
)
from pdf_pages import NO_ROOM, SOURCE, PageTask, make_page, png_texts
from pdf_versions import CURRENT, EARLIER, FOREIGN, OLDER_FOREIGN, Version, state
from processes import WorkerDied, in_processes

from cluster.command import Place, add_cluster, place_of_one
from cluster.launchers import check_place
from data_scripts.pdf_shards import make_in_shards
from output.progress import Progress
from output.tables import safe_name
from reading.decoding import PageError, count_frames
from reading.listing import list_files
from settings.given_paths import given_path
from utils import UserError, printable, split_page_name

DESCRIPTION = """\
Turn every PDF below PDF_FOLDER (any letter case) into page images:
    <document>/<document>-<page>.png    page numbers padded to the length of the last, e.g. X/X-001.png ... X/X-200.png
beside the PDFs, or in the same sub-folders of --output. Pages that are there are kept, so a second start makes only
what is missing (whatever the --dpi: for another one give another --output).
A page image says which version of its PDF it was made of. Where a PDF has changed since (size and time, then content),
nothing is made of it, so that old and new pages never lie side by side: it is listed, and --anew makes the pages of
earlier versions again, in the place of the old images. Nothing else is ever replaced or deleted.

A page that is one embedded scan is written with the scan's own pixels, turned as the page is shown; where something
hinders that (a mask, a clipping, margins) the page is drawn at the scan's resolution. All other pages are drawn at
--dpi. A scan of unequal resolution (fax) is brought into the page's proportions. Pages without colour become grey
images, black-and-white ones 1-bit images.
With --cluster pages are made in shards, by processes that see both folders under the same names: the same images.
Encrypted and broken PDFs are listed at the end. Exit code: 0 all done, 1 something was left undone, 2 wrong command."""

EXAMPLES = """\
examples:
  python data_scripts/pdf2png.py scans                          scans/X.pdf -> scans/X/X-1.png ...
  python data_scripts/pdf2png.py scans --output pages --dry-run
  python data_scripts/pdf2png.py scans --output pages --pages 1-5 --grey
  python data_scripts/pdf2png.py scans --output pages --anew    some PDFs were corrected since
  python data_scripts/pdf2png.py scans --output pages --cluster local:4"""


@dataclass
class Document:
    """A PDF: path relative to the folder, the name its pages bear, the folder they go to; then what was found in it."""

    path: str
    name: str
    folder: Path
    pages: int = 0
    version: Version | None = None
    missing: list[int] = field(default_factory=list)
    earlier: dict[int, Path] = field(default_factory=dict)  # pages made of another version of it
    to_replace: set[int] = field(default_factory=set)  # those of them that are wanted again

    def target(self, page: int) -> Path:
        """The file of a page (from 1)."""
        return self.folder / f"{self.name}-{page:0{len(str(self.pages))}d}.png"

    @property
    def to_make(self) -> list[int]:
        """The pages that are wanted, in order."""
        return sorted([*self.missing, *self.to_replace])

    def task(self, page: int, pdf: str, version: str, options: Any) -> PageTask:
        """What a worker must know to make a page. version: of the PDF."""
        old = self.earlier.get(page)
        # Where the old image lies in onepagers/, the new one goes there too - unless there are more pages now.
        moved = old is not None and old.parent != self.folder and self.pages == 1
        target = str(old if moved else self.target(page))
        about = (self.path, version, page, self.pages, target, options.dpi, options.grey)
        return PageTask(pdf, *about, replaces=str(old or ""))


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "folder", metavar="PDF_FOLDER", type=given_path, help="the folder with the PDFs, searched recursively"
    )
    parser.add_argument(
        "-o", "--output", type=given_path, metavar="DIR", help="where the page images go (beside the PDFs)"
    )
    parser.add_argument(
        "--dpi", type=whole_number(20, 2400), default=300, help="resolution of pages that are drawn (%(default)s)"
    )
    parser.add_argument("--grey", action="store_true", help="write all pages without colour")
    parser.add_argument("--pages", default="", metavar="1-5", help="only these pages of each PDF: 1-5 or 1,3,8-")
    parser.add_argument("--anew", action="store_true", help="make pages of earlier versions of a PDF again")
    parser.add_argument(
        "--workers", type=whole_number(1, 256), default=default_workers(), metavar="N", help="processes (%(default)s)"
    )
    add_cluster(parser.add_argument, "make the pages in shards")
    parser.add_listing()
    options = parser.read(arguments)
    place = None if options.cluster is None else place_of_one(options.cluster)
    if place is not None:
        check_place(place)
    ranges = page_ranges(options.pages)
    root = folder_argument(options.folder)
    output = options.output or root
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {printable(str(output))} is not a folder")
    inside = [output] if output.resolve() != root.resolve() else []
    listed = list_files(root, formats=["pdf"], skip=inside, **listing_of(options))
    if not listed.files and not listed.broken:
        others = "; ".join(listed.passed.lines()) or "files of other kinds there: 0"
        raise UserError(f"no PDFs in {printable(str(root))} and its sub-folders; {others}")
    for line in listed.passed.lines():
        print(line)
    lost = [f"{printable(path)}: {reason}" for path, reason in sorted(listed.broken.items())]
    with alone_in(output, "it"):
        return _make_all(root, output, listed.files, ranges, options, place, lost)


def _make_all(
    root: Path,
    output: Path,
    paths: list[str],
    ranges: list[tuple[int, int]],
    options: Any,
    place: Place | None,
    lost: list[str],
) -> int:
    documents, undone = name_documents(output, paths)
    undone += lost
    undone += count_pages(root, documents, options.workers)
    documents = [document for document in documents if document.pages]
    same = Counter(same_name(document.name) for document in documents)
    done, foreign = 0, 0
    for document in documents:
        wanted = [page for page in range(1, document.pages + 1) if not ranges or _within(page, ranges)]
        try:
            document.version = Version(root / document.path)
            only = same[same_name(document.name)] == 1
            existing, older = _pages_there(document, output, only, clean=not options.dry_run)
        except OSError as error:
            undone.append(f"{printable(document.path)}: {(error.strerror or str(error)).lower()}")
            continue
        foreign += older
        document.missing = [page for page in wanted if page not in existing and page not in document.earlier]
        done += len(existing.intersection(wanted))
        if options.anew:
            document.to_replace = document.earlier.keys() & set(wanted)
            for page in document.to_replace & existing if not options.dry_run else ():
                document.earlier.pop(page).unlink()  # a kill came between the new image and the end of the old one
            document.to_replace -= existing
        kept = sorted(document.earlier.keys() - document.to_replace)
        if kept:
            undone.append(_changed(document, kept, options.anew))
        if kept and not options.anew:
            document.missing = []
        if options.dry_run and document.to_make:
            names = [printable(document.target(page).name) for page in document.to_make]
            names = names if len(names) < 3 else [names[0], "...", names[-1]]
            say = f"{printable(document.path)}: would make {counted(len(document.to_make), 'page')}"
            print(f"{say} in {printable(str(document.folder))}: {' '.join(names)}")
        elif not options.dry_run and document.missing and document.name != Path(document.path).stem:
            print(f"note: {printable(document.path)}: its pages are named {document.name}, which every system takes")
    if foreign:
        are = "is" if foreign == 1 else "are"
        print(
            f"note: {counted(foreign, 'page image')} that pdf2png.py has not made {are} older than the PDF: left alone"
        )
    wanted_pages = sum(len(document.missing) + len(document.to_replace) for document in documents)
    made = 0
    if not options.dry_run:
        in_shards = place is not None and wanted_pages
        failed = (
            _draw_in_shards(root, output, documents, options, place) if in_shards else _draw(root, documents, options)
        )
        undone += failed
        made = wanted_pages - len(failed)
    left = f"{made} made" if not options.dry_run else f"{wanted_pages} would be made"
    print(
        f"{counted(len(paths), 'PDF')}, {counted(done + wanted_pages, 'page')}: {left}, {done} there already",
        flush=True,
    )
    return list_undone(undone, "left undone")


def _changed(document: Document, kept: list[int], anew: bool) -> str:
    """What to say of a PDF that has page images of an earlier version of it."""
    shown = printable(document.path)
    files = [printable(document.earlier[page].name) for page in kept]
    files = files if len(files) < 4 else [files[0], "...", files[-1]]
    pages = f"{counted(len(kept), 'page image')} ({' '.join(files)})"
    if all(page > document.pages for page in kept):
        return (
            f"{shown} has {counted(document.pages, 'page')} now, {pages} of an earlier version lie there: remove them"
        )
    what = "are not among --pages" if anew else "--anew makes them again, instead of the old ones"
    return f"{shown} has changed since {pages} {'was' if len(kept) == 1 else 'were'} made of it: {what}"


def _draw(root: Path, documents: list[Document], options: Any) -> list[str]:
    """Make the missing pages; what failed, in the order of the documents."""
    failed: dict[tuple[str, int], str] = {}
    total = sum(len(document.missing) + len(document.to_replace) for document in documents)

    def tasks(progress: Progress) -> Iterator[PageTask]:
        for document in documents:
            pages = document.to_make
            if pages:
                _make_folder(document.folder)
                try:
                    pdf, version = str((root / document.path).absolute()), str(document.version)
                except OSError as error:
                    reason = f"{printable(document.path)}: {(error.strerror or str(error)).lower()}"
                    failed.update({(document.path, page): reason for page in pages})
                    progress.advance(len(pages), failed=len(pages))
                    continue
            for page in pages:
                yield document.task(page, pdf, version, options)

    with Progress(total, unit="page", label="pdf2png") as progress:
        for task, answer in in_processes(make_page, tasks(progress), min(options.workers, max(1, total))):
            reason = f"PDFium broke down: {answer}" if isinstance(answer, WorkerDied) else answer
            progress.advance(1, failed=bool(reason))
            if reason.startswith(NO_ROOM):
                raise UserError(f"{reason}; make room, the same command then goes on")
            if reason:
                failed[task.source, task.page] = f"{printable(task.source)}, page {task.page}: {reason}"
    return [failed[key] for key in sorted(failed)]


def _draw_in_shards(root: Path, output: Path, documents: list[Document], options: Any, place: Place) -> list[str]:
    """As `_draw`, by the processes of `place`."""

    def tasks() -> Iterator[PageTask]:
        for document in documents:
            if document.to_make:
                _make_folder(document.folder)
            for page in document.to_make:
                task = document.task(page, "", document.version.stamp, options)
                places = {"target": task.target, "replaces": task.replaces}
                below = {name: Path(path).relative_to(output).as_posix() for name, path in places.items() if path}
                yield replace(task, **below)

    failed = make_in_shards(root, output, tasks(), place)
    return [f"{printable(source)}, page {page}: {failed[source, page]}" for source, page in sorted(failed)]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UserError(f"{printable(str(folder))} is a file where the folder of a document should be") from None
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise UserError(f"cannot make the folder {printable(str(folder))}: {said}; give --output DIR") from None


def page_ranges(text: str) -> list[tuple[int, int]]:
    """`1-5`, `1,3,8-` as (first, last) pairs; none for an empty text.

    >>> page_ranges("1,3,8-")
    [(1, 1), (3, 3), (8, 999999999)]
    """
    ranges = []
    for piece in text.split(",") if text.strip() else []:
        match = re.fullmatch(r"\s*(\d{0,9})\s*(-?)\s*(\d{0,9})\s*", piece)
        if not match or not (match[1] or match[3]) or (match[1] and match[3] and not match[2]):
            raise UserError(f"--pages {text}: pages are given as 1-5 or 1,3,8-")
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else first if not match[2] else 999_999_999
        if not 1 <= first <= last:
            raise UserError(f"--pages {text}: pages count from 1, the first before the last")
        ranges.append((first, last))
    return ranges


def _within(page: int, ranges: list[tuple[int, int]]) -> bool:
    return any(first <= page <= last for first, last in ranges)


def name_documents(output: Path, paths: list[str]) -> tuple[list[Document], list[str]]:
    """The documents of these PDFs (relative paths), and those that cannot be told apart: X.pdf and X.PDF in one folder
    would share their pages' names. A name that some system refuses is changed to one that all take."""
    documents, undone = [], []
    by_folder: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for path in paths:
        folder, _, file = path.rpartition("/")
        stem = file.rpartition(".")[0]
        safe = safe_name(stem)
        name = stem if same_name(safe) == same_name(stem) else safe
        document = Document(path, name, output / folder / name)
        by_folder[same_name(folder), same_name(name)].append(document)
    for alike in by_folder.values():
        if len(alike) == 1:
            documents += alike
            continue
        names = " and ".join(printable(document.path) for document in alike)
        undone.append(f"{names}: pages of both would be named {printable(alike[0].name)}-1.png: rename one")
    return documents, undone


def count_pages(root: Path, documents: list[Document], workers: int) -> list[str]:
    """Fill in `pages`; the reasons of those that cannot be opened."""
    by_path = {str((root / document.path).absolute()): document for document in documents}
    undone: dict[str, str] = {}
    workers = min(workers, 1 + len(by_path) // 100)  # a process starts as slowly as hundreds of PDFs are counted
    with Progress(len(by_path), unit="PDF", label="counting pages") as progress:
        for path, answer in in_processes(pages_of, by_path, workers):
            progress.advance(1, failed=not isinstance(answer, int))
            if isinstance(answer, int):
                by_path[path].pages = answer
            else:
                reason = f"PDFium broke down: {answer}" if isinstance(answer, WorkerDied) else answer
                undone[by_path[path].path] = f"{printable(by_path[path].path)}: {reason}"
    return [undone[path] for path in sorted(undone)]


def pages_of(path: str) -> int | str:
    """Number of pages of a PDF, or why it cannot be told."""
    try:
        frames = count_frames(Path(path))
    except PageError as error:
        return str(error).replace("not an image", "not a PDF")
    return frames or "not a PDF although its name says so"


def _pages_there(document: Document, output: Path, only: bool, *, clean: bool) -> tuple[set[int], int]:
    """Page numbers that were made before, padded or not, here or moved to onepagers/ since, and how many images by
    others are older than the PDF. Those of another version of the PDF go to `document.earlier`. `only`: no other PDF
    has this name."""
    existing: set[int] = set()
    older = 0
    files: list[tuple[int, Path]] = []
    if document.folder.is_dir():
        if clean:
            drop_parts(document.folder)
        for entry in os.scandir(document.folder):
            stem, _, extension = entry.name.rpartition(".")
            name, page = split_page_name(stem)
            if extension.lower() == "png" and page and same_name(name) == same_name(document.name):
                files.append((page, Path(entry.path)))
    moved = output / ONEPAGERS / f"{document.name}-1.png"
    if moved.is_file():
        is_its_page = png_texts(moved).get(SOURCE) == printable(document.path)
        if is_its_page or (only and document.pages == 1):
            files.append((1, moved))
    for page, file in sorted(files):
        said = state(file, document.version)
        older += said == OLDER_FOREIGN
        if said == EARLIER or (said == CURRENT and page > document.pages):
            document.earlier[page] = file
        elif said in (CURRENT, FOREIGN, OLDER_FOREIGN):
            existing.add(page)
    return existing, older


if __name__ == "__main__":
    start(main)
