"""The light engine: ONNX Runtime on the CPU, from the graphs of a model folder. No PyTorch, no transformers.

    engine = OnnxEngine.load(Path("models/mine"), transform, threads=1)
    embedding = engine.embed_page(pixels)              # uint8 [3, H, W] -> unit float32 [D], from any number of threads

Pages are computed one by one, each on the thread that asks for it: all cores are busy without waiting for each other,
and a page's embedding depends on nothing but the page.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime
from tokenizers import Tokenizer

from encoders.graphs import GRAPHS, IMAGE, INPUTS, TEXT, TOKENIZER, WEIGHTS, Graphs, read_graphs, tensors_in
from encoders.heads import head_rows, no_words
from utils import UserError, cores, printable

if TYPE_CHECKING:
    from reading.transform import PageTransform

PROVIDERS = ["CPUExecutionProvider"]
TEXT_BATCH = 64  # prompts embedded at once: 77 positions of a large text tower then take some 100 MB
# What ONNX Runtime raises: each class stands alone, under Exception.
LOADING = (runtime.Fail, runtime.InvalidGraph, runtime.InvalidProtobuf, runtime.NoSuchFile, runtime.InvalidArgument,
           runtime.NotImplemented, runtime.RuntimeException)  # fmt: skip
RUNNING = (runtime.Fail, runtime.InvalidArgument, runtime.RuntimeException, runtime.EPFail, RuntimeError)


def open_session(graph: Path, threads: int) -> onnxruntime.InferenceSession:
    """A graph that runs on the CPU, one page on so many threads. Raises what is in `LOADING`."""
    onnxruntime.set_default_logger_severity(4)  # what goes wrong is raised; nothing speaks to the terminal
    onnxruntime.disable_telemetry_events()  # those of Windows' own log; all else, see __init__.py
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Threads that wait by spinning would take the cores from those that decode.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    weights = graph.with_name(WEIGHTS).resolve()
    if weights.parent == graph.parent.resolve() and printable(str(graph)) == str(graph):
        return onnxruntime.InferenceSession(str(graph), options, providers=PROVIDERS)
    # ONNX Runtime follows no link out of the folder (git-annex and the hub's cache make such) and opens no path that is
    # not UTF-8; but it takes all from memory, of which it wants twice as much while it loads.
    if not weights.is_file():
        return onnxruntime.InferenceSession(graph.read_bytes(), options, providers=PROVIDERS)
    with weights.open("rb") as stored, mmap.mmap(stored.fileno(), 0, access=mmap.ACCESS_READ) as content:
        options.add_external_initializers_from_files_in_memory([WEIGHTS], [content], [len(content)])
        return onnxruntime.InferenceSession(graph.read_bytes(), options, providers=PROVIDERS)


class OnnxEngine:
    """The graphs of a model folder: both towers, or one beside a plain head. Made by `load`."""

    name, device, precision, alone = "onnx", "cpu", "fp32", True

    def __init__(self, folder: Path, graphs: Graphs, transform: PageTransform, threads: int, head: str = "") -> None:
        self._folder, self._graphs, self._threads, self.head = folder, graphs, threads or cores(), head
        self.dimensions = graphs.dimensions
        self._mean = np.array(transform.mean, np.float32)[:, None, None]
        self._std = np.array(transform.std, np.float32)[:, None, None]
        self._sessions = {graph: self._open(graph) for graph in ((IMAGE,) if head else (IMAGE, TEXT))}
        self._check(transform.size)

    @classmethod
    def load(cls, folder: Path, transform: PageTransform, threads: int = 0, head: str = "") -> OnnxEngine:
        """The engine of a model folder. threads: within one page, 0 = one a core; head: the name of its plain head.

        UserError: no sound graphs there.
        """
        return cls(folder, read_graphs(folder), transform, threads, head)

    def embed_page(self, pixels: np.ndarray) -> np.ndarray:
        """The embedding float32 [D] of a page uint8 [3, H, W]; UserError where there is not enough memory."""
        inputs = (pixels.astype(np.float32) / np.float32(255) - self._mean) / self._std
        return self._run(IMAGE, {"pixels": inputs[None]})[0]

    def embed_pages(self, pixels: np.ndarray) -> np.ndarray:
        """Embeddings float32 [B, D] of pages uint8 [B, 3, H, W]; several at once where one takes one thread."""
        several = cores() // self._threads
        parts = list(self._pool.map(self.embed_page, pixels)) if several > 1 else [self.embed_page(p) for p in pixels]
        return np.stack(parts) if parts else np.zeros((0, self.dimensions), np.float32)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit embeddings float32 [N, D] of whole prompts; UserError where one is too long, none is ever cut."""
        if self.head:
            raise no_words(str(self._folder))
        parts = [
            self._run(TEXT, self._tokens(texts[first : first + TEXT_BATCH]))
            for first in range(0, len(texts), TEXT_BATCH)
        ]
        return np.concatenate(parts)

    def head_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights float32 [C, D] and bias [C] of the head; UserError where they do not fit the graph."""
        rows, bias = head_rows(self._folder, self.head)
        if rows.ndim != 2 or rows.shape[1] != self.dimensions:
            raise UserError(
                f"{printable(str(self._folder))}: {GRAPHS} says {self.dimensions} dimensions, its head has other ones: "
                f"{self._anew}"
            )
        return rows, bias

    def vocabulary(self) -> int:
        """How many pieces of words the tokenizer has."""
        return self._tokenizer.get_vocab_size()

    def pieces(self, word: str) -> list[str]:
        """The pieces of a word; [] where the tokenizer has none for a part of it."""
        pieces = self._tokenizer.encode(word, add_special_tokens=False).tokens
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        return [] if unknown in pieces else pieces

    def _tokens(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Token ids, and mask where the graph wants one, int64 [N, L]."""
        text = self._graphs.text
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        for prompt, ids in zip(texts, encoded, strict=True):
            if len(ids) > text.longest:
                raise UserError(
                    f"a description is too long, {len(ids)} tokens where {text.longest} fit: {prompt[:160]!r}"
                )
        length = text.longest if text.padded else max(map(len, encoded))
        ids = np.full((len(encoded), length), text.pad_id, np.int64)
        mask = np.zeros_like(ids)
        for row, of_one in enumerate(encoded):
            part = slice(length - len(of_one), length) if text.padding_side == "left" else slice(0, len(of_one))
            ids[row, part], mask[row, part] = of_one, 1
        every = dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))
        return {name: every[name] for name in text.inputs}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        file = self._folder / TOKENIZER
        try:
            tokenizer = Tokenizer.from_str(file.read_text(encoding="utf-8"))
        except Exception as error:  # a bare one is what `tokenizers` raises for whatever it refuses
            raise UserError(
                f"{printable(str(file))}: cannot be read ({str(error)[:200]}): copy or pull the folder again"
            ) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(cores(), thread_name_prefix="embed")

    def _open(self, graph: str) -> onnxruntime.InferenceSession:
        file = self._folder / graph
        try:
            return open_session(file, self._threads if graph == IMAGE else cores())
        except LOADING as error:
            raise UserError(
                f"{printable(str(file))}: ONNX Runtime cannot load it ({_one_line(error)}): {self._anew}"
            ) from error

    def _check(self, size: tuple[int, int]) -> None:
        """UserError where the graphs take or give something else than `graphs.json` and the transform's size say."""
        image, text = self._sessions[IMAGE], self._graphs.text
        dimensions = [session.get_outputs()[0].shape[-1] for session in self._sessions.values()]
        names = [[value.name for value in session.get_inputs()] for session in self._sessions.values()]
        wanted = [["pixels"], *([list(text.inputs)] if text else [])]
        if (text is None) != bool(self.head) or names != wanted or dimensions != [self.dimensions] * len(wanted):
            raise UserError(
                f"{printable(str(self._folder))}: {GRAPHS} does not say what its graphs take and give: {self._anew}"
            )
        height, width = image.get_inputs()[0].shape[-2:]
        if (height, width) != size:
            raise UserError(
                f"{printable(str(self._folder))}: the transform gives {size[0]} x {size[1]} pixels, the image tower "
                f"takes {height} x {width}: they do not belong together"
            )

    @property
    def _anew(self) -> str:
        folder = printable(str(self._folder))
        return f"make the graphs anew with python run.py --convert {folder}, or take --engine torch"

    def _run(self, graph: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        try:
            return self._sessions[graph].run(["embeddings"], inputs)[0]
        except RUNNING as error:
            raise UserError(
                f"{printable(str(self._folder / graph))}: ONNX Runtime gives up ({_one_line(error)}): where memory is "
                "short, give fewer --workers, else take --engine torch"
            ) from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def log_scale(folder: Path) -> float:
    """The learned logarithm of the logit scale, of an untuned base with graphs; nothing else of its weights is read."""
    kind, _, first, length = tensors_in(folder / WEIGHTS)["logit_scale"]
    with (folder / WEIGHTS).open("rb") as file:
        file.seek(first)
        return float(np.frombuffer(file.read(length), {"F32": np.float32, "F16": np.float16}[kind])[0])
