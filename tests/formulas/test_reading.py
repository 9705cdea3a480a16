"""`formulas read` as it is typed: one picture, folders, PDFs, bad inputs, kills."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from formula_models import picture, pictures
from PIL import Image

import run

HOME = Path(__file__).resolve().parents[2]


def read(model: Path, *arguments: object) -> int:
    return run.main(["formulas", "read", *map(str, arguments), "--model", str(model)])


def rows_of(folder: Path, pattern: str = "*_tiny.csv") -> list[dict[str, str]]:
    (file,) = (folder / "tables").glob(pattern)
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_one_picture_is_answered_with_its_latex_first(tmp_path, model, capsys):
    picture("a=bc").save(tmp_path / "formula.png")
    assert read(model, tmp_path / "formula.png") == 0
    lines = capsys.readouterr().out.splitlines()
    assert read(model, tmp_path / "formula.png", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"path", "latex", "confidence", "alternatives", "warnings"}
    assert lines[0] == said["latex"]
    assert lines[1].startswith("confidence ")
    assert all(set(one) == {"latex", "confidence"} for one in said["alternatives"])
    assert 1 <= len(said["alternatives"]) <= 3
    assert read(model, tmp_path / "formula.png", "--json", "--beams", 1) == 0
    assert json.loads(capsys.readouterr().out)["alternatives"] == []


def test_each_file_of_a_folder_has_one_outcome(tmp_path, model, capsys):
    scans = tmp_path / "scans"
    first, second, *_ = pictures(scans, 4)
    (scans / "sub").mkdir()
    opened = [Image.open(file) for file in (first, second)]
    opened[0].save(scans / "sub" / "two.tif", save_all=True, append_images=opened[1:])
    opened[0].convert("RGB").save(scans / "sub" / "two.pdf", save_all=True, append_images=[opened[1].convert("RGB")])
    Image.new("L", (90, 40), 255).save(scans / "blank.png")
    (scans / "cut.png").write_bytes(first.read_bytes()[:300])
    (scans / "empty.png").touch()
    (scans / "notes.txt").write_text("no picture")
    assert read(model, scans, "-o", tmp_path / "out", "--json", "--quiet") == 1
    assert "11 pictures: 9 read, 2 failed" in capsys.readouterr().out
    rows = rows_of(tmp_path / "out")
    assert list(rows[0]) == ["PATH", "PAGE", "LATEX", "CONFIDENCE", "WARNING"]
    assert sorted((row["PATH"], row["PAGE"]) for row in rows) == [
        ("blank.png", "1"), *((f"f{number:03}.png", "1") for number in range(4)),
        *((f"sub/two.{kind}", page) for kind in ("pdf", "tif") for page in "12"),
    ]  # fmt: skip
    assert all(0 <= float(row["CONFIDENCE"]) <= 1 for row in rows)
    (blank,) = [row for row in rows if row["PATH"] == "blank.png"]
    assert blank["LATEX"] == "" and blank["WARNING"].startswith("no formula: blank")
    same = {(row["PATH"], row["PAGE"]): row["LATEX"] for row in rows}
    assert same["sub/two.tif", "2"] == same["f001.png", "1"]
    errors = {row["PATH"]: row["REASON"] for row in rows_of(tmp_path / "out", "*_ERRORS.csv")}
    assert errors.keys() == {"cut.png", "empty.png"} and errors["empty.png"] == "the file is empty"
    (file,) = (tmp_path / "out" / "tables").glob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["path"], str(line["page"])) for line in lines] == [(row["PATH"], row["PAGE"]) for row in rows]
    (file,) = (tmp_path / "out" / "tables").glob("*_run.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["state"] == "finished with failures"
    assert (record["done"], record["failed"], record["beams"]) == (11, 2, 4)


def test_pictures_alone_have_the_plain_columns(tmp_path, model):
    pictures(tmp_path / "scans", 2)
    assert read(model, tmp_path / "scans", "-o", tmp_path / "out", "--quiet") == 0
    assert list(rows_of(tmp_path / "out")[0]) == ["PATH", "LATEX", "CONFIDENCE", "WARNING"]
    assert not list((tmp_path / "out" / "tables").glob("*.jsonl"))
    assert not list((tmp_path / "out" / "tables").glob("*_ERRORS.csv"))


def test_a_single_picture_that_fails_says_why(tmp_path, model, capsys):
    (tmp_path / "empty.png").touch()
    assert read(model, tmp_path / "empty.png") == 1
    assert capsys.readouterr().out.splitlines() == ["failed: the file is empty"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the pictures to read"),
        (["nothing.png"], "nothing.png does not exist; did you mean note.png?"),
        (["note.txt"], "note.txt is not a page"),
        (["scans", "note.png"], "scans is a folder: give one folder"),
        (["void"], "no pages in"),
        (["note.png", "--resume"], "--resume: without -o"),
        (["note.png", "--beams", "0"], "--beams 0: must be a whole number"),
        (["note.png", "--beams", "100"], "--beams 100: must be at most 64"),
        (["note.png", "-o", "note.txt"], "note.txt is a file"),
        (["scans", "--resume"], "nothing to resume"),
        (["note.png", "--cluster", "local:2"], "--cluster is for a folder"),
        (["scans", "--cluster", "lokal:2"], "did you mean local?"),
        (["scans", "--cluster", "join"], "--worker FOLDER"),
        (["note.png", "--beam", "2"], "did you mean --beams?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_line(tmp_path, model, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    picture("x").save(tmp_path / "note.png")
    (tmp_path / "note.txt").write_text("no picture")
    (tmp_path / "void").mkdir()
    pictures(tmp_path / "scans", 1)
    assert read(model, *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("error: ") and said in line


def test_a_model_that_is_not_there_is_named(tmp_path, capsys):
    picture("x").save(tmp_path / "x.png")
    assert run.main(["formulas", "read", str(tmp_path / "x.png"), "--model", "no-such-model"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--model no-such-model: no such folder" in line


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL cannot be sent on Windows")
def test_killed_and_resumed_the_files_are_those_of_an_undisturbed_run(tmp_path, model):
    scans = tmp_path / "scans"
    pictures(scans, 60)
    (scans / "f007.png").write_bytes(b"")
    Image.new("L", (90, 40), 255).save(scans / "f011.png")
    how = [scans, "--json", "--quiet", "--batch_size", "2", "--beams", "6"]
    assert read(model, *how, "-o", tmp_path / "whole") == 1
    command = [sys.executable, str(HOME / "run.py"), "formulas", "read", *map(str, how), "-o", str(tmp_path / "out"),
               "--model", str(model)]  # fmt: skip
    started = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    journal: list[Path] = []
    until = time.monotonic() + 60
    while started.poll() is None and time.monotonic() < until:
        journal = list((tmp_path / "out" / "runs").glob("*/journal.jsonl"))
        if journal and journal[0].read_bytes().count(b"\n") >= 3:
            started.kill()
        time.sleep(0.002)
    assert started.wait() == -signal.SIGKILL
    assert 3 <= journal[0].read_bytes().count(b"\n") < 30
    assert read(model, *how, "-o", tmp_path / "out", "--resume") == 1
    for pattern in ("*_tiny.csv", "*_tiny.jsonl", "*_ERRORS.csv"):
        (whole,), (resumed,) = ((tmp_path / name / "tables").glob(pattern) for name in ("whole", "out"))
        assert resumed.read_bytes() == whole.read_bytes()
    assert list((tmp_path / "out" / "runs").iterdir()) == []
