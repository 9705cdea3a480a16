"""NetRVLAD (SAGHOG's second stage): features -> what departs from each of K centres, softly assigned; and the encoder
whose codes are added up to a page.

    encoder = SaghogEncoder(CONFIGURATIONS["small"])
    codes = encoder(pixels)                          # [n, K * dim], each of length 1
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from writers.autoencoder import PatchEncoder, darkness
from writers.configurations import Configuration


class NetRVLAD(nn.Module):
    """V_k(x) = a_k(x) (x - c_k), a = softmax(W x + b). Unlike NetVLAD: the features are not normalised before, W is not
    tied to the centres, and nothing is normalised within.
    """

    def __init__(self, dim: int, clusters: int) -> None:
        super().__init__()
        self.assign = nn.Linear(dim, clusters)
        self.centres = nn.Parameter(torch.randn(clusters, dim))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """[n, dim] -> [n, K * dim]."""
        shares = self.assign(features).softmax(-1)  # [n, K]
        departures = features[:, None] - self.centres  # [n, K, dim]
        return (shares[..., None] * departures).flatten(1)

    @torch.no_grad()
    def begin_at(self, centres: np.ndarray, sharpness: float = 0.0) -> None:
        """Start from these centres, [K, dim]. sharpness: above 0, features go to the nearest centres instead of to
        random ones, the more strictly the larger it is: softmax(-sharpness |x - c|^2).
        """
        self.centres.copy_(torch.from_numpy(centres))
        if sharpness:
            self.assign.weight.copy_(2 * sharpness * self.centres)
            self.assign.bias.copy_(-sharpness * self.centres.square().sum(1))


class SaghogEncoder(nn.Module):
    """Patches -> codes."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.feature = configuration.feature
        self.encoder = PatchEncoder(configuration.dim, configuration.depth, configuration.heads)
        self.netrvlad = NetRVLAD(configuration.dim, configuration.clusters)
        self.dimensions = configuration.clusters * configuration.dim  # of a code

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Patches [n, 32, 32], darkness 0..1 -> [n, dim]."""
        tokens = self.encoder(pixels)
        return tokens[:, 0] if self.feature == "cls" else tokens[:, 1:].mean(1)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Patches [n, 32, 32], darkness 0..1 -> codes [n, K * dim] of length 1."""
        return functional.normalize(self.netrvlad(self.features(pixels)), dim=-1)

    def layer_of(self, name: str) -> int:
        """How far from the input a parameter of that name stands: 0 = the tokens themselves, then the blocks, last what
        comes after them.
        """
        if name in ("encoder.cls", "encoder.embed.weight", "encoder.embed.bias"):
            return 0
        if name.startswith("encoder.blocks."):
            return 1 + int(name.split(".")[2])
        return 1 + len(self.encoder.blocks)


class FromGrey(nn.Module):
    """An encoder from the patches as they are cut, uint8."""

    def __init__(self, encoder: SaghogEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """uint8 [n, 32, 32], 255 = paper -> codes [n, K * dim]."""
        return self.encoder(darkness(patches))
