"""Any colour mode of Pillow as an eye would see it: one page in mode "L" or "RGB".

    page = grey_or_rgb(image)

Colour profiles are not applied.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from reading.page_errors import PageError


def grey_or_rgb(image: Image.Image) -> Image.Image:
    """Any mode of Pillow as "L" or "RGB", before any resizing (1-bit and palette images resize to the nearest
    pixel).
    """
    mode = image.mode
    if mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    if mode.startswith(("I", "F")):
        return _grey_from_deep(image)
    if mode == "LAB":
        return lab_to_rgb(image)
    if mode == "La":
        image, mode = image.convert("LA"), "LA"
    if mode in ("LA", "RGBA", "RGBa", "PA") or "transparency" in image.info:
        if mode not in ("LA", "RGBA"):
            image = image.convert("RGBA")
        opaque = "L" if image.mode == "LA" else "RGB"
        if image.getchannel("A").getextrema()[0] == 255:  # nothing of it is transparent
            return image.convert(opaque)
        page = Image.new(opaque, image.size, "white")
        page.paste(image.convert(opaque), mask=image.getchannel("A"))
        return page
    return image.convert("L" if mode == "1" else "RGB")


def is_grey(pixels: np.ndarray) -> bool:
    """Whether red, green and blue are the same in each pixel, uint8 [height, width, 3]."""
    flat = pixels.reshape(len(pixels), -1)
    within = np.arange(flat.shape[1] - 1) % 3 != 2  # neighbours of one pixel
    for row in range(0, len(flat), 64):  # in bands: they stay in the processor's cache, and most colour pages end here
        part = flat[row : row + 64]
        if ((part[:, 1:] != part[:, :-1]) & within).any():
            return False
    return True


def lab_to_rgb(lab: np.ndarray | Image.Image, *, signed: bool = True) -> Image.Image:
    """CIE L*a*b* of 8 bits, uint8 [height, width, 3] or an image in mode "LAB", as sRGB.

    signed: whether a and b are two's complements (CIELab); else zero lies at 128 (ICCLab).
    """
    from PIL import ImageCms

    if isinstance(lab, np.ndarray):
        lab = np.ascontiguousarray(lab)
        if signed:
            lab[..., 1:] ^= 128  # Pillow wants zero at 128
        lab = Image.merge("LAB", [Image.fromarray(lab[..., channel]) for channel in range(3)])
    space, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(lab, space, rgb, outputMode="RGB")


def on_white(colours: np.ndarray, alpha: np.ndarray, *, premultiplied: bool = False) -> np.ndarray:
    """Colours (uint8 [height, width, channels]) of an opacity (uint8 [height, width]) as they look on white paper.

    premultiplied: whether the colours are multiplied with their opacity already.
    """
    page = np.empty_like(colours)
    for channel in range(colours.shape[-1]):
        shade = colours[..., channel].astype(np.uint32)
        page[..., channel] = np.minimum(shade if premultiplied else (shade * alpha + 127) // 255, alpha) + (255 - alpha)
    return page


def as_bytes(values: np.ndarray, bits: int) -> np.ndarray:
    """Samples of any type, `bits` of them used, as uint8 of the same shape, by the range of their type, never clipped.

    Floats are taken as 0..1, 0..255 or 0..65535; integers beyond 16 bits as 16 bits where none is larger; what has
    negative values, or fits none of these, is stretched from its least to its greatest value.
    """
    kind = values.dtype.kind
    if kind == "b":
        return values.astype(np.uint8) * 255
    if kind == "u" and bits == 8:
        return values
    if kind == "u" and bits <= 16:
        top = 2**bits - 1
        table = np.minimum((np.arange(2 ** (8 * values.dtype.itemsize)) * 255 + top // 2) // top, 255).astype(np.uint8)
        return table[values]
    if not np.isfinite(values).all():
        raise PageError("damaged: some of its pixels are no numbers")
    least, most = float(values.min()), float(values.max())
    if kind == "f" and least >= 0 and most <= 65535:
        least, most = 0.0, next(top for top in (1.0, 255.0, 65535.0) if most <= top)
    elif kind == "i" and least >= 0 and bits <= 16:
        least, most = 0.0, float(2 ** (bits - 1) - 1)
    elif kind != "f" and least >= 0 and most <= 65535:
        least, most = 0.0, 65535.0
    elif kind == "u":
        least, most = 0.0, float(2**bits - 1)
    pixels = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), 256):  # in bands: doubles of a whole page would take eight times its memory
        part = (values[row : row + 256].astype(np.float64) - least) * (255.0 / max(most - least, 1e-300))
        pixels[row : row + 256] = np.rint(part)
    return pixels


def first_of(value: object) -> object:
    """The first of a tag's values, or its only one."""
    return value[0] if isinstance(value, tuple) and value else value


def _grey_from_deep(image: Image.Image) -> Image.Image:
    """Grey of 12, 16 or 32 bits or floats as 8 bits."""
    values = np.asarray(image)  # [height, width]
    tags = getattr(image, "tag_v2", {})
    bits = first_of(tags.get(258))
    if image.mode.startswith("I;16"):
        grey = as_bytes(values.astype(np.uint16, copy=False), 12 if bits == 12 else 16)
        if first_of(tags.get(262)) == 0:  # white is zero: Pillow leaves that to us at 16 bits
            grey = 255 - grey
        if isinstance(image.info.get("transparency"), int):
            grey[values == image.info["transparency"]] = 255
        return Image.fromarray(grey)
    if image.mode == "I" and bits == 32 and first_of(tags.get(339)) in (None, 1):  # Pillow takes them for signed
        values = values.astype(np.int32, copy=False).view(np.uint32)
    grey = as_bytes(values, 16 if image.mode == "I" and bits == 16 else 32)
    return Image.fromarray(255 - grey if first_of(tags.get(262)) == 0 else grey)
