"""`python run.py -d mets.xml`: the tables, the record and `--resume` of pages that a document names."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from mets_files import div, draw, write_mets

import run
from reading import loader
from settings.config_file import HOME

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny.tiny_model_folder(folder, CATEGORIES)
    return folder


@pytest.fixture
def workspace(tmp_path) -> Path:
    """Pages in another order than their files have, one of them gone, one on the network."""
    folder = tmp_path / "box"
    scans = {f"i{number}": f"img/{number}.png" for number in (1, 2, 3, 4)} | {"i5": "https://example.org/5.png"}
    pages = "".join(div(f"P{number}", f"i{number}", order=str(9 - number)) for number in (1, 2, 3, 4, 5))
    write_mets(folder, {"DEFAULT": scans}, pages)
    (folder / "img" / "3.png").unlink()
    return folder


def sort(*arguments: object) -> int:
    return run.main([str(argument) for argument in arguments])


def rows(folder: Path, pattern: str) -> list[dict[str, str]]:
    (file,) = (folder / "tables").glob(pattern)
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def tables(folder: Path) -> dict[str, str]:
    """Name without its time -> text."""
    files = (folder / "tables").rglob("*.csv")
    return {re.sub(r"\d{8}-\d{6}", "", file.name): file.read_text(encoding="utf-8") for file in files}


def test_tables_have_the_documents_ids_and_order(tmp_path, model, workspace, capsys):
    out = tmp_path / "out"
    assert sort("-d", workspace / "mets.xml", "--model_path", model, "-o", out, "--raw", "--per_document") == 1
    said = capsys.readouterr()
    assert "mets.xml: 5 pages, file group DEFAULT" in said.err
    assert "warning: 2 of 5 pages cannot be read: each is an error row" in said.err
    result = rows(out, "result_*.csv")
    assert [(row["FILE"], row["PAGE"], row["ID"], row["PATH"]) for row in result] == [
        ("box", "2", "P4", "img/4.png"),
        ("box", "4", "P2", "img/2.png"),
        ("box", "5", "P1", "img/1.png"),
    ]
    assert list(result[0])[-2:] == ["ID", "PATH"] == list(rows(out, "*_RAW.csv")[0])[-2:]
    assert [(row["ID"], row["PATH"], row["REASON"]) for row in rows(out, "*_ERRORS.csv")] == [
        ("P5", "https://example.org/5.png", "it lies on the network (https://example.org): nothing is fetched"),
        ("P3", "img/3.png", "the file does not exist"),
    ]
    (folder,) = (out / "tables").glob("*_documents")
    assert [file.name for file in folder.iterdir()] == ["box.csv"]
    (record,) = (out / "tables").glob("*_run.json")
    source = json.loads(record.read_text(encoding="utf-8"))["source"]
    assert (source["kind"], source["file_group"], len(source["sha256"])) == ("mets", "DEFAULT", 64)
    assert source["file"] == str(workspace / "mets.xml")


def interrupted(monkeypatch, *arguments: object) -> None:
    """Ctrl-C after a batch."""
    load = loader.load_batches

    def stop(*given, **named):
        yield next(iter(load(*given, **named)))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loader, "load_batches", stop)
        assert sort(*arguments) == 130


def test_an_interrupted_run_goes_on_unless_the_document_was_changed(tmp_path, model, workspace, monkeypatch, capsys):
    how = ["-d", workspace, "--model_path", model, "--raw", "--batch_size", 2, "-o"]
    assert sort(*how, tmp_path / "whole") == 1
    interrupted(monkeypatch, *how, tmp_path / "out")
    file = workspace / "mets.xml"
    before = file.read_bytes()
    file.write_bytes(before.replace(b'ID="P1"', b'ID="P0"'))
    capsys.readouterr()
    assert sort(*how, tmp_path / "out", "--resume") == 2
    said = capsys.readouterr().err
    assert re.search(r"nothing to resume for this command .* has document = [0-9a-f]{12} \(here [0-9a-f]{12}\);", said)
    file.write_bytes(before)
    assert sort(*how, tmp_path / "out", "--resume", "--images", workspace) == 2
    assert 'has images = ""' in capsys.readouterr().err
    file.write_bytes(before)
    draw(workspace / "img" / "0.png", 7)  # no page of the document
    assert sort(*how, tmp_path / "out", "--resume") == 1
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")


def test_a_run_that_was_to_write_formats_does_not_end_without_them(tmp_path, model, workspace, monkeypatch, capsys):
    how = ["-d", workspace, "--model_path", model, "--batch_size", 2, "-o", tmp_path / "out"]
    interrupted(monkeypatch, *how, "--write", "jsonl")
    capsys.readouterr()
    assert sort(*how, "--resume") == 2
    assert 'has write = ["jsonl"] (here nothing)' in capsys.readouterr().err
    assert sort(*how, "--write", "jsonl", "--resume") == 1
    assert list((tmp_path / "out" / "interchange").rglob("pages.jsonl"))


def test_flags_of_documents_are_refused_where_there_is_none(tmp_path, model, capsys):
    draw(tmp_path / "pages" / "1.png", 1)
    for flags in (["--file-group", "MAX"], ["--images", tmp_path]):
        assert sort("-d", tmp_path / "pages", "--model_path", model, "-o", tmp_path / "out", *flags) == 2
        assert f"{flags[0]} is for pages that a document names" in capsys.readouterr().err
    assert sort("--eval", "-d", tmp_path / "pages", "--images", tmp_path) == 2
    assert "--images belongs to sorting" in capsys.readouterr().err
    (tmp_path / "page.xml").write_text("<html/>", encoding="utf-8")
    assert sort("-d", tmp_path / "page.xml", "--model_path", model) == 2
    assert "its first element is html" in capsys.readouterr().err
    assert sort("-f", tmp_path / "page.xml", "--model_path", model) == 2
    assert f"sorting alone takes it: -d {tmp_path / 'page.xml'}" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["pages", "box"])
def test_neither_plain_folders_nor_documents_load_more_than_the_light_install_has(tmp_path, model, workspace, given):
    draw(tmp_path / "pages" / "1.png", 1)
    typed = ["-d", str(tmp_path / given), "--model_path", str(model), "-o", str(tmp_path / "out")]
    heavy = ("lxml", "pyarrow", "pandas")
    code = f"import sys, run; run.main({typed!r}); print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_whatever_a_manifest_says_the_tables_can_be_read_again(tmp_path, model):
    said = ["a\0/../x.png", "=1+1", "line\nbreak.png", "\ud800.png", "../../etc/passwd", "scans/1.png", "x" * 3000]
    draw(tmp_path / "scans" / "1.png", 1)
    canvases = [
        {
            "id": f"urn:{name}",
            "type": "Canvas",
            "items": [{"items": [{"motivation": "painting", "body": {"type": "Image", "id": name}}]}],
        }
        for name in said
    ]
    content = {"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest", "items": canvases}
    file = tmp_path / "ms.json"
    file.write_text(json.dumps(content), encoding="ascii")
    assert sort("-d", file, "--model_path", model, "-o", tmp_path / "out") == 1
    assert [row["PAGE"] for row in rows(tmp_path / "out", "result_*.csv")] == ["6"]
    errors = rows(tmp_path / "out", "*_ERRORS.csv")
    assert [row["PAGE"] for row in errors] == ["1", "2", "3", "4", "5", "7"]
    assert errors[1]["PATH"] == "./=1+1"
    assert all(row["ID"].startswith("urn:") and row["REASON"] for row in errors)


def test_a_document_that_names_itself_as_a_picture_is_an_error_row(tmp_path, model):
    write_mets(tmp_path / "box", {"DEFAULT": {"i1": "1.png", "i2": "mets.xml"}}, div("p1", "i1") + div("p2", "i2"))
    file = tmp_path / "box" / "mets.xml"
    file.write_text(file.read_text(encoding="utf-8").replace("application/alto+xml", "image/png"), encoding="utf-8")
    assert sort("-d", file, "--model_path", model, "-o", tmp_path / "out") == 1
    (error,) = rows(tmp_path / "out", "*_ERRORS.csv")
    assert (error["ID"], error["PATH"]) == ("p2", "mets.xml")
