#!/usr/bin/env bash
# torch.onnx 2.14.1 (dynamo) with optimize=False, ONNX Runtime 1.32.0: what the exporter leaves in the graph keeps ONNX
# Runtime from fusing anything, at its highest optimisation level, without a word.
#
# A convolution without bias gets its zeros at run time (Shape, Expand, CastLike), a clip its limits by CastLike of the
# activation. These are no constants to ONNX Runtime: BatchNormalization and Clip stay nodes of their own, and the
# convolution keeps its plain layout. Whoever exports with optimize=False, to keep the parameters' names and to store no
# weight twice, must fold constants (onnxscript.optimizer.fold_constants) before timing ONNX Runtime: an
# EfficientNet-Lite0 took 63 ms a page instead of 26. Fails when this changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.14.1 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from collections import Counter

import onnx
import onnx_ir
import onnxruntime
import torch
from onnxscript.optimizer import fold_constants, remove_unused_nodes

print("torch", torch.__version__, "onnxruntime", onnxruntime.__version__)
layers = torch.nn.Sequential(torch.nn.Conv2d(16, 32, 3, bias=False), torch.nn.BatchNorm2d(32), torch.nn.ReLU6()).eval()
example = (torch.zeros(1, 16, 32, 32),)
exported = torch.onnx.export(layers, example, dynamo=True, optimize=False, verbose=False)
exported.save("plain.onnx")
folded = onnx_ir.load("plain.onnx")
fold_constants(folded)
remove_unused_nodes(folded)
onnx_ir.save(folded, "folded.onnx")
nodes = {}
for name in ("plain", "folded"):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.optimized_model_filepath = f"{name}.optimised.onnx"
    options.log_severity_level = 3
    onnxruntime.InferenceSession(f"{name}.onnx", options, providers=["CPUExecutionProvider"])
    nodes[name] = Counter(node.op_type for node in onnx.load(f"{name}.optimised.onnx").graph.node)
    print(f"what ONNX Runtime makes of the {name} graph:", dict(nodes[name]))
assert nodes["plain"]["BatchNormalization"] and nodes["plain"]["Clip"] and nodes["plain"]["Expand"], "changed"
assert not nodes["folded"]["BatchNormalization"] and not nodes["folded"]["Clip"], "changed"
print("as described: nothing is fused until constants are folded beforehand")
PYTHON
