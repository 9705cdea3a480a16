"""Letter shapes for computed handwriting: joined school script, separate small letters, block capitals, figures.

    shape("a", "joined")       # (its points, x-height 1, y upwards; joins its neighbours; scale of height)

Each shape is a text of points "x,y" from left to right, strokes parted by "/". The joined shapes (HAND, CAPITALS,
SIGNS) are those of school_script.py; the separate ones stand here.
"""

from __future__ import annotations

import functools
import unicodedata

from drawing.school_script import ACCENTS, CAPITALS, HAND, MARKS, SIGNS

Point = tuple[float, float]

# Separate small letters, as engineers and the later 20th century write.
PRINT: dict[str, str] = {
    "a": ".5,.85 .25,1 .05,.5 .2,0 .5,.3 .52,.95 .52,0",
    "b": ".08,1.9 .06,0 / .06,.6 .3,1 .52,.5 .3,0 .06,.15",
    "c": ".5,.85 .25,1 .05,.5 .25,0 .5,.12",
    "d": ".5,.8 .25,1 .05,.5 .2,0 .5,.3 / .52,1.9 .52,0",
    "e": ".06,.5 .5,.55 .3,1 .05,.5 .25,0 .5,.15",
    "f": ".5,1.75 .3,1.85 .22,1.3 .22,0 / .02,.98 .45,1",
    "g": ".5,.85 .25,1 .05,.5 .2,.05 .5,.4 .52,.95 .5,-.6 .25,-.9 .05,-.7",
    "h": ".08,1.9 .06,0 / .06,.6 .3,1 .48,.7 .5,0",
    "i": ".1,.95 .1,0 / .1,1.35 .12,1.42",
    "j": ".25,.95 .22,-.6 .02,-.85 / .25,1.35 .27,1.42",
    "k": ".08,1.9 .06,0 / .48,.95 .08,.45 / .2,.55 .5,0",
    "l": ".1,1.9 .1,.15 .2,0",
    "m": ".06,1 .06,0 / .06,.7 .25,1 .38,.7 .38,0 / .38,.7 .58,1 .7,.7 .7,0",
    "n": ".06,1 .06,0 / .06,.7 .3,1 .48,.7 .5,0",
    "o": ".3,1 .05,.55 .28,0 .54,.5 .3,1",
    "p": ".08,1 .06,-.9 / .06,.6 .3,1 .52,.5 .3,0 .06,.15",
    "q": ".5,.85 .25,1 .05,.5 .2,0 .5,.3 / .52,1 .52,-.9",
    "r": ".08,1 .06,0 / .06,.6 .25,.95 .42,.95",
    "s": ".45,.85 .25,1 .08,.75 .42,.3 .25,0 .03,.12",
    "t": ".2,1.6 .18,.15 .35,0 / 0,1 .4,1.02",
    "u": ".06,1 .08,.25 .25,0 .48,.35 / .5,1 .5,0",
    "v": ".02,1 .25,0 .5,1",
    "w": ".02,1 .2,0 .38,.8 .55,0 .75,1",
    "x": ".03,1 .5,0 / .5,1 .02,0",
    "y": ".03,1 .28,.1 / .52,1 .1,-.9",
    "z": ".05,.95 .5,.97 .03,.03 .52,.02",
}
# Block capitals as on plans and forms, height 1.8.
BLOCK: dict[str, str] = {
    "A": ".02,0 .4,1.8 .78,0 / .15,.6 .65,.6",
    "B": ".1,1.8 .1,0 / .1,1.8 .55,1.7 .6,1.1 .1,.95 / .1,.95 .65,.8 .65,.15 .1,0",
    "C": ".72,1.5 .45,1.8 .08,1.2 .1,.4 .45,0 .75,.3",
    "D": ".1,1.8 .1,0 / .1,1.8 .6,1.6 .75,.9 .6,.2 .1,0",
    "E": ".65,1.8 .1,1.8 / .1,1.8 .1,0 / .1,0 .68,0 / .1,.95 .55,.95",
    "F": ".65,1.8 .1,1.8 / .1,1.8 .1,0 / .1,.95 .55,.95",
    "G": ".72,1.5 .45,1.8 .08,1.2 .1,.4 .45,0 .75,.3 / .75,.3 .75,.8 / .75,.8 .45,.8",
    "H": ".1,1.8 .1,0 / .7,1.8 .7,0 / .1,.95 .7,.95",
    "I": ".12,1.8 .12,0",
    "J": ".5,1.8 .5,.4 .3,0 .05,.25",
    "K": ".1,1.8 .1,0 / .7,1.8 .12,.85 / .3,1.1 .72,0",
    "L": ".1,1.8 .1,0 / .1,0 .62,0",
    "M": ".08,0 .12,1.8 / .12,1.8 .48,.5 / .48,.5 .85,1.8 / .85,1.8 .88,0",
    "N": ".1,0 .1,1.8 / .1,1.8 .7,0 / .7,0 .7,1.8",
    "O": ".42,1.8 .06,1.1 .2,.1 .6,.1 .78,1.1 .42,1.8",
    "P": ".1,1.8 .1,0 / .1,1.8 .6,1.65 .6,1.05 .1,.85",
    "Q": ".42,1.8 .06,1.1 .2,.1 .6,.1 .78,1.1 .42,1.8 / .5,.4 .85,-.1",
    "R": ".1,1.8 .1,0 / .1,1.8 .6,1.65 .6,1.05 .1,.9 / .3,.9 .7,0",
    "S": ".62,1.55 .4,1.8 .1,1.45 .6,.6 .4,0 .06,.25",
    "T": ".02,1.8 .74,1.8 / .38,1.8 .38,0",
    "U": ".1,1.8 .1,.5 .38,0 .68,.5 .7,1.8",
    "V": ".02,1.8 .38,0 / .38,0 .76,1.8",
    "W": ".02,1.8 .25,0 / .25,0 .5,1.4 / .5,1.4 .75,0 / .75,0 1,1.8",
    "X": ".05,1.8 .72,0 / .72,1.8 .03,0",
    "Y": ".03,1.8 .38,.9 / .75,1.8 .38,.9 / .38,.9 .38,0",
    "Z": ".06,1.8 .7,1.8 / .7,1.8 .03,0 / .03,0 .74,0",
}
EXTRA = {
    "\u0308": ".15,1.4 .2,1.48 / .45,1.4 .5,1.48",
    "\u0328": ".5,0 .4,-.25 .6,-.35",
    "\u0307": ".3,1.4 .35,1.46",
    "\u0300": ".2,1.75 .45,1.4",
    "\u0302": ".1,1.4 .3,1.75 .5,1.4",
}
LIKE = {"ß": "s", "ł": "l", "Ł": "L", "–": "-", "—": "-", "„": ",", "“": "'", "”": "'", '"': "'", "×": "x", "·": "."}
APOSTROPHE = ".1,1.8 .08,1.45"


