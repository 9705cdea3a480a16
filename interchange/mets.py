"""METS files, 1.12 and 2: which pages they name, in which order, and which of a page's files is its picture.

source = read_mets(Path("mets.xml"), LocalFiles(Path()))
source.notes[0]                     # "mets.xml: 195 pages, file group DEFAULT (there are also: THUMBS, FULLTEXT)"

A page is a `div TYPE="page"` of the structMap TYPE="PHYSICAL"; what it points at (1 to 60 files in public workspaces:
scans, copies made from them, pictures of single lines, texts) is chosen by file group and media type
(interchange/file_groups.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import Element

from interchange.file_groups import DOCUMENT, PICTURE, TEXT, Candidate, Choice, choose_pictures, media_type
from interchange.local_files import LocalFiles
from interchange.named_pages import NamedPage, Source, counted, shared_pictures, unique_ids
from interchange.page_files import picture_named_in
from interchange.xml_files import elements
from utils import UserError, listed, printable

METS = "http://www.loc.gov/METS/"
METS_2 = "http://www.loc.gov/METS/v2"
KINDS = {METS: "mets", METS_2: "mets2"}
OURS = "page-sorter"
# The ids of what mets_writing.py puts into a METS file, and of nothing that others call alike: `page-sorter_0001`, say.
_OF_OURS = re.compile(
    rf"{OURS}-(?:agent|header|provenance|event|software|files|page|alto|pages|structure|links|((?:page|alto)-)?[0-9]{{4,}})"
)


def is_ours(identity: str) -> bool:
    """Whether an id is one of those that we give to what we put into a METS file.

    >>> is_ours("page-sorter-0017"), is_ours("page-sorter-alto-0017"), is_ours("page-sorter-out_PHYS_0017")
    (True, True, False)
    """
    return _OF_OURS.fullmatch(identity) is not None


class Files(Protocol):
    """What knows where a file lies that a document names."""

    root: Path

    def find(self, said: str, /) -> tuple[str, str]:
        """Its path below `root`, and "" - or what is said, and why it cannot be read."""


@dataclass(frozen=True, slots=True)
class _Div:
    """A page's div. files: the ids of its files; part: whether it is only an area of one."""

    id: str
    label: str
    files: tuple[str, ...]
    part: bool


def read_mets(file: Path, files: Files, *, document: str, file_group: str = "") -> Source:
    """The pages that a METS file names. UserError, in one line, where it names none, or has no such file group."""
    root = elements(file)
    space = root.tag[1:].partition("}")[0]
    reader = _Reader(file, space, files)
    named = reader.files(root)
    divs = reader.pages(root, named)
    candidates = [[candidate for name in div.files if (candidate := named.get(name))] for div in divs]
    choice = choose_pictures(candidates, reader.groups, file_group, shown=printable(file.name))
    taken = [
        chosen or (None if choice.asked else reader.named_by_text(files_of))
        for chosen, files_of in zip(choice.pictures, candidates, strict=True)
    ]
    pages, renamed = unique_ids(
        _page(div, chosen, number, named, choice)
        for number, (div, chosen) in enumerate(zip(divs, taken, strict=True), 1)
    )
    notes = [_headline(file, pages, choice), *choice.notes, *reader.notes, renamed, shared_pictures(pages)]
    if by_text := sum(one is not other for one, other in zip(choice.pictures, taken, strict=True)):
        notes.append(
            f"note: {counted(by_text)} without a picture in the METS: the one that its PAGE or ALTO file names"
        )
    if cut := sum(div.part for div in divs):
        notes.append(f"warning: {counted(cut)} that are only an area of their picture: the whole picture is sorted")
    return Source(
        KINDS[space], file, files.root, document, tuple(pages), tuple(note for note in notes if note), choice.group
    )


