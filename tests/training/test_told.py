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
from tiny import tiny_base, tiny_classifier, tiny_transform

from encoders.devices import bf16_missing
from training import trainer
from training.data import find_labelled
from training.job import run_training
from training.learner import Learner, Pages, Recipe
from training.processes import own_device
from training.sampler import BalancedSampler
from training.store import PageStore
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
    assert record["seconds"] > 0 and record["pages_per_second"] > 0


class Watched(Learner):
    """Keeps of the first batch what there is to see of a training step, and ends the training there."""

    def forward(self, inputs, texts=None, prototypes=None):
        self.seen = (inputs.device.type, torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"))
        raise KeyboardInterrupt


def first_step(store, tmp_path, device="cpu", precision="fp32"):
    """The kind of device of the batch, whether the step computes in mixed precision, and in which."""
    learner = Watched(tiny_classifier(["A", "B"], kind="dual"), "image").to(device)
    lessons = trainer.Lessons(Pages(store, [0, 1], 1), BalancedSampler([[0], [1]], 1), [])
    recipe = Recipe("image", 1, 2, 0.0, 0.1, 0, 1, precision=precision)
    with pytest.raises(KeyboardInterrupt):
        trainer.learn(learner, lessons, recipe, tmp_path, print)
    return learner.seen


@pytest.fixture
def store(tmp_path, data) -> PageStore:
    labelled = find_labelled(data, settings_of(tmp_path))
    labelled.pages, labelled.labels, labelled.documents = (
        labelled.pages[:2],
        labelled.labels[:2],
        labelled.documents[:2],
    )
    store = PageStore(tmp_path / "store", [labelled], tiny_transform())
    store.fill([True, True], settings_of(tmp_path), lambda done, failed: None)
    return store


def test_batches_go_to_the_device_of_the_model(tmp_path, store):
    """ "meta", which is on every machine, stands for a second GPU: neither the CPU nor the first GPU."""
    assert first_step(store, tmp_path, "meta")[0] == "meta"
    assert first_step(store, tmp_path, "cpu")[0] == "cpu"


def test_training_computes_in_fp32_unless_bf16_is_asked_for(tmp_path, store):
    assert not first_step(store, tmp_path)[1]
    assert first_step(store, tmp_path, precision="bf16")[1:] == (True, torch.bfloat16)


def test_several_processes_share_an_epoch_and_take_as_many_steps_each(monkeypatch):
    draws = list(range(11))
    assert trainer.batches_of(draws, 3) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10]]
    monkeypatch.setenv("WORLD_SIZE", "2")
    shares = []
    for number in ("0", "1"):
        monkeypatch.setenv("RANK", number)
        shares.append(trainer.batches_of(draws, 3))
    assert shares == [[[0, 1, 2], [6, 7, 8]], [[3, 4, 5], [9, 10, 0]]]  # filled up from the first ones


def test_bf16_where_it_is_not_to_be_had_is_told_before_any_work(tmp_path, base, data):
    if bf16_missing(torch.device("cpu")) is None:
        pytest.skip("this processor computes in bf16")
    settings = settings_of(tmp_path).replaced("setup", precision="bf16")
    with pytest.raises(UserError, match="--precision bf16: this processor does not"):
        run_training(settings, job_of(data, base))
    assert not list((tmp_path / "models").glob("*"))


def test_tf32_is_for_nvidia_cards(tmp_path, base, data):
    settings = settings_of(tmp_path).replaced("setup", precision="tf32", device="cpu")
    with pytest.raises(UserError, match="--precision tf32 is for NVIDIA cards, and this computes on cpu; take fp32"):
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
