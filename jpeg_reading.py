"""JPEG pages, decoded by libjpeg-turbo in a way that tells what it complained about.

    heard: list[str] = []
    pixels = decode_jpeg(data, heard)        # uint8 [height, width, 3] or [height, width, 1]; None: Pillow's business

Pillow uses the same library, gives the same pixels, and lets its complaints pass: half a scan is grey, and nobody is
told.
"""

from __future__ import annotations

import contextlib

import numpy as np
import simplejpeg

from damage import judge_jpeg

_COLOURS = {"Gray": "GRAY", "YCbCr": "RGB", "RGB": "RGB"}


def decode_jpeg(data: bytes, heard: list[str]) -> np.ndarray | None:
    """The pixels of a sound JPEG of grey or three colours: uint8 [height, width, 1 or 3].

    None for other colours (CMYK), for kinds that this decoder does not know, and for a picture that it complained about
    (`heard` has it then): Pillow decodes those. Raises PageError where parts are missing (see `damage.judge_jpeg`).
    """
    with contextlib.suppress(ValueError):  # no header that this decoder knows: Pillow says what is wrong with it
        *_, colours, _ = simplejpeg.decode_jpeg_header(data)
        try:
            pixels = simplejpeg.decode_jpeg(data, colorspace=_COLOURS.get(colours, "CMYK"), strict=True)
        except ValueError as error:
            judge_jpeg(str(error), heard)
        else:
            return pixels if colours in _COLOURS else None
    return None
