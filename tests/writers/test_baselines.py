"""What a model is held against: its codebook without whitening, its network with random weights."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

from hand_pages import tiny_hands, written

from writers.baselines import PLAIN, baselines_of, shuffled
from writers.hands import Hands
from writers.isolation import isolate
from writers.keypoints import local_features


def test_the_plain_baseline_is_the_sum_of_residuals_and_nothing_else(tmp_path):
    hands = Hands.load(tiny_hands(tmp_path / "tiny"))
    page = written("anna", 3)
    described = baselines_of(hands)[PLAIN].vector_of(page)
    vlad = hands.parts[0].coder.vlad
    points = (local_features(isolate(page)).descriptors - vlad.mean) @ vlad.matrix
    words = ((points[:, None] - vlad.centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    sums = np.zeros(vlad.centres.shape)
    for point, word in zip(points, words, strict=True):
        sums[word] += point - vlad.centres[word]
    expected = np.sign(sums) * np.sqrt(np.abs(sums))
    assert described == pytest.approx((expected / np.linalg.norm(expected)).ravel(), abs=1e-4)
    own = hands.vector_of(page)[: len(described)]  # the part of ink as written
    assert not np.allclose(described, own / np.linalg.norm(own), atol=0.01)  # the model whitens


def test_a_shuffled_graph_has_the_same_weights_elsewhere():
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper, numpy_helper

    weights = np.arange(12, dtype=np.float32).reshape(4, 3)
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "one layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(weights, "w")],
    )
    graph = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    drawn = numpy_helper.to_array(onnx.load_from_string(shuffled(graph)).graph.initializer[0])
    assert sorted(drawn.ravel()) == sorted(weights.ravel())
    assert not (drawn == weights).all()
    assert shuffled(graph) == shuffled(graph)
    session = onnxruntime.InferenceSession(shuffled(graph), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.eye(4, dtype=np.float32)[:1]})[0] == pytest.approx(drawn[:1])
