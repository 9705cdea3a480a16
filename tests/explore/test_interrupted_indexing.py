"""`explore index` killed, started twice, on a full disk: the index ends as after an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from indexed_pages import afresh, contents, explore, rows_in
from noisy_pages import draw_page

from index.database import Index
from run import main

HOME = Path(__file__).resolve().parents[2]
COMMITTING = (
    "import sys; import index.embedding as embedding; embedding.COMMIT_PAGES = 4; from run import main; "
    "sys.exit(main(sys.argv[1:]))"
)


def start(*arguments: str) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(HOME)}
    command = [sys.executable, "-c", COMMITTING, "explore", "index", *arguments, "--index", "ix", "--batch_size", "2"]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL cannot be sent on Windows")
def test_killed_again_and_again_and_interrupted_it_ends_with_the_same_rows(here, model):
    for number in range(60):
        draw_page(here / "pages" / "lot" / f"L1950-{number}.png", 1000 + number)
    expected = afresh(model)
    done, kills = 0, 0
    for attempt in range(3):
        process = start("pages", "--backbone", str(model))
        end = time.monotonic() + 60
        while rows_in(Path("ix")) <= done and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT if attempt == 2 else signal.SIGKILL)
        process.communicate()
        kills += process.returncode in (-signal.SIGKILL, 130)
        now = rows_in(Path("ix"))
        assert now >= done  # what was committed stays
        done = now
    assert kills >= 2
    assert explore("index", "pages", model=model) == 0
    assert contents() == expected


def test_two_processes_at_once(here, model, capsys):
    explore("index", "pages", model=model)
    before = contents()
    draw_page(here / "pages" / "new.png", 300)
    with Index.open(Path("ix")).locked():
        process = start("pages")
        _, error = process.communicate()
        assert process.returncode == 2
        assert len(error.splitlines()) == 1
        assert "the index ix is being changed by another process: wait until it is done" in error
        assert contents() == before
        assert main(["explore", "search", "--where", "page = 1", "--index", "ix"]) == 0
    first, second = start("pages"), start("pages")
    first.communicate()
    second.communicate()
    assert {first.returncode, second.returncode} <= {0, 2}
    assert contents() == afresh(model)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_a_full_disk_is_one_line_and_the_index_stays(here, model):
    explore("index", "pages", model=model)
    before = contents()
    for number in range(8):
        draw_page(here / "pages" / f"new-{number}.png", 400 + number)
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)); "
    command = [sys.executable, "-c", full + COMMITTING, "explore", "index", "pages", "--index", "ix", "--quiet"]
    ended = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(HOME)}, text=True, capture_output=True)
    assert ended.returncode == 2
    lines = ended.stderr.splitlines()
    assert len(lines) == 1
    assert "no space left for the index ix" in lines[0]
    assert contents() == before
    assert explore("index", "pages") == 0
    assert contents() == afresh(model)
