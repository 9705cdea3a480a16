"""`formulas evaluate`: figures by hand, what is left out, kills, calibration."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from formula_models import data_folder

pytest.importorskip("jiwer", reason="requirements-formulas.txt is not installed")
pytest.importorskip("sacrebleu", reason="requirements-formulas.txt is not installed")

import run
from formulas import reading_job
from formulas.judged import Judged, calibration_of, figure_lines, figures_of, judge

ROWS = [("x+1", "x+1"), ("a=bc", r"a=\frac{b}{c}"), ("y", "y_{i}"), ("f(x)=0", "f(x)=0"), ("2z", "2z"),
        ("b", r"\sqrt{b}"), ("w", r"{w"), ("q=r", r"q=\alpha"), ("k-1", "k-1"), ("ab", "a b")]  # fmt: skip


def evaluate(model: Path, *arguments: object) -> int:
    return run.main(["formulas", "evaluate", *map(str, arguments), "--model", str(model), "--quiet"])


@pytest.fixture
def data(tmp_path) -> Path:
    folder = data_folder(tmp_path / "data", ROWS)
    (folder / "images" / "3.png").write_bytes(b"")
    return folder


def table(folder: Path, pattern: str) -> list[dict[str, str]]:
    (file,) = (folder / "tables").glob(pattern)
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_figures_by_hand():
    rows = [
        Judged("1", "a+b", "a + b", "a + b", 0.9),
        Judged("2", r"\frac{a}{b},", r"\frac { a } { b } ,", r"\frac { a } { c }", 0.2),
        Judged("3", "x y z", "x y z", "", 0.0),  # no answer: three errors
    ]
    judged = judge(rows)
    assert [(one.errors, one.characters, one.tokens, one.right) for one in judged] == [
        (0, 3, 3, True), (1, 7, 3, False), (3, 3, 3, False),
    ]  # fmt: skip
    figures = figures_of(judged)
    assert figures["goal_cer"] == pytest.approx(4 / 13)
    assert figures["goal_exact"] == pytest.approx(1 / 3)
    assert (figures["formulas"], figures["without_answer"]) == (3, 1)
    # the reading of the third, the first, the second: 3 + (\frac a b against a + b: 5) + (x y z against \frac a c: 7)
    assert figures["shuffled_goal_cer"] == pytest.approx((3 + 5 + 7) / 13)
    low, high = figures["goal_cer_interval"]
    assert low <= figures["goal_cer"] <= high
    assert figure_lines(figures)[0].startswith("CER 0.308 (95 %: ")
    json.dumps(figures, allow_nan=False)


def test_calibration_says_how_far_confidence_is_off():
    judged = judge([Judged(str(at), "a", "a", "a" if at < 30 else "b", 0.5) for at in range(100)])
    kept = calibration_of(judged)
    assert kept["error"] == pytest.approx(0.5)  # bins of equal confidence are all right or all wrong here
    assert kept["brier"] == pytest.approx(0.25)
    assert (kept["right"], kept["mean_confidence"]) == (0.3, 0.5)
    assert sum(of["formulas"] for of in kept["bins"]) == 100


def test_all_rows_have_one_outcome(tmp_path, model, data, capsys):
    flags = ("--json", tmp_path / "figures.json", "--render", "mathtext")
    assert evaluate(model, data, "-o", tmp_path / "out", *flags) == 1
    printed = capsys.readouterr().out.splitlines()
    assert any(line.startswith("in print, drawn by mathtext: ") for line in printed)
    assert printed[0].startswith("CER ") and "9 formulas" in printed[0]
    rows = table(tmp_path / "out", "*_judged.csv")
    assert [row["PATH"] for row in rows] == [f"images/{number}.png" for number in range(10) if number != 6]
    (lost,) = [row for row in rows if row["PATH"] == "images/3.png"]
    assert (lost["LATEX"], lost["RIGHT"], lost["WARNING"]) == ("", "no", "failed: the file is empty")
    errors = {row["PATH"]: row["REASON"] for row in table(tmp_path / "out", "*_ERRORS.csv")}
    assert errors.keys() == {"images/3.png", "images/6.png"}
    assert errors["images/6.png"].startswith("its LaTeX is none: ")
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["formulas"], figures["unreadable"], figures["left_out"]) == (9, 1, 1)
    assert figures["goal_cer"] == pytest.approx(
        sum(int(row["ERRORS"]) for row in rows) / sum(int(row["CHARACTERS"]) for row in rows)
    )
    for picture in ("calibration", "worst"):
        assert next((tmp_path / "out" / "tables").glob(f"*_{picture}.png")).stat().st_size > 1000


def test_one_split_alone(tmp_path, model, data):
    assert evaluate(model, data, "--split", "test", "-o", tmp_path / "out") == 1
    assert [row["PATH"] for row in table(tmp_path / "out", "*_judged.csv")] == [
        f"images/{at}.png" for at in (1, 3, 5, 7, 9)
    ]


def test_interrupted_and_resumed_the_tables_are_the_same(tmp_path, model, data, monkeypatch, capsys):
    how = (data, "--batch_size", "2")
    assert evaluate(model, *how, "-o", tmp_path / "whole") == 1
    append = reading_job.Run.append

    def stop(run, outcomes):
        append(run, outcomes)
        if run.done == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reading_job.Run, "append", stop)
        assert evaluate(model, *how, "-o", tmp_path / "out") == 130
    assert "--resume" in capsys.readouterr().err.splitlines()[-1]
    assert not list((tmp_path / "out" / "tables").glob("*_judged.csv"))
    assert evaluate(model, *how, "-o", tmp_path / "out", "--resume") == 1
    for pattern in ("*_judged.csv", "*_ERRORS.csv", "*_figures.json"):
        (whole,), (resumed,) = ((tmp_path / name / "tables").glob(pattern) for name in ("whole", "out"))
        assert resumed.read_bytes() == whole.read_bytes()


def test_a_model_learns_how_sure_it_is_and_keeps_it_in_its_folder(tmp_path, model, data, capsys):
    own = shutil.copytree(model, tmp_path / "own")
    assert evaluate(own, data, "--calibrate", "-o", tmp_path / "out") == 2
    assert "--calibrate: 8 readings are too few" in capsys.readouterr().err
    more = data_folder(tmp_path / "more", [(f"x={number}", f"x={number}") for number in range(32)])
    assert evaluate(own, more, "--calibrate", "-o", tmp_path / "out") == 0
    said = json.loads((own / "formulas.json").read_text())["calibration"]
    assert set(said) == {"bias", "near", "far", "threshold"}
    before = table(tmp_path / "out", "*_judged.csv")
    assert evaluate(own, more, "-o", tmp_path / "again") == 0
    assert [row["CONFIDENCE"] for row in table(tmp_path / "again", "*_judged.csv")] == [
        row["CONFIDENCE"] for row in before
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "evaluate takes one source of formulas, 0 given"),
        (["data", "--split", "tests"], "--split tests: must be train or validation or test; did you mean test?"),
        (["data", "--split", "validation"], "no formulas of the split validation"),
        (["nowhere"], "nowhere does not exist"),
        (["data", "--json", "data"], "--json data is a folder"),
        (["data", "--picture_column", "pic"], "no column pic"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_line(tmp_path, model, data, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert evaluate(model, *arguments, "-o", "out") == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("error: ") and said in line
