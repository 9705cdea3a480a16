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
from writers.keypoints import LocalFeatures, local_features
from writers.whitening import powered

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
        reason, found = "", LocalFeatures(*(np.zeros(shape, np.float32) for shape in ((0, 2), 0, (0, 128))))
        try:
            found = local_features(isolate(page))
        except NoHandwriting as problem:
            reason = str(problem)
        content = io.BytesIO()
        descriptors = found.descriptors.astype(np.float16)
        np.savez(content, places=found.places, sizes=found.sizes, descriptors=descriptors, reason=np.array(reason))
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._file(name), content.getvalue())
        return not reason

    def read(self, name: str) -> LocalFeatures | str:
        """The page's features, or the reason why it has none."""
        with np.load(self._file(name), allow_pickle=False) as stored:
            if reason := str(stored["reason"]):
                return reason
            return LocalFeatures(stored["places"], stored["sizes"], stored["descriptors"].astype(np.float32))


def vector_of(hands: Hands, features: LocalFeatures) -> np.ndarray:
    """The page descriptor, float32 [D], of kept features: for a model of one part, which is made of them alone."""
    (part,) = hands.parts
    return part.whitening.unit(powered(part.coder.vlad.codes(features.descriptors).total(), part.power))
