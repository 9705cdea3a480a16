"""Categories in METS: a map of our own, joined to the pages; what others wrote stays, twice is once, METS 1 and 2."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("lxml")

from lxml import etree
from tiny import tiny_model_folder
from xml_schemas import canonical, check, schema

import run
from interchange import mets_writing
from interchange.export import SortedPage, SortedRun, write_all
from interchange.mets import METS, METS_2
from interchange.source import source_of
from interchange.xml_files import tree_of
from interchange.xml_writing import serialized

M, M2 = f"{{{METS}}}", f"{{{METS_2}}}"
XLINK = "{http://www.w3.org/1999/xlink}"
RECORD = {
    "program": {"name": "page-sorter", "version": "0.1.0", "licence": "MIT", "image": ""},
    "model": {"name": "mine", "base": "x", "hash": "a" * 64, "licence": "MIT"},
    "started": "2026-11-29T02:15:02+0200",
    "ended": "2026-11-29T02:16:02+0200",
    "command": "run.py",
    "failed": 1,
}
METS_1_FILE = """<?xml version="1.0" encoding="UTF-8"?>
<m:mets xmlns:m="http://www.loc.gov/METS/" xmlns:l="http://www.w3.org/1999/xlink" OBJID="box">
  <!-- of the library -->
  <m:fileSec><m:fileGrp USE="MASTER">
      <m:file ID="F1" MIMETYPE="image/png"><m:FLocat LOCTYPE="URL" l:href="img/a%20b.png"/></m:file>
      <m:file ID="F2" MIMETYPE="image/png"><m:FLocat LOCTYPE="URL" l:href="img/2.png"/></m:file>
      <m:file ID="F3" MIMETYPE="image/png"><m:FLocat LOCTYPE="URL" l:href="img/none.png"/></m:file></m:fileGrp>
  </m:fileSec>
  <m:structMap TYPE="PHYSICAL">
    <m:div TYPE="physSequence" ID="ALL">
      <m:div TYPE="page" ID="P1" ORDER="1" ORDERLABEL="iv"><m:fptr FILEID="F1"/></m:div>
      <m:div TYPE="page" ORDER="2"><m:fptr FILEID="F2"/></m:div>
      <m:div TYPE="page" ID="P3" ORDER="3"><m:fptr FILEID="F3"/></m:div>
    </m:div>
  </m:structMap>{more}
</m:mets>"""
LINKS = '\n  <m:structLink><m:smLink l:from="LOG" l:to="P1"/></m:structLink>'
METS_2_FILE = """<mets xmlns="http://www.loc.gov/METS/v2"><fileSec>
 <file ID="F1" MIMETYPE="image/png"><FLocat LOCTYPE="URL" LOCREF="img/a b.png"/></file>
 <file ID="T1" MIMETYPE="image/png"><FLocat LOCTYPE="URL" LOCREF="img/2.png"/></file></fileSec>
 <structSec><structMap TYPE="PHYSICAL"><div><div TYPE="page" ID="P1"><fptr FILEID="T1"/><fptr FILEID="F1"/></div></div>
 </structMap></structSec></mets>"""


def sorted_run(source, category="MAP", failed=(), **more):
    """A run over the pages of a document, as it stands when its formats are written."""

    def stream():
        for number, page in enumerate(source.pages, 1):
            scores = () if number in failed or page.reason else ((category, 0.9), ("TEXT", 0.1))
            reason = "" if scores else page.reason or "the file is empty"
            yield SortedPage(
                page.id, page.label, source.document, number, page.path, scores, reason, "", f"p{number}", page.frame
            )

    record = RECORD | {"pages": len(source.pages)}
    return SortedRun("20261129-001502_x", record, source.root, source, (), stream, **more)


def added(file: Path, folder: Path, **more):
    """The file with our part; that twice is once, that another run takes its place, and that it can be taken out."""
    source = source_of(file)
    before, tree = canonical(tree_of(file)), tree_of(file)
    mets_writing.add(tree, sorted_run(source, **more), folder)
    once = serialized(tree)
    mets_writing.add(tree, sorted_run(source, **more), folder)
    assert serialized(tree) == once
    mets_writing.add(tree, sorted_run(source, "PHOTO", failed=range(2, 9)), folder)
    mets_writing.add(tree, sorted_run(source, **more), folder)
    assert serialized(tree) == once
    written = folder / "again.xml"
    written.write_bytes(once)
    assert [page.id for page in source_of(written).pages] == [page.id for page in source.pages]
    mets_writing.take_out_ours(tree)
    assert canonical(tree) == before
    return etree.fromstring(once)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace of METS 1, and the pictures of two of its three pages; a model."""
    folder = tmp_path_factory.mktemp("place")
    tiny_model_folder(folder / "model", ["PHOTO", "TEXT"])
    (folder / "box" / "img").mkdir(parents=True)
    for name, grey in (("a b.png", 90), ("2.png", 200)):
        Image.new("L", (40, 60), grey).save(folder / "box" / "img" / name)
    (folder / "box" / "mets.xml").write_text(METS_1_FILE.replace("{more}", ""), encoding="utf-8")
    return folder


