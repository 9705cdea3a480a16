"""Pages that belong to none of the eleven categories: does the model say so, by a low score?

    python benchmarks/foreign_pages.py                                   # the default model
    python benchmarks/foreign_pages.py --model models/mine --pages ../shared/pages

Ten kinds are drawn here from a seed, ten pages each, and scanned as the generator scans: they were made to judge, no
model is trained on them. Printed: how sure the model is of each kind, beside how sure it is of pages that do belong
(`--pages`), and how well the score alone tells the two apart (area under the ROC curve: 1 = always, 0.5 = not at all);
the same of UNLIKE, where the model says it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))
sys.path.append(str(HOME / "data_scripts"))  # last: it has a common.py too

SIZE = (1240, 1754)


def texture(rng: np.random.Generator, cell: int, low: int, high: int) -> Image.Image:
    """Smooth grey noise over a page."""
    small = rng.integers(low, high, (SIZE[1] // cell + 2, SIZE[0] // cell + 2)).astype(np.uint8)
    return Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC)


def blank(rng: np.random.Generator) -> Image.Image:
    """An empty sheet."""
    return Image.new("RGB", SIZE, "white")


def blank_ruled(rng: np.random.Generator) -> Image.Image:
    """An empty sheet of ruled or squared paper."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    step = int(rng.integers(28, 70))
    for y in range(60, SIZE[1], step):
        draw.line([(0, y), (SIZE[0], y)], (170, 190, 210))
    if rng.random() < 0.5:
        for x in range(step, SIZE[0], step):
            draw.line([(x, 0), (x, SIZE[1])], (170, 190, 210))
    return page


def cover(rng: np.random.Generator) -> Image.Image:
    """The cover of a book or folder: cloth or leather, maybe a small label."""
    tint = rng.integers(20, 190, 3)
    grain = np.asarray(texture(rng, 3, 90, 165), np.float32)[..., None] / 128
    page = Image.fromarray((grain * tint).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, rng.integers(30, 130), SIZE[1]), fill=tuple(int(v * 0.6) for v in tint))
    if rng.random() < 0.5:
        x, y = rng.integers(300, 600), rng.integers(200, 700)
        draw.rectangle((x, y, x + 360, y + 180), fill=(236, 226, 200), outline=(90, 80, 60), width=4)
    return page


def colour_chart(rng: np.random.Generator) -> Image.Image:
    """A colour reference target."""
    page = Image.new("RGB", SIZE, tuple(int(v) for v in rng.integers(20, 60, 3)))
    draw = ImageDraw.Draw(page)
    across, down = int(rng.integers(4, 9)), int(rng.integers(5, 12))
    for row in range(down):
        for column in range(across):
            box = (60 + column * 1120 / across, 60 + row * 1630 / down)
            colour = tuple(int(v) for v in rng.integers(0, 256, 3))
            draw.rectangle((*box, box[0] + 1120 / across - 20, box[1] + 1630 / down - 20), fill=colour)
    return page


def grey_wedge(rng: np.random.Generator) -> Image.Image:
    """A grey scale in steps."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    steps = int(rng.integers(8, 22))
    for step in range(steps):
        tone = int(255 * step / (steps - 1))
        draw.rectangle((200, 100 + step * 1500 / steps, 1040, 100 + (step + 1) * 1500 / steps), fill=(tone,) * 3)
    return page


def empty_glass(rng: np.random.Generator) -> Image.Image:
    """A scan of nothing: the dark inside of the lid, dust, a bright edge."""
    page = texture(rng, 200, 8, 60).convert("RGB")
    draw = ImageDraw.Draw(page)
    for _ in range(60):
        x, y = rng.uniform(0, SIZE[0]), rng.uniform(0, SIZE[1])
        draw.ellipse((x, y, x + 2, y + 2), fill=(200, 200, 200))
    return page


def music(rng: np.random.Generator) -> Image.Image:
    """A score: staves, notes, bars."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    for top in range(150, 1600, int(rng.integers(120, 180))):
        for line in range(5):
            draw.line([(100, top + 14 * line), (1140, top + 14 * line)], (30, 30, 30), 2)
        for x in range(180, 1120, int(rng.integers(30, 70))):
            y = top + rng.integers(-1, 10) * 7
            draw.ellipse((x, y - 7, x + 18, y + 7), fill=(20, 20, 20))
            draw.line([(x + 17, y), (x + 17, y - 55)], (20, 20, 20), 3)
    return page


