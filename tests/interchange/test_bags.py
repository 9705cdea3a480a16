"""BagIt: what is not what was put in is an error row; what cannot be checked is said."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import tiny
from mets_files import div, draw, write_mets

import run
from interchange.source import source_of
from utils import UserError


def bag(folder: Path, *algorithms: str) -> Path:
    """Make a bag of what lies in folder/data, after RFC 8493."""
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", encoding="utf-8")
    files = sorted(file for file in (folder / "data").rglob("*") if file.is_file())
    for algorithm in algorithms:
        lines = []
        for file in files:
            path = file.relative_to(folder).as_posix().replace("%", "%25")
            lines.append(f"{hashlib.new(algorithm, file.read_bytes()).hexdigest()}  {path}\n")
        (folder / f"manifest-{algorithm}.txt").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def packed(tmp_path) -> Path:
    scans = {f"i{number}": f"img/{name}.png" for number, name in enumerate(("1", "2", "50%25", "4"), 1)}
    folder = tmp_path / "box"
    write_mets(folder / "data", {"OCR-D-IMG": scans}, "".join(div(f"p{name}", name) for name in scans))
    (folder / "data" / "img" / "50%25.png").rename(folder / "data" / "img" / "50%.png")
    return folder


@pytest.mark.parametrize("algorithms", [("sha512",), ("md5", "sha256"), ("sha1",)])
def test_a_picture_that_was_changed_is_an_error(packed, algorithms):
    bag(packed, *algorithms)
    strongest = {"sha512": "sha512", "md5": "sha256", "sha1": "sha1"}[algorithms[0]]
    source = source_of(packed)
    assert [page.reason for page in source.pages] == [""] * 4
    assert source.document == "box"
    assert "4 pictures checked against the checksums of the bag" in source.notes
    draw(packed / "data" / "img" / "2.png", 9)
    (packed / "data" / "img" / "4.png").unlink()
    source = source_of(packed)
    wrong = f"its checksum is not the one in the bag's manifest ({strongest})"
    assert [page.reason for page in source.pages] == ["", wrong, "", "the file does not exist"]
    assert "warning: 3 pictures checked against the checksums of the bag: not what was put in: 1" in source.notes
    assert "warning: missing: 1 file that the bag lists: data/img/4.png" in source.notes
    assert not any("not what was put in" in note for note in source_of(packed, look=False).notes)


def test_what_cannot_be_checked_is_said(packed):
    bag(packed, "sha512")
    manifest = packed / "manifest-sha512.txt"
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    manifest.write_text(
        "".join(line for line in lines if "img/1.png" not in line).replace("  ", " *"), encoding="utf-8"
    )
    (packed / "tagmanifest-sha512.txt").write_text(f"{'0' * 128}  manifest-sha512.txt\n", encoding="utf-8")
    mets = packed / "data" / "mets.xml"
    mets.write_text(mets.read_text(encoding="utf-8") + "<!-- -->", encoding="utf-8")
    source = source_of(packed)
    assert [page.reason for page in source.pages] == [""] * 4
    assert "warning: 1 picture in no manifest of the bag, so not checked: img/1.png" in source.notes
    assert "warning: data/mets.xml was changed after the bag was made (sha512 differs)" in source.notes
    assert "warning: manifest-sha512.txt of the bag is not what tagmanifest-sha512.txt says" in source.notes
    manifest.write_text("no checksum here\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"manifest-sha512\.txt, line 1: no checksum and path"):
        source_of(packed)
    manifest.unlink()
    assert any("no manifest that is known" in note for note in source_of(packed).notes)


def test_a_manifest_that_names_files_elsewhere_reads_none(packed, tmp_path):
    bag(packed, "md5")
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    with (packed / "manifest-md5.txt").open("a", encoding="utf-8") as manifest:
        manifest.write(f"{'0' * 32}  ../secret.txt\n{'0' * 32}  {tmp_path / 'secret.txt'}\n")
    assert any(note.startswith("warning: missing: 2 files") for note in source_of(packed).notes)


def test_a_bag_of_pages_that_no_document_names(tmp_path, capsys):
    tiny.tiny_model_folder(tmp_path / "model", ["DRAW", "TEXT"])
    for number in (1, 2):
        draw(tmp_path / "box" / "data" / f"CTX1-{number}.png", number)
    bag(tmp_path / "box", "sha256")
    draw(tmp_path / "box" / "data" / "CTX1-2.png", 7)
    typed = ["-d", tmp_path / "box", "--model_path", tmp_path / "model", "-o", tmp_path / "out"]
    assert run.main([str(word) for word in typed]) == 1
    (table,) = (tmp_path / "out" / "tables").glob("*_ERRORS.csv")
    assert table.read_text(encoding="utf-8").splitlines() == [
        "FILE,PAGE,PATH,REASON",
        "CTX1,2,data/CTX1-2.png,its checksum is not the one in the bag's manifest (sha256)",
    ]
    assert "warning: 2 pictures checked against the checksums of the bag" in capsys.readouterr().err


@pytest.mark.shared
def test_a_bag_of_a_library(shared, tmp_path):
    source = source_of(shared / "interchange" / "kant_aufklaerung_1784")
    assert [(page.id, page.path, page.reason) for page in source.pages] == [
        ("PHYS_0017", "OCR-D-IMG/INPUT_0017.tif", ""),
        ("PHYS_0020", "OCR-D-IMG/INPUT_0020.tif", ""),
    ]
    assert source.notes[1:] == ("2 pictures checked against the checksums of the bag",)
    shutil.copytree(shared / "interchange" / "kant_aufklaerung_1784", tmp_path / "bag", copy_function=shutil.copyfile)
    with (tmp_path / "bag" / "data" / "OCR-D-IMG" / "INPUT_0020.tif").open("ab") as file:
        file.write(b"x")
    assert source_of(tmp_path / "bag").pages[1].reason == "its checksum is not the one in the bag's manifest (sha512)"
