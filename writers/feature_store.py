"""Local features of pages kept on disk: what took seconds a page is read in milliseconds from then on.

    store = FeatureStore(work / "features")
    if not store.has("w001-1"):
        store.keep("w001-1", page)                   # a Pillow image, or a function that makes it
    features = store.read("w001-1")                  # LocalFeatures, or why there are none

A file is whole or not there, so the work may be killed at any time. Descriptors are kept in half precision.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from output.files import write_whole
from writers.isolation import NoHandwriting, isolate
from writers.keypoints import PENS, LocalFeatures, local_features

if TYPE_CHECKING:
    from PIL import Image

    from writers.hands import Hands


class FeatureStore:
    """A folder of local features, a file a page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def has(self, name: str) -> bool:
        """Whether a page of this name was described."""
        return self._file(name).exists()

    def keep(self, name: str, page: Image.Image) -> bool:
        """Describe a page and keep what was found; False where there is no handwriting: the reason is kept too."""
        reason, found = "", LocalFeatures.none()
        try:
            found = local_features(isolate(page), PENS)
        except NoHandwriting as problem:
            reason = str(problem)
        content = io.BytesIO()
        descriptors = found.descriptors.astype(np.float16)
        kept = {"places": found.places, "sizes": found.sizes, "descriptors": descriptors, "pens": found.pens}
        np.savez(content, reason=np.array(reason), **kept)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._file(name), content.getvalue())
        return not reason

    def read(self, name: str) -> LocalFeatures | str:
        """The page's features, or the reason why it has none."""
        with np.load(self._file(name), allow_pickle=False) as stored:
            if reason := str(stored["reason"]):
                return reason
            descriptors = stored["descriptors"].astype(np.float32)
            return LocalFeatures(stored["places"], stored["sizes"], descriptors, stored["pens"])


def vector_of(hands: Hands, features: LocalFeatures) -> np.ndarray:
    """The page descriptor, float32 [D], of kept features: for a model whose parts are made of them alone."""
    return hands.describe_patches([part.coder.patches_of(features) for part in hands.parts]).vector
