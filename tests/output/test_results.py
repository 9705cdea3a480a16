"""Result tables as other programs read them back: columns, order, numbers, awkward names, Excel, documents."""

import csv
import os
import tracemalloc
from pathlib import Path

import pandas
import pytest

from output import tables as tables_room
from output.outcome import Failed, Scored
from output.tables import FORMULA, cell, path_cell, safe_name
from reading.pages import Page, PageList
from sorting.results import TableReport, TableStyle, summary, terminal_table, top_categories, write_tables
from utils import UserError

CATEGORIES = ["DRAW", "LINE", "TEXT"]
NAME = "20261121-101500_ViT-B16"


def page(path, number=1, file=None):
    return Page(path=path, file=file or Path(path).stem, number=number, frame=None, reason="")


def outcomes_of(rows):
    """Scores, or the reason why a page failed, as outcomes; one by one, as a run gives them."""
    return (Failed(row) if isinstance(row, str) else Scored(row) for row in rows)


def write(folder, pages, rows, root="scans", **style):
    style = TableStyle(**{"categories": CATEGORIES, "top_n": 2, **style})
    folder.mkdir(exist_ok=True)
    return write_tables(folder, NAME, PageList(Path(root), pages), outcomes_of(rows), style)


def rows_of(file, delimiter=",", encoding="utf-8"):
    with file.open(encoding=encoding, newline="") as lines:
        return list(csv.reader(lines, delimiter=delimiter, strict=True))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_four_tables(tmp_path):
    pages = [page("a/CTX1-1.png", 1, "CTX1"), page("a/CTX1-2.png", 2, "CTX1"), page("b/x.png", 10, "x")]
    outcomes = [[0.12345, 0.87655, 0.0], "the file is empty", [1 / 3, 1 / 3, 1 / 3]]
    report = write(tmp_path, pages, outcomes, raw=True, per_document=True, document_from="folder")
    assert [file.name for file in report.files] == [
        f"result_{NAME}_2n_3c.csv",
        f"{NAME}_RAW.csv",
        f"{NAME}_ERRORS.csv",
        f"{NAME}_documents",
    ]
    head = ["FILE", "PAGE", "CLASS-1", "CLASS-2", "SCORE-1", "SCORE-2", "PATH"]
    first = ["CTX1", "1", "LINE", "DRAW", "0.8766", "0.1235", "a/CTX1-1.png"]
    tied = ["x", "10", "DRAW", "LINE", "0.3333", "0.3333", "b/x.png"]  # equal scores: the order of the categories
    assert rows_of(report.files[0]) == [head, first, tied]
    assert rows_of(report.files[1]) == [
        ["FILE", "PAGE", "DRAW", "LINE", "TEXT", "PATH"],
        ["CTX1", "1", "0.123450", "0.876550", "0.000000", "a/CTX1-1.png"],
        ["x", "10", "0.333333", "0.333333", "0.333333", "b/x.png"],
    ]
    assert rows_of(report.files[2]) == [
        ["FILE", "PAGE", "PATH", "REASON"],
        ["CTX1", "2", "a/CTX1-2.png", "the file is empty"],
    ]
    assert rows_of(report.files[3] / "a.csv") == [head, first] and rows_of(report.files[3] / "b.csv") == [head, tied]
    assert (report.done, report.failed, report.notes) == (3, 1, [])
    assert report.per_category == {"DRAW": 1, "LINE": 1, "TEXT": 0} and report.reasons == {"the file is empty": 1}
    assert names_in(tmp_path) == sorted(file.name for file in report.files)


def test_without_failures_there_is_no_errors_table(tmp_path):
    report = write(tmp_path, [page("a.png")], [[1, 0, 0]], top_n=1)
    assert [file.name for file in report.files] == [f"result_{NAME}_1n_3c.csv"]
    assert report.files[0].read_bytes() == b"FILE,PAGE,CLASS-1,SCORE-1,PATH\r\na,1,DRAW,1.0000,a.png\r\n"


