"""The graphs of a model folder: its two towers as ONNX files beside the weights, for an engine without PyTorch.

    graphs = read_graphs(Path("models/mine"))      # checked: whole, and of these weights
    graphs.text.longest                            # tokens; longer prompts do not fit

| file | holds |
|---|---|
| `image.onnx` | "pixels" float32 [batch, 3, H, W], normalised -> "embeddings" float32 [batch, D] of unit length |
| `text.onnx` | token ids (mask, types) int64 [batch, length] -> "embeddings" |
| `graphs.json` | which files and which weights belong together, and how texts are made into tokens |

A model with a plain head (heads.py) has no text graph, and its embeddings are what goes into the head, as they are.

No weight is stored twice: the graphs say at which byte of `model.safetensors` each one begins. So a graph with other
weights or another tokenizer beside it would compute nonsense without a word; `graphs.json`, which is written last,
tells. graph_export.py writes all three.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from encoders.towers import one_line, read_json
from output.files import file_hash
from utils import UserError, printable

FORMAT = 1
IMAGE, TEXT, GRAPHS, WEIGHTS = "image.onnx", "text.onnx", "graphs.json", "model.safetensors"
TOKENIZER = "tokenizer.json"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")  # what a text graph may ask for
ENDS = 4096  # bytes of a tensor's beginning and end that tell it from another: training moves every one of its numbers
LARGEST_HEADER = 100_000_000  # bytes; the limit of safetensors itself


@dataclass(frozen=True)
class TextInput:
    """How the text graph wants its prompts.

    inputs: names of its inputs, of "input_ids", "attention_mask", "token_type_ids"; longest: tokens that fit;
    padded: always to that length, else to the longest prompt beside it; padding_side: "left" or "right".
    """

    inputs: tuple[str, ...]
    longest: int
    pad_id: int
    padding_side: str
    padded: bool


@dataclass(frozen=True)
class Graphs:
    """What `graphs.json` says. dimensions: of an embedding; text: None for a model with a plain head; made_with:
    package -> version.
    """

    dimensions: int
    text: TextInput | None
    made_with: dict[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the graph files."""
        return (IMAGE,) if self.text is None else (IMAGE, TEXT)


def has_graphs(folder: Path) -> bool:
    """Whether a model folder has graphs; without `graphs.json`, .onnx files that lie there are none."""
    return (folder / GRAPHS).is_file()


def read_graphs(folder: Path) -> Graphs:
    """The graphs of a model folder, checked; UserError, with what to do: missing, damaged, or of other weights."""
    shown = printable(str(folder))
    again = f"make the graphs anew with python run.py --convert {shown}, or take --engine torch"
    values = read_json(folder / GRAPHS)
    if values.get("format") != FORMAT:
        raise UserError(
            f"{shown}: {GRAPHS} has format {values.get('format')!r}, this version reads {FORMAT}: update the project, "
            f"or {again}"
        )
    graphs = _parsed(values)
    if graphs is None:
        raise UserError(f"{shown}: {GRAPHS} does not hold what it must; {again}")
    for name in graphs.files:
        try:
            found = file_hash(folder / name)
        except FileNotFoundError as error:
            raise UserError(f"{shown}: {name} is missing; {again}") from error
        except OSError as error:
            raise UserError(f"{shown}: {name} cannot be read ({one_line(error)})") from error
        if found != values["files"][name]:
            raise UserError(f"{shown}: {name} is damaged, or not the one that {GRAPHS} names; {again}")
    if fingerprint(folder / WEIGHTS) != values["weights"]:
        raise UserError(f"{shown}: its graphs belong to other weights than its {WEIGHTS}; {again}")
    if graphs.text is not None and _text_hash(folder / TOKENIZER) != values["tokenizer"]:
        raise UserError(
            f"{shown}: {TOKENIZER} is not the one that its graphs were made with: copy or pull the folder again; if it "
            f"is the right one, {again}"
        )
    return graphs


