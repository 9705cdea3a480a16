"""Page names, the walk through folders, documents and the stored page list of pages.py."""

import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from pages import (
    Page,
    PageList,
    extensions_of,
    find_pages,
    list_files,
    load_pages,
    pages_of_files,
    save_pages,
)
from utils import UserError


def draw(path, frames=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [Image.new("L", (12, 16), 255 - k) for k in range(frames)]
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 or path.suffix.lower() == ".pdf" else {}
    images[0].save(path, **more)
    return path


def rows(pages):
    return [(page.file, page.number, page.path, page.frame) for page in pages.pages]


# file name, frames -> the FILE and PAGEs that its rows carry
AWKWARD = [
    ("CTX194603902-14.png", 1, "CTX194603902", [14]),
    ("CTX200205348.png", 1, "CTX200205348", [1]),  # digits at the end are no page number
    ("X-18a.png", 1, "X-18a", [1]),
    ("a-b-3.png", 1, "a-b", [3]),
    ("a_b_003.jpg", 1, "a_b", [3]),
    ("X-14.tif", 1, "X", [14]),
    ("X-14.tif", 3, "X-14", [1, 2, 3]),
    ("CTX-12.pdf", 1, "CTX-12", [1]),
    ("CTX-12.pdf", 2, "CTX-12", [1, 2]),
    ("IMG_0001.jpg", 1, "IMG", [1]),
    ("-7.png", 1, "-7", [1]),
    ("page 5.png", 1, "page 5", [1]),
    ("two.dots-2.PNG", 1, "two.dots", [2]),
    ("příloha-10.TIFF", 1, "příloha", [10]),
    ("12.png", 1, "12", [1]),
    ("X-999999999.png", 1, "X", [999999999]),
    ("X-0000000012.png", 1, "X", [12]),  # zeros in front do not make a number longer
    ("X-1000000000.png", 1, "X-1000000000", [1]),  # more than nine digits: a time or a serial number, no page
    ("FB_IMG_1698765432100.jpg", 1, "FB_IMG_1698765432100", [1]),
    ("Scan_20240131143012.tif", 1, "Scan_20240131143012", [1]),
    ("IMG_20240131_123456.jpg", 1, "IMG_20240131", [123456]),
    ("X-99999999999999999999.png", 1, "X-99999999999999999999", [1]),
]


@pytest.mark.parametrize(("name", "frames", "file", "numbers"), AWKWARD)
def test_awkward_names(tmp_path, name, frames, file, numbers):
    draw(tmp_path / "in" / name, frames)
    pages = find_pages(tmp_path / "in")
    assert [(page.file, page.number, page.path) for page in pages.pages] == [(file, n, name) for n in numbers]
    several = frames > 1 or name.endswith("pdf")
    assert [page.frame for page in pages.pages] == (list(range(frames)) if several else [None])
    assert all(page.reason == "" for page in pages.pages)


def test_the_same_name_in_two_folders_is_two_pages(tmp_path):
    draw(tmp_path / "b" / "X-2.png")
    draw(tmp_path / "a" / "X-2.png")
    draw(tmp_path / "a" / "X-2.tif")
    assert rows(find_pages(tmp_path)) == [
        ("X", 2, "a/X-2.png", None),
        ("X", 2, "a/X-2.tif", None),
        ("X", 2, "b/X-2.png", None),
    ]


def test_sorted_by_file_number_and_path(tmp_path):
    for name in ("B-1.png", "A-10.png", "A-9.png", "z/A-9.png", "A.png", "a-1.png"):
        draw(tmp_path / name)
    got = [page.path for page in find_pages(tmp_path).pages]
    assert got == ["A.png", "A-9.png", "z/A-9.png", "A-10.png", "B-1.png", "a-1.png"]


def test_formats_inner_and_other_kinds(tmp_path):
    for name in ("a.png", "b.JPG", "c.jpeg", "sub/d.tif", "sub/deep/e.png"):
        draw(tmp_path / name)
    for name in ("notes.txt", "sub/Thumbs.db", "._a.png", ".png", "noextension"):
        (tmp_path / name).write_bytes(b"x")
    everything = find_pages(tmp_path)
    assert [page.path for page in everything.pages] == ["a.png", "b.JPG", "c.jpeg", "sub/d.tif", "sub/deep/e.png"]
    assert everything.other == 5
    assert rows(find_pages(tmp_path, inner=False))[-1][2] == "c.jpeg"
    jpegs = find_pages(tmp_path, formats=["jpg"])
    assert [page.path for page in jpegs.pages] == ["b.JPG", "c.jpeg"]
    assert jpegs.other == 8
    assert list_files(tmp_path, formats=("tiff",))[0] == ["sub/d.tif"]
    assert extensions_of(["jp2"]) == {"jp2", "j2k", "jpx", "jpf"}
    with pytest.raises(UserError, match=r"'pngg'.*did you mean png"):
        extensions_of(["pngg"])


def test_skipped_folders(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "result" / "old.png")
    assert [page.path for page in find_pages(tmp_path, skip=[tmp_path / "result"]).pages] == ["a.png"]
    assert len(find_pages(tmp_path, skip=[tmp_path, tmp_path / "absent"]).pages) == 2


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_followed_and_loops_end(tmp_path):
    draw(tmp_path / "in" / "x" / "a.png")
    draw(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "x" / "up").symlink_to(tmp_path / "in" / "x")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "a-copy.png").symlink_to(tmp_path / "in" / "x" / "a.png")
    (tmp_path / "in" / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    files, other = list_files(tmp_path / "in")
    assert files == ["a-copy.png", "again/b.png", "dangling.png", "x/a.png"]
    assert other == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_page(tmp_path):
    draw(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    found = find_pages(tmp_path)
    assert ([page.path for page in found.pages], found.other) == (["a.png"], 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_undecodable_names_survive_the_stored_list(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    draw(folder / "x-1.png").rename(folder / os.fsdecode(b"nap\x9ar-2.png"))
    pages = find_pages(folder)
    assert (pages.pages[0].file, pages.pages[0].number) == ("nap\udc9ar", 2)
    save_pages(pages, tmp_path / "pages.jsonl")
    assert load_pages(tmp_path / "pages.jsonl") == pages
    assert (pages.root / pages.pages[0].path).is_file()


def test_a_file_whose_pages_cannot_be_counted_is_one_page_with_a_reason(tmp_path):
    (tmp_path / "X-14.tif").write_bytes(b"II*\0")
    (tmp_path / "CTX-12.pdf").write_bytes(b"%PDF-1.4 cut")
    (tmp_path / "empty-3.tiff").touch()
    (tmp_path / "broken-5.png").write_bytes(b"not opened while listing")
    found = {page.path: page for page in find_pages(tmp_path).pages}
    assert len(found) == 4
    assert (found["X-14.tif"].file, found["X-14.tif"].number) == ("X", 14)
    assert "truncated" in found["X-14.tif"].reason
    assert (found["CTX-12.pdf"].file, found["CTX-12.pdf"].number) == ("CTX-12", 1)
    assert "no end mark" in found["CTX-12.pdf"].reason
    assert found["empty-3.tiff"].reason == "the file is empty"
    assert found["broken-5.png"].reason == ""


def test_users_mistakes(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        find_pages(tmp_path / "absent")
    file = draw(tmp_path / "CTX-1.png")
    with pytest.raises(UserError, match="not a folder"):
        find_pages(file)
    (tmp_path / "scans").mkdir()
    with pytest.raises(UserError, match=r"scnas does not exist; did you mean scans\?$"):
        find_pages(tmp_path / "scnas")
    with pytest.raises(UserError, match=r"CTX-2\.png does not exist$"):  # a file is no folder to suggest
        find_pages(tmp_path / "CTX-2.png")
    with pytest.raises(UserError, match=r"no pages in .*looked for \.jpeg \.jpg in it.*other kinds there: 1"):
        find_pages(tmp_path, formats=["jpg"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"\.png \.jpg \.jpeg \.tif .*\.pdf"):
        find_pages(tmp_path / "empty")
    with pytest.raises(UserError, match="is a folder: give it with -d"):
        pages_of_files([tmp_path])
    with pytest.raises(UserError, match=r"did you mean CTX-1\.png"):
        pages_of_files([tmp_path / "CTX-l.png"])
    with pytest.raises(UserError, match="is not a page"):
        pages_of_files([Path(__file__)])
    with pytest.raises(UserError, match="is not a page"):
        pages_of_files([file], formats=["tif"])


def test_single_files_keep_their_path_as_typed(tmp_path, monkeypatch):
    draw(tmp_path / "in" / "X-2.png")
    draw(tmp_path / "in" / "A-14.tif", frames=2)
    monkeypatch.chdir(tmp_path)
    given = [Path("in/X-2.png"), tmp_path / "in" / "X-2.png", Path("in/../in/X-2.png"), Path("in/A-14.tif")]
    pages = pages_of_files(given)
    assert rows(pages) == [
        ("A-14", 1, "in/A-14.tif", 0),
        ("A-14", 2, "in/A-14.tif", 1),
        ("X", 2, "in/X-2.png", None),
    ]
    assert (pages.root / pages.pages[0].path).is_file()


def test_stored_list_must_be_whole(tmp_path):
    pages = PageList(
        Path("in"), [Page(f"a-{n}.tif", "a", n, n - 1, "" if n > 1 else 'why, "so"') for n in (1, 2, 3)], 4
    )
    file = tmp_path / "pages.jsonl"
    save_pages(pages, file)
    assert load_pages(file) == pages
    assert list(tmp_path.iterdir()) == [file]
    lines = file.read_text(encoding="ascii").splitlines()
    assert len(lines) == 4
    assert json.loads(lines[2]) == ["a-2.tif", "a", 2, 1, ""]
    file.write_text("\n".join(lines[:-1]), encoding="ascii")
    with pytest.raises(UserError, match="cannot be read"):
        load_pages(file)
    with pytest.raises(UserError, match="cannot be read"):
        load_pages(tmp_path / "absent")


def test_progress_of_a_long_list(tmp_path):
    for n in range(5):
        draw(tmp_path / f"a-{n}.png")
    seen = []
    find_pages(tmp_path, on_progress=seen.append)
    assert seen == [5]
