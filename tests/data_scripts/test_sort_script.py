"""sort.py on real files: the circle, all problems in one report, tables of any program."""

import os
import subprocess
import sys
import time

import pytest
from scripts import GOOD, SCRIPTS, SORTED, annotation, page, put, read, run, tree


def test_sort(tmp_path, shelf):
    table, before = annotation(tmp_path, GOOD), tree(shelf)
    dry = run("sort", table, shelf, tmp_path / "out", "--dry-run")
    assert dry.returncode == 0 and "5 would be written" in dry.stdout and not (tmp_path / "out").exists()
    ended = run("sort", table, shelf, tmp_path / "out")
    assert ended.returncode == 0 and "1 page in PAGES without a row" in ended.stdout
    made = tree(tmp_path / "out")
    assert set(made) == SORTED and tree(shelf) == before
    assert made["DRAW/X-1.png"] == before["b/X/X-1.png"] and made["TEXT/X-1.png"] == before["a/X/X-1.png"]
    documents = dict(read(tmp_path / "out" / "documents.csv")[1:])
    assert documents["DRAW/X-1.png"] == "b/X" and documents["TEXT/X-1.png"] == "a/X"  # two documents stay two
    assert documents["TEXT/00123-08.png"] == documents["DRAW/00123-09.png"] == "00123"


@pytest.mark.parametrize("more", [[], ["--link"]])
def test_second_start_does_what_is_missing(tmp_path, shelf, more):
    table, out = annotation(tmp_path, GOOD), tmp_path / "out"
    assert run("sort", table, shelf, out, *more).returncode == 0
    expected = tree(out)
    assert (out / "TEXT" / "X-1.png").samefile(shelf / "a/X/X-1.png") == bool(more)
    (out / "TEXT" / "X-1.png").unlink()
    (out / "documents.csv").unlink()
    (out / "TEXT" / f".{'0' * 16}.4711.part").write_bytes(b"half a page")
    marks = {file: file.stat().st_ino for file in out.rglob("*.png")}
    ended = run("sort", table, shelf, out, *more)
    assert "1 written, 4 there already" in ended.stdout and tree(out) == expected
    assert {file: file.stat().st_ino for file in marks} == marks


RESULT = (
    "FILE;PAGE;CLASS-1;CLASS-2;SCORE-1;SCORE-2;TRUE;PATH\r\n"
    "123;8;TEXT;DRAW;0,9100;0,0500;DRAW;00123/00123-08.png\r\n"
    "123;9;TEXT;DRAW;0,5100;0,4000;;00123/00123-09.png\r\n"
    "X;1;DRAW;TEXT;0,8999;0,3000;;b/X/X-1.png\r\n"
    "Č1;1;DRAW;TEXT;0,9000;0,0300;;onepagers/Č1-1.png\r\n"
)


def test_a_result_table_as_it_is(tmp_path, shelf):
    table, before = annotation(tmp_path, RESULT, name="result.csv"), tree(shelf)
    ended = run("sort", table, shelf, tmp_path / "all")
    assert ended.returncode == 0, ended.stderr
    sure = {"TEXT/00123-08.png", "DRAW/Č1-1.png", "documents.csv"}
    doubtful = {"TEXT/00123-09.png", "DRAW/X-1.png", "documents.csv"}
    assert set(tree(tmp_path / "all")) == sure | doubtful and not (tmp_path / "all_doubtful").exists()

    dry = run("sort", table, shelf, tmp_path / "out", "--min-score", "0.9", "--dry-run")
    assert dry.returncode == 0 and not (tmp_path / "out").exists() and not (tmp_path / "out_doubtful").exists()
    ended = run("sort", table, shelf, tmp_path / "out", "--min-score", "0.9")
    assert ended.returncode == 0, ended.stderr
    assert set(tree(tmp_path / "out")) == sure and set(tree(tmp_path / "out_doubtful")) == doubtful
    assert "2 pages in PAGES without a row" in ended.stdout and tree(shelf) == before
    again = run("sort", table, shelf, tmp_path / "out", "--min-score", "0.9")
    assert again.stdout.count("0 written, 2 there already") == 2
    assert run("sort", table, shelf, tmp_path / "x", "--min-score", "9").returncode == 2
    refused = run("sort", annotation(tmp_path, GOOD), shelf, tmp_path / "x", "--min-score", "0.9")
    assert refused.returncode == 2 and "result tables" in refused.stderr and not (tmp_path / "x").exists()


