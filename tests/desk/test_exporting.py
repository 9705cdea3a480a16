"""`desk TABLE --export`: what people decided, as the tools behind it read it."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

import scripts
from review_runs import CATEGORIES, a_run, answering, decide

from run import main


def test_what_people_decided_goes_on_to_annotate(tmp_path, capsys):
    table, corrected = a_run(tmp_path), tmp_path / "corrected.csv"
    assert main(["desk", str(table), "--export", str(corrected)]) == 2
    assert "nothing was decided yet" in capsys.readouterr().err
    with answering(table, tmp_path / "elsewhere") as room:
        decide(room, "Anna", (5, "DRAW", 1), (2, CATEGORIES[2], 2), (7, "PHOTO", 3), (9, "none of these", 4))
        decide(room, "Ben", (5, "DRAW", 5), (2, CATEGORIES[2], 6), (7, "DRAW", 7))
    assert main(["desk", str(table), "--export", str(corrected)]) == 0
    assert scripts.read(corrected) == [
        ["FILE", "PAGE", "CLASS", "CORRECT", "PATH"],
        ["CTX100", "3", "TEXT_P", "TEXT_P", "CTX100-3.png"],
        ["CTX100", "6", "PHOTO", "DRAW", "CTX100-6.png"],
    ]
    said = capsys.readouterr().out
    assert "corrected.csv: 2 pages, 1 of them corrected" in said
    assert "Anna and Ben: 3 pages in common, Cohen's kappa 0.50" in said
    assert "left out: 1 page on which people differ" in said and "left out: 1 page decided as 'none of these'" in said
    done = scripts.run("annotate", corrected, tmp_path / "annotation.csv")
    assert done.returncode == 0, done.stderr
    assert scripts.read(tmp_path / "annotation.csv")[1:] == [
        ["CTX100", "3", "TEXT_P", "CTX100-3.png"],
        ["CTX100", "6", "DRAW", "CTX100-6.png"],
    ]


def test_another_table_is_not_written_over(tmp_path, capsys):
    table = a_run(tmp_path)
    with answering(table, tmp_path / "elsewhere") as room:
        decide(room, "Anna", (5, "DRAW", 1))
    before = table.read_bytes()
    assert main(["desk", str(table), "--export", str(table)]) == 2
    assert "another table is there" in capsys.readouterr().err and table.read_bytes() == before
    for _ in range(2):  # one that was exported before is
        assert main(["desk", str(table), "--export", str(tmp_path / "new.csv")]) == 0


def test_pages_that_are_gone_do_not_keep_decisions_back(tmp_path, capsys):
    table = a_run(tmp_path)
    with answering(table, tmp_path / "elsewhere") as room:
        decide(room, "Anna", (5, "DRAW", 1))
    (tmp_path / "pages").rename(tmp_path / "moved")
    assert main(["desk", str(table), "--export", str(tmp_path / "corrected.csv")]) == 0
