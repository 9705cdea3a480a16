"""Folders of PAGE-XML and ALTO: the picture that each file names, wherever programs put it."""

from __future__ import annotations

from pathlib import Path

import pytest
from mets_files import div, draw, write_mets

from interchange.page_files import picture_named_in
from interchange.source import fingerprint, source_of
from utils import UserError

SPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


def page_xml(file: Path, picture: str, space: str = SPACE) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    named = f' imageFilename="{picture}"' if picture else ""
    content = (
        f'<PcGts xmlns="{space}"><Metadata/><Page{named} imageWidth="1"><AlternativeImage filename="no.png"/></Page>'
    )
    file.write_text(f"{content}</PcGts>", encoding="utf-8")
    return file


def alto(file: Path, picture: str, version: str = "4") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    named = f"<sourceImageInformation><fileName> {picture}\n</fileName></sourceImageInformation>" if picture else ""
    space = f"http://www.loc.gov/standards/alto/ns-v{version}#"
    content = f'<alto xmlns="{space}"><Description><MeasurementUnit>pixel</MeasurementUnit>{named}</Description>'
    file.write_text(f'{content}<Layout><Page ID="p"/></Layout></alto>', encoding="utf-8")
    return file


def test_the_picture_beside_in_a_folder_of_its_own_or_above(tmp_path):
    for number in (10, 9):
        page_xml(tmp_path / "box" / f"seite{number}.xml", f"img/{number}.png")
        draw(tmp_path / "box" / "img" / f"{number}.png", number)
    source = source_of(tmp_path / "box")
    assert [(page.id, page.path, page.reason) for page in source.pages] == [
        ("seite9", "img/9.png", ""),
        ("seite10", "img/10.png", ""),
    ]
    assert (source.kind, source.document, source.root) == ("page", "box", tmp_path / "box")
    page_xml(tmp_path / "export" / "page" / "0001.xml", "0001.jpg")
    draw(tmp_path / "export" / "0001.jpg", 1)
    source = source_of(tmp_path / "export" / "page")
    assert [(page.path, page.reason) for page in source.pages] == [("0001.jpg", "")]
    assert (source.document, source.root) == ("export", tmp_path / "export")
    assert source_of(tmp_path / "export") is None  # pictures of its own: a plain folder


def test_a_folder_of_a_workspace_counts_from_the_workspace(tmp_path):
    write_mets(tmp_path / "ws", {"OCR-D-IMG": {"i1": "OCR-D-IMG/1.png"}}, div("p1", "i1"))
    page_xml(tmp_path / "ws" / "OCR-D-SEG" / "1.xml", "OCR-D-IMG/1.png")
    page_xml(tmp_path / "ws" / "OCR-D-SEG" / "2.xml", "../../2.png")
    page_xml(tmp_path / "ws" / "OCR-D-SEG" / "3.xml", "")
    draw(tmp_path / "ws" / "OCR-D-SEG" / "sub" / "4.png", 4)
    page_xml(tmp_path / "ws" / "OCR-D-SEG" / "4.xml", "sub/4.png")
    source = source_of(tmp_path / "ws" / "OCR-D-SEG")
    assert [(page.path, page.reason) for page in source.pages] == [
        ("OCR-D-IMG/1.png", ""),
        ("../../2.png", f"its path leads out of the folder {tmp_path / 'ws'}: not read"),
        ("3.xml", "3.xml names no picture"),
        ("OCR-D-SEG/sub/4.png", ""),
    ]
    one = source_of(tmp_path / "ws" / "OCR-D-SEG" / "1.xml")
    assert [(page.id, page.path) for page in one.pages] == [("1", "OCR-D-IMG/1.png")]


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_alto_of_each_version_and_copies_by_name(tmp_path, version):
    alto(tmp_path / "box" / "1.xml", "D:\\scans\\A 1.tif", version)
    alto(tmp_path / "box" / "2.xml", "", version)
    alto(tmp_path / "box" / "3.xml", "https://example.org/3.tif", version)
    (tmp_path / "box" / "broken.xml").write_text("<alto xmlns='x'><Description>", encoding="utf-8")
    (tmp_path / "box" / "other.xml").write_text("<html/>", encoding="utf-8")
    source = source_of(tmp_path / "box")
    assert [bool(page.reason) for page in source.pages] == [True] * 4
    assert source.notes[0].startswith("box: 4 ALTO files (not taken: 1 other XML file), pictures below ")
    for name in ("A 1.tif", "2.png", "3.jpg"):
        draw(tmp_path / "scans" / name, 1)
    source = source_of(tmp_path / "box", images=tmp_path / "scans")
    assert [page.path for page in source.pages] == ["A 1.tif", "2.png", "3.jpg", "broken.xml"]
    assert [bool(page.reason) for page in source.pages] == [False, False, False, True]
    assert "no sound XML" in source.pages[3].reason


