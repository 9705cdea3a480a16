"""Which of the files that METS names for a page is its picture: by media type and file group.

choice = choose_pictures(candidates, groups)       # candidates: one list a page
choice.group, choice.pictures                      # "OCR-D-IMG", one Candidate or None a page

One group is taken for all pages, so that they are alike: the most original one (`rank`) of those that hold pictures
which can be read for at least half as many pages as any other does. A page that is not in it gets the next best picture
of its own, and that is said; a page whose picture there cannot be read is an error, never another picture instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from interchange.named_pages import counted
from reading.listing import KINDS
from utils import UserError, did_you_mean, listed, printable

PICTURE, DOCUMENT, TEXT = "picture", "pdf", "text"
_EXTENSIONS = {extension: DOCUMENT if kind == "PDF" else PICTURE for kind in KINDS for extension in KINDS[kind]}
# What USE says in METS files of public collections: DFG's METS profile, OCR-D, Kitodo, HathiTrust, Library of Congress.
_RANKS = {
    "OCR-D-IMG": 0,
    **dict.fromkeys(("ORIGINAL", "ORIGINALS", "MASTER", "MASTERS", "ARCHIVE", "PRESERVATION", "LOCAL", "RAW"), 1),
    **dict.fromkeys(("IMAGE", "IMAGES", "IMG", "SCAN", "SCANS", "TIFF", "PAGE IMAGE"), 1),
    **dict.fromkeys(("MAX", "PRESENTATION", "HIGHRES", "REFERENCE"), 2),
    **dict.fromkeys(("DEFAULT", "SERVICE", "ACCESS", "VIEWER", "MEDIUM", ""), 3),
    **dict.fromkeys(("MIN", "LOWRES", "PREVIEW", "DOWNLOAD"), 5),
}
_OTHER, _DERIVED, _PDFS, _SMALL = 4, 6, 7, 8
# Of a part of a group's name: made from the scan, not the scan.
_MADE = re.compile(
    r"BIN.*|CROP.*|DESKEW.*|DESPECK.*|DENOIS.*|DEWARP.*|CLIP.*|SEG|GT|OCR|COR|FULLTEXT|LINE.*|REGION.*|WORD.*|NRM|RESIZE.*"
)
_THUMBNAIL = re.compile(r".*(THUMB|TEASER|ICON).*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that a document names.

    kind: "picture", "pdf", "text" (PAGE-XML or ALTO, perhaps), "" = none of them. place: its path and "", or why not;
    of a text what the document says of its path.
    """

    id: str
    group: str
    kind: str
    place: tuple[str, str]


@dataclass(frozen=True)
class Choice:
    """pictures: one a page, None where it has none. group: where they are from; others: the document's other groups;
    asked: whether the user named it. notes: lines for the user.
    """

    pictures: list[Candidate | None]
    group: str
    others: list[str]
    asked: bool
    notes: list[str]


def media_type(mime: str, name: str) -> str:
    """What kind of file this is: by its MIME type, where that says nothing by its name.

    >>> media_type("image/tif", ""), media_type("text/xml", "1.tif"), media_type("", "scans/1.TIF?x=1")
    ('picture', 'text', 'picture')
    """
    mime = mime.strip().lower()
    if mime.startswith("image/"):
        return PICTURE
    if mime in ("application/pdf", "application/x-pdf"):
        return DOCUMENT
    if mime in ("", "application/octet-stream", "binary/octet-stream", "unknown"):
        ending = re.split(r"[?#]", name)[0].rpartition(".")[2].lower()
        return _EXTENSIONS.get(ending, TEXT if ending == "xml" else "")
    return TEXT if mime.endswith(("/xml", "+xml")) else ""


def rank(group: str) -> int:
    """How near to the scan the pictures of a group are by its USE, 0 = nearest.

    >>> [rank(use) for use in ("OCR-D-IMG", "MAX", "DEFAULT", "something", "OCR-D-IMG-BIN", "THUMBS")]
    [0, 2, 3, 4, 6, 8]
    """
    use = group.strip().upper()
    if use in _RANKS:
        return _RANKS[use]
    if _THUMBNAIL.fullmatch(use):
        return _SMALL
    parts = re.split(r"[^A-Z0-9]+", use.removeprefix("OCR-D-"))
    return _DERIVED if any(_MADE.fullmatch(part) for part in parts) else _OTHER


def choose_pictures(
    candidates: Sequence[Sequence[Candidate]], groups: Sequence[str], file_group: str = "", *, shown: str = "the METS"
) -> Choice:
    """The picture of each page. file_group: the group to take, as the user typed it. groups: all of the document.

    UserError where there is no such group, or it holds no picture.
    """
    listed_in: Counter[str] = Counter()  # group -> pages with a picture there
    readable: Counter[str] = Counter()  # ... that can be read
    for files in candidates:
        of_page = _first_by_group(files)
        listed_in.update(of_page.keys())
        readable.update(group for group, file in of_page.items() if not file.place[1])
    ranks = {name: _rank(name, candidates) for name in listed_in}
    if file_group:
        group = _asked(file_group, listed_in, groups, shown)
    else:
        count = readable if readable else listed_in
        most = max(count.values(), default=0)
        fitting = [name for name in listed_in if count[name] * 2 >= most]
        group = min(fitting, key=lambda name: (ranks[name], -listed_in[name]), default="")
    pictures: list[Candidate | None] = []
    elsewhere: Counter[str] = Counter()
    several = 0
    for files in candidates:
        of_page = _first_by_group(files)
        chosen = of_page.get(group)
        several += sum(file.group == group and file.kind in (PICTURE, DOCUMENT) for file in files) > 1
        if chosen is None and of_page and not file_group:
            chosen = of_page[min(of_page, key=ranks.__getitem__)]
            elsewhere[chosen.group] += 1
        pictures.append(chosen)
    notes = []
    if elsewhere:
        where = ", ".join(f"{name or 'a group without a USE'} ({number})" for name, number in elsewhere.most_common(4))
        notes.append(f"warning: {counted(elsewhere.total())} not in the file group {group}: taken from {where}")
    if several:
        notes.append(f"note: {counted(several)} with several pictures in the file group: the first of each is taken")
    others = [name for name in groups if name and name != group]
    return Choice(pictures, group, others, bool(file_group), [printable(note) for note in notes])


def _first_by_group(files: Sequence[Candidate]) -> dict[str, Candidate]:
    """The first picture of each group; a PDF only where a group has no picture for the page."""
    first: dict[str, Candidate] = {}
    for kind in (PICTURE, DOCUMENT):
        for file in files:
            if file.kind == kind:
                first.setdefault(file.group, file)
    return first


def _rank(group: str, candidates: Sequence[Sequence[Candidate]]) -> int:
    """The `rank` of a group by its files too: one of PDFs alone comes after all others but thumbnails."""
    if rank(group) < _SMALL and not any(
        file.kind == PICTURE for files in candidates for file in files if file.group == group
    ):
        return _PDFS
    return rank(group)


def _asked(given: str, listed_in: Counter[str], groups: Sequence[str], shown: str) -> str:
    same = [name for name in groups if name == given] or [
        name for name in groups if name.casefold() == given.casefold()
    ]
    with_pictures = listed(list(listed_in), 12) or "no group"
    if not same:
        raise UserError(
            f"--file-group {printable(given)}: {shown} has no such file group; pictures are in {with_pictures}"
            f"{did_you_mean(given, groups)}"
        )
    if not listed_in[same[0]]:
        raise UserError(f"--file-group {printable(given)} holds no picture of a page; pictures are in {with_pictures}")
    return same[0]