class _Reader:
    """The parts of one METS file. groups: the USE of its files, in their order; notes: what the user should know."""

    def __init__(self, file: Path, space: str, files: Files) -> None:
        self._file, self._files = file, files
        self._texts = LocalFiles(file.parent)
        self._space = f"{{{space}}}"
        self.groups: list[str] = []
        self.notes: list[str] = []
        self._unordered = self._ordered = 0

    def files(self, root: Element) -> dict[str, Candidate]:
        """Id -> file, of those that are listed anywhere in the fileSec."""
        named: dict[str, Candidate] = {}
        for section in root.iter(f"{self._space}fileSec"):
            self._list(section, "", named)
        return named

    def _list(self, element: Element, group: str, named: dict[str, Candidate]) -> None:
        for child in element:
            if child.tag == f"{self._space}fileGrp":
                self._list(child, child.get("USE") or group, named)
            elif child.tag == f"{self._space}file":
                name = child.get("USE") or group
                if name not in self.groups:
                    self.groups.append(name)
                identity = child.get("ID", "")
                if identity not in named:
                    named[identity] = self._candidate(identity, child, name)
                self._list(child, name, named)  # a file inside a file: of a package, say

    def _candidate(self, identity: str, element: Element, group: str) -> Candidate:
        said = [href for place in element.findall(f"{self._space}FLocat") if (href := _href(place))]
        kind = media_type(element.get("MIMETYPE", ""), said[0] if said else "")
        if kind in (PICTURE, DOCUMENT):
            return Candidate(identity, group, kind, self._place(element, said))
        return Candidate(identity, group, kind, (said[0] if said else "", ""))

    def _place(self, element: Element, said: list[str]) -> tuple[str, str]:
        """Where a picture lies: the first of its places that can be read."""
        places = [self._files.find(href) for href in said]
        if not places:
            inside = element.find(f"{self._space}FContent") is not None
            return "", "its picture is embedded in the document (FContent): not read" if inside else ABSENT_PLACE
        return next((place for place in places if not place[1]), places[0])

    def named_by_text(self, files: Sequence[Candidate]) -> Candidate | None:
        """The picture that the first PAGE-XML or ALTO file among these names; None where none does."""
        for file in files:
            path, fault = self._texts.find(file.place[0]) if file.kind == TEXT else ("", "none")
            if fault:
                continue
            try:
                said = picture_named_in(self._texts.root / path)[1]
            except UserError:
                continue
            if said:
                return Candidate(file.id, file.group, PICTURE, self._files.find(said))
        return None

    def pages(self, root: Element, named: Mapping[str, Candidate]) -> list[_Div]:
        """The divs of pages, in their order. named: from `files`."""
        top = self._structure(root)
        divs = list(self._below(top))
        pages = {div for div in divs if div.get("TYPE", "").casefold() == "page"}
        parts = {inner for page in pages for inner in page.iter(f"{self._space}div")}
        # Covers, leaves, sheets: whatever holds files and no other divs is one too, if one of them is a picture.
        leaves = [div for div in divs if div not in parts and div.find(f"{self._space}div") is None]
        others = {div for div in leaves if self._has_picture(div, named)}
        if not pages and not others:
            others = {div for div in leaves if self._pointers(div)}
        if pages and others:
            self.notes.append(f"note: {counted(len(others), 'div')} of another TYPE than page with pictures too")
        pages |= others
        if not pages:
            raise UserError(f"{printable(str(self._file))} names no pages in its physical structMap{self._hint(root)}")
        if self._unordered and self._ordered:
            self.notes.append(
                f"note: {counted(self._unordered, 'div')} without ORDER beside others with one: there the order of "
                "the file is taken"
            )
        return [self._div(div) for div in divs if div in pages]

    def _has_picture(self, div: Element, named: Mapping[str, Candidate]) -> bool:
        return any(name in named and named[name].kind in (PICTURE, DOCUMENT) for name in self._pointers(div))

    def _structure(self, root: Element) -> Element:
        maps = [one for one in root.iter(f"{self._space}structMap") if not is_ours(one.get("ID", ""))]
        physical = [one for one in maps if one.get("TYPE", "").casefold() == "physical"]
        if not physical and len(maps) == 1 and not maps[0].get("TYPE"):
            physical = maps
        if not physical:
            types = listed([one.get("TYPE") or "without a TYPE" for one in maps], 4) or "none"
            raise UserError(
                f'{printable(str(self._file))} has no structMap TYPE="PHYSICAL", which names the pages (structMaps '
                f"there: {types}){self._hint(root)}"
            )
        if len(physical) > 1:
            self.notes.append(f"note: {len(physical)} physical structMaps: the first is taken")
        return physical[0]

    def _hint(self, root: Element) -> str:
        others = len(list(root.iter(f"{self._space}mptr")))
        if others:
            are = "which is not followed: give that" if others == 1 else "which are not followed: give one of them"
            return f"; it refers to {counted(others, 'other METS file')} (mptr), {are} with -d"
        return ""

    def _below(self, element: Element) -> Iterator[Element]:
        """All divs below, in document order, those beside each other by ORDER where all have one."""
        divs = element.findall(f"{self._space}div")
        orders = [_number(div.get("ORDER")) for div in divs]
        known = [order for order in orders if order is not None]
        if known and len(known) == len(divs):
            self._ordered += len(divs)
            self._say_doubles(divs, known)
            divs = [div for _, div in sorted(zip(known, divs, strict=True), key=lambda pair: pair[0])]
        elif known:
            self._ordered += len(known)
            self._unordered += len(divs) - len(known)
        for div in divs:
            yield div
            yield from self._below(div)

    def _say_doubles(self, divs: list[Element], orders: list[float]) -> None:
        first: dict[float, Element] = {}
        doubles = [(order, div) for order, div in zip(orders, divs, strict=True) if first.setdefault(order, div) != div]
        if doubles:
            order, div = doubles[0]
            ids = f"{first[order].get('ID') or 'no ID'} and {div.get('ID') or 'no ID'}"
            more = f", and {len(doubles) - 1} more" if len(doubles) > 1 else ""
            self.notes.append(
                printable(
                    f"warning: two pages have the ORDER {order:g} ({ids}){more}: the order of the file is kept between "
                    "them"
                )
            )

    def _pointers(self, div: Element) -> list[str]:
        """The ids of a div's own files, in their order, each once: of its fptr and the areas in them."""
        ids: dict[str, None] = {}
        for pointer in div.findall(f"{self._space}fptr"):
            for element in pointer.iter():  # par, seq and area among them
                if name := element.get("FILEID"):
                    ids[name] = None
        return list(ids)

    def _div(self, div: Element) -> _Div:
        areas = [area for pointer in div.findall(f"{self._space}fptr") for area in pointer.iter(f"{self._space}area")]
        return _Div(
            div.get("ID", ""),
            div.get("ORDERLABEL") or div.get("LABEL") or "",
            tuple(self._pointers(div)),
            any(area.get("COORDS") for area in areas),
        )


