"""What a training says, with --quiet too, and where and how exactly it computed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from judging_pages import call
from test_training import draw_labelled, job_of, settings_of
from tiny import tiny_base, tiny_classifier

from encoders.devices import bf16_missing
from training import trainer
from training.data import BalancedSampler, find_labelled
from training.job import run_training
from training.learner import Learner, Pages, Recipe
from training.work import own_device
from utils import UserError


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base") / "dual", "dual")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = draw_labelled(tmp_path_factory.mktemp("labelled") / "data")
    (folder / "MAP" / "torn-1.png").write_bytes(b"\x89PNG no image")
    return folder


def test_quiet_keeps_warnings_and_results(tmp_path, base, data, capsys):
    settings_of(tmp_path, epochs=1)
    more = tmp_path / "more"
    shutil.copytree(data, more)  # all of documents that judge, or copies of pages that train
    arguments = ["--train", "-d", data, "--extra", more, "-m", base, "--config", tmp_path / "config.toml", "--name"]
    said = {}
    for name, switch in (("quiet", "--quiet"), ("loud", "--no-quiet")):
        assert call(*arguments, name, switch) == 0
        ended = capsys.readouterr()
        assert Path(ended.out.splitlines()[-1]).name == name
        said[name] = ended.err
    for told in ("MAP/torn-1.png", "validation: accuracy ", "test: accuracy ", "extra pages are of documents that are"):
        assert told in said["quiet"], told
    for chat in ("split by document: ", "kept epoch"):
        assert chat in said["loud"]
        assert chat not in said["quiet"]


def test_quiet_folds_tell_their_figures(tmp_path, base, data, capsys):
    settings = settings_of(tmp_path, epochs=1, folds=2)
    assert settings.setup.quiet
    run_training(settings, job_of(data, base))
    said = capsys.readouterr().err
    assert "fold 2: accuracy" in said and "out of fold: accuracy" in said and "MAP/torn-1.png" in said
    record = json.loads((tmp_path / "models" / "mine_fold_1" / "training.json").read_text(encoding="utf-8"))
    assert (record["device"], record["precision"], record["split"]) == ("cpu", "fp32", "by fold")


def trainer_of(classifier, tmp_path, data, **arguments) -> trainer.PageTrainer:
    learner = Learner(classifier, "image")
    found = find_labelled(data, settings_of(tmp_path))
    return trainer.PageTrainer(
        sampler=BalancedSampler([[0], [1]], 1),
        learner=learner,
        lr=0.0,
        advance=lambda count: None,
        args=trainer.Arguments(output_dir=str(tmp_path / "run"), report_to="none", **arguments),
        train_dataset=Pages(None, [0] * len(found.pages), 1),
    )


def test_model_and_batches_go_to_the_device_that_is_asked_for(tmp_path, data):
    """ "meta", which is on every machine, stands for a second GPU: neither the CPU nor the first GPU."""
    made = trainer_of(tiny_classifier(["A", "B"], kind="dual"), tmp_path, data, place="meta")
    assert made.args.device == made.accelerator.device == torch.device("meta")
    assert {parameter.device.type for parameter in made.model.parameters()} == {"meta"}
    batch = made._prepare_inputs({"inputs": torch.zeros(1, 3, 32, 32)})
    assert batch["inputs"].device.type == "meta"
    again = trainer_of(tiny_classifier(["A", "B"], kind="dual"), tmp_path, data, place="cpu", use_cpu=True)
    assert again.args.device == again.accelerator.device == torch.device("cpu")


def test_training_computes_in_fp32_unless_bf16_is_asked_for(tmp_path, base, data, monkeypatch):
    from classifier import PageClassifier

    seen = []

    class Watched(trainer.PageTrainer):
        def __init__(self, **rest):
            super().__init__(**rest)
            seen.append(self.accelerator.mixed_precision)
            raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "PageTrainer", Watched)
    learner = Learner(PageClassifier.from_base(base, {"A": ["a"], "B": ["b"]}), "image")
    for precision in ("fp32", "bf16"):
        recipe = Recipe("image", 1, 2, 0.0, 0.1, 0, 1, precision=precision)
        with pytest.raises(KeyboardInterrupt):
            trainer.learn(learner, Pages(None, [0, 1], 1), [], BalancedSampler([[0], [1]], 1), recipe, tmp_path, print)
    assert seen == ["no", "bf16"]


def test_bf16_where_it_is_not_to_be_had_is_told_before_any_work(tmp_path, base, data):
    if bf16_missing(torch.device("cpu")) is None:
        pytest.skip("this processor computes in bf16")
    settings = settings_of(tmp_path).replaced("setup", precision="bf16")
    with pytest.raises(UserError, match="--precision bf16: this processor does not"):
        run_training(settings, job_of(data, base))
    assert not list((tmp_path / "models").glob("*"))


def test_each_of_several_processes_has_a_device_of_its_own(monkeypatch):
    assert own_device("cpu") == "cpu"
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert own_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="PyTorch sees no CUDA GPU here"):
            own_device("cuda:1")


def test_features_are_those_of_the_tower_at_hand(tmp_path, data):
    """The rows of another image tower, or of another seed, are never taken."""
    from training.learner import compute_features
    from training.store import PageStore

    settings = settings_of(tmp_path)
    found = find_labelled(data, settings)
    found.pages, found.labels, found.documents = found.pages[:4], found.labels[:4], found.documents[:4]
    asked = []

    def features(model_seed: int, seed: int) -> np.ndarray:
        classifier = tiny_classifier(["A", "B"], kind="dual", seed=model_seed)
        store = PageStore(tmp_path / "store", [found], classifier.transform)
        store.fill([True] * 4, settings, lambda done, failed: None)
        learner = Learner(classifier, "head")
        real = learner.features
        learner.features = lambda pixels: asked.append(len(pixels)) or real(pixels)
        return np.array(compute_features(learner, store, [1] * 4, seed, tmp_path / "features", lambda done: None))

    first = features(1, 5)
    asked.clear()
    assert np.array_equal(features(1, 5), first)
    assert asked == [1]  # only how wide they are
    assert not np.allclose(features(2, 5)[:, 0], first[:, 0])
    assert not np.array_equal(features(1, 6)[:, 1], first[:, 1])
    assert np.array_equal(features(1, 5), first)
