"""Categories in PAGE-XML and ALTO: added where the schemas have a place, what others wrote stays, twice is once."""

import json
import shutil

import pytest
from PIL import Image

pytest.importorskip("lxml")

from lxml import etree
from tiny import tiny_model_folder
from xml_schemas import canonical, check, schema

import run
from interchange import alto_writing, page_writing
from interchange.export import SortedPage
from interchange.provenance import Origin
from interchange.xml_files import tree_of
from interchange.xml_writing import serialized, xml_text

MADE = Origin("page-sorter", "0.1.0", "MIT", "", "20261129-001502_x", "x", "mine", "a" * 64, "MIT",
              "2026-11-29T00:00:00Z", "2026-11-29T00:15:02Z", "run.py", 2, 0)  # fmt: skip
PAGE = SortedPage("P1", "iv", "box", 4, "img/1.tif", (("Title", 0.98765), ("TEXT P", 0.01)), "", "", "P1")
OTHER = SortedPage("P1", "iv", "box", 4, "img/1.tif", (("MAP", 0.5),), "", "", "P1")
SPACE_2019 = page_writing.SPACE
PAGE_FILE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!-- made by hand --><p:PcGts xmlns:p="{space}" pcGtsId="one">
  <p:Metadata><p:Creator>me</p:Creator><p:Created>2020-01-01T00:00:00</p:Created>
    <p:LastChange>2020-01-01T00:00:00</p:LastChange></p:Metadata>
  <p:Page imageFilename="img/1.tif" imageWidth="10" imageHeight="20"{more}>
    <p:ReadingOrder><p:UnorderedGroup id="g"><p:RegionRef regionRef="r"/></p:UnorderedGroup></p:ReadingOrder>
    <p:TextRegion id="r"><p:Coords points="0,0 9,0 9,9"/>
      <p:TextEquiv><p:Unicode>a  &amp;\u017f</p:Unicode></p:TextEquiv></p:TextRegion>
  </p:Page>
