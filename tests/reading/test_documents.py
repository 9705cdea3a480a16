"""What document a page is of: names, folders, and names that are only page numbers."""

from __future__ import annotations

import csv
import os
from types import SimpleNamespace

import pytest
from judging_pages import call, paint, tiny_folder
from PIL import Image

from reading.documents import Documents, below_categories, below_label, below_root
from reading.pages import Page, pages_of
from settings.schema import Settings
from training.data import find_labelled
from utils import UserError


def rule_of(paths, source="auto", pattern="", below=below_root) -> Documents:
    return Documents(paths, SimpleNamespace(document_from=source, document_pattern=pattern), below)


def documents_of(paths, tmp_path, **how) -> list[str]:
    rule = rule_of(paths, **how)
    return [rule.of(page) for path in paths for page in pages_of(tmp_path, path)[0]]


@pytest.mark.parametrize(
    ("path", "source", "pattern", "document"),
    [
        ("box1/CTX1-2.png", "name", "", "CTX1"),
        ("box1/CTX1-2.png", "folder", "", "box1"),
        ("CTX1-2.png", "folder", "", "."),
        ("box1/inner/CTX1-2.png", "folder", "", "box1/inner"),
        ("box1/CTX1-2.png", "name", r"^CTX\d+", "CTX1"),
        ("box1/CTX1-2.png", "name", r"^CTX(\d+)-", "1"),
        ("box1/CTX1-2.png", "name", r"(C)(?P<document>TX\d)", "TX1"),
        ("box1/CTX1-2.png", "name", r"nothing", "CTX1"),
        ("box12/a/CTX1-2.png", "folder", r"^[^/]+", "box12"),
        ("box1/CTX1-2.png", "name", r"x*", "CTX1"),
    ],
)
def test_document_of(path, source, pattern, document):
    assert rule_of([path], source, pattern).of(Page(path, "CTX1", 2, None)) == document


def test_document_mistakes():
    with pytest.raises(UserError, match="not a regular expression"):
        rule_of(["a.png"], "name", "(")
    with pytest.raises(UserError, match="name or folder"):
        rule_of(["a.png"], "names")


NUMBERED = [
    ["0001.jpg", "0002.jpg"],
    ["1.png", "2.png"],
    ["page_1.png", "page_2.png"],
    ["IMG_0001.JPG", "IMG_0002.JPG"],
    ["DSC00012.jpg", "DSC00013.jpg"],
    ["Seite 12.png", "Seite 13.png"],
    ["strana_3.png", "strana_4.png"],
    ["image (1).webp", "image (2).webp"],
    ["0001r.jpg", "0001v.jpg"],
    ["Scan_20240131_143012.jpg", "Scan_20240131_143099.jpg"],
    ["WhatsApp Image 2024-01-31 14.30.12.jpg", "WhatsApp Image 2024-01-31 14.30.13.jpg"],
    ["0001-1.png", "0001-2.png"],
    ["brief1.png", "brief2.png"],
    ["letter_001.png", "letter_002.png"],
]


@pytest.mark.parametrize("names", NUMBERED, ids=lambda names: names[0])
def test_names_that_are_page_numbers_leave_the_folder_as_the_document(names, tmp_path):
    paths = [f"{box}/{name}" for box in ("box1", "a/box2") for name in names]
    assert documents_of(paths, tmp_path) == ["box1", "box1", "a/box2", "a/box2"]
    note = rule_of(paths).note()
    assert names[0] in note and "4 pages, 2 documents" in note and "--document_from" in note
    by_name = documents_of(paths, tmp_path, source="name")
    assert by_name[0] == by_name[2] and not rule_of(paths, "name").note()


def test_numbers_that_run_on_from_folder_to_folder_are_page_numbers_too(tmp_path):
    assert documents_of(["box1/0001.jpg", "box1/0002.jpg", "box2/0003.jpg"], tmp_path) == ["box1", "box1", "box2"]


def test_a_folder_that_cannot_be_listed_is_no_page_number(tmp_path):
    """It stands among the pages, as an error row: 0002, closed, makes no document of the folder box."""
    paths = ["box/0001.jpg", "0002", "0003"]
    assert not rule_of(paths).by_folder
    assert rule_of(["box/0004.jpg", *paths]).numbered == 2


