"""The masked autoencoder of handwriting patches (SAGHOG's first stage): a vision transformer sees a quarter of the
tokens of a patch, and tells what the others hold.

    model = MaskedAutoencoder(CONFIGURATIONS["small"])
    seen = random_visible(64, 0.75, 64, generator)                  # [n, 16]: the tokens that are seen
    loss = masked_loss(model(pixels, seen), target, seen)           # of the 48 others

Only the tokens that are seen go through the encoder; that is what makes it quick.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from writers.configurations import Configuration
from writers.hog import CELL, SIDE, TOKENS, cells_of, width_of


def places(dim: int) -> torch.Tensor:
    """Where each token stands, as fixed sines and cosines of its row and column: [64, dim]."""
    rows = SIDE // CELL
    quarter = dim // 4
    speed = 1.0 / 10000 ** (torch.arange(quarter) / quarter)
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(rows), indexing="ij")
    turns = [axis.reshape(-1, 1) * speed for axis in (row, column)]  # [64, dim / 4] each
    return torch.cat([wave(turn) for turn in turns for wave in (torch.sin, torch.cos)], 1)


class Block(nn.Module):
    """One layer: attention among tokens, then a perceptron for each; both normalised before, added to what came in."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.queries = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.wide, self.narrow = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[n, t, dim] -> [n, t, dim]."""
        n, t, dim = tokens.shape
        parts = self.queries(self.norm_1(tokens)).reshape(n, t, 3, self.heads, dim // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)  # [n, heads, t, dim / heads] each
        mixed = functional.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(n, t, dim))
        return tokens + self.narrow(functional.gelu(self.wide(self.norm_2(tokens))))


class PatchEncoder(nn.Module):
    """Patches -> tokens."""

    def __init__(self, dim: int, depth: int, heads: int) -> None:
        super().__init__()
        self.embed = nn.Linear(CELL**2, dim)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.register_buffer("places", places(dim), persistent=False)
        nn.init.trunc_normal_(self.cls, std=0.02)
        initialise(self)

    def forward(self, pixels: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """Patches [n, 32, 32], darkness 0..1 -> tokens [n, 1 + 64, dim], CLS first; with `seen` [n, v] only those."""
        tokens = self.embed(cells_of(pixels) * 2 - 1) + self.places
        if seen is not None:
            tokens = torch.gather(tokens, 1, seen[..., None].expand(-1, -1, tokens.shape[-1]))
        tokens = torch.cat([self.cls.expand(tokens.shape[0], -1, -1), tokens], 1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)


class MaskedAutoencoder(nn.Module):
    """An encoder, and a decoder of one block that tells the target of every token from those that were seen."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        dim = configuration.dim
        self.encoder = PatchEncoder(dim, configuration.depth, configuration.heads)
        self.project = nn.Linear(dim, dim)
        self.hidden = nn.Parameter(torch.zeros(1, 1, dim))
        self.block = Block(dim, configuration.decoder_heads)
        self.norm = nn.LayerNorm(dim)
        self.tell = nn.Linear(dim, width_of(configuration.target))
        self.register_buffer("places", places(dim), persistent=False)
        nn.init.trunc_normal_(self.hidden, std=0.02)
        for part in (self.project, self.block, self.tell):
            initialise(part)

    def forward(self, pixels: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Patches [n, 32, 32], darkness 0..1, and the tokens seen [n, v] -> what all tokens hold, [n, 64, width]."""
        tokens = self.project(self.encoder(pixels, seen))
        n, _, dim = tokens.shape
        index = seen[..., None].expand(-1, -1, dim)
        full = self.hidden.to(tokens.dtype).expand(n, TOKENS, dim).scatter(1, index, tokens[:, 1:])
        full = torch.cat([tokens[:, :1], full + self.places.to(tokens.dtype)], 1)
        return self.tell(self.norm(self.block(full)))[:, 1:]


def darkness(patches: torch.Tensor) -> torch.Tensor:
    """Grey patches, uint8 [n, 32, 32], 255 = paper -> [n, 32, 32] in 0..1, the darkest pixel of each 1: pale ink is as
    good as black.
    """
    dark = (255 - patches.float()) / 255
    return dark / dark.amax((1, 2), keepdim=True).clamp(min=0.1)


def initialise(module: nn.Module) -> None:
    """Weights as transformers begin: uniform by Xavier, biases 0."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)


def random_visible(count: int, mask: float, tokens: int, generator: torch.Generator) -> torch.Tensor:
    """For each of `count` patches the tokens that are seen, int64 [count, v], 1 <= v < tokens."""
    visible = min(tokens - 1, max(1, math.ceil(tokens * (1 - mask) - 1e-9)))
    return torch.rand(count, tokens, generator=generator).argsort(1)[:, :visible]


def masked_loss(told: torch.Tensor, target: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Mean squared error over the tokens that were not seen.

    told, target: [n, 64, width]; seen: [n, v].
    """
    errors = (told.float() - target).square().mean(-1)  # [n, 64]
    hidden = torch.ones_like(errors).scatter(1, seen, 0.0)
    return (errors * hidden).sum() / hidden.sum()