</p:PcGts>"""
ALTO_FILE = """<?xml version="1.0" encoding="ISO-8859-1"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v{version}#"><Description><MeasurementUnit>mm10</MeasurementUnit>
 </Description><Layout>
 <Page ID="a" PHYSICAL_IMG_NR="7"{more}><!-- \u00fc -->
  <PrintSpace ID="s" HEIGHT="1" WIDTH="1" HPOS="0" VPOS="0"/></Page></Layout></alto>"""


def added(module, file, page=PAGE):
    """A file with our part; that twice is once, that another category takes its place, and that it can be taken out."""
    before = canonical(tree_of(file))
    tree = tree_of(file)
    note = module.add(tree, page, MADE)
    once = serialized(tree)
    module.add(tree, page, MADE)
    assert serialized(tree) == once
    module.add(tree, OTHER, MADE)
    module.add(tree, page, MADE)
    assert serialized(tree) == once
    module.take_out_ours(tree)
    assert canonical(tree) == before
    return note, etree.fromstring(once), once


def test_page_of_2019_gets_labels_type_confidence_and_step(tmp_path):
    file = tmp_path / "1.xml"
    file.write_text(PAGE_FILE.format(space=SPACE_2019, more=""), encoding="utf-8")
    note, root, content = added(page_writing, file)
    space = f"{{{SPACE_2019}}}"
    page = root.find(f"{space}Page")
    assert note == ""
    assert [child.tag.removeprefix(space) for child in page] == ["ReadingOrder", "Labels", "TextRegion"]
    assert (page.get("type"), page.get("conf")) == ("title", "0.9877")
    labels = page.find(f"{space}Labels")
    assert labels.get("externalModel") == "page-sorter:x:aaaaaaaaaaaaaaaa"
    assert [(label.get("value"), label.get("comments")) for label in labels] == [
        ("Title", "0.9877"),
        ("TEXT P", "0.0100"),
    ]
    step = root.find(f"{space}Metadata")[-1]
    assert (step.get("type"), step.get("value"), step.get("date")) == (
        "processingStep",
        "page-sorter",
        "2026-11-29T00:15:02Z",
    )
    assert "a" * 64 in [label.get("value") for label in step.iter(f"{space}Label")]
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<!-- made by hand -->')


def test_what_somebody_said_of_a_page_stays(tmp_path):
    file = tmp_path / "1.xml"
    file.write_text(PAGE_FILE.format(space=SPACE_2019, more=' type="index" conf="0.5"'), encoding="utf-8")
    _, root, _ = added(page_writing, file)
    assert dict(root.find(f"{{{SPACE_2019}}}Page").attrib).items() >= {"type": "index", "conf": "0.5"}.items()
    # and so does what somebody put right after us
    tree = tree_of(file)
    page = tree.getroot().find(f"{{{SPACE_2019}}}Page")
    del page.attrib["type"]
    page_writing.add(tree, PAGE, MADE)
    page.set("type", "other")
    page_writing.add(tree, OTHER, MADE)
    assert page.get("type") == "other"


def test_an_older_page_keeps_its_version_and_gets_no_labels(tmp_path):
    space = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15"
    file = tmp_path / "1.xml"
    file.write_text(PAGE_FILE.format(space=space, more=""), encoding="utf-8")
    note, root, content = added(page_writing, file)
    assert "2019-07-15" in note and SPACE_2019.encode() not in content
    page = root.find(f"{{{space}}}Page")
    assert page.get("type") == "title" and "conf" not in page.attrib
    assert page[0].target == "page-sorter" and page[0].attrib["category"] == "Title"


@pytest.mark.parametrize(("version", "steps"), [(2, 0), (3, 0), (4, 1)])
def test_alto_keeps_its_version_and_encoding(tmp_path, version, steps):
    file = tmp_path / "1.xml"
    file.write_text(ALTO_FILE.format(version=version, more=""), encoding="iso-8859-1")
    note, root, content = added(alto_writing, file, OTHER)
    space = f"{{http://www.loc.gov/standards/alto/ns-v{version}#}}"
    assert root.find(f".//{space}Page").get("PAGECLASS") == "MAP"
    found = root.findall(f"{space}Description/{space}Processing")
    assert len(found) == steps and bool(note) == (not steps)
    assert all("MAP 0.5000" in step.findtext(f"{space}processingStepDescription") for step in found)
    assert b"ISO-8859-1" in content and "\u00fc".encode("iso-8859-1") in content


def test_a_pageclass_of_others_stays(tmp_path):
    file = tmp_path / "1.xml"
    file.write_text(ALTO_FILE.format(version=4, more=' PAGECLASS="Titelblatt"'), encoding="iso-8859-1")
    note, _, content = added(alto_writing, file)
    assert 'PAGECLASS="Titelblatt"' in content.decode("iso-8859-1") and note == alto_writing.TAKEN
    assert b"Title 0.9877; TEXT P 0.0100" in content


def test_a_category_that_xml_cannot_hold_is_written_all_the_same(tmp_path):
    page = SortedPage("", "", "box", 4, "a\x01\udc9a.tif", (('?>"\x00<&\ud800', 0.5),), "", "", "P1")
    for module, new in ((page_writing, page_writing.new_page), (alto_writing, alto_writing.new_alto)):
        tree = new(page, (10, 20), MADE)
        module.add(tree, page, MADE)
        assert xml_text(page.scores[0][0]) in etree.fromstring(serialized(tree)).xpath("//@value | //@PAGECLASS")
    file = tmp_path / "1.xml"
    file.write_text(ALTO_FILE.format(version=2, more=""), encoding="iso-8859-1")
    added(alto_writing, file, page)


@pytest.mark.shared
def test_real_files_stay_valid_and_else_as_they_were(shared):
    bag = shared / "interchange" / "kant_aufklaerung_1784" / "data"
    valid = schema(shared, "page-2019-07-15.xsd")
    files = sorted((bag / "OCR-D-GT-PAGE").glob("*.xml"))
    assert len(files) == 2
    for file in files:
        _, _, content = added(page_writing, file)
        assert valid.validate(etree.fromstring(content)), valid.error_log
    for file in sorted((bag / "OCR-D-GT-ALTO").glob("*.xml")):
        added(alto_writing, file)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of pages: a picture, a TIFF of two pages, a broken one, two of one name; a model."""
    folder = tmp_path_factory.mktemp("place")
    tiny_model_folder(folder / "model", ["PHOTO", "TEXT"])
    (folder / "pages" / "inner").mkdir(parents=True)
    Image.new("L", (40, 60), 200).save(folder / "pages" / "X-1.png")
    Image.new("L", (50, 60), 100).save(folder / "pages" / "inner" / "X-1.png")
    frames = [Image.new("L", (30, 20 + number), 90 * number) for number in range(2)]
    frames[0].save(folder / "pages" / "Y.tif", save_all=True, append_images=frames[1:])
    (folder / "pages" / "Z-1.png").write_bytes(b"no picture")
    return folder


