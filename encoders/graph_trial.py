"""Does a graph compute what the model computes? Tried on pages, prompts and odd texts before a graph counts.

    try_image(folder, model, transform)          # GraphError, in one line, where it does not; else the dimensions

Both text towers get the tokens that transformers makes, and `tokenizers` alone must make the same ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from encoders.features import image_features, text_features, tokens_of
from encoders.graphs import IMAGE, TEXT, TextInput
from encoders.towers import one_line

if TYPE_CHECKING:
    import onnxruntime
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from reading.transform import PageTransform

AGREES = 1e-4  # between both engines, in each number of an embedding, as a share of its length
PROMPTS = 24  # of a model's own, run through both text towers; all are run through both tokenizers
# What a tokenizer may treat in a way of its own.
ODD_TEXTS = (
    "", " ", "a", "A Scan of a MAP", "naïve café, Žluťoučký kůň", "e\u0301te\u0301", "1234567890", "no. 12/1918 (p. 3)",
    "!?.,;:-_()[]{}'\"&%$#@*+=<>|\\/~^`", "don't  it's\tl'eau\nx", "中文字符", "日本語のページ", "Привет",
    "ﬁ ½ №", "🙂", "ß İ", "[CLS] <s> </s> <pad>",
)  # fmt: skip


class GraphError(Exception):
    """Why a model has no graphs, in one line; PyTorch serves it."""


def try_image(folder: Path, model: PreTrainedModel, transform: PageTransform) -> int:
    """Run pages through both image towers; the dimensions of an embedding. GraphError: they differ."""
    height, width = transform.size
    pages = np.random.default_rng(0).integers(0, 256, (3, 3, height, width), dtype=np.uint8)
    pages[1] = 255  # an empty page
    pages[2, :, : height // 2] = np.linspace(0, 255, width).astype(np.uint8)
    mean, std = (np.array(of, np.float32)[:, None, None] for of in (transform.mean, transform.std))
    pixels = (pages.astype(np.float32) / np.float32(255) - mean) / std
    with torch.no_grad():
        expected = np.concatenate([image_features(model, torch.from_numpy(page[None])).numpy() for page in pixels])
    session = _session(folder / IMAGE)
    found = np.concatenate([_run(session, {"pixels": part}) for part in (pixels[:1], pixels[1:])])
    _must_agree(found, expected, "pages")
    return expected.shape[1]


def try_text(
    folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: TextInput, prompts: Sequence[str]
) -> None:
    """Run prompts through both text towers, singly, together, and one as long as fits. GraphError: they differ."""
    some = sorted(prompts, key=len)[:: max(1, len(prompts) // PROMPTS)]
    session = _session(folder / TEXT)
    batches = [tokens_of(model, tokenizer, texts) for texts in (some[:1], some)]
    longest = {name: ids[:1].repeat(1, text.longest)[:, : text.longest] for name, ids in batches[0].items()}
    for tokens in (*batches, longest):
        try:
            with torch.no_grad():
                expected = text_features(model, tokens).numpy()
        except (RuntimeError, IndexError) as error:
            raise GraphError(f"its text tower does not take {text.longest} tokens ({one_line(error)})") from error
        _must_agree(_run(session, {name: ids.numpy() for name, ids in tokens.items()}), expected, "prompts")


def try_tokenizer(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    text: TextInput,
    prompts: Sequence[str],
) -> None:
    """GraphError where the `tokenizers` package reads texts from `tokenizer.json` otherwise than transformers does."""
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise GraphError("its tokenizer has no tokenizer.json")
    alone = Tokenizer.from_str(file.read_text(encoding="utf-8"))
    alone.no_padding()
    alone.no_truncation()
    for prompt in (*prompts, *ODD_TEXTS):
        ids = tokenizer(prompt, verbose=False)["input_ids"]
        if alone.encode(prompt).ids != ids:
            raise GraphError(f"its tokenizer.json alone reads {prompt[:60]!r} otherwise than transformers does")
    shortest, longest = min(prompts, key=len), max(prompts, key=len)
    rows = [alone.encode(prompt).ids for prompt in (shortest, longest)]
    width = text.longest if text.padded else max(map(len, rows))
    wanted = {name: np.zeros((2, width), np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
    wanted["input_ids"][:] = text.pad_id
    for number, ids in enumerate(rows):
        part = slice(width - len(ids), width) if text.padding_side == "left" else slice(0, len(ids))
        wanted["input_ids"][number, part], wanted["attention_mask"][number, part] = ids, 1
    for name, tensor in tokens_of(model, tokenizer, [shortest, longest]).items():
        if name not in wanted or not np.array_equal(tensor.numpy(), wanted[name]):
            raise GraphError(f"its tokenizer makes {name} in a way of its own")


def _session(graph: Path) -> onnxruntime.InferenceSession:
    from encoders.onnx_engine import open_session

    with _complaints():
        return open_session(graph, torch.get_num_threads())


def _run(session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray]) -> np.ndarray:
    with _complaints():
        return session.run(["embeddings"], inputs)[0]


@contextlib.contextmanager
def _complaints() -> Iterator[None]:
    """Whatever ONNX Runtime raises (each class stands alone, under Exception) is a GraphError."""
    from encoders.onnx_engine import LOADING, RUNNING

    try:
        yield
    except (*LOADING, *RUNNING, ValueError) as error:
        raise GraphError(f"ONNX Runtime does not take its graphs ({one_line(error)})") from error


def _must_agree(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    same = found.shape == expected.shape
    long = np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1)  # [N, 1]; what goes into a head is longer
    apart = float((np.abs(found - expected) / long).max()) if same else float("inf")
    if not apart <= AGREES:  # NaN too
        raise GraphError(f"its graphs give other embeddings of {what} (by {apart:.1e})")
