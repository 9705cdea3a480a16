"""The OCR-D processor as OCR-D runs it: a command in a workspace."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mets_files import div, draw, write_mets
from tiny import tiny_model_folder

import run
from settings.config_file import HOME, keys_of
from settings.flags import VERSION

COMMAND = HOME / "interchange" / "ocrd_page_sorter.py"
TOOL = HOME / "interchange" / "ocrd-tool.json"
SPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
PAGE_FILE = """<pc:PcGts xmlns:pc="{space}" pcGtsId="g"><pc:Metadata><pc:Creator>me</pc:Creator>
<pc:Created>2020-01-01T00:00:00</pc:Created><pc:LastChange>2020-01-01T00:00:00</pc:LastChange></pc:Metadata>
<pc:Page imageFilename="{picture}" imageWidth="60" imageHeight="80" type="title"><pc:TextRegion id="r"><pc:Coords
points="0,0 9,0 9,9"/><pc:TextEquiv><pc:Unicode>ſo</pc:Unicode></pc:TextEquiv></pc:TextRegion></pc:Page></pc:PcGts>"""
ADDRESS = "https://example.org/p4.png"
PAGES = ("P1", "P2", "P3", "P4")


def sorter(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(COMMAND), "-l", "WARN", *words]
    environment = {**os.environ, "OCRD_MAX_MISSING_OUTPUTS": "-1", **environment}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def workspace_of(folder: Path) -> Path:
    """Four pages; the second picture is broken, the third is not there. The PAGE of the second leads out, that of the
    third names no picture, that of the fourth an address whose file lies here.
    """
    groups = {
        "OCR-D-IMG": {f"i{page}": f"img/{page}.png" for page in PAGES},
        "OCR-D-SEG": {f"x{page}": f"seg/{page}.xml" for page in PAGES},
    }
    divs = "".join(div(page, f"i{page}", f"x{page}") for page in PAGES)
    mets = write_mets(folder, groups, divs)
    text = mets.read_text(encoding="utf-8").replace("application/alto+xml", "application/vnd.prima.page+xml")
    text = text.replace('LOCTYPE="URL"', 'LOCTYPE="OTHER" OTHERLOCTYPE="FILE"')
    here = 'xlink:href="img/P4.png"/>'
    mets.write_text(text.replace(here, f'{here}<mets:FLocat LOCTYPE="URL" xlink:href="{ADDRESS}"/>'), encoding="utf-8")
    (folder / "img" / "P2.png").write_bytes(b"nothing")
    (folder / "img" / "P3.png").unlink()
    draw(folder.parent / "outside.png", 3)
    (folder / "seg").mkdir()
    for page, picture in zip(PAGES, ("img/P1.png", "../outside.png", "", ADDRESS), strict=True):
        content = PAGE_FILE.format(space=SPACE, picture=picture)
        (folder / "seg" / f"{page}.xml").write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def processed(tmp_path_factory, model):
    """A workspace that the processor has gone through: from pictures, from PAGE, and from its own PAGE."""
    pytest.importorskip("ocrd")
    folder = workspace_of(tmp_path_factory.mktemp("ocrd") / "workspace")
    given = ("-P", "model", str(model), "-P", "top_n", "2")
    first = sorter(folder, "-I", "OCR-D-IMG", "-O", "OCR-D-CLASS", *given)
    assert first.returncode == 0, first.stderr
    second = sorter(folder, "-I", "OCR-D-SEG", "-O", "OCR-D-BOTH", *given)
    third = sorter(folder, "-I", "OCR-D-BOTH", "-O", "OCR-D-AGAIN", *given)
    assert (second.returncode, third.returncode) == (0, 0), second.stderr + third.stderr
    return folder, first, second


def page_in(folder: Path, group: str, page: str):
    from lxml import etree

    (file,) = (folder / group).glob(f"*{page}.xml")  # the rest of its name is OCR-D's
    return etree.parse(str(file)).getroot().find(f"{{{SPACE}}}Page")


def said_of(page) -> tuple:
    """What stands there of the category."""
    labels = page.find(f"{{{SPACE}}}Labels")
    return page.get("type"), page.get("conf"), dict(labels.attrib), [dict(label.attrib) for label in labels]


def test_page_says_what_a_run_of_the_main_job_writes(processed, model, tmp_path):
    from lxml import etree

    folder = processed[0]
    words = ["-d", str(folder), "--file-group", "OCR-D-IMG", "--model_path", str(model), "-tn", "2"]
    assert run.main([*words, "-o", str(tmp_path / "out"), "--write", "page", "--quiet"]) == 1
    (written,) = (tmp_path / "out" / "interchange").glob("*/page")
    assert sorted(file.stem for file in written.iterdir()) == ["P1", "P4"]
    for page in ("P1", "P4"):
        ours = page_in(folder, "OCR-D-CLASS", page)
        other = etree.parse(str(written / f"{page}.xml")).getroot().find(f"{{{SPACE}}}Page")
        assert said_of(ours)[1:] == said_of(other)[1:]
        assert said_of(ours)[0] == "content" and said_of(other)[0] == "title"  # as the PAGE that was there has it


def test_pages_that_fail_have_no_file_and_do_not_end_the_others(processed):
    folder, first, second = processed
    written = sorted((folder / "OCR-D-CLASS").iterdir())
    assert [file.stem[-2:] for file in written] == ["P1", "P4"]
    mets = (folder / "mets.xml").read_text(encoding="utf-8")
    assert [f"OCR-D-CLASS/{file.name}" in mets for file in written] == [True, True]
    assert mets.count('"OCR-D-CLASS/') == 2
    assert "P2.png" in first.stderr and "P3.png" in first.stderr
    assert sorted(file.stem[-2:] for file in (folder / "OCR-D-BOTH").iterdir()) == ["P1", "P4"]
    assert "../outside.png: its path leads out of the folder" in second.stderr  # and is not read
    assert "names no file for this page" in second.stderr  # and no other page's is taken
    assert said_of(page_in(folder, "OCR-D-CLASS", "P4"))[1:] == said_of(page_in(folder, "OCR-D-BOTH", "P4"))[1:]


def test_what_page_held_before_stays_and_twice_is_once(processed):
    folder = processed[0]
    for group in ("OCR-D-BOTH", "OCR-D-AGAIN"):
        page = page_in(folder, group, "P1")
        assert page.get("type") == "title" and float(page.get("conf")) > 0
        assert [child.tag.rpartition("}")[2] for child in page] == ["Labels", "TextRegion"]
        assert page.findtext(f".//{{{SPACE}}}Unicode") == "ſo"
        steps = page.getparent().iter(f"{{{SPACE}}}MetadataItem")
        by_us = [step for step in steps if step.get("value") == "page-sorter"]
        assert len(by_us) == 1 and by_us[0].get("name") == "layout/analysis"
    assert said_of(page_in(folder, "OCR-D-CLASS", "P1"))[1:] == said_of(page)[1:]


@pytest.mark.shared
def test_page_is_valid(processed, shared):
    from xml_schemas import check, schema

    valid = schema(shared, "page-2019-07-15.xsd")
    for file in processed[0].glob("OCR-D-*/*.xml"):
        check(valid, file)


def test_one_page_and_over_what_is_there(processed, model):
    folder = processed[0]
    given = ("-I", "OCR-D-IMG", "-O", "OCR-D-ONE", "-P", "model", str(model), "-g", "P4")
    assert sorter(folder, *given).returncode == 0
    (file,) = (folder / "OCR-D-ONE").iterdir()
    assert len(said_of(page_in(folder, "OCR-D-ONE", "P4"))[3]) == 1
    refused = sorter(folder, *given, "-P", "top_n", "3")
    assert refused.returncode and "already contains output for page P4" in refused.stderr
    assert sorter(folder, *given, "-P", "top_n", "3", "--overwrite").returncode == 0
    assert [file] == list((folder / "OCR-D-ONE").iterdir())
    assert len(said_of(page_in(folder, "OCR-D-ONE", "P4"))[3]) == 3


def test_mistakes_get_one_line(processed):
    given = ("-I", "OCR-D-IMG", "-O", "OCR-D-X")
    for parameter, line in (
        (("model", "nowhere"), "error: [setup] model nowhere: not there"),
        (("device", "gpu"), "error: parameter device gpu: must be auto, cpu, cuda, cuda:N or mps"),
    ):
        ended = sorter(processed[0], *given, "-P", *parameter)
        assert ended.returncode == 2
        assert len(ended.stderr.splitlines()) == 1 and ended.stderr.startswith(line)


@pytest.mark.skipif(importlib.util.find_spec("ocrd") is not None, reason="ocrd is installed")
def test_without_ocrd_one_line_says_what_to_install(tmp_path):
    ended = sorter(tmp_path, "-h")
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1 and "-m pip install -r" in ended.stderr
    assert "requirements-ocrd.txt" in ended.stderr


def test_parameters_are_settings():
    tool = json.loads(TOOL.read_text(encoding="utf-8"))
    assert tool["version"] == VERSION
    keys = {name: key for section in ("input", "output", "setup") for name, key in keys_of(section).items()}
    for name, about in tool["tools"]["ocrd-page-sorter"]["parameters"].items():
        key = keys[name]
        low, high, _, _ = key.about["range"]
        assert about["default"] == ("" if key.default is None else key.default)
        assert (about.get("minimum"), about.get("maximum")) == (low, high)
        assert tuple(about.get("enum", ())) == key.about["choices"]
        assert about["type"] == {bool: "boolean", int: "number"}.get(key.kind, "string")
        assert about.get("multipleOf") == (1 if key.kind is int else None)


def test_tool_json_is_valid_for_ocrd(tmp_path):
    pytest.importorskip("ocrd")
    code = "from ocrd.cli import cli; cli()"
    command = [sys.executable, "-c", code, "ocrd-tool", str(TOOL), "validate"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0 and 'valid="true"' in ended.stdout
