"""`--cluster ray` on a real Ray cluster of several node processes, of which some are killed or stopped. The long series
is `benchmarks/kill_cluster.py --cluster ray:3`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from benchmarks.kill_cluster import HOOK, ClusterSeries, send
from benchmarks.ray_nodes import RayNodes
from settings.config_file import HOME

pytest.importorskip("ray")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGSTOP cannot be sent on Windows"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:google"),
]
PAGES = 96
# Tiny models are done with a page before anybody can kill them.
SLOW = """
import time

def slowly(event, details):
    if event == "open" and isinstance(details[0], str) and details[0].endswith((".png", ".jpg", ".tif")):
        time.sleep(0.05)

sys.addaudithook(slowly)
"""


class RaySeries(ClusterSeries):
    """Runs on a Ray cluster, beside an undisturbed one of a single process."""

    def __init__(self, work):
        super().__init__(work, PAGES, "ray")
        self.poison()
        (self.hook / "sitecustomize.py").write_text(HOOK + SLOW, encoding="ascii")

    def driver(self, name, *further, **environment):
        """A driver, and the file that it speaks into."""
        said = self.work / f"{name}.txt"
        environment = {**os.environ, "PYTHONPATH": str(self.hook), "PYTHONUTF8": "1", **environment}
        command = self.command(self.work / name, *further)
        with said.open("wb") as log:
            return subprocess.Popen(command, cwd=HOME, env=environment, stdout=log, stderr=log), said

    def when_published(self, name, driver, count):
        """Wait until so many shards are published."""
        while len(list(self.work.glob(f"{name}/runs/*/shards/*.lines"))) < count:
            assert driver.poll() is None, (self.work / f"{name}.txt").read_text()
            time.sleep(0.01)

    def ended(self, driver, said, code):
        """What a driver said that has to end so."""
        assert driver.wait(120) == code, said.read_text()
        return said.read_text()


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return RaySeries(tmp_path_factory.mktemp("ray"))


@pytest.fixture(scope="module")
def nodes(series):
    with RayNodes(2, PYTHONPATH=str(series.hook)) as cluster, pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_ADDRESS", cluster.address)
        yield cluster


def one_of(nodes):
    """A worker that has a shard in hand."""
    while not (found := nodes.workers()):
        time.sleep(0.01)
    return found[0]


def test_workers_and_a_node_are_killed_and_a_poison_page_ends_alone(series, nodes):
    driver, said = series.driver("killed")
    series.when_published("killed", driver, 2)
    assert send(one_of(nodes), signal.SIGKILL)
    series.when_published("killed", driver, 5)
    nodes.kill_node()
    nodes.add_node()
    told = series.ended(driver, said, 1)
    series.compare_poisoned(series.work / "killed")
    assert re.search(r"a worker died \(.*\): shard [0-9]+ goes back", told)
    assert "Traceback" not in told and "raylet" not in told
    record = json.loads(next((series.work / "killed" / "tables").glob("*_run.json")).read_text())
    assert record["cluster"]["tried_again"]
    assert len(record["cluster"]["workers"]) >= 3


def test_a_stopped_worker_holds_nothing_up_and_doubles_nothing(series, nodes):
    driver, said = series.driver("stopped")
    series.when_published("stopped", driver, 2)
    stopped = one_of(nodes)
    assert send(stopped, signal.SIGSTOP)
    try:
        series.ended(driver, said, 1)
    finally:
        send(stopped, signal.SIGCONT)
    series.compare_poisoned(series.work / "stopped")


def test_a_node_with_other_versions_is_named_before_any_work(series, nodes):
    other = series.work / "other" / "onnxruntime-0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime\nVersion: 0.1\n")
    node = nodes.add_node(PYTHONPATH=str(other.parent))
    try:
        driver, said = series.driver("versions")
        told = series.ended(driver, said, 2)
    finally:
        nodes.kill_node(node)
    last = told.splitlines()[-1]
    assert last.startswith("error: this machine (") and "onnxruntime" in last and "0.1" in last
    assert not list(series.work.glob("versions/runs/*/shards/*.lines"))


def test_ctrl_c_on_a_cluster_of_its_own_and_resumed_on_another(series, nodes):
    driver, said = series.driver("interrupted", RAY_ADDRESS="local")
    series.when_published("interrupted", driver, 2)
    driver.send_signal(signal.SIGINT)
    told = series.ended(driver, said, 130)
    assert "Traceback" not in told and "--resume" in told.splitlines()[-1]
    series.ended(*series.driver("interrupted", "--resume"), 1)
    series.compare_poisoned(series.work / "interrupted")
