"""What a METS file names: its pages in their order, under their ids, and of each page's files the one that is it."""

from __future__ import annotations

import pytest
from mets_files import div, draw, write_mets
from PIL import Image

from interchange.named_pages import NamedPage, unique_ids
from interchange.source import source_of
from utils import UserError


def test_the_pages_in_their_order_the_scan_before_what_was_made_of_it(tmp_path):
    groups = {
        "OCR-D-IMG-BIN": {"b1": "bin/1.tif", "b2": "bin/2.tif"},
        "FULLTEXT": {"t1": "alto/1.xml", "t2": "alto/2.xml"},
        "OCR-D-IMG": {"i1": "img/1.tif", "i2": "img/2.tif"},
    }
    pages = div("p2", "t2", "b2", "i2", order="10") + div("p1", "b1", "t1", "i1", order="9", more='ORDERLABEL="IV"')
    source = source_of(write_mets(tmp_path, groups, pages))
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
    draw(tmp_path / "1.tif", 1)
    assert source_of(tmp_path) is None
    assert source_of(tmp_path / "1.tif") is None
    assert source_of(tmp_path / "absent") is None


def test_without_order_the_file_decides_and_doubles_keep_its_order(tmp_path):
    scans = {"DEFAULT": {f"i{number}": f"{number}.png" for number in range(1, 5)}}
    pages = [div("b", "i1", order="2"), div("a", "i2", order="2"), div("c", "i3", order="1")]
    source = source_of(write_mets(tmp_path, scans, "".join(pages)))
    assert [page.id for page in source.pages] == ["c", "b", "a"]
    assert "warning: two pages have the ORDER 2 (b and a): the order of the file is kept between them" in source.notes
    pages = [div("b", "i1", order="7"), div("a", "i2"), div("c", "i3", order="1")]
    source = source_of(write_mets(tmp_path, scans, "".join(pages)))
    assert [page.id for page in source.pages] == ["b", "a", "c"]
    assert any("1 div without ORDER" in note for note in source.notes)


def test_each_page_has_one_outcome_whatever_the_document_says_of_its_files(tmp_path):
    files = {"i1": "1.png", "i2": "2.png", "i4": "../4.png", "i5": "https://example.org/5.png", "i8": "8%20b.png"}
    pages = [
        div("two-a", "i1"),
        div("two-b", "i1"),
        div("twin", "i2"),
        div("twin", "i2"),
        div("out", "i4"),
        div("net", "i5"),
        div("none"),
        div("unknown", "i99"),
        div("", "i8"),
        div("../../etc/passwd", "t1"),
    ]
    file = write_mets(tmp_path, {"DEFAULT": files, "FULLTEXT": {"t1": "1.xml"}}, "".join(pages))
    (tmp_path / "8%20b.png").unlink()
    source = source_of(file)
    assert {page.id: (page.path, page.reason.split(":")[0]) for page in source.pages} == {
        "two-a": ("1.png", ""),
        "two-b": ("1.png", ""),
        "twin": ("2.png", ""),
        "twin#2": ("2.png", ""),
        "out": ("../4.png", f"its path leads out of the folder {tmp_path}"),
        "net": ("https://example.org/5.png", "it lies on the network (https"),
        "none": ("none", "the document names no file for this page"),
        "unknown": ("unknown", "the document names a file that it does not list"),
        "i8": ("8 b.png", "the file does not exist"),
        "../../etc/passwd": ("../../etc/passwd", "the document names no picture of this page, only t1"),
    }
    assert any(
        note.startswith("note: 1.png is the picture of 2 pages (two-a, two-b), each gets") for note in source.notes
    )
    assert any("with the id of another page: here twin#2" in note for note in source.notes)


