"""The PAGE-XML or ALTO file that a document already has for each of its pages.

    texts = texts_of(run.source, "page")               # id of a page -> its file; {} where there are none
    files_of_pages(root)                                # id of a page -> the ids of its files, of a METS file

A METS file may list several for a page, one a step of a pipeline: that of the last file group is taken, for it holds
what the others do. Groups that we wrote are passed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from interchange.local_files import LocalFiles
from interchange.mets import METS, METS_2, is_ours
from interchange.page_files import files_in, kind_of
from interchange.xml_files import elements, root_of
from output.console import say
from utils import listed, printable

if TYPE_CHECKING:
    from interchange.named_pages import Source


def texts_of(source: Source | None, kind: str) -> dict[str, Path]:
    """Id of a page -> its PAGE-XML ("page") or ALTO ("alto") file, where it has one that lies below the document."""
    if source is not None and source.kind in ("mets", "mets2"):
        return _in_mets(source, kind)
    if source is None or source.kind != kind:
        return {}
    found = files_in(source.file)[1] if source.file.is_dir() else [source.file]
    if len(found) == len(source.pages):
        return {page.id: file for page, file in zip(source.pages, found, strict=True)}
    return {file.stem: file for file in found}  # files came or went since the pages were sorted


def files_of_pages(root: Any) -> dict[str, list[str]]:
    """Id of a page -> the ids of the files that its div names. root: of a METS file, as lxml or xml.etree has it.

    A div without an ID is known by the ids of its files, as interchange/mets.py knows it.
    """
    space = space_of(root)
    named: dict[str, list[str]] = {}
    for div in root.iter(f"{space}div"):
        files = [
            element.get("FILEID")
            for pointer in div.findall(f"{space}fptr")
            for element in pointer.iter()
            if element.get("FILEID")
        ]
        if not files or is_ours(div.get("ID", "")):
            continue
        for identity in [div.get("ID")] if div.get("ID") else files:
            named.setdefault(identity, list(dict.fromkeys(files)))
    return named


def places_of_files(root: Any) -> dict[str, list[str]]:
    """Id of a file -> where the METS file says that it lies, files that we wrote left out; in the order of groups."""
    space = space_of(root)
    places: dict[str, list[str]] = {}
    for file in root.iter(f"{space}file"):
        if not is_ours(file.get("ID", "")):
            said = [_href(place) for place in file.findall(f"{space}FLocat")]
            places.setdefault(file.get("ID", ""), [href for href in said if href])
    return places


def space_of(root: Any) -> str:
    """The namespace of an element as the names of those around it begin with it: "{...}", "" without one."""
    space, bracket, _ = root.tag.rpartition("}")
    return space + bracket


def _in_mets(source: Source, kind: str) -> dict[str, Path]:
    root = elements(source.file)
    if root.tag not in (f"{{{METS}}}mets", f"{{{METS_2}}}mets"):
        return {}
    of_page, places = files_of_pages(root), places_of_files(root)
    order = {identity: number for number, identity in enumerate(places)}
    local = LocalFiles(source.file.parent)
    texts: dict[str, Path] = {}
    unsound: dict[str, None] = {}
    for page in source.pages:
        files = sorted((name for name in of_page.get(page.id, ()) if name in order), key=lambda name: -order[name])
        for said in (href for name in files for href in places[name] if _is_xml(href)):
            path, fault = local.find(said)
            if not fault and kind_of(local.root / path) == kind:
                texts[page.id] = local.root / path
                break
            if not fault and root_of(local.root / path) is None:
                unsound[path] = None
    if unsound:
        say(f"warning: passed over, no sound XML or not to be read: {printable(listed(list(unsound), 3))}")
    return texts


def _is_xml(href: str) -> bool:
    return href.lower().endswith(".xml")


def _href(place: Any) -> str:
    """What FLocat says, in METS 1 and METS 2."""
    said = place.get("LOCREF")
    return said or next((value for name, value in place.attrib.items() if name.rpartition("}")[2] == "href"), "")
