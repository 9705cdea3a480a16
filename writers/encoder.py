"""A trained encoder as part of a model of hands: a graph that ONNX Runtime computes, without torch.

    coder = SaghogCoder(graph_of(model), model.dimensions)         # writers finetune
    coder.patches(isolate(page)).codes.total()                     # float32 [K * dim]

The graph stands in the model folder's hands.safetensors as bytes, so that the model's hash is its hash too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from writers.patches import cut_patches
from writers.vlad import Patches

if TYPE_CHECKING:
    import onnxruntime

    from writers.isolation import Handwriting
    from writers.netrvlad import SaghogEncoder

SAGHOG = "saghog"
BATCH = 256  # patches at once
MOST = 2000  # patches of a page, evenly spread


@dataclass(frozen=True)
class DenseCodes:
    """Codes that are kept as they are."""

    codes: np.ndarray  # float32 [n, D]

    def total(self) -> np.ndarray:
        """As `Codes` has it."""
        return self.codes.sum(0, dtype=np.float64).astype(np.float32)

    def along(self, direction: np.ndarray) -> np.ndarray:
        """As `Codes` has it."""
        return self.codes @ direction


@dataclass(frozen=True)
class SaghogCoder:
    """Patches at keypoints -> codes of NetRVLAD. graph: as `graph_of` makes it; most: patches of a page."""

    graph: bytes
    dimensions: int
    most: int = MOST
    kind = SAGHOG

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        from encoders.onnx_engine import LOADING, PROVIDERS

        onnxruntime.set_default_logger_severity(4)  # what goes wrong is raised
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # pages are described on threads already
        try:
            return onnxruntime.InferenceSession(self.graph, options, providers=PROVIDERS)
        except LOADING as error:
            raise ValueError("the graph") from error

    def codes(self, patches: np.ndarray) -> np.ndarray:
        """Codes, float32 [n, K * dim], each of length 1, of grey patches, uint8 [n, 32, 32], 255 = paper."""
        parts = [
            self._session.run(None, {"patches": np.ascontiguousarray(patches[start : start + BATCH])})[0]
            for start in range(0, len(patches), BATCH)
        ]
        return np.concatenate([np.zeros((0, self.dimensions), np.float32), *parts])

    def patches(self, hand: Handwriting) -> Patches:
        """As `Coder` has it."""
        cut = cut_patches(hand, self.most)
        return Patches(cut.places, cut.sizes, DenseCodes(self.codes(cut.grey)))

    def settings(self) -> dict[str, Any]:
        """As `Coder` has it."""
        return {"dimensions": self.dimensions, "most": self.most}

    def tensors(self) -> dict[str, np.ndarray]:
        """As `Coder` has it."""
        return {"graph": np.frombuffer(self.graph, np.uint8)}

    @classmethod
    def load(cls, settings: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> SaghogCoder:
        """From what a model folder holds. KeyError, ValueError: it does not fit."""
        coder = cls(tensors["graph"].tobytes(), int(settings["dimensions"]), int(settings["most"]))
        shape = coder._session.get_outputs()[0].shape
        if shape[-1] != coder.dimensions:
            raise ValueError("the graph")
        return coder


def graph_of(model: SaghogEncoder) -> bytes:
    """The encoder as an ONNX graph with its weights: `patches` uint8 [n, 32, 32] -> `codes` float32 [n, K * dim]."""
    import contextlib
    import copy
    import io
    import logging
    import warnings

    import torch

    from writers.netrvlad import FromGrey

    twin = FromGrey(copy.deepcopy(model).cpu().float()).eval()
    example = torch.full((2, 32, 32), 200, dtype=torch.uint8)
    free = ({0: torch.export.Dim("count", min=1, max=1 << 16)},)
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # the exporter talks of what is no business of a user
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
            warnings.simplefilter("ignore")
            with contextlib.redirect_stderr(io.StringIO()):
                program = torch.onnx.export(
                    twin,
                    (example,),
                    dynamo=True,
                    dynamic_shapes=free,
                    input_names=["patches"],
                    output_names=["codes"],
                    verbose=False,
                )
    finally:
        logging.disable(disabled)
    return program.model_proto.SerializeToString(deterministic=True)
