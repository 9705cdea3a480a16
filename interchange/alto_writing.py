"""ALTO with the category of each page.

    write(run, folder)                    # folder/alto/<name of the page>.xml, of all pages that were sorted

`Page/@PAGECLASS` where nobody has said it before, and from ALTO 4 on a `Processing` step in `Description`: the category
with its score and alternatives, who found it and with which model. ALTO 2 and 3 keep their version; they have no place
for such a step, and a processing instruction `<?page-sorter ...?>` in `Page` says the same. A file that we wrote before
gets our new part in the place of the old one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from interchange.mets import OURS
from interchange.page_texts import space_of
from interchange.provenance import STEP, Origin
from interchange.text_writing import about, instruction, instructions_in, scores_text, set_by_us, unset, write_each
from interchange.xml_writing import put, take_out, xml_id, xml_text

if TYPE_CHECKING:
    from interchange.export import SortedPage, SortedRun

SPACE, VERSION = "http://www.loc.gov/standards/alto/ns-v4#", "4.4"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NO_PLACE = (
    f"note: ALTO without a Description, or before 4, has no processing steps: an instruction <?{OURS} ...?> says how "
    "the category was found"
)
TAKEN = "note: PAGECLASS says something else already, which stays: our category stands in the processing step alone"
SEVERAL = "warning: ALTO files of several pages are copied as they are"


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write a file a page that was sorted; the folder of them, or with --in-place what was changed."""
    return write_each(run, folder, "alto", new_alto, add)


def new_alto(page: SortedPage, size: tuple[int, int], made: Origin) -> etree._ElementTree:
    """A file without text, before `add`. size: width and height of the picture in pixels."""
    root = etree.Element(f"{{{SPACE}}}alto", nsmap={None: SPACE, "xsi": XSI}, SCHEMAVERSION=VERSION)
    root.set(f"{{{XSI}}}schemaLocation", f"{SPACE} http://www.loc.gov/standards/alto/v4/alto-4-4.xsd")
    description = etree.SubElement(root, f"{{{SPACE}}}Description")
    etree.SubElement(description, f"{{{SPACE}}}MeasurementUnit").text = "pixel"
    picture = etree.SubElement(description, f"{{{SPACE}}}sourceImageInformation")
    etree.SubElement(picture, f"{{{SPACE}}}fileName").text = xml_text(page.path)
    layout = etree.SubElement(root, f"{{{SPACE}}}Layout")
    of_page = etree.SubElement(layout, f"{{{SPACE}}}Page", ID=xml_id(page.name), PHYSICAL_IMG_NR=str(page.number))
    of_page.set("HEIGHT", str(size[1]))
    of_page.set("WIDTH", str(size[0]))
    if page.label:
        of_page.set("PRINTED_IMG_NR", xml_text(page.label))
    return etree.ElementTree(root)


def add(tree: etree._ElementTree, page: SortedPage, made: Origin) -> str:
    """Put our part into an ALTO file, in the place of one that we wrote before. What the user should know of it."""
    root = tree.getroot()
    space = space_of(root)
    pages = root.findall(f"{space}Layout/{space}Page")
    if len(pages) != 1:
        return SEVERAL
    take_out_ours(tree)
    of_page, description = pages[0], root.find(f"{space}Description")
    category = xml_text(page.scores[0][0])
    said = {} if "PAGECLASS" in of_page.attrib else {"PAGECLASS": category}
    of_page.attrib.update(said)
    version = re.search(r"ns-v(\d+)", space)
    if description is None or not len(description) or version is None or int(version[1]) < 4:
        put(of_page, instruction(page, made, said))
        return NO_PLACE if said else TAKEN
    put(description, _step(description, page, made, said), description[-1])
    return "" if said else TAKEN


def take_out_ours(tree: etree._ElementTree) -> None:
    """Make a file what it was before `add`; nothing happens to one that we never wrote to."""
    root = tree.getroot()
    space = space_of(root)
    for of_page in root.findall(f"{space}Layout/{space}Page"):
        for child in instructions_in(of_page):
            unset(of_page, child.attrib.get("set", ""))
            take_out(child)
        for step in root.findall(f"{space}Description/{space}Processing"):
            if step.get("ID") == OURS:
                settings = step.findtext(f"{space}processingStepSettings", "")
                unset(of_page, settings.partition("set: ")[2])
                take_out(step)


def _step(description: etree._Element, page: SortedPage, made: Origin, said: dict[str, str]) -> etree._Element:
    space = space_of(description)
    step = description.makeelement(f"{space}Processing", ID=OURS)
    settings = "; ".join(f"{name}: {value}" for name, value in (about(made) | set_by_us(said)).items())
    for name, text in (
        ("processingDateTime", made.ended),
        ("processingStepDescription", f"{STEP}: category of the page, the likeliest first: {scores_text(page)}"),
        ("processingStepSettings", settings),
    ):
        etree.SubElement(step, f"{space}{name}").text = xml_text(text)
    software = etree.SubElement(step, f"{space}processingSoftware")
    etree.SubElement(software, f"{space}softwareName").text = made.software
    etree.SubElement(software, f"{space}softwareVersion").text = made.version
    return step
