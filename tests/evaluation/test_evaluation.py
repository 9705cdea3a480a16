"""`--eval` from the command to tables, pictures and figures, on label folders whose right answers are known."""

from __future__ import annotations

import csv
import json
import shutil
import unicodedata

import pytest
from judging_pages import CATEGORIES, call, paint, sorted_by, table, tiny_folder
from PIL import Image

SEED = 3


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """models/tiny, and pages/ in the label folders that it says: 24 pages of 12 documents."""
    folder = tmp_path_factory.mktemp("evaluation")
    tiny_folder(folder / "models" / "tiny", seed=SEED)
    found = sorted_by(folder / "models" / "tiny", folder / "pages")
    assert len(set(found.values())) == 3
    return folder


def figures(folder):
    files = list((folder / "stats").glob("EVAL_*.json"))
    assert len(files) == 1
    return json.loads(files[0].read_text(encoding="utf-8"))


def test_a_model_judged_by_its_own_answers_is_right_and_two_swapped_labels_are_two_errors(archive, tmp_path, capsys):
    pages = tmp_path / "sorted"
    shutil.copytree(archive / "pages", pages)
    moved = sorted((pages / "TEXT").iterdir())[:2]
    for file in moved:
        file.rename(pages / "DRAW" / file.name)
    out = tmp_path / "out"
    assert call("--eval", "-d", pages, "-model_path", archive / "models/tiny", "-o", out, "--raw", "-tn", 2) == 0
    shown = capsys.readouterr()
    assert f"judged by all pages of {pages}" in shown.err
    assert f"accuracy {100 * 22 / 24:.1f} %" in shown.out
    report = figures(out)
    found = report["figures"]
    assert (found["pages"], found["documents"], report["failed"]) == (24, 12, 0)
    assert found["accuracy"] == pytest.approx(22 / 24)
    assert found["interval"][0] < 22 / 24 < found["interval"][1]
    assert found["top_n"]["3"] == 1.0
    draw = found["per_category"][CATEGORIES.index("DRAW")]
    assert draw["precision"] == 1.0
    assert draw["recall"] == pytest.approx((draw["support"] - 2) / draw["support"])
    assert found["calibration_error"] >= 0
    assert 0 < found["perfect_calibration"]["mean"] < found["perfect_calibration"]["up_to"]
    rows = table(out, "EVAL_table_2n_3c_tiny_*.csv")
    assert list(rows[0]) == ["FILE", "PAGE", "CLASS-1", "CLASS-2", "SCORE-1", "SCORE-2", "TRUE", "PATH"]
    wrong = {row["PATH"] for row in rows if row["CLASS-1"] != row["TRUE"]}
    assert wrong == {f"DRAW/{file.name}" for file in moved}
    raw = table(out, "EVAL_RAW_*.csv")
    assert all(abs(sum(float(row[name]) for name in CATEGORIES) - 1) < 1e-5 for row in raw)
    assert len(list((out / "plots").glob("EVAL_*.png"))) == 4
    for file in (out / "plots").iterdir():
        with Image.open(file) as image:
            image.load()
            assert min(image.size) > 250
    assert table(out, "EVAL_coverage_*.csv")[0]["CATEGORY"] == "(all)"


def test_evaluations_of_the_same_second_do_not_overwrite_each_other(archive, tmp_path, monkeypatch):
    from evaluation import job as evaluation

    monkeypatch.setattr(evaluation.time, "strftime", lambda *_: "20261121-101500")
    for _ in range(2):
        assert call("--eval", "-d", archive / "pages", "--model_path", archive / "models/tiny", "-o", tmp_path) == 0
    assert [file.name for file in sorted((tmp_path / "stats").iterdir())] == [
        "EVAL_tiny_20261121-101500-2.json",
        "EVAL_tiny_20261121-101500.json",
    ]
    assert len(list((tmp_path / "tables").glob("EVAL_table*"))) == 2
    assert len(list((tmp_path / "plots").iterdir())) == 8


