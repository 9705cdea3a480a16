"""Cross-validation: every document in one test fold, no leaks, pooled figures, the final model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_training import draw, draw_labelled, job_of, settings_of
from tiny import tiny_base, tiny_model_folder

from classifier import PageClassifier
from training.job import run_training
from utils import UserError


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "dual"
    tiny_base(folder, "dual")
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def folded(tmp_path_factory, base):
    folder = tmp_path_factory.mktemp("folded")
    data = draw_labelled(folder / "data")
    settings = settings_of(folder, epochs=3, folds=3, final=True)
    assert run_training(settings, job_of(data, base)) == 0
    return folder, settings, data


def test_each_page_is_tested_once_by_a_model_that_never_saw_its_document(folded):
    folder, _, _ = folded
    models = folder / "models"
    rows = rows_of(models / "mine_folds" / "out_of_fold.csv")
    assert len(rows) == len({(row["PATH"], row["PAGE"]) for row in rows}) == 30
    for fold in (1, 2, 3):
        record = json.loads((models / f"mine_fold_{fold}" / "training.json").read_text(encoding="utf-8"))
        tested = {row["DOCUMENT"] for row in rows if row["FOLD"] == str(fold)}
        assert tested and not tested & set(record["documents"]["train"] + record["documents"]["validation"])
        assert record["fold"] == fold
    categories = list(rows[0])[5:]
    assert categories == sorted(categories)
    assert all(sum(float(row[label]) for label in categories) == pytest.approx(1, abs=1e-4) for row in rows)


def test_the_stored_probabilities_are_those_of_the_fold_models(folded):
    folder, _, data = folded
    rows = rows_of(folder / "models" / "mine_folds" / "out_of_fold.csv")
    model = PageClassifier.from_pretrained(folder / "models" / "mine_fold_2")
    summary = json.loads((folder / "models" / "mine_folds" / "folds.json").read_text(encoding="utf-8"))
    model.temperature = summary["pooled"]["temperature"]
    from PIL import Image

    for row in [row for row in rows if row["FOLD"] == "2"][:4]:
        pixels = torch.from_numpy(model.transform(Image.open(data / row["PATH"])))[None]
        stored = [float(row[label]) for label in model.categories]
        assert model.scores(pixels)[0].tolist() == pytest.approx(stored, abs=1e-4)


def test_the_final_model_quotes_out_of_fold_figures_only(folded):
    folder, _, _ = folded
    final = PageClassifier.from_pretrained(folder / "models" / "mine")
    pooled = final.record["out_of_fold"]["pooled"]
    assert final.record["pages"] == {"train": 30}
    assert final.temperature == pooled["temperature"]
    assert f"{100 * pooled['accuracy']:.1f} %" in final.card
    for name in ("out_of_fold.csv", "folds.csv", "confusion.png", "curves.png"):
        assert (folder / "models" / "mine" / name).is_file()


def test_folds_are_never_written_over(folded, base):
    _, settings, data = folded
    with pytest.raises(UserError, match="never written over"):
        run_training(settings, job_of(data, base))


def test_folds_go_on_where_they_were(tmp_path, base, monkeypatch):
    from training import folds

    data = draw_labelled(tmp_path / "data")
    settings = settings_of(tmp_path, epochs=2, folds=3)
    real, begun = folds.fit, []

    def counted(*args, **kwargs):
        begun.append(args[3].name)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(folds, "fit", counted)
    with pytest.raises(KeyboardInterrupt):
        run_training(settings, job_of(data, base))
    assert run_training(settings, job_of(data, base, resume=True)) == 0
    assert begun == ["run_1", "run_2", "run_3", "run_3"]
    assert len(rows_of(tmp_path / "models" / "mine_folds" / "out_of_fold.csv")) == 30


def test_a_start_that_knows_the_documents_is_refused(tmp_path, folded, base):
    folder, _, data = folded
    settings = settings_of(tmp_path, folds=3)
    with pytest.raises(UserError, match=r"has already learned 15 of these documents.*start clean"):
        run_training(settings, job_of(data, model_path=folder / "models" / "mine"))
    silent = tiny_model_folder(tmp_path / "silent", ["MAP", "LETTER"], kind="dual")
    with pytest.raises(UserError, match="does not name its training documents"):
        run_training(settings, job_of(data, model_path=silent))


def test_final_needs_folds(tmp_path, folded, base):
    _, _, data = folded
    with pytest.raises(UserError, match="--folds"):
        run_training(settings_of(tmp_path, final=True), job_of(data, base))


@pytest.mark.parametrize(("by_page", "low", "high"), [(False, 0.2, 0.75), (True, 0.9, 1.0)])
def test_look_alike_documents_with_random_labels_give_chance(tmp_path, base, by_page, low, high):
    """Pages of one document look alike, its label is drawn at random: only a leak can tell it."""
    rng = np.random.default_rng(4)
    lines = ["page,document"]
    for document, label in enumerate(rng.permutation(["MAP"] * 8 + ["LETTER"] * 8)):
        pattern = np.kron(rng.choice([0, 255], size=(4, 3)), np.ones((12, 12)))[..., None]  # [48, 36, 1]
        for page in (1, 2, 3):
            draw(tmp_path / "data" / label / f"D{document}-{page}.png", pattern, rng)
            lines.append(f"D{document}-{page}.png,{document}-{page}")
    if by_page:  # every page a document of its own: the split that leaks
        (tmp_path / "data" / "documents.csv").write_text("\n".join(lines), encoding="utf-8")
    run_training(settings_of(tmp_path, folds=3, epochs=12), job_of(tmp_path / "data", base))
    summary = json.loads((tmp_path / "models" / "mine_folds" / "folds.json").read_text(encoding="utf-8"))
    assert low <= summary["pooled"]["accuracy"] <= high
