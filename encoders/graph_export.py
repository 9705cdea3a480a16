"""Writes the graphs of a model folder (graphs.py says what they are); they count once they were run against the model.

    reason = write_graphs(folder, model, tokenizer, transform, prompts)     # "" where it has graphs now

torch.onnx turns each tower into an ONNX graph; what stands between weights and layers is folded, so that ONNX Runtime
fuses convolutions with what follows them; each weight becomes a place in `model.safetensors`. Folds of a training and
averaged models have one architecture: its graphs are made once in a process, after that they only point elsewhere.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from encoders.features import image_features, longest_prompt, pads_fully, text_features, tokens_of
from encoders.graph_trial import GraphError, try_image, try_text, try_tokenizer
from encoders.graphs import GRAPHS, IMAGE, TEXT, WEIGHTS, Graphs, TextInput, tensors_in, write_down
from encoders.heads import head_of
from encoders.towers import one_line
from output.files import write_whole
from settings.command import install_command
from utils import versions_of

if TYPE_CHECKING:
    import onnx
    import onnx_ir
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from reading.transform import PageTransform

MADE_WITH = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")
CHECKS = "TRANSFORMERS_DISABLE_TORCH_CHECK"  # of sizes that are always right here (SigLIP 2); ONNX has no such operator
NAMES_OF_OUTPUTS = ("id2label", "label2id", "label_names", "num_labels", "num_classes")
FOLDED = 8192  # numbers in a constant that may be computed beforehand


_made: dict[str, bytes] = {}  # architecture of a tower -> its graph, without places of weights


def write_graphs(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase | None,
    transform: PageTransform,
    prompts: Sequence[str],
) -> str:
    """Write the graphs of the weights and tokenizer that lie in `folder`; "", or in a line why it has none.

    model: those weights in float32, on any device, and left as it is; tokenizer: None for a model with a plain head;
    prompts: whole ones, of which some are tried.
    `graphs.json` comes last, so a kill leaves a folder without graphs; so does whatever goes wrong with this model.
    """
    for name in (GRAPHS, IMAGE, TEXT):
        (folder / name).unlink(missing_ok=True)
    try:
        graphs = _write(folder, model, tokenizer, transform, prompts)
    except GraphError as error:
        for name in (IMAGE, TEXT):
            (folder / name).unlink(missing_ok=True)
        return str(error)
    write_whole(folder / GRAPHS, write_down(folder, graphs))
    return ""


def _write(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase | None,
    transform: PageTransform,
    prompts: Sequence[str],
) -> Graphs:
    """Write and try the graph files."""
    if missing := [package for package in MADE_WITH if find_spec(package) is None]:
        raise GraphError(f"{missing[0]} is not installed: {install_command('requirements.txt')}")
    if not (folder / WEIGHTS).is_file():
        raise GraphError(f"its weights are not in one {WEIGHTS}")
    model = evaluating(model)
    if tokenizer is None:
        place_graphs(folder, model, {IMAGE: _image_graph(model, transform.size)})
        return Graphs(try_image(folder, model, transform), None, versions_of(MADE_WITH))
    tokens = tokens_of(model, tokenizer, _two(prompts))
    text = TextInput(
        tuple(tokens),
        longest_prompt(model, tokenizer),
        int(tokenizer.pad_token_id),
        tokenizer.padding_side,
        pads_fully(model),
    )
    try_tokenizer(folder, model, tokenizer, text, prompts)
    image, words = _image_graph(model, transform.size), _text_graph(model, tokens, text)
    place_graphs(folder, model, {IMAGE: image, TEXT: words})
    dimensions = try_image(folder, model, transform)
    try_text(folder, model, tokenizer, text, prompts)
    return Graphs(dimensions, text, versions_of(MADE_WITH))


def evaluating(model: PreTrainedModel) -> PreTrainedModel:
    """A copy on the CPU that evaluates; it shares the tensors that lie there already, so it takes no memory."""
    tensors = [*model.parameters(), *model.buffers()]
    shared = {id(tensor): tensor for tensor in tensors if tensor.device.type == "cpu"}
    twin = copy.deepcopy(model, shared).cpu().eval()
    # Plain attention becomes operators that every ONNX Runtime has, and is as fast there (ViT-B/32: 97 ms a page, 98
    # with PyTorch's fused one, 100 with the Attention of opset 23).
    twin.set_attn_implementation("eager")
    return twin


def _two(prompts: Sequence[str]) -> list[str]:
    """Two prompts as an example: batch and length must not be taken for constants of the architecture."""
    first = sorted(prompts, key=len)[:1]
    return [*first, *first]


# ---- an architecture's graphs --------------------------------------------------------------------------------------


class _ImageTower(torch.nn.Module):
    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return image_features(self.model, pixels)


class _TextTower(torch.nn.Module):
    def __init__(self, model: PreTrainedModel, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return text_features(self.model, dict(zip(self.names, inputs, strict=True)))


def _image_graph(model: PreTrainedModel, size: tuple[int, int]) -> bytes:
    """The graph of this image tower, from an earlier call where there was one. GraphError: it cannot be exported."""
    key = _architecture(model, "text", size)
    if key not in _made:
        free = ({0: torch.export.Dim("batch", min=1, max=1 << 16)},)
        _made[key] = exported(_ImageTower(model), ("pixels",), (torch.zeros(2, 3, *size),), free)
    return _made[key]


def _text_graph(model: PreTrainedModel, tokens: dict[str, torch.Tensor], text: TextInput) -> bytes:
    """The same of the text tower."""
    key = _architecture(model, "vision", text.inputs, text.longest)
    if key not in _made:
        dimensions = {0: torch.export.Dim("batch", min=1, max=1 << 16)}
        if not text.padded:
            dimensions[1] = torch.export.Dim("length", min=1, max=text.longest)
        free = (tuple(dimensions for _ in tokens),)
        _made[key] = exported(_TextTower(model, text.inputs), text.inputs, tuple(tokens.values()), free)
    return _made[key]


def _architecture(model: PreTrainedModel, other: str, *how: Any) -> str:
    """What decides a tower's graph: all of the model but its weights, its words, and its other tower ("text",
    "vision") or its plain head with the names of its categories.
    """
    others = (other, *(NAMES_OF_OUTPUTS if (head := head_of(model)) else ()))
    config = {name: value for name, value in model.config.to_dict().items() if not name.startswith(others)}
    for part in (config, *(value for value in config.values() if isinstance(value, dict))):
        for name in ("dtype", "architectures", "transformers_version", "_name_or_path"):  # how it was saved
            part.pop(name, None)
    words = config.get("text_config", {}).pop("vocab_size", 0)
    shapes = [
        (name, str(tensor.dtype), ["words" if side == words else side for side in tensor.shape])
        for name, tensor in model.state_dict().items()
        if not name.startswith((other, f"{head}.") if head else other)
    ]
    return json.dumps([type(model).__name__, other, config, shapes, how], default=str)


def exported(
    tower: torch.nn.Module,
    inputs: Sequence[str],
    example: tuple[torch.Tensor, ...],
    free: tuple[Any, ...],
    outputs: Sequence[str] = ("embeddings",),
) -> bytes:
    """The graph of a tower (its weights are those of `.model`), without places of weights.

    free: which dimensions of its inputs may have any size. GraphError: PyTorch cannot export it.
    """
    from onnxscript.optimizer import fold_constants, remove_unused_nodes
    from torch.onnx.errors import OnnxExporterError

    weights = set(_names(tower.model))

    def may_fold(node: onnx_ir.Node) -> bool | None:
        # What is computed from a weight would be a copy of it in the graph; ONNX Runtime does that as it loads.
        return False if any(value is not None and value.name in weights for value in node.inputs) else None

    try:
        with _silence(), torch.no_grad():
            program = torch.onnx.export(
                tower.eval(),
                example,
                dynamo=True,
                optimize=False,  # that would rename and merge weights
                dynamic_shapes=free,
                input_names=list(inputs),
                output_names=list(outputs),
                verbose=False,
            )
            fold_constants(program.model, input_size_limit=FOLDED, output_size_limit=FOLDED, should_fold=may_fold)
            remove_unused_nodes(program.model)
    except (OnnxExporterError, RuntimeError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise GraphError(f"PyTorch cannot export it ({one_line(error.__cause__ or error)})") from error
    return _without_weights(program.model, tower.model)


def _names(model: PreTrainedModel) -> dict[str, tuple[str, ...]]:
    """A weight as the graphs call it -> its names in the model, more than one where towers share it."""
    stored = model.state_dict(keep_vars=True)
    alike: dict[int, list[str]] = {}
    for name, tensor in stored.items():
        alike.setdefault(id(tensor), []).append(name)
    return {f"model.{name}": (name, *alike[id(tensor)]) for name, tensor in stored.items()}


def _without_weights(graph: onnx_ir.Model, model: PreTrainedModel) -> bytes:
    """The graph without what it does not need to run: weights (their places come later), names of sources, shapes."""
    import onnx_ir as ir

    weights = _names(model)
    for name, value in graph.graph.initializers.items():
        if name in weights:
            value.const_value = ir.ExternalTensor(
                WEIGHTS, 0, 0, value.const_value.dtype, shape=value.const_value.shape, name=name
            )
    proto = ir.to_proto(graph)
    for field in (proto.metadata_props, proto.graph.metadata_props, proto.graph.value_info):
        del field[:]
    for number, part in enumerate([*proto.graph.node, *proto.graph.input, *proto.graph.output]):
        part.doc_string = ""
        del part.metadata_props[:]
        if hasattr(part, "op_type"):
            part.name = f"{part.op_type}_{number}"
    proto.doc_string = proto.graph.doc_string = ""
    return proto.SerializeToString(deterministic=True)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """The exporter talks on both streams, in its logs and in warnings, of what is no business of a user."""
    disabled, checks = logging.root.manager.disable, os.environ.get(CHECKS)
    logging.disable(logging.CRITICAL)
    os.environ[CHECKS] = "1"
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            with contextlib.redirect_stderr(io.StringIO()):
                yield
    finally:
        logging.disable(disabled)
        if checks is None:
            del os.environ[CHECKS]
        else:
            os.environ[CHECKS] = checks


# ---- where its weights lie -----------------------------------------------------------------------------------------

# In safetensors -> in ONNX and in PyTorch.
TYPES = {
    "F32": ("FLOAT", torch.float32),
    "F16": ("FLOAT16", torch.float16),
    "BF16": ("BFLOAT16", torch.bfloat16),
    "I64": ("INT64", torch.int64),
}
Stored = dict[str, tuple[str, tuple[int, ...], int, int]]  # as `tensors_in` gives it


def place_graphs(folder: Path, model: PreTrainedModel, graphs: Mapping[str, bytes]) -> None:
    """Write graphs (file name -> graph) beside the weights that lie in `folder`, which they point to."""
    stored = tensors_in(folder / WEIGHTS)
    renamed = _renamed(folder / WEIGHTS, stored, model.state_dict())
    names = {weight: [renamed.get(name, name) for name in called] for weight, called in _names(model).items()}
    for name, graph in graphs.items():
        write_whole(folder / name, _placed(graph, names, stored))


def _renamed(weights: Path, stored: Stored, tensors: Mapping[str, torch.Tensor]) -> dict[str, str]:
    """Names of weights -> those that the file has for them, where they differ: transformers keeps the names of its
    earlier versions in files, and only the numbers tell which is which.
    """
    lost = {name: tensor for name, tensor in tensors.items() if name not in stored}
    others = {name: place for name, place in stored.items() if name not in tensors and place[0] in TYPES}
    if not lost or not others:
        return {}
    by_content: dict[tuple[Any, ...], str] = {}
    with weights.open("rb") as file:
        for name, (kind, shape, offset, length) in others.items():
            file.seek(offset)
            by_content[kind, shape, hashlib.sha256(file.read(length)).digest()] = name
    found = {}
    for name, tensor in lost.items():
        for kind in {place[0] for place in others.values()}:
            numbers = tensor.detach().to(TYPES[kind][1]).reshape(-1).view(torch.uint8).numpy()
            content = (kind, tuple(tensor.shape), hashlib.sha256(numbers).digest())
            if content in by_content:
                found[name] = by_content[content]
    return found


def _placed(graph: bytes, names: Mapping[str, Sequence[str]], stored: Stored) -> bytes:
    """The graph with each weight's place in the file; halves are widened by a Cast, which is folded in loading."""
    import onnx

    proto = onnx.ModelProto.FromString(graph)
    casts: list[onnx.NodeProto] = []
    for tensor in proto.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        name = next((name for name in names[tensor.name] if name in stored), None)
        if name is None:
            raise GraphError(f"{WEIGHTS} has no tensor {names[tensor.name][0]}")
        kind, shape, offset, length = stored[name]
        if kind not in TYPES:
            raise GraphError(f"{WEIGHTS} has {name} as {kind}, which graphs cannot point to")
        tensor.dims[:] = shape  # a graph does not depend on how many words its tower knows
        there = onnx.TensorProto.DataType.Value(TYPES[kind][0])
        if there != tensor.data_type:
            narrow = f"{tensor.name}.{kind.lower()}"
            casts.append(onnx.helper.make_node("Cast", [narrow], [tensor.name], to=tensor.data_type))
            tensor.name, tensor.data_type = narrow, there
        del tensor.external_data[:]
        for entry, value in (("location", WEIGHTS), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=entry, value=str(value))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return proto.SerializeToString(deterministic=True)
