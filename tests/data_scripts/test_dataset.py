"""dataset.py: what a labelled data set holds, its duplicates, and pictures of any number of categories."""

import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image
from scripts import SCRIPTS, annotation, page, put, read, run, tree


@pytest.fixture
def labelled(tmp_path):
    """Label folders: an exact copy within a category, a near one across two, a cut file, a TIFF of two pages."""
    root = tmp_path / "sorted"
    for number in range(4):
        put(root / "DRAW" / f"CTX19370000{number}-1.png", number)
        put(root / "TEXT" / f"CTX19540000{number}-1.png", 10 + number)
    shutil.copy(root / "DRAW" / "CTX193700000-1.png", root / "DRAW" / "copy-1.png")
    page(11).resize((260, 364)).save(root / "DRAW" / "CTX196000009-1.jpg", quality=60)
    (root / "TEXT" / "cut-1.png").write_bytes((root / "TEXT" / "CTX195400000-1.png").read_bytes()[:500])
    page(20).save(root / "TEXT" / "CTX198000001.tif", save_all=True, append_images=[page(21)])
    return root


def test_dataset(tmp_path, labelled):
    before, out = tree(labelled), tmp_path / "report"
    split = ["PATH,PAGE,CATEGORY,DOCUMENT,SPLIT"]
    split += [f"DRAW/CTX19370000{number}-1.png,1,DRAW,x,{part}" for number, part in enumerate(["train", "test"] * 2)]
    table = annotation(tmp_path, "\n".join(split), name="split.csv")
    dry = run("dataset", labelled, "--output", out, "--split", table, "--dry-run")
    assert dry.returncode == 0 and not out.exists()
    ended = run("dataset", labelled, "--output", out, "--split", table, "--workers", 2)
    assert ended.returncode == 1 and "TEXT/cut-1.png: truncated" in ended.stderr
    assert tree(labelled) == before
    rows = {row[0]: dict(zip(read(out / "dataset.csv")[0], row, strict=True)) for row in read(out / "dataset.csv")}
    assert rows["TEXT"]["PAGES"] == "7" and rows["TEXT"]["DOCUMENTS"] == "6" and rows["TEXT"]["UNREADABLE"] == "1"
    assert rows["DRAW"]["FIRST_YEAR"] == "1937" and rows["DRAW"]["LAST_YEAR"] == "1960"
    twins = [dict(zip(read(out / "duplicates.csv")[0], row, strict=True)) for row in read(out / "duplicates.csv")[1:]]
    groups = {(row["GROUP"], row["KIND"], row["ACROSS"]): set() for row in twins}
    for row in twins:
        groups[row["GROUP"], row["KIND"], row["ACROSS"]].add(row["PATH"])
    assert groups == {
        ("1", "near", "yes"): {"DRAW/CTX196000009-1.jpg", "TEXT/CTX195400001-1.png"},
        ("2", "exact", "no"): {"DRAW/CTX193700000-1.png", "DRAW/copy-1.png"},
    }
    assert read(out / "splits.csv")[:2] == [["CATEGORY", "train", "test", "not in the table"], ["DRAW", "2", "2", "2"]]
    for name in ("years", "sizes", "splits"):
        with Image.open(out / f"{name}.png") as picture:
            assert min(picture.size) > 300 and np.asarray(picture.convert("L")).std() > 5


def test_dataset_measures_each_page_once(tmp_path, labelled):
    out = tmp_path / "report"
    run("dataset", labelled, "--output", out)
    expected, journal = tree(out), out / "measures.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:6]) + lines[6][:40])  # as a kill leaves it: six pages measured, one line torn
    (out / "dataset.csv").unlink()
    run("dataset", labelled, "--output", out)
    again = journal.read_bytes().splitlines(keepends=True)
    assert again[:6] == lines[:6] and sorted(again) == sorted(lines)
    again_written = tree(out)
    del again_written["measures.jsonl"], expected["measures.jsonl"]
    assert again_written == expected
    old = labelled / "DRAW" / "CTX193700001-1.png"
    put(old, seed=77)  # a page that was scanned anew is measured anew
    os.utime(old, ns=(1, 1))
    run("dataset", labelled, "--output", out)
    assert len(journal.read_bytes().splitlines()) == len(lines) + 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sorted", "--year-pattern", "("], "regular expression"),
        (["sorted", "--split", "nothing.csv"], "does not exist"),
        (["sorted/DRAW"], "no label folders"),
        (["sorte"], "did you mean sorted?"),
    ],
)
def test_dataset_mistakes_are_one_line(tmp_path, labelled, arguments, words):
    ended = run("dataset", *arguments, cwd=tmp_path)
    assert ended.returncode == 2 and words in ended.stderr and len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [2, 75])
def test_pictures_hold_any_number_of_categories(tmp_path, number):
    sys.path.insert(0, str(SCRIPTS))
    from collections import Counter

    from dataset_pictures import draw_shares, draw_sizes, draw_years

    names = [f"_ČÍSLO ${index}$" if index % 2 else f"CATEGORY_{index}" for index in range(number)]
    draw_years(tmp_path / "years.png", [(name, 1900 + index % 90) for index, name in enumerate(names * 5)])
    draw_sizes(tmp_path / "sizes.png", [(name, 1000 + index, 1500) for index, name in enumerate(names * 2)])
    draw_shares(tmp_path / "splits.png", {name: Counter(train=8, test=index) for index, name in enumerate(names)},
                ["train", "test"], "by split")  # fmt: skip
    for name in ("years", "sizes", "splits"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert 300 < picture.height < 4000 and 1000 < picture.width < 2500
