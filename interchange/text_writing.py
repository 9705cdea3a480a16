"""One file a page, PAGE-XML or ALTO: a copy of the one that the page has, with our part added, or a new one.

    write_each(run, folder, "page", new_page, add)          # interchange/page_writing.py, alto_writing.py

Only pages that were sorted get a file: one that failed has no category, and its file stays what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

from lxml import etree

from interchange.in_place import change_in_place
from interchange.mets import OURS
from interchange.page_texts import texts_of
from interchange.provenance import Origin, origin_of
from interchange.xml_files import tree_of
from interchange.xml_writing import serialized, write_xml, xml_text
from output.console import say
from output.tables import safe_name
from reading.decoding import picture_size
from reading.page_errors import PageError
from utils import UserError, printable

if TYPE_CHECKING:
    from interchange.export import SortedPage, SortedRun

TITLES = {"page": "PAGE", "alto": "ALTO"}
NewText = Callable[["SortedPage", tuple[int, int], Origin], etree._ElementTree]  # size: width, height in pixels
AddTo = Callable[
    [etree._ElementTree, "SortedPage", Origin], str
]  # what the user should know of this file, "" = nothing


def write_each(run: SortedRun, folder: Path, kind: str, new: NewText, add: AddTo) -> list[Path]:
    """Write the files into a sub-folder named like their kind; the folder, or with --in-place what was changed."""
    made = origin_of(run)
    texts = texts_of(run.source, kind)
    in_place = run.in_place and run.source is not None and run.source.kind == kind
    folder = folder_of_texts(run, folder, kind)
    if folder.is_symlink():
        raise UserError(f"{printable(str(folder))} is a link, which may lead anywhere: remove it")
    notes: Counter[str] = Counter()
    written: dict[Path, None] = {}
    for page in run.pages():
        if not page.scores:
            continue
        file = texts.get(page.id)
        tree = _tree_of(file, "nothing is changed in it" if in_place else f"a new {TITLES[kind]} file is written")
        if tree is None and file is not None and in_place:
            continue
        if tree is None:
            try:
                tree = new(page, picture_size(run.root / page.path, page.frame), made)
            except PageError as error:
                notes[f"warning: no {TITLES[kind]} file: {error}"] += 1
                continue
            add(tree, page, made)
            etree.indent(tree)
        elif note := add(tree, page, made):
            notes[note] += 1
        if file is not None and in_place and _leads_out(file):
            notes["warning: a link that leads out of the folder is not changed in place, a copy is written"] += 1
        if file is not None and in_place and not _leads_out(file):
            change_in_place(file, serialized(tree))
            written[run.source.file] = None
        else:
            folder.mkdir(exist_ok=True)
            target = folder / f"{page.name}.xml"
            if target.exists() and not _is_ours(target):  # beside a METS file; the run's own folder has none
                raise UserError(f"{printable(str(target))} is not one of our files, which go there: move it away")
            write_xml(target, tree)
            written[folder] = None
    for note, pages in notes.most_common():
        say(f"{note} ({pages} {'page' if pages == 1 else 'pages'})")
    return list(written)


def _is_ours(file: Path) -> bool:
    content = file.read_bytes()
    return any(OURS.encode(encoding) in content for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def _leads_out(file: Path) -> bool:
    """Whether a file is a link that leads out of its folder."""
    return not file.resolve().is_relative_to(file.parent.resolve())


def folder_of_texts(run: SortedRun, folder: Path, kind: str) -> Path:
    """Where the files lie: in the run's folder, or where a METS file is changed in place below that file's own folder,
    under the name of their file group; behind the file's name where several METS files may lie there.
    """
    if run.in_place and run.source is not None and run.source.kind in ("mets", "mets2"):
        file = run.source.file.resolve()
        before = "" if file.name.casefold() == "mets.xml" else f"{safe_name(file.stem)}-"
        return file.parent / f"{before}{group_name(kind)}"
    return folder / kind


def group_name(kind: str) -> str:
    """USE of the METS file group that lists our files of a kind.

    >>> group_name("page")
    'PAGE-SORTER-PAGE'
    """
    return f"{OURS}-{kind}".upper()


def _tree_of(file: Path | None, then: str) -> etree._ElementTree | None:
    if file is None:
        return None
    try:
        return tree_of(file)
    except UserError as error:
        say(f"warning: {error}; {then}")
        return None


def instruction(page: SortedPage, made: Origin, said: dict[str, str]) -> etree._ProcessingInstruction:
    """What stands in a file whose schema has no place for it. said: attributes that we set."""
    category, score = page.scores[0]
    words = {"category": category, "score": f"{score:.4f}", "date": made.ended, **about(made), **set_by_us(said)}
    text = " ".join(f"{name}={quoteattr(xml_text(value))}" for name, value in words.items())
    return etree.ProcessingInstruction(OURS, text.replace("?>", "?&gt;"))


def instructions_in(element: etree._Element) -> list[etree._ProcessingInstruction]:
    """Those among the children of an element that we wrote."""
    return [child for child in element if isinstance(child, etree._ProcessingInstruction) and child.target == OURS]


def about(made: Origin) -> dict[str, str]:
    """With what a category was found, name -> value; without the run where there is none (OCR-D)."""
    words = {"version": made.version, "run": made.run, "model": made.base, "model-hash": made.model_hash}
    return {name: value for name, value in words.items() if value}


def set_by_us(said: dict[str, str]) -> dict[str, str]:
    """Attributes that we set, as one text: so that who comes later knows that nobody else has said them."""
    return (
        {"set": " ".join(f"{name}={quote(xml_text(value), safe='')}" for name, value in said.items())} if said else {}
    )


def unset(element: etree._Element, said: str) -> None:
    """Take off what `set_by_us` names, unless somebody has changed it since."""
    for name, _, value in (word.partition("=") for word in said.split(" ")):
        if name and element.get(name) == unquote(value):
            del element.attrib[name]


def scores_text(page: SortedPage) -> str:
    """The categories with their scores, in one line."""
    return xml_text("; ".join(f"{printable(category)} {score:.4f}" for category, score in page.scores))
