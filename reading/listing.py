"""Which files below a folder are page files, and what is passed over. Nothing is opened.

    listing = list_files(Path("scans"), formats=["png"], exclude=["*_small.png"])
    listing.files          # ["box1/CTX194603902-14.png", ...]
    listing.broken         # {"box2": "the folder cannot be listed: permission denied"}
    listing.passed.lines() # ["left alone: 9 .heic", "left out: 2 x @eaDir, #recycle (--hidden takes them)"]

A file's name decides whether it is looked at (`KINDS`). What systems keep for themselves (thumbnails of network
drives, trash, hidden folders) is no collection.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils import UserError, did_you_mean, printable

if TYPE_CHECKING:
    from settings.schema import Input

# Kinds of page files and their extensions; any of its extensions names the kind in `formats`.
KINDS = {
    "PNG": ("png",),
    "JPEG": ("jpg", "jpeg", "jpe", "jfif", "jif"),
    "TIFF": ("tif", "tiff", "btf", "tf8"),
    "JPEG 2000": ("jp2", "j2k", "j2c", "jpc", "jpx", "jpf"),
    "WebP": ("webp",),
    "BMP": ("bmp", "dib"),
    "GIF": ("gif",),
    "AVIF": ("avif",),
    "Netpbm": ("pbm", "pgm", "ppm", "pnm"),
    "PDF": ("pdf",),
}
_EVERY = frozenset(extension for kind in KINDS.values() for extension in kind)
COUNTED = frozenset((*KINDS["TIFF"], *KINDS["PDF"]))  # files of these may hold several pages

# Folders that systems and programs keep for themselves, in lower case, beside all whose names begin with a dot
# (.Trash-1000, .Trashes, .AppleDouble, .ipynb_checkpoints, .snapshot, .dropbox.cache, .stversions, .@__thumb ...).
SYSTEM_FOLDERS = frozenset(
    {
        *("@eadir", "#recycle", "#snapshot", "@sharebin", "@tmp", "@synoeastream", "@synoresource"),  # Synology
        *("@appstore", "@database", "@img_bkp_cache", "@cloudsync", "@s2s", "@docker"),
        *("@recycle", "@recently-snapshot", "@__thumb", "@transcoded", "@upload_cache"),  # QNAP
        *("~snapshot", "recycle bin", "trashbox"),  # NetApp, ReadyNAS, Buffalo
        *("$recycle.bin", "recycler", "recycled", "system volume information"),  # Windows
        *("config.msi", "$winreagent", "$sysreset", "$extend", "$windows.~bt", "$windows.~ws"),
        *("__macosx", "network trash folder", "temporary items", "thevolumesettingsfolder"),  # macOS
        *("lost+found", "_vti_cnf", "_gsdata_", "__pycache__"),  # ext file systems, FrontPage, GoodSync, Python
        *("files_trashbin", "files_versions"),  # Nextcloud, ownCloud
    }
)
_NUMBERED_FOLDER = re.compile(r"@gmt-.*|found\.[0-9]{3}", re.IGNORECASE | re.DOTALL).fullmatch  # snapshots, chkdsk
_APPLE_DOUBLE = "._*"  # how macOS names what it cannot store in a file on foreign drives
_SHOWN = 12  # kinds and folders that a line names


@dataclass
class Passed:
    """What was passed over below a folder.

    other: files of other kinds, by ending (".heic"; "" without one; "._*" for those of macOS). folders: folders that
    are no collection, by name. excluded: what each `--exclude` fits, 0 for nothing. links: links to pages of the list.
    frames: of TIFFs that are no pages: thumbnails, pyramid levels, masks (tiff_frames.py).
    """

    other: dict[str, int] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    links: int = 0
    frames: int = 0

    @property
    def files(self) -> int:
        """How many files of other kinds there are."""
        return sum(self.other.values())

    def add(self, added: Passed) -> None:
        """Count what was passed over below another folder too."""
        ours = self.other, self.folders, self.excluded
        for counts, theirs in zip(ours, (added.other, added.folders, added.excluded), strict=True):
            for name, number in theirs.items():
                counts[name] = counts.get(name, 0) + number
        self.links += added.links
        self.frames += added.frames

    def lines(self) -> list[str]:
        """What the user is told, a sentence each; none where nothing was passed over.

        >>> Passed({".heic": 9, "": 2}, {"@eaDir": 2, "#recycle": 1}).lines()
        ['left alone: 9 .heic, 2 without an ending', 'left out: 2 x @eaDir, #recycle (--hidden takes them)']
        """
        lines = []
        if other := {ending: number for ending, number in self.other.items() if number}:
            named = [f"{number} {ending or 'without an ending'}" for ending, number in _most(other)]
            lines.append(f"left alone: {_listed(named, len(other))}")
        if self.folders:
            named = [f"{number} x {name}" if number > 1 else name for name, number in _most(self.folders)]
            lines.append(f"left out: {_listed(named, len(self.folders))} (--hidden takes them)")
        if fitting := [f"{number} x {pattern}" for pattern, number in self.excluded.items() if number]:
            lines.append(f"left out by --exclude: {', '.join(fitting)}")
        for pattern, number in self.excluded.items():
            if not number:
                lines.append(
                    f"note: --exclude {pattern} fits nothing: it is the name of a file or folder, or a path below the "
                    "input folder, with * and ? for what varies"
                )
        if self.links:
            lines.append(f"left out: {_number(self.links, 'link')} to pages that are in the list themselves")
        if self.frames:
            what = "1 reduced copy or mask" if self.frames == 1 else f"{self.frames} reduced copies or masks"
            lines.append(f"{what} in TIFFs left out")
        return [printable(line) for line in lines]


@dataclass
class Listing:
    """What lies below a folder, sorted: page `files` (relative paths); `broken` files and folders, with the reason.

    second: links to page files that are among `files` themselves.
    """

    files: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    second: list[str] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)


def extensions_of(formats: Collection[str]) -> frozenset[str]:
    """The lower-case extensions that `formats` mean: jpg means jpeg too, none means all. UserError for an unknown one.

    >>> sorted(extensions_of(["PNG", ".dib"]))
    ['bmp', 'dib', 'png']
    """
    every = [extension for kind in KINDS.values() for extension in kind]
    wanted: set[str] = set()
    for name in formats:
        extension = name.strip().lower().lstrip(".")
        if extension not in every:
            raise UserError(f"page format {name!r} is not known: {', '.join(every)}{did_you_mean(extension, every)}")
        wanted.update(next(kind for kind in KINDS.values() if extension in kind))
    return frozenset(wanted or every)


def wanted_files(read: Input) -> dict[str, Any]:
    """What `[input]` says of which files are pages, as `list_files` and `find_pages` take it."""
    return {"formats": read.formats, "inner": read.inner, "hidden": read.hidden, "exclude": read.exclude}


def list_files(
    root: Path,
    *,
    formats: Collection[str] = (),
    inner: bool = True,
    hidden: bool = False,
    exclude: Iterable[str] = (),
    skip: Iterable[Path] = (),
) -> Listing:
    """Page files below `root`, "/" between folders, what cannot be read there, and what was passed over.

    inner: whether sub-folders are walked. hidden: whether hidden folders and those of SYSTEM_FOLDERS are too. exclude:
    patterns (`*`, `?`, `[ab]`, in any letter case) of files and folders to leave out: a name, or, with a "/" in it, a
    path below `root`. skip: folders to leave out, unsaid. `root` itself is always walked.

    Linked folders are followed; a folder that can be reached in two ways, or by a loop of links, is walked once, and a
    link to a page that is in the list itself is no second page. A folder that cannot be listed, a link that leads
    nowhere: `broken`, for pages would be lost silently. UserError where `root` itself cannot be listed.
    """
    wanted, excluded = extensions_of(formats), Patterns(exclude)
    listing = Listing()
    done = {identity for folder in skip if (identity := _identity(Path(folder)))}
    done.discard(_identity(root))
    walked: list[str] = []  # prefixes
    links: list[str] = []  # page files that are links
    # Prefixes still to walk; real folders first, so that a path through a link is the last resort.
    real, linked = [""], []
    while real or linked:
        prefix = real.pop() if real else linked.pop()
        folder = root / prefix
        identity = _identity(folder)
        if identity is not None:
            if identity in done:
                continue
            done.add(identity)
        further = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name, path = entry.name, f"{prefix}{entry.name}"
                    if excluded.fit(path):
                        continue
                    what, reason = _look(entry)
                    if what == "folder":
                        if not inner:
                            continue
                        if not hidden and is_hidden(name):
                            listing.passed.folders[name] = listing.passed.folders.get(name, 0) + 1
                        else:
                            (further if entry.is_symlink() else real).append(f"{path}/")
                        continue
                    ending = ending_of(name)
                    is_page = ending[1:] in wanted
                    if reason and (is_page or (inner and not ending and (hidden or not is_hidden(name)))):
                        listing.broken[path] = reason  # without an ending it may be a folder of pages
                    elif is_page and what == "file":
                        listing.files.append(path)
                        if entry.is_symlink():
                            links.append(path)
                    else:
                        listing.passed.other[ending] = listing.passed.other.get(ending, 0) + 1
        except OSError as error:
            if not prefix:
                raise UserError(f"the folder {printable(str(root))} cannot be listed: {_said(error)}") from None
            listing.broken[prefix[:-1]] = f"the folder cannot be listed: {_said(error)}"
        walked.append(prefix)
        linked.extend(sorted(further, reverse=True))
    if links:
        _drop_links(root, listing, links, walked)
    listing.passed.excluded = excluded.counts
    listing.files.sort()
    return listing


def is_hidden(name: str) -> bool:
    """Whether a folder of this name is one that systems and programs keep for themselves.

    >>> is_hidden(".git"), is_hidden("@EADIR"), is_hidden("box 1")
    (True, True, False)
    """
    return name.startswith(".") or name.casefold() in SYSTEM_FOLDERS or bool(_NUMBERED_FOLDER(name))


def named_as_page(path: str) -> bool:
    """Whether a file of this name is looked at."""
    return ending_of(path.rpartition("/")[2])[1:] in _EVERY


def link_fault(path: Path) -> str:
    """Why a link cannot be followed, "" where it can, or where the path is none."""
    if not os.path.islink(path):  # noqa: PTH114 (Path.is_symlink raises below a closed folder)
        return ""
    try:
        path.stat()
    except OSError as error:
        return _fault_of_link(error)
    return ""


def _look(entry: os.DirEntry[str]) -> tuple[str, str]:
    """What an entry of a folder is - folder, file, other -, and why that cannot be told."""
    try:
        if entry.is_dir():
            return "folder", ""
        if entry.is_file():
            return "file", ""
        if entry.is_symlink():
            mode = entry.stat().st_mode  # raises where it leads nowhere: is_dir and is_file are silent on that
            return ("file" if stat.S_ISREG(mode) else "other"), ""
    except OSError as error:
        return "other", _fault_of_link(error)
    return "other", ""


def _fault_of_link(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a link that points to itself"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "a link that leads nowhere"
    return f"cannot be read: {_said(error)}"


def _said(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it vanished meanwhile"
    return (os.strerror(error.errno) if error.errno else str(error)).lower()


def ending_of(name: str) -> str:
    """A file's kind by its name, ".png"; "" without one, "._*" for what macOS keeps beside a file."""
    if name.startswith("._"):
        return _APPLE_DOUBLE
    stem, dot, extension = name.rpartition(".")
    return f".{extension.lower()}" if stem and dot and re.fullmatch(r"[0-9A-Za-z_+~-]{1,12}", extension) else ""


