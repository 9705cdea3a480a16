"""Writes `encoders/turn.onnx`: what `encoders/turn.safetensors` computes, as a graph that ONNX Runtime runs.

    python data_scripts/turn_graph.py                              # make_turn.py does it too, for new weights

As look_graph.py: no weights in it, and a seal at its end that ties it to them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from common import start
from look_graph import Graph, run

from encoders.turning import FILE, SIDE, VIEWS
from reading.turns import CLOCKWISE

STAGES = 3  # of the first network, as turn_making.py takes them
STRIDES = (2, 2, 1)  # of the small network's layers
POOLED = (2, 8)  # places of their last map, 8 x 8, that become one: of the whole page, and of the square


def graph_of(weights: Path) -> bytes:
    """The sealed graph of a turn file: "pixels" uint8 [2, 256, 256] -> "turns" float32 [4], logits."""
    graph = Graph(weights)
    graph.look_around((VIEWS, SIDE, SIDE), STAGES)
    seen, said = graph.last, []
    for view, pooled in enumerate(POOLED):
        graph.node("Gather", seen, graph.constant(f"view_{view}", [view], np.int64), axis=0)
        for layer, stride in enumerate(STRIDES):
            name = f"small.views.{view}.{layer}"
            graph.convolution(f"{name}.0.weight", stride, channels=graph.stored[f"{name}.0.weight"][1][0])
            graph.norm(f"{name}.1", clipped=False)
            graph.convolution(f"{name}.2.weight")
            graph.norm(f"{name}.3", clipped=True)
        graph.add("AveragePool", kernel_shape=[pooled] * 2, strides=[pooled] * 2)
        said.append(graph.add("Flatten"))
    graph.node("Concat", *said, axis=1)
    graph.add("Gemm", graph.weight("small.last.weight"), graph.weight("small.last.bias"), transB=1)
    return graph.sealed("turns", len(CLOCKWISE))


def main(arguments: Sequence[str]) -> int:
    """Write the graph of what the program has; the exit code."""
    return run(arguments, "turn_graph.py", __doc__, FILE, graph_of)


if __name__ == "__main__":
    start(main)