def trained(archive, folder, tests: int = 4, **record):
    """The tiny model with a training record and a split: the last pages are its test pages."""
    trained_on = {"documents": {"train": [f"doc{number}" for number in range(8)]}, "data": "../../pages"} | record
    model = tiny_folder(folder / "models" / "own", seed=SEED, record=trained_on)
    paths = sorted(path.relative_to(archive / "pages").as_posix() for path in (archive / "pages").rglob("*.png"))
    fresh = [path for path in paths if int(path.rpartition("doc")[2].split("-")[0]) >= 8][:tests]
    with (model / "split.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["PATH", "PAGE", "CATEGORY", "DOCUMENT", "SPLIT"])
        for path in paths:
            name = path.rpartition("/")[2].removesuffix(".png")
            document, page = name.split("-")
            split = "test" if path in fresh else "train" if int(document[3:]) < 8 else "validation"
            writer.writerow([path, page, path.split("/")[0], document, split])
    return model, fresh


def test_its_own_test_pages_are_taken_where_training_found_them(archive, tmp_path, capsys):
    shutil.copytree(archive / "pages", tmp_path / "pages")
    model, fresh = trained(archive, tmp_path)
    assert call("--eval", "--model_path", model, "-o", tmp_path / "out") == 0
    assert "judged by its own 4 test pages (by split.csv)" in capsys.readouterr().err
    assert {row["PATH"] for row in table(tmp_path / "out", "EVAL_table*.csv")} == set(fresh)
    (tmp_path / "pages" / fresh[0]).unlink()  # one is gone: told as failed, the others are judged
    assert call("--eval", "--model_path", model, "-o", tmp_path / "out2") == 1
    assert table(tmp_path / "out2", "EVAL_errors*.csv")[0]["PATH"] == fresh[0]


def test_without_its_own_pages_the_eval_folder_of_the_config_is_taken(archive, tmp_path, capsys):
    model, _ = trained(archive, tmp_path, data="../../nowhere")
    config = tmp_path / "my.toml"
    config.write_text(f'[eval]\nfolder = "{(archive / "pages").as_posix()}"\n', encoding="utf-8")
    assert call("--config", config, "--eval", "--model_path", model, "-o", tmp_path / "out") == 0
    shown = capsys.readouterr()
    assert f"judged by all pages of {archive / 'pages'}" in shown.err
    assert "its own 4 test pages are not there" in shown.err


def test_pages_of_training_documents_are_told_apart(archive, tmp_path, capsys):
    model, _ = trained(archive, tmp_path, tests=100)
    out = tmp_path / "out"
    assert call("--eval", "-d", archive / "pages", "--model_path", model, "-o", out) == 0
    report = figures(out)
    assert (report["figures"]["pages"], report["seen"]["pages"], report["seen"]["documents"]) == (8, 16, 8)
    assert "16 pages of 8 documents that were in training" in capsys.readouterr().out
    rows = table(out, "EVAL_table*.csv")
    assert {row["IN_TRAINING"] for row in rows if int(row["FILE"][3:]) < 8} == {"yes"}
    assert {row["IN_TRAINING"] for row in rows if int(row["FILE"][3:]) >= 8} == {"no"}


def test_pages_that_were_all_in_training_give_no_accuracy_without_a_warning(archive, tmp_path, capsys):
    everything = {"train": [f"doc{number}" for number in range(12)]}
    model, _ = trained(archive, tmp_path, tests=0, documents=everything)
    assert call("--eval", "-d", archive / "pages", "--model_path", model, "-o", tmp_path / "out") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("warning: all these pages are of documents")
    assert lines[1].startswith("on pages that it was trained on: 100.0 %")
    assert not any("accepted unseen" in line and "could" in line for line in lines)


def test_a_label_folder_that_the_model_does_not_know_is_left_out_counted_and_stops_nothing(archive, tmp_path, capsys):
    shutil.copytree(archive / "pages", tmp_path / "pages")
    for number in (5, 6):
        paint(tmp_path / "pages" / "Maps" / f"m-{number}.png", number)
    paint(tmp_path / "pages" / "Texts" / "t-1.png", 7)
    out = tmp_path / "out"
    assert call("--eval", "-d", tmp_path / "pages", "--model_path", archive / "models/tiny", "-o", out, "--raw") == 0
    shown = capsys.readouterr()
    assert "accuracy 100.0 %" in shown.out
    assert "3 pages judge nothing" in shown.err and "Maps (2)" in shown.err and "Texts (1; it has TEXT)" in shown.err
    assert figures(out)["figures"]["pages"] == 24
    assert len(table(out, "EVAL_table_*.csv")) == 27, "each page keeps its row"
    assert call("--wrong_labels", next(out.rglob("EVAL_RAW_*.csv")), "-d", tmp_path / "pages", "-o", out) == 0
    assert "3 pages carry labels that the model does not know" in capsys.readouterr().out


def test_where_the_model_knows_no_label_folder_both_sides_are_named(archive, tmp_path, capsys):
    paint(tmp_path / "pages" / "MAPS" / "m-1.png", 5)
    assert (
        call("--eval", "-d", tmp_path / "pages", "--model_path", archive / "models/tiny", "-o", tmp_path / "out") == 2
    )
    line = capsys.readouterr().err.splitlines()[-1]
    assert "MAPS" in line
    assert all(name in line for name in CATEGORIES)
    assert not (tmp_path / "out").exists()


def test_labels_with_blanks_and_diacritics_in_either_form_a_broken_page_and_a_lonely_one(tmp_path, capsys):
    names = ["Žádosti a podání", "Účty", "Mapy"]
    model = tiny_folder(tmp_path / "model", names, seed=SEED)
    for number in range(6):
        paint(tmp_path / "pages" / unicodedata.normalize("NFD", names[0]) / f"a{number}-1.png", number)
    paint(tmp_path / "pages" / names[1] / "lonely-1.png", 9)
    (tmp_path / "pages" / names[1] / "broken-1.png").write_bytes(b"no image")
    out = tmp_path / "out"
    assert call("--eval", "-d", tmp_path / "pages", "--model_path", model, "-o", out) == 1
    assert "1 of 8 pages failed and are in none of these figures" in capsys.readouterr().out
    report = figures(out)
    assert (report["figures"]["pages"], report["failed"]) == (7, 1)
    assert [row["support"] for row in report["figures"]["per_category"]] == [6, 1, 0]
    assert table(out, "EVAL_errors*.csv")[0]["TRUE"] == names[1]
    assert {row["TRUE"] for row in table(out, "EVAL_table*.csv")} == {names[0], names[1]}


def test_forty_categories(tmp_path):
    names = [f"category {number}" for number in range(40)]
    model = tiny_folder(tmp_path / "model", names, seed=SEED)
    for number, name in enumerate(names):
        paint(tmp_path / "pages" / name / f"d{number}-1.png", number)
    assert call("--eval", "-d", tmp_path / "pages", "--model_path", model, "-o", tmp_path / "out") == 0
    with Image.open(next((tmp_path / "out/plots").glob("EVAL_counts*.png"))) as image:
        assert min(image.size) > 40 * 40, "a cell is at least 40 pixels wide"


def test_an_untuned_base_is_judged_too_and_has_seen_nothing(archive, tmp_path):
    import tiny

    base = tiny.tiny_base(tmp_path / "base")
    descriptions = tmp_path / "own.tsv"
    descriptions.write_text(
        "label\tdescription\n" + "".join(f"{n}\ta {n} page\n" for n in CATEGORIES), encoding="utf-8"
    )
    out = tmp_path / "out"
    assert call("--eval", "--zero_shot", "-m", base, "-cc", descriptions, "-d", archive / "pages", "-o", out) == 0
    report = figures(out)
    assert report["seen"] is None
    assert report["notes"] == []


def test_review_marks_the_pages_below_a_score(archive, tmp_path):
    command = ("-d", archive / "pages", "--model_path", archive / "models/tiny", "-o")
    assert call(*command, tmp_path / "plain") == 0
    plain = table(tmp_path / "plain", "result_*.csv")
    limit = sorted(float(row["SCORE-1"]) for row in plain)[12] - 0.00005
    config = tmp_path / "my.toml"
    config.write_text(f"[setup]\nreview_below = {limit}\n", encoding="utf-8")
    assert call("--config", config, *command, tmp_path / "out") == 0
    rows = table(tmp_path / "out", "result_*.csv")
    assert "REVIEW" not in plain[0]
    assert list(rows[0])[-3:] == ["TRUE", "REVIEW", "PATH"]
    assert {row["REVIEW"] for row in rows} == {"yes", "no"}
    assert all((float(row["SCORE-1"]) < limit) == (row["REVIEW"] == "yes") for row in rows)
