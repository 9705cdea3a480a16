"""Between two models: the mean of models' weights as a new folder (--average; unequal models are refused in one line),
and a training that keeps a share of its start's weights (--start_share)."""

import numpy as np
import pytest
from PIL import Image
from tiny import tiny_base, tiny_model_folder

import run
from classifier import PageClassifier


@pytest.fixture
def models(tmp_path):
    for seed in (1, 2):
        record = {"documents": {"train": [f"doc{seed}"], "validation": ["v"], "test": ["t"]}}
        tiny_model_folder(tmp_path / f"mine_fold_{seed}", ["TEXT", "PHOTO"], seed=seed, record=record)
    return tmp_path


def average(models, *more):
    return run.main(["--average", str(models / "mine_fold_*"), "--model_dir", str(models), "--name", "mean", *more])


def test_weights_are_the_mean_and_the_folder_is_complete(models, capsys):
    assert average(models) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].endswith("mean")
    assert "saw each other's test pages" in said.err
    mean = PageClassifier.from_pretrained(models / "mean")
    one, two = (PageClassifier.from_pretrained(models / f"mine_fold_{seed}") for seed in (1, 2))
    for name, tensor in mean.engine.model.state_dict().items():
        if tensor.is_floating_point():
            wanted = (one.engine.model.state_dict()[name] + two.engine.model.state_dict()[name]) / 2
            assert (tensor - wanted).abs().max() < 1e-6, name
    assert set(mean.record["documents"]["train"]) == {"doc1", "doc2", "v"}
    assert average(models) == 2  # never over another model


def test_other_categories_and_a_single_model_are_refused(models, capsys):
    tiny_model_folder(models / "mine_fold_3", ["TEXT", "MAP"])
    assert average(models) == 2
    assert "categories" in capsys.readouterr().err
    assert run.main(["--average", str(models / "mine_fold_1"), "--model_dir", str(models)]) == 2
    assert "two model folders" in capsys.readouterr().err
    assert not (models / "mean").exists()


def train(folder, name, *more):
    pages = ["--train", "-d", str(folder / "sorted"), "--model_dir", str(folder), "--name", name]
    return run.main([*pages, "--epochs", "1", "--lr", "0.003", "--device", "cpu", "--quiet", *more])


def test_a_share_of_the_start_stays_in_the_weights(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for number in range(12):
        label, colour = (("MAP", (200, 60, 60)), ("LETTER", (60, 60, 200)))[number % 2]
        (tmp_path / "sorted" / label).mkdir(parents=True, exist_ok=True)
        noise = rng.integers(-30, 30, (48, 36, 3))
        Image.fromarray((noise + colour).astype(np.uint8)).save(tmp_path / "sorted" / label / f"D{number}-1.png")
    tiny_base(tmp_path / "dual", "dual")
    assert train(tmp_path, "start", "-m", str(tmp_path / "dual")) == 0
    start = tmp_path / "start"
    for name, share in (("whole", "0"), ("quarter", "0.25")):
        assert train(tmp_path, name, "--model_path", str(start), "--start_share", share) == 0
    first, whole, quarter = (PageClassifier.from_pretrained(tmp_path / name) for name in ("start", "whole", "quarter"))
    weights = [one.engine.model.visual_projection.weight for one in (first, whole, quarter)]
    assert (weights[1] - weights[0]).abs().max() > 1e-4
    assert (weights[2] - (0.25 * weights[0] + 0.75 * weights[1])).abs().max() < 1e-6
    assert quarter.record["start_share"] == 0.25
    assert "25 % those of the start" in (tmp_path / "quarter" / "README.md").read_text(encoding="utf-8")
    capsys.readouterr()
    assert train(tmp_path, "other", "--start_share", "0.5") == 2  # EfficientNet-Lite0 of ImageNet, text tower of chance
    assert "random weights" in capsys.readouterr().err
