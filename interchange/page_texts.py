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
from interchange.mets import METS, METS_2, OURS
from interchange.xml_files import elements, root_of

if TYPE_CHECKING:
    from interchange.named_pages import Source

PAGE_SPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"  # and the date of a version
ALTO_SPACE = "http://www.loc.gov/standards/alto/ns-v"  # and the number of a version, "#"
KINDS = {"page": (PAGE_SPACE, "PcGts"), "alto": (ALTO_SPACE, "alto")}


def texts_of(source: Source | None, kind: str) -> dict[str, Path]:
    """Id of a page -> its PAGE-XML ("page") or ALTO ("alto") file, where it has one that lies below the root."""
    if source is None:
        return {}
    if source.kind in ("mets", "mets2"):
        return _in_mets(source, kind)
    return {}


def is_text(file: Path, kind: str) -> bool:
    """Whether a file is PAGE-XML or ALTO, by its first element."""
    space, name = KINDS[kind]
    root = root_of(file)
    return root is not None and root[0].startswith(space) and root[1] == name


def files_of_pages(root: Any) -> dict[str, list[str]]:
    """Id of a page -> the ids of the files that its div names. root: of a METS file, as lxml or xml.etree has it.

    A div without an ID is known by the ids of its files, as interchange/mets.py knows it.
    """
    space = root.tag[: root.tag.index("}") + 1]
    named: dict[str, list[str]] = {}
    for div in root.iter(f"{space}div"):
        files = [
            element.get("FILEID")
            for pointer in div.findall(f"{space}fptr")
            for element in pointer.iter()
            if element.get("FILEID")
        ]
        if not files or div.get("ID", "").startswith(OURS):
            continue
        for identity in [div.get("ID")] if div.get("ID") else files:
            named.setdefault(identity, list(dict.fromkeys(files)))
    return named


def places_of_files(root: Any) -> dict[str, list[str]]:
    """Id of a file -> where the METS file says that it lies, files that we wrote left out; in the order of groups."""
    space = root.tag[: root.tag.index("}") + 1]
    places: dict[str, list[str]] = {}
    for file in root.iter(f"{space}file"):
        if not file.get("ID", "").startswith(OURS):
            said = [_href(place) for place in file.findall(f"{space}FLocat")]
            places.setdefault(file.get("ID", ""), [href for href in said if href])
    return places


def _in_mets(source: Source, kind: str) -> dict[str, Path]:
    root = elements(source.file)
    if root.tag not in (f"{{{METS}}}mets", f"{{{METS_2}}}mets"):
        return {}
    of_page, places = files_of_pages(root), places_of_files(root)
    order = {identity: number for number, identity in enumerate(places)}
    local = LocalFiles(source.root)
    texts: dict[str, Path] = {}
    for page in source.pages:
        files = sorted((name for name in of_page.get(page.id, ()) if name in order), key=lambda name: -order[name])
        for said in (href for name in files for href in places[name] if _is_xml(href)):
            path, fault = local.find(said)
            if not fault and is_text(source.root / path, kind):
                texts[page.id] = source.root / path
                break
    return texts


def _is_xml(href: str) -> bool:
    return href.lower().endswith(".xml")


def _href(place: Any) -> str:
    """What FLocat says, in METS 1 and METS 2."""
    said = place.get("LOCREF")
    return said or next((value for name, value in place.attrib.items() if name.rpartition("}")[2] == "href"), "")