def sorted_into(place, out, *more):
    return run.main(["-d", str(place / "pages"), "--model_path", str(place / "model"), "-o", str(out), *more])


def test_new_files_for_a_plain_folder(place, tmp_path, capsys):
    assert sorted_into(place, tmp_path, "--write", "alto", "page") == 1
    record = json.loads(next((tmp_path / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    folder = tmp_path / "interchange" / record["name"]
    assert record["interchange"] == {kind: [f"interchange/{record['name']}/{kind}"] for kind in ("page", "alto")}
    assert f"{folder / 'page'}" in capsys.readouterr().out
    names = ["X-1.xml", "X-1-2.xml", "Y-1.xml", "Y-2.xml"]
    for kind in ("page", "alto"):
        assert sorted(file.name for file in (folder / kind).iterdir()) == sorted(names)
    pages = [etree.parse(str(folder / "page" / name)).getroot()[1] for name in names]
    sizes = [(page.get("imageFilename"), page.get("imageWidth"), page.get("imageHeight")) for page in pages]
    assert sorted(sizes[:2]) == [("X-1.png", "40", "60"), ("inner/X-1.png", "50", "60")]
    assert sizes[2:] == [("Y.tif", "30", "20"), ("Y.tif", "30", "21")]
    assert all(page[0][0].get("value") in ("PHOTO", "TEXT") for page in pages)


@pytest.mark.shared
def test_new_files_are_valid(place, tmp_path, shared):
    sorted_into(place, tmp_path, "--write", "page", "alto")
    for kind, name in (("page", "page-2019-07-15.xsd"), ("alto", "alto-4.4.xsd")):
        valid = schema(shared, name)
        files = list(tmp_path.glob(f"interchange/*/{kind}/*.xml"))
        assert len(files) == 4
        for file in files:
            check(valid, file)


def test_a_single_page(place, tmp_path):
    file = str(place / "pages" / "X-1.png")
    command = ["-f", file, "--model_path", str(place / "model"), "-o", str(tmp_path)]
    assert run.main([*command, "--write", "page"]) == 0
    (written,) = tmp_path.glob("interchange/*/page/X-1.xml")
    assert etree.parse(str(written)).getroot()[1].get("imageWidth") == "40"


def test_an_interrupted_export_is_mended_by_resume(place, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(alto_writing, "write_each", stop)
    assert sorted_into(place, tmp_path, "--write", "page", "alto") == 130
    monkeypatch.undo()
    shutil.rmtree(next(tmp_path.glob("interchange/*/page")))
    assert sorted_into(place, tmp_path, "--write", "page", "alto", "--resume") == 1
    assert (
        len(list(tmp_path.glob("interchange/*/page/*.xml")))
        == len(list(tmp_path.glob("interchange/*/alto/*.xml")))
        == 4
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--write", "pgae"], "--write pgae: valid are page, alto"),
        (["--write", "page", "--in-place"], "--in-place: nothing can be changed in place, these come from plain files"),
        (["--in-place"], "--in-place says where --write writes"),
        (["--suggest", "3", "--write", "page"], "--write belongs to sorting"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_page_is_read(place, tmp_path, capsys, arguments, says):
    assert sorted_into(place, tmp_path / "out", *arguments) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["page", "alto"])
def test_a_folder_of_such_files_in_place(place, tmp_path, kind):
    """Each file gets its category and is kept beside; one that cannot be read is an error row, and stays."""
    text = PAGE_FILE.replace("img/1.tif", "X-1.png").format(space=SPACE_2019, more="")
    if kind == "alto":
        name = "<sourceImageInformation><fileName>X-1.png</fileName></sourceImageInformation></Description>"
        text = ALTO_FILE.replace("</Description>", name).format(version=4, more="")
    box = tmp_path / "box"
    box.mkdir()
    shutil.copy(place / "pages" / "X-1.png", box)
    encoding = "utf-8" if kind == "page" else "iso-8859-1"
    (box / "one.xml").write_text(text, encoding=encoding)
    (box / "two.xml").write_text(text.replace("X-1.png", "no.png"), encoding=encoding)
    before = {file.name: file.read_bytes() for file in box.glob("*.xml")}
    (box / "one.xml").chmod(0o640)
    command = ["-d", str(box / "one.xml"), "--model_path", str(place / "model"), "-o", str(tmp_path / "out")]
    assert run.main([*command, "--write", kind, "--in-place"]) == 0
    assert (box / "one.xml.bak").read_bytes() == before["one.xml"]
    assert (box / "one.xml").stat().st_mode & 0o777 == 0o640
    once = (box / "one.xml").read_bytes()
    assert b"page-sorter" in once
    (box / "X-1.png").rename(tmp_path / "X-1.png")
    command[1:2] = [str(box), "--images", str(tmp_path)]
    assert run.main([*command, "--write", kind, "--in-place"]) == 1
    assert (box / "two.xml").read_bytes() == before["two.xml"] and not (box / "two.xml.bak").exists()
    assert (box / "one.xml.bak").read_bytes() == before["one.xml"]
    module = page_writing if kind == "page" else alto_writing
    module.take_out_ours(tree := tree_of(box / "one.xml"))
    assert canonical(tree) == canonical(etree.fromstring(before["one.xml"]).getroottree())


def test_a_file_that_ends_early_is_not_replaced_in_place(place, tmp_path, capsys):
    box = tmp_path / "box"
    box.mkdir()
    shutil.copy(place / "pages" / "X-1.png", box)
    text = PAGE_FILE.replace("img/1.tif", "X-1.png").format(space=SPACE_2019, more="")
    (box / "one.xml").write_text(text[: -len("</PcGts>") - 2], encoding="utf-8")
    before = (box / "one.xml").read_bytes()
    command = ["-d", str(box / "one.xml"), "--model_path", str(place / "model"), "-o", str(tmp_path / "out")]
    assert run.main([*command, "--write", "page", "--in-place"]) == 0
    assert (box / "one.xml").read_bytes() == before and not (box / "one.xml.bak").exists()
    assert "no sound XML" in (said := capsys.readouterr().err) and "nothing is changed in it" in said


def test_files_without_a_namespace_are_marked_too(tmp_path):
    file = tmp_path / "1.xml"
    file.write_text("<PcGts><Metadata/><Page imageFilename='1.tif'/></PcGts>", encoding="utf-8")
    note, root, _ = added(page_writing, file)
    assert note == page_writing.NO_PLACE and root[1].get("type") == "title"
    file.write_text("<alto><Layout><Page ID='a'/></Layout></alto>", encoding="utf-8")
    note, root, _ = added(alto_writing, file)
    assert note == alto_writing.NO_PLACE and root[0][0].get("PAGECLASS") == "Title"