def test_target(rng: np.random.Generator) -> Image.Image:
    """A resolution target: rays and bundles of lines."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    rays = int(rng.integers(24, 60))
    for ray in range(0, 360, 360 // rays * 2):
        draw.pieslice((220, 300, 1020, 1100), ray, ray + 360 / rays, fill=(0, 0, 0))
    for bundle in range(8):
        for line in range(6):
            x = 120 + bundle * 130 + line * (2 + bundle * 2)
            draw.line([(x, 1250), (x, 1550)], (0, 0, 0), 1 + bundle)
    return page


def separator(rng: np.random.Generator) -> Image.Image:
    """A sheet that parts two documents for the scanner: a large bar code or patch code."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    upright = rng.random() < 0.5
    at = 150
    while at < 1050:
        width = int(rng.integers(5, 40))
        box = (at, 400, at + width, 1200) if upright else (200, at + 200, 1040, at + 200 + width)
        draw.rectangle(box, fill=(0, 0, 0))
        at += width + int(rng.integers(5, 40))
    return page


def surface(rng: np.random.Generator) -> Image.Image:
    """A table, a floor or a hand's breadth of cloth that the camera caught between two pages."""
    fine, rough = np.asarray(texture(rng, 4, 90, 170), np.float32), np.asarray(texture(rng, 90, 60, 200), np.float32)
    tint = rng.uniform(0.5, 1.0, 3)
    page = Image.fromarray(((fine * 0.4 + rough * 0.6)[..., None] * tint).clip(0, 255).astype(np.uint8))
    return page.filter(ImageFilter.GaussianBlur(2))


KINDS: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "blank sheet": blank,
    "blank ruled sheet": blank_ruled,
    "cover": cover,
    "colour chart": colour_chart,
    "grey wedge": grey_wedge,
    "empty scanner": empty_glass,
    "music": music,
    "test target": test_target,
    "separator sheet": separator,
    "table top": surface,
}


def main() -> None:
    """Parse the command line, draw, score, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=HOME / "models" / "efficientnet-lite0")
    parser.add_argument("--pages", type=Path, default=HOME.parent / "shared" / "pages", help="pages that do belong")
    parser.add_argument("--each", type=int, default=10, help="drawn pages of each kind (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    from common import embeddings_of
    from sklearn.metrics import roc_auc_score

    from classifier import PageClassifier
    from drawing.scan import Scanner
    from encoders.unlikeness import unlike
    from reading.decoding import read_page
    from reading.pages import find_pages

    classifier = PageClassifier.from_pretrained(given.model)

    def looked_at(images: Iterable[Image.Image]) -> np.ndarray:
        """Best score and UNLIKE of pages, [N, 2]; UNLIKE is NaN where the model does not say it."""
        rows = embeddings_of(classifier, images)
        return np.stack(
            [classifier.scores_of(rows).max(axis=1), np.array(unlike(classifier.unlikeness, rows), float)], axis=1
        )

    def line(name: str, pages: np.ndarray, belong: np.ndarray | None = None) -> str:
        (top, unlike), areas = np.median(pages, axis=0), ""
        if belong is not None:
            truth = [1] * len(belong) + [0] * len(pages)
            both = np.concatenate([belong, pages]) * (1, -1)  # who belongs has a high score, and is little unlike
            areas = "".join(f"  {roc_auc_score(truth, column):8.2f}" for column in both.T if np.isfinite(column).all())
        return f"{name:20}  {top:10.2f}  {(pages[:, 0] < 0.5).mean():16.0%}  {unlike:13.2f}{areas}"

    page_list = find_pages(given.pages)
    known = looked_at(
        read_page(page_list.root / page.path, page.frame, min_side=max(classifier.transform.size), max_pixels=10**9)
        for page in page_list.pages
    )
    print(
        f"{'medians of':20}  {'top score':>10}  {'share below half':>16}  {'UNLIKE':>13}  area under ROC: score, UNLIKE"
    )
    print(line("pages that belong", known))
    everything = []
    for number, (name, draw) in enumerate(KINDS.items()):
        drawn = []
        for index in range(given.each):
            rng = np.random.default_rng([given.seed, number, index])
            drawn.append(Scanner.choose(rng, float(rng.random())).scan(rng, draw(rng)))
        everything.append(looked_at(drawn))
        print(line(name, everything[-1], known), flush=True)
    print(line("all ten kinds", np.concatenate(everything), known))


if __name__ == "__main__":
    main()