ABSENT_PLACE = "the document does not say where its picture lies"


def _page(div: _Div, chosen: Candidate | None, number: int, named: dict[str, Candidate], choice: Choice) -> NamedPage:
    if chosen is not None:
        path, reason = chosen.place
        return NamedPage(div.id or chosen.id or f"page-{number}", div.label, path or chosen.id, reason)
    identity = div.id or (div.files[0] if div.files else f"page-{number}")
    unknown = [name for name in div.files if name not in named]
    if not div.files:
        reason = "the document names no file for this page"
    elif len(unknown) == len(div.files):
        reason = f"the document names a file that it does not list: {listed(unknown, 2)}"
    elif choice.asked:
        reason = f"the document names no picture of this page in the file group {choice.group}"
    else:
        reason = f"the document names no picture of this page, only {listed(list(div.files), 2)}"
    return NamedPage(identity, div.label, identity, reason)


def _headline(file: Path, pages: list[NamedPage], choice: Choice) -> str:
    group = f", file group {choice.group}" if choice.group else ""
    others = f" (there are also: {listed(choice.others, 6)})" if choice.others else ""
    return printable(f"{file.name}: {counted(len(pages))}{group}{others}")


def _href(place: Element) -> str:
    """Where FLocat says that a file lies: LOCREF in METS 2, href of whatever xlink namespace in METS 1."""
    if place.get("LOCREF"):
        return place.get("LOCREF", "")
    return next((value for name, value in place.attrib.items() if name.rpartition("}")[2] == "href"), "")


def _number(text: str | None) -> float | None:
    """ORDER as a number; None where it is none."""
    try:
        return float(int(text)) if text else None
    except (ValueError, OverflowError):
        return None
