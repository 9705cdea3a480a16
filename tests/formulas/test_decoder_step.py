"""The network cut in two computes what transformers computes, for every kind of TrOCR decoder."""

from __future__ import annotations

import pytest
import torch
from transformers import TrOCRConfig, VisionEncoderDecoderModel, ViTConfig
from transformers.models.vision_encoder_decoder.configuration_vision_encoder_decoder import VisionEncoderDecoderConfig

from formulas.decoder_step import Sight, Step
from formulas.network import new_model


def published(learned: bool) -> VisionEncoderDecoderModel:
    """TrOCR as it is published, tiny: an encoder of another width, learned positions, a norm of the embedding."""
    encoder = ViTConfig(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                        image_size=(32, 64), patch_size=16)  # fmt: skip
    decoder = TrOCRConfig(vocab_size=30, d_model=16, decoder_layers=2, decoder_attention_heads=2, decoder_ffn_dim=32,
                          use_learned_position_embeddings=learned, layernorm_embedding=learned, scale_embedding=learned,
                          cross_attention_hidden_size=24 if learned else None)  # fmt: skip
    return VisionEncoderDecoderModel(VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder))


@pytest.mark.parametrize("kind", ["ours", "published", "projected"])
def test_steps_give_the_logits_of_the_whole(kind):
    torch.manual_seed(0)
    model = (new_model("micro", 30) if kind == "ours" else published(kind == "published")).eval()
    pixels = torch.rand(2, 1 if kind == "ours" else 3, 32, 64)
    tokens = torch.tensor([[0, 5, 9, 20, 7], [0, 8, 8, 8, 8]])
    layers = model.decoder.model.decoder.layers
    sizes = layers[0].self_attn.num_heads, 0, layers[0].self_attn.head_dim
    with torch.no_grad():
        expected = model(pixel_values=pixels, decoder_input_ids=tokens).logits  # [2, 5, 30]
        seen, step = Sight(model)(pixels), Step(model)
        # both sequences as beginnings of both pictures: row 2 p + s is sequence s of picture p
        past = [torch.zeros(4, *sizes) for _ in range(2 * len(layers))]
        for position in range(5):
            latest = tokens[:, position].repeat(2, 1)  # [2 pictures, 2 beginnings]
            logits, *past = step(latest, torch.tensor(position), *seen, *past)
            for picture in range(2):
                torch.testing.assert_close(logits[picture, picture], expected[picture, position], atol=1e-4, rtol=1e-4)
