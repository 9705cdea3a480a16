"""`explore index --cluster`: the rows of one process, whoever is killed meanwhile."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from indexed_pages import contents, explore
from noisy_pages import draw_page
from poison import make_deadly

from benchmarks.kill_cluster import POISON, REASON
from index.database import Index
from run import main

HOME = Path(__file__).resolve().parents[2]
COMMITTING = (
    "import sys; import index.embedding as embedding; embedding.COMMIT_PAGES = 4; from run import main; "
    "sys.exit(main(sys.argv[1:]))"
)


def in_one_process(model: Path) -> Index:
    assert main(["explore", "index", "pages", "--backbone", str(model), "--index", "one", "--quiet"]) in (0, 1)
    return Index.open(Path("one"))


def same_rows(one: Index, other: Path) -> bool:
    """Whether all columns of all rows are the same, in the same order."""
    rows = [index.arrow(index.columns) for index in (one, Index.open(other))]
    return rows[0].equals(rows[1])


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL cannot be sent on Windows")
def test_rows_are_those_of_one_process_and_a_page_that_kills_is_one_error(here, model, monkeypatch):
    whole = next((here / "pages").rglob("*.png")).read_bytes()
    (here / "pages" / "cut.png").write_bytes(whole[: len(whole) // 2])
    one = in_one_process(model)
    (here / "pages" / "box 1" / f"{POISON}.png").write_bytes(whole + b"longer")
    make_deadly(here / "hook", monkeypatch)
    assert explore("index", "pages", "--cluster", "local:2", "--batch_size", "2", model=model) == 1
    assert same_rows(one, Path("ix"))
    with Path("ix/errors.csv").open(encoding="utf-8", newline="") as file:
        reasons = {row["FILE"]: row["REASON"] for row in csv.DictReader(file)}
    assert reasons.keys() == {"cut.png", f"{POISON}.png"}
    assert reasons[f"{POISON}.png"] == REASON
    [said] = json.loads(Path("ix/run.json").read_text(encoding="utf-8"))["cluster"]
    assert said["shards"] == 9 and said["tried_again"] and len(said["workers"]) > 2
    assert list(Path("ix/runs").iterdir()) == []


def killed(model: Path) -> Path:
    """A driver that was killed once something was published, and was not done; its run."""
    command = [sys.executable, "-c", COMMITTING, "explore", "index", "pages", "--backbone", str(model)]
    command += ["--index", "ix", "--batch_size", "2", "--cluster", "local:2"]
    driver = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(HOME)}, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not list(Path("ix").glob("runs/*/shards/*.lines")) and driver.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    driver.kill()
    assert driver.wait() == -signal.SIGKILL
    [run] = Path("ix/runs").iterdir()
    return run


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL cannot be sent on Windows")
def test_a_killed_driver_is_gone_on_with_and_nothing_that_is_published_is_done_again(here, model, capsys):
    for number in range(60):
        draw_page(here / "pages" / "lot" / f"L1950-{number}.png", 1000 + number)
    one = in_one_process(model)
    run = killed(model)
    shutil.copytree("ix", "changed")
    published = sorted(run.glob("shards/*.lines"))
    assert 0 < len(published) < 38
    assert main(["--worker", str(run)]) == 0  # another machine, while there is no driver
    capsys.readouterr()
    assert main(["--status", str(run)]) == 0
    assert "75 of 75 pages (100 %), 0 failed; 38 of 38 shards" in capsys.readouterr().out
    last = max(run.glob("shards/*.lines"))
    last.write_bytes(last.read_bytes().replace(b'"width": ', b'"width": 9'))
    assert explore("index", "pages", "--batch_size", "2") == 0  # joins what is there, without --cluster too
    rows = [index.rows() for index in (one, Index.open(Path("ix")))]
    others = [name for name in rows[0].columns if name != "width"]
    assert rows[0][others].equals(rows[1][others])
    assert (rows[0]["width"] != rows[1]["width"]).sum() == 1  # the one page of the last shard: it was not done again

    draw_page(here / "pages" / "lot" / "L1950-9.png", 7777)  # the last one, by name
    (here / "pages" / "lot" / "L1950-0.png").unlink()
    assert main(["explore", "index", "pages", "--index", "changed", "--cluster", "local:2", "--quiet"]) == 0
    shutil.rmtree("one")
    in_one_process(model)
    assert contents(Path("changed")) == contents(Path("one"))
    assert list(Path("changed/runs").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cluster", "join"], "--cluster join is for sorting"),
        (["--cluster", "locale:2"], "did you mean local?"),
        (["--cluster", "local:0"], "how many workers"),
        (["--shard", "1/3"], "unknown flag --shard"),
        (["--resume"], "unknown flag --resume"),
    ],
)
def test_what_cannot_be_is_one_line(here, capsys, arguments, said):
    assert main(["explore", "index", "pages", "--index", "ix", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (here / "ix").exists()
