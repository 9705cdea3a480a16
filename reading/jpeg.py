"""JPEG pages, decoded by libjpeg-turbo in a way that tells what it complained about.

    heard: list[str] = []
    pixels = decode_jpeg(data, "RGB", heard)     # uint8 [height, width, 3]; None: Pillow's business

Pillow uses the same library, gives the same pixels, and lets its complaints pass: half a scan is grey, and nobody is
told.
"""

from __future__ import annotations

import io

import numpy as np
import simplejpeg
from PIL import Image

from reading.damage import judge_jpeg
from reading.page_errors import PILLOW_ERRORS, PageError

_COLOURS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}  # of Pillow, and of this decoder


def decode_jpeg(data: bytes, mode: str, heard: list[str]) -> np.ndarray | None:
    """The pixels of a sound JPEG that Pillow opens in `mode` "L" or "RGB": uint8 [height, width, 1 or 3].

    None for other colours (CMYK) and rare subsamplings, and for a picture that the decoder complained about (`heard`
    has it then): Pillow decodes those. Raises PageError where parts are missing (see `damage.judge_jpeg`).
    """
    try:
        pixels = simplejpeg.decode_jpeg(data, colorspace=_COLOURS[mode], strict=True)
    except ValueError as error:
        if "subsampling level" in str(error):  # a sound picture of a kind that this decoder does not know, Pillow does
            return None
        judge_jpeg(str(error), heard)
        return None
    return pixels if mode != "CMYK" else None


def judge_jpeg_data(data: bytes, heard: list[str]) -> None:
    """Decodes a JPEG only to hear what the decoder says; PageError for none, or one of which parts are missing."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            mode = image.mode
    except PILLOW_ERRORS:
        raise PageError("damaged: its picture is no JPEG, or its header cannot be read") from None
    decode_jpeg(data, mode, heard)