def test_the_parent_folder_tells_the_truth(tmp_path):
    pages = [page("TEXT/a.png"), page("TEXT/more/b.png"), page("ČÁRA/c.png"), page("d.png"), page("DRAW/e.png")]
    categories = ["TEXT", "DRAW", "C\u030cA\u0301RA"]  # the same letters, decomposed as macOS writes them
    outcomes = [[0.5, 0.3, 0.2]] * 3 + ["broken"]  # interrupted: the columns are those of the whole page list
    report = write(tmp_path, pages, outcomes, categories=categories, top_n=1)
    rows = rows_of(report.files[0])
    assert rows[0] == ["FILE", "PAGE", "CLASS-1", "SCORE-1", "TRUE", "PATH"]
    assert [row[4] for row in rows[1:]] == ["TEXT", "", categories[2]]
    late = write(tmp_path, [page("x.png"), pages[0]], [[1, 0, 0]], categories=categories)
    assert "TRUE" in rows_of(late.files[0])[0]


def test_the_truth_of_single_files(tmp_path, monkeypatch):
    (tmp_path / "TEXT" / "below").mkdir(parents=True)
    for folder, path in [("TEXT", "a.png"), ("TEXT/below", "../a.png"), (".", "TEXT/a.png")]:
        monkeypatch.chdir(tmp_path / folder)
        report = write(tmp_path / "out", [page(path)], [[1, 0, 0]], root="")
        assert rows_of(report.files[0])[1][-2:] == ["TEXT", path]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n",
        " =1",
        "\u00a0-1",
        "\ufeff=1",
        "＝1",
        "＠x",
        '=HYPERLINK("x")',
    ],
)
def test_no_cell_is_a_formula(tmp_path, text):
    pages = [page(f"{text}/a.png", file=text), page(f"{text}b.png", file=f"{text}b")]
    report = write(tmp_path, pages, [[0.5, 0.3, 0.2], text], categories=[text, "A", "B"], raw=True)
    for file in report.files:
        rows = rows_of(file)
        assert not [one for row in rows for one in row if FORMULA.match(one)]
        assert all(len(row) == len(rows[0]) for row in rows)
    result, raw, errors = map(rows_of, report.files)
    assert result[1][0] == raw[0][2] == result[1][2] == f"'{text}" and result[1][-1] == f"./{text}/a.png"
    assert errors[1][0] == f"'{text}b"


def test_ordinary_text_stays_as_it_is():
    for text in ["CTX194603902", "0012", "a-b", "1+1", "čára", 'a,b;c"d', "", "~x", "'quoted"]:
        assert cell(text) == text and path_cell(f"{text}x") == f"{text}x"


def test_awkward_names_survive_the_way_through_csv(tmp_path):
    names = ["a,b", 'say "x"', "two\nlines", "semi;colon", "tail ", "0007", "ž\udc9a", "\ud800", "NA"]
    pages = [page(f"box/{name}.png", file=name) for name in names]
    report = write(tmp_path, pages, [[0.2, 0.3, 0.5]] * len(pages))
    table = pandas.read_csv(report.files[0], dtype={"FILE": str}, keep_default_na=False)
    want = ["a,b", 'say "x"', "two\nlines", "semi;colon", "tail ", "0007", "ž\\x9a", "\\ud800", "NA"]
    assert list(table["FILE"]) == want and table["PAGE"].dtype == "int64"
    assert list(table["PATH"]) == [f"box/{name}.png" for name in want]