def test_one_group_for_all_pages_where_the_pictures_lie(tmp_path):
    groups = {
        "MASTER": {f"m{n}": f"https://example.org/{n}.tif" for n in range(1, 6)},
        "THUMBS": {f"t{n}": f"thumbs/{n}.jpg" for n in range(1, 6)},
        "DEFAULT": {f"d{n}": f"default/{n}.jpg" for n in range(1, 5)},
    }
    pages = "".join(div(f"p{n}", f"t{n}", f"m{n}", *([f"d{n}"] if n < 5 else [])) for n in range(1, 6))
    file = write_mets(tmp_path, groups, pages)
    (tmp_path / "default" / "2.jpg").unlink()
    source = source_of(file)
    assert source.group == "DEFAULT"
    assert [page.path for page in source.pages] == [
        "default/1.jpg",
        "default/2.jpg",  # missing: an error, not its thumbnail
        "default/3.jpg",
        "default/4.jpg",
        "https://example.org/5.tif",  # not in the group: the next best, and that is said
    ]
    assert [bool(page.reason) for page in source.pages] == [False, True, False, False, True]
    assert "warning: 1 page not in the file group DEFAULT: taken from MASTER (1)" in source.notes
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(' USE="MASTER"', ""), encoding="utf-8")
    assert any("taken from a group without a USE (1)" in note for note in source_of(file).notes)
    file.write_text(text, encoding="utf-8")
    draw(tmp_path / "copies" / "a" / "2.tif", 1)
    draw(tmp_path / "copies" / "b" / "5.tif", 1)
    copies = source_of(file, images=tmp_path / "copies")
    assert (copies.group, copies.root) == ("MASTER", tmp_path / "copies")
    assert [page.path for page in copies.pages if not page.reason] == ["a/2.tif", "b/5.tif"]
    draw(tmp_path / "copies" / "c" / "2.tif", 1)
    assert "several pictures fit, a/2.tif, c/2.tif" in source_of(file, images=tmp_path / "copies").pages[1].reason


def test_a_group_of_pdfs_comes_before_thumbnails_alone(tmp_path):
    groups = {"THUMBS": {"t1": "t/1.png"}, "DOWNLOAD": {"d1": "d/1.pdf"}, "PREVIEW": {"v1": "v/1.png"}}
    for names, group in ((("t1", "d1"), "DOWNLOAD"), (("t1", "d1", "v1"), "PREVIEW")):
        source = source_of(write_mets(tmp_path, groups, div("p1", *names)))
        assert source.group == group


def test_of_a_page_without_a_picture_the_one_that_its_page_xml_names(tmp_path):
    file = write_mets(
        tmp_path, {"OCR-D-GT-PAGE": {"x1": "gt/1.xml", "x2": "gt/2.xml"}}, div("p1", "x1") + div("p2", "x2")
    )
    draw(tmp_path / "img" / "1.png", 1)
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "1.xml").write_text('<PcGts><Page imageFilename="img/1.png"/></PcGts>', encoding="utf-8")
    source = source_of(file)
    assert [(page.path, bool(page.reason)) for page in source.pages] == [("img/1.png", False), ("p2", True)]
    assert any("1 page without a picture in the METS" in note for note in source.notes)


METS_2 = """<mets xmlns="http://www.loc.gov/METS/v2">
<mdSec><md ID="m1" USE="DESCRIPTIVE"><mdRef LOCTYPE="URL" LOCREF="m.xml" MDTYPE="MODS"/></md></mdSec>
<fileSec>
 <file ID="loose" MIMETYPE="text/plain"><FLocat LOCTYPE="SYSTEM" LOCREF="a.txt"/></file>
 <fileGrp USE="image"><file ID="f1" MIMETYPE="image/png"><FLocat LOCTYPE="URL" LOCREF="https://example.org/1.png"/>
  <FLocat LOCTYPE="SYSTEM" LOCREF="1.png"/></file>
  <file ID="f2"><FLocat LOCTYPE="SYSTEM" LOCREF="2.PNG"/></file></fileGrp>
</fileSec>
<structSec><structMap TYPE="logical"><div TYPE="page"/></structMap><structMap TYPE="physical"><div TYPE="volume">
 <div TYPE="gathering" ORDER="2"><div TYPE="Page" ORDER="1" LABEL="end">
  <fptr><seq><area FILEID="f2"/></seq></fptr></div></div>
 <div TYPE="gathering" ORDER="1"><div TYPE="Page" ORDER="1" ID="p1" ORDERLABEL="1r" LABEL="start">
  <fptr FILEID="loose"/><fptr><par><area FILEID="f1" COORDS="0,0,5,5" SHAPE="RECT"/></par></fptr></div></div>
</div></structMap></structSec></mets>"""


def test_mets_2_with_gatherings_areas_and_files_outside_of_groups(tmp_path):
    draw(tmp_path / "1.png", 1)
    draw(tmp_path / "2.PNG", 2)
    file = tmp_path / "PPN1.xml"
    file.write_text(METS_2, encoding="utf-8")
    source = source_of(file)
    assert (source.kind, source.document, source.group) == ("mets2", "PPN1", "image")
    assert [(page.id, page.label, page.path, page.reason) for page in source.pages] == [
        ("p1", "1r", "1.png", ""),
        ("f2", "end", "2.PNG", ""),
    ]
    assert "warning: 1 page that are only an area of their picture: the whole picture is sorted" in source.notes


