"""Hands before the ball pen: running scripts of goose quills and steel nibs, slanted, joined, in brown or black ink.

    hand = old_hand(np.random.default_rng(1), Fonts.find(None), None)
    hand.write(rng, page, (90, 200), "par devant les notaires soussignés", 14)

The kinds of writers are those of hands.py; what differs: which of their letters are taken, how they lean, the pen.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from drawing.fonts import Fonts
from drawing.hands import CurveHand, FaceHand, PenHand
from drawing.pens import Colour, Pen
from drawing.unipen import read_writer, writers

# Faces whose letters run on, as people wrote before 1930.
RUNNING = re.compile(
    r"allura|bilbo|clicker|dawning|herr-?von|homemade|italianno|belleaurore|league-?script|lovers|marck|meddon|monsieur"
    r"|mr-?de|mrs-?saint|delafield|petit|pinyon|qwigley|rouge|ruthie|sacramento|stalemate|beth|cedarville|caveat|licorice"
    r"|over-?the|nothing|reenie|zeyada|dancing|kristi|isabella|elegante|ecolier|la-?belle|bad-?script|alexbrush|tangerine",
    re.I,
)
INKS: tuple[tuple[Colour, float], ...] = (
    ((38, 32, 30), 4),
    ((62, 44, 32), 3),  # iron gall, browned
    ((92, 66, 44), 2),
    ((26, 26, 30), 2),
    ((36, 38, 62), 1.2),
    ((88, 56, 140), 0.9),  # violet, of the years round 1900
    ((96, 96, 100), 0.5),  # pencil
)


def quill(rng: np.random.Generator, ink: Colour) -> Pen:
    """A quill or a steel nib: fine upwards, broad downwards; pencil where the ink is grey."""
    if ink[0] > 90 and abs(ink[0] - ink[2]) < 8:
        return Pen("pencil", 0.1, float(rng.uniform(0.12, 0.2)), float(rng.uniform(0.55, 0.85)), 0.7, 0.3)
    thin = float(rng.uniform(0.075, 0.125))  # below that a small hand fades away
    contrast = float(rng.choice([1.2, 1.8, 2.8], p=(0.35, 0.4, 0.25)))
    return Pen("steel nib", thin, thin * contrast, float(rng.uniform(0.8, 1.0)), 0.0, float(rng.uniform(0.15, 0.5)))


def old_hand(rng: np.random.Generator, fonts: Fonts, strokes: Path | None = None) -> FaceHand | PenHand | CurveHand:
    """A writer at random: faces, real strokes (where there are any) and computed school script that leans."""
    folders = writers(strokes) if strokes else ()
    faces = [file for file in fonts.hand if RUNNING.search(file.name)]
    chances = np.array([0.45 if faces else 0, 0.22 if folders else 0, 0.35])
    kind = int(rng.choice(3, p=chances / chances.sum()))
    share = np.array([often for _, often in INKS])
    ink = INKS[int(rng.choice(len(INKS), p=share / share.sum()))][0]
    common = (
        quill(rng, ink),
        ink,
        float(np.clip(rng.normal(*((0.12, 0.1), (0.32, 0.18), (0.6, 0.18))[kind]), -0.05, 1.0)),
        abs(float(rng.normal(0, 0.16))),
        float(rng.normal(-0.006, 0.01)),
        float(rng.uniform(0.6, 1.6)),
        float(rng.uniform(0.85, 1.15)),
    )
    if kind == 0:
        face = faces[int(rng.integers(len(faces)))]
        return FaceHand(
            *common, face, float(rng.uniform(0.95, 1.04)), float(rng.uniform(0.4, 1)), int(rng.integers(1 << 30))
        )
    if kind == 1:
        folder = folders[int(rng.integers(len(folders)))]
        if read_writer(folder):
            return PenHand(*common, folder, float(rng.uniform(0.8, 1.2)))
    return CurveHand(
        *common,
        "joined",
        float(rng.uniform(0.9, 1.7)),
        float(rng.uniform(0.85, 1.6)),
        float(rng.uniform(0.8, 1.5)),
        float(rng.uniform(0.5, 1.0)),
        float(rng.uniform(0.02, 0.06)),
        float(rng.uniform(0, 0.25)),
        int(rng.integers(1 << 30)),
    )