def test_a_page_that_was_corrected_lies_in_its_new_folder_alone(tmp_path, shelf):
    """Sorted by the model, then corrected; what the tool did not put there stays, sources too."""
    table, before, out = annotation(tmp_path, RESULT, name="result.csv"), tree(shelf), tmp_path / "out"
    assert run("sort", table, shelf, out, "--min-score", "0.9").returncode == 0
    put(out / "TEXT" / "mine-1.png", seed=50)
    (out / "PLAN").mkdir()
    (out / "PLAN" / "00123-08.png").write_bytes(before["00123/00123-08.png"])  # by hand
    rows = "FILE,PAGE,CLASS,CORRECT,PATH\n00123,8,TEXT,DRAW,00123/00123-08.png\n00123,9,TEXT,DRAW,00123/00123-09.png\n"
    rows += "X,1,DRAW,PLAN,b/X/X-1.png\n"
    corrected = annotation(tmp_path, rows, name="corrected.csv")
    dry, lying = run("sort", corrected, shelf, out, "--dry-run"), tree(tmp_path)
    assert dry.stdout.count("would remove") == 3 and tree(tmp_path) == lying
    ended = run("sort", corrected, shelf, out)
    assert ended.returncode == 0 and "3 written, 0 there already, 3 taken out" in ended.stdout, ended.stderr
    made = tree(out)
    assert set(made) == {
        "DRAW/00123-08.png", "DRAW/00123-09.png", "PLAN/X-1.png", "DRAW/Č1-1.png", "TEXT/mine-1.png",
        "PLAN/00123-08.png", "documents.csv",
    }  # fmt: skip
    assert made["DRAW/00123-08.png"] == before["00123/00123-08.png"] and tree(shelf) == before
    assert not (tmp_path / "out_doubtful").exists()
    assert dict(read(out / "documents.csv")[1:]) == {
        "DRAW/00123-08.png": "00123", "DRAW/00123-09.png": "00123", "DRAW/Č1-1.png": "Č1", "PLAN/X-1.png": "b/X"
    }  # fmt: skip
    again = run("sort", corrected, shelf, out)
    assert "0 written, 3 there already" in again.stdout and tree(out) == made


def test_equal_pages_of_two_documents_are_told_apart_as_they_move(tmp_path):
    pages, out = tmp_path / "pages", tmp_path / "out"
    for box in "ab":
        put(pages / box / "X-1.png", seed=7)  # two blank ones, say
    rows = "FILE,PAGE,CLASS,PATH\nX,1,TEXT,a/X-1.png\nX,1,DRAW,b/X-1.png\n"
    assert run("sort", annotation(tmp_path, rows), pages, out).returncode == 0
    moved = annotation(tmp_path, "FILE,PAGE,CLASS,PATH\nX,1,PLAN,b/X-1.png\n", name="moved.csv")
    assert run("sort", moved, pages, out).returncode == 0
    assert set(tree(out)) == {"TEXT/X-1.png", "PLAN/X-1.png", "documents.csv"}
    assert dict(read(out / "documents.csv")[1:]) == {"TEXT/X-1.png": "a", "PLAN/X-1.png": "b"}


def test_sources_that_lie_in_the_output_are_never_removed(tmp_path, shelf):
    out = tmp_path / "out"
    assert run("sort", annotation(tmp_path, GOOD), shelf, out).returncode == 0
    before, rows = tree(out), "FILE,PAGE,CLASS\n00123,8,DRAW"
    ended = run("sort", annotation(tmp_path, rows, name="more.csv"), out / "TEXT", out)
    left = tree(out)
    assert {name: left.get(name) for name in before if name != "documents.csv"} == {
        name: before[name] for name in before if name != "documents.csv"
    }, ended.stderr


