"""Writes `encoders/look.onnx`: what `encoders/look.safetensors` computes, as a graph that ONNX Runtime runs.

    python data_scripts/look_graph.py                              # make_look.py does it too, for new weights

The graph holds no weights, it says at which byte of `look.safetensors` each one lies. Its last bytes are a seal: the
hash of the graph and of those weights, so that one without the other is found out (encoders/look.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from common import Parser, check_packages, start

from encoders.graphs import tensors_in
from encoders.look import FILE, LOOK, POOLED, SEAL, SIZE, seal_of
from output.files import file_hash, write_whole

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

EPSILON = 1e-3  # of the batch norms, as TensorFlow trained them
STRIDES = (2, 1, 2, 2, 2, 1)  # of the stem and of the first block of each stage
OPSET, IR = 17, 8  # of 2022: every ONNX Runtime that people may have reads them


class Graph:
    """A graph of one page that grows at its end. last: the name of what it has computed so far."""

    def __init__(self, weights: Path) -> None:
        self.stored = tensors_in(weights)
        self.size: tuple[int, ...] = (0, 0)
        self.nodes: list[NodeProto] = []
        self.tensors: list[TensorProto] = []
        self.last = "pixels"
        self._weights = weights

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        """Append a node on what there is so far and on other inputs; the name of what it gives."""
        return self.node(kind, self.last, *inputs, **attributes)

    def node(self, kind: str, *inputs: str, **attributes: object) -> str:
        """Append a node on these inputs alone."""
        from onnx import helper

        self.last = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [self.last], name=self.last, **attributes))
        return self.last

    def constant(self, name: str, values: object, kind: type = np.float32) -> str:
        """A small constant that lies in the graph."""
        from onnx import numpy_helper

        self.tensors.append(numpy_helper.from_array(np.array(values, kind), name))
        return name

    def weight(self, name: str) -> str:
        """A half-precision tensor of the file, widened; ONNX Runtime does that once, as it loads."""
        from onnx import TensorProto

        kind, shape, offset, length = self.stored.pop(name)
        if kind != "F16":
            raise ValueError(f"{name} is {kind}, not F16")
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT16, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", self._weights.name), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        self.tensors.append(tensor)
        before, wide = self.last, self.node("Cast", name, to=TensorProto.FLOAT)
        self.last = before
        return wide

    def norm(self, name: str, *, clipped: bool) -> None:
        """Batch norm, and ReLU6 after it."""
        parts = [self.weight(f"{name}.{part}") for part in ("weight", "bias", "running_mean", "running_var")]
        self.add("BatchNormalization", *parts, epsilon=EPSILON)
        if clipped:
            self.add("Clip", "zero", "six")

    def convolution(self, name: str, stride: int = 1, *, channels: int = 1) -> None:
        """A convolution without bias, padded as TensorFlow does; channels: groups of a depthwise one."""
        kernel = self.stored[name][1][-2:]
        weight = self.weight(name)
        self.add("Conv", weight, auto_pad="SAME_UPPER", strides=[stride] * 2, kernel_shape=kernel, group=channels)

    def block(self, name: str, stride: int) -> None:
        """Widen by 1 x 1, look around channel by channel, narrow by 1 x 1; the first stage's block does not widen."""
        before, norm = self.last, 1
        around, narrow = f"{name}.conv_dw.weight", f"{name}.conv_pwl.weight"
        if narrow in self.stored:
            narrowed_to, widened_from = self.stored[narrow][1][0], self.stored[f"{name}.conv_pw.weight"][1][1]
            self.convolution(f"{name}.conv_pw.weight")
            self.norm(f"{name}.bn1", clipped=True)
            norm += 1
        else:
            narrow, narrowed_to, widened_from = f"{name}.conv_pw.weight", -1, -2
        self.convolution(around, stride, channels=self.stored[around][1][0])
        self.norm(f"{name}.bn{norm}", clipped=True)
        self.convolution(narrow)
        self.norm(f"{name}.bn{norm + 1}", clipped=False)
        if stride == 1 and narrowed_to == widened_from:
            self.add("Add", before)

    def look_around(self, size: tuple[int, ...], stages: int) -> None:
        """Pixels, uint8 of that size, through the stem and so many stages: a page (height, width), or several views of
        one (views, height, width)."""
        from onnx import TensorProto

        self.size, self.last = size, "pixels"
        self.constant("zero", 0), self.constant("six", 6)
        self.add("Cast", to=TensorProto.FLOAT)
        self.add("Div", self.constant("half_white", 127.5))
        self.add("Sub", self.constant("one", 1))
        pixels = self.add(
            "Reshape", self.constant("one_page", [*([1] * (3 - len(size))), *size[:-2], 1, *size[-2:]], np.int64)
        )
        # Grey pages have three channels that are the same: the stem's weights are summed over them instead.
        stem = self.node("ReduceSum", self.weight("network.0.weight"), self.constant("channels", [1], np.int64))
        self.last = pixels
        self.add("Conv", stem, auto_pad="SAME_UPPER", strides=[STRIDES[0]] * 2, kernel_shape=[3, 3])
        self.norm("network.1", clipped=True)
        for stage, stride in enumerate(STRIDES[1 : 1 + stages], 2):
            blocks = {name.split(".")[2] for name in self.stored if name.startswith(f"network.{stage}.")}
            for number in range(len(blocks)):
                self.block(f"network.{stage}.{number}", 1 if number else stride)

    def sealed(self, output: str, width: int) -> bytes:
        """The graph, with a seal, of what it has computed: float32 [width]."""
        from onnx import TensorProto, helper

        self.node("Reshape", self.last, self.constant(f"one_{output}", [width], np.int64))
        self.nodes[-1].output[0] = output
        if self.stored:
            left = sorted(self.stored)[:5]
            raise ValueError(f"{len(self.stored)} tensors of {self._weights} are not in the graph: {left}")
        made = helper.make_graph(
            self.nodes,
            output,
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, self.size)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [width])],
            self.tensors,
        )
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
        model.metadata_props.add(key="seal", value="0" * SEAL)  # the last field of the last part: the last bytes
        unsealed = model.SerializeToString(deterministic=True)[:-SEAL]
        return unsealed + seal_of(unsealed, file_hash(self._weights)).encode()


