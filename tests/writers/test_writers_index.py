"""`writers index`: pages by their hands, kept up to date; and what is told of pages without handwriting."""

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
from hand_pages import contents, draw_hands, tiny_hands, writers, written
from PIL import Image

from index.database import Index
from run import main
from writers.indexing import no_handwriting

HOME = Path(__file__).resolve().parents[2]


def ids() -> dict[str, int]:
    table = Index.open(Path("ix"), "writers").arrow(["path", "id"])
    return dict(zip(table["path"].to_pylist(), table["id"].to_pylist(), strict=True))


def test_what_changes_on_disk_changes_in_the_index_and_nothing_else_is_read_again(here, model, capsys):
    assert writers("index", "pages", "--model", str(model)) == 0
    assert "9 pages in ix: 9 embedded now" in capsys.readouterr().out
    before, vectors = ids(), contents()
    (here / "pages" / "anna-0.png").rename(here / "pages" / "first.png")
    (here / "pages" / "berta-0.png").unlink()
    written("carl", 77).save(here / "pages" / "carl-0.png")
    (here / "pages" / "copy.png").write_bytes((here / "pages" / "anna-1.png").read_bytes())
    assert writers("index") == 0
    said = capsys.readouterr().out
    assert all(text in said for text in ("1 embedded now", "6 unchanged", "1 moved", "1 known from copies", "1 gone"))
    now = ids()
    assert now["first.png"] == before["anna-0.png"]
    assert "berta-0.png" not in now
    assert contents()["('anna-1.png', None)"] == vectors["('anna-1.png', None)"]
    assert contents()["('carl-0.png', None)"] != vectors["('carl-0.png', None)"]
    assert writers("index") == 0
    assert "9 unchanged" in capsys.readouterr().out


def test_pages_without_handwriting_are_told_kept_and_known_again(here, model, capsys):
    Image.new("L", (400, 500), 255).save(here / "pages" / "blank.png")
    frames = [written("anna", 50), Image.new("L", (400, 500), 255), written("anna", 51)]
    frames[0].save(here / "pages" / "many.tif", save_all=True, append_images=frames[1:])
    assert writers("index", "pages", "--model", str(model)) == 0  # nothing failed
    said = capsys.readouterr().out
    assert "13 pages in ix" in said
    assert "2 pages hold no handwriting: 2 blank" in said
    with Path("ix/no_handwriting.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["FILE"], row["PAGE"]) for row in rows] == [("blank.png", "1"), ("many.tif", "2")]
    assert all(row["REASON"] == "no handwriting found: blank" for row in rows)
    assert writers("index") == 0
    said = capsys.readouterr().out
    assert "13 unchanged" in said and "embedded" not in said
    assert "2 pages hold no handwriting" in said
    (here / "pages" / "blank.png").rename(here / "pages" / "empty.png")
    (here / "pages" / "many.tif").unlink()
    assert writers("index") == 0
    assert "1 moved" in capsys.readouterr().out
    assert len(Path("ix/no_handwriting.csv").read_text(encoding="utf-8").splitlines()) == 2
    (here / "pages" / "empty.png").unlink()
    writers("index")
    assert not Path("ix/no_handwriting.csv").exists()


def test_pages_without_handwriting_are_counted_by_their_reasons():
    reasons = ["blank", "too little ink (3 strokes)", "too little ink (9 strokes)", "too few pixels (3 x 8)"]
    line = no_handwriting([f"no handwriting found: {reason}" for reason in reasons])
    assert line.startswith("4 pages hold no handwriting: 2 too little ink; 1 blank; 1 too few pixels")
    assert no_handwriting(["no handwriting found: blank"]) == "1 page holds no handwriting: 1 blank"


def test_a_page_that_cannot_be_read_is_a_failure_and_tried_again(here, model, capsys):
    whole = (here / "pages" / "anna-0.png").read_bytes()
    (here / "pages" / "cut.png").write_bytes(whole[: len(whole) // 2])
    assert writers("index", "pages", "--model", str(model)) == 1
    assert "1 not readable" in capsys.readouterr().out
    assert "cut.png" in Path("ix/errors.csv").read_text(encoding="utf-8")
    (here / "pages" / "cut.png").write_bytes(whole)
    assert writers("index") == 0
    assert not Path("ix/errors.csv").exists()
    assert len(contents()) == 10


def test_a_drive_that_is_not_there_keeps_its_pages_until_they_are_forgotten(here, model, capsys):
    draw_hands(here / "drive" / "box", each=1)
    assert writers("index", "pages", "drive", "--model", str(model)) == 0
    (here / "drive").rename(here / "unplugged")
    assert writers("index", "pages", "drive") == 1
    assert "its pages stay in the index (3)" in capsys.readouterr().err
    assert len(contents()) == 12
    assert writers("index", "--forget", "drive") == 0
    assert len(contents()) == 9


def test_the_index_says_what_made_it_and_another_model_is_one_line(here, model, capsys):
    writers("index", "pages", "--model", str(model))
    said = json.loads(Path("ix/index.json").read_text(encoding="utf-8"))
    assert (said["kind"], said["backbone"]["name"], said["backbone"]["dim"]) == ("writers", "tiny", 2 * 8 * 16)
    assert len(said["backbone"]["hash"]) == 64
    other = tiny_hands(here / "other", words=6)
    before = contents()
    for command in (["index", "pages"], ["search", "--image", "pages/anna-0.png"]):
        capsys.readouterr()
        assert writers(*command, "--model", str(other)) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert "was made by tiny, not by other" in line
        assert "give --model the one that made it, or --index another folder" in line
    assert contents() == before


def test_an_index_of_other_commands_is_one_line(here, model, capsys):
    writers("index", "pages", "--model", str(model))
    assert main(["explore", "search", "--where", "page = 1", "--index", "ix"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "the index ix is for: python run.py writers ..." in line


MISTAKES = [
    (["index"], "name the folders of pages"),
    (["index", "nowhere"], "the folder nowhere does not exist"),
    (["index", "pages/anna-0.png"], "is a file: index the folder"),
    (["index", "pages", "--model", "nothing"], "--model nothing: no such folder"),
    (["index", "pages", "--model", "pages"], "pages is no model of hands"),
    (["index", "pages", "--modle", "x"], "did you mean --model?"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_a_mistake_is_one_line_and_makes_no_index(here, capsys, arguments, said):
    assert writers(*arguments) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (here / "ix").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL cannot be sent on Windows")
def test_killed_again_and_again_it_ends_with_the_same_rows(here, model):
    draw_hands(here / "pages" / "more", each=8, first=10)
    Image.new("L", (400, 500), 255).save(here / "pages" / "blank.png")
    assert main(["writers", "index", "pages", "--model", str(model), "--index", "fresh", "--quiet"]) == 0
    code = (
        "import sys; import index.embedding as rows; rows.COMMIT_PAGES = 4; from run import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "writers", "index", "pages", "--model", str(model), "--index", "ix"]
    done = kills = 0
    for _ in range(2):
        process = subprocess.Popen(
            command, env=os.environ | {"PYTHONPATH": str(HOME)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while _rows() <= done and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += process.returncode == -signal.SIGKILL
        assert _rows() >= done  # what was committed stays
        done = _rows()
    assert kills
    assert writers("index", "pages", "--model", str(model)) == 0
    assert contents() == contents(Path("fresh"))


def _rows() -> int:
    try:
        return len(Index.open(Path("ix"), "writers"))
    except Exception:  # noqa: BLE001 (it is just being made)
        return 0
