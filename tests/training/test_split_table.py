"""A split that a table says: for `--train` and for `--eval`, of ours and of the earlier tool's."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from judging_pages import tiny_folder
from test_training import draw_labelled, settings_of
from tiny import tiny_base

from run import main
from settings.config_file import read_settings
from training.command import SplitTable
from training.data import LEFT_OUT, find_labelled
from training.split_table import with_splits
from utils import UserError


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    """30 pages of 15 documents: D00-1.png, D00-2.png ... in MAP, LETTER and a third folder."""
    return draw_labelled(tmp_path_factory.mktemp("labelled"))


def table(file: Path, rows: list[list[object]], separator: str = ",") -> Path:
    text = "".join(separator.join(map(str, row)) + "\n" for row in rows)
    file.write_text(text, encoding="utf-8")
    return file


def folds(labelled: Path, file: Path, part_of=lambda name: {"3": "dev", "4": "test"}.get(name[2], "train")) -> Path:
    """As the earlier tool writes it: PNG, fold1, fold2; the fifth document of a category tests, the fourth is dev."""
    names = sorted(page.name for page in labelled.rglob("*.png"))
    return table(file, [["PNG", "fold1", "fold2"], *([name, part_of(name), "train"] for name in names)])


def split_of(model: Path) -> dict[str, str]:
    with (model / "split.csv").open(encoding="utf-8", newline="") as stream:
        return {row["PATH"]: row["SPLIT"] for row in csv.DictReader(stream)}


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_training_takes_the_split_of_the_earlier_tool_as_it_is(tmp_path, labelled, capsys):
    settings_of(tmp_path, epochs=1)
    base = tiny_base(tmp_path / "base", "dual")
    file = folds(labelled, tmp_path / "folds.csv")
    split = ("--split", file, "--split_column", "fold1")
    config = ("--config", tmp_path / "config.toml")
    assert run("--train", "-d", labelled, "-m", base, "--name", "mine", *split, *config) == 0
    model = tmp_path / "models" / "mine"
    found = split_of(model)
    wanted = {"3": "validation", "4": "test"}
    assert found == {path: wanted.get(Path(path).name[2], "train") for path in found} and len(found) == 30
    record = json.loads((model / "training.json").read_text(encoding="utf-8"))
    assert record["split"] == "by folds.csv, column fold1"
    # Its test pages judge, by the same table; all others do not.
    capsys.readouterr()
    assert run("--eval", "-d", labelled, "--model_path", model, *split, "-o", tmp_path / "out") == 0
    shown = capsys.readouterr()
    assert "judged by the test pages of fold1" in shown.err and "6 pages of 3 documents" in shown.out
    # A split.csv of ours is such a table, and needs no column's name.
    again = ("--train", "-d", labelled, "-m", base, "--name", "again", "--split", model / "split.csv", *config)
    assert run(*again) == 0
    assert split_of(tmp_path / "models" / "again") == found


def test_what_the_table_leaves_open_is_counted_and_told(tmp_path, labelled):
    settings = settings_of(tmp_path)
    pages = find_labelled(labelled, settings)
    rows = [["Path", "Page", "Part"]]
    rows += [[page.path, page.number, "Test" if page.number == 1 else "train"] for page in pages.pages[:-3]]
    rows += [["MAP/gone-1.png", 1, "train"], [pages.pages[-1].path, pages.pages[-1].number, ""]]
    file = table(tmp_path / "split.csv", rows, ";")
    with_parts = with_splits(pages, SplitTable(file, "part"))
    assert with_parts.splits[-3:] == [LEFT_OUT] * 3 and with_parts.splits.count("test") == 14
    notes = " ".join(with_parts.notes)
    assert "1 rows of" in notes and "MAP/gone-1.png" in notes
    assert "2 of 30 pages are not in" in notes


def test_documents_on_both_sides_are_counted_and_told(tmp_path, labelled, capsys):
    model = tiny_folder(tmp_path / "tiny", ["MAP", "LETTER", "Fotografie č. 1"])
    by_page = folds(labelled, tmp_path / "pages.csv", lambda name: "test" if name.endswith("-1.png") else "train")
    split = ("--split", by_page, "--split_column", "fold1")
    assert run("--eval", "-d", labelled, "--model_path", model, *split, "-o", tmp_path / "out") == 0
    assert "15 of 15 documents of the test pages are trained on too" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "column", "told"),
    [
        ([["PNG", "fold1"], ["D00-1.png", "both"]], "fold1", "line 2: both is no part: train, dev"),
        (
            [["PNG", "fold1"], ["D00-1.png", "train"], ["D00-1.png", "test"]],
            "fold1",
            "is test here and train in line 2",
        ),
        ([["PNG", "fold1"], ["D00-1.png", "train"]], "fold2", r"no column fold2 \(found: PNG, FOLD1\)"),
        ([["NAME", "fold1"], ["D00-1.png", "train"]], "fold1", "what names a page"),
        ([["PNG", "fold1"], ["X.png", "train"]], "fold1", "none of its 1 pages is in"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, labelled, rows, column, told):
    file = table(tmp_path / "folds.csv", rows)
    with pytest.raises(UserError, match=told):
        with_splits(find_labelled(labelled, settings_of(tmp_path)), SplitTable(file, column))


def test_flags_that_do_not_fit(tmp_path, labelled, capsys):
    file = folds(labelled, tmp_path / "folds.csv")
    for arguments, told in (
        (("--train", "-d", labelled, "--split", "folder"), "must be documents, folders or a table (there is no such"),
        (("--train", "-d", labelled, "--split_column", "fold1"), "of which table?"),
        (("--train", "-d", labelled, "--split", file, "--folds", 3), "leave --split"),
        (("--eval", "-d", labelled, "--split", "folders"), "a table whose test pages judge"),
        (("--eval", "--split", file, "--split_column", "fold1"), "give it with -d"),
        (("--best", "-d", labelled, "--split", file), "--split belongs to --train"),
        (("-d", labelled, "--split_column", "fold1"), "--split_column belongs to --train and --eval"),
    ):
        assert run(*arguments) == 2, arguments
        assert told in capsys.readouterr().err, arguments


def test_a_table_in_the_config_lies_beside_it(tmp_path, labelled):
    folds(labelled, tmp_path / "folds.csv")
    config = tmp_path / "config.toml"
    config.write_text('[train]\nsplit = "folds.csv"\n', encoding="utf-8")
    assert Path(read_settings(config).train.split).resolve() == (tmp_path / "folds.csv").resolve()
