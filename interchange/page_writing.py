"""PAGE-XML with the category of each page.

    write(run, folder)                    # folder/page/<name of the page>.xml, of all pages that were sorted

In a file of version 2019-07-15: `Labels` in `Page` (the category, its score, the alternatives), a `MetadataItem` of
type processingStep (who found them, with which model), `Page/@type` and `@conf` where nobody has said them before. An
older version keeps its version; it has no place for labels, and a processing instruction `<?page-sorter ...?>` in
`Page` says the same. A file that we wrote before gets our new part in the place of the old one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from interchange.mets import OURS
from interchange.page_texts import space_of
from interchange.provenance import STEP, Origin
from interchange.text_writing import about, instruction, instructions_in, set_by_us, unset, write_each
from interchange.xml_writing import put, take_out, xml_id, xml_text

if TYPE_CHECKING:
    from interchange.export import SortedPage, SortedRun

VERSION = "2019-07-15"
SPACE = f"http://schema.primaresearch.org/PAGE/gts/pagecontent/{VERSION}"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# What Page/@type may say. A category of one of these names, whatever its letters' case and with _ for -, is that type.
TYPES = ("front-cover", "back-cover", "title", "table-of-contents", "index", "content", "blank", "other")
NO_PLACE = (
    f"note: PAGE of a version before {VERSION} has no labels: the category stands in an instruction <?{OURS} ...?>"
)
_BEFORE_LABELS = frozenset(["AlternativeImage", "Border", "PrintSpace", "ReadingOrder", "Layers", "Relations",
                            "TextStyle", "UserDefined", "Labels"])  # fmt: skip


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write a file a page that was sorted; the folder of them, or with --in-place what was changed."""
    return write_each(run, folder, "page", new_page, add)


def page_type(category: str) -> str:
    """What Page/@type says of a category.

    >>> page_type("LINE_HW"), page_type("TITLE"), page_type("front_cover")
    ('content', 'title', 'front-cover')
    """
    name = category.lower().replace("_", "-").replace(" ", "-")
    return name if name in TYPES else "content"


def new_page(page: SortedPage, size: tuple[int, int], made: Origin) -> etree._ElementTree:
    """A file without regions, before `add`. size: width and height of the picture in pixels."""
    root = etree.Element(f"{{{SPACE}}}PcGts", nsmap={None: SPACE, "xsi": XSI}, pcGtsId=xml_id(page.name))
    root.set(f"{{{XSI}}}schemaLocation", f"{SPACE} {SPACE}/pagecontent.xsd")
    metadata = etree.SubElement(root, f"{{{SPACE}}}Metadata")
    etree.SubElement(metadata, f"{{{SPACE}}}Creator").text = f"{made.software} {made.version}"
    etree.SubElement(metadata, f"{{{SPACE}}}Created").text = made.ended
    etree.SubElement(metadata, f"{{{SPACE}}}LastChange").text = made.ended
    of_page = etree.SubElement(root, f"{{{SPACE}}}Page", imageFilename=xml_text(page.path))
    of_page.set("imageWidth", str(size[0]))
    of_page.set("imageHeight", str(size[1]))
    if page.frame is not None:
        of_page.set("custom", f"frame {{index:{page.frame};}}")
    return etree.ElementTree(root)


def add(tree: etree._ElementTree, page: SortedPage, made: Origin) -> str:
    """Put our part into a PAGE file, in the place of one that we wrote before. What the user should know of it."""
    root = tree.getroot()
    space = space_of(root)
    of_page, metadata = root.find(f"{space}Page"), root.find(f"{space}Metadata")
    if of_page is None:
        return "warning: PAGE files without a Page are copied as they are"
    take_out_ours(tree)
    category, score = page.scores[0]
    said = {}
    if "type" not in of_page.attrib:
        said["type"] = page_type(category)
    has_labels = space == f"{{{SPACE}}}" and metadata is not None
    if has_labels and "conf" not in of_page.attrib:
        said["conf"] = f"{min(max(score, 0.0), 1.0):.4f}"
    of_page.attrib.update(said)
    if not has_labels:
        put(of_page, instruction(page, made, said))
        return NO_PLACE
    before = [child for child in of_page if _name(child) in _BEFORE_LABELS]
    put(of_page, _labels(of_page, page, made), before[-1] if before else None)
    step = metadata.makeelement(f"{space}MetadataItem", type="processingStep", name=STEP, value=OURS)
    step.set("date", made.ended)
    labels = etree.SubElement(step, f"{space}Labels", externalModel=OURS, externalId="run")
    for kind, value in (about(made) | set_by_us(said)).items():
        etree.SubElement(labels, f"{space}Label", type=kind, value=xml_text(value))
    put(metadata, step, metadata[-1] if len(metadata) else None)
    return ""


def take_out_ours(tree: etree._ElementTree) -> None:
    """Make a file what it was before `add`; nothing happens to one that we never wrote to."""
    root = tree.getroot()
    space = space_of(root)
    of_page, metadata = root.find(f"{space}Page"), root.find(f"{space}Metadata")
    if of_page is None:
        return
    for step in list(metadata.iterfind(f"{space}MetadataItem")) if metadata is not None else []:
        if step.get("type") == "processingStep" and step.get("value") == OURS:
            for label in step.iter(f"{space}Label"):
                if label.get("type") == "set":
                    unset(of_page, label.get("value", ""))
            take_out(step)
    for child in instructions_in(of_page):
        unset(of_page, child.attrib.get("set", ""))
        take_out(child)
    for labels in list(of_page.iterfind(f"{space}Labels")):
        if labels.get("externalModel", "").startswith(f"{OURS}:"):
            take_out(labels)


def _labels(of_page: etree._Element, page: SortedPage, made: Origin) -> etree._Element:
    space = space_of(of_page)
    labels = of_page.makeelement(f"{space}Labels", externalModel=made.model)
    labels.set("comments", "page category by software: the likeliest, then others, each with its score (0 to 1)")
    for rank, (category, score) in enumerate(page.scores):
        kind = "alternative" if rank else "category"
        etree.SubElement(labels, f"{space}Label", value=xml_text(category), type=kind, comments=f"{score:.4f}")
    return labels


def _name(child: etree._Element) -> str:
    return etree.QName(child).localname if isinstance(child.tag, str) else ""