def test_excel_reads_back_the_same_numbers(tmp_path):
    pages = [page("a/č.png"), page("b/=x;y.png"), page("b/z.png")]
    outcomes = [[0.1, 0.7, 0.2], [1e-7, 0.5, 0.4999999], "broken; truly"]
    style = {"raw": True, "per_document": True, "document_from": "folder"}
    plain = write(tmp_path / "plain", pages, outcomes, **style)
    excel = write(tmp_path / "excel", pages, outcomes, excel=True, **style)
    for ours, theirs in zip(plain.files[:3], excel.files[:3], strict=True):
        assert theirs.read_bytes().startswith(b"\xef\xbb\xbf") and not ours.read_bytes().startswith(b"\xef")
        want = pandas.read_csv(ours)
        pandas.testing.assert_frame_equal(pandas.read_csv(theirs, sep=";", decimal=",", encoding="utf-8-sig"), want)
    for document in ("a.csv", "b.csv"):
        text = (excel.files[3] / document).read_bytes()
        assert text.count(b"\xef\xbb\xbf") == 1 and (document == "a.csv" or b";0,5000;0,5000;" in text)


def test_top_categories():
    assert top_categories([0.1, 0.5, 0.5, 0.9], 3) == [3, 1, 2]
    assert top_categories([0.5, 0.5], 1) == [0] and top_categories([0.5, 0.5], 2) == [0, 1]


def test_a_row_of_another_width_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="2 scores for 3"):
        write(tmp_path, [page("a.png")] * 2, ["bad", [0.5, 0.5]], raw=True, per_document=True)
    assert names_in(tmp_path) == []


def test_documents_need_not_stand_together(tmp_path):
    number = 5 * tables_room.OPEN_DOCUMENTS // 2
    pages = [page(f"box{at % number}/p{at}.png", at) for at in range(3 * number)]
    report = write(
        tmp_path, pages, [[0.2, 0.3, 0.5]] * len(pages), per_document=True, document_from="folder", excel=True
    )
    folder = report.files[-1]
    assert len(list(folder.iterdir())) == number
    for at in (0, number - 1):
        rows = rows_of(folder / f"box{at}.csv", ";", "utf-8-sig")
        assert [row[1] for row in rows] == ["PAGE", *(str(at + turn * number) for turn in range(3))]


def test_documents_of_like_names_have_files_of_their_own(tmp_path):
    names = ["Box", "box", "BOX", "box-2", "a:b", "a?b", "con", "č", "c\u030c", "x" * 300, "x" * 299, "..", " "]
    pages = [page(f"{at}.png", file=name) for at, name in enumerate(names)]
    report = write(tmp_path, pages, [[0.2, 0.3, 0.5]] * len(pages), per_document=True)
    files = sorted(report.files[-1].iterdir())
    assert len({file.name.casefold() for file in files}) == len(names)
    assert sorted(rows_of(file)[1][-1] for file in files) == sorted(f"{at}.png" for at in range(len(names)))
    assert max(len(os.fsencode(file.name)) for file in files) < 170


@pytest.mark.parametrize(
    "name", ["CON", "nul.txt", "lpt1", "COM9 .x", "a/b\\c", "x. .", "\x1b[2J", "a\udc9a", "<>|*", "", "con "]
)
def test_safe_names_are_safe_everywhere(name):
    safe = safe_name(name)
    assert safe and not set(safe) & set('<>:"/\\|?*\x1b') and safe[-1] not in ". "
    assert safe.split(".")[0].rstrip().upper() not in tables_room.RESERVED
    safe.encode("utf-8")


def test_tables_of_an_earlier_attempt_are_replaced(tmp_path):
    pages = [page(f"box{at}/{at}.png") for at in range(4)]
    style = {"raw": True, "per_document": True, "document_from": "folder"}
    write(tmp_path, pages, [[0.2, 0.3, 0.5]] * 2, **style)
    (tmp_path / f"{NAME}_documents.part").mkdir()  # as a kill leaves them
    (tmp_path / f"{NAME}_documents.old").mkdir()
    (tmp_path / f"{NAME}_RAW.csv.part").write_text("half a li")
    report = write(tmp_path, pages, [[0.2, 0.3, 0.5]] * 4, **style)
    assert names_in(tmp_path) == sorted(file.name for file in report.files)
    assert len(list(report.files[-1].iterdir())) == 4 and len(rows_of(report.files[0])) == 5


