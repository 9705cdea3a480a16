"""`formulas draw`: every formula has its picture or its reason, and a kill changes nothing."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from formulas import drawing_job
from run import main

HOME = Path(__file__).resolve().parents[2]
GOOD = [rf"x _ {{ {number} }} = \frac {{ a }} {{ {number} }}" for number in range(24)]


def rows(folder: Path, name: str = "formulas.csv") -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


@pytest.fixture
def formulas(tmp_path):
    file = tmp_path / "formulas.txt"
    file.write_text("\n".join([*GOOD, r"\nosuchword", "", GOOD[0], r"= \input { x }"]), encoding="utf-8")
    return file


def draw(*words: object) -> int:
    return main(["formulas", "draw", *map(str, words), "--renderer", "mathtext", "--quiet"])


def test_every_formula_has_its_pictures_or_its_reason(formulas, tmp_path, capsys):
    out = tmp_path / "drawn"
    assert draw(formulas, out, "--copies", 2, "--held", 3) == 1
    drawn = rows(out)
    assert sorted(row["LATEX"] for row in drawn) == sorted(2 * GOOD)
    assert all((out / row["IMAGE"]).is_file() and row["RENDERER"] == "mathtext" for row in drawn)
    held = {row["LATEX"] for row in drawn if row["SPLIT"] == "validation"}
    assert held <= set(GOOD)
    assert not held & {row["LATEX"] for row in drawn if row["SPLIT"] == "train"}  # all copies, or none
    errors = rows(out, "errors.csv")
    assert sorted(row["LATEX"] for row in errors) == sorted(2 * ["'= \\input { x }", r"\nosuchword"])
    assert all(row["REASON"] for row in errors)
    assert "4 refused" in capsys.readouterr().out
    assert not (out / "unfinished").exists()
    assert draw(formulas, out, "--copies", 2, "--held", 3) == 2  # nothing is written over


def test_what_is_killed_goes_on_and_ends_the_same(formulas, tmp_path, monkeypatch):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    flags = ("--copies", "40")
    command = [sys.executable, str(HOME / "run.py"), "formulas", "draw", str(formulas), str(killed), *flags]
    with subprocess.Popen([*command, "--renderer", "mathtext", "--quiet", "--workers", "1"], cwd=tmp_path) as process:
        journal = killed / "unfinished" / "journal"
        ends = time.monotonic() + 60
        while not (journal.exists() and journal.stat().st_size) and time.monotonic() < ends:
            time.sleep(0.02)
        os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    assert not (killed / "formulas.csv").exists()
    assert draw(formulas, killed, "--copies", 41) == 2  # begun as something else
    assert draw(formulas, killed, *flags) == 1
    assert draw(formulas, whole, *flags) == 1
    for name in ("formulas.csv", "errors.csv"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    for row in rows(whole)[::37]:
        assert (killed / row["IMAGE"]).read_bytes() == (whole / row["IMAGE"]).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.txt", "out"], "missing.txt"),
        (["formulas.txt"], "draw takes a file of formulas and a folder"),
        (["formulas.txt", "formulas.txt"], "is a file"),
        (["formulas.txt", "out", "--held", "99"], "--held 99"),
        (["formulas.txt", "out", "--copies", "none"], "--copies none"),
        (["formulas.txt", "out", "--renderer", "mathtex"], "--renderer mathtex"),
        (["empty.txt", "out"], "holds no formula"),
        (["picture.txt", "out"], "is no text"),
    ],
)
def test_mistakes_get_one_line(formulas, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\xff\xfe")
    assert main(["formulas", "draw", *words, *([] if "--renderer" in words else ["--renderer", "mathtext"])]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert not (tmp_path / "out" / "formulas.csv").exists()


def test_a_renderer_that_is_not_there_is_named_with_how_to_install_it(formulas, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["formulas", "draw", str(formulas), str(tmp_path / "out")]) == 2
    assert "apt-get install" in capsys.readouterr().err


def test_a_batch_has_one_style_and_the_first_copy_by_tex_is_that_of_papers():
    from drawing import formula_tex
    from formulas.draw_command import Drawing

    job = Drawing(file=Path("f.txt"), output=Path("out"), copies=3)
    batches = drawing_job.plan(450, job, 1, {"tex": formula_tex})
    assert [len(batch.formulas) for batch in batches] == [200, 200, 50] * 3
    assert all(batch.style == formula_tex.IM2LATEX for batch in batches[:3])
    assert all(batch.style != formula_tex.IM2LATEX for batch in batches[3:])
    for copy in range(3):
        assert sorted(n for batch in batches[3 * copy : 3 * copy + 3] for n in batch.formulas) == list(range(450))
