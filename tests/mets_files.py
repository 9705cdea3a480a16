"""METS files for tests, written after the specification, with real pictures beside them.

file = write_mets(tmp_path, {"OCR-D-IMG": {"i1": "img/1.tif"}}, div("p1", "i1", order="1"))
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

SPACES = 'xmlns:mets="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"'
TYPES = {
    "tif": "image/tiff",
    "png": "image/png",
    "jpg": "image/jpeg",
    "xml": "application/alto+xml",
    "pdf": "application/pdf",
}


def write_mets(folder: Path, groups: dict[str, dict[str, str]], pages: str, *, name: str = "mets.xml") -> Path:
    """A METS file. groups: USE -> id -> href; a picture is made for each that is a plain path. pages: divs."""
    parts = []
    number = 0
    for use, files in groups.items():
        listed = []
        for identity, href in files.items():
            number += 1
            kind = TYPES[href.rpartition(".")[2].lower()]
            place = f'<mets:FLocat LOCTYPE="URL" xlink:href="{href}"/>'
            listed.append(f'<mets:file ID="{identity}" MIMETYPE="{kind}">{place}</mets:file>')
            if ":" not in href and ".." not in href and not href.startswith("/") and not href.endswith(".xml"):
                draw(folder / href, number)
        parts.append(f'<mets:fileGrp USE="{use}">{"".join(listed)}</mets:fileGrp>')
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    structure = f'<mets:structMap TYPE="PHYSICAL"><mets:div TYPE="physSequence">{pages}</mets:div></mets:structMap>'
    content = f"<mets:mets {SPACES}><mets:fileSec>{''.join(parts)}</mets:fileSec>{structure}</mets:mets>"
    file.write_text(content, encoding="utf-8")
    return file


def div(identity: str, *files: str, order: str = "", more: str = "") -> str:
    """The div of a page. files: ids; more: further attributes."""
    attributes = " ".join(text for text in (f'ORDER="{order}"' if order else "", more) if text)
    named = f' ID="{identity}"' if identity else ""
    pointers = "".join(f'<mets:fptr FILEID="{file}"/>' for file in files)
    return f'<mets:div TYPE="page"{named} {attributes}>{pointers}</mets:div>'


def draw(file: Path, number: int) -> Path:
    """A picture whose look depends on its number."""
    image = Image.new("L", (60, 80), 255)
    image.paste(40 * number % 200, (5, 5, 10 + 4 * number % 40, 40))
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file)
    return file
