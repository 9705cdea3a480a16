"""What a METS file names: its pages in their order, under their ids, and of each page's files the one that is it."""

from __future__ import annotations

from pathlib import Path

import pytest

from interchange.source import source_of
from utils import UserError

SPACES = 'xmlns:mets="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"'


def mets(folder: Path, groups: dict[str, dict[str, str]], pages: str, name: str = "mets.xml") -> Path:
    """A METS file: USE -> id -> href, and the divs of its pages; the files are made."""
    parts = []
    for use, files in groups.items():
        listed = []
        for identity, href in files.items():
            kind = 'MIMETYPE="application/alto+xml"' if href.endswith(".xml") else 'MIMETYPE="image/tiff"'
            listed.append(
                f'<mets:file ID="{identity}" {kind}><mets:FLocat LOCTYPE="URL" xlink:href="{href}"/></mets:file>'
            )
            if ":" not in href:
                (folder / href).parent.mkdir(parents=True, exist_ok=True)
                (folder / href).write_bytes(b"II*\0")
        parts.append(f'<mets:fileGrp USE="{use}">{"".join(listed)}</mets:fileGrp>')
    file = folder / name
    file.write_text(
        f"<mets:mets {SPACES}><mets:fileSec>{''.join(parts)}</mets:fileSec>"
        f'<mets:structMap TYPE="PHYSICAL"><mets:div TYPE="physSequence">{pages}</mets:div></mets:structMap>'
        "</mets:mets>",
        encoding="utf-8",
    )
    return file


def div(identity: str, *files: str, order: str = "", more: str = "") -> str:
    order = f' ORDER="{order}"' if order else ""
    pointers = "".join(f'<mets:fptr FILEID="{file}"/>' for file in files)
    return f'<mets:div TYPE="page" ID="{identity}"{order} {more}>{pointers}</mets:div>'


def test_the_pages_in_their_order_the_scan_before_what_was_made_of_it(tmp_path):
    groups = {
        "OCR-D-IMG-BIN": {"b1": "bin/1.tif", "b2": "bin/2.tif"},
        "FULLTEXT": {"t1": "alto/1.xml", "t2": "alto/2.xml"},
        "OCR-D-IMG": {"i1": "img/1.tif", "i2": "img/2.tif"},
    }
    pages = div("p2", "t2", "b2", "i2", order="10") + div("p1", "b1", "t1", "i1", order="9", more='ORDERLABEL="IV"')
    source = source_of(mets(tmp_path, groups, pages))
    assert [(page.id, page.label, page.path, page.reason) for page in source.pages] == [
        ("p1", "IV", "img/1.tif", ""),
        ("p2", "", "img/2.tif", ""),
    ]
    assert source.notes == ("mets.xml: 2 pages, file group OCR-D-IMG (there are also: OCR-D-IMG-BIN, FULLTEXT)",)
    assert (source.kind, source.document, source.root) == ("mets", tmp_path.name, tmp_path)
    assert [page.path for page in source_of(tmp_path, file_group="ocr-d-img-bin").pages] == ["bin/1.tif", "bin/2.tif"]
    with pytest.raises(UserError, match=r"--file-group OCR-D-IMGS: mets\.xml has no such .*did you mean OCR-D-IMG"):
        source_of(tmp_path, file_group="OCR-D-IMGS")
    with pytest.raises(UserError, match="FULLTEXT holds no picture"):
        source_of(tmp_path, file_group="FULLTEXT")


def test_a_folder_of_pages_is_none(tmp_path):
    (tmp_path / "1.tif").write_bytes(b"II*\0")
    assert source_of(tmp_path) is None
    assert source_of(tmp_path / "1.tif") is None
    assert source_of(tmp_path / "absent") is None
