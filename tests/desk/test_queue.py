"""The queue: every form of table is read row by row as people's own readers do, in orders that put doubt first."""

from __future__ import annotations

import csv
import itertools
import random
import sys
import threading
import unicodedata

import numpy as np
import pytest

pytest.importorskip("fastapi")

from review_runs import CATEGORIES, HEAD, RUN, row, write_table

import desk.table_scan
from desk.command import OpenDesk
from desk.desk import Desk
from desk.queue import Queue
from desk.table_scan import Scan
from output.spreadsheets import number_in, read_table
from settings.schema import Settings
from utils import UserError


def opened(table, record=None):
    return Queue.open(Desk(Settings(), OpenDesk(), RUN, table, table.parent, record or {}))


ODD = [
    "plain",
    "with, comma",
    'with "quotes"',
    "two\nlines",
    "=1+1",
    "'quoted",
    " blank ",
    "Žluťoučký",
    "x" * 5000,
    "0.5",
]


def odd_rows(count=300):
    draw = random.Random(7)
    scores = [f"{draw.random():.{draw.randrange(1, 8)}f}" for _ in range(count)]
    return [
        [draw.choice(ODD), str(at), draw.choice(ODD), score, f"{at}/{draw.choice(ODD)}"]
        for at, score in enumerate(scores)
    ]


@pytest.mark.parametrize("block", [1 << 20, 300])
@pytest.mark.parametrize(
    ("encoding", "separator", "end", "mark"),
    [
        ("utf-8", ",", "\n", ""),
        ("utf-8-sig", ";", "\r\n", ""),
        ("cp1250", "\t", "\r\n", ""),
        ("utf-16", ";", "\r\n", ""),
        ("utf-8", ";", "\r\n", "sep=;\r\n"),
        ("utf-8", ",", "\r", ""),
    ],
)
def test_a_table_is_taken_in_as_it_is_read(tmp_path, monkeypatch, block, encoding, separator, end, mark):
    monkeypatch.setattr(desk.table_scan, "BLOCK", block)
    file, head = tmp_path / "table.csv", ["FILE", "PAGE", "KIND", "SCORE", "PATH"]
    with file.open("w", encoding=encoding, newline="") as out:
        out.write(mark)
        quoting = csv.QUOTE_ALL if end == "\r" else csv.QUOTE_MINIMAL
        writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting)
        writer.writerow(head)
        for number, cells in enumerate(odd_rows()):
            writer.writerow([] if number % 50 == 3 else cells)
    table = read_table(file, ("FILE", "PAGE", "PATH"))
    scan = Scan.of(table, numbers=["SCORE"], texts=["KIND"], keyed=[("PATH", "PAGE"), ("FILE",)])
    rows = [cells for _, cells in table.rows]
    assert [scan.cells(at) for at in range(len(scan))] == rows
    kinds = scan.texts["KIND"]
    assert [kinds.values[code] for code in kinds.codes] == [cells["KIND"] for cells in rows]
    assert np.allclose(scan.numbers["SCORE"], [number_in(cells["SCORE"]) for cells in rows], atol=1e-6)
    assert len(set(scan.keys["PATH", "PAGE"].tolist())) == len(rows)
    assert all(scan.key_of([cells["FILE"]]) == key for cells, key in zip(rows, scan.keys[("FILE",)], strict=True))


def test_numbers_are_read_as_people_write_them(tmp_path):
    texts = ["0.9877", "0,9877", "1", "50 %", "1e-3", "", "x", "-0.5", "12.", ".5", "0.12345678901234567", "1.2.3"]
    table = write_table(tmp_path / "t.csv", [["a", "1", text, f"{at}.png"] for at, text in enumerate(texts)],
                        ["FILE", "PAGE", "SCORE", "PATH"])  # fmt: skip
    scan = Scan.of(read_table(table, ("FILE",)), numbers=["SCORE"], texts=[], keyed=[("PATH", "PAGE")])
    wanted = [np.nan if number_in(text) is None else number_in(text) for text in texts]
    assert np.allclose(scan.numbers["SCORE"], wanted, equal_nan=True)


def test_a_row_with_too_many_cells_is_refused(tmp_path):
    table = write_table(tmp_path / "t.csv", [row(0), [*row(1), "", ""], [*row(2), "more"]])
    with pytest.raises(UserError, match=r"line 4: 8 cells, the header names 7"):
        opened(table)


