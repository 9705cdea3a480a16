"""What a document of an archive says of its pages: a METS file, a IIIF manifest, a folder of PAGE-XML or ALTO.

source = source_of(Path("mets.xml"))               # interchange/source.py
[(page.id, page.path, page.reason) for page in source.pages]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NamedPage:
    """A page that a document names.

    id: its id there, unique in the source: METS div/@ID, the id of a canvas, the name of a PAGE or ALTO file without
    its ending. label: ORDERLABEL, LABEL or label, "". path: the picture, relative to the root of the source, "/"
    between folders; where there is none, what the document says instead. reason: "" = may be read; else why not.
    frame: the 0-based page of a PDF or of a TIFF of several, None = the file is one picture.
    """

    id: str
    label: str
    path: str
    reason: str
    frame: int | None = None


@dataclass(frozen=True)
class Source:
    """A document that names pages.

    kind: "mets", "mets2", "iiif3", "iiif2", "page" or "alto"; a workspace and a bag are what their document is. file:
    the document, or the folder of PAGE or ALTO files. root: the folder that the paths of the pages count from.
    document: FILE of its pages. pages: in its order; PAGE is 1, 2, 3 ... in this order. notes: lines for the user, the
    first says what was taken. group: the file group that the pictures are of, "" where there is none.
    """

    kind: str
    file: Path
    root: Path
    document: str
    pages: tuple[NamedPage, ...]
    notes: tuple[str, ...]
    group: str = ""


def counted(number: int, noun: str = "page") -> str:
    """A number with its noun.

    >>> counted(1), counted(2, "ALTO file")
    ('1 page', '2 ALTO files')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def unique_ids(pages: Iterable[NamedPage]) -> tuple[list[NamedPage], str]:
    """The pages with ids that tell them apart, and a line for the user where the document's own do not: "" else.

    The second page of an id `a` becomes `a#2`.
    """
    pages = list(pages)
    said = {page.id for page in pages}
    taken: dict[str, int] = {}  # id -> how many pages said it
    renamed: list[str] = []
    told_apart = []
    for page in pages:
        name, number = page.id, taken.get(page.id, 0) + 1
        while number > 1 and (name := f"{page.id}#{number}") in said:  # the document's own `a#2` keeps its name
            number += 1
        taken[page.id] = number
        if number > 1:
            renamed.append(name)
        told_apart.append(replace(page, id=name))
    if not renamed:
        return told_apart, ""
    return told_apart, (f"warning: {counted(len(renamed))} with the id of another page: here {_some(renamed)}")


def shared_pictures(pages: Iterable[NamedPage]) -> str:
    """A line for the user where one picture is that of several pages; "" where none is."""
    of: dict[str, list[str]] = {}
    for page in pages:
        if not page.reason:
            of.setdefault(page.path, []).append(page.id)
    shared = {path: ids for path, ids in of.items() if len(ids) > 1}
    if not shared:
        return ""
    path, ids = next(iter(shared.items()))
    more = f"; {counted(len(shared) - 1, 'more such picture')}" if len(shared) > 1 else ""
    return f"note: {path} is the picture of {len(ids)} pages ({_some(ids)}), each gets its row{more}"


def _some(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
