"""output/work.py: a folder that one process holds, and lines that are only ever added."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from output.journal import Journal
from output.outcome import Failed, Scored
from output.work import Lines, WorkFolder, begun, whole_lines

HOME = Path(__file__).resolve().parents[2]
HOLD = """
import sys, pathlib
from output.work import WorkFolder
work = WorkFolder(pathlib.Path(sys.argv[1]), "head.json")
work.take() and work.begin({"identity": {"top_n": 1}, "started": 1.0})
print("held", flush=True)
sys.stdin.read()
"""


def other_process(folder: Path) -> subprocess.Popen[str]:
    """A process that holds the folder until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_one_process_holds_a_folder_and_a_killed_one_lets_it_go(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    process, work = other_process(folder), WorkFolder(folder, "head.json")
    try:
        assert not work.take()
        assert begun(tmp_path, "*", "head.json") == [(folder, {"identity": {"top_n": 1}, "started": 1.0})]
    finally:
        process.kill()
        process.communicate()
    assert work.take()
    work.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_its_head_is_no_work_and_the_oldest_comes_first(tmp_path):
    for name, started in (("b", 2.0), ("a", 2.0), ("c", 1.0)):
        (tmp_path / name).mkdir()
        WorkFolder(tmp_path / name, "head.json").begin({"identity": {}, "started": started})
    for name, content in (("never begun", None), ("torn", b'{"identity": {}, "sta'), ("other", b'["identity"]')):
        (tmp_path / name).mkdir()
        if content:
            (tmp_path / name / "head.json").write_bytes(content)
    assert [folder.name for folder, _ in begun(tmp_path, "*", "head.json")] == ["c", "a", "b"]


def test_what_others_put_there_stays_where_only_some_files_are_removed(tmp_path):
    work = WorkFolder(tmp_path / "mine", "head.json")
    work.folder.mkdir()
    assert work.take()
    work.begin({})
    for name in ("journal.jsonl", "notes.txt"):
        (work.folder / name).touch()
    work.remove(["journal.jsonl", "gone.jsonl"])
    assert [path.name for path in work.folder.iterdir()] == ["notes.txt"]


def test_cleared_for_other_work_the_folder_is_still_held(tmp_path):
    work = WorkFolder(tmp_path / "mine", "head.json")
    (work.folder / "run" / "checkpoint-3").mkdir(parents=True)
    (work.folder / "plan.jsonl").touch()
    assert work.take()
    work.clear()
    assert [path.name for path in work.folder.iterdir()] == ["lock"]
    assert not WorkFolder(work.folder).take()


def test_held_alone_a_torn_line_is_cut_off(tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b"one\ntwo\nthr")
    lines = list(whole_lines(file))
    assert lines == [b"one\n", b"two\n"]
    with Lines(file, sum(map(len, lines))) as kept:
        kept.append(b"three")
    assert file.read_bytes() == b"one\ntwo\nthree\n"


def test_shared_a_torn_line_gets_an_end_and_no_process_loses_a_line(tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b"one\nt")
    with Lines(file) as mine, Lines(file) as other:
        mine.append(b"two")
        other.append(b"three")
        mine.append(b"four")
    assert file.read_bytes() == b"one\nt\ntwo\nthree\nfour\n"


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_process_loses_no_line_that_it_has_added(tmp_path):
    killed = (
        "import os, pathlib, signal, sys; from output.work import Lines\n"
        "lines = Lines(pathlib.Path(sys.argv[1]))\n"
        "for number in range(100): lines.append(b'%d' % number)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    file = tmp_path / "lines"
    assert subprocess.run([sys.executable, "-c", killed, file], cwd=HOME, check=False).returncode == -signal.SIGKILL
    assert file.read_bytes() == b"".join(b"%d\n" % number for number in range(100))


def test_an_interrupt_between_a_line_and_its_count_leaves_the_count_that_the_file_has(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", pages=4, batch_size=2)
    journal.append([Scored([0.9, 0.1]), Failed("the file is empty")])

    def interrupt(frame: object, event: str, argument: object) -> None:
        if event == "return" and frame.f_code is Lines.append.__code__:
            sys.setprofile(None)
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            journal.append([Scored([0.2, 0.8], "JPEG: bad"), Failed("too short")])
    finally:
        sys.setprofile(None)
    assert (journal.done, journal.failed, journal.doubted) == (2, 2, 1)
    assert len(list(journal.outcomes())) == 4
    journal.close()