@pytest.fixture
def box(place, tmp_path):
    return shutil.copytree(place / "box", tmp_path / "box")


@pytest.mark.parametrize("more", ["", LINKS])
def test_mets_1_gets_a_map_joined_to_its_pages(box, tmp_path, more):
    file = box / "mets.xml"
    file.write_text(METS_1_FILE.replace("{more}", more), encoding="utf-8")
    root = added(file, tmp_path)
    maps = root.findall(f"{M}structMap")
    assert [one.get("TYPE") for one in maps] == ["PHYSICAL", "OCR-D-LOGICAL"]
    divs = maps[1].findall(f"{M}div/{M}div")
    said = [(div.get("LABEL"), div.get("TYPE"), div.get("ORDER"), div.get("ORDERLABEL")) for div in divs]
    assert said == [("MAP", "map", "1", "iv"), ("MAP", "map", "2", None)]  # the third has no picture, so no category
    links = [link for link in root.iter(f"{M}smLink") if link.get(f"{XLINK}from") != "LOG"]
    assert [(link.get(f"{XLINK}from"), link.get(f"{XLINK}to")) for link in links] == [(divs[0].get("ID"), "P1")]
    # a page whose div has no ID: its picture is pointed to
    assert [pointer.get("FILEID") for pointer in maps[1].iter(f"{M}fptr")] == ["F2"]
    assert len(root.findall(f"{M}structLink")) == 1 and b"xmlns:xlink" not in etree.tostring(root)
    (described,) = [div.get("ADMID").split() for div in maps[1].findall(f"{M}div")]
    assert described == [one.get("ID") for one in root.iter(f"{M}digiprovMD")]
    events = list(root.iter("{http://www.loc.gov/premis/v3}event"))
    assert len(events) == 1 and "a" * 64 in "".join(events[0].itertext())
    assert [name.text for name in root.iter(f"{M}name")] == ["page-sorter 0.1.0"]


def test_mets_2_has_no_links_so_divs_point_to_the_picture(box, tmp_path):
    file = box / "mets.xml"
    file.write_text(METS_2_FILE, encoding="utf-8")
    root = added(file, tmp_path)
    ours = root.findall(f"{M2}structSec/{M2}structMap")[1]
    source = source_of(file)
    picture = {"img/a b.png": "F1", "img/2.png": "T1"}[source.pages[0].path]
    assert [pointer.get("FILEID") for pointer in ours.iter(f"{M2}fptr")] == [picture]
    assert [record.get("USE") for record in root.findall(f"{M2}mdSec/{M2}md")] == ["PROVENANCE", "PROVENANCE"]
    assert ours.find(f"{M2}div").get("MDID").split() == [record.get("ID") for record in root.iter(f"{M2}md")]
    assert b"xlink" not in etree.tostring(root)


@pytest.mark.shared
def test_hand_written_files_are_valid(box, tmp_path, shared):
    for text, name in ((METS_1_FILE, "mets-1.12.1.xsd"), (METS_2_FILE, "mets-2.xsd")):
        (box / "mets.xml").write_text(text.replace("{more}", LINKS), encoding="utf-8")
        (tmp_path / "new.xml").write_bytes(etree.tostring(added(box / "mets.xml", tmp_path)))
        check(schema(shared, name), tmp_path / "new.xml")


@pytest.mark.shared
def test_real_files_stay_valid_and_else_as_they_were(tmp_path, shared):
    files = [*(shared / "interchange" / "mets").glob("*.xml"), *(shared / "interchange").glob("*/data/mets.xml")]
    assert len(files) > 6
    schemas = {"mets": schema(shared, "mets-1.12.1.xsd"), "mets2": schema(shared, "mets-2.xsd")}
    for number, file in enumerate(files):
        valid = schemas[source_of(file).kind]
        valid.validate(etree.parse(str(file)))
        before = len(valid.error_log)  # HathiTrust's hold PREMIS with an xsi:type that no METS schema knows
        folder = tmp_path / str(number)
        folder.mkdir()
        source = source_of(file)
        tree = tree_of(file)
        mets_writing.add(tree, sorted_run(source_without_reasons(source)), folder)
        valid.validate(tree)
        assert len(valid.error_log) == before, (file.name, valid.error_log)
        added(file, folder)