def test_a_table_that_cannot_be_replaced_is_written_beside(tmp_path):
    # A folder in its place refuses the rename as a table that is open in Excel does on Windows.
    (tmp_path / f"{NAME}_RAW.csv").mkdir()
    (tmp_path / f"{NAME}_RAW-2.csv").write_text("an earlier one")
    report = write(tmp_path, [page("a.png")], [[0.2, 0.3, 0.5]], raw=True)
    assert report.files[1].name == f"{NAME}_RAW-3.csv" and len(rows_of(report.files[1])) == 2
    assert len(report.notes) == 1 and f"{NAME}_RAW-3.csv" in report.notes[0] and "RAW-3" in summary(report)


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"cannot write .*gone.*: No such file"):
        write_tables(tmp_path / "gone", NAME, PageList(Path(), [], 0), [], TableStyle(CATEGORIES, 1))


def test_memory_does_not_grow_with_the_table(tmp_path):
    def peak(number):
        pages = [page("a.png")] * number
        tracemalloc.start()
        write(tmp_path, pages, ([0.2, 0.3, 0.5] if at % 9 else f"reason {at}" for at in range(number)), raw=True)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(8000) < peak(2000) + 100_000


def test_the_terminal_table_side_by_side_and_below_each_other():
    pages = PageList(Path(), [page("a/X-14.png", 14, "X"), page("bad.png")])
    outcomes = [[0.1, 0.7, 0.2], "not an image although its name says so"]
    lines = terminal_table(pages, outcomes_of(outcomes), CATEGORIES, 2).splitlines()
    assert lines[0].split() == ["FILE", "PAGE", "CLASS-1", "SCORE-1", "CLASS-2", "SCORE-2"]
    assert lines[1].split() == ["X", "14", "LINE", "0.7000", "TEXT", "0.2000"]
    assert lines[2].split(maxsplit=2) == ["bad", "1", "failed: not an image although its name says so"]
    many = [f"CATEGORY_{at:02d}" for at in range(11)]
    lines = terminal_table(pages, outcomes_of([[at / 55 for at in range(11)], "bad"]), many, 11).splitlines()
    assert [line.split()[-2] for line in lines[1:12]] == many[::-1] and len(lines) == 13
    assert lines[0].split() == ["FILE", "PAGE", "CLASS", "SCORE"]


def test_the_terminal_table_tells_like_pages_apart_and_fits():
    deep = "folder-with-a-long-name/" * 5
    pages = [page(f"{deep}one/X-1.png", 1, "X"), page(f"{deep}two/X-1.png", 1, "X"), page(f"{'y' * 90}.png")]
    text = terminal_table(PageList(Path(), pages), outcomes_of([[0.1, 0.7, 0.2]] * 3), CATEGORIES, 3)
    lines = text.splitlines()
    assert "PATH" in lines[0] and "two/X-1.png" in lines[4] and max(map(len, lines)) <= 100
    assert lines[7].count("y") == 25  # PATH is empty where FILE and PAGE are enough


def test_no_name_commands_the_terminal():
    pages = PageList(Path(), [page("\x1b[2J\udc9a.png")])
    text = terminal_table(pages, [Failed("bad \x07 bytes")], CATEGORIES, 1)
    assert "\x1b" not in text and "\x07" not in text and "\\x1b[2J\\x9a" in text


def test_the_summary():
    report = TableReport([Path("out/r.csv")], {"DRAW": 0, "LINE": 3, "TEXT": 300}, 310, 7, {"empty": 5, "torn": 2})
    lines = summary(report, total=400, seconds=10, pages=200).splitlines()
    assert lines[0] == "310 of 400 pages: 303 sorted, 7 failed"
    assert [line.split() for line in lines[1:4]] == [["DRAW", "0"], ["LINE", "3", "#"], ["TEXT", "300", "#" * 30]]
    assert [line.strip() for line in lines[4:]] == [
        "failed:",
        "5 x empty",
        "2 x torn",
        "files:",
        str(Path("out/r.csv")),
        "20.0 pages/s",
    ]
