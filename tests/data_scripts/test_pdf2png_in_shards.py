"""pdf2png.py --cluster: the images of one process, whoever is killed, and a PDF that kills is listed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pdf_files import LOCKED, as_pdf, scan
from scripts import SCRIPTS, run, tree

from benchmarks.kill_cluster import POISON, REASON, workers_of

# Only workers die of it: the command itself looks into each PDF too, to count its pages.
HOOK = f"""
import os, signal, sys

def deadly(event, details):
    if event == "open" and os.path.basename(str(details[0])).startswith("{POISON}"):
        if sys.modules["multiprocessing"].current_process().name.startswith(("worker", "alone")):
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(deadly)
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """PDFs, and the images that one process makes of them."""
    base = tmp_path_factory.mktemp("shelf")
    for number in range(4):
        as_pdf(base / "scans" / f"box {number % 2}" / f"Kč{number}.pdf", [scan(number + at) for at in range(5)])
    (base / "scans" / "locked.pdf").write_bytes(LOCKED)
    ended = run("pdf2png", base / "scans", "--output", base / "pages")
    assert ended.returncode == 1 and "20 made" in ended.stdout
    return base


def test_shards_give_the_images_and_the_report_of_one_process(shelf, tmp_path):
    ended = run("pdf2png", shelf / "scans", "--output", tmp_path / "pages", "--cluster", "local:2", "--pages", "1-5")
    assert (ended.returncode, ended.stdout) == (1, "5 PDFs, 20 pages: 20 made, 0 there already\n")
    assert ended.stderr.splitlines()[-2:] == ["left undone:", "  locked.pdf: encrypted PDF: needs a password"]
    assert tree(tmp_path / "pages") == tree(shelf / "pages")
    assert [entry.name for entry in (tmp_path / "pages").iterdir() if entry.name.startswith(".")] == []


def test_changed_pdfs_are_made_anew_in_place_of_the_old_images(shelf, tmp_path):
    pdf = tmp_path / "scans" / "X.pdf"
    as_pdf(pdf, [scan(1), scan(2)])
    assert run("pdf2png", pdf.parent, "--cluster", "local:1").returncode == 0
    before = tree(pdf.parent)
    as_pdf(pdf, [scan(3), scan(4)])
    ended = run("pdf2png", pdf.parent, "--cluster", "local:1", "--anew")
    assert ended.returncode == 0 and "2 made" in ended.stdout, ended.stderr
    after = tree(pdf.parent)
    assert after.keys() == before.keys() == {"X.pdf", "X/X-1.png", "X/X-2.png"}
    assert all(after[name] != before[name] for name in after)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_killed_workers_and_commands_and_a_pdf_that_kills(shelf, tmp_path):
    scans, output = tmp_path / "all", tmp_path / "pages"
    for pdf in (shelf / "scans").rglob("*.pdf"):
        to = scans / pdf.relative_to(shelf / "scans")
        to.parent.mkdir(parents=True, exist_ok=True)
        os.link(pdf, to)
    as_pdf(scans / "box 0" / f"{POISON}.pdf", [scan(9)])
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, encoding="ascii")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "hook")}
    command = [sys.executable, str(SCRIPTS / "pdf2png.py"), str(scans), "--output", str(output), "--cluster", "local:2"]
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until, killed = time.monotonic() + 180, False
    while first.poll() is None and time.monotonic() < until:
        made = len(list(output.glob("*/*/*.png")))
        if not killed and made >= 2 and (workers := workers_of(first.pid)):
            os.kill(workers[0], signal.SIGKILL)
            killed = True
        elif killed and made >= 6:
            first.kill()
        time.sleep(0.002)
    assert first.wait() == -signal.SIGKILL
    made = len(list(output.glob("*/*/*.png")))
    assert 6 <= made < 20

    ended = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    assert ended.returncode == 1 and f"{made} there already" in ended.stdout, ended.stderr
    assert "goes back" in ended.stderr
    listed = ended.stderr.partition("left undone:\n")[2].splitlines()
    assert listed == [
        "  locked.pdf: encrypted PDF: needs a password",
        f"  box 0/{POISON}.pdf, page 1: {REASON}",
    ]
    assert tree(output) == tree(shelf / "pages")
    assert not list(output.glob(".*"))


@pytest.mark.parametrize("where", ["lokal:2", "local:0", "join"])
def test_mistakes_are_one_line(shelf, tmp_path, where):
    ended = run("pdf2png", shelf / "scans", "--output", tmp_path / "pages", "--cluster", where)
    assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("error: --cluster ") and not (tmp_path / "pages").exists()