def source_without_reasons(source):
    """As if all pictures lay there: each page gets a category."""
    from dataclasses import replace

    return replace(source, pages=tuple(replace(page, reason="") for page in source.pages))


def test_the_same_run_written_twice_gives_the_same_bytes(box, tmp_path):
    written = []
    for name in ("one", "two"):
        files = write_all(sorted_run(source_of(box / "mets.xml")), ["page", "alto", "mets"], tmp_path / name)
        assert list(files) == ["page", "alto", "mets"]
        folder = tmp_path / name / "interchange" / "20261129-001502_x"
        written.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.xml")})
    assert len(written[0]) == 5 and written[0] == written[1]


def test_what_others_put_into_our_sections_stays(box, tmp_path):
    """A file without metsHdr and structLink gets them from us; then they are there for all."""
    source, tree = source_of(box / "mets.xml"), tree_of(box / "mets.xml")
    mets_writing.add(tree, sorted_run(source), tmp_path)
    root = tree.getroot()
    links, header = root.find(f"{M}structLink"), root.find(f"{M}metsHdr")
    theirs = etree.SubElement(links, f"{M}smLink", {f"{XLINK}from": "LOG", f"{XLINK}to": "P3"})
    header.append(root.makeelement(f"{M}altRecordID"))
    mets_writing.add(tree, sorted_run(source, failed=[1, 2, 3]), tmp_path)
    assert list(links) == [theirs] and links.getparent() is root
    assert [child.tag for child in header] == [f"{M}agent", f"{M}altRecordID"]
    mets_writing.take_out_ours(tree)
    assert [child.tag for child in header] == [f"{M}altRecordID"] and root.find(f"{M}amdSec") is None


def test_what_others_call_nearly_as_we_do_stays(box, tmp_path):
    """A file group `page-sorter-out` of a pipeline, and pages that are called as our divs are."""
    named = METS_1_FILE.replace("{more}", "").replace('"F1"', '"page-sorter-out_P1"')
    (box / "mets.xml").write_text(named.replace('ID="P3"', 'ID="page-sorter-0003"'), encoding="utf-8")
    root = added(box / "mets.xml", tmp_path)
    assert root.find(f".//{M}fileGrp/{M}file").get("ID") == "page-sorter-out_P1"
    pages = root.find(f"{M}structMap").iter(f"{M}div")
    assert [page.get("ID") for page in pages] == ["ALL", "P1", None, "page-sorter-0003"]


def test_the_docs_have_the_table_of_types():
    table = (run.HOME / "docs" / "archives.md").read_text(encoding="utf-8").split("**Structural types.**")[1]
    for category, kind in mets_writing.STRUCTURES.items():
        (line,) = [line for line in table.splitlines() if line.startswith("| `") and f"`{category}`" in line]
        assert line.split("|")[2].strip() == f"`{kind}`"


def test_types_are_those_of_the_list():
    assert set(mets_writing.STRUCTURES.values()) | {mets_writing.GENERAL} <= mets_writing.TYPES


def sort(box, place, *more):
    return run.main(["-d", str(box), "--model_path", str(place / "model"), "-o", str(place / "out"), *map(str, more)])


def test_a_copy_beside_with_page_and_alto_files(box, place, tmp_path):
    before = (box / "mets.xml").read_bytes()
    out = tmp_path / "out"
    assert sort(box, place, "-o", out, "--write", "mets", "page", "alto") == 1  # one picture is missing
    assert (box / "mets.xml").read_bytes() == before and sorted(box.iterdir()) == [box / "img", box / "mets.xml"]
    (folder,) = (out / "interchange").iterdir()
    root = etree.parse(str(folder / "mets.xml")).getroot()
    for kind in ("page", "alto"):
        (group,) = [one for one in root.iter(f"{M}fileGrp") if one.get("USE") == f"PAGE-SORTER-{kind.upper()}"]
        for file in group:
            place_of = folder / file[0].get(f"{XLINK}href")
            assert file.get("CHECKSUM") == hashlib.sha256(place_of.read_bytes()).hexdigest()
        assert len(group) == 2
    div = root.findall(f"{M}structMap")[1].find(f"{M}div/{M}div")
    assert [pointer.get("FILEID") for pointer in div] == ["page-sorter-page-0001", "page-sorter-alto-0001"]
    page = etree.parse(str(folder / "page" / "P1.xml")).getroot()[1]
    assert page.get("imageFilename") == "img/a b.png"


