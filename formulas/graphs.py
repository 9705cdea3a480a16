"""Reading formulas without PyTorch: the network of a model folder as two ONNX graphs, and what computes them.

    engine = OnnxEngine.load(Path("models/formulas"), Ends(start=0, end=2, longest=511))
    search(engine, pixels[None], beams=4)                 # search.py

| file | holds |
|---|---|
| `encoder.onnx` | "pixels" float32 [1, C, H, W] -> what is seen: keys and values of each layer |
| `decoder.onnx` | "tokens" int64 [1, K], "position", what is seen and what was read -> "logits", what was read by now |
| `graphs.json` | which graphs and which weights belong together |

No weight is stored twice: the graphs say at which byte of `model.safetensors` each one begins (encoders/graphs.py).
Pictures are computed one by one, so that a reading depends on nothing but its picture.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.graphs import GRAPHS, WEIGHTS, fingerprint, has_graphs
from encoders.towers import one_line, read_json
from formulas.search import Ends
from output.files import file_hash
from utils import UserError, printable

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["DECODER", "ENCODER", "GRAPHS", "OnnxEngine", "has_graphs", "memory_names", "write_down"]

FORMAT = 1
KIND = "formulas"
ENCODER, DECODER = "encoder.onnx", "decoder.onnx"


@dataclass(frozen=True)
class Sizes:
    """Of the decoder's memory, as graphs.json says them."""

    layers: int
    heads: int
    head_size: int


def memory_names(layers: int) -> list[str]:
    """What keys and values are called, in the order in which graphs take and give them."""
    return [f"{what}.{layer}" for layer in range(layers) for what in ("keys", "values")]


def write_down(folder: Path, sizes: Sizes, made_with: dict[str, str]) -> str:
    """The text of `graphs.json` for the graphs and weights that lie in `folder`."""
    values = {
        "format": FORMAT,
        "of": KIND,
        "weights": fingerprint(folder / WEIGHTS),
        "files": {name: file_hash(folder / name) for name in (ENCODER, DECODER)},
        "layers": sizes.layers,
        "heads": sizes.heads,
        "head_size": sizes.head_size,
        "made_with": made_with,
    }
    return json.dumps(values, indent=1) + "\n"


def read_sizes(folder: Path) -> Sizes:
    """What the graphs of a folder are; UserError: missing, damaged, or of other weights."""
    shown = printable(str(folder))
    again = "copy or pull the folder again, or take --engine torch"
    values = read_json(folder / GRAPHS)
    if values.get("format") != FORMAT or values.get("of") != KIND:
        raise UserError(f"{shown}: {GRAPHS} is not one that this version reads: {again}")
    try:
        sizes = Sizes(values["layers"], values["heads"], values["head_size"])
        files, weights = dict(values["files"]), values["weights"]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{shown}: {GRAPHS} does not hold what it must; {again}") from error
    for name in (ENCODER, DECODER):
        try:
            found = file_hash(folder / name)
        except OSError as error:
            raise UserError(f"{shown}: {name} cannot be read ({one_line(error)}); {again}") from error
        if found != files.get(name):
            raise UserError(f"{shown}: {name} is damaged, or not the one that {GRAPHS} names; {again}")
    if fingerprint(folder / WEIGHTS) != weights:
        raise UserError(f"{shown}: its graphs belong to other weights than its {WEIGHTS}; {again}")
    return sizes


class OnnxEngine:
    """The two graphs of a model folder, an `Engine` of search.py. Made by `load`."""

    name, device, alone = "onnx", "cpu", True

    def __init__(
        self, sessions: Sequence[onnxruntime.InferenceSession], sizes: Sizes, ends: Ends, folder: Path
    ) -> None:
        self._encoder, self._decoder = sessions
        self._sizes, self._folder = sizes, folder
        self.ends = ends
        names = memory_names(sizes.layers)
        self._seen = [f"seen.{name}" for name in names]
        self._past = [f"past.{name}" for name in names]

    @classmethod
    def load(cls, folder: Path, ends: Ends, threads: int = 1) -> OnnxEngine:
        """The engine of a model folder. threads: within one picture; any gives the same. UserError: no sound graphs."""
        from encoders.onnx_engine import LOADING, open_session

        sizes = read_sizes(folder)
        try:
            sessions = [open_session(folder / name, threads) for name in (ENCODER, DECODER)]
        except LOADING as error:
            raise UserError(
                f"{printable(str(folder))}: ONNX Runtime cannot load its graphs ({one_line(error)}): copy or pull the "
                "folder again, or take --engine torch"
            ) from error
        return cls(sessions, sizes, ends, folder)

    def see(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """As `Engine` has it, of one picture."""
        seen = self._run(self._encoder, {"pixels": np.ascontiguousarray(pixels)})
        return dict(zip(self._seen, seen, strict=True))

    def begin(self, pictures: int) -> list[np.ndarray]:
        """As `Engine` has it: memory [pictures, heads, 0, head size] of each layer's keys and values."""
        return [np.zeros((pictures, self._sizes.heads, 0, self._sizes.head_size), np.float32) for _ in self._past]

    def step(
        self, seen: dict[str, np.ndarray], tokens: np.ndarray, past: list[np.ndarray]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """As `Engine` has it."""
        position = np.array(past[0].shape[2], np.int64)
        memories = dict(zip(self._past, past, strict=True))
        logits, *now = self._run(self._decoder, {"tokens": tokens, "position": position, **seen, **memories})
        return logits, now

    def select(self, past: list[np.ndarray], rows: np.ndarray) -> list[np.ndarray]:
        """As `Engine` has it."""
        if np.array_equal(rows, np.arange(len(past[0]))):
            return past
        return [memory[rows] for memory in past]

    def keep(self, seen: dict[str, np.ndarray], pictures: np.ndarray) -> dict[str, np.ndarray]:
        """As `Engine` has it."""
        return {name: memory[pictures] for name, memory in seen.items()}

    def _run(self, session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray]) -> list[Any]:
        from encoders.onnx_engine import RUNNING

        try:
            return session.run(None, inputs)
        except RUNNING as error:
            raise UserError(
                f"{printable(str(self._folder))}: ONNX Runtime gives up ({one_line(error)}): where memory is short, "
                "give fewer --workers, else take --engine torch"
            ) from error