def _drop_links(root: Path, listing: Listing, links: list[str], walked: list[str]) -> None:
    """Take out links to page files that are in the list under their own name: `walked` are the folders' prefixes."""
    direct = set(listing.files) - set(links)
    prefixes = {os.path.realpath(root / prefix): prefix for prefix in walked}
    second = set()
    for link in links:
        folder, name = os.path.split(os.path.realpath(root / link))
        if folder in prefixes and prefixes[folder] + name in direct:
            second.add(link)
    listing.files = [path for path in listing.files if path not in second]
    listing.second, listing.passed.links = sorted(second), len(second)


class Patterns:
    """The patterns of `--exclude`, and how many files and folders each has fitted (`counts`)."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.counts: dict[str, int] = {}
        self._rules: list[tuple[str, bool, str, re.Pattern[str]]] = []
        for given in patterns:
            pattern = given.replace("\\", "/") if os.name == "nt" else given
            whole = "/" in pattern.strip("/").removeprefix("**/")  # a path below the root, or a name at any depth
            plain = _comparable(pattern.removeprefix("./").removeprefix("**/").strip("/"))
            if plain:
                self.counts[given] = 0
                self._rules.append((given, whole, plain, re.compile(fnmatch.translate(plain))))

    def fit(self, path: str) -> bool:
        """Whether a file or folder (its path below the root) is to be left out; counted."""
        if not self._rules:
            return False
        path = _comparable(path)
        name = path.rpartition("/")[2]
        for given, whole, plain, rule in self._rules:
            text = path if whole else name
            if text == plain or rule.fullmatch(text):
                self.counts[given] += 1
                return True
        return False


def _comparable(text: str) -> str:
    """Names are compared as Windows and macOS do, on every system."""
    return unicodedata.normalize("NFC", text).casefold()


def _most(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(named: list[str], number: int) -> str:
    return ", ".join([*named, f"{number - _SHOWN} more"] if number > _SHOWN else named)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