def test_in_place_with_a_backup_that_is_never_overwritten(box, place, tmp_path):
    before = (box / "mets.xml").read_bytes()
    for _ in range(2):
        assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "page", "--in-place") == 1
        assert (box / "mets.xml.bak").read_bytes() == before
    root = etree.parse(str(box / "mets.xml")).getroot()
    hrefs = [place_of.get(f"{XLINK}href") for place_of in root.iter(f"{M}FLocat")][3:]
    assert hrefs == ["PAGE-SORTER-PAGE/P1.xml", "PAGE-SORTER-PAGE/F2.xml"]
    assert all((box / href).is_file() for href in hrefs)
    records = sorted((tmp_path / "out" / "tables").glob("*_run.json"))
    assert len(records) == 2
    written = json.loads(records[-1].read_text(encoding="utf-8"))["interchange"]
    assert written == {"page": [str(box / "PAGE-SORTER-PAGE")], "mets": [str(box / "mets.xml")]}
    mets_writing.take_out_ours(tree := etree.parse(str(box / "mets.xml")))
    assert canonical(tree) == canonical(etree.fromstring(before).getroottree())


def test_two_documents_in_one_folder_keep_their_files_apart(box, place, tmp_path):
    for name in ("a.xml", "b.xml"):
        shutil.copy(box / "mets.xml", box / name)
        assert sort(box / name, place, "-o", tmp_path / "out", "--write", "mets", "page", "--in-place") == 1
    for name in "ab":
        root = etree.parse(str(box / f"{name}.xml")).getroot()
        (group,) = [one for one in root.iter(f"{M}fileGrp") if one.get("USE") == "PAGE-SORTER-PAGE"]
        for file in group:
            href = file[0].get(f"{XLINK}href")
            assert href.startswith(f"{name}-PAGE-SORTER-PAGE/")
            assert hashlib.sha256((box / href).read_bytes()).hexdigest() == file.get("CHECKSUM")


def test_in_place_never_writes_over_files_of_others(box, place, tmp_path, capsys):
    theirs = box / "PAGE-SORTER-PAGE" / "P1.xml"
    theirs.parent.mkdir()
    theirs.write_text("notes", encoding="utf-8")
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "page", "--in-place") == 2
    assert "P1.xml is not one of our files" in capsys.readouterr().err
    assert theirs.read_text(encoding="utf-8") == "notes" and not (box / "mets.xml.bak").exists()


def test_in_place_changes_nothing_where_no_picture_is_to_be_had(box, place, tmp_path, capsys):
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "--in-place") == 1
    (tmp_path / "wrong").mkdir()
    before = (box / "mets.xml").read_bytes()
    command = ("-o", tmp_path / "out", "--write", "mets", "--images", tmp_path / "wrong")
    assert sort(box, place, *command, "--in-place") == 2
    assert "none of the pages of" in capsys.readouterr().err and (box / "mets.xml").read_bytes() == before
    assert sort(box, place, *command) == 1  # a copy beside may be written


def test_killed_after_the_document_was_changed_the_run_goes_on(box, place, tmp_path, monkeypatch):
    from interchange import ro_crate

    def stop(*_):
        raise KeyboardInterrupt

    command = ("-o", tmp_path / "out", "--write", "mets", "rocrate", "--in-place")
    monkeypatch.setattr(ro_crate, "write", stop)
    assert sort(box, place, *command) == 130
    monkeypatch.undo()
    once = (box / "mets.xml").read_bytes()
    assert b"OCR-D-LOGICAL" in once
    assert sort(box, place, *command, "--resume") == 1
    again = (box / "mets.xml").read_bytes()
    assert len(again) == len(once) and (box / "mets.xml.bak").read_bytes() != again
    assert list((tmp_path / "out" / "runs").iterdir()) == []


