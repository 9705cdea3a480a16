"""--average: the mean of models' weights as a new model folder; unequal models are refused in one line."""

import pytest
from tiny import tiny_model_folder

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
