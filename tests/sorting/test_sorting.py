"""The corridor from the command to the table: `python run.py ...` on real files with tiny models, sockets refused."""

from __future__ import annotations

import csv
import json
import os
import socket
from pathlib import Path

import pytest
import tiny
from PIL import Image, ImageDraw

import run
from encoders.card import licence_of
from encoders.identity import model_hash
from settings.flags import VERSION

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise OSError("a test opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "tiny"
    tiny.tiny_model_folder(folder, CATEGORIES)
    return folder


def draw(file: Path, number: int, mode: str = "L", size: tuple[int, int] = (90, 120)) -> Path:
    """A page whose look depends on its number, so that no two have the same scores."""
    image = Image.new("L", size, 250)
    pen = ImageDraw.Draw(image)
    for line in range(6 + number % 7):
        pen.rectangle((8 + 3 * number % 40, 8 + 15 * line, 70, 12 + 15 * line), fill=(37 * number) % 200)
    file.parent.mkdir(parents=True, exist_ok=True)
    image.convert(mode).save(file)
    return file


def rows_of(folder: Path, pattern: str) -> list[dict[str, str]]:
    found = list((folder / "tables").glob(pattern))
    assert len(found) == 1, f"{pattern}: {[file.name for file in found]}"
    with found[0].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sort(*arguments: object) -> int:
    return run.main([str(argument) for argument in arguments])


def test_one_outcome_for_every_file_and_good_scores_do_not_move(tmp_path, model):
    good, mixed = tmp_path / "good", tmp_path / "mixed"
    for folder in (good, mixed):
        for number in range(1, 8):
            draw(folder / f"doc-{number:02}.png", number)
        draw(folder / "sub" / "doc-03.png", 33)  # the same name in another folder
        draw(folder / "Upper.JPG", 9)
        draw(folder / "fax-2.tif", 10, mode="1")
        draw(folder / "palette.bmp", 11, mode="P")
        draw(folder / "colour.webp", 12, mode="RGB")
        first, second = (Image.open(folder / f"doc-{number:02}.png") for number in (1, 2))
        first.save(folder / "two.tif", save_all=True, append_images=[second])
        first.convert("RGB").save(folder / "report.PDF", save_all=True, append_images=[second.convert("RGB")])
    whole = (mixed / "doc-01.png").read_bytes()
    (mixed / "doc-00.png").write_bytes(whole[: len(whole) // 2])
    (mixed / "empty.jpg").touch()
    (mixed / "letter.png").write_text("not an image", encoding="utf-8")
    (mixed / "broken.pdf").write_bytes((mixed / "report.PDF").read_bytes()[:700])
    (mixed / "broken.tif").write_bytes((mixed / "two.tif").read_bytes()[:300])
    (mixed / "gone.png").symlink_to(mixed / "nowhere.png")
    (mixed / "notes.txt").write_text("a file of another kind", encoding="utf-8")

    common = ("--model_path", model, "--batch_size", 4, "-tn", 2, "--raw")
    assert sort("-d", good, "-o", tmp_path / "a", *common) == 0
    assert sort("-d", mixed, "-o", tmp_path / "b", *common) == 1

    alone, among = rows_of(tmp_path / "a", "*_RAW.csv"), rows_of(tmp_path / "b", "*_RAW.csv")
    assert [(row["PATH"], row["PAGE"]) for row in alone] == [(row["PATH"], row["PAGE"]) for row in among]
    assert len({(row["PATH"], row["PAGE"]) for row in among}) == len(among) == 16
    for one, other in zip(alone, among, strict=True):
        for category in CATEGORIES:
            assert abs(float(one[category]) - float(other[category])) <= 1e-5
    errors = {row["PATH"]: row["REASON"] for row in rows_of(tmp_path / "b", "*_ERRORS.csv")}
    assert set(errors) == {"doc-00.png", "empty.jpg", "letter.png", "broken.pdf", "broken.tif", "gone.png"}
    assert all(errors.values())
    table = rows_of(tmp_path / "b", "result_*_2n_3c.csv")
    assert list(table[0]) == ["FILE", "PAGE", "CLASS-1", "CLASS-2", "SCORE-1", "SCORE-2", "PATH"]
    assert [row["PATH"] for row in table] == [row["PATH"] for row in among]
    record = json.loads(next((tmp_path / "b" / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert record["state"] == "finished with failures"
    assert (record["pages"], record["failed"], record["files_of_other_kinds"]) == (22, 6, 1)
    assert not list((tmp_path / "b" / "runs").iterdir())


@pytest.mark.parametrize("kind", tiny.KINDS)
def test_every_kind_of_dual_encoder_sorts_and_batches_do_not_move_scores(tmp_path, kind):
    tiny.tiny_model_folder(tmp_path / "model", CATEGORIES, kind=kind)
    for number in range(5):
        draw(tmp_path / "pages" / f"x-{number}.png", number)
    for size in (1, 4):
        out = tmp_path / str(size)
        pages = ("-d", tmp_path / "pages", "--model_path", tmp_path / "model", "-o", out, "--raw")
        assert sort(*pages, "--batch_size", size) == 0
    one, four = (rows_of(tmp_path / size, "*_RAW.csv") for size in ("1", "4"))
    for row, other in zip(one, four, strict=True):
        assert abs(sum(float(row[category]) for category in CATEGORIES) - 1) < 1e-5
        assert all(abs(float(row[category]) - float(other[category])) <= 1e-5 for category in CATEGORIES)


def test_single_pages_give_a_table_in_the_terminal_and_no_file(tmp_path, model, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "a-1.png", 1)
    (tmp_path / "b-2.png").touch()
    before = sorted(tmp_path.iterdir())
    assert sort("-tn", 2, "-f", "a-1.png", "b-2.png", "--model_path", model) == 1
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert len(lines) == 3
    assert lines[1].split()[:2] == ["a", "1"]
    assert "empty" in lines[2]
    assert "3 categories" in shown.err
    assert sorted(tmp_path.iterdir()) == before


def test_a_page_alone_has_the_scores_that_it_has_in_a_folder(tmp_path, model):
    for number in range(9):
        draw(tmp_path / "pages" / f"x-{number}.png", number)
    assert sort("-d", tmp_path / "pages", "--model_path", model, "-o", tmp_path / "a", "--raw") == 0
    assert sort("-f", tmp_path / "pages" / "x-5.png", "--model_path", model, "-o", tmp_path / "b", "--raw") == 0
    many, single = rows_of(tmp_path / "a", "*_RAW.csv")[5], rows_of(tmp_path / "b", "*_RAW.csv")[0]
    assert (many["FILE"], many["PAGE"]) == (single["FILE"], single["PAGE"]) == ("x", "5")
    assert all(abs(float(many[name]) - float(single[name])) <= 1e-5 for name in CATEGORIES)


def test_true_is_told_where_folders_are_categories(tmp_path, model):
    draw(tmp_path / "pages" / "TEXT" / "a-1.png", 1)
    draw(tmp_path / "pages" / "unsorted" / "b-1.png", 2)
    assert sort("-d", tmp_path / "pages", "--model_path", model, "-o", tmp_path / "out") == 0
    assert [row["TRUE"] for row in rows_of(tmp_path / "out", "result_*")] == ["TEXT", ""]


def test_categories_that_were_not_learned_draw_a_warning(tmp_path, capsys):
    tiny.tiny_model_folder(tmp_path / "model", CATEGORIES, learned=CATEGORIES)
    draw(tmp_path / "a-1.png", 1)
    own = tmp_path / "own.tsv"
    own.write_text("label\tdescription\nTEXT\ta page\nMAP\ta map\nBLANK\t\n", encoding="utf-8")
    assert sort("-f", tmp_path / "a-1.png", "--model_path", tmp_path / "model", "-cc", own, "-tn", 9) == 0
    said = capsys.readouterr().err
    assert "not learned" in said and "MAP" in said
    assert "no description for BLANK" in said
    assert "-tn 9" in said and "all 3" in said


def test_zero_shot_takes_an_untuned_base_from_a_folder(tmp_path):
    base = tmp_path / "base"
    tiny.tiny_base(base, "clip")
    own = tmp_path / "own.tsv"
    own.write_text("label\tdescription\nTEXT\ta page\nMAP\ta map\n", encoding="utf-8")
    draw(tmp_path / "pages" / "a-1.png", 1)
    out = tmp_path / "out"
    assert sort("--zero_shot", "-m", base, "-cc", own, "-d", tmp_path / "pages", "-o", out) == 0
    assert rows_of(out, "result_*_1n_2c.csv")[0]["CLASS-1"] in ("TEXT", "MAP")


@pytest.mark.shared
@pytest.mark.parametrize("form", ["single", "averaged", "mixed", "pt"])
def test_the_earlier_tools_models_give_the_earlier_probabilities(tmp_path, shared, form):
    golden = json.loads((shared / "golden" / "golden.json").read_text(encoding="utf-8"))
    mode = golden["modes"]["averaged" if form == "pt" else form]
    pages = tmp_path / "pages"
    for name, page in golden["pages"].items():
        target = pages / page["category"] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((shared / "pages" / page["category"] / name).read_bytes())
    model = shared / "golden" / ("checkpoint_averaged.pt" if form == "pt" else f"model_{form}")
    tokenizer = shared / "golden" / "tokenizer"
    extra = ("-cc", shared / "golden" / "categories_averaged.tsv") if form == "pt" else ()
    out = tmp_path / "out"
    flags = ("--model_path", model, "--tokenizer", tokenizer, "--raw")
    assert sort("-d", pages, "-o", out, *flags, *extra) == 0
    rows = {row["PATH"].rpartition("/")[2]: row for row in rows_of(out, "*_RAW.csv")}
    assert set(rows) == set(golden["pages"])
    for name, row in rows.items():
        wanted = dict(zip(mode["categories"], mode["pages"][name]["probabilities"], strict=True))
        assert all(abs(float(row[category]) - wanted[category]) <= 1e-4 for category in wanted)


LABELLED = ("DRAW", "LINE", "PHOT", "TEXT")


@pytest.mark.shared
def test_a_pdf_page_gets_the_category_of_its_300_dpi_png(tmp_path, shared):
    import pypdfium2

    report = pypdfium2.PdfDocument(shared / "pdf" / "CTX200502635.pdf")
    few = pypdfium2.PdfDocument.new()
    few.import_pages(report, list(range(0, len(report), 4)))
    (tmp_path / "pdf").mkdir()
    (tmp_path / "png").mkdir()
    few.save(tmp_path / "pdf" / "r.pdf")
    for number in range(len(few)):
        few[number].render(scale=300 / 72).to_pil().save(tmp_path / "png" / f"r-{number + 1}.png")
    for kind in ("pdf", "png"):  # the shipped model
        assert sort("-d", tmp_path / kind, "-o", tmp_path / f"out-{kind}", "--raw") == 0
    from_pdf, from_png = (rows_of(tmp_path / f"out-{kind}", "*_RAW.csv") for kind in ("pdf", "png"))
    assert [(row["FILE"], row["PAGE"]) for row in from_pdf] == [(row["FILE"], row["PAGE"]) for row in from_png]
    clear = 0
    for one, other in zip(from_pdf, from_png, strict=True):
        scores = [{k: float(v) for k, v in row.items() if k.isupper() and k[:4] in LABELLED} for row in (one, other)]
        assert len(scores[0]) == 11
        assert all(abs(scores[0][category] - scores[1][category]) < 0.1 for category in scores[0])
        best = sorted(scores[1].values())
        if best[-1] - best[-2] > 0.1:  # no tie
            clear += 1
            assert max(scores[0], key=scores[0].get) == max(scores[1], key=scores[1].get)
    assert clear >= len(from_pdf) - 1


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links need rights on Windows")
def test_a_collection_as_network_drives_leave_it(tmp_path, model, capsys):
    """Thumbnails, trash, a link that loops and files of other kinds: as many pages as scans, and one row a fault."""
    scans = tmp_path / "scans"
    for number in (1, 2):
        draw(scans / "box1" / f"CTX-{number}.png", number)
        draw(scans / "box1" / "@eaDir" / f"CTX-{number}.png" / "SYNOPHOTO_THUMB_XL.jpg", number)
    draw(scans / "#recycle" / "CTX-3.png", 3)
    draw(scans / "drafts" / "CTX-4.png", 4)
    (scans / "loop-5.jpg").symlink_to("loop-5.jpg")
    for name in ("a.heic", "b.HEIC", "c.djvu", "notes"):
        (scans / name).write_bytes(b"x")
    assert sort("-d", scans, "-o", tmp_path / "out", "--exclude", "drafts", "--model_path", model) == 1
    said = capsys.readouterr().err
    assert "left alone: 2 .heic, 1 without an ending, 1 .djvu" in said
    assert "left out: #recycle, @eaDir (--hidden takes them)" in said
    assert "left out by --exclude: 1 x drafts" in said
    rows = rows_of(tmp_path / "out", "result_*.csv")
    assert [row["PATH"] for row in rows] == ["box1/CTX-1.png", "box1/CTX-2.png"]
    [failed] = rows_of(tmp_path / "out", "*_ERRORS.csv")
    assert (failed["PATH"], failed["PAGE"]) == ("loop-5.jpg", "5")
    assert failed["REASON"] == "a link that points to itself"
    record = json.loads(next((tmp_path / "out" / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert record["files_of_other_kinds"] == 4
    assert record["passed_over"]["folders"] == {"@eaDir": 1, "#recycle": 1}
    assert sort("-d", scans, "-o", tmp_path / "all", "--hidden", "--model_path", model) == 1
    assert len(rows_of(tmp_path / "all", "result_*.csv")) == 6


def test_the_record_tells_which_program_and_model_with_their_licences_and_in_which_image(tmp_path, model, monkeypatch):
    monkeypatch.setenv("PAGE_SORTER_IMAGE", "archive.example/page-sorter:0.1.0")
    monkeypatch.chdir(model)
    page = draw(tmp_path / "a-1.png", 1)
    assert sort("-f", page, "--model_path", ".", "-o", tmp_path / "out") == 0
    record = json.loads(next((tmp_path / "out" / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert record["schema"] == 1
    assert record["program"] == {
        "name": "page-sorter",
        "version": VERSION,
        "licence": "MIT",
        "image": "archive.example/page-sorter:0.1.0",
    }
    told = record["model"]
    assert (told["name"], told["licence"]) == ("tiny", licence_of(tiny.CARD))
    assert told["hash"] == model_hash(model)


def test_one_file_is_sorted_as_a_collection(tmp_path, model):
    first, second = (Image.open(draw(tmp_path / f"{number}.png", number)).convert("RGB") for number in (1, 2))
    first.save(tmp_path / "report.pdf", save_all=True, append_images=[second])
    assert sort("-d", tmp_path / "report.pdf", "-o", tmp_path / "out", "--model_path", model) == 0
    rows = rows_of(tmp_path / "out", "result_*.csv")
    assert [(row["FILE"], row["PAGE"], row["PATH"]) for row in rows] == [
        ("report", "1", "report.pdf"), ("report", "2", "report.pdf")
    ]  # fmt: skip
