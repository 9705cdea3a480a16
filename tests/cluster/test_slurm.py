"""Sorting on a real Slurm of one node: arrays with and without a driver, and what may happen to their tasks."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from slurm_cluster import SlurmCluster, missing

from benchmarks.kill_predict import Series
from utils import cores

HOME = Path(__file__).resolve().parents[2]
SCRIPT = HOME / "data_scripts" / "slurm" / "sort_cpu.sbatch"
PAGES = 48
PATIENCE = 180  # seconds, on a machine that does much else; alone each takes a few
needs_slurm = pytest.mark.skipif(bool(missing()), reason=missing() or "Slurm is here")
# Each page takes as long as a large one would, so that there is time to disturb its task; or as long as a gate is shut.
SLOW = """
import os, sys, time

def slow(event, details):
    if event == "open" and isinstance(details[0], str) and details[0].endswith((".png", ".jpg", ".tif")):
        time.sleep(0.1)
        while "SLURM_JOB_ID" in os.environ and os.path.exists(os.environ["GATE"]):
            time.sleep(0.05)

sys.addaudithook(slow)
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with SlurmCluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return Series(tmp_path_factory.mktemp("series"), PAGES)


@pytest.fixture
def slow(tmp_path):
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(SLOW)
    return {"PYTHONPATH": str(tmp_path / "hook"), "GATE": str(tmp_path / "gate")}


def flags(series: Series, output: Path) -> list[str]:
    return series.command(output)[2:]


def array(slurm: SlurmCluster, series: Series, output: Path, tasks: str, **environment: str) -> str:
    logs = output.parent / f"{output.name}-%a.log"
    own = ("--cpus-per-task=1", "--mem=500M", f"--array={tasks}", f"--output={logs}", f"--chdir={HOME}")
    return slurm.submit(*own, SCRIPT, *flags(series, output), PROJECT=str(HOME), **environment)


def driver(slurm: SlurmCluster, series: Series, output: Path, *further: str, **environment: str) -> subprocess.Popen:
    command = [sys.executable, "run.py", *flags(series, output), *further]
    with (output.parent / f"{output.name}.log").open("ab") as said:
        return subprocess.Popen(command, cwd=HOME, env={**slurm.environment, **environment}, stdout=said, stderr=said)


def said(output: Path) -> str:
    return (output.parent / f"{output.name}.log").read_text(errors="replace")


def shards_done(output: Path) -> int:
    return len(list(output.glob("runs/*/shards/*.lines")))


def record(output: Path) -> dict:
    (file,) = output.glob("tables/*_run.json")
    return json.loads(file.read_text())


@needs_slurm
def test_an_array_with_gaps_sorts_all_pages_once_and_a_late_task_does_nothing(slurm, series, tmp_path):
    output = tmp_path / "out"
    job = array(slurm, series, output, "3,7,9%2")  # 9 begins when one of the others has ended
    slurm.until(lambda: not slurm.alive())
    series.compare(output)
    logs = {number: (tmp_path / f"out-{number}.log").read_text() for number in (3, 7, 9)}
    assert sorted(slurm.tasks(job).values()) == ["COMPLETED", "COMPLETED", "FAILED"], logs  # some pages failed: 1
    assert sum(f"{PAGES} pages: " in text for text in logs.values()) == 1, logs
    assert len(re.findall("joins them|joined its shards", "".join(logs.values()))) == 2, logs
    later = array(slurm, series, output, "1")  # another array sorts anew, as any other command does
    slurm.until(lambda: not slurm.alive())
    assert slurm.tasks(later) == {f"{later}_1": "FAILED"} and len(list(output.glob("tables/*_run.json"))) == 2


@needs_slurm
def test_a_task_whose_time_is_up_comes_back_and_goes_on(slurm, series, slow, tmp_path):
    output = tmp_path / "out"
    job = array(slurm, series, output, "5", **slow)
    slurm.until(lambda: shards_done(output) >= 2)
    slurm.run("scancel", "--batch", "--signal=USR1", f"{job}_5")  # as --signal in the script has it
    slurm.until(lambda: slurm.tasks(job) == {f"{job}_5": "PENDING"})
    slurm.until(lambda: not slurm.alive())
    series.compare(output)
    log = (tmp_path / "out-5.log").read_text()
    assert "back into the queue" in log and log.count("shards in ") == 2, log
    assert record(output)["cluster"]["tried_again"] == {}  # the shard in hand was given back


