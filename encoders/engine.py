"""What computes a model: which engine, on which device, in which precision. Nothing here loads one.

    computing = choose_engine(Path("models/mine"), engine="auto", device="auto", precision="fp32")   # .engine "onnx"

Two engines read a model: "torch" (PyTorch; it alone trains) and "onnx" (ONNX Runtime, on the CPU, from the graphs that
lie in a model folder beside its weights): a fifteenth of the disk, starts in a second, and a page's embedding is the
same bit by bit, whatever pages are computed beside it and by however many threads. Scores agree to some 1e-6.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from encoders.earlier import is_checkpoint
from encoders.graphs import has_graphs
from encoders.heads import is_head, load_head
from encoders.towers import check_size, check_tokenizer, load_dual_encoder, load_tokenizer
from settings.command import install_command
from utils import UserError, printable

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from encoders.onnx_engine import OnnxEngine
    from encoders.torch_engine import TorchEngine
    from reading.transform import PageTransform

ENGINES = ("auto", "torch", "onnx")


class Engine(Protocol):
    """Two towers, or one and a plain head, computed somewhere. name: "torch" or "onnx".

    head: the name of the linear head (heads.py), "" = a dual encoder, which has a text tower instead. alone: pages are
    embedded one by one, on as many threads as call (`embed_page`); else in batches, by one caller.
    """

    name: str
    device: str
    precision: str
    alone: bool
    head: str

    def embed_pages(self, pixels: np.ndarray) -> np.ndarray:
        """Embeddings float32 [B, D] of pages as the transform gives them, uint8 [B, 3, H, W].

        Of a dual encoder they have unit length; else they are what goes into the head.
        """

    def head_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights float32 [C, D] and bias [C] of the head."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit embeddings float32 [N, D] of whole prompts; UserError where one is too long, none is ever cut."""

    def vocabulary(self) -> int:
        """How many pieces of words the text tower knows."""

    def pieces(self, word: str) -> list[str]:
        """The pieces of a word as the text tower reads them; [] where it has none for a part of it."""


@dataclass(frozen=True)
class Computing:
    """How a model is computed. threads: of the "onnx" engine within one page, 0 = one a core; any gives the same."""

    engine: str = "torch"
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 0


ON_CPU = Computing()


def choose_engine(
    source: Path | str, *, engine: str, device: str, precision: str, tokenizer: bool = False
) -> Computing:
    """What computes the model at `source`. engine: of `ENGINES`; tokenizer: whether `--tokenizer` gives another one.

    "auto" takes the graphs on a CPU, PyTorch on a graphics card, in bf16, and where there are no graphs. Raises
    UserError, with what to do: what is asked for does not go together, or is not installed.
    """
    folder, installed = Path(source), find_spec("torch") is not None
    if engine == "onnx":
        for flag, value, fits in (("precision", precision, ("fp32",)), ("device", device, ("auto", "cpu"))):
            if value not in fits:
                raise UserError(
                    f"--engine onnx computes on the CPU in fp32, not with --{flag} {value}: leave one of the two out, "
                    "or take --engine torch"
                )
        if reason := _no_graphs(folder, tokenizer):
            raise UserError(f"--engine onnx: {reason}, or take --engine torch")
        return Computing("onnx", "cpu", "fp32")
    reason = _no_graphs(folder, tokenizer) if engine == "auto" and precision == "fp32" else "asked for"
    if engine == "auto" and device == "auto" and not (installed and graphics_card()):
        device = "cpu"
    if not reason and device == "cpu":
        return Computing("onnx", "cpu", "fp32")
    if not installed:
        raise UserError(_why_torch(engine, device, precision, reason))
    from encoders.devices import check_precision, resolve_device

    target = resolve_device(device)
    check_precision(precision, target)
    if not reason and target.type == "cpu":  # a card that this PyTorch cannot use
        return Computing("onnx", "cpu", "fp32")
    return Computing("torch", str(target), precision)


def open_engine(folder: Path, transform: PageTransform, computing: Computing, head: str) -> TorchEngine | OnnxEngine:
    """The engine of a complete model folder. head: the name of its plain head, "" = a dual encoder. UserError: parts
    that are broken, or do not fit each other.
    """
    if computing.engine == "onnx":
        from encoders.onnx_engine import OnnxEngine

        return OnnxEngine.load(folder, transform, computing.threads, head)
    if head:
        return torch_engine(load_head(folder, transform.size, head)[0], None, transform, computing, head)
    model = load_dual_encoder(folder)
    tokenizer = load_tokenizer(folder)
    check_tokenizer(tokenizer, model, folder)
    check_size(model, transform.size, folder)
    return torch_engine(model, tokenizer, transform, computing)


def torch_engine(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase | None,
    transform: PageTransform,
    computing: Computing,
    head: str = "",
) -> TorchEngine:
    """PyTorch for a model that is loaded, on its device and in its precision."""
    from encoders.torch_engine import TorchEngine

    return TorchEngine(model, tokenizer, transform, head).to(computing.device, computing.precision)


def graphics_card() -> bool:
    """Whether PyTorch may find a graphics card here, asked of the system: PyTorch itself takes a second to say so."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def _no_graphs(folder: Path, tokenizer: bool) -> str:
    """Why the "onnx" engine cannot compute this model; "" where it can."""
    shown = printable(str(folder))
    for package, name in (("onnxruntime", "ONNX Runtime"), ("tokenizers", "the package tokenizers")):
        if find_spec(package) is None:
            return f"{name} is not installed: {install_command('requirements-sort.txt')}"
    if is_checkpoint(folder):
        return f"{shown} is of the earlier tool: python run.py --convert {shown} --model_path NEW_FOLDER"
    if is_head(folder):
        return f"{shown} has no graphs: python run.py --convert {shown} --model_path NEW_FOLDER"
    if not folder.is_dir():
        return f"{shown} is no folder with graphs: get one with python run.py --hf --zero_shot -m {shown}"
    if not has_graphs(folder):
        return f"{shown} has no graphs: make them with python run.py --convert {shown}"
    return "it takes no other tokenizer: leave --tokenizer out" if tokenizer else ""


def _why_torch(engine: str, device: str, precision: str, reason: str) -> str:
    """The line for a command that needs PyTorch where it is not installed."""
    if engine == "torch":
        asked = "--engine torch"
    elif precision != "fp32":
        asked = f"--precision {precision}"
    elif device != "cpu":
        asked = f"--device {device}"
    else:
        return f"{reason}; PyTorch, which makes them, is not installed: {install_command('requirements.txt')}"
    return f"{asked} needs PyTorch, which is not installed: {install_command('requirements.txt')}"
