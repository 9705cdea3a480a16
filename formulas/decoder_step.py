"""The network cut in two, as reading needs it: what is seen of a picture, and one step of the decoder.

    seen = Sight(model)(pixels)                                  # keys and values of the places, of every layer
    logits, *past = Step(model)(tokens, position, *seen, *past)  # tokens [B, K]

transformers' own generation computes the same numbers (tests/formulas/test_engines.py compares them); these two are
what an ONNX graph can hold, and they compute the beginnings of one picture at once against the one picture.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from transformers import VisionEncoderDecoderModel

Memory = list[torch.Tensor]  # keys, values of the first layer, keys, values of the second ...


class Sight(nn.Module):
    """Pictures [B, C, H, W] -> `Memory`, each [B, heads, places, head size]."""

    def __init__(self, model: VisionEncoderDecoderModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """As the class says."""
        seen = self.model.encoder(pixel_values=pixels).last_hidden_state  # [B, places, width]
        if hasattr(self.model, "enc_to_dec_proj"):
            seen = self.model.enc_to_dec_proj(seen)
        memory: Memory = []
        for layer in self.model.decoder.model.decoder.layers:
            attention = layer.encoder_attn
            memory += [_heads(linear(seen), attention) for linear in (attention.k_proj, attention.v_proj)]
        return tuple(memory)


class Step(nn.Module):
    """One token more of K beginnings a picture.

    tokens int64 [B, K], the latest; position int64 [], how many came before it; then what `Sight` gives; then `Memory`
    of what was read, each [B * K, heads, position, head size] -> logits [B, K, V], and that memory, one longer.
    """

    def __init__(self, model: VisionEncoderDecoderModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, tokens: torch.Tensor, position: torch.Tensor, *memories: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """As the class says."""
        decoder = self.model.decoder.model.decoder
        pictures, ways = tokens.shape
        seen, past = memories[: 2 * len(decoder.layers)], memories[2 * len(decoder.layers) :]
        hidden = decoder.embed_tokens(tokens) + self._position(position)  # [B, K, width]
        if decoder.layernorm_embedding is not None:
            hidden = decoder.layernorm_embedding(hidden)
        now: Memory = []
        for number, layer in enumerate(decoder.layers):
            own, across = layer.self_attn, layer.encoder_attn
            rows = hidden.reshape(pictures * ways, 1, -1)
            keys = torch.cat([past[2 * number], _heads(own.k_proj(rows), own)], dim=2)
            values = torch.cat([past[2 * number + 1], _heads(own.v_proj(rows), own)], dim=2)
            now += [keys, values]
            read = own.out_proj(_attend(own, rows, keys, values)).reshape(pictures, ways, -1)
            hidden = layer.self_attn_layer_norm(hidden + read)
            looked = across.out_proj(_attend(across, hidden, seen[2 * number], seen[2 * number + 1]))
            hidden = layer.encoder_attn_layer_norm(hidden + looked)
            hidden = layer.final_layer_norm(hidden + layer.fc2(layer.activation_fn(layer.fc1(hidden))))
        return self.model.decoder.output_projection(hidden), *now

    def _position(self, position: torch.Tensor) -> torch.Tensor:
        """What stands for the place of a token, [width]."""
        places = self.model.decoder.model.decoder.embed_positions
        if isinstance(places, nn.Embedding):
            return nn.functional.embedding(position + places.offset, places.weight)
        half = places.embedding_dim // 2
        rates = torch.exp(torch.arange(half, dtype=torch.int64).float() * -(math.log(10000) / (half - 1)))
        angles = (position + places.padding_idx + 1).float() * rates.to(position.device)
        both = torch.cat([angles.sin(), angles.cos()])
        return nn.functional.pad(both, (0, places.embedding_dim - 2 * half))


def _heads(values: torch.Tensor, attention: Any) -> torch.Tensor:
    """[N, length, width] -> [N, heads, length, head size]."""
    return values.reshape(values.shape[0], -1, attention.num_heads, attention.head_dim).transpose(1, 2)


def _attend(attention: Any, asking: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """What [N, length, width] finds among keys and values, [N, length, width]; nothing is hidden."""
    queries = _heads(attention.q_proj(asking) * attention.scaling, attention)
    weights = torch.softmax(queries @ keys.transpose(2, 3), dim=-1)
    return (weights @ values).transpose(1, 2).reshape(asking.shape)
