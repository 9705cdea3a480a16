"""A formula model as a folder: saved in half precision, loaded as it was, refused where its parts do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="requirements.txt is not installed")

from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

from formulas.model_folder import (  # noqa: E402
    Parts,
    is_formula_model,
    load_network,
    model_hash,
    read_parts,
    save_folder,
    write_parts,
)
from formulas.network import new_model  # noqa: E402
from formulas.pictures import Canvas  # noqa: E402
from utils import UserError  # noqa: E402

WORDS = ["<s>", "<pad>", "</s>", "<unk>", "x", "y", "\\alpha", "{", "}", "^"]


def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    at = tmp_path / "model"
    at.mkdir()
    parts = Parts(Canvas(height=64, width=256), "latex", 60, training={"formulas": 3})
    save_folder(at, new_model("micro", len(WORDS)), tokenizer(), parts, "# a model\n")
    return at


def test_comes_back_as_it_was_saved(folder: Path) -> None:
    torch.manual_seed(1)
    made = new_model("micro", len(WORDS)).eval()
    model, words = load_network(folder)
    assert not model.training
    for name, value in made.state_dict().items():
        assert torch.equal(model.state_dict()[name], value.half().float()), name
    assert words("x ^ { \\alpha }", add_special_tokens=False)["input_ids"] == [4, 9, 7, 6, 8]
    parts = read_parts(folder)
    assert parts.canvas == Canvas(height=64, width=256)
    assert (parts.tokenizer, parts.longest, parts.training) == ("latex", 60, {"formulas": 3})
    assert is_formula_model(folder)
    assert (folder / "model.safetensors").stat().st_size < 2.3 * sum(value.numel() for value in model.parameters())


def test_the_hash_is_of_what_decides_readings(folder: Path) -> None:
    before = model_hash(folder)
    parts = read_parts(folder)
    write_parts(folder, Parts(parts.canvas, "latex", 60, figures={"cer": 0.1}))
    (folder / "README.md").write_text("# another card\n", "utf-8")
    assert model_hash(folder) == before
    write_parts(folder, Parts(parts.canvas, "latex", 60, calibration={"temperature": 2.0}))
    assert model_hash(folder) != before


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("tokenizer.json", None, "tokenizer.json is missing"),
        ("config.json", lambda text: text + " ", r"config\.json is not the one"),
        ("tokenizer.json", lambda text: text.replace("alpha", "beta"), r"tokenizer\.json is not the one"),
        ("formulas.json", lambda text: text.replace('"longest"', '"longet"'), "unknown key 'longet'; did you mean"),
        ("formulas.json", lambda text: text.replace('"format": 1', '"format": 9'), "format 9"),
        ("formulas.json", lambda text: text.replace('"wide"', '"tall"'), "canvas holds values that make no sense"),
        ("formulas.json", lambda text: text.replace('"height"', '"hight"'), "canvas is not one of this version"),
        ("formulas.json", lambda text: text[:40], "cannot be read"),
    ],
)
def test_parts_that_do_not_fit_are_refused(folder: Path, file: str, change, reason: str) -> None:
    at = folder / file
    if change is None:
        at.unlink()
    else:
        at.write_text(change(at.read_text("utf-8")), "utf-8")
    with pytest.raises(UserError, match=reason) as told:
        read_parts(folder)
    assert "\n" not in str(told.value)


def test_another_kind_of_model_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "clip"}), "utf-8")
    with pytest.raises(UserError, match="its model is clip"):
        load_network(folder)


def test_a_model_that_went_astray_is_not_written(tmp_path: Path) -> None:
    model = new_model("micro", len(WORDS))
    with torch.no_grad():
        model.encoder.stem[0].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(UserError, match="is no number"):
        save_folder(tmp_path, model, tokenizer(), Parts(Canvas(), "latex", 60), "# a model\n")
