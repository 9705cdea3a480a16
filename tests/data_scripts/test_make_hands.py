"""make_hands.py: from strokes and scans to a model folder; killed, it goes on and ends with the same model."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from scripts import SCRIPTS, run

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

from drawing.fonts import matplotlib_folder
from drawing.hand_pages import Source, draw_page, plan_pages
from drawing.strokes import Nib, StrokeSheet, drawn, on_a_page
from writers.hands import Hands

WRITERS = 6


def write_strokes(folder, writer, lean):
    """A writer's only screen: letters that lean and swing in his own way, in words."""
    rng = np.random.default_rng(writer)
    shapes = [np.cumsum(rng.normal((12, 0), 55, (9, 2)), 0) for _ in range(6)]
    out = []
    for line in range(6):
        x = 500
        for letter in range(14):
            shape = shapes[int(rng.integers(6))]
            shape = shape - shape.min(0)
            shape[:, 0] += lean * shape[:, 1]
            y = 15000 - 600 * line
            out += [".PEN_DOWN", *(f"{x + px:.0f} {y + py:.0f}" for px, py in shape), ".PEN_UP"]
            x += 180 if letter % 4 else 420
    (folder / f"w{writer}").mkdir(parents=True)
    (folder / f"w{writer}" / f"w{writer}-1-1.dat").write_text("\n".join(out), encoding="ascii")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hands")
    for writer in range(WRITERS):
        write_strokes(folder / "strokes", writer, (writer - 3) * 0.25)
    (folder / "fonts").mkdir()
    shutil.copy(matplotlib_folder() / "cmr10.ttf", folder / "fonts" / "Kalam.ttf")  # by its name handwriting
    (folder / "scans").mkdir()
    for writer in range(2):
        sheet = StrokeSheet.read(folder / "strokes" / f"w{writer}")[0]
        ink = drawn(on_a_page(sheet.lines[:5], 0.2), Nib(3))
        Image.fromarray(255 - ink).save(folder / "scans" / f"h{writer}-1.png")
    Image.new("L", (300, 400), 250).save(folder / "scans" / "h1-2.png")  # blank: told, not learnt from
    return folder


def command(source, output):
    flags = ["--strokes", "strokes", "--fonts", "fonts", "--scans", "scans", "--manners", "1", "--pages", "1"]
    return [output, *(source / flag if (source / flag).is_dir() else flag for flag in flags), "--workers", "2"]


@pytest.fixture(scope="module")
def made(source):
    done = run("make_hands", *command(source, source / "model"))
    assert done.returncode == 0, done.stderr
    return source / "model", done.stdout


def test_a_model_is_made_that_describes_pages_and_says_how_sure_it_is(source, made):
    folder, said = made
    hands = Hands.load(folder)
    vectors = [hands.vector_of(Image.open(source / "scans" / f"h{writer}-1.png")) for writer in (0, 1)]
    assert float(vectors[0] @ vectors[0]) == pytest.approx(1, abs=1e-4)
    assert float(vectors[0] @ vectors[1]) < 0.95
    assert hands.calibration
    assert "16 pages with handwriting, of 17 pages" in said
    assert not (source / "model.making").exists()
    figures = json.loads((folder / "hands.json").read_text(encoding="utf-8"))["figures"]
    assert figures["pages"] == 16
    assert 0 <= figures["held_out"]["map"] <= 100
    assert figures["held_out"]["of"] == "9 hands of all kinds, a third at a time"


@pytest.mark.skipif(os.name == "nt", reason="the whole group is killed by one signal")
def test_killed_it_goes_on_and_makes_the_same_model(source, made):
    again = source / "again"
    started = [sys.executable, str(SCRIPTS / "make_hands.py"), *map(str, command(source, again))]
    process = subprocess.Popen(started, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    features = source / "again.making" / "features"
    while process.poll() is None and len(list(features.glob("*.npz"))) < 3:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {file.name: file.stat().st_mtime_ns for file in features.glob("*.npz")}
    assert len(kept) >= 3
    assert not again.exists()
    done = subprocess.run(
        [*started[:-2], "--workers", "1"], capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert Hands.load(again).hash == Hands.load(made[0]).hash


def test_another_command_does_not_go_on_in_the_same_folder(source):
    work = source / "third.making"
    work.mkdir()
    (work / "making.json").write_text(json.dumps({"identity": {"seed": 7}}), encoding="utf-8")
    done = run("make_hands", *command(source, source / "third"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "seed 7, now it is 1" in done.stderr


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--strokes", "nowhere"], "the folder nowhere does not exist"),
        (["--scans", "scans", "--pattern", "x(?P<writer>h)(?P<page>1)"], "does not fit"),
        (["--scans", "scans"], "3 hands to learn from, at least 6 are needed"),
        (["--strokes", "strokes", "--scans", "strokes"], "no pages"),
    ],
)
def test_a_mistake_is_one_line(source, flags, said):
    flags = [source / flag if (source / flag).is_dir() else flag for flag in flags]
    done = run("make_hands", source / "none", "--fonts", source / "fonts", *flags)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (source / "none").exists()


def test_a_page_of_the_plan_hangs_on_its_name_alone(source):
    whole = Source(source / "strokes", source / "fonts", manners=2, pages=1, seed=3)
    plan = plan_pages(whole)
    assert len(plan) == len({page.name for page in plan}) == (WRITERS + 1) * 2 * 2
    page = next(page for page in plan if page.name == "w2m1-1")
    fewer = Source(source / "strokes", source / "fonts", manners=4, pages=3, seed=3)
    assert np.array_equal(draw_page(whole, page), draw_page(fewer, page))
