"""The one reader of tables that people touched, and the guards that keep spreadsheets from computing a cell."""

from __future__ import annotations

import csv
import io
import itertools

import pytest

from output.spreadsheets import number_in, open_table, read_table
from output.tables import FORMULA, bare, bare_path, cell, path_cell
from settings.schema import Settings
from training.data import find_labelled, read_documents, write_split
from utils import UserError

ROWS = [[" Page", "Document ", "Note"], ["a b-1.png", "Žluť", ""], ["c-2.png", 'x;,"', "'=1+1"], ["", " ", ""]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1250"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_form_reads_the_same(tmp_path, separator, encoding, end):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(ROWS)
    file = tmp_path / "a.csv"
    file.write_bytes(out.getvalue().encode(encoding))
    table = read_table(file, ("page", "document"))
    assert list(table.rows) == [
        (2, {"PAGE": "a b-1.png", "DOCUMENT": "Žluť", "NOTE": ""}),
        (3, {"PAGE": "c-2.png", "DOCUMENT": 'x;,"', "NOTE": "=1+1"}),
    ]
    file.write_bytes(f"sep={separator}{end}{out.getvalue()}".encode(encoding))
    assert [line for line, _ in read_table(file, ("page",)).lines] == [3, 4]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 and more", "workbook.*save it as CSV UTF-8"),
        (b"page,document\na,b,c\n", "line 2: 3 cells, the header names 2"),
        (b'page,document\n"a,b\nc,d\n', "line 2.*quote"),
        (b"page,document,Page\na,b,c\n", "PAGE stands twice"),
        (b"page,document\n,,\n", "no rows"),
        (b"", "no column page.*found: none"),
        (b"page,document\n\xff\x81,x\n", "not a table in utf-8 or cp1250"),
        (b"\xff\xfep", "not a table in utf-16"),
        (b"pgae;document\nx;y\n", "no column page.*did you mean pgae"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path, content, says):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        list(read_table(tmp_path / "a.csv", ("page", "document")).rows)
    assert "\n" not in str(caught.value) and "a.csv" in str(caught.value)


def test_numbers_as_spreadsheets_write_them():
    assert [number_in(text) for text in ("0,98", "98 %", " 1.5e-3 ", "nan", "inf", "", "a")] == [
        *(0.98, 0.98, 0.0015),
        *(None, None, None, None),
    ]


def test_guards_go_on_and_off_without_a_loss():
    alphabet = ["'", "=", "-", " ", "a", "\t", "@", "\u200b"]
    texts = {"".join(letters) for size in range(1, 5) for letters in itertools.product(alphabet, repeat=size)}
    cells = {text: cell(text) for text in texts}
    assert not [one for one in cells.values() if FORMULA.match(one)]
    assert all(bare(one) == text for text, one in cells.items())
    assert len(set(cells.values())) == len(texts)
    paths = {text: path_cell(text) for text in texts}
    assert not [one for one in paths.values() if FORMULA.match(one)]
    assert all(bare_path(bare(one.lstrip())) == text for text, one in paths.items())


def test_documents_csv_of_central_european_excel(tmp_path):
    (tmp_path / "documents.csv").write_bytes("Page ;document;Poznámka\r\nb-1.png;Č;\r\n".encode("cp1250"))
    assert read_documents(tmp_path / "documents.csv") == {"b-1.png": "Č"}
    (tmp_path / "documents.csv").write_bytes("page;document\r\nA\\b-1.png;D\r\n".encode("utf-16"))
    assert read_documents(tmp_path / "documents.csv") == {"A/b-1.png": "D"}


def test_a_split_comes_back_as_it_was(tmp_path):
    from evaluation.judging import read_split

    for label in ("=1+1", "'-x", "'s"):
        (tmp_path / "sorted" / label).mkdir(parents=True)
        (tmp_path / "sorted" / label / "@n-1.png").write_bytes(b"x")
    found = find_labelled(tmp_path / "sorted", Settings())
    write_split(tmp_path / "split.csv", found, ["train", "test", "train"])
    table = open_table(tmp_path / "split.csv")
    assert not [text for text in (tmp_path / "split.csv").read_text().split(",") if FORMULA.match(text)]
    assert table.header == ["PATH", "PAGE", "CATEGORY", "DOCUMENT", "SPLIT"]
    rows = read_split(tmp_path)
    assert [row["CATEGORY"] for row in rows] == found.labels
    assert [row["PATH"] for row in rows] == [page.path for page in found.pages]
    assert [row["DOCUMENT"] for row in rows] == found.documents
