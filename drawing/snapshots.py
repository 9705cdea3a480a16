"""Real photographs, if they were fetched (fetch_photographs.py): crops of them, and their texture for computed scenes.

scene = snapshot(rng, 450, 325, files(default_folder()))  # float32 [325, 450, 3] in 0..1
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from drawing.noise import blur

TEXTURES = ("gravel", "life_by")


def default_folder() -> Path:
    """Where fetch_photographs.py puts them: the cache of this computer's user."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "page-sorter" / "photographs"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "page-sorter" / "photographs"


@cache
def files(folder: Path) -> tuple[Path, ...]:
    """The photographs in the folder, by name; none if there is no such folder."""
    return tuple(sorted(folder.glob("*.jpg"))) if folder.is_dir() else ()


@lru_cache(maxsize=16)
def _read(file: Path) -> Image.Image:
    with Image.open(file) as image:
        return image.convert("RGB")


def _crop(rng: np.random.Generator, file: Path, width: int, height: int, largest: float = 1.0) -> np.ndarray:
    """A part of the photograph, flipped or turned a little, float32 [height, width, 3] in 0..1."""
    image = _read(file)
    fit = min(image.width / width, image.height / height)
    part = rng.uniform(0.3, 1) ** 0.7 * largest * fit
    w, h = width * part, height * part
    left, top = rng.uniform(0, image.width - w), rng.uniform(0, image.height - h)
    cut = image.resize((width, height), Image.Resampling.BICUBIC, (left, top, left + w, top + h))
    if rng.random() < 0.5:
        cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(cut, np.float32) / 255


def snapshot(rng: np.random.Generator, width: int, height: int, photographs: tuple[Path, ...]) -> np.ndarray:
    """A crop of one of the photographs, in other light and colours: float32 [height, width, 3]."""
    picture = _crop(rng, photographs[int(rng.integers(len(photographs)))], width, height)
    if rng.random() < 0.35:
        picture = picture ** np.exp(rng.normal(0, 0.3))
    if rng.random() < 0.3:  # a hue that was never there
        picture = picture[..., rng.permutation(3)]
    if rng.random() < 0.15:  # light that falls in from one side
        side = np.linspace(*rng.uniform(0.4, 1.4, 2), width, dtype=np.float32)[None, :, None]
        picture = picture * side
    return picture


def texture(rng: np.random.Generator, width: int, height: int, photographs: tuple[Path, ...]) -> np.ndarray | None:
    """The unevenness of a real surface, float32 [height, width] about 1, or None if none of the photographs has it."""
    real = [file for file in photographs if file.name.startswith(TEXTURES)]
    if not real:
        return None
    crop = _crop(rng, real[int(rng.integers(len(real)))], width, height, 0.8).mean(-1) + 0.02
    return (crop / blur(crop, max(width, height) / rng.uniform(25, 60)).clip(0.05, None)).clip(0.3, 2.2)
