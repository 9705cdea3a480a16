"""Training from TrOCR, as the hub has it: the published recipe, another vocabulary, another canvas."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="requirements.txt is not installed")
for package in ("accelerate", "jiwer", "sacrebleu"):
    pytest.importorskip(package, reason="requirements-formulas.txt is not installed")

from formula_pictures import drawn_folder, picture_of, short_formulas  # noqa: E402
from formula_training import learned_from, train  # noqa: E402

from formulas.model_folder import load_network, read_parts  # noqa: E402
from formulas.pictures import Canvas, prepare  # noqa: E402
from formulas.recipes import RECIPES  # noqa: E402


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_folder(tmp_path_factory.mktemp("few") / "drawn", short_formulas(32))


@pytest.fixture(scope="module")
def trocr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random TrOCR in the files that the hub has of one."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import (
        GenerationConfig,
        RobertaTokenizer,
        TrOCRConfig,
        TrOCRProcessor,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessor,
    )

    folder = tmp_path_factory.mktemp("trocr")
    bpe = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator(short_formulas(40), vocab_size=320, special_tokens=special)
    bpe.save_model(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text("utf-8"))
    encoder = ViTConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
                        image_size=48, patch_size=16, qkv_bias=False)  # fmt: skip
    decoder = TrOCRConfig(vocab_size=len(vocabulary), d_model=32, decoder_layers=1, decoder_attention_heads=2,
                          decoder_ffn_dim=64, max_position_embeddings=64, cross_attention_hidden_size=32,
                          decoder_start_token_id=2)  # fmt: skip
    torch.manual_seed(0)
    model = VisionEncoderDecoderModel(VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder))
    model.generation_config = GenerationConfig(decoder_start_token_id=2, pad_token_id=1, eos_token_id=2, bos_token_id=0)
    model.save_pretrained(folder)
    words = RobertaTokenizer(vocab=vocabulary, merges=[tuple(line.split()) for line in
                             (folder / "merges.txt").read_text("utf-8").splitlines()[1:]])  # fmt: skip
    half = [0.5, 0.5, 0.5]
    pictures = ViTImageProcessor(size={"height": 48, "width": 48}, resample=2, image_mean=half, image_std=half)
    TrOCRProcessor(image_processor=pictures, tokenizer=words).save_pretrained(folder)
    return folder


def test_the_published_recipe_takes_real_steps(
    few: Path, trocr: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = train(capsys, few, "--base", trocr, "--name", "m", "--steps", 12, models=tmp_path)
    assert code == 0, said
    parts = read_parts(tmp_path / "m")
    assert parts.tokenizer == "bpe"
    assert parts.canvas == Canvas("squash", 48, 48, 3, 0, 0.0, 1.0, -1.0)
    recipe = parts.training["recipe"]
    assert {name: recipe[name] for name in ("batch", "rate", "schedule", "epochs", "smoothing", "augmented")} == {
        "batch": 8, "rate": 5e-5, "schedule": "linear", "epochs": 100, "smoothing": 0.0, "augmented": False,
    }  # fmt: skip
    before, after = load_network(trocr)[0], load_network(tmp_path / "m")[0]
    assert after.config.decoder_start_token_id == 2
    assert after.config.pad_token_id == 1
    assert after.generation_config.max_length == 64
    changed = [not torch.allclose(one, other, atol=1e-6) for one, other in
               zip(before.parameters(), after.parameters(), strict=True)]  # fmt: skip
    assert sum(changed) > 0.8 * len(changed)
    records = [json.loads(line) for line in (tmp_path / "m" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert all(math.isfinite(record.get("loss", 0.0)) for record in records)
    assert {"cer", "ter", "character_accuracy"} <= set(records[-1])


def test_trocr_sees_what_its_own_processor_shows_it(trocr: Path, tmp_path: Path) -> None:
    from transformers import TrOCRProcessor

    drawn = drawn_folder(tmp_path / "drawn", short_formulas(8))
    material, begun = learned_from(drawn, tmp_path / "work", RECIPES["published"].but(base=str(trocr)))
    picture = material.store.picture(0)
    own = TrOCRProcessor.from_pretrained(trocr)(images=picture.convert("RGB"), return_tensors="np")["pixel_values"][0]
    assert np.abs(begun.recipe.canvas.place(picture) - own).max() < 0.05


@pytest.mark.parametrize("mode", ["wide", "letterbox"])
def test_trocr_with_a_vocabulary_and_a_canvas_of_its_own(
    few: Path, trocr: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    words = ["--tokenizer", "latex", "--image_mode", mode, "--steps", 2, "--name", "m"]
    code, said = train(capsys, few, "--base", trocr, *words, models=tmp_path)
    assert code == 0, said
    parts = read_parts(tmp_path / "m")
    assert parts.tokenizer == "latex"
    assert (parts.canvas.height, parts.canvas.width) == ((192, 672) if mode == "wide" else (48, 48))
    model, tokenizer = load_network(tmp_path / "m")
    assert model.config.decoder.vocab_size == len(tokenizer)
    pixels = torch.from_numpy(parts.canvas.place(prepare(picture_of("x + y"))))[None]
    assert model.generate(pixel_values=pixels, max_length=8).shape[1] <= 8