@functools.cache
def points(text: str) -> tuple[tuple[Point, ...], ...]:
    """The strokes of a shape's text."""
    strokes = []
    for stroke in text.split("/"):
        pairs = (pair.split(",") for pair in stroke.split())
        strokes.append(tuple((float(x), float(y)) for x, y in pairs))
    return tuple(strokes)


def shape(letter: str, style: str) -> tuple[str, bool, float]:
    """A base letter's shape, whether it joins its neighbours, and its scale of height.

    style: "joined", "separate" or "capitals".
    """
    letter = LIKE.get(letter, letter)
    if style == "capitals" or (style == "separate" and letter.isupper()):
        letter = letter.upper() if style == "capitals" else letter
        if letter in BLOCK:
            return BLOCK[letter], False, 1.0
    if style == "separate" and letter in PRINT:
        return PRINT[letter], False, 1.0
    if letter in CAPITALS:
        return CAPITALS[letter], False, 1.05
    if letter.lower() in HAND:
        return HAND[letter.lower()], True, 1.0 if letter.islower() else 1.75
    return (APOSTROPHE if letter == "'" else SIGNS.get(letter, SIGNS["-"])), False, 1.0


def above(letter: str, style: str) -> list[str]:
    """The marks that a letter carries: dots, bars of t, accents; each a shape's text."""
    base, *accents = unicodedata.normalize("NFD", letter)
    marks = [(ACCENTS | EXTRA)[accent] for accent in accents if accent in ACCENTS | EXTRA]
    if not marks and style == "joined" and base in MARKS:
        marks.append(MARKS[base])
    return marks


def base_of(letter: str) -> str:
    """The letter without its accents."""
    return unicodedata.normalize("NFD", letter)[0]
