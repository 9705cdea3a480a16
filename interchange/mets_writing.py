"""METS with the category of each page, in METS 1 and METS 2: what is there stays, to the last blank.

    write(run, folder)                    # folder/mets.xml; with --in-place the file itself, its .bak beside

Ours is a `structMap TYPE="OCR-D-LOGICAL"` (OCR-D's name for what software found) with a div a page that was sorted:
`LABEL` is the category, `TYPE` what the DFG's list of structural types calls it (`STRUCTURES`). METS 1 joins it to the
div of the page by `structLink/smLink`. METS 2 has no structLink: there the div points to the picture of the page, as
the page's own div does; so it does in METS 1 where that has no ID. Who found it is told by an `agent`, and by a PREMIS
event with its agent. PAGE and ALTO files that were written too stand in a file group each, and the div points to them.

All ids of ours begin with `page-sorter-`; by them our part is known, and replaced when it is written again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from lxml import etree

from interchange.in_place import change_in_place
from interchange.local_files import LocalFiles
from interchange.mets import METS, METS_2, OURS, is_ours
from interchange.named_pages import counted
from interchange.page_texts import files_of_pages, places_of_files
from interchange.premis import PREMIS, agent, event
from interchange.provenance import STEP, origin_of
from interchange.text_writing import TITLES, folder_of_texts, group_name
from interchange.xml_files import tree_of
from interchange.xml_writing import put, put_all, serialized, take_out, write_xml, xml_text
from output.console import say
from output.files import file_hash

if TYPE_CHECKING:
    from interchange.export import SortedPage, SortedRun

XLINK = "http://www.w3.org/1999/xlink"
MIME = {"page": "application/vnd.prima.page+xml", "alto": "application/alto+xml"}
# Category -> structural type. What is in doubt gets the more general one: of drawings some are maps or plans, of pages
# written by hand few are manuscripts. A category that is not here but is called like a type is that type.
STRUCTURES = {
    "DRAW": "image",
    "DRAW_L": "image",
    "LINE_HW": "table",
    "LINE_P": "table",
    "LINE_T": "table",
    "PHOTO": "photograph",
    "PHOTO_L": "photograph",
    "TEXT": "text",
    "TEXT_HW": "text",
    "TEXT_P": "text",
    "TEXT_T": "text",
}
SECTIONS = frozenset(["metsHdr", "mdSec", "fileSec", "structLink"])  # of which a file has one at most
GENERAL = "section"  # what the Deutsche Digitale Bibliothek makes of a type that it does not know
# The DFG's list (dfg-viewer.de/strukturdatenset), those that a page can be.
TYPES = frozenset([
    "act", "additional", "address", "album", "annotation", "article", "atlas", "binding", "bookplate", "chapter",
    "collation", "colophon", "contents", "corrigenda", "cover", "cover_back", "cover_front", "dedication",
    "document", "edge", "endsheet", "engraved_titlepage", "entry", "ground_plan", "illustration", "image",
    "imprint", "index", "initial_decoration", "leaflet", "letter", "manuscript", "map", "musical_notation", "note",
    "ornament", "paste_down", "photograph", "plan", "poster", "preface", "printers_mark", "privileges",
    "provenance", "scheme", "seal", "section", "spine", "stamp", "table", "text", "title_page", "verse",
])  # fmt: skip


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write the METS file that names the pages, with their categories."""
    file = run.source.file
    tree = tree_of(file)
    add(tree, run, folder)
    if run.in_place:
        change_in_place(file, serialized(tree))
        return [file]
    return [write_xml(folder / "mets.xml", tree)]


def structure_of(category: str) -> str:
    """The structural type of a category.

    >>> structure_of("PHOTO_L"), structure_of("Title page"), structure_of("blotting paper")
    ('photograph', 'title_page', 'section')
    """
    name = category.lower().replace(" ", "_").replace("-", "_")
    return STRUCTURES.get(category) or (name if name in TYPES else GENERAL)


def add(tree: etree._ElementTree, run: SortedRun, folder: Path) -> None:
    """Put our part into a METS file, in the place of one that we wrote before. folder: that of the run's files."""
    take_out_ours(tree)
    kind = _Mets2 if tree.getroot().tag == f"{{{METS_2}}}mets" else _Mets1
    kind(tree.getroot(), run, folder).add()


def take_out_ours(tree: etree._ElementTree) -> None:
    """Make a file what it was before `add`; nothing happens to one that we never wrote to.

    A section that we began stays where others have put something into it since.
    """
    inside: set[etree._Element] = set()  # what is ours as a whole, and all of ours in it
    mine = []
    for element in tree.getroot().iter(etree.Element):
        if not _is_ours(element):
            continue
        if element.getparent() in inside:
            inside.add(element)
        elif not (etree.QName(element).localname in SECTIONS and not all(map(_is_ours, element))):
            inside.add(element)
            mine.append(element)
    for element in mine:
        take_out(element)