@needs_slurm
def test_a_driver_that_is_killed_leaves_its_tasks_and_the_next_one_finds_them(slurm, series, slow, tmp_path):
    output = tmp_path / "out"
    killed = driver(slurm, series, output, "--cluster", "slurm:2", **slow)
    slurm.until(lambda: shards_done(output) >= 2)
    Path(slow["GATE"]).touch()
    killed.kill()
    killed.wait()
    tasks = slurm.alive()
    resumed = driver(slurm, series, output, "--resume", "--cluster", "slurm:2", **slow)
    slurm.until(lambda: "there already" in said(output))
    Path(slow["GATE"]).unlink()
    assert resumed.wait(PATIENCE) == 1, said(output)
    series.compare(output)
    assert "2 tasks of this run are there already" in said(output) and said(output).count(" are submitted") == 1
    assert {worker["job"] for worker in record(output)["cluster"]["workers"]} == set(tasks)
    slurm.until(lambda: not slurm.alive())
    assert set(slurm.tasks(tasks[0].partition("_")[0]).values()) == {"COMPLETED"}  # not cut short at the end


@needs_slurm
def test_a_node_that_dies_gives_its_shards_back(slurm, series, slow, tmp_path):
    output = tmp_path / "out"
    running = driver(slurm, series, output, "--cluster", "slurm:2", **slow)
    slurm.until(lambda: shards_done(output) >= 2)
    slurm.kill_node()
    slurm.start_node()
    assert running.wait(PATIENCE) == 1, said(output)
    series.compare(output)
    assert len(re.findall(r"task \S+ is back in the queue", said(output))) == 2, said(output)


@needs_slurm
def test_tasks_that_see_no_pages_end_with_one_line_and_resume_goes_on(slurm, series, tmp_path):
    output, moved = tmp_path / "out", series.input.with_name("moved")
    slurm.run("scontrol", "update", f"nodename={os.uname().nodename.split('.')[0]}", "state=drain", "reason=test")
    begun = driver(slurm, series, output, "--cluster", "slurm:3")
    slurm.until(lambda: "no task runs" in said(output))
    series.input.rename(moved)
    try:
        slurm.run("scontrol", "update", f"nodename={os.uname().nodename.split('.')[0]}", "state=resume")
        assert begun.wait(PATIENCE) == 2, said(output)
        assert (
            len(re.findall(r"task \d+_\d ended, FAILED on \S+: this machine does not see the pages", said(output))) == 3
        )
        *_, last = said(output).splitlines()
        assert last.startswith("error: all tasks are over and") and "--resume submits others" in last
    finally:
        moved.rename(series.input)
    assert driver(slurm, series, output, "--resume", "--cluster", "slurm").wait(PATIENCE) == 1, said(output)
    series.compare(output)


@needs_slurm
def test_ctrl_c_cancels_the_tasks_and_other_workers_go_on(slurm, series, slow, tmp_path):
    output = tmp_path / "out"
    stopped = driver(slurm, series, output, "--cluster", "slurm:2", **slow)
    slurm.until(lambda: shards_done(output) >= 2)
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(PATIENCE) == 130, said(output)
    slurm.until(lambda: not slurm.alive())
    assert driver(slurm, series, output, "--resume", "--cluster", "local:2").wait(PATIENCE) == 1, said(output)
    series.compare(output)


@needs_slurm
def test_what_sbatch_refuses_is_said_in_its_words(slurm, series, tmp_path):
    output = tmp_path / "out"
    refused = driver(slurm, series, output, "--cluster", "slurm:2", SBATCH_PARTITION="nowhere")
    assert refused.wait(PATIENCE) == 2
    *_, last = said(output).splitlines()
    assert "sbatch did not take the job array" in last and "nowhere" in last


def test_without_slurm_one_line_says_so_before_any_work(series, tmp_path):
    command = [sys.executable, "run.py", *flags(series, tmp_path / "out"), "--cluster", "slurm:2"]
    done = subprocess.run(command, cwd=HOME, env={**os.environ, "PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: --cluster slurm: sbatch, squeue, scancel is not to be found here")


def test_a_task_uses_the_processors_that_slurm_gives_it(monkeypatch):
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)
    there = cores()
    for given, used in (("1", 1), ("100000", there), ("", there)):
        monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)
        assert cores() == used