@pytest.mark.parametrize(
    ("paths", "documents"),
    [
        (["a/CTX194603902-1.png", "b/CTX194603902-2.png"], ["CTX194603902"] * 2),  # a document in two folders
        (["a/CTX194603902-1.png", "b/CTX194603902-1.png"], ["CTX194603902"] * 2),
        (["a/CTX200205348.png", "b/CTX200205348.png"], ["CTX200205348"] * 2),
        (["a/194603902-1.png", "b/194603902-2.png"], ["194603902"] * 2),
        (["a/report-1.png", "b/report-2.png", "b/other-1.png"], ["report", "report", "other"]),
        (["tif/report-1.tif", "jpg/report-1.jpg"], ["report", "report"]),  # one page, two kinds of files
        (["a/letter1-1.png", "b/letter1-1.png"], ["letter1"] * 2),
        (["a/0001-1.png", "a/0002-1.png", "b/0003-1.png"], ["0001", "0002", "0003"]),
        (["0001.png", "0002.png"], ["0001", "0002"]),  # one folder: nothing else tells documents apart
    ],
)
def test_names_that_tell_documents_apart_are_kept(paths, documents, tmp_path):
    (tmp_path / "tif").mkdir()
    assert [rule_of(paths).of(page_of(path)) for path in paths] == documents


def page_of(path: str) -> Page:
    from utils import split_page_name

    name, number = split_page_name(path.rpartition("/")[2].rpartition(".")[0])
    return Page(path, name, number or 1, None)


def test_a_pdf_named_by_a_number_is_a_document_of_its_own():
    rule = rule_of(["box1/0001.pdf", "box2/0001.pdf"])
    pages = [Page(f"{box}/0001.pdf", "0001", 1, 0) for box in ("box1", "box2")]
    assert [rule.of(page) for page in pages] == ["box1/0001", "box2/0001"]


def test_label_folders_and_category_folders_are_no_part_of_a_document(tmp_path):
    paths = ["TEXT/box1/0001.jpg", "DRAW/box1/0002.jpg", "DRAW/box2/0001.jpg"]
    assert documents_of(paths, tmp_path, below=below_label) == ["box1", "box1", "box2"]
    assert documents_of(paths, tmp_path, below=below_label, source="folder") == ["box1", "box1", "box2"]
    assert documents_of(["TEXT/a.jpg"], tmp_path, below=below_label, source="folder") == ["TEXT"]
    sorted_in_boxes = ["box1/TEXT/0001.jpg", "box1/DRAW/0002.jpg", "box2/TEXT/0001.jpg"]
    below = below_categories(["TEXT", "DRAW"])
    assert documents_of(sorted_in_boxes, tmp_path, below=below) == ["box1", "box1", "box2"]


def test_numbers_right_below_the_label_folders_are_told(tmp_path):
    for path in ("TEXT/0001.png", "TEXT/0002.png", "DRAW/0001.png"):
        paint(tmp_path / path, len(path))
    found = find_labelled(tmp_path, Settings())
    assert any("0001.png" in note and "documents.csv" in note for note in found.notes)


def test_a_bare_name_in_documents_csv_that_several_boxes_hold_is_told(tmp_path):
    for path in ("TEXT/box1/0001.png", "TEXT/box2/0001.png"):
        paint(tmp_path / path, len(path))
    (tmp_path / "documents.csv").write_text("page,document\n0001.png,D1\n", encoding="utf-8")
    found = find_labelled(tmp_path, Settings())
    assert found.documents == ["D1", "D1"]
    assert any("several folders hold" in note and "0001.png" in note for note in found.notes)


def test_tables_of_documents_do_not_mix_boxes(tmp_path, capsys):
    model = tiny_folder(tmp_path / "model", seed=3)
    for number, box in enumerate(("box1", "box2")):
        for page in range(1, 4):
            paint(tmp_path / "pages" / box / f"{page:04d}.png", 7 * number + page)
    out = tmp_path / "out"
    assert call("-d", tmp_path / "pages", "--model_path", model, "-o", out, "--per_document") == 0
    (folder,) = (out / "tables").glob("*_documents")
    tables = {file.stem: list(csv.DictReader(file.open(encoding="utf-8"))) for file in folder.glob("*.csv")}
    assert {name: [row["PATH"] for row in rows] for name, rows in tables.items()} == {
        box: [f"{box}/{page:04d}.png" for page in range(1, 4)] for box in ("box1", "box2")
    }
    assert [row["FILE"] for row in tables["box1"]] == ["0001", "0002", "0003"], "FILE stays the name"
    assert "the folder counts as the document" in capsys.readouterr().out


