"""Drawn figures of nearly fifty kinds, as they lie in archaeological archives, theses, reports and slides.

rng = np.random.default_rng(1)
draw_figure(rng, 1000, 1200).save("figure.png")
draw_figure(rng, 600, 400, kind="stratigraphy")

Every figure is black, grey or coloured ink on white; the paper and the scanner come later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from . import (
    architecture,
    art,
    charts,
    diagrams,
    emblems,
    finds,
    graves,
    maps,
    plans,
    rasters,
    sections,
    series,
    vessels,
)
from .board import Board, Label
from .styles import Style, choose_style


@dataclass(frozen=True)
class Kind:
    """How to draw one kind of figure; how often it comes; chances of colour, a born-digital look, and pencil."""

    draw: Callable[[Board], None]
    weight: float = 1.0
    colour: float = 0.1
    digital: float = 0.15
    pencil: float = 0.3


_KINDS: dict[str, Kind] = {
    "profile": Kind(vessels.draw_profile, 2.0, 0.03),
    "profiles": Kind(vessels.draw_profiles, 3.0, 0.02, 0.2, 0.15),
    "vessel": Kind(vessels.draw_vessel, 2.0),
    "sherds": Kind(vessels.draw_sherds, 2.0),
    "metal": Kind(finds.draw_metal, 2.5),
    "mixed": Kind(finds.draw_mixed, 2.0, 0.02, 0.2, 0.3),
    "tools": Kind(finds.draw_tools, 1.5),
    "find": Kind(finds.draw_find, 1.0),
    "grave": Kind(graves.draw_grave, 2.5, 0.15, 0.15, 0.4),
    "section": Kind(sections.draw_section, 3.0, 0.25, 0.25),
    "column": Kind(sections.draw_column, 0.6, 0.3, 0.5, 0.15),
    "trench": Kind(plans.draw_trench, 3.0, 0.25, 0.2, 0.4),
    "stones": Kind(plans.draw_stones, 1.5, 0.1, 0.3),
    "site": Kind(plans.draw_site, 2.0, 0.2, 0.5, 0.1),
    "sketch_map": Kind(plans.draw_sketch_map, 1.5, 0.3, 0.0, 0.5),
    "contours": Kind(maps.draw_contours, 1.5, 0.3, 0.4, 0.15),
    "cadastral": Kind(maps.draw_cadastral, 1.5, 0.3, 0.3, 0.2),
    "topographic": Kind(maps.draw_topographic, 1.8, 0.55, 0.5, 0.1),
    "region": Kind(maps.draw_region, 1.5, 0.3, 0.5, 0.1),
    "gis": Kind(maps.draw_gis, 1.5, 0.85, 1.0, 0.0),
    "bars": Kind(charts.draw_bars, 1.5, 0.4, 0.8, 0.1),
    "lines": Kind(charts.draw_lines, 1.0, 0.4, 0.8, 0.1),
    "scatter": Kind(charts.draw_scatter, 0.7, 0.35, 0.85, 0.1),
    "pie": Kind(charts.draw_pie, 0.5, 0.6, 0.85, 0.1),
    "histogram": Kind(charts.draw_histogram, 0.6, 0.35, 0.8, 0.1),
    "dendrogram": Kind(diagrams.draw_dendrogram, 0.5, 0.1, 0.8, 0.1),
    "boxes": Kind(diagrams.draw_boxes, 0.8, 0.5, 0.7, 0.1),
    "pollen": Kind(series.draw_pollen, 0.4, 0.2, 0.8, 0.1),
    "chronology": Kind(series.draw_chronology, 0.4, 0.5, 0.8, 0.1),
    "levelling": Kind(series.draw_levelling, 0.7, 0.1, 0.3, 0.2),
    "box_plots": Kind(series.draw_box_plots, 0.3, 0.3, 0.9, 0.1),
    "squares": Kind(series.draw_squares, 0.5, 0.4, 0.7, 0.1),
    "hachures": Kind(maps.draw_hachures, 0.6, 0.2, 0.1, 0.05),
    "skeleton": Kind(graves.draw_skeleton, 0.4, 0.2, 0.4, 0.2),
    "matrix": Kind(diagrams.draw_matrix, 0.4, 0.1, 0.7, 0.1),
    "floor_plan": Kind(architecture.draw_floor_plan, 1.2, 0.15, 0.4, 0.2),
    "elevation": Kind(architecture.draw_elevation, 0.8, 0.15, 0.2, 0.3),
    "masonry": Kind(architecture.draw_masonry, 1.0, 0.2, 0.25, 0.3),
    "geophysics": Kind(rasters.draw_geophysics, 0.7, 0.5, 1.0),
    "relief": Kind(rasters.draw_relief, 0.35, 0.35, 1.0),
    "microscope": Kind(rasters.draw_microscope, 0.3),
    "sketch": Kind(art.draw_sketch, 0.8, 0.2, 0.0, 0.6),
    "portrait": Kind(art.draw_portrait, 0.3, 0.1, 0.0, 0.6),
    "arms": Kind(emblems.draw_arms, 0.4, 0.2, 0.15, 0.3),
    "ornament": Kind(emblems.draw_ornament, 0.5, 0.1, 0.15, 0.3),
    "engraving": Kind(art.draw_engraving, 0.5, 0.0, 0.2, 0.0),
    "machine": Kind(art.draw_machine, 0.5, 0.1, 0.2, 0.2),
}


def _drawer(name: str) -> Callable[..., Image.Image]:
    def draw(
        rng: np.random.Generator, width: int, height: int, label: Label | None = None, style: Style | None = None
    ) -> Image.Image:
        kind = _KINDS[name]
        style = style or choose_style(rng, kind.colour, kind.digital, kind.pencil)
        board = Board(rng, max(8, int(width)), max(8, int(height)), style, label)
        kind.draw(board)
        return board.finish()

    draw.__doc__ = _KINDS[name].draw.__doc__
    return draw


KINDS: dict[str, Callable[..., Image.Image]] = {name: _drawer(name) for name in _KINDS}
_WEIGHTS = np.array([kind.weight for kind in _KINDS.values()])


def draw_figure(
    rng: np.random.Generator, width: int, height: int, kind: str | None = None, label: Label | None = None
) -> Image.Image:
    """A figure of `width` x `height` pixels, "RGB", white where there is no ink.

    `kind` is one of `KINDS` (None: any, the common ones more often). `label(rng, image, (x, y), text, size)` writes
    the lettering, its baseline starting at (x, y); without it the fonts that matplotlib brings do.
    """
    if kind is None:
        kind = list(KINDS)[rng.choice(len(_WEIGHTS), p=_WEIGHTS / _WEIGHTS.sum())]
    if kind not in KINDS:
        raise ValueError(f"no kind of figure is named {kind!r}; there are {', '.join(KINDS)}")
    return KINDS[kind](rng, width, height, label)