def write_down(folder: Path, graphs: Graphs) -> str:
    """The text of `graphs.json` for the graph files and weights that lie in `folder`."""
    text = graphs.text
    values: dict[str, Any] = {
        "format": FORMAT,
        "weights": fingerprint(folder / WEIGHTS),
        "files": {name: file_hash(folder / name) for name in graphs.files},
    }
    if text is not None:
        values["tokenizer"] = _text_hash(folder / TOKENIZER)
    values["dimensions"] = graphs.dimensions
    if text is not None:
        values["text"] = {
            "inputs": list(text.inputs),
            "longest": text.longest,
            "pad_id": text.pad_id,
            "padding_side": text.padding_side,
            "padded": text.padded,
        }
    return json.dumps(values | {"made_with": graphs.made_with}, indent=1) + "\n"


def fingerprint(weights: Path) -> str:
    """What tells a safetensors file from others, without reading all of it: SHA-256 of its header, and of the first and
    last 4 KiB of every tensor. UserError where it is missing or broken.
    """
    try:
        with weights.open("rb") as file:
            header, start = _header(file)
            digest = hashlib.sha256(header)
            for first, last in sorted(entry["data_offsets"] for entry in _tensors(header).values()):
                for begin, end in ((first, min(first + ENDS, last)), (max(last - ENDS, first), last)):
                    file.seek(start + begin)
                    digest.update(block := file.read(end - begin))
                    if len(block) < end - begin:
                        raise ValueError("it ends too early")
            return digest.hexdigest()
    except FileNotFoundError as error:
        raise UserError(
            f"{printable(str(weights.parent))}: {weights.name} is missing, and the graphs have no weights without it; "
            "copy or pull the folder again"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{printable(str(weights))}: cannot be read ({one_line(error)})") from error


def _text_hash(file: Path) -> str:
    """SHA-256 of a text file, whatever line ends a checkout gave it; UserError where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    except OSError as error:
        raise UserError(f"{printable(str(file))}: cannot be read ({one_line(error)})") from error


def tensors_in(weights: Path) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
    """The tensors of a safetensors file: name -> (type as it is written there, shape, first byte in the file, bytes).

    Raises OSError and ValueError where it is none.
    """
    with weights.open("rb") as file:
        header, start = _header(file)
    return {
        name: (entry["dtype"], tuple(entry["shape"]), start + first, last - first)
        for name, entry in _tensors(header).items()
        for first, last in [entry["data_offsets"]]
    }


def _header(file: Any) -> tuple[bytes, int]:
    """The header of a safetensors file, and where the tensors begin behind it."""
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= LARGEST_HEADER:
        raise ValueError("no safetensors file")
    header = file.read(length)
    if len(header) < length:
        raise ValueError("it ends too early")
    return header, 8 + length


def _tensors(header: bytes) -> dict[str, Any]:
    return {name: entry for name, entry in json.loads(header).items() if name != "__metadata__"}


def _parsed(values: dict[str, Any]) -> Graphs | None:
    """What the values of a `graphs.json` say; None where one is missing or of a wrong kind."""
    try:
        files = values["files"]
        always = (values["weights"], str), (values["dimensions"], int), (values["made_with"], dict), (files[IMAGE], str)
        if not all(type(value) is kind for value, kind in always) or values["dimensions"] < 1:
            return None
        if "text" not in values and TEXT not in files:
            return Graphs(values["dimensions"], None, values["made_with"])
        text = values["text"]
        kinds = (
            (text["inputs"], list), (text["longest"], int), (text["pad_id"], int), (text["padding_side"], str),
            (text["padded"], bool), (files[TEXT], str), (values["tokenizer"], str),
        )  # fmt: skip
        if not all(type(value) is kind for value, kind in kinds) or text["padding_side"] not in ("left", "right"):
            return None
        if text["longest"] < 1 or text["pad_id"] < 0 or not {*text["inputs"]} <= {*INPUTS}:
            return None
        inputs = tuple(text["inputs"])
        how = TextInput(inputs, text["longest"], text["pad_id"], text["padding_side"], text["padded"])
        return Graphs(values["dimensions"], how, values["made_with"])
    except (KeyError, TypeError):
        return None
