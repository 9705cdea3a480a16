"""`--eval_dir`, `--vis` and `--best` on tiny models and pages whose right answers are known."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
from judging_pages import CATEGORIES, call, sorted_by, table, tiny_folder
from PIL import Image

from evaluation import comparison
from evaluation.accuracies import read_accuracies

RUN = Path(__file__).resolve().parents[2] / "run.py"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """models/: right (says what the labels say), other (another seed), saw (as right, but trained on all but doc0
    and doc1), old (as other, without a record); pages/; sets/ of two description sets; base/."""
    folder = tmp_path_factory.mktemp("comparison")
    none = {"documents": {"train": ["elsewhere"]}}
    tiny_folder(folder / "models" / "right", seed=3, record=none)
    tiny_folder(folder / "models" / "other", seed=5, fit="squash", record=none)
    most = {"documents": {"train": [f"doc{number}" for number in range(2, 12)]}}
    tiny_folder(folder / "models" / "saw", seed=3, record=most)
    tiny_folder(folder / "models" / "old", seed=5)
    sorted_by(folder / "models" / "right", folder / "pages")
    (folder / "sets").mkdir()
    for name in ("long", "short"):
        text = "".join(f"{label}\t{name} {label.lower()} text\n" for label in CATEGORIES)
        (folder / "sets" / f"page_categories_{name}.tsv").write_text(f"label\tdescription\n{text}", encoding="utf-8")
    tiny.tiny_base(folder / "base")
    return folder


def rows_of(out):
    return {(row["MODEL"], row["DESCRIPTIONS"]): row for row in table(out, "model_accuracies.csv")}


def compare(archive, out, *flags):
    return call("--eval_dir", "-d", archive / "pages", "--model_dir", archive / "models", "-o", out, *flags)


def test_models_are_ranked_by_pages_that_they_never_saw(archive, tmp_path, capsys):
    assert compare(archive, tmp_path) == 0
    shown = capsys.readouterr().out
    rows = {name: row for (name, _), row in rows_of(tmp_path).items()}
    assert set(rows) == {"right", "other", "saw", "old"}
    assert (rows["right"]["ACCURACY"], rows["right"]["PAGES"], rows["right"]["TRAINED_ON"]) == ("1.0000", "24", "told")
    assert (rows["saw"]["PAGES"], rows["saw"]["DOCUMENTS"], rows["saw"]["SEEN_PAGES"]) == ("4", "2", "20")
    assert (rows["old"]["TRAINED_ON"], rows["old"]["KIND"]) == ("not told", "tuned")
    assert float(rows["other"]["ACCURACY"]) < 1
    assert all(float(row["SIZE_MB"]) > 0 and float(row["PAGES_PER_SECOND"]) > 0 for row in rows.values())
    assert "are judged by different pages" in shown
    assert "right and saw do not differ at all on 4 pages" in shown
    with Image.open(next((tmp_path / "plots").glob("model_accuracies_*.png"))) as image:
        assert image.width > 500
    assert not list((tmp_path / "runs").iterdir()), "decoded pages and finished rows are gone"


def test_a_model_that_saw_everything_and_broken_ones_have_a_reason_and_no_number(archive, tmp_path, capsys):
    models = tmp_path / "models"
    shutil.copytree(archive / "models/right", models / "right")
    tiny_folder(models / "all", seed=3, record={"documents": {"train": [f"doc{n}" for n in range(12)]}})
    tiny_folder(models / "foreign", ["A", "B"], seed=3)
    shutil.copytree(archive / "models/right", models / "torn")
    weights = models / "torn/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    assert call("--eval_dir", "-d", archive / "pages", "--model_dir", models, "-o", tmp_path / "out") == 1
    rows = {name: row for (name, _), row in rows_of(tmp_path / "out").items()}
    assert rows["right"]["ACCURACY"] == "1.0000"
    for name, said in (
        ("all", "trained on documents of all"),
        ("foreign", "does not know"),
        ("torn", "cannot be read"),
    ):
        assert said in rows[name]["REASON"], rows[name]
        assert rows[name]["ACCURACY"] == ""
    assert "Traceback" not in capsys.readouterr().err


def test_an_untuned_base_has_a_row_for_each_set_and_the_average(archive, tmp_path):
    sets = ("--zero_shot", "-m", archive / "base", "--cat_dir", archive / "sets")
    assert compare(archive, tmp_path, *sets) == 0
    zero = {key for key, row in rows_of(tmp_path).items() if row["KIND"] == "zero-shot"}
    assert {name for _, name in zero} == {"long", "short", "averaged"}
    assert len(rows_of(tmp_path)) == 7
    assert call("--vis", "-o", tmp_path) == 0
    with Image.open(next((tmp_path / "plots").glob("model_accuracies_map_*.png"))) as image:
        assert image.width > 600, "two panels"


def test_pages_are_decoded_once_for_each_transform(archive, tmp_path, monkeypatch):
    from training import store as training_store

    decoded = []
    fill = training_store.PageStore.fill
    monkeypatch.setattr(
        training_store.PageStore, "fill", lambda self, *rest: decoded.append(self.transform.fit) or fill(self, *rest)
    )
    assert compare(archive, tmp_path) == 0
    assert sorted(decoded) == ["pad", "squash"]


def test_an_earlier_table_is_kept(archive, tmp_path):
    assert compare(archive, tmp_path, "--quiet") == 0
    assert compare(archive, tmp_path, "--quiet") == 0
    assert len(list((tmp_path / "stats").glob("model_accuracies*.csv"))) == 2


def test_interrupted_and_resumed_no_finished_model_is_judged_again(archive, tmp_path, monkeypatch, capsys):
    judged = []
    embed = comparison.embed

    def watched(classifier, *rest):
        if len(judged) == 2:
            raise KeyboardInterrupt
        judged.append(rest[-1])
        return embed(classifier, *rest)

    monkeypatch.setattr(comparison, "embed", watched)
    assert compare(archive, tmp_path) == 130
    assert not list(tmp_path.glob("runs/*/pixels"))
    monkeypatch.setattr(comparison, "embed", lambda c, *rest: judged.append(rest[-1]) or embed(c, *rest))
    assert compare(archive, tmp_path, "--resume") == 0
    assert sorted(judged) == ["old", "other", "right", "saw"]
    assert len(rows_of(tmp_path)) == 4
    assert capsys.readouterr().err.count("done before") == 2
    assert compare(archive, tmp_path, "--resume") == 2


def test_rows_of_pages_that_were_replaced_meanwhile_are_not_taken(archive, tmp_path, monkeypatch, capsys):
    pages = tmp_path / "pages"
    shutil.copytree(archive / "pages", pages)
    call_of = ["--eval_dir", "-d", pages, "--model_dir", archive / "models", "-o", tmp_path / "out"]
    done = []

    def stopped(*rest):
        if done:
            raise KeyboardInterrupt
        done.append(embed(*rest))
        return done[0]

    embed = comparison.embed
    monkeypatch.setattr(comparison, "embed", stopped)
    assert call(*call_of) == 130
    one, other = sorted(pages.rglob("*.png"))[:2]
    shutil.copy(other, one)
    assert call(*call_of, "--resume") == 2
    assert "no unfinished comparison by these pages" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_killed_at_once_and_resumed(archive, tmp_path):
    command = [
        sys.executable,
        str(RUN),
        "--eval_dir",
        "-d",
        str(archive / "pages"),
        "--model_dir",
        str(archive / "models"),
    ]
    command += ["-o", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/*/rows/*.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if list(tmp_path.glob("runs/*/rows/*.json")):  # else it was quicker than we are
        assert compare(archive, tmp_path, "--resume") == 0
    assert len(rows_of(tmp_path)) == 4
    assert not list(tmp_path.glob("runs/*/pixels"))


def test_tables_of_the_earlier_tool_are_drawn(tmp_path):
    (tmp_path / "stats").mkdir()
    (tmp_path / "stats/model_accuracies_total.csv").write_text(
        "model_name,accuracy\nViT-B/16 mid,99.14\nViT-B/16 avg,99.06\nViT-L/14-336 init,98.86\nViT-B/32 avg zero,31.5\n"
        "ViT-B/32 gpt,Error: no such file\n",
        encoding="utf-8",
    )
    accuracies = read_accuracies(tmp_path / "stats/model_accuracies_total.csv")
    assert [(one.base, one.descriptions, one.kind) for one in accuracies] == [
        ("ViT-B/16", "mid", "tuned"),
        ("ViT-B/16", "averaged", "tuned"),
        ("ViT-L/14@336px", "init", "tuned"),
        ("ViT-B/32", "averaged", "zero-shot"),
    ]
    assert accuracies[0].accuracy == pytest.approx(0.9914)
    assert call("--vis", "-d", tmp_path / "stats", "-o", tmp_path) == 0
    assert len(list((tmp_path / "plots").iterdir())) == 1
    assert call("--vis", "-d", tmp_path / "plots", "-o", tmp_path) == 2


def vote(archive, out, *flags, best=("right", "other")):
    config = out.with_suffix(".toml")
    names = ", ".join(f'"{name}"' for name in best)
    config.write_text(f"[eval]\nbest = [{names}]\n", encoding="utf-8")
    models = ("--model_dir", archive / "models")
    return call("--config", config, "--best", "-d", archive / "pages", "-o", out, *models, *flags)


def test_models_vote_by_their_average_and_unreadable_pages_are_listed(archive, tmp_path):
    pages = tmp_path / "place"
    shutil.copytree(archive / "pages", pages / "pages")
    shutil.copytree(archive / "models", pages / "models")
    (pages / "pages" / "TEXT" / "broken-1.png").write_bytes(b"")
    out = tmp_path / "out"
    assert vote(pages, out, "--batch_size", 5) == 1
    rows = table(out, "best_*-models.csv")
    assert list(rows[0]) == [
        "FILE", "PAGE", "CLASS-right", "CLASS-other", "CLASS", "SCORE", "AGREE", "TRUE", "PATH"
    ]  # fmt: skip
    assert len(rows) == 24
    assert [row["PATH"] for row in table(out, "best_*_ERRORS.csv")] == ["TEXT/broken-1.png"]
    scores = {}
    for name in ("right", "other"):
        single = tmp_path / name
        assert call("-d", pages / "pages", "--model_path", pages / "models" / name, "-o", single, "--raw") == 1
        for row in table(single, "*_RAW.csv"):
            scores[name, row["PATH"]] = [float(row[category]) for category in CATEGORIES]
    for row in rows:
        mine, its = (scores[name, row["PATH"]] for name in ("right", "other"))
        average = [(a + b) / 2 for a, b in zip(mine, its, strict=True)]
        assert row["CLASS"] == CATEGORIES[average.index(max(average))]
        assert float(row["SCORE"]) == pytest.approx(max(average), abs=1e-4)
        each = [CATEGORIES[one.index(max(one))] for one in (mine, its)]
        assert [row["CLASS-right"], row["CLASS-other"]] == each
        assert int(row["AGREE"]) == each.count(row["CLASS"])
    assert {row["AGREE"] for row in rows} >= {"1", "2"}


def test_without_a_list_all_of_the_same_categories_vote_and_one_model_is_no_vote(archive, tmp_path, capsys):
    shutil.copytree(archive / "models", tmp_path / "models")
    tiny_folder(tmp_path / "models" / "foreign", ["A", "B"], seed=1)
    tiny_folder(tmp_path / "models" / "x_fold_1", seed=1, record={"fold": 1})
    command = ("--best", "-d", archive / "pages", "-o", tmp_path / "out", "--model_dir")
    assert call(*command, tmp_path / "models") == 0
    assert "without a vote: foreign" in capsys.readouterr().err
    head = list(table(tmp_path / "out", "best_*-models.csv")[0])
    assert sorted(name[6:] for name in head if name.startswith("CLASS-")) == ["old", "other", "right", "saw"]
    assert call(*command, tmp_path / "none") == 2
    assert "needs two models" in capsys.readouterr().err
    assert vote(archive, tmp_path / "x", best=("rihgt", "other")) == 2
    assert "did you mean right?" in capsys.readouterr().err


def test_an_interrupted_vote_is_resumed_to_the_same_table(archive, tmp_path, monkeypatch):
    from evaluation import voting

    whole = tmp_path / "whole"
    assert vote(archive, whole, "--batch_size", 4) == 0
    votes, seen = voting.votes, []

    def stopping(*arguments, **named):
        for number, batch in enumerate(votes(*arguments, **named)):
            if number == 2:
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(voting, "votes", stopping)
    out = tmp_path / "out"
    assert vote(archive, out, "--batch_size", 4) == 130
    monkeypatch.setattr(voting, "votes", lambda *rest, first: seen.append(first) or votes(*rest, first=first))
    assert vote(archive, out, "--batch_size", 4, "--resume") == 0
    assert seen == [2]

    def cells(folder):
        with next((folder / "tables").glob("best_*.csv")).open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    assert cells(out) == cells(whole)
