"""annotate.py: from label folders and corrected tables to an annotation, and what it refuses."""

from scripts import GOOD, annotation, put, read, run, tree


def test_annotate_from_folders_and_back(tmp_path, shelf):
    run("sort", annotation(tmp_path, GOOD), shelf, tmp_path / "out")
    put(tmp_path / "out" / "loose-1.png")
    table = tmp_path / "again.csv"
    assert run("annotate", tmp_path / "out", table, "--dry-run").returncode == 1 and not table.exists()
    ended = run("annotate", tmp_path / "out", table)
    assert ended.returncode == 1 and "loose-1.png: lies in no label folder" in ended.stderr
    rows = read(table)
    assert (
        rows[0] == ["FILE", "PAGE", "CLASS", "PATH"] and ["Č1", "1", "ŽLUŤ", "ŽLUŤ/Č1-1.png"] in rows and len(rows) == 6
    )
    assert run("sort", table, tmp_path / "out", tmp_path / "twin").returncode == 0
    del (first := tree(tmp_path / "out"))["loose-1.png"]
    assert tree(tmp_path / "twin") == first  # documents.csv too: it is taken over
    again = run("annotate", tmp_path / "out", table)
    assert again.returncode == 1 and "there already" in again.stdout
    put(tmp_path / "out" / "TEXT" / "new-1.png")
    refused = run("annotate", tmp_path / "out", table)
    assert refused.returncode == 2 and "another name" in refused.stderr and read(table) == rows


RESULT = (
    "FILE;PAGE;CLASS-1;CLASS-2;SCORE-1;SCORE-2;PATH;CORRECT\r\n"
    "123;8;TEXT;DRAW;0,9100;0,0500;00123/00123-08.png;\r\n"
    "123;9;TEXT;DRAW;0,5100;0,4000;00123/00123-09.png;DRAW\r\n"
    "X;1;DRAW;TEXT;0,6000;0,3000;b/X/X-1.png; TEXT \r\n"
    "Č1;1;DRAW;TEXT;0,4000;0,3000;onepagers/Č1-1.png;\r\n"
)


def test_annotate_from_a_corrected_table(tmp_path, shelf):
    result = annotation(tmp_path, RESULT, "cp1250", "result.csv")
    corrected, accepted, sure = (tmp_path / name for name in ("corrected.csv", "accepted.csv", "sure.csv"))
    assert run("annotate", result, corrected).returncode == 0
    assert read(corrected)[1:] == [["00123", "9", "DRAW", "00123/00123-09.png"], ["X", "1", "TEXT", "b/X/X-1.png"]]
    assert run("annotate", result, accepted, "--accept").returncode == 0
    assert [row[2] for row in read(accepted)[1:]] == ["TEXT", "DRAW", "TEXT", "DRAW"]
    assert "1 below" in run("annotate", result, sure, "--accept", "--min-score", "0.9").stdout
    assert [row[1] for row in read(sure)[1:]] == ["8", "9", "1"]
    assert run("sort", accepted, shelf, tmp_path / "out").returncode == 0
    assert (tmp_path / "out" / "TEXT" / "X-1.png").read_bytes() == (shelf / "b/X/X-1.png").read_bytes()


def test_what_the_desk_exports(tmp_path, shelf):
    text = (
        "FILE,PAGE,CLASS,CORRECT,PATH\n00123,8,TEXT,TEXT,00123/00123-08.png\n"
        "00123,9,TEXT,DRAW,00123/00123-09.png\nX,1,TEXT,none of these,b/X/X-1.png\nX,1,DRAW,,a/X/X-1.png\n"
    )
    source = annotation(tmp_path, text, name="corrected.csv")
    ended = run("annotate", source, tmp_path / "annotation.csv")
    assert ended.returncode == 0 and "1 none of these" in ended.stdout, ended.stderr
    assert [row[2:] for row in read(tmp_path / "annotation.csv")[1:]] == [
        ["TEXT", "00123/00123-08.png"],
        ["DRAW", "00123/00123-09.png"],
    ]
    assert run("annotate", source, tmp_path / "all.csv", "--accept").returncode == 0
    assert [row[2] for row in read(tmp_path / "all.csv")[1:]] == ["TEXT", "DRAW", "DRAW"]


def test_numbers_that_are_no_page_numbers_stop_no_other_row(tmp_path, shelf):
    """A phone's file name, as an earlier version wrote its PAGE, as Excel saved it; and a cell that is no number."""
    put(shelf / "Y" / "FB_IMG_1698765432100.png", 9)
    put(shelf / "Y" / "FB_IMG_1698765432999.png", 10)
    text = (
        "FILE,PAGE,CLASS-1,SCORE-1,PATH,CORRECT\nX,1,TEXT,0.9,a/X/X-1.png,DRAW\n"
        "FB_IMG,1698765432100,TEXT,0.9,Y/FB_IMG_1698765432100.png,TEXT\n"
        "FB_IMG,1.69877E+12,TEXT,0.9,Y/FB_IMG_1698765432999.png,TEXT\n"
        "Y,one,TEXT,0.9,Y/Y-1.PNG,TEXT\n"
    )
    table = annotation(tmp_path, text, name="result.csv")
    ended = run("annotate", table, tmp_path / "annotation.csv")
    assert ended.returncode == 1 and "line 5: PAGE 'one' is not a page number" in ended.stderr
    assert read(tmp_path / "annotation.csv")[1:] == [
        ["X", "1", "DRAW", "a/X/X-1.png"],
        ["FB_IMG_1698765432100", "1", "TEXT", "Y/FB_IMG_1698765432100.png"],
        ["FB_IMG_1698765432999", "1", "TEXT", "Y/FB_IMG_1698765432999.png"],
    ]
    assert run("sort", tmp_path / "annotation.csv", shelf, tmp_path / "out").returncode == 0
    assert (tmp_path / "out" / "TEXT" / "FB_IMG_1698765432100.png").is_file()
    only = annotation(tmp_path, "FILE,PAGE,CORRECT\nY,one,TEXT\n", name="only.csv")
    ended = run("annotate", only, tmp_path / "none.csv")
    assert ended.returncode == 2 and "PAGE 'one' is not a page number" in ended.stderr


def test_annotate_says_what_is_wrong(tmp_path):
    for text, flags, words in (
        (RESULT.replace(" TEXT ", "Text"), [], "line 4: Text should be TEXT"),
        (RESULT.replace("CORRECT", "KORREKT"), [], "no column CORRECT"),
        (RESULT.replace("DRAW\r\n", "\r\n").replace(" TEXT ", ""), [], "--accept"),
        (RESULT, ["--min-score", "0.5"], "--min-score"),
        (RESULT.replace("0,9100", "sure"), ["--accept", "--min-score", "0.5"], "not a number"),
    ):
        ended = run("annotate", annotation(tmp_path, text, name="result.csv"), tmp_path / "out.csv", *flags)
        assert ended.returncode == 2 and words in ended.stderr and len(ended.stderr.splitlines()) == 1, ended.stderr
    new = annotation(tmp_path, RESULT.replace(" TEXT ", "TEXTT"), name="result.csv")
    assert "did you mean TEXT?" in run("annotate", new, tmp_path / "out.csv").stdout