NESTED = """<m:mets xmlns:m="http://www.loc.gov/METS/" xmlns:x="http://www.w3.org/TR/xlink">
<m:fileSec><m:fileGrp USE="pictures"><m:fileGrp ID="inner"><m:file ID="f1" MIMETYPE="image/png">
<m:FLocat LOCTYPE="URL" x:href="1.png"/></m:file></m:fileGrp>
<m:fileGrp USE="preview"><m:file ID="f2" MIMETYPE="image/png" USE="THUMBNAIL">
<m:FLocat LOCTYPE="URL" x:href="2.png"/></m:file>
<m:file ID="f3" MIMETYPE="image/png"><m:FContent><m:binData>AAAA</m:binData></m:FContent></m:file></m:fileGrp>
</m:fileGrp>
</m:fileSec>
<m:structMap><m:div TYPE="book"><m:fptr FILEID="f3"/><m:div TYPE="leaf">
<m:fptr FILEID="f2"/><m:fptr FILEID="f1"/></m:div>
<m:div TYPE="leaf"><m:fptr FILEID="f3"/></m:div></m:div></m:structMap></m:mets>"""


def test_nested_groups_leaves_and_a_structure_without_a_type(tmp_path):
    for name in ("1.png", "2.png"):
        draw(tmp_path / name, 1)
    file = tmp_path / "mets.xml"
    file.write_text(NESTED, encoding="utf-8")
    source = source_of(tmp_path)
    assert source.group == "pictures"
    assert [(page.id, page.path, page.reason) for page in source.pages] == [
        ("f1", "1.png", ""),
        ("f3", "f3", "its picture is embedded in the document (FContent): not read"),
    ]


def test_covers_beside_the_pages_are_pages_and_what_is_inside_a_page_is_none(tmp_path):
    files = {f"i{number}": f"{number}.png" for number in range(1, 6)}
    inner = '<mets:div TYPE="column"><mets:fptr FILEID="i4"/></mets:div>'
    pages = [
        div("front", "i1").replace('"page"', '"cover"'),
        div("p1", "i2").replace("</mets:div>", f"{inner}</mets:div>"),
        div("text", "t1").replace('"page"', '"appendix"'),
        '<mets:div TYPE="sheet" ID="s1"><mets:fptr FILEID="i5"/>' + div("p2", "i3") + "</mets:div>",
    ]
    source = source_of(write_mets(tmp_path, {"IMAGE": files, "FULLTEXT": {"t1": "1.xml"}}, "".join(pages)))
    assert [page.id for page in source.pages] == ["front", "p1", "p2"]
    assert "note: 1 div of another TYPE than page with pictures too" in source.notes


NEWSPAPER = """<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"><fileSec>
<fileGrp ID="page1"><file ID="m1" USE="master" MIMETYPE="image/png"><FLocat LOCTYPE="OTHER" xlink:href="1.png"/></file>
<file ID="o1" USE="ocr" MIMETYPE="text/xml"><FLocat LOCTYPE="OTHER" xlink:href="1.xml"/></file></fileGrp>
<fileGrp ID="page2"><file ID="m2" USE="master" MIMETYPE="image/png"><FLocat LOCTYPE="OTHER" xlink:href="2.png"/></file>
<file ID="d2" USE="derivative" MIMETYPE="application/pdf"><FLocat LOCTYPE="OTHER" xlink:href="2.pdf"/></file></fileGrp>
</fileSec><structMap><div TYPE="np:issue"><div TYPE="np:page"><fptr FILEID="o1"/><fptr FILEID="m1"/></div>
<div TYPE="np:page"><fptr FILEID="d2"/><fptr FILEID="m2"/></div><div TYPE="np:section"><fptr FILEID="o1"/></div></div>
</structMap></mets>"""


