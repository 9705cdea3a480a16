"""Photographs that were never taken: excavations, finds, buildings, landscapes, as prints of any age.

    draw_photograph(numpy.random.default_rng(1), 900, 650, colour=False).save("photo.png")

A scene of one of the KINDS is rendered in a random light and then printed (prints.py). Where fetch_photographs.py has
put real photographs, some scenes are crops of them, and others get their texture. About
90 ms for 900 x 650 on one core.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from drawing import buildings, digs, laboratory, snapshots, still_lifes, views
from drawing.prints import finish

Scene = Callable[[np.random.Generator, int, int], np.ndarray]
KINDS: dict[str, Scene] = {
    "grave": digs.grave,
    "pits": digs.pits,
    "trench": digs.trench,
    "section": digs.section,
    "artefact": still_lifes.artefact,
    "cutout": still_lifes.cutout,
    "landscape": views.landscape,
    "aerial": views.aerial,
    "wall": buildings.wall,
    "building": buildings.building,
    "room": buildings.room,
    "people": views.people,
    "microscope": laboratory.microscope,
    "surface": laboratory.surface,
}
WEIGHTS = {
    "artefact": 3.0,
    "cutout": 0.7,
    "grave": 2.0,
    "pits": 1.8,
    "trench": 2.0,
    "section": 1.2,
    "landscape": 0.8,
    "aerial": 0.5,
    "wall": 0.8,
    "building": 0.9,
    "room": 0.7,
    "people": 0.4,
    "microscope": 0.3,
    "surface": 0.5,
}
REAL = 0.25  # share of scenes that are crops of real photographs, where there are any
ROUGH = ("grave", "pits", "trench", "section", "surface", "wall", "artefact")  # kinds that may get a real texture
_FEWEST, _MOST = 90_000, 230_000  # pixels a scene is rendered at: small prints are reductions, large ones enlargements


def draw_photograph(
    rng: np.random.Generator,
    width: int,
    height: int,
    colour: bool,
    kind: str | None = None,
    photographs: tuple[Path, ...] | None = None,
) -> Image.Image:
    """One photograph, bare (no border), "RGB" if `colour`, else "L", `width` x `height` pixels.

    `kind` is one of KINDS, or left to chance. `photographs` are files of real ones (snapshots.files): () for none, by
    default those in the user's cache. The same seed gives the same picture where the same files are there.
    """
    photographs = snapshots.files(snapshots.default_folder()) if photographs is None else photographs
    pixels = min(max(width * height, _FEWEST), _MOST)
    part = (pixels / (width * height)) ** 0.5
    w, h = max(48, round(width * part)), max(48, round(height * part))
    real = rng.random()
    if kind is None:
        weights = np.array([WEIGHTS[name] for name in KINDS])
        kind = list(KINDS)[int(rng.choice(len(KINDS), p=weights / weights.sum()))]
        if photographs and kind != "cutout" and real < REAL:
            return finish(rng, snapshots.snapshot(rng, w, h, photographs), width, height, colour)
    scene = KINDS[kind](rng, w, h)
    surface = None
    if photographs and real > 0.6 and kind in ROUGH:
        surface = snapshots.texture(rng, w, h, photographs)
    if surface is not None and kind == "artefact":  # a computed find on a real surface
        ground = surface[..., None] * rng.uniform(0.15, 0.7) * np.array((1, 0.95, 0.88), np.float32)
        scene = still_lifes.artefact(rng, w, h, backdrop=ground)
    elif surface is not None:
        scene = scene * (1 + rng.uniform(0.15, 0.5) * (surface - 1))[..., None]
    image = finish(rng, scene, width, height, colour)
    if kind == "cutout":
        white = Image.fromarray(((scene.min(-1) > 0.999) * 255).astype(np.uint8)).resize(
            image.size, Image.Resampling.BILINEAR
        )
        image.paste("white", (0, 0), white)
    return image


def missing_note() -> str | None:
    """What to tell the user once if there are no real photographs to draw on, or None."""
    folder = snapshots.default_folder()
    if snapshots.files(folder):
        return None
    advice = "For more lifelike ones: python data_scripts/fetch_photographs.py"
    return f"No real photographs in {folder}: all are computed. {advice}"
