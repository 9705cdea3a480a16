"""Writes `encoders/turn.onnx`: what `encoders/turn.safetensors` computes, as a graph that ONNX Runtime runs.

    python data_scripts/turn_graph.py                              # make_turn.py does it too, for new weights

As look_graph.py: no weights in it, and a seal at its end that ties it to them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import start
from look_graph import Graph, run

from encoders.turning import FILE, SIDE
from reading.turns import CLOCKWISE

STAGES = 3  # of the first network, as turn_making.py takes them
STRIDES = (2, 2, 1)  # of the small network's layers


def graph_of(weights: Path) -> bytes:
    """The sealed graph of a turn file: "pixels" uint8 [320, 320] -> "turns" float32 [4], logits."""
    graph = Graph(weights)
    graph.look_around((SIDE, SIDE), STAGES)
    for layer, stride in enumerate(STRIDES):
        around = f"small.{layer}.0.weight"
        graph.convolution(around, stride, channels=graph.stored[around][1][0])
        graph.norm(f"small.{layer}.1", clipped=False)
        graph.convolution(f"small.{layer}.2.weight")
        graph.norm(f"small.{layer}.3", clipped=True)
    graph.add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    graph.add("Flatten")
    last = f"small.{len(STRIDES) + 3}"  # behind pooling, flattening and dropout
    graph.add("Gemm", graph.weight(f"{last}.weight"), graph.weight(f"{last}.bias"), transB=1)
    return graph.sealed("turns", len(CLOCKWISE))


def main(arguments: Sequence[str]) -> int:
    """Write the graph of what the program has; the exit code."""
    return run(arguments, "turn_graph.py", __doc__, FILE, graph_of)


if __name__ == "__main__":
    start(main)
