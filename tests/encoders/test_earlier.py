"""Earlier folders and `.pt` files: the golden fixture, what tells them apart, what is refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny import tiny_checkpoint, tiny_model_folder, tiny_tensors, tiny_tokenizer

from classifier import PageClassifier, load_classifier
from encoders.descriptions import read_descriptions
from encoders.earlier import is_checkpoint, is_model_folder, read_checkpoint
from utils import UserError

DESCRIPTIONS = {"TEXT": ["a letter"], "DRAW": ["a drawing"], "PHOTO": ["a photo"]}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("mode", "path", "categories"),
    [
        ("single", "model_single", None),
        ("single", "model_single", "categories.tsv"),
        ("mixed", "model_mixed", None),
        ("averaged", "model_averaged", None),
        ("averaged", "checkpoint_averaged.pt", "categories_averaged.tsv"),
    ],
)
def test_golden_probabilities_and_prototypes(shared, mode, path, categories):
    golden = json.loads((shared / "golden" / "golden.json").read_text(encoding="utf-8"))
    wanted = golden["modes"][mode]
    descriptions = read_descriptions(shared / "golden" / categories) if categories else None
    classifier = load_classifier(
        shared / "golden" / path,
        kind="checkpoint",
        descriptions=descriptions,
        tokenizer=shared / "golden" / "tokenizer",
    )
    assert classifier.categories == wanted["categories"] == classifier.learned
    assert classifier.logit_scale == pytest.approx(wanted["logit_scale"], rel=1e-6)
    for label, row in zip(classifier.categories, classifier.prototypes, strict=True):
        assert row[:8].tolist() == pytest.approx(wanted["prototypes"][label]["first8"], abs=1e-5)
    pages = []
    for name, page in golden["pages"].items():
        with Image.open(shared / "pages" / page["category"] / name) as image:
            pages.append(classifier.transform(image))
    scores = classifier.scores(np.stack(pages))  # [pages, categories]
    for name, row in zip(golden["pages"], scores.tolist(), strict=True):
        probabilities = wanted["pages"][name]["probabilities"]
        if isinstance(probabilities, dict):
            probabilities = [probabilities[label] for label in classifier.categories]
        assert row == pytest.approx(probabilities, abs=1e-4)


def test_kinds_are_told_apart_without_torch(tmp_path):
    old, new = tiny_checkpoint(tmp_path / "old"), tiny_model_folder(tmp_path / "new")
    pt = tiny_checkpoint(tmp_path / "a.pt")
    assert is_checkpoint(old) and is_checkpoint(pt) and not is_checkpoint(new) and not is_checkpoint(tmp_path)
    assert is_model_folder(new) and not is_model_folder(old) and not is_model_folder(pt)
    code = "import sys, encoders.earlier; sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_single_and_averaged_mode(tmp_path):
    single = PageClassifier.from_checkpoint(tiny_checkpoint(tmp_path / "single", DESCRIPTIONS))
    assert single.categories == ["TEXT", "DRAW", "PHOTO"]  # file order
    assert single.logit_scale == pytest.approx(12.5, rel=1e-6)
    averaged = PageClassifier.from_checkpoint(
        tiny_checkpoint(tmp_path / "averaged", DESCRIPTIONS | {"PHOTO": ["a photo", "a photo", "a snapshot"]})
    )
    assert averaged.categories == ["DRAW", "PHOTO", "TEXT"]  # sorted
    assert averaged.logit_scale == 100.0
    chosen = {"B": ["a map"], "A": ["a list"]}
    other = PageClassifier.from_checkpoint(tmp_path / "single", chosen)
    assert other.categories == ["B", "A"] and other.unlearned() == ["B", "A"]
    assert (single.transform.fit, single.transform.size) == ("crop", (32, 32))
    (tmp_path / "single" / "preprocessor_config.json").write_text(
        '{"size": {"height": 32, "width": 32}, "do_center_crop": false,'
        ' "image_mean": [0, 0, 0], "image_std": [1, 1, 1]}'
    )
    assert PageClassifier.from_checkpoint(tmp_path / "single").transform.fit == "squash"


def test_pt_equals_the_folder_and_needs_categories(tmp_path):
    folder, pt = tiny_checkpoint(tmp_path / "folder", DESCRIPTIONS), tiny_checkpoint(tmp_path / "a.pt")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), np.uint8)
    one = PageClassifier.from_checkpoint(folder).scores(pixels)
    two = PageClassifier.from_checkpoint(pt, DESCRIPTIONS, tokenizer=folder).scores(pixels)
    assert np.array_equal(one, two)
    with pytest.raises(UserError, match="-cc"):
        PageClassifier.from_checkpoint(pt, None, tokenizer=folder)


def test_half_tensors_are_widened(tmp_path):
    folder = tiny_checkpoint(tmp_path / "a", DESCRIPTIONS)
    tensors = load_file(folder / "model.safetensors")
    save_file({name: t.half() if t.dim() > 1 else t for name, t in tensors.items()}, folder / "model.safetensors")
    assert {p.dtype for p in read_checkpoint(folder).model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop("model.visual.proj"), "visual_projection"),
        (lambda tensors: tensors.pop("model.visual.conv1.weight"), "visual.conv1.weight"),
        (lambda tensors: tensors.update({"model.visual.layer1.0.conv1.weight": torch.zeros(2)}), "visual.layer1"),
        (lambda tensors: tensors.update({"other": torch.zeros(2)}), "other"),
        (lambda tensors: tensors.update({"model.ln_final.weight": torch.zeros(2)}), "cannot be loaded|misfit"),
        (lambda tensors: tensors.update({"model.ln_final.extra": torch.zeros(2)}), "superfluous"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tmp_path, change, words):
    folder = tiny_checkpoint(tmp_path / "a")
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(UserError, match=words) as caught:
        read_checkpoint(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


class Dangerous:
    """What a malicious pickle would run."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


