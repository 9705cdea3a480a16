"""Which pages are there? Walks a folder, counts frames, and gives every page its identity: FILE, PAGE and PATH.

    pages = find_pages(Path("scans"))                   # a PageList, sorted by FILE, PAGE as a number, PATH
    pages = pages_of_files([Path("CTX194603902-14.png")])

A file's name decides whether it is looked at (`KINDS`), its content how it is read (decoding.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from decoding import PageError, frames_of
from utils import UserError, did_you_mean, printable, split_page_name

# Kinds of page files and their extensions; any of its extensions names the kind in `formats`.
KINDS = {
    "PNG": ("png",),
    "JPEG": ("jpg", "jpeg"),
    "TIFF": ("tif", "tiff"),
    "JPEG 2000": ("jp2", "j2k", "jpx", "jpf"),
    "WebP": ("webp",),
    "BMP": ("bmp",),
    "PDF": ("pdf",),
}
_COUNTED = {"tif", "tiff", "pdf"}  # files of these may hold several pages
_PROGRESS_EVERY = 1000
Stamp = tuple[int, int] | None  # of `stamp_of`: bytes, and ns since 1970


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `path` (relative to the list's root, "/" between folders), FILE, PAGE, and where it lies in its file.

    frame: 0-based page of a TIFF of several or of a PDF; None = the file is one image.
    reason: "" = may be read; else why not even the file's pages could be counted: it stands for the whole file.
    """

    path: str
    file: str
    number: int
    frame: int | None
    reason: str = ""


@dataclass
class PageList:
    """Pages sorted by (file, number, path) below `root`, and how many files of other kinds were passed over.

    left_out: frames of TIFFs that are no pages: thumbnails, pyramid levels, masks (tiff_frames.py).
    """

    root: Path
    pages: list[Page] = field(default_factory=list)
    other: int = 0
    left_out: int = 0


def extensions_of(formats: Collection[str]) -> frozenset[str]:
    """The lower-case extensions that `formats` mean: jpg means jpeg too, none means all. UserError for an unknown one.

    >>> sorted(extensions_of(["JPG", ".tif"]))
    ['jpeg', 'jpg', 'tif', 'tiff']
    """
    every = [extension for kind in KINDS.values() for extension in kind]
    wanted: set[str] = set()
    for name in formats:
        extension = name.strip().lower().lstrip(".")
        if extension not in every:
            raise UserError(f"page format {name!r} is not known: {', '.join(every)}{did_you_mean(extension, every)}")
        wanted.update(next(kind for kind in KINDS.values() if extension in kind))
    return frozenset(wanted or every)


def list_files(
    root: Path, *, formats: Collection[str] = (), inner: bool = True, skip: Iterable[Path] = ()
) -> tuple[list[str], int]:
    """Paths of page files relative to `root`, sorted, "/" between folders, and the number of files of other kinds.

    inner: whether sub-folders are walked. skip: folders to leave out. Linked folders are followed; a folder that can be
    reached in two ways, or by a loop of links, is walked once. macOS's `._name` files count as other kinds. Files are
    not opened. UserError where a folder cannot be listed: pages would be lost silently.
    """
    wanted = extensions_of(formats)
    done = {identity for folder in skip if (identity := _identity(Path(folder)))}
    done.discard(_identity(root))
    found: list[str] = []
    other = 0
    real, linked = (
        [""],
        [],
    )  # prefixes still to walk; real folders first, so that a path through a link is the last resort
    while real or linked:
        prefix = real.pop() if real else linked.pop()
        folder = root / prefix
        identity = _identity(folder)
        if identity in done:
            continue
        done.add(identity)
        links = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if entry.is_dir():
                        if inner:
                            (links if entry.is_symlink() else real).append(f"{prefix}{name}/")
                        continue
                    stem, dot, extension = name.rpartition(".")
                    # A dangling link with a page's name is a page that cannot be read, not a file of another kind.
                    is_page = stem and dot and extension.lower() in wanted and not name.startswith("._")
                    if is_page and (entry.is_file() or entry.is_symlink()):
                        found.append(prefix + name)
                    else:
                        other += 1
        except OSError as error:
            raise UserError(
                f"the folder {printable(str(folder))} cannot be listed: {os.strerror(error.errno or 0).lower()}"
            ) from None
        linked.extend(sorted(links, reverse=True))
    found.sort()
    return found, other


