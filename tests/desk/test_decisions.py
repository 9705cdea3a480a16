"""Decisions survive what happens to desks: kill -9 while people click, half a line, other desks, many people."""

from __future__ import annotations

import contextlib
import csv
import http.client
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask
from review_runs import CATEGORIES, RUN, a_run, answering, decide, name_of, row

import desk.decisions
from desk.answers import Answer, Answers, kappa, kappas, pages_per_hour, wilson
from desk.decisions import Decisions, Given, read_answers
from desk.refused import Refused
from desk.trail import CHANGED, Contents
from output.disks import is_local
from output.files import file_hash
from reading.pages import stamp_of
from utils import UserError

PROGRAM = Path(__file__).resolve().parents[2] / "run.py"
NOTHING = Contents(lambda path: None)


def opened(folder, contents=NOTHING):
    return Decisions(folder, contents, {"name": "v9", "hash": "ab" * 32})


def given(number, person="Anna", path="a.png", category="DRAW", **more):
    return Given(person, name_of(number), path, 1, category, **more)


def lines_of(folder):
    with (folder / "trail.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of Unix")
def test_what_was_acknowledged_is_there_after_kill_9(tmp_path):
    rows = [row(number) for number in range(400)]
    table = a_run(tmp_path, rows)
    flags = ["--port", "0", "--no-browser", "-o", str(tmp_path / "o"), "--model_dir", str(tmp_path / "none")]
    command = [sys.executable, str(PROGRAM), "desk", str(table), *flags]
    saved, begun, draw = set(), 0, random.Random(1)
    for kill in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8") as process:
            address = f"{re.search(r'http://[^ ]+/', process.stdout.readline())[0]}api/review"
            enough = threading.Timer(0.3 + draw.random(), process.send_signal, [signal.SIGKILL])
            enough.start()
            with contextlib.suppress(OSError, http.client.HTTPException):  # the answer that was being sent
                while True:
                    begun += 1
                    answer = decide(address, f"P{kill}", (begun % len(rows), CATEGORIES[begun % 4], begun))
                    assert answer.status == 200
                    saved.add(name_of(begun))
            process.wait()
    assert saved
    folder = tmp_path / "out" / "review" / RUN
    answers = read_answers(folder)
    assert all(answers.get(name) is not None for name in saved)
    opened(folder).close()  # catches up
    trail = lines_of(folder)
    assert [int(line["NUMBER"]) for line in trail] == list(range(1, len(trail) + 1))
    assert saved <= {line["ANSWER"] for line in trail}
    assert len({line["ANSWER"] for line in trail}) == len(trail) <= begun


def test_many_people_at_once_lose_nothing_and_double_nothing(tmp_path):
    rows = [row(number) for number in range(100)]
    with answering(a_run(tmp_path, rows), tmp_path / "elsewhere") as room:
        wrong = []

        def click(person):
            for at in range(20):
                number = person * 1000 + at
                for _ in range(2):  # each is sent twice, as after a connection that broke
                    answer = decide(room, f"P{person}", (number % 100, CATEGORIES[number % 4], number))
                    if answer.status != 200 or answer.said["saved"] != [name_of(number)]:
                        wrong.append(answer)

        people = [threading.Thread(target=click, args=[person]) for person in range(1, 26)]
        for thread in people:
            thread.start()
        for thread in people:
            thread.join()
        assert not wrong
        assert sorted(ask(room).said["people"]) == sorted(f"P{person}" for person in range(1, 26))
    trail = lines_of(tmp_path / "out" / "review" / RUN)
    assert len(trail) == len({line["ANSWER"] for line in trail}) == 25 * 20


def test_a_desk_takes_up_what_another_one_saved(tmp_path):
    with opened(tmp_path) as one, opened(tmp_path) as other:
        one.save([given(1)])
        other.save([given(2, "Ben", category="PHOTO")])
        assert set(other.answers.standing("a.png", 1)) == {"Anna", "Ben"}
        assert other.save([given(1, category="PHOTO")]) == [name_of(1)]  # known from the other desk: not saved again
        assert other.answers.standing("a.png", 1)["Anna"].category == "DRAW"
        assert one.lend("Anna", [("a.png", 1)]) == {}
        assert [who for who, _ in other.lend("Ben", [("a.png", 1)]).values()] == ["Anna"]
    assert [line["ANSWER"] for line in lines_of(tmp_path)] == [name_of(1), name_of(2)]


def test_what_arrives_as_the_desk_closes_is_saved_or_comes_again(tmp_path):
    decisions, saved, refused = opened(tmp_path), [], []

    def click(person):
        with contextlib.suppress(Refused):
            for at in range(100_000):
                saved.extend(decisions.save([given(person * 1_000_000 + at, f"P{person}")]))
        try:
            decisions.undo("Anna", name_of(1), name_of(2))
        except Refused as error:
            refused.append((error.status, error.again > 0))

    people = [threading.Thread(target=click, args=[person], daemon=True) for person in range(1, 9)]
    for thread in people:
        thread.start()
    while len(saved) < 100:
        time.sleep(0.01)
    decisions.close()
    for thread in people:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in people)
    assert refused == [(429, True)] * len(people)  # nothing is forgotten of an undo either
    answers = read_answers(tmp_path)
    assert all(answers.get(name) is not None for name in saved)


