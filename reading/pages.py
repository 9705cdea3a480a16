"""Which pages are there? Walks a folder, counts frames, and gives every page its identity: FILE, PAGE and PATH.

    pages = find_pages(Path("scans"))                   # a PageList, sorted by FILE, PAGE as a number, PATH
    pages = pages_of_files([Path("CTX194603902-14.png")])

A file's name decides whether it is looked at (listing.py), its content how it is read (decoding.py).
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from reading.decoding import PageError, frames_of
from reading.listing import COUNTED, KINDS, Passed, extensions_of, link_fault, list_files, named_as_page
from utils import UserError, did_you_mean, printable, split_page_name

ARCHIVES = frozenset(["zip", "7z", "rar", "tar", "tgz", "gz", "bz2", "xz", "cbz", "cbr", "cb7"])
_PROGRESS_EVERY = 1000
_READERS = 16  # files whose pages are counted at once
Stamp = tuple[int, int] | None  # of `stamp_of`: bytes, and ns since 1970


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `path` (relative to the list's root, "/" between folders), FILE, PAGE, and where it lies in its file.

    frame: 0-based page of a TIFF of several or of a PDF; None = the file is one image.
    reason: "" = may be read; else why not even the file's pages could be counted: it stands for the whole file.
    id: what the document calls the page that names it (a METS file, say), "" for a page of a folder.
    """

    path: str
    file: str
    number: int
    frame: int | None
    reason: str = ""
    id: str = ""


@dataclass
class PageList:
    """Pages below `root`, sorted by (file, number, path) or as a document has them, and what was passed over there."""

    root: Path
    pages: list[Page] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)


def find_pages(
    root: Path,
    *,
    formats: Collection[str] = (),
    inner: bool = True,
    hidden: bool = False,
    exclude: Iterable[str] = (),
    skip: Iterable[Path] = (),
    on_progress: Callable[[int], None] | None = None,
) -> PageList:
    """All pages below a folder, frames of TIFF and PDF files counted (arguments: see `list_files`), or of one file.

    What cannot be listed is a page with the reason. on_progress: called now and then with the number of files seen so
    far. UserError where `root` does not exist or holds no page; it says what was looked for.
    """
    root = Path(root)
    if os.path.isfile(root):  # noqa: PTH113 (Path.is_file raises below a closed folder)
        _check_named(root, extensions_of(formats))
        pages, frames = pages_of(root.parent, root.name)
        return _sorted(PageList(root.parent, pages, Passed(frames=frames)))
    if not os.path.isdir(root):  # noqa: PTH112
        raise no_folder(root)
    listing = list_files(root, formats=formats, inner=inner, hidden=hidden, exclude=exclude, skip=skip)
    if not listing.files and not listing.broken:
        raise _no_pages(root, listing.passed, formats, inner)
    pages = [broken_page(path, reason) for path, reason in listing.broken.items()]
    for seen, (held, frames) in enumerate(_counted(root, listing.files), 1):
        pages += held
        listing.passed.frames += frames
        if on_progress is not None and (seen % _PROGRESS_EVERY == 0 or seen == len(listing.files)):
            on_progress(seen)
    return _sorted(PageList(root, pages, listing.passed))


def _counted(root: Path, files: list[str]) -> Iterator[tuple[list[Page], int]]:
    """`pages_of` each file, in order. Files that may hold several pages are opened for it, on threads: the drive of a
    network answers many questions in the time of one.
    """
    pool = ThreadPoolExecutor(_READERS)
    look = functools.partial(pages_of, root)
    try:
        for first in range(0, len(files), _PROGRESS_EVERY):
            some = files[first : first + _PROGRESS_EVERY]
            opened = any(path.rpartition(".")[2].lower() in COUNTED for path in some)
            yield from pool.map(look, some) if opened else map(look, some)
    finally:
        pool.shutdown(cancel_futures=True)


def no_folder(given: Path) -> UserError:
    """What to say of a folder that does not exist, with the one beside it that may be meant."""
    shown = printable(str(given))
    if fault := path_fault(given):
        return UserError(f"the folder {shown} {fault}")
    return UserError(f"the folder {shown} does not exist{did_you_mean(given.name, _beside(given, Path.is_dir))}")


def path_fault(path: Path) -> str:
    """Why a path leads to nothing that can be looked at, where it is not simply absent: "" for that."""
    if link := link_fault(path):
        return f"is {link}" if link.startswith("a link") else link
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"cannot be looked at: {(error.strerror or str(error)).lower()}"
    return "is neither a folder nor a file"


def pages_of_files(
    files: Iterable[Path | str], *, formats: Collection[str] = (), folder: str = "give it with -d"
) -> PageList:
    """The pages of single files (`-f`), PATH as typed; a file given twice counts once.

    folder: what to do with a folder. UserError for a file that is absent, a folder, or of a kind that is not read.
    """
    wanted = extensions_of(formats)
    pages: list[Page] = []
    passed = Passed()
    seen: set[str] = set()
    for given in files:
        file = Path(given)
        shown = printable(str(file))
        if os.path.isdir(file):  # noqa: PTH112 (Path.is_dir raises below a closed folder)
            raise UserError(f"{shown} is a folder: {folder}")
        if not os.path.lexists(file):
            fault = path_fault(file) or f"does not exist{did_you_mean(file.name, _beside(file, _named_as(wanted)))}"
            raise UserError(f"the file {shown} {fault}")
        _check_named(file, wanted)
        absolute = os.path.normcase(file.absolute().parent.resolve() / file.name)
        if absolute not in seen:
            seen.add(absolute)
            if fault := link_fault(file):
                pages.append(broken_page(file.as_posix(), fault))
                continue
            held, frames = pages_of(Path(), file.as_posix())
            pages += held
            passed.frames += frames
    if not pages:
        raise UserError("no page was given")
    return _sorted(PageList(Path(), pages, passed))


