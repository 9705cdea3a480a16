"""Pages that lie on their side or upside down, sorted by the real command with a tiny model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import tiny_model_folder

from encoders.base import BASE
from output.journal import Journal
from output.outcome import Failed, Scored
from reading.decoding import Reader
from reading.loader import load_batches
from reading.pages import Page, PageList
from reading.process_pool import Processes
from reading.transform import FITS, PageTransform
from reading.turns import Turn
from run import main

SAMPLE = Path(__file__).resolve().parents[2] / "category_samples" / "TEXT_P" / "CTX201350008-3.jpg"
LYING = {0: None, 90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


@pytest.fixture
def scans(tmp_path) -> Path:
    """One printed page in four turns, named by what brings it upright."""
    (tmp_path / "scans").mkdir()
    with Image.open(SAMPLE) as page:
        page = page.convert("L")
    for degrees, how in LYING.items():
        (page.transpose(how) if how is not None else page).save(tmp_path / "scans" / f"lying{degrees}-1.png")
    return tmp_path / "scans"


def rows(folder: Path) -> list[dict[str, str]]:
    (table,) = (folder / "tables").glob("result_*.csv")
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_turned_pages_get_the_scores_of_the_upright_one_and_say_their_turn(scans, tmp_path, capsys):
    model = tiny_model_folder(tmp_path / "model")
    about = model / "page_classifier.json"
    about.write_text(json.dumps(json.loads(about.read_text("utf-8")) | {"base": BASE}), encoding="utf-8")
    sort = ["-d", str(scans), "--model_path", str(model), "--quiet", "--batch_size", "2"]
    assert main([*sort, "--turn", "-o", str(tmp_path / "out")]) == 0
    assert "3 lay turned" in capsys.readouterr().out
    found = rows(tmp_path / "out")
    assert list(found[0])[-3:] == ["TURN", "TURN_SCORE", "PATH"]
    assert {row["FILE"]: row["TURN"] for row in found} == {f"lying{degrees}": str(degrees) for degrees in LYING}
    assert all(0.5 < float(row["TURN_SCORE"]) <= 1 for row in found)
    upright = found[0]
    assert all(row["CLASS-1"] == upright["CLASS-1"] for row in found)
    assert [float(row["SCORE-1"]) for row in found] == pytest.approx([float(upright["SCORE-1"])] * 4, abs=1e-2)
    (record,) = (tmp_path / "out" / "tables").glob("*_run.json")
    assert json.loads(record.read_text(encoding="utf-8"))["turned"] == 3

    assert main([*sort, "--engine", "torch", "--turn", "-o", str(tmp_path / "torch")]) == 0
    assert [row["TURN"] for row in rows(tmp_path / "torch")] == [row["TURN"] for row in found]

    capsys.readouterr()
    assert main([*sort, "--no-upright", "--raw", "--turn", "-o", str(tmp_path / "lying")]) == 0
    assert "lay turned" not in capsys.readouterr().out
    as_they_lie = rows(tmp_path / "lying")
    assert {(row["TURN"], row["TURN_SCORE"]) for row in as_they_lie} == {("", "")}
    assert len({row["SCORE-1"] for row in as_they_lie}) > 1, "the tiny model cannot tell turns apart: the test is blind"

    assert main(["-f", str(scans / "lying90-1.png"), "--model_path", str(model), "--quiet"]) == 0
    assert "turned by 90 degrees" in capsys.readouterr().out

    about.write_text(json.dumps(json.loads(about.read_text("utf-8")) | {"base": "ViT-B/32"}), encoding="utf-8")
    assert (
        main(
            ["--no-quiet" if word == "--quiet" else word for word in sort] + ["--turn", "-o", str(tmp_path / "theirs")]
        )
        == 0
    )
    assert "TURN stays empty" in "".join(capsys.readouterr())
    theirs = rows(tmp_path / "theirs")
    assert [row["SCORE-1"] for row in theirs] == [row["SCORE-1"] for row in as_they_lie], "models of others see it so"


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_the_input_is_that_of_the_upright_page(fit, degrees):
    """Small differences come from where rounding happens; a page in the wrong place would differ by far more."""
    transform = PageTransform((96, 64), fit, (0.5,) * 3, (0.5,) * 3)
    with Image.open(SAMPLE) as page:
        page = page.convert("RGB").crop((37, 11, 1003, 1251))
    given = transform(page.transpose(LYING[degrees]), degrees)
    assert given.shape == (3, 96, 64) and given.flags.c_contiguous
    assert np.abs(given.astype(int) - transform(page)).mean() < 1.5


class Always:
    """Says of every page that it is upside down; a stand-in that a process can be sent."""

    def find(self, image: Image.Image) -> Turn:
        return Turn(180, 0.75)


def test_processes_that_decode_say_the_same_as_threads(scans):
    transform = PageTransform((32, 32), "squash", (0.5,) * 3, (0.5,) * 3)
    file = scans / "lying0-1.png"
    with Processes(1, transform, Always(), min_side=32, max_pixels=10**8) as processes:
        pixels, heard, turn = processes.page(file, None)
    (batch,) = load_batches(
        PageList(scans, [Page(file.name, "lying0", 1, None)]),
        transform, batch_size=1, workers=0, max_pixels=10**8, turns=Always(),
    )  # fmt: skip
    assert (pixels == batch.pixels[0]).all() and heard == [] and [turn] == batch.turns == [Turn(180, 0.75)]
    with Reader(min_side=32, max_pixels=10**8) as reader:
        assert (transform(reader.page(file, None)) == batch.pixels[0][:, ::-1, ::-1]).all()


def test_the_journal_brings_turns_back(tmp_path):
    outcomes = [
        Scored([0.25, 0.75], turn=Turn(90, 0.9912)), Scored([1.0, 0.0], "cut", 0.25, Turn(None, 0.5)), Failed("empty"),
        Scored([0.5, 0.5], turn=Turn(180, 0.75, certain=False)),
    ]  # fmt: skip
    journal = Journal(tmp_path / "journal.jsonl", pages=4, batch_size=4)
    journal.append(outcomes)
    journal.close()
    again = Journal(tmp_path / "journal.jsonl", pages=4, batch_size=4)
    assert list(again.outcomes()) == outcomes and again.doubted == 1
    again.close()