def test_of_page_and_alto_of_the_same_pages_one_is_taken(tmp_path):
    page_xml(tmp_path / "box" / "1_page.xml", "img/1.png")
    alto(tmp_path / "box" / "1_alto.xml", "img/1.png")
    source = source_of(tmp_path / "box")
    assert [page.id for page in source.pages] == ["1_page"]
    assert "not taken: 1 other XML file" in source.notes[0]


def test_a_file_that_is_no_sound_xml_is_an_error_and_not_lost(tmp_path):
    page_xml(tmp_path / "box" / "1.xml", "1.png")
    (tmp_path / "box" / "2.xml").touch()
    (tmp_path / "box" / "3.xml").write_text("<!DOCTYPE a [<!ENTITY a 'b'>]><PcGts/>", encoding="utf-8")
    (tmp_path / "box" / "4.xml").write_text("<TEI/>", encoding="utf-8")
    source = source_of(tmp_path / "box")
    assert [page.id for page in source.pages] == ["1", "2", "3"]
    assert "no sound XML" in source.pages[1].reason and "a DTD of its own" in source.pages[2].reason
    assert "(not taken: 1 other XML file)" in source.notes[0]


def test_only_the_beginning_of_a_file_is_read_and_nothing_of_a_hostile_one(tmp_path):
    file = page_xml(tmp_path / "1.xml", "1.png", "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15")
    file.write_text(file.read_text(encoding="utf-8") + "<broken", encoding="utf-8")
    assert picture_named_in(file) == ("page", "1.png")
    file.write_text("<!DOCTYPE PcGts [<!ENTITY a 'b'>]><PcGts><Page imageFilename='&a;'/></PcGts>", encoding="utf-8")
    with pytest.raises(UserError, match="brings a DTD of its own"):
        source_of(file)


def test_the_fingerprint_of_a_folder_is_that_of_its_files(tmp_path):
    page_xml(tmp_path / "box" / "1.xml", "1.png")
    page_xml(tmp_path / "box" / "2.xml", "2.png")
    before = fingerprint(source_of(tmp_path / "box"))
    assert before == fingerprint(source_of(tmp_path / "box"))
    page_xml(tmp_path / "box" / "2.xml", "3.png")
    assert before != fingerprint(source_of(tmp_path / "box"))


@pytest.mark.shared
def test_page_xml_of_a_workspace(shared):
    data = shared / "interchange" / "kant_aufklaerung_1784" / "data"
    source = source_of(data / "OCR-D-GT-PAGE")
    assert [(page.id, page.path, page.reason) for page in source.pages] == [
        ("PAGE_0017_PAGE", "OCR-D-IMG/INPUT_0017.tif", ""),
        ("PAGE_0020_PAGE", "OCR-D-IMG/INPUT_0020.tif", ""),
    ]
    assert source.document == "kant_aufklaerung_1784"
    assert [page.reason for page in source_of(data / "OCR-D-GT-ALTO").pages] == [
        "PAGE_0017_ALTO.xml names no picture",
        "PAGE_0020_ALTO.xml names no picture",
    ]