def test_suggestions_count_boxes(tmp_path, capsys):
    model = tiny_folder(tmp_path / "model", seed=3)
    for number in range(12):
        paint(tmp_path / "pages" / f"box{number // 6}" / f"IMG_{number % 6:04d}.png", number)
    out = tmp_path / "out"
    assert call("--suggest", 12, "-d", tmp_path / "pages", "--model_path", model, "-o", out) == 0
    (file,) = (out / "tables").glob("suggest_*.csv")
    with file.open(encoding="utf-8") as stream:
        found = [row["DOCUMENT"] for row in csv.DictReader(stream)]
    assert sorted(found) == ["box0"] * 3 + ["box1"] * 3
    assert "the folder counts as the document" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_what_is_no_label_folder_and_what_cannot_be_listed_is_said(tmp_path):
    for name in ("DRAW/a-1.png", "TEXT/b-1.png", ".ipynb_checkpoints/c-1.png", "DRAW/@eaDir/d-1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (9, 9)).save(tmp_path / name)
    (tmp_path / "PHOTO").symlink_to("PHOTO")
    (tmp_path / "TEXT" / "gone-2.png").symlink_to("nowhere.png")
    (tmp_path / "documents.csv").write_text("page,document\na-1.png,A\n", encoding="utf-8")
    found = find_labelled(tmp_path, Settings())
    assert [page.path for page in found.pages] == ["DRAW/a-1.png", "TEXT/b-1.png", "TEXT/gone-2.png"]
    assert found.categories == ["DRAW", "TEXT"]
    assert found.lost == ["PHOTO: a link that points to itself"]
    assert found.notes[:2] == [
        "left out: .ipynb_checkpoints, @eaDir (--hidden takes them)",
        "PHOTO: a link that points to itself; what it holds is left out",
    ]


def test_one_page_documents_that_lie_together_stay_apart(tmp_path):
    """move_single.py puts documents of one page into one folder: their names are names, whatever they look like."""
    moved = ["onepagers/Č1-1.png", "onepagers/Č2-1.png", "onepagers/foto-1.png", "onepagers/0007.png"]
    others = ["Č3/Č3-1.png", "Č3/Č3-2.png", "0008/0001.png", "0009/0001.png"]
    assert documents_of(moved + others, tmp_path) == ["Č1", "Č2", "foto", "0007", "Č3", "Č3", "0008", "0009"]


@pytest.mark.parametrize(
    ("paths", "documents"),
    [
        (["a/Č1-1.png", "a/Č2-1.png", "b/Č3-1.png"], ["Č1", "Č2", "Č3"]),
        (["a/no12.png", "a/no13.png", "b/no14.png"], ["no12", "no13", "no14"]),
        (["a/scan1-1.png", "a/scan2-1.png", "b/scan3-1.png"], ["scan1", "scan2", "scan3"]),  # of PDFs
        (["a/scan1-1.png", "b/scan1-1.png"], ["a", "b"]),
        (["a/č 1.png", "b/č 1.png"], ["a", "b"]),
        (["a/0001_L.tif", "b/0001_L.tif"], ["a", "b"]),
        (["a/page_001_of_012.png", "b/page_001_of_012.png"], ["a", "b"]),
        (["a/IMG-20240131-WA0001.jpg", "b/IMG-20240131-WA0002.jpg"], ["a", "b"]),
        (["a/IMG_0001 - Kopie.jpg", "b/IMG_0002_edited.jpg"], ["a", "b"]),
        (["a/Neues Dokument 1.jpg", "b/Neues Dokument 1.jpg"], ["a", "b"]),
    ],
)
def test_names_and_numbers_in_other_forms(paths, documents, tmp_path):
    assert documents_of(paths, tmp_path) == documents
