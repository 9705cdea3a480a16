"""Folders of an index on real files: what is missing, moved, linked or of another folder; no page lost or doubled."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from tiny import tiny_model_folder

from index.database import Index
from index.known import stamp_of
from run import main

LABELS = ["PHOTO", "TEXT"]
links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("model") / "tiny", LABELS)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draw(*names: str, seed: int = 0) -> None:
    for number, name in enumerate(names):
        noise = np.random.default_rng(1000 * seed + number).integers(0, 255, (40, 30), np.uint8)
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise).resize((60, 80)).save(name)


def explore(*arguments: str, model: Path | None = None) -> int:
    flags = ["--backbone", str(model)] if model else []
    return main(["explore", "index", *arguments, *flags, "--index", "ix", "--quiet"])


def rows() -> dict[str, tuple[int, str]]:
    """Path from here -> id and category; each page once."""
    table = Index.open(Path("ix")).rows(["id", "folder", "path", "category"])
    content = {}
    for number, folder, path, category in table.itertuples(index=False):
        key = os.path.relpath(f"{folder}/{path}")
        assert key not in content
        content[key.replace(os.sep, "/")] = number, category if isinstance(category, str) else ""
    return content


def test_a_folder_without_any_page_is_a_drive_that_is_not_mounted(here, model, capsys):
    draw("disk/a-1.png", "disk/a-2.png")
    assert explore("disk", model=model) == 0
    before = rows()
    Path("disk").rename("unplugged")
    Path("disk").mkdir()
    for given in ([], ["disk"]):
        capsys.readouterr()
        assert explore(*given) == 1
        said = capsys.readouterr()
        assert "disk holds no page any more" in said.err
        assert "stay in the index (2)" in said.err
        assert rows() == before
    Path("disk").rmdir()
    Path("unplugged").rename("disk")
    assert explore() == 0
    assert rows() == before
    shutil.rmtree("disk")
    Path("disk").mkdir()
    capsys.readouterr()
    assert explore("--forget", "disk") == 0
    assert f"forgotten: 2 pages of {here / 'disk'}" in capsys.readouterr().err
    assert rows() == {}


def test_an_empty_sub_folder_is_kept_a_missing_file_is_not(here, model, capsys):
    draw("in/box 1/a-1.png", "in/box 1/deep/b-1.png", "in/box 2/c-1.png", "in/box 2/c-2.png", "in/d-1.png")
    Path("in/box 1/note.png").write_text("no image")
    assert explore("in", model=model) == 1
    shutil.rmtree("in/box 1")
    Path("in/box 1").mkdir()
    Path("in/box 2/c-2.png").unlink()
    capsys.readouterr()
    assert explore() == 1
    said = capsys.readouterr()
    assert "1 gone, 3 kept though they are not there" in said.out
    assert said.err.count("holds no page any more") == 1
    assert f"{here / 'in' / 'box 1'} holds no page" in said.err
    assert set(rows()) == {"in/box 1/a-1.png", "in/box 1/deep/b-1.png", "in/box 2/c-1.png", "in/d-1.png"}
    assert Index.open(Path("ix")).broken()["path"].to_pylist() == ["box 1/note.png"]

    draw("in/box 1/e-1.png", seed=9)  # its own pages are replaced: those were gone; deep/ is still missing as a whole
    assert explore() == 1
    assert set(rows()) == {"in/box 1/e-1.png", "in/box 1/deep/b-1.png", "in/box 2/c-1.png", "in/d-1.png"}
    assert explore("--forget", "in/box 2") == 2  # nothing of it is gone
    assert "all its pages are there" in capsys.readouterr().err
    assert explore("--forget", "in/box 1/deep") == 0
    assert "forgotten: 1 pages of" in capsys.readouterr().err
    assert set(rows()) == {"in/box 1/e-1.png", "in/box 2/c-1.png", "in/d-1.png"}
    assert explore() == 0


def test_forget_without_a_name_takes_out_all_that_is_gone(here, model, capsys):
    draw("one/a-1.png", "two/x/b-1.png", "two/y/c-1.png", "three/d-1.png")
    assert explore("one", "two", "three", model=model) == 0
    shutil.rmtree("one")
    shutil.rmtree("two/x")
    assert explore() == 1
    assert len(rows()) == 4
    assert explore("two", "--forget") == 0  # of this folder only
    assert set(rows()) == {"one/a-1.png", "two/y/c-1.png", "three/d-1.png"}
    capsys.readouterr()
    assert explore("--forget") == 0
    assert f"forgotten: 1 pages of {here / 'one'}" in capsys.readouterr().err
    assert set(rows()) == {"two/y/c-1.png", "three/d-1.png"}


def test_a_renamed_folder_takes_its_rows_along(here, model, capsys):
    draw("old/a-1.png", "old/b/a-1.png", "old/c-1.png")
    assert explore("old", model=model) == 0
    before = rows()
    Path("old").rename("new")
    draw("new/c-1.png", seed=5)  # changed meanwhile: no longer what the index knows
    capsys.readouterr()
    assert explore("new") == 0
    said = capsys.readouterr()
    assert "2 moved" in said.out
    assert "old is not there now: its pages stay in the index (1)" in said.err
    after = rows()
    assert set(after) == {"new/a-1.png", "new/b/a-1.png", "new/c-1.png", "old/c-1.png"}
    assert after["new/a-1.png"] == before["old/a-1.png"]
    assert after["new/b/a-1.png"] == before["old/b/a-1.png"]


def test_a_copy_elsewhere_takes_nothing_from_a_drive_that_is_away(here, model):
    draw("disk/a-1.png")
    explore("disk", model=model)
    shutil.copy("disk/a-1.png", "kept.png")
    os.utime("kept.png", ns=(1, 1))
    Path("backup").mkdir()
    Path("kept.png").rename("backup/a-1.png")
    Path("disk").rename("away")
    assert explore("backup") == 0
    assert set(rows()) == {"disk/a-1.png", "backup/a-1.png"}


@links
def test_one_page_is_one_row_whatever_leads_to_it(here, model, capsys):
    draw("real/a-1.png", "real/sub/b-1.png", "other/c-1.png")
    Path("link").symlink_to("real", target_is_directory=True)
    assert explore("real", model=model) == 0
    before = rows()
    for spelling in ("link", "real/../real", "./link/", "real"):
        assert explore(spelling) == 0
        assert rows() == before
    Path("real/again-1.png").symlink_to("a-1.png")
    Path("other/into").symlink_to(here / "real", target_is_directory=True)
    Path("other/one-1.png").symlink_to(here / "real/a-1.png")
    capsys.readouterr()
    assert explore("real", "other") == 0
    assert set(rows()) == {*before, "other/c-1.png"}
    assert "5 passed over" in capsys.readouterr().out
    search = ["explore", "search", "--image", "real/again-1.png", "--index", "ix", "-o", "out"]
    assert main(search) == 0
    assert "the query itself is in the index" in capsys.readouterr().err
    draw("far/d-1.png", seed=4)  # only links lead there
    Path("other/d.png").symlink_to(here / "far/d-1.png")
    Path("other/e.png").symlink_to(here / "far/d-1.png")
    assert explore("other") == 0
    assert set(rows()) == {*before, "other/c-1.png", "other/d.png"}
    assert explore() == 0
    assert explore("far") == 0  # the file itself, which the index has by a link
    assert len(rows()) == 4
    assert explore("link/sub") == 2
    assert "would be in the index twice" in capsys.readouterr().err


def test_boxes_of_one_name_in_two_indexed_folders_are_two_documents(here, model, capsys):
    draw("A/box1/0001.png", "A/box1/0002.png", "A/box2/0001.png", "B/box1/0001.png", "B/box1/0002.png", "B/0001.png")
    assert explore("A", model=model) == 0
    documents = dict(Index.open(Path("ix")).rows(["path", "document"])[["path", "document"]].to_numpy())
    assert documents == {"box1/0001.png": "box1", "box1/0002.png": "box1", "box2/0001.png": "box2"}
    assert explore("B") == 0
    table = Index.open(Path("ix")).rows(["folder", "path", "document"]).itertuples(index=False)
    assert sorted((folder[-1], path, document) for folder, path, document in table) == [
        ("A", "box1/0001.png", "A/box1"),
        ("A", "box1/0002.png", "A/box1"),
        ("A", "box2/0001.png", "box2"),
        ("B", "0001.png", "B"),
        ("B", "box1/0001.png", "B/box1"),
        ("B", "box1/0002.png", "B/box1"),
    ]


@links
def test_links_that_are_passed_over_make_no_name_a_page_number(here, model, capsys):
    draw("all/box1/letter_1.png", "all/box1/letter_2.png", "other/c-1.png")
    assert explore("all", model=model) == 0
    Path("other/box2").mkdir()
    for number in (1, 2):
        Path(f"other/box2/letter_{number}.png").symlink_to(here / f"all/box1/letter_{number}.png")
    assert explore("other") == 0
    said = capsys.readouterr()
    assert "2 passed over" in said.out and "page number" not in said.err
    assert set(Index.open(Path("ix")).rows(["document"])["document"]) == {"letter", "c"}


def test_a_folder_takes_up_what_the_index_has_of_it(here, model, capsys):
    draw("all/box 1/a-1.png", "all/box 2/b-1.png", "all/c-1.png")
    assert explore("all/box 1", model=model) == 0
    before = rows()
    assert explore("all") == 0
    assert "2 embedded now, 1 unchanged" in capsys.readouterr().out
    assert rows()["all/box 1/a-1.png"] == before["all/box 1/a-1.png"]
    assert set(Index.open(Path("ix")).rows(["folder"])["folder"]) == {str((here / "all").as_posix())}


def test_rescan_finds_what_size_and_time_do_not_tell(here, model, capsys):
    draw("in/a-1.png", "in/b-1.png")
    explore("in", model=model)
    before = rows()
    size, stamp = Path("in/a-1.png").stat().st_size, Path("in/a-1.png").stat().st_mtime_ns
    draw("in/other.png", seed=7)
    data = Path("in/other.png").read_bytes()
    Path("in/other.png").unlink()
    Path("in/a-1.png").write_bytes(data[:size].ljust(size, b"\0"))
    os.utime("in/a-1.png", ns=(stamp, stamp))
    assert explore() == 0
    assert rows() == before
    capsys.readouterr()
    explore("--rescan")
    assert "1 unchanged, 1 replaced" in capsys.readouterr().out
    assert rows().get("in/a-1.png") != before["in/a-1.png"]
    assert rows()["in/b-1.png"] == before["in/b-1.png"]


def test_times_before_1677_and_beyond_2262_stop_no_page(here, model):
    values = [0] * 16
    values[6] = 5
    for seconds in (-11_644_473_600, 12_000_000_000):
        values[14] = seconds * 10**9  # st_mtime_ns; Python 3.14 takes it in no other way
        status = os.stat_result(values)
        assert stamp_of(status)[0] == 5
        assert -(2**63) <= stamp_of(status)[1] < 2**63
    draw("in/a-1.png", "in/b-1.png", "in/c-1.png")
    os.utime("in/a-1.png", (-1000, -1000))
    os.utime("in/b-1.png", (9_500_000_000, 9_500_000_000))
    assert explore("in", model=model) == 0
    assert len(rows()) == 3
    assert explore() == 0
    if Path("in/b-1.png").stat().st_mtime_ns > 2**63:
        assert main(["explore", "duplicates", "--index", "ix", "-o", "out", "--quiet"]) == 0


def sorted_table(folder: str, output: str, *flags: str) -> str:
    """A result table of a real run of sorting."""
    assert main([*("-d", folder, "-o", output, "--quiet"), *flags]) == 0
    [table] = Path(output, "tables").glob("result_*.csv")
    return str(table)


def test_categories_go_to_the_folder_that_was_sorted_and_to_no_other(here, model, capsys):
    draw("A/x-1.png", "A/y-1.png")
    draw("B/x-1.png", "B/z-1.png", seed=3)
    table = sorted_table("A", "outA", "--model_path", str(model))
    assert explore("A", "B", model=model) == 0
    assert explore("B", "--table", table) == 0
    assert "none of its 2 pages" in capsys.readouterr().err
    assert {category for _, category in rows().values()} == {""}
    assert explore("--table", table) == 0
    named = {path for path, (_, category) in rows().items() if category}
    assert named == {"A/x-1.png", "A/y-1.png"}

    other = sorted_table("B", "outB", "--model_path", str(model))
    assert explore("A", "B", "--table", table, other) == 0
    assert all(category for _, category in rows().values())


def test_what_cannot_be_told_stays_without_category(here, model, capsys):
    draw("A/x-1.png", "A/y-1.png")
    draw("B/x-1.png", seed=3)
    table = sorted_table("A", "outA", "--model_path", str(model))
    alone = shutil.copy(table, "alone.csv")
    assert explore("A", "B", "--table", alone, model=model) == 0
    said = capsys.readouterr().err
    assert "no run record" in said
    assert "its 2 pages stay without category" in said
    assert {category for _, category in rows().values()} == {""}
    assert explore("A", "B", "--table", alone, "--table_of", "A") == 0
    assert {path for path, (_, category) in rows().items() if category} == {"A/x-1.png", "A/y-1.png"}

    Path("A").rename("C")  # the record names a place that has moved
    Path("ix").rename("ix.old")
    assert explore("B", "C", "--table", table, model=model) == 0
    assert "none of its 2 pages" in capsys.readouterr().err
    assert {category for _, category in rows().values()} == {""}
    assert explore("B", "C", "--table", table, "--table_of", "C") == 0
    assert {path for path, (_, category) in rows().items() if category} == {"C/x-1.png", "C/y-1.png"}


def test_a_table_of_single_files_and_one_of_a_sub_folder_find_their_pages(here, model):
    draw("A/x-1.png", "A/sub/x-1.png", "A/sub/y-1.png")
    assert main(["-f", "A/x-1.png", "-o", "files", "--model_path", str(model), "--quiet"]) == 0
    [files] = Path("files", "tables").glob("result_*.csv")
    assert explore("A", "--table", str(files), model=model) == 0
    assert {path for path, (_, category) in rows().items() if category} == {"A/x-1.png"}
    inner = sorted_table("A/sub", "inner", "--model_path", str(model))
    assert explore("A", "--table", inner) == 0
    assert all(category for _, category in rows().values())
