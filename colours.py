"""Any colour mode of Pillow as an eye would see it: one page in mode "L" or "RGB".

    page = grey_or_rgb(image)

Colour profiles are not applied.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from page_errors import PageError


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
        from PIL import ImageCms

        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    if mode == "La":
        image, mode = image.convert("LA"), "LA"
    if mode in ("LA", "RGBA", "RGBa", "PA") or "transparency" in image.info:
        if mode not in ("LA", "RGBA"):
            image = image.convert("RGBA")
        opaque = "L" if image.mode == "LA" else "RGB"
        page = Image.new(opaque, image.size, "white")
        page.paste(image.convert(opaque), mask=image.getchannel("A"))
        return page
    return image.convert("L" if mode == "1" else "RGB")


def _grey_from_deep(image: Image.Image) -> Image.Image:
    """Grey of 12, 16 or 32 bits or floats as 8 bits, scaled by the range of its type, never clipped."""
    values = np.asarray(image)  # [height, width]
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16"):
        top = 4095 if _first(tags.get(258)) == 12 else 65535
        table = np.minimum((np.arange(65536) * 255 + top // 2) // top, 255).astype(np.uint8)
        grey = table[values]
        if _first(tags.get(262)) == 0:  # white is zero: Pillow leaves that to us at 16 bits
            grey = 255 - grey
        if isinstance(image.info.get("transparency"), int):
            grey[values == image.info["transparency"]] = 255
        return Image.fromarray(grey)
    if not np.isfinite(values).all():
        raise PageError("damaged: some of its pixels are no numbers")
    least, most = float(values.min()), float(values.max())
    if image.mode == "I" and _first(tags.get(258)) == 32 and _first(tags.get(339)) in (None, 1) and most > 65535:
        least, most = 0.0, float(2**32 - 1)
        values = values.astype(np.int32).view(np.uint32)
    elif least >= 0 and image.mode == "I" and most <= 65535:
        least, most = 0.0, 65535.0
    elif least >= 0 and most <= 65535:
        least, most = 0.0, next(top for top in (1.0, 255.0, 65535.0) if most <= top)
    grey = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), 256):  # in bands: doubles of a whole page would take eight times its memory
        part = (values[row : row + 256].astype(np.float64) - least) * (255.0 / max(most - least, 1e-300))
        grey[row : row + 256] = np.rint(part)
    return Image.fromarray(grey)


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple) and value else value
