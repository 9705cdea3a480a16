"""Copies of a page never stand on both sides of a split, never judge what was trained on, and are named."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from judging_pages import call, paint, sorted_by, tiny_folder
from PIL import Image, ImageDraw
from test_training import job_of, settings_of
from tiny import tiny_base

from reading.sketch import sketch, thumbnail
from settings.schema import Settings
from training.copies import contents_of, find_copies, near_pairs, nearly_same, small_of, unjudged, unjudged_extra
from training.data import LEFT_OUT, find_labelled
from training.job import run_training
from training.record import read_seen
from utils import fold_documents, split_documents


def written(number: int, lines: int = 30) -> Image.Image:
    """A page of "writing" whose strokes hang on the number."""
    rng = np.random.default_rng(number)
    image = Image.new("L", (620, 877), 235)
    pen = ImageDraw.Draw(image)
    for line in range(lines):
        left = 60
        while left < 540:
            wide = int(rng.integers(12, 60))
            if rng.random() < 0.8:
                pen.rectangle((left, 60 + 26 * line, left + wide, 70 + 26 * line), fill=int(rng.integers(20, 90)))
            left += wide + 10
    return image


def save(image: Image.Image, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file)
    return file


def looked(root: Path, *extra: Path):
    parts = [find_labelled(folder, Settings()) for folder in (root, *extra)]
    notes = find_copies(parts, workers=2, max_pixels=10**8, quiet=True)
    return [*parts, notes]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "dual"
    tiny_base(folder, "dual")
    return folder


@pytest.fixture
def pages(tmp_path) -> Path:
    """Eight documents of two pages in each of two labels; pages 2 of A0, A1, A2 are one file."""
    root = tmp_path / "pages"
    for place, label in enumerate("AB"):
        for document in range(8):
            for page in (1, 2):
                save(written(100 * place + 10 * document + page), root / label / f"{label}{document}-{page}.png")
    for document in (1, 2):
        shutil.copyfile(root / "A" / "A0-2.png", root / "A" / f"A{document}-2.png")
    return root


def test_documents_that_share_a_file_are_one_unit_on_one_side(pages):
    found, notes = looked(pages)
    units = dict(zip(found.documents, found.units, strict=True))
    assert units["A0"] == units["A1"] == units["A2"] == "A0"
    assert all(unit == document for document, unit in units.items() if document not in ("A0", "A1", "A2"))
    for seed in range(12):
        splits = split_documents(found.labels, found.units, seed)
        sides = {split for page, split in zip(found.pages, splits, strict=True) if page.path in
                 ("A/A0-2.png", "A/A1-2.png", "A/A2-2.png")}  # fmt: skip
        assert len(sides) == 1
        assert unjudged(found, splits) == splits
    assert any("3 pages are copies in other documents" in note and "same file" in note for note in notes)
    assert any("A/A0-2.png = A/A1-2.png" in note for note in notes)


def test_the_same_picture_saved_anew_is_a_copy_and_another_page_is_not(pages):
    saved = io.BytesIO()
    original = Image.open(pages / "B" / "B3-1.png")
    original.save(saved, "JPEG", quality=50)
    save(Image.open(saved).resize((465, 658)), pages / "B" / "C9-1.png")
    found, notes = looked(pages)
    units = dict(zip(found.documents, found.units, strict=True))
    assert units["C9"] == units["B3"] == "B3"
    assert units["B4"] == "B4"
    assert any("1 times nearly the same picture" in note for note in notes)


def test_forms_with_another_entry_are_other_pages():
    form = written(5)
    other = form.copy()
    ImageDraw.Draw(other).rectangle((100, 300, 180, 320), fill=30)
    again = io.BytesIO()
    form.convert("RGB").save(again, "JPEG", quality=60)
    smalls = np.stack([small_of(image) for image in (form, other, Image.open(again))])
    strokes = np.stack([sketch(thumbnail(image)) for image in (form, other, Image.open(again))])
    assert nearly_same(smalls[0], smalls[2]) and not nearly_same(smalls[0], smalls[1])
    assert list(near_pairs(strokes, smalls.__getitem__)) == [(0, 2)]


def test_a_page_under_two_labels_is_named_may_train_and_never_judges(pages):
    shutil.copyfile(pages / "A" / "A5-1.png", pages / "B" / "X-1.png")
    found, notes = looked(pages)
    assert any("1 pages stand under several labels" in note and "A/A5-1.png = B/X-1.png" in note for note in notes)
    torn = [at for at, page in enumerate(found.pages) if page.path in ("A/A5-1.png", "B/X-1.png")]
    for side, kept in (("test", LEFT_OUT), ("validation", LEFT_OUT), ("train", "train")):
        splits = unjudged(found, [side] * len(found.pages))
        assert {splits[at] for at in torn} == {kept}


def test_an_empty_page_in_all_documents_does_not_join_them_but_never_judges_what_trained(tmp_path):
    root = tmp_path / "pages"
    for label in "AB":
        for document in range(6):
            save(written(100 * ord(label) + document), root / label / f"{label}{document}-1.png")
            save(Image.new("L", (300, 400), 255), root / label / f"{label}{document}-2.png")
    found, _ = looked(root)
    assert found.units == found.documents
    only = find_labelled(root, Settings())
    places = [at for at, label in enumerate(only.labels) if label == "A"]
    found.labels = ["A"] * len(found.labels)  # one label: the copies are no contradiction
    splits = split_documents(found.labels, found.units, 1)
    judged = unjudged(found, splits)
    empty = [at for at in range(len(splits)) if found.groups[at] >= 0]
    assert len(empty) == 12 and len(places) == 12
    assert {judged[at] for at in empty} == {"train", LEFT_OUT}
    assert [judged[at] for at in range(len(splits)) if at not in empty] == [
        splits[at] for at in range(len(splits)) if at not in empty
    ]


def test_folds_keep_copies_together(pages):
    found, _ = looked(pages)
    folds = fold_documents(found.labels, found.units, 3, seed=1)
    assert len({fold for fold, group in zip(folds, found.groups, strict=True) if group >= 0}) == 1


def test_extra_copies_of_pages_that_judge_or_carry_another_label_are_told(pages, tmp_path):
    extra = tmp_path / "extra"
    for source, target in (("A/A6-1.png", "A/x1-1.png"), ("B/B6-1.png", "B/x2-1.png"), ("A/A7-1.png", "B/x3-1.png")):
        (extra / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pages / source, extra / target)
    own, more, _ = looked(pages, extra)
    groups, labels = own.groups + more.groups, own.labels + more.labels
    splits = ["test" if page.path == "A/A6-1.png" else "train" for page in own.pages]
    places = list(range(len(own.pages), len(groups)))
    copies, torn = unjudged_extra(groups, labels, splits, places)
    names = {at: more.pages[at - len(own.pages)].path for at in places}
    assert [names[at] for at in copies] == ["A/x1-1.png"]
    assert [names[at] for at in torn] == ["B/x3-1.png"]


def test_a_training_keeps_copies_apart_says_so_and_knows_what_it_has_seen(pages, base, tmp_path, capsys):
    extra = tmp_path / "extra"
    for document in range(8):
        (extra / "A").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pages / "A" / f"A{document}-1.png", extra / "A" / f"drawn{document}-1.png")
    settings = settings_of(tmp_path / "work", epochs=1, extra=str(extra))
    assert run_training(settings, job_of(pages, base)) == 0
    said = capsys.readouterr().err
    assert "copies in other documents" in said
    assert "extra pages are copies of pages that judge: left out" in said
    model = tmp_path / "work" / "models" / "mine"
    with (model / "split.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = find_labelled(pages, settings)
    contents = dict(zip([page.path for page in found.pages], contents_of([found], workers=1, quiet=True), strict=True))
    sides: dict[str, set[str]] = {}
    for row in rows:
        sides.setdefault(contents[row["PATH"]], set()).add(row["SPLIT"])
    assert all(len(side) == 1 for side in sides.values())
    seen = read_seen(model)
    assert seen == {content for content, side in sides.items() if side & {"train", "validation"}}


def test_copies_of_training_pages_elsewhere_count_as_seen_and_boxes_of_the_same_name_do_not(tmp_path, capsys):
    model = tiny_folder(tmp_path / "models" / "tiny", seed=3)
    sorted_by(model, tmp_path / "pages")
    files = sorted((tmp_path / "pages").rglob("*.png"))
    for at, file in enumerate(files):  # pages without names, in boxes called as everywhere
        target = file.parent / f"box{at % 6}" / f"{at:04d}.png"
        target.parent.mkdir(exist_ok=True)
        file.rename(target)
    found = find_labelled(tmp_path / "pages", Settings())
    contents = contents_of([found], workers=1, quiet=True)
    seen = [content for content, document in zip(contents, found.documents, strict=True) if document == "box0"]
    record = {"documents": {"train": ["box0", "box1"]}, "data": "../elsewhere"}
    (model / "training.json").write_text(json.dumps(record), encoding="utf-8")
    (model / "pages_seen.csv").write_text("CONTENT\n" + "\n".join(seen[:1]) + "\n", encoding="ascii")
    assert call("--eval", "-d", tmp_path / "pages", "--model_path", model, "-o", tmp_path / "out") == 0
    shown = capsys.readouterr()
    with next((tmp_path / "out").rglob("EVAL_table_*.csv")).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    told = {row["PATH"].split("/")[1] for row in rows if row["IN_TRAINING"] == "yes"}
    assert told == {"box0"}, "a page of box0 is the same file, so that is the box; box1 is another one"
    assert "box1" in shown.err and "taken for others" in shown.err


def test_files_under_several_labels_are_told_by_eval(tmp_path, capsys):
    model = tiny_folder(tmp_path / "models" / "tiny", seed=3)
    sorted_by(model, tmp_path / "pages")
    file = next((tmp_path / "pages" / "TEXT").iterdir())
    shutil.copyfile(file, paint(tmp_path / "pages" / "DRAW" / "again-1.png", 1))
    assert call("--eval", "-d", tmp_path / "pages", "--model_path", model, "-o", tmp_path / "out") == 0
    assert "1 files stand under several labels" in capsys.readouterr().err


def test_a_split_whose_test_pages_are_files_that_train_says_that_nothing_is_judged(pages, base, tmp_path, capsys):
    """Copies under the same name: one document to the split, and no line would tell that nothing was tested."""
    for part in ("train", "test"):
        shutil.copytree(pages, tmp_path / "split" / part)
    settings = settings_of(tmp_path / "work", epochs=1, split="folders", validation=0.0)
    assert run_training(settings, job_of(tmp_path / "split", base)) == 0
    said = capsys.readouterr().err
    assert "32 of 32 validation and test pages are copies" in said and "test/A/A0-1.png" in said
    card = (tmp_path / "work" / "models" / "mine" / "README.md").read_text(encoding="utf-8")
    assert "It was tested on no page" in card and "accuracy none" not in card
