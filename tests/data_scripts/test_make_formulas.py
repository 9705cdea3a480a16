"""make_formulas.py: from lines of LaTeX to a model folder that reads, by the commands that it prints."""

import json
import shutil

import pytest
from scripts import run

for package in ("jiwer", "sacrebleu", "accelerate"):
    pytest.importorskip(package, reason="requirements-formulas.txt is not installed")

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def lines(tmp_path):
    file = tmp_path / "lines.txt"
    formulas = [
        f"{one} _ {{ {n} }} = \\frac {{ {two} }} {{ {n} }}"
        for n, (one, two) in enumerate(zip(LETTERS, LETTERS[::-1], strict=True))
    ]
    file.write_text("\n".join(formulas), encoding="utf-8")
    return file


def test_dry_run_tells_the_commands_and_changes_nothing(tmp_path, lines):
    said = run("make_formulas", tmp_path / "model", "--lines", lines, "--dry-run")
    assert said.returncode == 0
    words = [
        line.split()[2] if line.split()[1].endswith("collect_formulas.py") else line.split()[3]
        for line in said.stdout.splitlines()
    ]
    assert [word for word in words if not word.endswith(".txt")] == ["draw", "draw", "train", "evaluate"]
    assert [path.name for path in tmp_path.iterdir()] == ["lines.txt"]


def test_without_formulas_one_line(tmp_path):
    said = run("make_formulas", tmp_path / "model")
    assert said.returncode == 2
    assert "name formulas: --lines FILE" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.skipif(shutil.which("pdflatex") is None or shutil.which("gs") is None, reason="TeX is not installed")
def test_makes_a_calibrated_model_and_goes_on(tmp_path, lines):
    command = ["make_formulas", tmp_path / "model", "--lines", lines, "--preset", "micro", "--steps", "4",
               "--held", "12", "--more", "0"]  # fmt: skip
    said = run(*command)
    assert said.returncode == 0, said.stderr
    parts = json.loads((tmp_path / "model" / "formulas.json").read_text(encoding="utf-8"))
    assert parts["calibration"]
    judged = json.loads((tmp_path / "model.making" / "figures.json").read_text(encoding="utf-8"))
    assert "goal_cer" in judged
    weights = (tmp_path / "model" / "model.safetensors").read_bytes()
    shutil.rmtree(tmp_path / "model.making" / "judged")
    (tmp_path / "model.making" / "figures.json").unlink()
    again = run(*command)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == weights
    assert "drawing" not in again.stderr
