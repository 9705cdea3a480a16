"""The job array that sorts a large collection: its tasks share the folders, whatever their numbers.

`run.py` is stood in for by a script that notes what it was asked for and leaves a run record as run.py does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "data_scripts" / "slurm" / "sort_pages.sbatch"
pytestmark = pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="a bash script")

RUN = """
import pathlib, sys, time
out = pathlib.Path(sys.argv[4])
time.sleep(0.2)
if "broken" in sys.argv[2]:
    sys.exit(2)
(out / "tables").mkdir(parents=True, exist_ok=True)
for left in (out / "runs").glob("*"):
    left.rmdir()
with (out / "tables" / "1_run.json").open("a", encoding="utf-8") as record:
    record.write(" ".join(sys.argv[1:]) + "\\n")
"""


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "run.py").write_text(RUN, encoding="utf-8")
    for name in ("box 1", "box [2]", "box ž", "left", "@eaDir"):
        (tmp_path / "scans" / name).mkdir(parents=True)
    (tmp_path / "scans" / "Y-1.png").write_bytes(b"a page")
    (tmp_path / "result" / "box [2]" / "runs" / "20260101-000000_X").mkdir(parents=True)
    return tmp_path


def task(folder: Path, number: int, array: tuple[int, ...], *flags: str, job: str = "7") -> subprocess.Popen:
    environment = {**os.environ, "PROJECT": str(folder / "project"), "INPUT": str(folder / "scans")}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OUTPUT": str(folder / "result")}
    environment |= {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": str(len(array))}
    environment |= {"SLURM_ARRAY_TASK_MIN": str(min(array)), "SLURM_ARRAY_TASK_MAX": str(max(array))}
    environment |= {"SLURM_ARRAY_JOB_ID": job, "SLURM_JOB_ID": f"{job}{number}"}
    return subprocess.Popen(
        ["bash", SCRIPT, *flags], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )


def end(process: subprocess.Popen) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def records(folder: Path) -> dict[str, list[str]]:
    files = (folder / "result").rglob("*_run.json")
    return {file.parts[-3]: file.read_text(encoding="utf-8").splitlines() for file in files}


@pytest.mark.parametrize("array", [(1, 2, 3), (3, 7)])
def test_all_folders_are_sorted_once_whatever_the_numbers(cluster, array):
    ended = [end(process) for process in [task(cluster, number, array, "-tn", "3") for number in array]]
    assert [code for code, _, _ in ended] == [0] * len(array), ended
    recorded = records(cluster)
    assert set(recorded) == {"box 1", "box [2]", "box ž", "left", "_files"}
    assert all(len(lines) == 1 for lines in recorded.values()), recorded
    assert recorded["box [2]"][0].endswith("--resume -tn 3") and recorded["_files"][0].endswith("--no-inner -tn 3")
    assert sum(out.count("->") for _, out, _ in ended) == 5
    code, out, _ = end(task(cluster, array[0], array[:1]))
    assert code == 0 and out.count("done before") == 5 and "5 of 5 folders are finished" in out
    assert not (cluster / "result" / ".tasks").exists()


def test_what_is_left_undone_is_said(cluster):
    (cluster / "scans" / "broken box").mkdir()
    code, out, err = end(task(cluster, 3, (3, 7)))
    assert code == 2 and "5 of 6 folders are finished" in out
    assert err.splitlines()[-2:] == ["left undone:", "  broken box"]
    code, out, err = end(task(cluster, 7, (3, 7)))
    assert code == 1 and "broken box ->" not in out and "  broken box" in err  # not tried again by this submission
    code, out, err = end(task(cluster, 3, (3,), job="8"))
    assert code == 2 and out.count("broken box ->") == 1
    (cluster / "scans" / "broken box").rename(cluster / "scans" / "mended box")
    assert end(task(cluster, 1, (1,), job="9"))[0] == 0


def test_a_folder_in_the_hands_of_a_living_task_is_left_to_it_and_that_of_a_dead_one_is_taken(cluster):
    held = cluster / "result" / ".tasks" / "held"
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name, pid in (("box 1", os.getpid()), ("left", dead.pid)):
        (held / name).mkdir(parents=True)
        (held / name / "holder").write_text(f"70 {os.uname().nodename} {pid}\n")
    code, out, _ = end(task(cluster, 1, (1,)))
    assert code == 0 and "box 1" not in records(cluster) and "left" in records(cluster)
    assert out.splitlines()[-2:] == ["in the hands of other tasks:", "  box 1"]


def test_stopped_by_the_time_limit_it_says_so(cluster):
    process = task(cluster, 3, (3, 7))
    while not process.stdout.readline().count("->"):
        pass
    process.terminate()
    code, _, err = end(process)
    assert code != 0 and "submit the same command again" in err and "left undone:" in err
    assert end(task(cluster, 3, (3,)))[0] == 0 and len(records(cluster)) == 5
