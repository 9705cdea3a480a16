"""Category descriptions: what is read, what is refused, how prototypes are averaged."""

from __future__ import annotations

import numpy as np
import pytest

from encoders.descriptions import (
    average_prototypes,
    label_descriptions,
    list_sets,
    prompt_of,
    prompts,
    read_descriptions,
    read_sets,
    same_label,
)
from utils import UserError


def write(folder, name, text, encoding="utf-8"):
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def test_reads_a_set_in_file_order_and_undoes_utf7(tmp_path):
    file = write(tmp_path, "a.tsv", "label\tdescription\nTEXT+AF8-HW\t written by hand \n\n  \t\nDRAW\ta map, a plan\n")
    assert list(read_descriptions(file).items()) == [("TEXT_HW", ["written by hand"]), ("DRAW", ["a map, a plan"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_line_ends_and_swapped_columns(tmp_path, encoding, newline):
    text = newline.join(["description\tnote\tlabel", "dopis psaný rukou\tx\tČD", ""])
    assert read_descriptions(write(tmp_path, "a.tsv", text, encoding)) == {"ČD": ["dopis psaný rukou"]}


def test_csv_with_quoted_comma_and_repeated_rows(tmp_path):
    file = write(tmp_path, "a.csv", 'label,description\nB,"a map, a plan"\nA,x\nB,y\nB,y\n')
    assert read_descriptions(file) == {"B": ["a map, a plan", "y", "y"], "A": ["x"]}


def test_a_label_without_a_description_is_kept_without_text(tmp_path):
    assert read_descriptions(write(tmp_path, "a.tsv", "label\tdescription\nA\tx\nB\t \nC\n")) == {
        "A": ["x"],
        "B": [],
        "C": [],
    }


def test_labels_are_kept_in_nfc(tmp_path):
    file = write(tmp_path, "a.tsv", "label\tdescription\nCafe\u0301\tx\nCaf\u00e9\ty\n")
    assert read_descriptions(file) == {"Caf\u00e9": ["x", "y"]}
    assert same_label("Cafe\u0301") == same_label(" Caf\u00e9")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.tsv", "label\tdescription\nA\tx\n\n\ty\n", ["a.tsv, line 4", "label is empty"]),
        ("a.tsv", "lable,description\nA,x\n", ["a.tsv: no column label", "did you mean lable?"]),
        ("a.tsv", "A\tx\n", ["a.tsv: no column label", "found: A, x"]),
        ("a.csv", "label,description\nA,a map, a plan\n", ["a.csv, line 2", "3 cells"]),
        ("a.csv", 'label,description\nA,"a map\nB,x\n', ["a.csv", "quote"]),
        ("a.tsv", "", ["a.tsv: no column label"]),
        ("a.tsv", "label\tdescription\n", ["a.tsv: no rows below the header"]),
        ("a.txt", "label\tdescription\nA\tx\n", ["a.txt", ".tsv"]),
    ],
)
def test_bad_files_are_one_line(tmp_path, name, text, words):
    with pytest.raises(UserError) as caught:
        read_descriptions(write(tmp_path, name, text))
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_absent_file_and_no_table(tmp_path):
    write(tmp_path, "page_categories_mid.tsv", "label\tdescription\nA\tx\n")
    with pytest.raises(UserError, match=r"did you mean page_categories_mid\.tsv"):
        read_descriptions(tmp_path / "page_categories_mod.tsv")
    with pytest.raises(UserError, match="UTF-8"):
        read_descriptions(write(tmp_path, "b.tsv", "label\tdescription\nA\tps\x81\xff\n", "latin-1"))


@pytest.mark.parametrize(("encoding", "separator"), [("cp1250", ";"), ("utf-16", "\t"), ("utf-8-sig", ";")])
def test_descriptions_as_spreadsheets_save_them(tmp_path, encoding, separator):
    rows = [["Label ", " DESCRIPTION"], ["ČD", "dopis, psaný"], ["'-2", "x"]]
    text = "\r\n".join(separator.join(row) for row in rows)
    assert read_descriptions(write(tmp_path, "a.csv", text, encoding)) == {"ČD": ["dopis, psaný"], "-2": ["x"]}


def test_sets_of_a_prefix_are_merged_and_none_is_an_error(tmp_path):
    write(tmp_path, "page_categories_b.tsv", "label\tdescription\nB\tb\nA\tab\n")
    write(tmp_path, "page_categories_a.tsv", "label\tdescription\nA\ta\nB\tb\n")
    write(tmp_path, "TOTAL_page_categories.tsv", "label\tdescription\nC\tc\n")
    assert read_sets(tmp_path, "page_categories") == {"A": ["a", "ab"], "B": ["b", "b"]}
    assert list(list_sets(tmp_path, "page_categories")) == ["a", "b"]
    with pytest.raises(UserError, match=r"GENERAL_<set>\.tsv.*TOTAL_page_categories\.tsv"):
        read_sets(tmp_path, "GENERAL")
    with pytest.raises(UserError, match="no folder"):
        read_sets(tmp_path / "none", "page_categories")


def test_prompts():
    assert prompt_of("A {map} of X", "a scan of {description}", lowercase=False) == "a scan of A {map} of X"
    assert prompts({"B": ["One", "two"], "A": ["x"]}) == ["a scan of one", "a scan of two", "a scan of x"]
    assert label_descriptions(["PHOTO_L", "_"]) == {"PHOTO_L": ["PHOTO L"], "_": ["_"]}


def test_prototypes_are_unit_means():
    rows = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    prototypes = average_prototypes(rows, [1, 3])
    assert np.allclose(prototypes[0], rows[0], atol=1e-6)
    summed = rows[1:].sum(axis=0)
    assert np.allclose(prototypes[1], summed / np.linalg.norm(summed), atol=1e-6)
