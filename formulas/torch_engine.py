"""Reading formulas with PyTorch: for graphics cards, and for models without graphs.

engine = TorchEngine.load(Path("models/mine"), ends, "cuda:0")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from formulas.decoder_step import Memory, Sight, Step
from formulas.model_folder import load_network
from formulas.search import Ends

if TYPE_CHECKING:
    from transformers import VisionEncoderDecoderModel


class TorchEngine:
    """A network in float32 on a device, an `Engine` of search.py: pictures of one size at once, in batches."""

    name, alone = "torch", False

    def __init__(self, model: VisionEncoderDecoderModel, ends: Ends, device: str) -> None:
        self._model = model.to(device).eval()
        self._sight, self._step = Sight(self._model), Step(self._model)
        self.ends, self.device = ends, device

    @classmethod
    def load(cls, folder: Path, ends: Ends, device: str) -> TorchEngine:
        """The engine of a model folder. UserError: files that are broken or do not fit."""
        return cls(load_network(folder)[0], ends, device)

    @torch.inference_mode()
    def see(self, pixels: np.ndarray) -> Memory:
        """As `Engine` has it."""
        return list(self._sight(torch.from_numpy(pixels).to(self.device)))

    def begin(self, pictures: int) -> Memory:
        """As `Engine` has it: memory [pictures, heads, 0, head size] of each layer's keys and values."""
        layers = self._model.decoder.model.decoder.layers
        sizes = [(layer.self_attn.num_heads, 0, layer.self_attn.head_dim) for layer in layers for _ in range(2)]
        return [torch.zeros(pictures, *size, device=self.device) for size in sizes]

    @torch.inference_mode()
    def step(self, seen: Memory, tokens: np.ndarray, past: Memory) -> tuple[np.ndarray, Memory]:
        """As `Engine` has it."""
        position = torch.tensor(past[0].shape[2], device=self.device)
        logits, *now = self._step(torch.from_numpy(tokens).to(self.device), position, *seen, *past)
        return logits.float().cpu().numpy(), now

    @torch.inference_mode()
    def select(self, past: Memory, rows: np.ndarray) -> Memory:
        """As `Engine` has it."""
        at = torch.from_numpy(rows).to(self.device)
        return [memory[at] for memory in past]

    def keep(self, seen: Memory, pictures: np.ndarray) -> Memory:
        """As `Engine` has it."""
        return self.select(seen, pictures)
