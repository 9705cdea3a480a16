"""Pages that lie on their side or upside down: are they sorted as if upright, is the turn right, what does it cost?

    python benchmarks/turned.py ../shared/pages ../shared/hands --called wills=TEXT_HW registers=LINE_HW

Each page of the label folders lies in all four turns. The model sorts it as it lies (`--no-upright`), and after
`encoders/turning.py` has said how it lies. None of these pages may have taught what finds turns (data_scripts/make_turn
.py was given drawn ones); the shipped model knows ../shared/pages, so its figures there compare turns, no more.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import machine, markdown
from PIL import Image

from classifier import PageClassifier
from encoders.engine import Computing
from encoders.turning import TurnFinder
from reading.decoding import Reader
from reading.turns import CLOCKWISE
from settings.config_file import HOME

SUFFIXES = (".jpg", ".png", ".tif")
# What brings an upright page to lie so that as many degrees clockwise bring it upright again.
LYING = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
KINDS_OF = {
    "typed, printed": ("TEXT_T", "TEXT_P", "LINE_T", "LINE_P"),
    "handwriting": ("TEXT_HW", "LINE_HW"),
    "mixed": ("TEXT",),
    "drawings, photographs": ("DRAW", "DRAW_L", "PHOTO", "PHOTO_L"),
}


def main() -> None:
    """Parse the command line, sort each page in four turns, print two tables and the time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", help="label folders of upright pages")
    parser.add_argument("--model", type=Path, default=HOME / "models" / "efficientnet-lite0", help="a model folder")
    parser.add_argument("--called", nargs="*", default=[], metavar="FOLDER=CATEGORY", help="folders of other names")
    given = parser.parse_args()
    called = dict(one.split("=") for one in given.called)
    files = [file for folder in given.folders for file in sorted(folder.glob("*/*")) if file.suffix.lower() in SUFFIXES]
    classifier = PageClassifier.from_pretrained(given.model, Computing("onnx", threads=1))
    finder, transform = TurnFinder.load(), classifier.transform
    labels = np.array([called.get(file.parent.name, file.parent.name) for file in files])
    said = np.zeros((len(files), 4), object)  # degrees, None where nobody can tell
    turned = np.zeros((len(files), 4), int)  # degrees by which it is turned to be sorted
    best = np.zeros((2, len(files), 4), object)  # category as it lies, and as if upright
    sorting = finding = 0.0  # seconds of one core, from the file to its scores, and for the turn
    with Reader(min_side=max(transform.size), max_pixels=10**9) as reader:
        for at, file in enumerate(files):
            began = time.process_time()
            upright = reader.page(file, None, [])
            decoding = time.process_time() - began
            for turn, degrees in enumerate(CLOCKWISE):
                page = upright.transpose(LYING[degrees]) if degrees else upright
                began = time.process_time()
                scores = classifier.scores_of(classifier.embed_pages(transform(page)[None]))[0]
                looked = time.process_time()
                found = finder.find(page)
                sorting, finding = sorting + decoding + looked - began, finding + time.process_time() - looked
                best[0, at, turn] = classifier.categories[int(scores.argmax())]
                said[at, turn], turned[at, turn] = found.degrees, found.clockwise
            for turn, degrees in enumerate(turned[at].tolist()):  # what is turned lies as another one of the four did
                best[1, at, turn] = best[0, at, (turn - degrees // 90) % 4]
    print(f"machine: {machine()}\n{len(files)} pages, each in four turns\n")
    sets = {str(folder): np.array([folder in file.parents for file in files]) for folder in given.folders}
    head = ["category right, %", *(f"lying by {degrees}" if degrees else "upright" for degrees in CLOCKWISE)]
    rows = []
    for name, mine in sets.items():
        for how, categories in zip(("as they lie", "as if upright"), best, strict=True):
            right = categories[mine] == labels[mine, None]
            rows.append([f"{name}, {how}", *(f"{100 * share:.1f}" for share in right.mean(axis=0))])
    print(markdown(head, rows), "\n")
    head = ["turn, %", "pages", "right", "not said", "wrong", "of upright ones: right", "not said", "wrong"]
    rows = []
    for name, mine in sets.items():
        kinds = {"all": tuple(set(labels)), **KINDS_OF}
        for kind, categories in kinds.items():
            some = said[mine & np.isin(labels, categories)]
            if len(some):
                rows.append([f"{name}, {kind}", str(len(some)), *_shares(some, CLOCKWISE), *_shares(some[:, :1], (0,))])
    print(markdown(head, rows), "\n")
    each = sorting / (4 * len(files)), finding / (4 * len(files))
    print(f"a page on one core, to its category: {1000 * each[0]:.0f} ms, its turn {1000 * each[1]:.0f} ms more: "
          f"{1 + each[1] / each[0]:.2f} x")  # fmt: skip


def _shares(said: np.ndarray, truth: tuple[int, ...]) -> list[str]:
    """Right, not said, wrong, in percent, of what was said of pages [N, turns]."""
    right, silent = (said == np.array(truth, object)).mean(), np.equal(said, None).mean()
    return [f"{100 * share:.1f}" for share in (right, silent, 1 - right - silent)]


if __name__ == "__main__":
    main()
