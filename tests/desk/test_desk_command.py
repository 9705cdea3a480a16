"""`desk` on the command line: which run lies on it, and what is said where none can."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk.command import OpenDesk
from desk.desk import newest_table, open_desk
from run import main
from settings.schema import Settings
from utils import UserError

HOME = Path(__file__).resolve().parents[2]
# What requirements-sort.txt and requirements-desk.txt do not install.
ABSENT = ("torch", "torchvision", "transformers", "timm", "onnx", "pandas", "sklearn", "matplotlib", "scipy",
          "imagecodecs", "lancedb", "pyarrow", "cv2")  # fmt: skip
ROOMS_OF = f"""
import json, sys
from pathlib import Path
for name in {ABSENT}:
    sys.modules[name] = None
from desk.command import OpenDesk
from desk.desk import open_desk
from desk.rooms import rooms_of
from settings.schema import Settings
rooms, absent = rooms_of(open_desk(Settings().replaced("output", folder=Path(sys.argv[1])), OpenDesk()))
print(json.dumps([[room.name for room in rooms], absent]))
"""
EARLY, LATE = "20261121-101500_ViT-B16", "20261122-090000-2_ViT-B32"


def a_run(output, name, pages):
    """A result table and its record, as a run leaves them."""
    tables = output / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    (tables / f"{name}_run.json").write_text(json.dumps({"name": name, "input": str(pages)}), encoding="utf-8")
    table = tables / f"result_{name}_1n_2c.csv"
    table.write_text("FILE,PAGE,CLASS-1,SCORE-1,PATH\na,1,TEXT,0.9000,a-1.png\n", encoding="utf-8")
    return table


def settings_of(output):
    return Settings().replaced("output", folder=output)


def test_the_newest_run_lies_on_the_desk(tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    a_run(tmp_path / "out", LATE, pages)
    a_run(tmp_path / "out", EARLY, pages)
    (tmp_path / "out" / "tables" / "result_of_mine.csv").write_text("x\n")
    desk = open_desk(settings_of(tmp_path / "out"), OpenDesk())
    assert (desk.run, desk.pages, desk.lacking) == (LATE, pages, "")
    assert desk.review == tmp_path / "out" / "review" / LATE
    assert newest_table(tmp_path / "none") is None
    assert open_desk(settings_of(tmp_path / "none"), OpenDesk()).lacking.startswith("nothing was sorted yet")


def test_pages_that_are_gone_are_asked_for(tmp_path):
    gone, moved = tmp_path / "gone", tmp_path / "moved"
    moved.mkdir()
    table = a_run(tmp_path / "out", EARLY, gone)
    assert "--pages" in open_desk(settings_of(tmp_path / "out"), OpenDesk()).lacking
    with pytest.raises(UserError, match="gone, which is not there: name their folder with --pages"):
        open_desk(settings_of(tmp_path / "out"), OpenDesk(table=table))
    assert open_desk(settings_of(tmp_path / "out"), OpenDesk(table=table, pages=moved)).pages == moved


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["nosuch.csv"], "TABLE nosuch.csv: there is no such file"),
        (["--pages", "nosuch"], "--pages nosuch: no such folder"),
        (["--export", "."], "--export . is a folder"),
        (["a.csv", "scans"], "--pages scans"),
        (["--port", "70000"], "--port 70000: must be a port"),
    ],
)
def test_a_mistake_is_one_line(typed, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["desk", *typed]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]


def test_a_table_that_cannot_be_looked_through_ends_the_desk(tmp_path, capsys):
    (tmp_path / "notes.csv").write_text("FILE,PAGE,NOTE,OTHER,PATH\na,1,x,y,a.png\n")
    assert main(["desk", str(tmp_path / "notes.csv"), "--pages", str(tmp_path), "--port", "0", "--no-browser"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "neither a result table nor one of scores" in lines[0]


def test_the_light_install_is_enough_for_a_desk(tmp_path):
    command = [sys.executable, "-c", ROOMS_OF, str(tmp_path)]
    done = subprocess.run(command, cwd=HOME, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    rooms, absent = json.loads(done.stdout)
    assert rooms == ["handin", "runs", "formulas"]
    assert "nothing was sorted yet" in absent["review"] and "there is no index in" in absent["collection"]