def test_the_most_doubtful_come_first_and_blind_ones_in_random_places(tmp_path):
    draw = random.Random(3)
    rows = [row(number, *draw.sample(CATEGORIES, 2), score=0.5 + draw.random() / 2) for number in range(2000)]
    queue = opened(write_table(tmp_path / "t.csv", rows), {"model": {"categories": CATEGORIES}})
    ids = queue.ids("doubtful")
    assert sorted(ids.tolist()) == list(range(2000))
    seen = [queue.row(at) for at in ids if not queue.blind[at]]
    doubt = [1 - (one.guess[0][1] - one.guess[1][1]) + 0.5 * ("unlike its document" in one.doubts) for one in seen]
    assert all(before >= after - 1e-4 for before, after in itertools.pairwise(doubt))
    assert 60 < queue.blind.sum() < 140
    places = np.flatnonzero(queue.blind[ids])
    assert np.diff(places).max() <= 40  # one in twenty, all along
    first = queue.score[ids[places[: len(places) // 2]]].mean()
    assert abs(first - queue.score.mean()) < 0.06  # a fair sample, not the doubtful ones
    assert (opened(tmp_path / "t.csv").blind == queue.blind).all()
    for order in ("category", "likeness"):
        ids = queue.ids(order)
        assert np.diff(np.flatnonzero(queue.blind[ids])).max() <= 40 and sorted(ids.tolist()) == list(range(2000))
        assert (np.diff(queue.first[ids[~queue.blind[ids]]]) >= 0).all()  # of those with a guess, by category


WRONG = ["RANK", "FILE", "PAGE", "LABEL", "SUGGESTED", "SCORE_LABEL", "SCORE_SUGGESTED", "PATH"]


def test_a_table_in_an_order_of_doubt_is_a_fair_sample_however_far_one_comes(tmp_path):
    scores = [1 - number / 2000 for number in range(2000)]  # the surest suggestion first
    wrong = [[number + 1, f"d{number}", "1", "DRAW", "TEXT", "0", f"{score:.4f}", f"{number}.png"]
             for number, score in enumerate(scores)]  # fmt: skip
    result = [row(number, score=score) for number, score in enumerate(scores)]
    result.sort(key=lambda cells: int(cells[1]))  # in Excel, by another column
    for rows, head in ((wrong, WRONG), (result, HEAD)):
        queue = opened(write_table(tmp_path / "t.csv", rows, head))
        ids = queue.ids("table")
        blind = queue.blind[ids]
        assert sorted(ids.tolist()) == list(range(2000)) and (np.diff(ids[~blind]) > 0).all()
        places = np.flatnonzero(blind)
        assert np.diff(places).max() - np.diff(places).min() <= 1  # at equal distances
        assert abs(queue.score[ids[places[: len(places) // 2]]].mean() - queue.score.mean()) < 0.06
    as_sorted = opened(write_table(tmp_path / "t.csv", [row(number) for number in range(2000)]))
    assert as_sorted.ids("table").tolist() == list(range(2000))  # by documents, as a run leaves it


def test_a_page_that_stands_twice_is_one_page_as_its_first_row_says(tmp_path):
    rows = [row(number, CATEGORIES[number % 4]) for number in range(40)]
    again = [["x", "01", *row(0, "PHOTO", path=rows[0][-1])[2:]], row(7, "PHOTO", path=f"./{rows[7][-1]}"), rows[7]]
    queue = opened(write_table(tmp_path / "t.csv", [*rows[:20], *again, *rows[20:]]))
    assert (len(queue), queue.doubles) == (40, 3)
    for order in ("doubtful", "likeness", "category", "document", "table"):
        ids = queue.ids(order)
        assert sorted(queue.row(at).path for at in ids) == sorted(cells[-1] for cells in rows)
    assert [queue.row(at).guess[0][0] for at in (0, 7)] == ["DRAW", "TEXT_T"] and queue.row(39).path == rows[39][-1]
    assert all(queue.id_of(queue.row(at).path, queue.row(at).page) == at for at in range(40))
    assert queue.ids("table", search=rows[30][-1]).tolist() == [30]
    assert opened(write_table(tmp_path / "t.csv", rows)).doubles == 0


def test_a_page_that_contradicts_its_document_is_doubted(tmp_path):
    rows = [row(number, "TEXT_P", score=0.99) for number in range(16)]
    rows[4] = row(4, "DRAW", score=0.98)
    queue = opened(write_table(tmp_path / "t.csv", rows))
    assert [at for at in range(16) if "unlike its document" in queue.row(at).doubts] == [4]
    seen = [at for at in queue.ids("doubtful") if not queue.blind[at]]
    assert queue.blind[4] or seen[0] == 4


def test_filters_neighbours_and_search(tmp_path):
    rows = [row(number, CATEGORIES[number % 4], path=f"Kiste {number // 8}/Ž{number}.png") for number in range(40)]
    random.Random(1).shuffle(rows)  # as somebody sorted it in Excel
    queue = opened(write_table(tmp_path / "t.csv", rows), {"model": {"categories": CATEGORIES}})
    drawn = queue.ids("table", category="DRAW")
    assert {rows[at][2] for at in drawn} == {"DRAW"} and not queue.blind[drawn].any()
    of_one = queue.ids("document", document="CTX102")
    assert [rows[at][1] for at in of_one] == [str(number) for number in range(1, 9)]
    assert queue.neighbours(of_one[0]) == (-1, of_one[1]) and queue.neighbours(of_one[7]) == (of_one[6], -1)
    assert len(queue.ids("table", search="kiste 3/")) == 8
    assert [rows[at][-1] for at in queue.ids("table", search="Ž17.")] == ["Kiste 2/Ž17.png"]
    assert len(queue.ids("table", search="DRAW")) == 0  # names of pages are searched, not what was said of them
    for at in range(40):
        assert queue.id_of(rows[at][-1], int(rows[at][1])) == at
    assert queue.id_of("Kiste 2/none.png", 1) == -1
    odd = opened(write_table(tmp_path / "odd.csv", [["a", page, "DRAW", "TEXT_P", "0.9", "0.1", f"{at}.png"]
                             for at, page in enumerate(["007", "7,0", "1698765432100", "x", "", "10"])]))  # fmt: skip
    assert [odd.row(at).page for at in range(6)] == [7, 7, 1, 0, 0, 10]
    assert all(odd.id_of(odd.row(at).path, odd.row(at).page) == at for at in range(6))


PATHS = ["Řada/ČÁST 1.png", "řada/část 2.png", "STRASSE/3, a.png", "Straße/4.png", "ΟΔΟΣ/5.png", "οδός/6.png",
         'rada/"cast" 7.png', "Kraft/8.png"]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "encoding"), [("NFC", "utf-8"), ("NFD", "utf-8"), ("NFC", "utf-16"), ("NFC", "cp1250")]
)
def test_search_knows_letters_by_unicode_however_they_are_spelled(tmp_path, form, encoding):
    paths = [path if encoding != "cp1250" or at not in (4, 5) else f"{at}.png" for at, path in enumerate(PATHS)]
    text = "FILE,PAGE,CLASS-1,SCORE-1,PATH\n" + "".join(
        f'a,{at},DRAW,0.9,"{path.replace(chr(34), 2 * chr(34))}"\n' for at, path in enumerate(paths)
    )
    (tmp_path / "t.csv").write_bytes(unicodedata.normalize(form, text).encode(encoding))
    queue = opened(tmp_path / "t.csv")
    wanted = {"Č": [0, 1], "část": [0, 1], "r": [2, 3, 6, 7], "ŘADA/": [0, 1], "cast": [6], "strasse": [2, 3],
              "STRAßE/3, A": [2], '"CAST" 7': [6], "ſt": [0, 1, 2, 3, 6], "K": [7], "CLASS": [],
              "png\nřada": []}  # fmt: skip
    if encoding != "cp1250":
        wanted |= {"οδο": [4], "ΟΔΌ": [5], "δοσ": [4]}
    for spelling in ("NFC", "NFD"):
        for search, found in [*wanted.items(), *wanted.items()]:  # what was searched before changes nothing
            ids = queue.ids("document", search=unicodedata.normalize(spelling, search))
            assert sorted(ids.tolist()) == found, (spelling, search)


def test_searches_at_the_same_time_find_their_own(tmp_path):
    queue = opened(write_table(tmp_path / "t.csv", [row(at, path=f"Ž/{at:03}.png") for at in range(500)]))
    wrong, before = [], sys.getswitchinterval()

    def search(number):
        for at in range(number, 500, 8):
            if (found := queue.ids("document", search=f"ž/{at:03}").tolist()) != [at]:
                wrong.append((at, found))

    people = [threading.Thread(target=search, args=(number,)) for number in range(8)]
    sys.setswitchinterval(1e-6)
    try:
        for one in people:
            one.start()
        for one in people:
            one.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []


def test_other_tables_that_name_pages(tmp_path):
    raw = write_table(tmp_path / "raw.csv", [["a", "1", "0.2", "0.7", "0.1", "a.png"]],
                      ["FILE", "PAGE", "Draw", "PAGE (category)", "TEXT", "PATH"])  # fmt: skip
    queue = opened(raw)
    assert queue.row(0).guess == [("PAGE", 0.7), ("Draw", 0.2), ("TEXT", 0.1)]
    assert queue.categories == ["Draw", "PAGE", "TEXT"]
    wrong = write_table(tmp_path / "wrong.csv", [["1", "b", "1", "TEXT", "DRAW", "0.5", "0.2", "0.7", "yes", "b.png"],
                                                 ["2", "a", "1", "DRAW", "DRAW", "-0.5", "0.9", "0.9", "no", "a.png"]],
                        ["RANK", "FILE", "PAGE", "LABEL", "SUGGESTED", "MARGIN", "SCORE_LABEL", "SCORE_SUGGESTED",
                         "CONTRADICTED", "PATH"])  # fmt: skip
    queue = opened(wrong)
    first = queue.row(0)
    assert (first.guess[0], first.label, first.doubts[0]) == (("DRAW", 0.7), "TEXT", "labelled TEXT")
    assert [at for at in queue.ids("doubtful") if not queue.blind[at]] == [at for at in (0, 1) if not queue.blind[at]]
    with pytest.raises(UserError, match="neither a result table nor one of scores"):
        opened(write_table(tmp_path / "notes.csv", [["a", "1", "x", "y", "a.png"]], ["FILE", "PAGE", "N", "M", "PATH"]))
    with pytest.raises(UserError, match="no column PATH"):
        opened(write_table(tmp_path / "less.csv", [row(0)[:-1]], HEAD[:-1]))
