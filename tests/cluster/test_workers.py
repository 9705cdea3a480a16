"""Workers that are really killed, stopped, or lose their disk; and machines that would compute otherwise."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from counting_work import expected, given, make_run

from cluster import worker as worker_module
from cluster.driver import Driver, merge, record
from cluster.local import Local
from cluster.shards import Shards
from cluster.worker import Worker
from utils import UserError

HERE = Path(__file__).resolve().parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGSTOP cannot be sent on Windows")


@pytest.fixture(autouse=True)
def _seen_by_children(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def driven(plan, processes=2):
    """Sees a run to its end; the lines that were absorbed."""
    lines: list[bytes] = []
    shards = Shards(plan)
    with Driver(plan, Local(plan, processes), lambda shard: lines.extend(shards.lines(shard)), quiet=True) as driver:
        driver.run()
    return lines


def test_every_item_is_done_once_and_in_order(tmp_path):
    names = [f"f{number}" for number in range(50)]
    plan = make_run(tmp_path, names, unit=4)
    assert driven(plan) == expected(names)
    said = record(plan)
    assert said["shards"] == 13 and said["workers"][0]["computed_by"] == {"alphabet": "latin"}


def test_an_item_that_kills_is_one_failure_and_the_others_are_done(tmp_path, capsys):
    names = ["f0", "f1", "f2", "kills", "f4", "f5"]
    plan = make_run(tmp_path, names, unit=3, shards=2)
    lines = driven(plan)
    assert lines[3] == b'"it ended the process that worked on it, twice (signal 9)"\n'
    assert lines[:3] + lines[4:] == expected(names)[:3] + expected(names)[4:]
    assert capsys.readouterr().err.count("was killed by signal 9: shard 2 goes back; another one is started") == 2
    assert record(plan)["tried_again"]["2"] == 2


def test_a_worker_that_is_stopped_holds_nothing_up_and_doubles_nothing_when_it_wakes(tmp_path):
    names = [f"slow{number}" for number in range(12)]
    plan = make_run(tmp_path, names, unit=3, shards=4)
    command = [sys.executable, "-c", WORK, str(plan.folder)]
    stopped = subprocess.Popen(command, cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True)
    try:
        marks = plan.folder / "marks"
        while not list(marks.iterdir()):
            time.sleep(0.01)
        stopped.send_signal(signal.SIGSTOP)
        Worker(plan, print).run()
        assert given(plan) == expected(names)
        stopped.send_signal(signal.SIGCONT)
        assert stopped.communicate(timeout=60)[0].strip() == "done here: 0"
    finally:
        stopped.kill()
        stopped.wait()
    assert given(plan) == expected(names) and not list((plan.folder / "shards").glob("*.part"))


WORK = """
import sys
from pathlib import Path
from cluster.plan import load_plan
from cluster.worker import Worker
print("done here:", Worker(load_plan(Path(sys.argv[1])), print).run())
"""


def test_a_folder_that_is_away_for_a_while_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_module, "LOOK_AGAIN", 0.05)
    names = [f"slow{number}" for number in range(8)]
    plan = make_run(tmp_path, names, unit=1)
    said: list[str] = []
    worker = Worker(plan, said.append)
    done = threading.Thread(target=worker.run)
    done.start()
    for count, folder in enumerate((tmp_path / "files", tmp_path / "out"), 1):
        while len(Shards(plan).published()) < count:
            time.sleep(0.01)
        folder.rename(tmp_path / "away")
        while len(said) < count:
            time.sleep(0.01)
        (tmp_path / "away").rename(folder)
        assert said[-1].startswith("waiting: ") and folder.name in said[-1]
    done.join(60)
    assert given(plan) == expected(names)


def test_files_that_are_gone_are_failures_and_are_not_waited_for(tmp_path):
    names = ["f0", "f1", "f2"]
    plan = make_run(tmp_path, names, unit=1)
    (tmp_path / "files" / "f1").unlink()
    Worker(plan, print).run()
    assert given(plan)[1] == b'"it is not there"\n'


def test_a_run_that_was_removed_ends_its_workers(tmp_path):
    plan = make_run(tmp_path, ["f0", "slow1", "slow2"], unit=1)
    worker = Worker(plan, print)
    worker.do(0)
    shutil.rmtree(plan.folder)
    assert worker.run() == 0


def test_a_machine_that_would_compute_otherwise_is_refused_and_named(tmp_path, monkeypatch):
    plan = make_run(tmp_path, ["f0"], unit=1)
    Worker(plan, print)
    Worker(plan, print)
    monkeypatch.setenv("ALPHABET", "greek")
    with pytest.raises(UserError, match=r"would compute otherwise than .*alphabet latin there and greek here"):
        Worker(plan, print)


def test_workers_end_with_a_driver_that_is_killed_and_what_they_had_in_hand_does_not_count_as_tried(tmp_path):
    names = [f"slow{number}" for number in range(40)]
    plan = make_run(tmp_path, names, unit=10, shards=4)
    shards = Shards(plan)
    driver = subprocess.Popen([sys.executable, "-c", DRIVE, str(plan.folder)], cwd=HERE.parents[1])
    while len(shards.tries()) < 2:
        time.sleep(0.01)
    driver.kill()
    driver.wait()
    while any(of.begun for shard, of in shards.tries().items() if shard not in shards.published()):
        time.sleep(0.02)
    with pytest.raises(UserError, match="of 4 shards are not done"):
        merge(plan, lambda shard: None, 0)
    assert driven(plan) == expected(names)


DRIVE = """
import sys
from pathlib import Path
from cluster.driver import Driver
from cluster.local import Local
from cluster.plan import load_plan
if __name__ == "__main__":
    plan = load_plan(Path(sys.argv[1]))
    with Driver(plan, Local(plan, 2), print, quiet=True) as driver:
        driver.run()
"""