def _is_ours(element: etree._Element) -> bool:
    if not isinstance(element.tag, str):
        return False  # a comment
    if etree.QName(element).localname == "div":  # ours are all in our map: one outside is a page that is called so
        return False
    name = element.get("ID") or element.get(f"{{{XLINK}}}from") or ""
    return is_ours(name) and element.tag.startswith((f"{{{METS}}}", f"{{{METS_2}}}"))


class _Mets1:
    """Our part of a METS 1 file. What METS 2 has otherwise is below."""

    space = f"{{{METS}}}"
    agent_says = {"ROLE": "OTHER", "OTHERROLE": STEP, "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}  # noqa: RUF012
    described = "ADMID"  # the attribute that names the metadata of an element
    names = {"xlink": XLINK}  # noqa: RUF012

    def __init__(self, root: etree._Element, run: SortedRun, folder: Path) -> None:
        self.root, self.run, self.folder = root, run, folder
        self.made = origin_of(run)
        self.files_of = files_of_pages(root)
        self.places = places_of_files(root)
        self.local = LocalFiles(run.source.file.parent)
        self.divs = {div.get("ID") for div in root.iter(f"{self.space}div") if div.get("ID")}

    def add(self) -> None:
        """Put all of it into the file."""
        self._add_agent()
        self._add_provenance()
        texts = {kind: self._add_files(kind) for kind in TITLES if kind in self.run.written}
        links = self._add_structure(texts)
        if links:
            self._add_links(links)

    def new(self, name: str, text: str = "", **attributes: str) -> etree._Element:
        """An element of METS, with the prefix that the file has for it."""
        element = self.root.makeelement(f"{self.space}{name}", attributes, nsmap=self.names | self.root.nsmap)
        element.text = xml_text(text) or None
        return element

    def last(self, parent: etree._Element, *names: str) -> etree._Element | None:
        """The last child that has one of these names."""
        wanted = {f"{self.space}{name}" for name in names}
        return next((child for child in parent.iterchildren(reversed=True) if child.tag in wanted), None)

    def _add_agent(self) -> None:
        header = self.root.find(f"{self.space}metsHdr")
        said = self.new("agent", ID=f"{OURS}-agent", **self.agent_says)
        said.append(self.new("name", f"{self.made.software} {self.made.version}"))
        said.append(self.new("note", f"run {self.made.run}: {self.made.counted}"))
        said.append(self.new("note", f"model {self.made.model_name}, SHA-256 {self.made.model_hash}"))
        if header is None:
            header = self.new("metsHdr", ID=f"{OURS}-header")
            header.append(said)
            put(self.root, header)
        else:
            put(header, said, self.last(header, "agent"))

    def _add_provenance(self) -> None:
        section = self.new("amdSec", ID=f"{OURS}-provenance")
        for name, kind, content in self._premis():
            section.append(self._metadata("digiprovMD", name, kind, content))
        put(self.root, section, self.last(self.root, "amdSec", "dmdSec", "metsHdr"))

    def _premis(self) -> Iterator[tuple[str, str, etree._Element]]:
        ElementTree.register_namespace("premis", PREMIS)
        for name, kind, element in (("event", "EVENT", event(self.run)), ("software", "AGENT", agent(self.run))):
            yield f"{OURS}-{name}", f"PREMIS:{kind}", etree.fromstring(ElementTree.tostring(element))

    def _metadata(self, name: str, identity: str, kind: str, content: etree._Element) -> etree._Element:
        element = self.new(name, ID=identity, CREATED=self.made.ended)
        wrap = self.new("mdWrap", MDTYPE=kind, MDTYPEVERSION="3.0")
        data = self.new("xmlData")
        data.append(content)
        wrap.append(data)
        element.append(wrap)
        return element

    def _add_files(self, kind: str) -> dict[str, str]:
        """List the PAGE or ALTO files that were written; name of a page -> the id of its file."""
        folder = folder_of_texts(self.run, self.folder, kind)
        ids: dict[str, str] = {}
        files = []
        for page in self.run.pages():
            file = folder / f"{page.name}.xml"
            if page.scores and file.is_file():
                identity = f"{OURS}-{kind}-{len(ids) + 1:04d}"
                ids[page.name] = identity
                files.append(self._file(identity, kind, file))
        if files:
            self._put_files(kind, files)
        return ids

    def _file(self, identity: str, kind: str, file: Path) -> etree._Element:
        element = self.new("file", ID=identity, MIMETYPE=MIME[kind], SIZE=str(file.stat().st_size))
        element.set("CREATED", self.made.ended)
        element.set("CHECKSUM", file_hash(file))
        element.set("CHECKSUMTYPE", "SHA-256")
        element.append(self._place(quote(f"{file.parent.name}/{file.name}")))
        return element

    def _place(self, href: str) -> etree._Element:
        place = self.new("FLocat", LOCTYPE="OTHER", OTHERLOCTYPE="FILE")
        place.set(f"{{{XLINK}}}href", href)
        return place

    def _put_files(self, kind: str, files: list[etree._Element]) -> None:
        section = self.root.find(f"{self.space}fileSec")
        group = self.new("fileGrp", ID=f"{OURS}-{kind}", USE=group_name(kind))
        group.extend(files)
        if section is None:
            section = self.new("fileSec", ID=f"{OURS}-files")
            section.append(group)
            put(self.root, section, self.last(self.root, "amdSec", "mdSec", "dmdSec", "metsHdr"))
        else:
            put(section, group, self.last(section, "fileGrp"))

    def _add_structure(self, texts: dict[str, dict[str, str]]) -> list[etree._Element]:
        """Put the map into the file; the links that join it to the divs of the pages."""
        top = self.new("div", ID=f"{OURS}-pages", TYPE="document", LABEL=f"page categories, run {self.made.run}")
        top.set(self.described, f"{OURS}-event {OURS}-software")
        links, lost = [], 0
        for page in self.run.pages():
            if not page.scores:
                continue
            identity = f"{OURS}-{page.number:04d}"
            div = self._div(page, identity)
            to = self._page_div(page)
            picture = "" if to else self._picture(page)
            if to:
                links.append(self._link(identity, to, page.scores[0][1]))
            lost += not to and not picture
            pointed = [picture, *(texts[kind].get(page.name, "") for kind in texts)]
            div.extend([self.new("fptr", FILEID=name) for name in pointed if name])
            top.append(div)
        if lost:
            say(f"warning: {counted(lost)} without an id in the METS file: nothing joins the category to it")
        structure = self.new("structMap", ID=f"{OURS}-structure", TYPE="OCR-D-LOGICAL")
        structure.append(top)
        self._put_structure(structure)
        return links

    def _div(self, page: SortedPage, identity: str) -> etree._Element:
        category = page.scores[0][0]
        div = self.new("div", ID=identity, ORDER=str(page.number))
        if page.label:
            div.set("ORDERLABEL", xml_text(page.label))
        div.set("LABEL", xml_text(category))
        div.set("TYPE", structure_of(category))
        return div

    def _page_div(self, page: SortedPage) -> str:
        return page.id if page.id in self.divs else ""

    def _picture(self, page: SortedPage) -> str:
        """The id of the file that was sorted; "" where the METS file lists none for this page."""
        files = [name for name in self.files_of.get(page.id, ()) if name in self.places]
        of_path = (name for name in files if page.path in (self.local.find(said)[0] for said in self.places[name]))
        name_of_it = page.path.rpartition("/")[2]  # with --images the picture lies elsewhere, under its name
        named_so = (name for name in files if any(unquote(said).endswith(name_of_it) for said in self.places[name]))
        return next(itertools.chain(of_path, named_so, files), "")

    def _link(self, identity: str, to: str, score: float) -> etree._Element:
        link = self.new("smLink")
        link.set(f"{{{XLINK}}}from", identity)
        link.set(f"{{{XLINK}}}to", to)
        link.set(f"{{{XLINK}}}title", f"score {score:.4f}")
        return link

    def _put_structure(self, structure: etree._Element) -> None:
        put(self.root, structure, self.last(self.root, "structMap"))

    def _add_links(self, links: list[etree._Element]) -> None:
        section = self.root.find(f"{self.space}structLink")
        if section is None:
            section = self.new("structLink", ID=f"{OURS}-links")
            section.extend(links)
            put(self.root, section, self.last(self.root, "structMap"))
        else:
            put_all(section, links, self.last(section, "smLink", "smLinkGrp"))


class _Mets2(_Mets1):
    """Our part of a METS 2 file: one section of metadata, no structLink, no lists of allowed words."""

    space = f"{{{METS_2}}}"
    agent_says = {"ROLE": STEP, "TYPE": "SOFTWARE"}  # noqa: RUF012
    described = "MDID"
    names: dict[str, str] = {}  # noqa: RUF012

    def _add_provenance(self) -> None:
        section = self.root.find(f"{self.space}mdSec")
        records = [self._metadata("md", *premis) for premis in self._premis()]
        for record in records:
            record.set("USE", "PROVENANCE")
        if section is None:
            section = self.new("mdSec", ID=f"{OURS}-provenance")
            section.extend(records)
            put(self.root, section, self.last(self.root, "metsHdr"))
        elif (group := self.last(section, "mdGrp")) is not None:
            ours = self.new("mdGrp", ID=f"{OURS}-provenance", USE="ADMINISTRATIVE")
            ours.extend(records)
            put(section, ours, group)
        else:
            put_all(section, records, self.last(section, "md"))

    def _put_files(self, kind: str, files: list[etree._Element]) -> None:
        section = self.root.find(f"{self.space}fileSec")
        alone = None if section is None else self.last(section, "file")
        if alone is None:
            super()._put_files(kind, files)
            return
        for file in files:  # a section of files has no groups
            file.set("USE", group_name(kind))
        put_all(section, files, alone)

    def _place(self, href: str) -> etree._Element:
        return self.new("FLocat", LOCTYPE="URL", LOCREF=href)

    def _page_div(self, page: SortedPage) -> str:
        return ""

    def _put_structure(self, structure: etree._Element) -> None:
        section = self.root.find(f"{self.space}structSec")
        put(section, structure, self.last(section, "structMap"))
