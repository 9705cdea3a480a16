"""The network in transformers' own container: any size of picture, saved and loaded as any model is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import VisionEncoderDecoderModel

from formulas.network import PRESETS, STRIDE, new_model, positions


@pytest.mark.parametrize("preset", PRESETS)
def test_every_number_learns(preset: str) -> None:
    torch.manual_seed(0)
    model = new_model(preset, 40).train()
    model(pixel_values=torch.rand(2, 1, 48, 96), labels=torch.tensor([[0, 5, 6, 2], [0, 7, 2, -100]])).loss.backward()
    without = [name for name, value in model.named_parameters() if value.grad is None]
    assert not without


def test_a_wide_picture_has_more_places() -> None:
    encoder = new_model("micro", 40).eval().encoder
    assert encoder(torch.zeros(1, 1, 48, 96)).last_hidden_state.shape == (1, 48 * 96 // STRIDE**2, 128)
    assert encoder(torch.zeros(3, 1, 192, 800)).last_hidden_state.shape == (3, 192 * 800 // STRIDE**2, 128)


def test_places_are_told_apart() -> None:
    said = positions(24, 100, 128, torch.device("cpu"))[0].flatten(1).T  # [2400, 128]
    apart = torch.cdist(said, said) + 9 * torch.eye(len(said))
    assert apart.min() > 0.05


def test_what_a_formula_gives_does_not_depend_on_its_neighbours() -> None:
    torch.manual_seed(0)
    model = new_model("micro", 40).eval()
    pictures = torch.rand(4, 1, 32, 64)
    with torch.no_grad():
        together = model(pixel_values=pictures, decoder_input_ids=torch.tensor([[0, 4, 5]] * 4)).logits
        alone = model(pixel_values=pictures[2:3], decoder_input_ids=torch.tensor([[0, 4, 5]])).logits
    assert torch.allclose(together[2:3], alone, atol=1e-5)


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = new_model("micro", 40).eval()
    model.save_pretrained(tmp_path)
    again = VisionEncoderDecoderModel.from_pretrained(tmp_path).eval()
    pictures = torch.rand(1, 1, 32, 64)
    ids = torch.tensor([[0, 4, 5]])
    with torch.no_grad():
        one, other = (it(pixel_values=pictures, decoder_input_ids=ids).logits for it in (model, again))
    assert torch.equal(one, other)
    assert again.generation_config.decoder_start_token_id == again.config.decoder_start_token_id == 0