def test_a_pickle_runs_nothing(tmp_path):
    file, trace = tmp_path / "evil.pt", tmp_path / "ran"
    torch.save({"model_state_dict": {"a": Dangerous(trace)}}, file)
    with pytest.raises(UserError, match="could run code"):
        read_checkpoint(file)
    file.write_bytes(pickle.dumps(Dangerous(trace), protocol=2))
    with pytest.raises(UserError, match=r"evil\.pt"):
        read_checkpoint(file)
    assert not trace.exists()


def test_broken_and_foreign_files_are_one_line(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"")
    torch.save({"weights": tiny_tensors()}, tmp_path / "b.pt")
    whole = tiny_checkpoint(tmp_path / "c.pt").read_bytes()
    (tmp_path / "c.pt").write_bytes(whole[: len(whole) // 2])
    for name in ("a.pt", "b.pt", "c.pt", "none.pt"):
        with pytest.raises(UserError, match=name) as caught:
            read_checkpoint(tmp_path / name)
        assert "\n" not in str(caught.value)
    folder = tiny_checkpoint(tmp_path / "d")
    (folder / "config.json").write_text('{"categories": ["A", "B"], "texts": ["one"]}')
    with pytest.raises(UserError, match="-cc"):
        read_checkpoint(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"model\.safetensors is missing"):
        read_checkpoint(folder)


def test_the_tokenizer_must_be_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    bare = tiny_checkpoint(tmp_path / "bare", tokenizer=False)
    with pytest.raises(UserError, match=r"514 token ids.*--tokenizer"):
        PageClassifier.from_checkpoint(bare)
    with pytest.raises(UserError, match="no tokenizer there"):
        PageClassifier.from_checkpoint(bare, tokenizer=tmp_path)
    tiny_tokenizer("dual").save_pretrained(tmp_path / "other")
    with pytest.raises(UserError, match="260 ids, the checkpoint 514"):
        PageClassifier.from_checkpoint(bare, tokenizer=tmp_path / "other")
    tiny_tokenizer("clip").save_pretrained(tmp_path / "own")
    PageClassifier.from_checkpoint(bare, tokenizer=tmp_path / "own")
    tensors = tiny_tensors(vocabulary=49408)
    save_file({f"model.{name}": tensor for name, tensor in tensors.items()}, bare / "model.safetensors")
    with pytest.raises(UserError, match=r"run\.py --hf --zero_shot -m ViT-B/32"):
        PageClassifier.from_checkpoint(bare)
