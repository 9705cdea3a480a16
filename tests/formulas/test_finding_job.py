"""`formulas read --find` as it is typed: pages, folders, PDFs, bad inputs, resume."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from formula_sheet import PARAGRAPH, FormulaSheet, formula_sheet
from PIL import Image

import run
from formulas.finding import Found
from formulas.finding_scores import matched
from formulas.found_results import Formula, ReadPage
from formulas.recognizer import Reading

FORMULAS = (r"$E = \frac{m c^2}{\sqrt{1 - v^2 / c^2}}$", r"$\sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}$")


@pytest.fixture(scope="module")
def sheet() -> FormulaSheet:
    return formula_sheet([PARAGRAPH, FORMULAS[0], PARAGRAPH, FORMULAS[1], PARAGRAPH])


@pytest.fixture(scope="module")
def scans(tmp_path_factory, sheet) -> Path:
    """A folder of pages: two with formulas, a PDF with one of them on its second page, one of text, and broken ones."""
    folder = tmp_path_factory.mktemp("scans")
    sheet.image.save(folder / "a.png")
    text = formula_sheet([PARAGRAPH, PARAGRAPH]).image
    text.save(folder / "text.png")
    text.save(folder / "two.pdf", save_all=True, append_images=[sheet.image], resolution=200)
    Image.new("L", (900, 700), 255).save(folder / "blank.png")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:2000])
    (folder / "empty.png").touch()
    return folder


def read(model: Path, *arguments: object) -> int:
    return run.main(["formulas", "read", "--find", *map(str, arguments), "--model", str(model)])


def rows_of(folder: Path, pattern: str = "*_tiny.csv") -> list[dict[str, str]]:
    (file,) = (folder / "tables").glob(pattern)
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def box_of(row: dict[str, str]) -> tuple[int, int, int, int]:
    return tuple(int(row[side]) for side in ("LEFT", "TOP", "RIGHT", "BOTTOM"))


def test_a_page_is_answered_with_its_formulas(model, scans, sheet, capsys):
    assert read(model, scans / "a.png", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["size"] == list(sheet.image.size)
    assert matched([tuple(one["box"]) for one in said["formulas"]], sheet.boxes, 0.7) == 2 == len(said["formulas"])
    assert set(said["formulas"][0]) == {"box", "found", "latex", "confidence", "alternatives", "warnings"}
    assert read(model, scans / "a.png") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1. ") and said["formulas"][0]["latex"] in lines[1]
    assert any(line.startswith("2. ") for line in lines)


def test_a_formula_reads_as_it_does_when_cut_out(model, scans, tmp_path, capsys):
    assert read(model, scans / "a.png", "--json") == 0
    formulas = json.loads(capsys.readouterr().out)["formulas"]
    for formula in formulas:
        left, top, right, bottom = formula["box"]
        Image.open(scans / "a.png").crop((left - 4, top - 4, right + 4, bottom + 4)).save(tmp_path / "cut.png")
        assert run.main(["formulas", "read", str(tmp_path / "cut.png"), "--json", "--model", str(model)]) == 0
        assert json.loads(capsys.readouterr().out)["latex"] == formula["latex"]


def test_a_page_without_formulas_says_so(model, scans, capsys):
    for name in ("text.png", "blank.png"):
        assert read(model, scans / name) == 0
        assert capsys.readouterr().out.splitlines() == ["no display formula was found"]


def test_each_page_of_a_folder_has_one_outcome(model, scans, sheet, tmp_path, capsys):
    assert read(model, scans, "-o", tmp_path / "out", "--json", "--quiet") == 1
    assert "7 pages: 4 formulas on 2 of them, 2 failed" in capsys.readouterr().out
    rows = rows_of(tmp_path / "out")
    assert ",".join(rows[0]) == "PATH,PAGE,FORMULA,LEFT,TOP,RIGHT,BOTTOM,FOUND,LATEX,CONFIDENCE,WARNING"
    said = [f"{row['PATH']} {row['PAGE']} {row['FORMULA']}" for row in rows]
    assert said == [
        "a.png 1 1",
        "a.png 1 2",
        "blank.png 1 0",
        "text.png 1 0",
        "two.pdf 1 0",
        "two.pdf 2 1",
        "two.pdf 2 2",
    ]
    assert matched([box_of(row) for row in rows[:2]], sheet.boxes, 0.7) == 2
    assert {row["WARNING"] for row in rows if row["FORMULA"] == "0"} == {"no display formula was found"}
    assert all(0.5 <= float(row["FOUND"]) <= 1 for row in rows if row["FORMULA"] != "0")
    errors = {row["PATH"] for row in rows_of(tmp_path / "out", "*_ERRORS.csv")}
    assert errors == {"cut.png", "empty.png"}
    (file,) = (tmp_path / "out" / "tables").glob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [len(line["formulas"]) for line in lines] == [2, 0, 0, 0, 2]
    (file,) = (tmp_path / "out" / "tables").glob("*_run.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert (record["done"], record["formulas"], record["pages_with_formulas"]) == (7, 4, 2)


def test_pages_with_formulas_are_drawn_with_their_boxes(model, scans, sheet, tmp_path):
    assert read(model, scans, "-o", tmp_path / "out", "--quiet") == 1
    (folder,) = (tmp_path / "out" / "tables").glob("*_boxes")
    assert len(list(folder.iterdir())) == 2
    (drawn,) = folder.glob("*a.png.jpg")
    with Image.open(drawn) as image:
        pixels = np.asarray(image.convert("RGB"), int)
    scale = pixels.shape[1] / sheet.image.width
    red = (pixels[..., 0] > 150) & (pixels[..., 1] < 110)
    for left, top, right, bottom in sheet.boxes:
        assert red[round(top * scale) - 7 : round(top * scale), round((left + right) / 2 * scale)].any()
        assert not red[round(top * scale) + 2 : round(bottom * scale) - 2, round((left + right) / 2 * scale)].any()


def test_shards_give_the_files_and_pictures_of_one_process(model, scans, tmp_path):
    for name, more in (("one", ()), ("many", ("--cluster", "local:2"))):
        assert read(model, scans, "-o", tmp_path / name, "--json", "--quiet", "--batch_size", 2, *more) == 1
    one, many = ({_plain(file.relative_to(tmp_path / name).as_posix()): file.read_bytes()
                  for file in (tmp_path / name).rglob("*") if file.is_file() and "_run.json" not in file.name}
                 for name in ("one", "many"))  # fmt: skip
    assert one == many and len(one) == 5


def _plain(name: str) -> str:
    return re.sub(r"[0-9]{8}-[0-9]{6}", "", name)


def test_an_unfinished_run_of_cuttings_is_not_gone_on_with_as_pages(model, scans, tmp_path, capsys):
    assert read(model, scans, "-o", tmp_path / "out", "--resume") == 2
    assert "nothing to resume" in capsys.readouterr().err


def test_outcomes_come_back_from_the_journal_as_they_were():
    reading = Reading("a + b", 0.25, (("a - b", 0.1),), ("likely no formula",), -0.5, -2.0)
    page = ReadPage((Formula(Found((1, 2, 30, 40), 0.875), reading),), (1654, 2339), "JPEG: bad Huffman code")
    assert ReadPage.from_line(json.loads(page.line())) == page
    assert ReadPage.from_line(json.loads(ReadPage((), (9, 9)).line())) == ReadPage((), (9, 9))