def test_one_page_that_is_doubtful_makes_its_file_doubtful(tmp_path, shelf):
    page(8).save(shelf / "multi.tif", save_all=True, append_images=[page(9)])
    head = "FILE,PAGE,CLASS-1,SCORE-1,PATH\n"
    rows = "multi,1,TEXT,0.95,multi.tif\nmulti,2,TEXT,0.5,multi.tif\nČ1,1,TEXT,0.99,\nČ1,1,TEXT,0.4,\n"
    table = annotation(tmp_path, head + rows, name="result.csv")
    ended = run("sort", table, shelf, tmp_path / "out", "--min-score", "0.9")
    assert ended.returncode == 0, ended.stderr
    assert set(tree(tmp_path / "out_doubtful")) == {"TEXT/multi.tif", "TEXT/Č1-1.png", "documents.csv"}
    assert not (tmp_path / "out").exists()


def test_what_people_corrected_counts_before_the_guess_and_is_never_doubtful(tmp_path, shelf):
    text = (
        RESULT.replace("PATH\r", "PATH;CORRECT\r")
        .replace("09.png\r", "09.png;PLAN\r")
        .replace("X-1.png\r", "X-1.png;none of these\r")
    )
    ended = run("sort", annotation(tmp_path, text, name="result.csv"), shelf, tmp_path / "out", "--min-score", "0.9")
    assert ended.returncode == 0, ended.stderr
    assert set(tree(tmp_path / "out")) == {"TEXT/00123-08.png", "PLAN/00123-09.png", "DRAW/Č1-1.png", "documents.csv"}
    assert not (tmp_path / "out_doubtful").exists() and "1 row without CLASS" in ended.stdout


def test_training_reads_the_documents(tmp_path, shelf):
    from settings.schema import Settings
    from training.data import find_labelled

    run("sort", annotation(tmp_path, GOOD), shelf, tmp_path / "out")
    labelled = find_labelled(tmp_path / "out", Settings())
    assert sorted(set(labelled.documents)) == ["00123", "a/X", "b/X", "Č1"] and not labelled.notes


@pytest.mark.parametrize(
    ("encoding", "separator", "start", "end"),
    [
        ("utf-8", ",", "", ""),
        ("utf-8-sig", ";", "", "\r\n"),
        ("utf-16", "\t", "", "\r\n"),
        ("utf-16-le", ";", "", "\r\n"),
        ("cp1250", ";", "", "\r\n"),
        ("cp1250", ";", "sep=;\r\n", "\r\n"),
        ("mac_latin2", ",", "", "\r"),
    ],
)
def test_tables_as_spreadsheets_write_them(tmp_path, shelf, encoding, separator, start, end):
    rows = [row.split(",") for row in GOOD.splitlines()]
    quoted = '"' if encoding == "utf-8-sig" else ""
    lines = [separator.join(f"{quoted}{cell}{quoted}" for cell in row) for row in rows]
    text = start + (end or "\n").join(lines) + end
    flags = ["--encoding", encoding] if encoding.startswith("mac") else []
    ended = run("sort", annotation(tmp_path, text, encoding), shelf, tmp_path / "out", *flags)
    assert ended.returncode == 0, ended.stderr
    assert set(tree(tmp_path / "out")) == SORTED


