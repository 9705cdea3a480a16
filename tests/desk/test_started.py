"""What the desk has started: interrupted, left by a desk that ends or is killed, broken off, and gone on with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask
from desk_pages import page, serving
from desk_runs import desk_for, now, over, post, rows_of, until

from desk.runs import runs_room
from desk.start import CANCELLED, LEFT
from desk.started import Starts
from run import HOME, main

PAGES = 160  # so many that one can interrupt


def many_pages(folder: Path) -> str:
    folder.mkdir()
    for number in range(PAGES):
        page(number).save(folder / f"doc-{number + 1:03}.png")
    return str(folder.resolve())


def process_of(output: Path, name: str) -> int:
    return json.loads((output / "desk" / name / "start.json").read_text("utf-8"))["pid"]


def test_interrupted_and_gone_on_with(tmp_path, output, opened):
    name = post(f"{opened}/api/started/sort", folder=many_pages(tmp_path / "many"), report=False).said["name"]
    work = until(opened, lambda work: work["done"] > 0)
    assert work["state"] == "running" and work["run"]
    assert post(f"{opened}/api/started/{name}/cancel").status == 200
    assert over(opened)["state"] == "cancelled"
    assert post(f"{opened}/api/started/{name}/cancel").status == 409
    (run,) = ask(f"{opened}/api/runs").said["runs"]
    assert run["state"] == "interrupted" and 0 < run["done"] < PAGES and run["go_on"].endswith("--resume")
    assert len(rows_of(output)) == run["done"] + 1

    assert post(f"{opened}/api/started/{name}/again").status == 200
    until(opened, lambda work: work["done"] > run["done"])
    if os.name != "nt":
        os.kill(process_of(output, name), signal.SIGSTOP)  # it hears nothing of being interrupted
        asked = post(f"{opened}/api/started/{name}/cancel").said
        assert (asked["state"], asked["interrupted"]) == ("running", True) and asked["before"] == run["done"]
    assert post(f"{opened}/api/started/{name}/cancel").status == 200
    assert over(opened)["state"] == "cancelled"

    assert post(f"{opened}/api/started/{name}/again").status == 200
    work = over(opened)
    assert (work["state"], work["run"], work["done"]) == ("done", run["name"], PAGES)
    assert len(rows_of(output)) == PAGES + 1 == len({row[-1] for row in rows_of(output)})
    assert post(f"{opened}/api/started/{name}/again").status == 409


def test_what_a_killed_desk_has_left_at_work_is_seen_interrupted_and_never_done_twice(tmp_path, output):
    many = many_pages(tmp_path / "many")
    command = [sys.executable, str(HOME / "run.py"), "desk", "--no-browser", "--port", "0", "-o", str(output)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path) as desk:
        address = re.search(r"http://[^ ]+(?=/ )", desk.stdout.readline())[0]
        name = post(f"{address}/api/started/sort", folder=many, report=False).said["name"]
        until(address, lambda work: work["done"] > 0)
        desk.kill()
    with serving([runs_room(desk_for(output))]) as address:
        work = now(address)
        assert (work["name"], work["state"]) == (name, "running") and work["run"] and work["done"] > 0 and work["said"]
        for call in ("sort", f"{name}/again"):
            refused = post(f"{address}/api/started/{call}", **({"folder": many} if call == "sort" else {}))
            assert refused.status == 409 and "at work already" in refused.said["detail"]
        assert post(f"{address}/api/started/{name}/cancel").status == 200
        while work := now(address):
            assert work["state"] == "running" and work["done"] < PAGES
            time.sleep(0.05)
        (left,) = ask(f"{address}/api/started").said["earlier"]
        assert (left["name"], left["state"], left["goes_on"]) == (name, "left", True)
        # the command line goes on with it, and so the desk has nothing to go on with
        assert main(["-d", many, "-o", str(output), "-tn", "3", "--raw", "--resume", "--quiet"]) == 0
        (done,) = ask(f"{address}/api/started").said["earlier"]
        assert (done["state"], done["goes_on"]) == ("done", False) and "elsewhere" in done["why"]
        assert post(f"{address}/api/started/{name}/again").status == 409
        assert len(ask(f"{address}/api/runs").said["runs"]) == 1 and len(rows_of(output)) == PAGES + 1


def test_a_process_that_breaks_off_is_not_taken_for_done(tmp_path, output, scans, opened, monkeypatch):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "filelock.py").write_text("raise RuntimeError('no locks today')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))  # its exit code is that of a run with failed pages
    name = post(f"{opened}/api/started/sort", folder=str(scans)).said["name"]
    work = over(opened)
    assert (work["state"], work["goes_on"]) == ("stopped", True) and "no locks today" in work["why"]
    monkeypatch.delenv("PYTHONPATH")
    assert post(f"{opened}/api/started/{name}/again").status == 200
    assert over(opened)["state"] == "with failures" and len(rows_of(output)) == 6


@pytest.mark.skipif(os.name == "nt", reason="no limit of the size of files")
def test_nothing_is_half_started_on_a_full_disk(output, scans, opened):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        refused = post(f"{opened}/api/started/sort", folder=str(scans))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.status == 422 and refused.said["detail"].startswith("cannot write into ")
    assert "\n" not in refused.said["detail"] and list((output / "desk").iterdir()) == []
    assert now(opened) is None
    assert post(f"{opened}/api/started/sort", folder=str(scans)).status == 200
    assert over(opened)["state"] == "with failures"


def test_a_desk_that_ends_leaves_its_run_to_be_gone_on_with(tmp_path, output, scans):
    room = runs_room(desk_for(output))
    with serving([room]) as address:
        name = post(f"{address}/api/started/sort", folder=str(scans)).said["name"]
    settings = desk_for(output).settings
    _, (start,) = Starts(settings).shown()
    assert start.name == name and start.state == CANCELLED
    head = output / "desk" / name / "start.json"
    head.write_text(head.read_text("utf-8").replace(f'"{CANCELLED}"', '"running"'), "utf-8")  # as kill -9 leaves it
    assert Starts(settings).of(name).state == LEFT
    with serving([runs_room(desk_for(output))]) as address:
        assert [one["state"] for one in ask(f"{address}/api/started").said["earlier"]] == ["left"]
        assert post(f"{address}/api/started/{name}/again").status == 200
        assert over(address)["state"] == "with failures"
        assert len(rows_of(output)) == 6
