"""Page names, the walk through folders, documents and the stored page list of reading/pages.py."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from output.files import write_lines
from reading.listing import Passed, extensions_of, list_files
from reading.pages import Page, PageList, find_pages, load_pages, page_lines, pages_of_files
from utils import UserError

HOME = Path(__file__).resolve().parents[2]


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
    assert everything.passed.other == {".txt": 1, ".db": 1, "._*": 1, "": 2}
    assert everything.passed.lines() == ["left alone: 2 without an ending, 1 ._*, 1 .db, 1 .txt"]
    assert rows(find_pages(tmp_path, inner=False))[-1][2] == "c.jpeg"
    jpegs = find_pages(tmp_path, formats=["jpg"])
    assert [page.path for page in jpegs.pages] == ["b.JPG", "c.jpeg"]
    assert jpegs.passed.files == 8
    assert list_files(tmp_path, formats=("tiff",)).files == ["sub/d.tif"]
    assert extensions_of(["jp2"]) == extensions_of(["j2c"]) == {"jp2", "j2k", "j2c", "jpc", "jpx", "jpf"}
    assert {"jfif", "jpe"} < extensions_of(["jpg"]) and "dib" in extensions_of(["bmp"])
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
    listing = list_files(tmp_path / "in")
    assert listing.files == ["again/b.png", "x/a.png"]  # a link to a page of the list is no second page
    assert listing.broken == {"dangling.png": "a link that leads nowhere"}
    assert (listing.passed.links, listing.passed.files) == (1, 0)
    assert listing.passed.lines() == ["left out: 1 link to pages that are in the list themselves"]
    (tmp_path / "in" / "b-copy.png").symlink_to(tmp_path / "elsewhere" / "b.png")  # its folder is in the list, linked
    assert list_files(tmp_path / "in").passed.links == 2
    assert list_files(tmp_path / "in", inner=False).files == ["a-copy.png", "b-copy.png"]  # their pages are not


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_what_cannot_be_followed_is_a_row_and_stops_nothing(tmp_path):
    folder = draw(tmp_path / "in" / "A-1.png").parent
    (folder / "loop-3.jpg").symlink_to("loop-3.jpg")
    (folder / "box").symlink_to("round")  # without an ending: it may have been a folder of pages
    (folder / "round").symlink_to("box")
    (folder / "gone").symlink_to(tmp_path / "unmounted")
    (folder / "gone-7.pdf").symlink_to(tmp_path / "nowhere.pdf")
    (folder / "notes.txt").symlink_to(tmp_path / "nowhere.txt")
    (folder / ".lock").symlink_to("a program's mark")
    found = find_pages(folder)
    assert [(page.file, page.number, page.path, page.reason) for page in found.pages] == [
        ("A", 1, "A-1.png", ""),
        ("box", 1, "box", "a link that points to itself"),
        ("gone", 1, "gone", "a link that leads nowhere"),
        ("gone-7", 1, "gone-7.pdf", "a link that leads nowhere"),
        ("loop", 3, "loop-3.jpg", "a link that points to itself"),
        ("round", 1, "round", "a link that points to itself"),
    ]
    assert found.passed.other == {".txt": 1, "": 1}
    assert [page.path for page in find_pages(folder, formats=["png"]).pages] == ["A-1.png", "box", "gone", "round"]
    single = pages_of_files([folder / "loop-3.jpg", folder / "A-1.png"])
    assert [page.reason for page in single.pages] == ["", "a link that points to itself"]
    with pytest.raises(UserError, match=r"the folder .*round is a link that points to itself"):
        find_pages(folder / "round")


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="rights are other things there")
def test_closed_folders_are_rows_and_stop_nothing(tmp_path):
    """In a process that may not read everything, as the one that runs tests may."""
    folder = draw(tmp_path / "in" / "A-1.png").parent
    draw(folder / "closed" / "B-1.png")
    draw(folder / "also closed" / "C-1.png")
    draw(tmp_path / "outside" / "D-1.png")
    (folder / "link-4.png").symlink_to(tmp_path / "outside" / "D-1.png")
    for closed in (folder / "closed", folder / "also closed", tmp_path / "outside"):
        closed.chmod(0)
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)
    code = f"""
import os, sys
sys.path.insert(0, {str(HOME)!r})
import pathlib, utils
from reading import pages
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
for page in pages.find_pages(pathlib.Path({str(folder)!r})).pages:
    print(page.path, page.reason, sep=": ")
for asked in (pages.find_pages, lambda path: pages.pages_of_files([path])):
    try:
        asked(pathlib.Path({str(folder / "closed" / "inner.png")!r}))
    except utils.UserError as error:
        print(error)
