"""move_single.py: documents of one page move together, never over a file, and are not made again."""

import os
from pathlib import Path

from pdf_files import as_pdf, scan
from scripts import run


def test_one_page_documents_move_and_are_not_made_again(tmp_path):
    for name, pages in (("a/ONE.pdf", 1), ("a/TWO.pdf", 2), ("b/SAME.pdf", 1), ("c/SAME.pdf", 1), ("d/MORE.pdf", 12)):
        as_pdf(tmp_path / "pdf" / name, [scan(n) for n in range(pages)])
    pages = tmp_path / "pages"
    run("pdf2png", tmp_path / "pdf", "--output", pages, "--pages", "1-2")
    (pages / "d" / "MORE" / "MORE-02.png").unlink()  # one page of twelve: no one-page document
    (pages / "loose").mkdir()
    scan().save(pages / "loose" / "IMG_0001.png")
    before = {file.relative_to(pages): file.read_bytes() for file in pages.rglob("*.png")}
    assert run("move_single", pages, "--dry-run").returncode == 1
    assert {file.relative_to(pages): file.read_bytes() for file in pages.rglob("*.png")} == before
    ended = run("move_single", pages)
    assert ended.returncode == 1 and "SAME-1.png has the same name" in ended.stderr
    assert "1 moved" in ended.stdout and "one page of 12" in ended.stdout and "IMG_0001.png stays" in ended.stdout
    after = {file.relative_to(pages): file.read_bytes() for file in pages.rglob("*.png")}
    moved = {Path("onepagers/ONE-1.png") if path == Path("a/ONE/ONE-1.png") else path for path in before}
    assert set(after) == moved and sorted(after.values()) == sorted(before.values())
    again = run("pdf2png", tmp_path / "pdf", "--output", pages, "--pages", "1-1")
    assert "0 made" in again.stdout  # ONE-1.png is known to lie in onepagers/


def test_a_move_never_goes_over_a_file(tmp_path):
    (tmp_path / "X").mkdir()
    scan(1).save(tmp_path / "X" / "X-1.png")
    (tmp_path / "onepagers").mkdir()
    (tmp_path / "onepagers" / "x-1.PNG").write_bytes(b"another page")  # the same name on Windows and macOS
    ended = run("move_single", tmp_path)
    assert ended.returncode == 1 and (tmp_path / "X" / "X-1.png").is_file()
    assert (tmp_path / "onepagers" / "x-1.PNG").read_bytes() == b"another page"


def test_a_move_broken_off_in_the_middle_is_completed(tmp_path):
    (tmp_path / "X").mkdir()
    scan(1).save(tmp_path / "X" / "X-1.png")
    (tmp_path / "onepagers").mkdir()
    os.link(tmp_path / "X" / "X-1.png", tmp_path / "onepagers" / "X-1.png")
    assert run("move_single", tmp_path).returncode == 0
    assert [file.name for file in tmp_path.rglob("*.png")] == ["X-1.png"] and not list((tmp_path / "X").iterdir())