def test_decisions_of_a_share_stay_as_a_share_needs_them(tmp_path):
    def journal(set_to=""):
        with contextlib.closing(sqlite3.connect(tmp_path / "decisions.sqlite")) as connection:
            return connection.execute(f"PRAGMA journal_mode{set_to}").fetchone()[0]

    with opened(tmp_path) as decisions:
        decisions.save([given(1)])
        assert journal() == "wal"
    assert journal("=DELETE") == "delete"  # as a desk does to which this disk is a share
    with opened(tmp_path) as decisions:
        decisions.save([given(2)])
        assert journal() == "delete"


@pytest.mark.parametrize("harm", ["half a line", "gone", "by Excel", "empty"])
def test_a_trail_is_whole_again_after_harm(tmp_path, harm):
    with opened(tmp_path) as decisions:
        decisions.save([given(1), given(2, path="b.png")])
    file = tmp_path / "trail.csv"
    whole = file.read_bytes()
    harmed = {"half a line": whole[:-20], "by Excel": whole.replace(b",", b";"), "empty": b""}
    file.unlink() if harm == "gone" else file.write_bytes(harmed[harm])
    with opened(tmp_path):
        pass
    assert file.read_bytes() == whole
    assert (tmp_path / "trail_changed-1.csv").exists() == (harm == "by Excel")


def test_the_trail_names_what_was_looked_at_by_its_content(tmp_path):
    page = tmp_path / "a.png"
    page.write_bytes(b"a page")
    contents = Contents(lambda path: tmp_path / path)
    with opened(tmp_path / "review", contents) as decisions:
        decisions.save([given(1, stamp=stamp_of(page)), given(2, path="gone.png")])
        decisions.save([given(3, stamp=(5, 5))])
    said = [line["CONTENT_SHA256"] for line in lines_of(tmp_path / "review")]
    assert said == [file_hash(page), "", CHANGED]


def test_a_file_name_of_two_lines_is_one_line_of_the_trail(tmp_path):
    for number in (1, 2):
        with opened(tmp_path) as decisions:
            decisions.save([given(number, path="a\nb\r.png")])
    assert [line["PATH"] for line in lines_of(tmp_path)] == [r"a\x0ab\x0d.png"] * 2
    assert not (tmp_path / "trail_changed-1.csv").exists()


def test_a_trail_that_cannot_be_written_says_so_and_is_tried_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(desk.decisions, "PAUSE", 0.05)
    broken, looked = threading.Event(), threading.Semaphore(0)
    broken.set()

    def place(path):
        looked.release()
        if broken.is_set():
            raise RuntimeError("a share that knows no locks")
        return

    with opened(tmp_path, Contents(place)) as decisions:
        decisions.save([given(1)])
        assert all(looked.acquire(timeout=60) for _ in range(3))
        broken.clear()
        assert looked.acquire(timeout=60)
    assert [line["ANSWER"] for line in lines_of(tmp_path)] == [name_of(1)]
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("warning: trail.csv lacks the last answers") and "a share that knows no locks" in said


def test_an_undo_is_a_line_of_its_own(tmp_path):
    with opened(tmp_path) as decisions:
        decisions.save([given(1, note="=1+1\nsecond line")])
        assert decisions.undo("Anna", name_of(1), name_of(2)) == [name_of(2)]
        assert decisions.undo("Anna", name_of(1), name_of(2)) == [name_of(2)]  # sent again
        assert decisions.answers.standing("a.png", 1) == {} and decisions.answers.mine("Anna") == []
        for answer in (name_of(1), name_of(2), name_of(9)):
            with pytest.raises(Refused):
                decisions.undo("Anna", answer, name_of(3))
    lines = lines_of(tmp_path)
    assert [(line["DID"], line["UNDOES"]) for line in lines] == [("answer", ""), ("undo", name_of(1))]
    assert lines[0]["NOTE"] == "'=1+1 second line"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "review").write_text("a file")
    with pytest.raises(UserError, match=r"decisions cannot be kept in .*decisions.sqlite: "):
        opened(tmp_path / "review")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "decisions.sqlite").write_text("no database, but long enough to be looked at" * 40)
    with pytest.raises(UserError, match="not a database"):
        opened(tmp_path / "odd")


def test_figures_of_agreement():
    assert kappa([("A", "A")] * 5 + [("A", "B")] * 5) == 0.0
    assert kappa([]) is None and kappa([("A", "A")]) is None
    low, high = wilson(0, 20)
    assert low == 0.0 and 0.15 < high < 0.17
    assert kappas(Answers()) == []
    times = ("08:00:00", "08:00:00", "08:00:01", "08:01:00", "08:02:00", "08:09:00")  # and a pause
    said = [
        Answer(at, name_of(at), "", "Anna", "a.png", at, "DRAW", "", 1.0, f"2026-11-29T{when}+0000", "grid", False, "",
               0.0, "", None)
        for at, when in enumerate(times)
    ]  # fmt: skip
    assert [pages_per_hour(said[:count]) for count in (0, 1, 3, 4, 6)] == [0, 0, 0, 0, 120]


def test_the_kind_of_a_disk(tmp_path):
    import output.disks

    mounts = ["/dev/sda / ext4 rw 0 0", "nas:/scans /mnt/scans nfs4 rw 0 0", r"//nas/x /mnt/a\040b cifs rw 0 0"]
    assert output.disks._system_of("/mnt/scans/box", mounts) == "nfs4"
    assert output.disks._system_of("/mnt/scans2", mounts) == "ext4"
    assert output.disks._system_of("/mnt/a b/c", mounts) == "cifs"
    assert isinstance(is_local(tmp_path), bool)
