"""Sorting in shards: whoever does them, however often they die, the tables are those of one process, byte for byte."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys

import pytest

import run
from benchmarks.common import HOME
from benchmarks.kill_cluster import ClusterSeries, disturbed, workers_of
from benchmarks.kill_predict import after_rows

PAGES = 120
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGSTOP cannot be sent on Windows")


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return ClusterSeries(tmp_path_factory.mktemp("shards"), PAGES, "local:2")


def sort(series, output, *flags):
    """The command in this process; `--cluster` as given. Its exit code."""
    series.cluster = ""
    return run.main(series.command(output, *flags)[2:])


def tables_are_the_same(series, output):
    series.compare(output)
    assert not list((output / "tables").glob("*.part"))


def test_shards_by_hand_in_any_order_and_joined(series, tmp_path, capsys):
    output = tmp_path / "out"
    for shard in (3, 1):
        assert sort(series, output, "--shard", f"{shard}/3") == 1  # some of its pages failed
    said = capsys.readouterr().out
    assert "shard 3 of 3 is done\nto be done: 1-2\n" in said and said.endswith("to be done: 2\n")
    assert sort(series, output, "--merge") == 2
    assert "1 of 3 shards are not done: 2; do them with --shard 2/3" in capsys.readouterr().err
    assert run.main(["--status", str(next(output.glob("runs/2*")))]) == 0
    assert "80 of 120 pages (66 %)" in (told := capsys.readouterr().out) and "waiting: shards 2" in told
    assert sort(series, output, "--shard", "2/3") == 1
    joins = capsys.readouterr().out.splitlines()[-1]
    assert joins.startswith("all are done; join them: ") and joins.endswith(" --merge") and "--shard" not in joins
    assert sort(series, output, "--merge") == 1
    tables_are_the_same(series, output)
    record = next(output.glob("tables/*_run.json")).read_text("utf-8")
    assert '"shards": 3' in record and '"processor"' in record
    assert sort(series, output, "--merge") == 2 and "nothing to resume" in capsys.readouterr().err


def test_a_shard_that_holds_something_else_is_refused_and_done_again(series, tmp_path, capsys):
    output = tmp_path / "out"
    for shard in (1, 2):
        sort(series, output, "--shard", f"{shard}/2")
    first, second = sorted(output.glob("runs/2*/shards/*.lines"))
    kept = first.read_bytes()
    for wrong in (second.read_bytes() + kept, kept.replace(b"[", b"{", 1), kept[:-40]):
        first.write_bytes(wrong)
        assert sort(series, output, "--merge") == 2
        assert "delete " in capsys.readouterr().err
    first.unlink()
    assert sort(series, output, "--resume", "--cluster", "local:1") == 1
    tables_are_the_same(series, output)


def test_a_run_of_one_process_goes_on_in_shards_and_one_in_shards_by_one_process(series, tmp_path):
    output = tmp_path / "out"
    series.cluster = ""
    ended = series.start(output, when=after_rows(40), number=signal.SIGKILL)
    assert ended.code == -signal.SIGKILL and ended.rows < PAGES
    series.cluster = "local:2"
    interrupted = series.start(output, "--resume", when=lambda output: list(output.glob("runs/*/shards/*.lines")))
    assert interrupted.code == 130 and "to continue: " in interrupted.output
    series.cluster = ""
    ended = series.start(output, "--resume")
    series.must_be_done(ended)
    assert re.search(r"\d+ shards in .*, \d+ of them done already", ended.output)
    tables_are_the_same(series, output)


def test_who_gives_the_same_command_shares_the_work(series, tmp_path):
    output = tmp_path / "out"
    series.cluster = "join"
    command = {"args": series.command(output), "cwd": HOME, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(**command) for _ in range(3)]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert sorted(one.returncode for one in both) == [0, 0, 1], said  # one of them joined the shards
    tables_are_the_same(series, output)


def test_who_would_compute_otherwise_does_not_join_and_begins_no_run_of_its_own(series, tmp_path, capsys):
    output = tmp_path / "out"
    sort(series, output, "--shard", "1/3")
    capsys.readouterr()
    assert sort(series, output, "--shard", "2/3", "--batch_size", "8") == 2
    assert "was begun with batch_size 4 (here 8)" in capsys.readouterr().err
    assert len(list(output.glob("runs/2*"))) == 1


def test_kills_and_a_page_that_kills(series, tmp_path):
    series.cluster = "local:3"
    series.poison()
    try:
        killed = disturbed(series, tmp_path / "out", random.Random(3), 4, workers_of)
        assert sum(killed.values()) >= 1, killed
        series.compare_poisoned(tmp_path / "out")
    finally:
        next(series.input.rglob("poison-1.png")).unlink()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--cluster", "lokal:2"], "did you mean local?"),
        (["--cluster", "local:0"], "behind the colon stands how many workers"),
        (["--cluster", "join", "--resume"], "leave --resume out"),
        (["--shard", "4/3"], "which one of how many, as 3/200"),
        (["--shard", "1/2", "--merge"], "--shard and --merge are different things"),
        (["--merge"], "nothing to resume"),
    ],
)
def test_what_cannot_be_is_one_line_before_any_work(series, tmp_path, capsys, flags, said):
    assert sort(series, tmp_path / "out", *flags) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert said in lines[-1] and lines[-1].startswith("error: ")
    assert not list((tmp_path / "out").glob("runs/*"))


def test_single_pages_have_no_shards_and_a_run_that_is_not_there_is_said(tmp_path, capsys):
    assert run.main(["-f", "page.png", "--cluster", "local:2"]) == 2
    assert "are for a folder: name it with -d" in capsys.readouterr().err
    assert run.main(["--worker", str(tmp_path / "runs" / "gone")]) == 2
    assert "this machine does not see" in capsys.readouterr().err
    (tmp_path / "runs" / "plain").mkdir(parents=True)
    assert run.main(["--worker", str(tmp_path / "runs" / "plain")]) == 2
    assert "is no run in shards" in capsys.readouterr().err


def test_a_worker_lends_a_hand_and_refuses_pages_and_models_that_it_does_not_see(series, tmp_path, capsys):
    output = tmp_path / "out"
    pages = tmp_path / "pages"
    shutil.copytree(series.input, pages)
    flags = ["-d", str(pages), "-o", str(output), "--model_path", str(series.model), "--quiet"]
    assert run.main([*flags, "--shard", "1/3"]) == 1
    folder = str(next(output.glob("runs/2*")))
    pages.rename(tmp_path / "away")
    capsys.readouterr()
    assert run.main(["--worker", folder]) == 2
    assert "this machine does not see the pages" in capsys.readouterr().err
    (tmp_path / "away").rename(pages)
    assert run.main(["--worker", folder]) == 0
    assert "2 shards were done here; none is left" in capsys.readouterr().out
    assert run.main([*flags, "--merge"]) == 1