def graph_of(weights: Path) -> bytes:
    """The sealed graph of a look file: "pixels" uint8 [256, 192] -> "look" float32 [256], of unit length."""

    graph = Graph(weights)
    graph.look_around(SIZE, 4)
    graph.add("AveragePool", kernel_shape=[POOLED] * 2, strides=[POOLED] * 2)
    channels = graph.stored["cell_map"][1][0]
    graph.add("Reshape", graph.constant("by_channel", [channels, -1], np.int64))
    graph.add("Transpose", perm=[1, 0])  # [48, C]
    graph.add("Sub", graph.weight("cell_mean"))
    graph.add("MatMul", graph.weight("cell_map"))
    graph.add("Reshape", graph.constant("flat", [1, -1], np.int64))
    graph.add("Sub", graph.weight("mean"))
    graph.add("MatMul", graph.weight("map"))
    graph.add("LpNormalization", axis=1, p=2)
    return graph.sealed("look", LOOK)


def write_graph(weights: Path, graph_of: Callable[[Path], bytes] = graph_of) -> Path:
    """Write the graph beside its weights; its path."""
    graph = write_whole(weights.with_suffix(".onnx"), graph_of(weights))
    print(f"{graph}: {graph.stat().st_size / 1024:.0f} KB")
    return graph


def run(arguments: Sequence[str], script: str, says: str, file: Path, graph_of: Callable[[Path], bytes]) -> int:
    """The command line of a script that writes the graph of what the program has; the exit code."""
    dry_run = Parser(says.splitlines()[0], f"examples:\n  python data_scripts/{script}").read(arguments).dry_run
    check_packages(script, ("onnx",), "requirements.txt")
    if dry_run:
        print(f"{file} -> {file.with_suffix('.onnx')}")
    else:
        write_graph(file, graph_of)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Write the graph of the look that the program has; the exit code."""
    return run(arguments, "look_graph.py", __doc__, FILE, graph_of)


if __name__ == "__main__":
    start(main)