def _no_pages(root: Path, passed: Passed, formats: Collection[str], inner: bool) -> UserError:
    looked = [extension for kind in KINDS.values() for extension in kind]
    if formats:
        looked = sorted(extensions_of(formats))
    where = "it and its sub-folders" if inner else "it, not in its sub-folders (--inner)"
    shown = " ".join(f".{extension}" for extension in looked)
    passed_over = "".join(f"; {line}" for line in passed.lines()) or "; files of other kinds there: 0"
    return UserError(f"no pages in {printable(str(root))}: looked for {shown} in {where}{passed_over}")


def _check_named(file: Path, wanted: Collection[str]) -> None:
    """UserError for a file of a kind that is not read, by its name."""
    extension, shown = file.suffix.lower().lstrip("."), printable(str(file))
    if extension in ARCHIVES:
        raise UserError(f"{shown} is an archive: unpack it first, and give the folder with its pages")
    if extension in ("xml", "json"):
        raise UserError(
            f"{shown} is not a page: if it names pages (METS, IIIF, PAGE-XML, ALTO), sorting alone takes it: -d {shown}"
        )
    if extension not in wanted:
        kinds = " ".join(f".{name}" for name in sorted(wanted))
        raise UserError(f"{shown} is not a page: its name must end in one of {kinds}")


def _beside(given: Path, fitting: Callable[[Path], bool]) -> list[str]:
    """Names beside a path that is not there, for a suggestion."""
    try:
        return sorted(printable(at.name) for at in given.parent.iterdir() if fitting(at))
    except OSError:
        return []


def _named_as(wanted: Collection[str]) -> Callable[[Path], bool]:
    return lambda at: at.suffix.lower().lstrip(".") in wanted


def broken_page(path: str, reason: str) -> Page:
    """What stands for a file or folder of which nothing can be known."""
    name = path.rpartition("/")[2]
    stem, _, extension = name.rpartition(".")
    file, number = split_page_name(stem) if extension.lower() != "pdf" else (stem, None)
    if not named_as_page(path):
        file, number = name, None
    return Page(path, file, 1 if number is None else number, None, reason)


def stamp_of(file: Path) -> Stamp:
    """Size and time of a file's last change, by which a changed file is known; None where it cannot be looked at."""
    try:
        status = file.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return status.st_size, status.st_mtime_ns


def page_lines(pages: PageList) -> Iterator[str]:
    """A page list as lines of JSON in ASCII, one a page. Undecodable names survive as escapes."""
    # Links followed: whoever goes on from another folder, or when a link leads elsewhere by now, must find these pages,
    # not others of the same names.
    head = {"root": str(pages.root.resolve()), "pages": len(pages.pages), "passed": asdict(pages.passed)}
    yield json.dumps(head)
    for page in pages.pages:
        identity = [page.id] if page.id else []
        yield json.dumps([page.path, page.file, page.number, page.frame, page.reason, *identity])


def load_pages(file: Path) -> PageList:
    """The list that was stored as `page_lines`; UserError where the file is not one, or not whole."""
    try:
        with file.open(encoding="ascii") as lines:
            head = json.loads(next(lines))
            passed = Passed(**head.get("passed", {}))  # a list of an earlier version does not say
            pages = PageList(Path(head["root"]), [Page(*json.loads(line)) for line in lines], passed)
            if len(pages.pages) == head["pages"]:
                return pages
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        pass
    raise UserError(f"the page list {printable(str(file))} cannot be read")


def pages_of(root: Path, path: str) -> tuple[list[Page], int]:
    """A file's pages (`path` below `root`) and how many frames of a TIFF are none: several for a TIFF of several pages
    or a PDF, else one; one with a reason where it cannot be told.
    """
    stem, _, extension = path.rpartition("/")[2].rpartition(".")
    extension = extension.lower()
    name, number = split_page_name(stem)
    if extension == "pdf":
        name, number = stem, 1
    single = 1 if number is None else number
    if extension not in COUNTED:
        return [Page(path, name, single, None)], 0
    try:
        count, left_out = frames_of(root / path)
    except PageError as error:
        return [Page(path, name, single, None, str(error))], 0
    if count is None:
        return [Page(path, name, single, None)], left_out
    return [Page(path, stem, frame + 1, frame) for frame in range(count)], left_out


def sort_key(page: Page) -> tuple[str, int, str]:
    """What the pages of a list are sorted by: no two have the same."""
    return page.file, page.number, page.path


def _sorted(pages: PageList) -> PageList:
    pages.pages.sort(key=sort_key)
    return pages