def test_eaten_zeros_guarded_cells_and_padded_pages(tmp_path, shelf):
    put(shelf / "-5" / "-5-1.png")
    rows = "PATH;FILE;PAGE;CLASS\n;123;08;TEXT\n;'-5;1,0;DRAW\n./00123/00123-09.png;123;9;DRAW\n;Y;1;TEXT\n;Č1;1;"
    ended = run("sort", annotation(tmp_path, rows), shelf, tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    assert set(tree(tmp_path / "out")) == {
        "TEXT/00123-08.png",
        "DRAW/-5-1.png",
        "DRAW/00123-09.png",
        "TEXT/Y-1.PNG",
        "documents.csv",
    }
    assert "1 row without CLASS" in ended.stdout


PROBLEMS = {
    "X,1,TEXT,": "ambiguous",
    "Q,1,TEXT,": "does not exist",
    "00123,7,TEXT,": "does not exist",
    "1.23E+17,1,TEXT,": "rounded",
    "Y,one,TEXT,": "not a page number",
    ",1,TEXT,": "FILE is empty",
    "Y,1,AUX,": "Windows reserves",
    "Č1,1,a/b,": "cannot stand in a folder name",
    "00123,9,TEXT.,": "drops the dot",
    "00123,8,Text,": "letter case only",
    "three,1,LINE,": "is there and is no folder",
    "X,1,DRAW,c/X/X-1.png": "does not exist in PAGES",
    "multi,1,TEXT,": "sorted whole",
    "two,1,TEXT,": "annotated twice",
    "two,1,DRAW,": "annotated twice",
    "scan,1,TEXT,scan.pdf": "pdf2png",
}


def test_all_problems_come_in_one_report(tmp_path, shelf):
    put(shelf / "two-1.png")
    put(shelf / "three-1.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "LINE").write_text("a file where a label folder should be")
    page(8).save(shelf / "multi.tif", save_all=True, append_images=[page(9)])
    rows = "\n".join(["FILE,PAGE,CLASS,PATH", "multi,2,TEXT,", "multi,1,DRAW,", *PROBLEMS])
    before = tree(tmp_path)
    ended = run("sort", annotation(tmp_path, rows), shelf, tmp_path / "out")
    assert ended.returncode == 2 and tree(tmp_path) == before | {"annotation.csv": rows.encode()}
    for words in PROBLEMS.values():
        assert words in ended.stderr, words
    assert "Traceback" not in ended.stderr


def test_equal_names_keep_their_folders(tmp_path, shelf):
    """Two documents of one name in one class, in one table and in two; then annotated and sorted again."""
    rows = "FILE,PAGE,CLASS,PATH\nX,1,TEXT,a/X/X-1.png\nX,1,TEXT,b/X/X-1.png\nY,1,TEXT,Y/Y-1.PNG\n"
    before, out = tree(shelf), tmp_path / "out"
    table = annotation(tmp_path, rows)
    ended = run("sort", table, shelf, out)
    assert ended.returncode == 0, ended.stderr
    made = tree(out)
    assert set(made) == {"TEXT/a/X/X-1.png", "TEXT/b/X/X-1.png", "TEXT/Y-1.PNG", "documents.csv"}
    assert made["TEXT/a/X/X-1.png"] == before["a/X/X-1.png"] and made["TEXT/b/X/X-1.png"] == before["b/X/X-1.png"]
    assert "2 page files keep their folder" in ended.stdout
    assert dict(read(out / "documents.csv"))["TEXT/b/X/X-1.png"] == "b/X"
    for part in (rows, rows.replace("X,1,TEXT,b/X/X-1.png\n", "")):  # again, and one of them alone
        again = run("sort", annotation(tmp_path, part, name="part.csv"), shelf, out)
        assert "0 written" in again.stdout and tree(out) == made
    back = tmp_path / "back.csv"
    assert run("annotate", out, back).returncode == 0
    assert run("sort", back, out, tmp_path / "twin").returncode == 0 and tree(tmp_path / "twin") == made
    first = annotation(tmp_path, "FILE,PAGE,CLASS,PATH\nX,1,TEXT,a/X/X-1.png\n", name="first.csv")
    assert run("sort", first, shelf, tmp_path / "two").returncode == 0
    assert run("sort", table, shelf, tmp_path / "two").returncode == 0
    assert set(tree(tmp_path / "two")) == {"TEXT/X-1.png", "TEXT/b/X/X-1.png", "TEXT/Y-1.PNG", "documents.csv"}


def test_pages_that_are_named_by_number_keep_their_box(tmp_path):
    """box1/0001.jpg ... box3/0004.jpg: nothing is refused, each box stays a document, also in label folders."""
    from settings.schema import Settings
    from training.data import find_labelled

    pages, rows = tmp_path / "pages", ["FILE,PAGE,CLASS,PATH"]
    for box in (1, 2, 3):
        for number in (1, 2, 3, 4):
            put(pages / f"box{box}" / f"{number:04d}.jpg", seed=10 * box + number)
            label = "TEXT" if number < 3 else "DRAW"
            rows.append(f"0001,{number},{label},box{box}/{number:04d}.jpg")
    ended = run("sort", annotation(tmp_path, "\n".join(rows)), pages, tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    made = tree(tmp_path / "out")
    before = tree(pages)
    assert {name: made[name] for name in made if name != "documents.csv"} == {
        f"{'TEXT' if int(name[-8:-4]) < 3 else 'DRAW'}/{name}": content for name, content in before.items()
    }
    assert set(find_labelled(tmp_path / "out", Settings()).documents) == {"box1", "box2", "box3"}
    assert run("annotate", tmp_path / "out", tmp_path / "back.csv").returncode == 0
    back = run("sort", tmp_path / "back.csv", tmp_path / "out", tmp_path / "twin")
    assert back.returncode == 0 and tree(tmp_path / "twin") == made
    wrong = (tmp_path / "back.csv").read_text(encoding="utf-8").replace("DRAW,DRAW/box1", "TEXT,DRAW/box1")
    moved = annotation(tmp_path, wrong, name="moved.csv")
    assert run("sort", moved, tmp_path / "out", tmp_path / "other").returncode == 0
    assert {"TEXT/box1/0003.jpg", "TEXT/box1/0004.jpg"} <= set(tree(tmp_path / "other"))


def test_a_multi_page_file_is_sorted_whole(tmp_path, shelf):
    page(8).save(shelf / "multi.tif", save_all=True, append_images=[page(9)])
    ended = run("sort", annotation(tmp_path, "FILE,PAGE,CLASS\nmulti,1,TEXT\nmulti,2,TEXT"), shelf, tmp_path / "out")
    assert ended.returncode == 0 and set(tree(tmp_path / "out")) == {"TEXT/multi.tif", "documents.csv"}


def test_never_over_another_file(tmp_path, shelf):
    put(tmp_path / "out" / "TEXT" / "00123-08.png", seed=99)
    before = tree(tmp_path / "out")
    ended = run("sort", annotation(tmp_path, GOOD), shelf, tmp_path / "out")
    assert ended.returncode == 2 and "another page" in ended.stderr and tree(tmp_path / "out") == before


def test_a_page_is_known_again_by_its_content(tmp_path, shelf):
    """Scanners of fixed settings leave bitmaps of one size; a copy can have the time of its source by chance."""
    source, other = shelf / "Y" / "Y-1.bmp", tmp_path / "out" / "TEXT" / "Y-1.bmp"
    (shelf / "Y" / "Y-1.PNG").unlink()
    put(source, seed=1)
    put(other, seed=2)
    os.utime(source, (1, 1))
    os.utime(other, (1, 1))
    before = tree(tmp_path / "out")
    ended = run("sort", annotation(tmp_path, "FILE,PAGE,CLASS\nY,1,TEXT"), shelf, tmp_path / "out")
    assert ended.returncode == 2 and "another page" in ended.stderr and tree(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FILE,PAGE,CLAS\nX,1,TEXT", "did you mean CLAS?"),
        ("FILE,PAGE,CLAS-1,SCORE-1,PATH\nX,1,TEXT,0.9,X-1.png", "no column CLASS"),
        ("FILE,PAGE,CLASS\n", "no rows"),
        ("FILE,PAGE,CLASS\nX,1,TEXT,more", "4 cells"),
        ("FILE,PAGE,CLASS,CLASS\nX,1,TEXT,DRAW", "twice"),
    ],
)
def test_wrong_tables_are_one_line(tmp_path, shelf, text, words):
    ended = run("sort", annotation(tmp_path, text), shelf, tmp_path / "out")
    assert ended.returncode == 2 and words in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_wrong_folders_are_one_line(tmp_path, shelf):
    (tmp_path / "scans.zip").write_bytes(b"PK")
    for source, said in (("https://example.org/box", "https://example.org/box: addresses are not fetched"),
                         ("", "is empty"), (tmp_path / "scans.zip", "is not a folder: unpack it first")):  # fmt: skip
        ended = run("pdf2png", source, cwd=tmp_path)
        assert ended.returncode == 2 and said in ended.stderr and len(ended.stderr.splitlines()) == 1
    table = annotation(tmp_path, GOOD)
    for arguments, words in (
        ([table, tmp_path / "page", tmp_path / "out"], "did you mean pages?"),
        ([table, shelf, shelf], "the same folder"),
        ([tmp_path / "annotation.cvs", shelf, tmp_path / "out"], "did you mean annotation.csv?"),
    ):
        ended = run("sort", *arguments)
        assert ended.returncode == 2 and words in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_windows_accepts_every_label_that_we_accept():
    sys.path.insert(0, str(SCRIPTS))
    from common import folder_name_problem

    for bad in ("con", "LPT1", "nul.txt", "a:b", "a?", "tab\t", "dot.", ".", "..", "", "x" * 200, "documents.csv"):
        assert folder_name_problem(bad), bad
    for good in ("TEXT_P", "ŽLUŤ", "console", "com10", "a.b", "two words", "-x", "=1"):
        assert not folder_name_problem(good), good


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_what_is_no_collection_and_what_cannot_be_followed(tmp_path):
    root = tmp_path / "sorted"
    for seed, name in enumerate(("DRAW/a-1.png", "TEXT/b-1.png", "TEXT/b-2.png")):
        put(root / name, seed)
    put(root / "DRAW" / "@eaDir" / "thumb-1.png", 8)
    put(root / ".ipynb_checkpoints" / "c-1.png", 9)
    (root / "PHOTO").symlink_to("PHOTO")
    ended = run("annotate", root, tmp_path / "annotation.csv")
    assert ended.returncode == 1 and "PHOTO: a link that points to itself" in ended.stderr
    assert "left out: .ipynb_checkpoints, @eaDir (--hidden takes them)" in ended.stdout
    assert [row[3] for row in read(tmp_path / "annotation.csv")[1:]] == ["DRAW/a-1.png", "TEXT/b-1.png", "TEXT/b-2.png"]
    ended = run("dataset", root, "--output", tmp_path / "data", "--exclude", "b-2.png", "--workers", 1)
    assert ended.returncode == 1 and "PHOTO: a link that points to itself" in ended.stderr
    assert [row[0] for row in read(tmp_path / "data" / "pages.csv")[1:]] == ["DRAW/a-1.png", "TEXT/b-1.png"]
    ended = run("sort", tmp_path / "annotation.csv", root, tmp_path / "out")
    assert ended.returncode == 1 and "3 written" in ended.stdout and "PHOTO: a link" in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.parametrize("after", [0.0, 0.3, 0.7])
def test_killed_sort_goes_on(tmp_path, after):
    """Also one of corrected pages: each of them lies in one folder in the end."""
    pages, out = tmp_path / "pages", tmp_path / "out"
    rows = ["FILE,PAGE,CLASS"]
    (pages / "D").mkdir(parents=True)
    source = put(tmp_path / "one.png")
    for number in range(1, 400):
        os.link(source, pages / "D" / f"D-{number}.png")
        rows.append(f"D,{number},{'AB'[number % 2]}")
    first, second = "\n".join(rows), "\n".join(rows).replace(",A", ",C")
    for text, label, done in ((first, "[AB]", 399), (second, "C", 199)):
        table = annotation(tmp_path, text)
        command = [sys.executable, str(SCRIPTS / "sort.py"), str(table), str(pages), str(out)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and len(list(out.glob(f"{label}/*.png"))) <= done * after:
            time.sleep(0.002)
        process.kill()
        process.wait()
        marks = {file: file.stat().st_ino for file in out.glob(f"{label}/*.png")}
        assert marks and run("sort", table, pages, out).returncode == 0
        assert all(file.stat().st_ino == inode for file, inode in marks.items())
        assert len(tree(out)) == 400 and len(read(out / "documents.csv")) == 400
        assert len(list(out.glob(f"{label}/*.png"))) == done
    assert {folder.name for folder in out.iterdir()} == {"B", "C", "documents.csv"}
