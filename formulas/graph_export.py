"""Writes the graphs of a model folder (graphs.py says what they are); they count once they were run against the model.

reason = write_graphs(Path("models/mine"))           # "" where it has graphs now

Called where a model is saved (training). What is written is reached at by encoders/graph_export.py: each weight becomes
a place in `model.safetensors`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from encoders.graph_export import MADE_WITH, exported, place_graphs
from encoders.graph_trial import GraphError
from formulas.decoder_step import Sight, Step
from formulas.graphs import DECODER, ENCODER, GRAPHS, OnnxEngine, Sizes, memory_names, write_down
from formulas.model_folder import load_network, read_parts
from formulas.search import Ends
from formulas.torch_engine import TorchEngine
from output.files import write_whole
from settings.command import install_command
from utils import UserError, versions_of

if TYPE_CHECKING:
    from transformers import VisionEncoderDecoderModel

    from formulas.pictures import Canvas

AGREES = 1e-3  # between both engines, in each logit
FREE = torch.export.Dim.AUTO  # a size that may be any, where the network allows it


def write_graphs(folder: Path) -> str:
    """Write the graphs of the model that lies in `folder`; "", or in a line why it has none.

    `graphs.json` comes last, so a kill leaves a folder without graphs; so does whatever goes wrong with this model.
    """
    for name in (GRAPHS, ENCODER, DECODER):
        (folder / name).unlink(missing_ok=True)
    if missing := [package for package in MADE_WITH if find_spec(package) is None]:
        return f"{missing[0]} is not installed: {install_command('requirements.txt')}"
    model, canvas = load_network(folder)[0], read_parts(folder).canvas
    attention = model.decoder.model.decoder.layers[0].self_attn
    sizes = Sizes(len(model.decoder.model.decoder.layers), attention.num_heads, attention.head_dim)
    try:
        with _plain_attention():
            graphs = {ENCODER: _encoder(model, canvas, sizes), DECODER: _decoder(model, sizes)}
        place_graphs(folder, model, graphs)
        write_whole(folder / GRAPHS, write_down(folder, sizes, versions_of(MADE_WITH)))
        _try(folder, model, canvas)
    except (GraphError, UserError) as error:
        for name in (GRAPHS, ENCODER, DECODER):
            (folder / name).unlink(missing_ok=True)
        return str(error)
    return ""


def _encoder(model: VisionEncoderDecoderModel, canvas: Canvas, sizes: Sizes) -> bytes:
    pixels = torch.zeros(1, canvas.channels, canvas.height, canvas.width)
    free = {2: FREE, 3: FREE} if canvas.mode == "wide" and canvas.step else {}
    outputs = [f"seen.{name}" for name in memory_names(sizes.layers)]
    return exported(Sight(model), ("pixels",), (pixels,), (free,), outputs)


def _decoder(model: VisionEncoderDecoderModel, sizes: Sizes) -> bytes:
    names = memory_names(sizes.layers)
    # Sizes of an example that differ from each other, so that none is taken for another.
    seen = [torch.zeros(1, sizes.heads, 77, sizes.head_size) for _ in names]
    past = [torch.zeros(2, sizes.heads, 3, sizes.head_size) for _ in names]
    example = (torch.zeros(1, 2, dtype=torch.int64), torch.tensor(3), *seen, *past)
    free = ({1: FREE}, {}, tuple([{2: FREE} for _ in seen] + [{0: FREE, 2: FREE} for _ in past]))
    inputs = ["tokens", "position", *(f"{what}.{name}" for what in ("seen", "past") for name in names)]
    return exported(Step(model), inputs, example, free, ["logits", *(f"now.{name}" for name in names)])


def _try(folder: Path, model: VisionEncoderDecoderModel, canvas: Canvas) -> None:
    """Run both engines on the same pictures and tokens. GraphError: they differ."""
    ends = Ends(0, 0, 8)
    engines = OnnxEngine.load(folder, ends), TorchEngine(model, ends, "cpu")
    noise = np.random.default_rng(0)
    free = canvas.mode == "wide" and canvas.step
    for height, width in [(canvas.height, canvas.width), *([(4 * canvas.step, 6 * canvas.step)] if free else [])]:
        pixels = noise.random((1, canvas.channels, min(height, canvas.height), min(width, canvas.width)), np.float32)
        seen, past = [engine.see(pixels) for engine in engines], [engine.begin(1) for engine in engines]
        for ways in (1, 3, 3):  # one beginning becomes three
            tokens = noise.integers(0, model.decoder.config.vocab_size, (1, ways))
            rows = np.arange(ways) % len(past[0][0])
            past = [engine.select(memory, rows) for engine, memory in zip(engines, past, strict=True)]
            logits = []
            for at, engine in enumerate(engines):
                of_one, past[at] = engine.step(seen[at], tokens, past[at])
                logits.append(of_one)
            apart = float(np.abs(logits[0] - logits[1]).max())
            if not apart <= AGREES * max(1.0, float(np.abs(logits[1]).max())):
                raise GraphError(f"its graphs do not compute what it computes (logits differ by {apart:.1g})")


@contextlib.contextmanager
def _plain_attention() -> Iterator[None]:
    """Layers of PyTorch's own otherwise become one operator that ONNX has not."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
