"""Training image classifiers with a plain head, by the same door as dual encoders, and what comes of a kill."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from test_training import Killed, draw_labelled, job_of, settings_of
from tiny import tiny_head

from classifier import PageClassifier
from encoders.engine import Computing
from training.averaging import averaged
from training.job import run_training
from training.learner import Pages
from training.store import PageStore
from utils import UserError

IMAGENET = ["tench", "goldfish", "MAP", "shark"]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    return draw_labelled(tmp_path_factory.mktemp("labelled"))


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bases")
    return {kind: tiny_head(folder / kind, kind, IMAGENET) for kind in ("vit", "regnety")}


def pages_of(labelled: Path, model: Path) -> tuple[np.ndarray, list[str]]:
    from PIL import Image

    classifier = PageClassifier.from_pretrained(model)
    files = sorted(labelled.glob("*/*.png"))
    return np.stack([classifier.transform(Image.open(file)) for file in files]), [file.parent.name for file in files]


@pytest.mark.parametrize(("kind", "towers"), [("vit", "head"), ("regnety", "image")])
def test_a_head_learns_its_categories(tmp_path, labelled, bases, capsys, kind, towers):
    settings = settings_of(tmp_path, towers=towers, epochs=4, lr=0.01)
    assert run_training(settings, job_of(labelled, bases[kind])) == 0
    model = Path(capsys.readouterr().out.splitlines()[-1])
    pixels, truth = pages_of(labelled, model)
    classifier = PageClassifier.from_pretrained(model)
    scores = classifier.scores(pixels)
    guessed = [classifier.categories[index] for index in scores.argmax(axis=1)]
    assert np.mean([one == other for one, other in zip(guessed, truth, strict=True)]) > 0.9  # red, blue and green
    assert classifier.categories == sorted(set(truth)) == classifier.learned
    before, after = load_file(bases[kind] / "model.safetensors"), load_file(model / "model.safetensors")
    moved = {
        name for name in after if before[name].shape != after[name].shape or not torch.equal(before[name], after[name])
    }
    head = classifier.engine.head
    assert {f"{head}.weight", f"{head}.bias"} <= moved
    assert (moved == {f"{head}.weight", f"{head}.bias"}) == (towers == "head")
    # The light engine, and whoever loads it with transformers, see the same.
    assert np.abs(PageClassifier.from_pretrained(model, Computing("onnx")).scores(pixels) - scores).max() < 1e-4
    card = (model / "README.md").read_text(encoding="utf-8")
    assert "pipeline_tag: image-classification" in card and "no text tower" not in card
    record = json.loads((model / "training.json").read_text(encoding="utf-8"))
    assert record["recipe"]["towers"] == towers and record["documents"]["test"]
    # Once more from there: what it knows of a category stays, until it learns.
    more = draw_labelled(tmp_path / "more", colours={"MAP": (200, 60, 60), "SEAL": (20, 20, 20)})
    from training.start import open_plain

    again = open_plain(model, ["MAP", "SEAL"], 0, "x")
    known = classifier.categories.index("MAP")
    assert np.array_equal(again.prototypes[0], classifier.prototypes[known])
    assert run_training(settings, job_of(more, model_path=model, name="again")) == 0


def test_a_killed_training_ends_with_the_same_bytes(tmp_path, labelled, bases):
    settings = settings_of(tmp_path / "one", towers="image", epochs=2)
    run_training(settings, job_of(labelled, bases["vit"]))
    other = settings_of(tmp_path / "other", towers="image", epochs=2)
    read = Pages.__getitem__

    def watched(pages, item):
        if isinstance(item, tuple) and item[1] >= 70:  # an epoch has 64 draws
            raise Killed
        return read(pages, item)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pages, "__getitem__", watched)
        with pytest.raises(Killed):
            run_training(other, job_of(labelled, bases["vit"]))
    assert list(other.setup.model_dir.glob("mine.training/run/checkpoint-*/complete"))
    run_training(other, job_of(labelled, bases["vit"], resume=True))
    for name in ("model.safetensors", "config.json", "page_classifier.json", "metrics.jsonl", "split.csv"):
        one, two = (folder.setup.model_dir / "mine" / name for folder in (settings, other))
        assert one.read_bytes() == two.read_bytes()


def test_folds_and_their_average(tmp_path, labelled, bases):
    settings = settings_of(tmp_path, folds=2, final=True, epochs=1)
    run_training(settings, job_of(labelled, bases["vit"]))
    models = settings.setup.model_dir
    parts = [PageClassifier.from_pretrained(models / f"mine_fold_{number}") for number in (1, 2)]
    mean = averaged([models / f"mine_fold_{number}" for number in (1, 2)])
    assert mean.prototypes == pytest.approx((parts[0].prototypes + parts[1].prototypes) / 2, abs=1e-6)
    assert mean.bias == pytest.approx((parts[0].bias + parts[1].bias) / 2, abs=1e-6)
    assert PageClassifier.from_pretrained(models / "mine").categories == parts[0].categories


def test_an_image_model_without_a_head_gets_one(tmp_path, labelled):
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    layer = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    base = tmp_path / "plain"
    ViTModel(ViTConfig(**layer, image_size=32, patch_size=8)).save_pretrained(base)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(base)
    settings = settings_of(tmp_path, epochs=1)
    assert run_training(settings, job_of(labelled, base)) == 0
    assert PageClassifier.from_pretrained(settings.setup.model_dir / "mine").engine.head == "classifier"


def test_what_needs_a_text_tower_is_refused_before_any_work(tmp_path, labelled, bases, monkeypatch):
    monkeypatch.setattr(PageStore, "fill", lambda *_: pytest.fail("work began"))
    with pytest.raises(UserError, match="one tower and a plain head: --towers image"):
        run_training(settings_of(tmp_path, towers="both"), job_of(labelled, bases["vit"]))
    table = tmp_path / "mine.tsv"
    table.write_text("label\tdescription\nMAP\ta map\nLETTER\ta letter\n", encoding="utf-8")
    settings = settings_of(tmp_path).replaced("setup", categories_file=table)
    with pytest.raises(UserError, match="no text tower"):
        run_training(settings, job_of(labelled, bases["vit"]))