def test_a_newspaper_with_a_group_a_page_and_the_use_at_its_files(tmp_path):
    for name in ("1.png", "2.png"):
        draw(tmp_path / name, 1)
    (tmp_path / "issue.xml").write_text(NEWSPAPER, encoding="utf-8")
    source = source_of(tmp_path / "issue.xml")
    assert [(page.id, page.path, page.reason) for page in source.pages] == [("m1", "1.png", ""), ("m2", "2.png", "")]
    assert source.notes == ("issue.xml: 2 pages, file group master (there are also: ocr, derivative)",)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("<mets xmlns='http://www.loc.gov/METS/'/>", r'has no structMap TYPE="PHYSICAL".*there: none'),
        (
            "<mets xmlns='http://www.loc.gov/METS/'><structMap TYPE='LOGICAL'><div><mptr/></div></structMap></mets>",
            r"there: LOGICAL\); it refers to 1 other METS file \(mptr\), which is not followed",
        ),
        (
            "<mets xmlns='http://www.loc.gov/METS/'><structMap TYPE='PHYSICAL'><div/></structMap></mets>",
            "names no pages",
        ),
        ("<mets/>", "its first element is mets"),
        ("<mets xmlns='http://www.loc.gov/METS/'>", "no sound XML"),
        ("<!DOCTYPE mets [<!ENTITY a 'b'>]><mets/>", "brings a DTD of its own"),
    ],
)
def test_a_mets_file_that_names_no_pages_says_so_in_one_line(tmp_path, content, line):
    (tmp_path / "mets.xml").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=line) as said:
        source_of(tmp_path)
    assert "\n" not in str(said.value)
    assert str(tmp_path / "mets.xml") in str(said.value)


def test_files_of_several_pages(tmp_path):
    image = Image.new("L", (40, 60), 200)
    for name, count in (("three.tif", 3), ("two.tif", 2)):
        image.save(tmp_path / name, save_all=True, append_images=[image] * (count - 1))
    groups = {"DEFAULT": {"a": "three.tif", "b": "two.tif", "c": "x/three.tif"}}
    file = write_mets(
        tmp_path / "box", groups, div("a1", "a") + div("b1", "b") + div("b2", "b") + div("c1", "c") + div("c2", "c")
    )
    for name, target in (("three.tif", "three.tif"), ("two.tif", "two.tif"), ("three.tif", "x/three.tif")):
        (tmp_path / "box" / target).write_bytes((tmp_path / name).read_bytes())
    source = source_of(file)
    assert [(page.id, page.frame) for page in source.pages] == [
        ("a1", 0),
        ("b1", 0),
        ("b2", 1),
        ("c1", None),
        ("c2", None),
    ]
    assert [page.reason for page in source.pages[:3]] == ["", "", ""]
    assert source.pages[4].reason == "its file has 3 pages and 2 pages share it: nobody says which is which"
    assert "warning: of 1 files that hold several pages the first is taken: three.tif" in source.notes


@pytest.mark.shared
def test_mets_files_of_libraries(shared, tmp_path):
    folder = shared / "interchange" / "mets"
    expected = {
        "hathitrust-mets1": ("mets", 12, "image", "IMG00000001", "00000001.jp2"),
        "hathitrust-mets2": ("mets2", 12, "image", "IMG00000001", "082924743.zip/00000001.jp2"),
        "kant_20_pages_logical": ("mets", 20, "OCR-D-IMG", "phys_0001", "OCR-D-IMG/OCR-D-IMG_0001.tif"),
        "kant_60_files_a_page": ("mets", 2, "OCR-D-IMG", "PHYS_0017", "OCR-D-IMG/INPUT_0017.tif"),
        "sbb_order_labels": ("mets", 3, "OCR-D-IMG", "PHYS_0001", "OCR-D-IMG/FILE_0001_IMAGE.tif"),
    }
    for name, what in expected.items():
        source = source_of(folder / f"{name}.xml")
        first = source.pages[0]
        assert (source.kind, len(source.pages), source.group, first.id, first.path) == what
        assert all(page.reason == "the file does not exist" for page in source.pages)
    name = "pembroke_195_pages_one_local.xml"
    (tmp_path / name).write_bytes((folder / name).read_bytes())
    (local,) = [page.path for page in source_of(folder / name).pages if page.reason == "the file does not exist"]
    draw(tmp_path / local, 1)
    source = source_of(tmp_path / name)
    assert len({page.id for page in source.pages}) == 195
    assert [page.path for page in source.pages if not page.reason] == [local]
    assert sum("it lies on the network" in page.reason for page in source.pages) == 194


def test_pages_of_one_id_never_take_that_of_another():
    pages = [NamedPage(name, "", "", "") for name in ("a", "a", "a#2", "a", "b", "a#2")]
    told_apart, note = unique_ids(pages)
    assert [page.id for page in told_apart] == ["a", "a#3", "a#2", "a#4", "b", "a#2#2"]
    assert note.startswith("warning: 3 pages with the id of another page: here a#3, a#4, a#2#2")