"""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    finally:
        for closed in (folder / "closed", folder / "also closed", tmp_path / "outside"):
            closed.chmod(0o755)
    assert done.returncode == 0, done.stderr
    rows, asked = done.stdout.splitlines()[:4], done.stdout.splitlines()[4:]
    assert rows == [
        "A-1.png: ",
        "also closed: the folder cannot be listed: permission denied",
        "closed: the folder cannot be listed: permission denied",
        "link-4.png: cannot be read: permission denied",
    ]
    assert len(asked) == 2 and all("permission denied" in line for line in asked)


SYSTEM = ("@eaDir", "#recycle", "@Recycle", "#snapshot", "$RECYCLE.BIN", "RECYCLER", ".Trash-1000", ".Trashes",
          ".AppleDouble", ".ipynb_checkpoints", "__MACOSX", ".hidden", "lost+found", "System Volume Information",
          "~snapshot", "@Recently-Snapshot", "@GMT-2024.01.31-12.00.00", ".@__thumb", "@SynoResource",
          "FOUND.000", "files_trashbin")  # fmt: skip


def test_folders_that_systems_keep_for_themselves_are_no_collection(tmp_path):
    draw(tmp_path / "in" / "box" / "A-1.png")
    for name in SYSTEM:
        draw(tmp_path / "in" / name / "A-1.png")
    draw(tmp_path / "in" / "box" / "@EADIR" / "A-1.png" / "SYNOPHOTO_THUMB_XL.jpg")
    draw(tmp_path / "in" / "box" / "@eaDir" / "A-2.png")
    found = find_pages(tmp_path / "in")
    assert [page.path for page in found.pages] == ["box/A-1.png"]
    assert found.passed.folders == {name: 2 if name == "@eaDir" else 1 for name in (*SYSTEM, "@EADIR")}
    [line] = found.passed.lines()
    assert line.startswith("left out: 2 x @eaDir, #recycle, ") and line.endswith(", 10 more (--hidden takes them)")
    assert len(find_pages(tmp_path / "in", hidden=True).pages) == len(SYSTEM) + 3
    for name in (".hidden", "@eaDir"):  # the folder that was named is always taken
        assert [page.path for page in find_pages(tmp_path / "in" / name).pages] == ["A-1.png"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("drafts", ["box/a-1.png", "box/a-1_small.png", "box/inner/b-1.png"]),  # at any depth
        ("DRAFTS/", ["box/a-1.png", "box/a-1_small.png", "box/inner/b-1.png"]),
        ("box/drafts", ["box/a-1.png", "box/a-1_small.png", "box/inner/b-1.png", "drafts/d-1.png"]),
        ("./box", ["drafts/d-1.png"]),
        ("*_small.*", ["box/a-1.png", "box/drafts/c-1.png", "box/inner/b-1.png", "drafts/d-1.png"]),
        ("box/*/*-1.png", ["box/a-1.png", "box/a-1_small.png", "drafts/d-1.png"]),
        ("**/inner", ["box/a-1.png", "box/a-1_small.png", "box/drafts/c-1.png", "drafts/d-1.png"]),
        ("[bd]-1.png", ["box/a-1.png", "box/a-1_small.png", "box/drafts/c-1.png"]),
    ],
)
def test_excluded(tmp_path, pattern, left):
    names = ("box/a-1.png", "box/a-1_small.png", "box/inner/b-1.png", "box/drafts/c-1.png", "drafts/d-1.png")
    for name in names:
        draw(tmp_path / name)
    found = find_pages(tmp_path, exclude=[pattern])
    assert sorted(page.path for page in found.pages) == left
    assert found.passed.lines() == [f"left out by --exclude: {found.passed.excluded[pattern]} x {pattern}"]


def test_a_pattern_that_fits_nothing_is_said(tmp_path):
    draw(tmp_path / "přílohy" / "a-1.png")
    [line] = find_pages(tmp_path, exclude=["drafs"]).passed.lines()
    assert line.startswith("note: --exclude drafs fits nothing")
    with pytest.raises(UserError, match=r"no pages in .*left out by --exclude: 1 x p"):
        find_pages(tmp_path, exclude=[unicodedata.normalize("NFD", "přílohy")])


def test_one_file_is_a_collection(tmp_path):
    draw(tmp_path / "report-12.pdf", frames=2)
    draw(tmp_path / "other.png")
    found = find_pages(tmp_path / "report-12.pdf")
    assert rows(found) == [("report-12", 1, "report-12.pdf", 0), ("report-12", 2, "report-12.pdf", 1)]
    assert found.root == tmp_path
    with pytest.raises(UserError, match=r"report-12\.pdf is not a page: its name must end in one of \.png"):
        find_pages(tmp_path / "report-12.pdf", formats=["png"])
    (tmp_path / "scans.zip").write_bytes(b"PK")
    for asked in (find_pages, lambda path: pages_of_files([path])):
        with pytest.raises(UserError, match=r"scans\.zip is an archive: unpack it first"):
            asked(tmp_path / "scans.zip")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_page(tmp_path):
    draw(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    found = find_pages(tmp_path)
    assert ([page.path for page in found.pages], found.passed.other) == (["a.png"], {".png": 1})


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_undecodable_names_survive_the_stored_list(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    draw(folder / "x-1.png").rename(folder / os.fsdecode(b"nap\x9ar-2.png"))
    pages = find_pages(folder)
    assert (pages.pages[0].file, pages.pages[0].number) == ("nap\udc9ar", 2)
    write_lines(tmp_path / "pages.jsonl", page_lines(pages))
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
    (tmp_path / "scans").mkdir()
    with pytest.raises(UserError, match=r"scnas does not exist; did you mean scans\?$"):
        find_pages(tmp_path / "scnas")
    with pytest.raises(UserError, match=r"CTX-2\.png does not exist$"):  # a file is no folder to suggest
        find_pages(tmp_path / "CTX-2.png")
    with pytest.raises(UserError, match=r"no pages in .*looked for \.jfif .*\.jpg in it.*; left alone: 1 \.png$"):
        find_pages(tmp_path, formats=["jpg"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"\.png \.jpg \.jpeg .*\.tif .*\.pdf.*other kinds there: 0"):
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
        Path("in").absolute(),
        [Page(f"a-{n}.tif", "a", n, n - 1, "" if n > 1 else 'why, "so"') for n in (1, 2, 3)],
        Passed({".heic": 4}, {"@eaDir": 1}, {"*.bak": 0}, 2, 3),
    )
    file = tmp_path / "pages.jsonl"
    write_lines(file, page_lines(pages))
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
