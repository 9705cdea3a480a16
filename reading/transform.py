"""From a page to the model's input: resize, pad or crop, as the model's folder says; mean and std for its engine.

    pixels = transform(read_page(path, None, min_side=224, max_pixels=700_000_000))   # uint8 [3, height, width]

The transform is data: it is stored in the model folder, and a model never meets another one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from reading.colours import is_grey
from utils import UserError, did_you_mean

FITS = ("pad", "squash", "crop")
INTERPOLATIONS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
}
# A strip 1 pixel wide and 65,000 long, resized until it is 224 wide, would take 3 G pixels, nearly all to be cropped
# away.
CROP_ASPECT = 20
_MOST_LOOKED_AT = 30_000_000  # pixels of a page that may have one channel more in memory


@dataclass(frozen=True)
class PageTransform:
    """How a page becomes the model's input.

    size: (height, width) of the input in pixels.
    fit: "pad" (the whole page; its longer side fits, the rest is filled), "squash" (the whole page, stretched), or
    "crop"
        (the shorter side fits, the centre is cut out: the transform CLIP was published with, which loses 29 % of an A4
        page).
    mean, std: of the channels red, green, blue, for pixels 0..1.
    interpolation: "bicubic", "bilinear" or "lanczos", as Pillow does it, antialiased.
    fill: grey level 0..255 of the padding.
    resize: with "crop", the shorter side before the crop in pixels; 0 = the crop's own size.

    "crop" equals torchvision's `Resize(side, BICUBIC)` + `CenterCrop` on Pillow images, pixel by pixel (pages longer
    than 20 times their width are shortened first).
    """

    size: tuple[int, int]
    fit: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    fill: int = 255
    resize: int = 0

    def __post_init__(self) -> None:
        for name, kind, length in (("size", int, 2), ("mean", float, 3), ("std", float, 3)):
            value = getattr(self, name)
            accepted = (int,) if kind is int else (int, float)
            if (
                not isinstance(value, tuple | list)
                or len(value) != length
                or not all(isinstance(number, accepted) and not isinstance(number, bool) for number in value)
            ):
                raise UserError(f"transform: {name} must be {length} numbers, not {value!r}")
            object.__setattr__(self, name, tuple(kind(number) for number in value))
        if min(self.size) < 1 or max(self.size) > 4096:
            raise UserError(f"transform: size must be 1..4096 pixels, not {self.size[0]} x {self.size[1]}")
        if min(self.std) <= 0:
            raise UserError(f"transform: std must be above 0, not {self.std}")
        for name, valid in (("fit", FITS), ("interpolation", tuple(INTERPOLATIONS))):
            value = getattr(self, name)
            if value not in valid:
                raise UserError(f"transform: {name} must be {', '.join(valid)}, not {value!r}")
        if type(self.fill) is not int or not 0 <= self.fill <= 255:
            raise UserError(f"transform: fill must be 0..255, not {self.fill!r}")
        if type(self.resize) is not int or self.resize < 0 or 0 < self.resize < max(self.size):
            raise UserError(f"transform: resize must be 0 or at least {max(self.size)}, not {self.resize!r}")

    def __call__(self, image: Image.Image, clockwise: int = 0) -> np.ndarray:
        """Pixels uint8 [3, height, width], red, green, blue, of a page in mode "L" or "RGB" (others are converted).

        clockwise: degrees that bring the page upright first, 0, 90, 180 or 270.
        """
        if clockwise:
            # What comes out is turned, not what goes in: a large page would be copied whole.
            lying = replace(self, size=self.size[::-1]) if clockwise % 180 else self
            return np.ascontiguousarray(np.rot90(lying(image), -clockwise // 90, axes=(1, 2)))
        if image.mode not in ("L", "RGB"):
            image = image.convert("RGB")
        image = _one_channel(image)
        page = {"pad": self._pad, "squash": self._squash, "crop": self._crop}[self.fit](image)
        pixels = np.asarray(page)  # [height, width] or [height, width, 3]
        if pixels.ndim == 2:
            return np.repeat(pixels[None], 3, axis=0)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `resize` only where it is used."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
        if not self.resize:
            del plain["resize"]
        return plain

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PageTransform:
        """The transform that `to_dict` wrote; UserError for an unknown, missing or invalid key, none is ever
        guessed.
        """
        if not isinstance(values, dict):
            raise UserError(f"transform: a table of settings expected, not {values!r}")
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise UserError(f"transform: unknown key {name!r}{did_you_mean(str(name), known)}")
        missing = [name for name in known if name not in values and name != "resize"]
        if missing:
            raise UserError(f"transform: missing {', '.join(missing)}")
        return cls(**values)

    @classmethod
    def from_processor(cls, folder: Path) -> PageTransform:
        """The transform of a Hugging Face model folder, from `preprocessor_config.json` or `processor_config.json` (as
        transformers 4 and 5 write them), else from the timm settings inside `config.json`. UserError where none is
        found or where it asks for something that is not known here."""
        for name in ("preprocessor_config.json", "processor_config.json", "config.json"):
            file = folder / name
            if not file.is_file():
                continue
            try:
                values = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise UserError(f"{file}: cannot be read: {error}") from None
            if not isinstance(values, dict):
                continue
            if name == "processor_config.json":
                values = values.get("image_processor")
            for timm in (values, (values or {}).get("vision_config")):
                if isinstance(timm, dict) and isinstance(timm.get("pretrained_cfg"), dict):
                    return _from_timm(timm["pretrained_cfg"], file)
            if isinstance(values, dict) and name != "config.json":
                return _from_settings(values, file)
        raise UserError(f"{folder}: no preprocessor_config.json and no image_processor in processor_config.json")

    def _pad(self, image: Image.Image) -> Image.Image:
        height, width = self.size
        scale = min(width / image.width, height / image.height)
        new = min(width, max(1, round(image.width * scale))), min(height, max(1, round(image.height * scale)))
        page = image.resize(new, INTERPOLATIONS[self.interpolation])
        if new == (width, height):
            return page
        padded = Image.new(image.mode, (width, height), self.fill if image.mode == "L" else (self.fill,) * 3)
        padded.paste(page, ((width - new[0]) // 2, (height - new[1]) // 2))
        return padded

    def _squash(self, image: Image.Image) -> Image.Image:
        return image.resize((self.size[1], self.size[0]), INTERPOLATIONS[self.interpolation])

    def _crop(self, image: Image.Image) -> Image.Image:
        height, width = self.size
        short, long = sorted(image.size)
        if long > CROP_ASPECT * short * max(self.size) / min(self.size):
            keep = int(CROP_ASPECT * short * max(self.size) / min(self.size))
            left, top = max(0, image.width - keep) // 2, max(0, image.height - keep) // 2
            image = image.crop((left, top, image.width - left, image.height - top))
        if height == width:
            side = self.resize or width
            if image.width <= image.height:
                new = side, int(side * image.height / image.width)
            else:
                new = int(side * image.width / image.height), side
        else:  # the side that needs the larger scale fits, the other is cut
            zoom = self.resize / max(self.size) if self.resize else 1
            scale = max(width / image.width, height / image.height) * zoom
            new = max(width, int(image.width * scale + 1e-6)), max(height, int(image.height * scale + 1e-6))
        page = image.resize(new, INTERPOLATIONS[self.interpolation])
        left, top = round((new[0] - width) / 2.0), round((new[1] - height) / 2.0)
        return page.crop((left, top, left + width, top + height))


def _one_channel(image: Image.Image) -> Image.Image:
    """A page in "RGB" that is grey all the same as "L", which comes to the same pixels in half of the time."""
    width, height = image.size
    if image.mode != "RGB" or width * height > _MOST_LOOKED_AT:
        return image
    if not is_grey(np.asarray(image.resize((min(width, 64), min(height, 64)), Image.Resampling.NEAREST))):
        return image  # nearly always
    for top in range(0, height, 256):
        red, *others = (part.tobytes() for part in image.crop((0, top, width, min(top + 256, height))).split())
        if any(other != red for other in others):
            return image
    return image.getchannel(0)


def _from_settings(values: dict[str, Any], file: Path) -> PageTransform:
    """The transform that an image processor's settings describe; what they leave out has transformers' default."""
    try:
        size, crop = values.get("size", {"shortest_edge": 224}), values.get("crop_size", 224)
        resample = values.get("resample", 3)
        interpolation = {1: "lanczos", 2: "bilinear", 3: "bicubic"}.get(resample)
        if interpolation is None:
            raise UserError(f"{file}: resample {resample!r} is not known (1 lanczos, 2 bilinear, 3 bicubic)")
        if not values.get("do_resize", True):
            raise UserError(f"{file}: a model without resizing cannot take pages (do_resize is false)")
        if abs(float(values.get("rescale_factor", 1 / 255)) * 255 - 1) > 1e-3 or not values.get("do_rescale", True):
            raise UserError(f"{file}: pixels must be rescaled to 0..1 (do_rescale, rescale_factor)")
        normalised = values.get("do_normalize", True)
        mean, std = (values["image_mean"], values["image_std"]) if normalised else ([0.0] * 3, [1.0] * 3)
        if isinstance(size, int):
            centre = values.get("do_center_crop", "crop_size" in values)
            size = {"shortest_edge": size} if centre else {"height": size, "width": size}
        if isinstance(crop, int):
            crop = {"height": crop, "width": crop}
        common = {"mean": tuple(mean), "std": tuple(std), "interpolation": interpolation}
        if "shortest_edge" in size:
            if not values.get("do_center_crop", True):
                raise UserError(
                    f"{file}: size {size} without a crop leaves pages of any shape, which no batch can hold"
                )
            height, width, side = int(crop["height"]), int(crop["width"]), int(size["shortest_edge"])
            return PageTransform((height, width), "crop", **common, resize=0 if side == height == width else side)
        height, width = int(size["height"]), int(size["width"])
        if values.get("do_center_crop", False) and (int(crop["height"]), int(crop["width"])) != (height, width):
            raise UserError(f"{file}: a stretched page that is then cropped is not known here (size, crop_size)")
        return PageTransform((height, width), "squash", **common)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{file}: not an image processor that is known here ({type(error).__name__}: {error})"
        ) from None


def _from_timm(values: dict[str, Any], file: Path) -> PageTransform:
    """timm's evaluation transform: resize the shorter side to size / crop_pct, crop the centre (or squash)."""
    try:
        _, height, width = (int(number) for number in values["input_size"])
        common = {
            "mean": tuple(values["mean"]),
            "std": tuple(values["std"]),
            "interpolation": values.get("interpolation", "bicubic"),
        }
        if values.get("crop_mode", "center") == "squash":
            return PageTransform((height, width), "squash", **common)
        side = int(max(height, width) / float(values.get("crop_pct") or 1.0))
        return PageTransform((height, width), "crop", **common, resize=0 if side == max(height, width) else side)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise UserError(f"{file}: not a timm setting that is known here ({type(error).__name__}: {error})") from None
