"""`formulas read --cluster`: workers and drivers that are killed, a picture that kills; tables as of one process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from formula_models import pictures
from PIL import Image

import run
from benchmarks.kill_cluster import HOOK, POISON, REASON, workers_of

HOME = Path(__file__).resolve().parents[2]
ENDINGS = (".csv", ".jsonl", "_ERRORS.csv")


def tables_of(output: Path) -> dict[str, list[bytes]]:
    (record,) = (output / "tables").glob("*_run.json")
    name = record.name.removesuffix("_run.json")
    return {end: (output / "tables" / f"{name}{end}").read_bytes().splitlines() for end in ENDINGS}


def published(output: Path) -> int:
    return len(list((output / "runs").glob("*/shards/*.lines")))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_killed_workers_and_drivers_and_a_picture_that_kills_leave_the_tables_of_one_process(tmp_path, model):
    scans = tmp_path / "scans"
    pictures(scans, 30)
    (scans / "f007.png").write_bytes(b"")
    Image.new("L", (90, 40), 255).save(scans / "f011.png")
    how = ["formulas", "read", str(scans), "--model", str(model), "--json", "--batch_size", "2", "--beams", "6"]
    assert run.main([*how, "--quiet", "-o", str(tmp_path / "whole")]) == 1
    whole = tables_of(tmp_path / "whole")

    (scans / f"{POISON}-1.png").write_bytes((scans / "f001.png").read_bytes())
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, encoding="ascii")
    output = tmp_path / "out"
    command = [sys.executable, str(HOME / "run.py"), *how, "-o", str(output), "--cluster"]
    told = {"env": {**os.environ, "PYTHONPATH": str(tmp_path / "hook"), "OMP_NUM_THREADS": "1"}, "cwd": tmp_path}
    driver = subprocess.Popen([*command, "local:2"], **told, stderr=subprocess.PIPE, encoding="utf-8")
    until, killed = time.monotonic() + 180, False
    while driver.poll() is None and time.monotonic() < until:
        if not killed and published(output) >= 2 and (workers := workers_of(driver.pid)):
            os.kill(workers[0], signal.SIGKILL)
            killed = True
        elif killed and published(output) >= 5:
            driver.kill()
        time.sleep(0.002)
    assert driver.wait() == -signal.SIGKILL
    assert 5 <= published(output) < 16
    driver.stderr.close()

    ended = subprocess.run([*command, "local:1", "--resume"], **told, capture_output=True, encoding="utf-8")
    assert ended.returncode == 1, ended.stderr
    assert "goes back" in ended.stderr and "is done item by item" not in ended.stderr  # a worker says that in its log
    tables = tables_of(output)
    (poisoned,) = [line for line in tables["_ERRORS.csv"] if line.startswith(POISON.encode())]
    assert REASON.encode() in poisoned
    tables["_ERRORS.csv"].remove(poisoned)
    assert tables == whole
    assert list((output / "runs").iterdir()) == []
