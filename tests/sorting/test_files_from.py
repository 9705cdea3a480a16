"""`--files-from LIST`: the files that a list names, whatever wrote it; one that is not there is a row, no end."""

# ruff: noqa: F811

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mets_files import div, write_mets
from test_resume import interrupted
from test_since import how, model, newest, record_of, rows_of_newest, tables_of  # noqa: F401 (how, model: fixtures)
from test_sorting import draw, rows_of, sort

from reading.page_lists import names_in


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    for number in range(1, 7):
        draw(folder / "TEXT" / f"doc-{number}.png", number)
    (folder / "notes.txt").write_text("no page", encoding="utf-8")
    return folder


def piped(monkeypatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


@pytest.mark.parametrize(
    "content",
    [
        "TEXT/doc-1.png\nTEXT/dóc 2.png\n".encode(),
        "\ufeffTEXT/doc-1.png\r\n\r\n  \r\nTEXT/dóc 2.png".encode(),
        "TEXT/doc-1.png\0TEXT/dóc 2.png\0".encode(),
        "TEXT/doc-1.png\r\nTEXT/dóc 2.png\r\n".encode("utf-16"),  # of Windows PowerShell 5
    ],
)
def test_lists_of_every_system_name_the_same_files(content):
    assert names_in(content) == ["TEXT/doc-1.png", "TEXT/dóc 2.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_names_that_are_no_text_or_hold_a_line_break_are_found(tmp_path, how):
    for name in (b"a\nb-1.png", b"caf\xe9-2.png"):
        draw(tmp_path / "page.png", 1).rename(tmp_path / os.fsdecode(name))
    found = subprocess.run(["find", tmp_path, "-name", "*-?.png", "-print0"], capture_output=True, check=True).stdout
    (tmp_path / "list").write_bytes(found)
    assert sort("--files-from", tmp_path / "list", "-o", tmp_path / "out", *how) == 0
    assert len(rows_of(tmp_path / "out", "result_*")) == 2


def test_a_list_writes_what_a_folder_writes_and_what_is_not_there_is_a_row(tmp_path, scans, how, capsys):
    lines = [f"TEXT/doc-{number}.png" for number in (6, 2, 1)]
    lines += ["./TEXT/doc-2.png", str(scans / "TEXT" / "doc-1.png"), "TEXT/gone-3.png", "TEXT", "notes.txt", ""]
    (tmp_path / "list.txt").write_text("\r\n".join(lines), encoding="utf-8")
    assert sort("-d", scans, "--files-from", tmp_path / "list.txt", "-o", tmp_path / "out", *how) == 1
    said = capsys.readouterr().err
    assert "2 names in the list lead to files that it names before: each counts once" in said
    assert "1 folders in the list are left alone" in said and "left alone: 1 .txt" in said
    rows = rows_of(tmp_path / "out", "result_*")
    assert [(row["PATH"], row["TRUE"]) for row in rows] == [(f"TEXT/doc-{n}.png", "TEXT") for n in (1, 2, 6)]
    [gone] = rows_of(tmp_path / "out", "*_ERRORS.csv")
    assert (gone["FILE"], gone["PAGE"], gone["PATH"]) == ("gone", "3", "TEXT/gone-3.png")
    assert gone["REASON"] == "the file does not exist"
    for number in (3, 4, 5):
        (scans / "TEXT" / f"doc-{number}.png").unlink()
    assert sort("-d", scans, "-o", tmp_path / "whole", *how) == 0
    listed, whole = tables_of(tmp_path / "out"), tables_of(tmp_path / "whole")
    assert listed["result__1n_3c.csv"] == whole["result__1n_3c.csv"]


def test_without_d_names_count_from_here_and_may_lie_anywhere(tmp_path, scans, how, monkeypatch):
    draw(tmp_path / "elsewhere" / "x-1.png", 9)
    monkeypatch.chdir(scans)
    piped(monkeypatch, f"TEXT/doc-1.png\n../elsewhere/x-1.png\n{scans / 'TEXT' / 'doc-2.png'}\n".encode())
    assert sort("--files-from", "-", "-o", tmp_path / "out", *how) == 0
    paths = [row["PATH"] for row in rows_of(tmp_path / "out", "result_*")]
    assert paths == ["TEXT/doc-1.png", (scans / "TEXT" / "doc-2.png").as_posix(), "../elsewhere/x-1.png"]


@pytest.mark.parametrize(
    ("content", "further", "says"),
    [
        (b"../out-1.png\nTEXT/doc-1.png\n", [], "names 1 files outside of"),
        (b"\n\r\n", [], "names no file"),
        (b"notes.txt\nTEXT\n", [], "names no page; left alone: 1 .txt; 1 folders"),
        (b"scans/TEXT/doc-1.png\nscans/TEXT/doc-2.png\n", [], "none of the 2 page files in the list is there"),
        (b"TEXT/doc-1.png\n", ["-f", "x.png"], "-f and --files-from both name files"),
        (b"TEXT/doc-1.png\n", ["--best"], "--files-from belongs to sorting"),
        (None, [], "list.txt cannot be read: no such file"),
    ],
)
def test_lists_that_cannot_be_meant_are_refused_in_one_line(tmp_path, scans, how, capsys, content, further, says):
    if content is not None:
        (tmp_path / "list.txt").write_bytes(content)
    pages = [] if "-f" in further else ["-d", scans]
    model = how if "--best" not in further else ()
    assert sort(*pages, "--files-from", tmp_path / "list.txt", "-o", tmp_path / "out", *model, *further) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out" / "tables").exists()


def test_documents_say_themselves_which_pages_there_are(tmp_path, how, capsys):
    mets = write_mets(tmp_path, {"OCR-D-IMG": {"i1": "img/1.tif"}}, div("p1", "i1", order="1"))
    (tmp_path / "list.txt").write_text("img/1.tif\n", encoding="utf-8")
    for flag, value in (("--files-from", tmp_path / "list.txt"), ("--since", "20260101-000000_tiny")):
        capsys.readouterr()
        assert sort("-d", mets, "-o", tmp_path / "out", *how, flag, value) == 2
        assert f"{flag} is for plain pages; {mets} says itself" in capsys.readouterr().err


def test_a_run_of_a_list_goes_on_with_that_list_alone(tmp_path, scans, how, monkeypatch, capsys):
    whole = "".join(f"TEXT/doc-{number}.png\n" for number in range(1, 7)).encode()
    command = ("-d", scans, "--files-from", "-", "-o", tmp_path / "out", *how)
    piped(monkeypatch, whole)
    interrupted(monkeypatch, 1, *command)
    run = next((tmp_path / "out" / "runs").iterdir())
    capsys.readouterr()
    piped(monkeypatch, b"TEXT/doc-1.png\nTEXT/doc-2.png\n")
    assert sort(*command, "--resume") == 2
    assert "list = " in capsys.readouterr().err and run.exists()
    piped(monkeypatch, b"")  # no list at all: the run has its own
    assert sort(*command, "--resume") == 0
    assert "going on with the list that the unfinished run has" in capsys.readouterr().err
    lines = tmp_path / "list.txt"  # the same list from elsewhere, in another order
    lines.write_bytes(b"\n".join(sorted(whole.splitlines(), reverse=True)))
    interrupted(monkeypatch, 1, *("-d", scans, "--files-from", lines, "-o", tmp_path / "again", *how))
    piped(monkeypatch, whole)
    assert sort("-d", scans, "--files-from", "-", "-o", tmp_path / "again", *how, "--resume") == 0
    assert tables_of(tmp_path / "out") == tables_of(tmp_path / "again")


def test_lists_of_what_is_new_make_a_chain_that_forgets_nothing(tmp_path, scans, how, capsys):
    out, lines = tmp_path / "out", tmp_path / "list.txt"
    assert sort("-d", scans, "-o", out, *how) == 0
    draw(scans / "TEXT" / "doc-7.png", 7)
    lines.write_text("TEXT/doc-7.png\nTEXT/doc-1.png\n", encoding="utf-8")
    assert sort("-d", scans, "--files-from", lines, "-o", out, *how, "--since", newest(out)) == 0
    assert [row["PATH"] for row in rows_of_newest(out, "result_*")] == ["TEXT/doc-7.png"]
    assert {name: number for name, number in record_of(out)["since"].items() if number} == {
        "run": record_of(out)["since"]["run"], "new": 1, "unchanged": 1
    }  # fmt: skip
    capsys.readouterr()
    assert sort("-d", scans, "-o", out, *how, "--since", newest(out), "--joined") == 0
    assert "0 files are new, 0 changed, 7 unchanged" in capsys.readouterr().err
    assert sort("-d", scans, "-o", tmp_path / "whole", *how) == 0
    assert tables_of(out) == tables_of(tmp_path / "whole")


def test_a_long_list_takes_less_than_a_kilobyte_a_name(tmp_path):
    code = """
import resource, sys
from pathlib import Path
from reading.page_lists import list_hash, names_in, pages_of_list
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
names = names_in(Path(sys.argv[1]).read_bytes())
list_hash(names)
pages, _ = pages_of_list(names, Path(sys.argv[2]), below=True)
print(len(pages.pages), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / len(names))
"""
    if sys.platform != "linux":
        pytest.skip("ru_maxrss is in KB on Linux alone")
    draw(tmp_path / "box" / "there-1.png", 1)
    lines = [f"box/CTX{1946000000 + number // 30}-{number % 30}.png" for number in range(100_000)]
    (tmp_path / "list.txt").write_text("\n".join([*lines, "box/there-1.png"]), encoding="ascii")
    words = [sys.executable, "-c", code, tmp_path / "list.txt", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    pages, size = done.stdout.split()
    assert int(pages) == 100_001
    assert float(size) < 1024