def test_a_document_that_is_gone_at_the_end_is_told_with_how_to_go_on(box, place, tmp_path, monkeypatch, capsys):
    from interchange import page_writing

    def lose(run, folder):
        (box / "mets.xml").rename(tmp_path / "kept.xml")
        return []

    monkeypatch.setattr(page_writing, "write", lose)
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "page") == 2
    said = capsys.readouterr().err
    assert (
        "error: --write mets: " in said and "mets.xml is no file, and the same command with --resume continues" in said
    )
    monkeypatch.undo()
    (tmp_path / "kept.xml").rename(box / "mets.xml")
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "page", "--resume") == 1
    assert len(list(tmp_path.glob("out/interchange/*/mets.xml"))) == 1


def test_a_bag_is_not_changed_in_place(box, place, tmp_path, capsys):
    bag = tmp_path / "bag"
    shutil.copytree(box, bag / "data")
    (bag / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n", encoding="utf-8")
    assert sort(bag / "data", place, "--write", "mets", "--in-place") == 2
    assert "checksums would be wrong" in capsys.readouterr().err


def test_a_file_that_is_write_protected_is_refused_before_pages_are_read(box, place, tmp_path, capsys, monkeypatch):
    may = os.access
    monkeypatch.setattr(os, "access", lambda file, mode: Path(file).suffix != ".xml" and may(file, mode))
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "--in-place") == 2
    assert "mets.xml is write-protected" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_of_a_workspace_are_not_written_through(box, place, tmp_path, capsys):
    (box / "mets.xml").rename(tmp_path / "real.xml")
    (box / "mets.xml").symlink_to(tmp_path / "real.xml")
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "--in-place") == 2
    assert "mets.xml is a link: give what it leads to" in capsys.readouterr().err
    (box / "mets.xml").unlink()
    (tmp_path / "real.xml").rename(box / "mets.xml")
    (tmp_path / "other").mkdir()
    (tmp_path / "kept").write_text("kept", encoding="utf-8")
    (box / "mets.xml.bak").symlink_to(tmp_path / "kept")
    (box / "PAGE-SORTER-PAGE").symlink_to(tmp_path / "other")
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "page", "--in-place") == 2
    assert "PAGE-SORTER-PAGE is a link" in capsys.readouterr().err
    assert sort(box, place, "-o", tmp_path / "out", "--write", "mets", "--in-place") == 1
    assert list((tmp_path / "other").iterdir()) == [] and (tmp_path / "kept").read_text(encoding="utf-8") == "kept"
    assert not (box / "mets.xml.bak").is_symlink() and b"page-sorter" not in (box / "mets.xml.bak").read_bytes()


def test_mets_of_a_plain_folder_is_refused(box, place, tmp_path, capsys):
    assert sort(box / "img", place, "--write", "mets") == 2
    said = capsys.readouterr().err
    assert "--write mets is for pages that METS names" in said and "write page, alto, csvw" in said


def test_the_pages_own_files_are_copied_with_their_category(box, place, tmp_path, capsys):
    """A page may have several PAGE files: that of the last file group is taken."""
    for group, text in (("OLD", "old"), ("NEW", "new")):
        (box / group).mkdir()
        (box / group / "1.xml").write_text(
            '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><Metadata><Creator>'
            f"{text}</Creator></Metadata><Page/></PcGts>",
            encoding="utf-8",
        )
    groups = "".join(
        f'<m:fileGrp USE="{group}"><m:file ID="{group}1" MIMETYPE="application/vnd.prima.page+xml"><m:FLocat '
        f'LOCTYPE="URL" l:href="{group}/1.xml"/></m:file></m:fileGrp>'
        for group in ("OLD", "NEW")
    )
    text = METS_1_FILE.replace("{more}", "").replace("</m:fileSec>", f"{groups}</m:fileSec>")
    text = text.replace('<m:fptr FILEID="F1"/>', '<m:fptr FILEID="NEW1"/><m:fptr FILEID="OLD1"/><m:fptr FILEID="F1"/>')
    (box / "mets.xml").write_text(text, encoding="utf-8")
    sort(box, place, "-o", tmp_path / "out", "--write", "page")
    (file,) = tmp_path.glob("out/interchange/*/page/P1.xml")
    root = etree.parse(str(file)).getroot()
    assert root[0][0].text == "new" and "imageFilename" not in root[1].attrib and len(root[1]) == 1
    (box / "NEW" / "1.xml").write_bytes(b"")
    sort(box, place, "-o", tmp_path / "again", "--write", "page")
    (file,) = tmp_path.glob("again/interchange/*/page/P1.xml")
    assert etree.parse(str(file)).getroot()[0][0].text == "old"
    assert "warning: passed over, no sound XML or not to be read: NEW/1.xml" in capsys.readouterr().err