def find_pages(
    root: Path,
    *,
    formats: Collection[str] = (),
    inner: bool = True,
    skip: Iterable[Path] = (),
    on_progress: Callable[[int], None] | None = None,
) -> PageList:
    """All pages below a folder, frames of TIFF and PDF files counted (arguments: see `list_files`).

    on_progress: called now and then with the number of files seen so far. UserError where `root` is no folder or holds
    no page; it says what was looked for.
    """
    root = Path(root)
    if not root.is_dir():
        if root.exists():
            raise UserError(f"the folder {printable(str(root))} is not a folder (a single page is given with -f)")
        raise no_folder(root)
    files, other = list_files(root, formats=formats, inner=inner, skip=skip)
    if not files:
        looked = " ".join(f".{extension}" for kind in KINDS.values() for extension in kind)
        if formats:
            looked = " ".join(f".{extension}" for extension in sorted(extensions_of(formats)))
        where = "it and its sub-folders" if inner else "it, not in its sub-folders (--inner)"
        raise UserError(
            f"no pages in {printable(str(root))}: looked for {looked} in {where}; files of other kinds there: {other}"
        )
    pages: list[Page] = []
    left_out = 0
    for seen, path in enumerate(files, 1):
        held, copies = pages_of(root, path)
        pages += held
        left_out += copies
        if on_progress is not None and (seen % _PROGRESS_EVERY == 0 or seen == len(files)):
            on_progress(seen)
    return _sorted(PageList(root, pages, other, left_out))


def no_folder(given: Path) -> UserError:
    """What to say of a folder that does not exist, with the one beside it that may be meant."""
    beside = []
    if given.parent.is_dir():
        beside = sorted(printable(at.name) for at in given.parent.iterdir() if at.is_dir())
    return UserError(f"the folder {printable(str(given))} does not exist{did_you_mean(given.name, beside)}")


def pages_of_files(files: Iterable[Path | str], *, formats: Collection[str] = ()) -> PageList:
    """The pages of single files (`-f`), PATH as typed; a file given twice counts once.

    UserError for a file that is absent, a folder, or of a kind that is not read.
    """
    wanted = extensions_of(formats)
    pages: list[Page] = []
    left_out = 0
    seen: set[str] = set()
    for given in files:
        file = Path(given)
        shown = printable(str(file))
        if file.is_dir():
            raise UserError(f"{shown} is a folder: give it with -d")
        if not (file.exists() or file.is_symlink()):
            nearby = []
            if file.parent.is_dir():
                nearby = sorted(at.name for at in file.parent.iterdir() if at.suffix.lower().lstrip(".") in wanted)
            raise UserError(f"the file {shown} does not exist{did_you_mean(file.name, nearby)}")
        extension = file.suffix.lower().lstrip(".")
        if extension not in wanted:
            kinds = " ".join(f".{name}" for name in sorted(wanted))
            raise UserError(f"{shown} is not a page: its name must end in one of {kinds}")
        absolute = os.path.normcase(file.absolute().parent.resolve() / file.name)
        if absolute not in seen:
            seen.add(absolute)
            held, copies = pages_of(Path(), file.as_posix())
            pages += held
            left_out += copies
    if not pages:
        raise UserError("no page was given")
    return _sorted(PageList(Path(), pages, left_out=left_out))


def left_out_line(left_out: int) -> str:
    """What to say of frames of TIFFs that are no pages (`PageList.left_out`); "" where there is none."""
    if not left_out:
        return ""
    what = "1 reduced copy or mask" if left_out == 1 else f"{left_out} reduced copies or masks"
    return f"{what} in TIFFs left out"


def stamp_of(file: Path) -> Stamp:
    """Size and time of a file's last change, by which a changed file is known; None where it cannot be looked at."""
    try:
        status = file.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return status.st_size, status.st_mtime_ns


def save_pages(pages: PageList, file: Path) -> None:
    """Writes a page list as JSON lines, one a page, completed by rename. Undecodable names survive as escapes."""
    part = file.with_name(file.name + ".part")
    with part.open("w", encoding="ascii", newline="\n") as lines:
        # The root is absolute: whoever goes on from another folder must find these pages, not others of the same names.
        head = {
            "root": str(pages.root.absolute()),
            "pages": len(pages.pages),
            "other": pages.other,
            "left_out": pages.left_out,
        }
        lines.write(json.dumps(head) + "\n")
        for page in pages.pages:
            lines.write(json.dumps([page.path, page.file, page.number, page.frame, page.reason]) + "\n")
        lines.flush()
        os.fsync(lines.fileno())
    part.replace(file)


def load_pages(file: Path) -> PageList:
    """The list that `save_pages` wrote; UserError where the file is not one, or not whole."""
    try:
        with file.open(encoding="ascii") as lines:
            head = json.loads(next(lines))
            pages = PageList(Path(head["root"]), [Page(*json.loads(line)) for line in lines], head["other"])
            pages.left_out = head.get("left_out", 0)  # a list of an earlier version does not say
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
    if extension not in _COUNTED:
        return [Page(path, name, single, None)], 0
    try:
        count, left_out = frames_of(root / path)
    except PageError as error:
        return [Page(path, name, single, None, str(error))], 0
    if count is None:
        return [Page(path, name, single, None)], left_out
    return [Page(path, stem, frame + 1, frame) for frame in range(count)], left_out


def _sorted(pages: PageList) -> PageList:
    pages.pages.sort(key=lambda page: (page.file, page.number, page.path))
    return pages


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
