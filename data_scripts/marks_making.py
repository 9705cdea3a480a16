"""How make_marks.py teaches writers/marks.safetensors, which tells what a pen wrote from what else stands on a page.

code = make(strokes, wills, count=600, workers=2, check=False, output=Path("writers/marks.safetensors"))

Its pages are drawn ones (drawing/), of which each pixel that a pen wrote is known; pages of real and virtual hands; the
repository's category_samples, of which only the category is known; and scans of wills, on which marks_of_wills.tsv says
by eye, in rectangles of hundredths of the page, what is the writer's, an official's, a stamp or a seal. Takes some
minutes; needs PyTorch. benchmarks/writers_isolation.py measures what comes out, on pages that are not among these.
"""

from __future__ import annotations

import copy
import csv
import functools
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from PIL import Image

from drawing.pens import Pen
from drawing.plan import CATEGORIES, Task, Tools, _kit, plan
from drawing.scribes import font_hands, real_hands, scribes_of
from drawing.sheet import Document, Sheet
from writers.isolation import LIKELY, inked_of, pieces_of
from writers.marks import BINS, OWN, likely_hand

HOME = Path(__file__).resolve().parents[1]
WRITTEN = ("TEXT", "TEXT_HW", "TEXT_T", "TEXT_P", "LINE_HW", "LINE_T", "LINE_P", "PHOTO_L", "DRAW_L")
NO_HAND = ("TEXT_T", "TEXT_P", "LINE_T", "LINE_P", "PHOTO", "PHOTO_L")  # of category_samples, all but a word or two
# What each source weighs: of pieces that a pen wrote, and of others.
SHARES = {
    ("drawn", 1): 1.0,
    ("drawn", 0): 1.0,
    ("scribes", 1): 0.2,
    ("scrawls", 1): 0.06,
    ("wills", 1): 1.0,
    ("wills", 0): 0.7,
    ("samples", 1): 0.15,
    ("samples", 0): 0.3,
}
HIDDEN = (32, 16)


@dataclass(frozen=True)
class Labelled:
    """The pieces of one page. hand: [n] int8, 1 a pen's, 0 not, -1 who knows."""

    source: str
    page: str
    features: np.ndarray  # [n, F] float32
    area: np.ndarray  # [n]
    hand: np.ndarray


def labelled(source: str, page: str, image: Image.Image, hand: int | np.ndarray) -> Labelled:
    """The pieces of a page. hand: what all of them are, or which pixels are which.

    [H, W] bool: the pixels that a pen wrote; [3, H, W]: where the writer, an official, a stamp or the like may be.
    """
    inked = inked_of(image)
    pieces = pieces_of(inked)

    def share(mask: np.ndarray) -> np.ndarray:
        mask = cv2.resize(mask.astype(np.uint8) * 255, inked.ink.shape[::-1], interpolation=cv2.INTER_AREA)
        counts = np.bincount(pieces.labels.ravel(), (mask > 60).ravel(), len(pieces.area) + 1)
        return counts[1:] / np.maximum(pieces.area, 1)

    if isinstance(hand, int):
        known = np.full(len(pieces.area), hand)
    elif hand.ndim == 2:
        by_pen = share(cv2.dilate(hand.astype(np.uint8), np.ones((3, 3), np.uint8)))
        known = np.where(by_pen > 0.5, 1, np.where(by_pen < 0.15, 0, -1))
    else:
        writer, official, mark = (share(mask) for mask in hand)
        by_pen = (np.maximum(writer, official) > 0.9) & (mark < 0.1)
        other = (writer < 0.1) & ((mark > 0.9) | (official < 0.1))
        known = np.where(by_pen, 1, np.where(other, 0, -1))
    return Labelled(source, page, pieces.features, pieces.area, known.astype(np.int8))


def of_document(task: Task, strokes: Path) -> list[Labelled]:
    """A drawn document's pages; those whose writing was done on something that was glued on are left out."""
    written: dict[int, Image.Image] = {}
    elsewhere = []
    lay = Pen.lay

    def noted(self: Pen, rng: np.random.Generator, image: Image.Image, mask: np.ndarray, corner, ink) -> None:  # noqa: ANN001
        lay(self, rng, image, mask, corner, ink)
        if id(image) in written:
            written[id(image)].paste(0, corner, Image.fromarray(np.asarray(mask).astype(np.uint8)))
        else:
            elsewhere.append(image.size)

    seed = (task.seed, task.number)
    document = Document.choose(np.random.default_rng(seed), _kit(Tools(None, strokes)), task.number, task.kind, seed)
    scanner = replace(document.scanner, trimmed=False)
    out = []
    Pen.lay = noted
    try:
        for page, label in task.pages:
            rng = np.random.default_rng([*seed, page])
            sheet = Sheet(document, rng)
            elsewhere.clear()
            written.clear()
            hand = written[id(sheet.image)] = Image.new("L", sheet.image.size, 255)
            CATEGORIES[label](sheet)
            if elsewhere or sheet.image.size != hand.size:
                continue
            white = Image.new("RGB", hand.size, "white")
            # the same scan of all ink, of the pen's alone and of none: one geometry
            scans = [scanner.scan(copy.deepcopy(rng), image) for image in (sheet.image, hand.convert("RGB"), white)]
            if len({scan.size for scan in scans}) > 1:
                continue
            ink, none = (np.asarray(scan.convert("L")).astype(np.int16) for scan in scans[1:])
            mask = np.abs(none - ink) > 30
            out.append(labelled("drawn", f"{label}-{task.number}-{page}", scans[0], mask))
    finally:
        Pen.lay = lay
    return out


def of_scribe(number: int, strokes: Path) -> list[Labelled]:
    """A page of a virtual writer, of a real hand or a font."""
    scribe = _scribes(strokes)[number]
    return [labelled("scribes", scribe.name, Image.fromarray(scribe.page(0)), 1)]


@functools.cache
def _scribes(strokes: Path) -> list:
    kit = _kit(Tools(None, strokes))
    return scribes_of(real_hands(strokes) + font_hands(kit.fonts.hand, seed=1), 1000, seed=1)


def of_scrawl(number: int) -> list[Labelled]:
    """Lines of signs of no script, so that an unknown script is no print: strokes, arcs and loops of one slant."""
    rng = np.random.default_rng([17, number])
    page = np.full((int(rng.integers(380, 1300)), int(rng.integers(420, 1200))), int(rng.integers(200, 256)), np.uint8)
    size, slant, shade, pen = (
        rng.uniform(10, 36),
        rng.normal(0.2, 0.35),
        int(rng.integers(0, 110)),
        int(rng.integers(2, 5)),
    )
    loop, together = rng.uniform(0.4, 1.8), rng.random() < 0.5
    y = 2.2 * size
    while y < page.shape[0] - size:
        x = rng.uniform(20, 70)
        while x < page.shape[1] - 2 * size:
            for _ in range(int(rng.integers(1, 8))):
                turns = np.linspace(rng.uniform(0, 6), rng.uniform(6, 12), 24)
                tall, wide = size * rng.uniform(0.5, 1.6), size * rng.uniform(0.2, 0.6)
                if rng.random() < 0.5:
                    points = np.stack([x + slant * tall * np.linspace(0, 1, 24), y - tall * np.linspace(0, 1, 24)], 1)
                else:
                    points = np.stack([x + wide * (1 + np.cos(turns)), y - size * loop * (1 + np.sin(turns)) / 2], 1)
                    points[:, 0] += slant * (y - points[:, 1])
                cv2.polylines(page, [np.round(points * 16).astype(np.int32)], False, shade, pen, cv2.LINE_AA, 4)
                x += wide * (1 if together else 2) + rng.uniform(0, 0.4) * size
            x += size * rng.uniform(0.4, 1.2)
        y += size * rng.uniform(2.2, 3.2)
    return [labelled("scrawls", str(number), Image.fromarray(page), 1)]


def of_will(file: Path, table: dict[str, list[tuple[str, list[float]]]]) -> list[Labelled]:
    """A scanned will, by the rectangles of the table."""
    image = Image.open(file).convert("RGB")
    places = dict(zip(("writer", "official", "mark"), np.zeros((3, image.height, image.width), bool), strict=True))
    for what, box in table[file.stem]:
        left, top, right, bottom = (round(v * side / 100) for v, side in zip(box, image.size * 2, strict=True))
        places[what][top:bottom, left:right] = True
    return [labelled("wills", file.stem, image, np.stack(list(places.values())))]


def of_sample(file: Path) -> list[Labelled]:
    """A page of category_samples, by its category."""
    known = 0 if file.parent.name in NO_HAND else 1 if file.parent.name == "TEXT_HW" else -1
    image = Image.open(file)
    image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    return [labelled("samples", f"{file.parent.name}-{file.stem}", image, known)]


def rectangles() -> dict[str, list[tuple[str, list[float]]]]:
    """Page -> what is where, in hundredths of its width and height."""
    table = defaultdict(list)
    with (HOME / "data_scripts" / "marks_of_wills.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            table[row["page"]].append((row["what"], [float(row[c]) for c in ("left", "top", "right", "bottom")]))
    return table


def all_pages(strokes: Path, wills: Path | None, pages: int, workers: int) -> Iterator[Labelled]:
    """Every page that the network learns from."""
    with ProcessPoolExecutor(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        tasks = plan(pages, 11, WRITTEN)
        waiting = [pool.submit(of_document, task, strokes) for task in tasks]
        waiting += [pool.submit(of_scribe, number, strokes) for number in range(pages // 3)]
        waiting += [pool.submit(of_scrawl, number) for number in range(pages // 3)]
        table = rectangles()
        if wills is not None:
            waiting += [pool.submit(of_will, file, table) for file in sorted(wills.glob("*.jpg")) if file.stem in table]
        waiting += [pool.submit(of_sample, file) for file in sorted((HOME / "category_samples").glob("*/*"))]
        for number, done in enumerate(waiting):
            print(f"\r{number + 1} of {len(waiting)}", end="", file=sys.stderr)
            yield from done.result()
        print(file=sys.stderr)


def mirrored() -> np.ndarray:
    """The features of a piece that is seen in a mirror, as places in the features of the piece."""
    own = np.arange(OWN)
    own[-BINS:] = OWN - BINS + (-np.arange(BINS)) % BINS
    one = lambda start: np.concatenate([[start], start + 1 + own, start + 1 + OWN + own])  # noqa: E731
    return np.concatenate([own, one(OWN), one(OWN + 1 + 2 * OWN), 3 * OWN + 2 + 2 * OWN + np.arange(6)])


def taught(pages: list[Labelled], steps: int = 3000, seed: int = 0) -> dict[str, np.ndarray]:
    """The network's arrays, by name, as writers/marks.py takes them."""
    import torch

    torch.manual_seed(seed)
    features = np.concatenate([page.features for page in pages])
    hand = np.concatenate([page.hand for page in pages])
    source = np.repeat([page.source for page in pages], [len(page.area) for page in pages])
    weight = np.where(hand < 0, 0, np.sqrt(np.concatenate([page.area for page in pages])))
    for of in set(source):
        for kind in (0, 1):
            these = (source == of) & (hand == kind)
            weight[these] *= SHARES.get((of, kind), 0) / max(weight[these].sum(), 1e-9)
    used = weight > 0
    features, hand, weight = features[used], hand[used].astype(np.float32), weight[used]
    mean, spread = features.mean(0), features.std(0) + 1e-3
    scaled = np.clip((features - mean) / spread, -5, 5).astype(np.float32)
    turned = np.clip((features[:, mirrored()] - mean) / spread, -5, 5).astype(np.float32)
    layers = [torch.nn.Linear(a, b) for a, b in zip((features.shape[1], *HIDDEN), (*HIDDEN, 1), strict=True)]
    net = torch.nn.Sequential(layers[0], torch.nn.ReLU(), torch.nn.Dropout(0.1), layers[1], torch.nn.ReLU(), layers[2])
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=steps)
    rng = np.random.default_rng(seed)
    total = np.cumsum(weight)
    for _ in range(steps):
        rows = np.searchsorted(total, rng.random(1024) * total[-1]).clip(0, len(total) - 1)
        batch = np.where(rng.random((1024, 1)) < 0.3, turned[rows], scaled[rows])
        told = net(torch.from_numpy(batch))[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(told, torch.from_numpy(hand[rows] * 0.98 + 0.01))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    arrays = {"mean": mean.astype(np.float32), "spread": spread.astype(np.float32)}
    for number, layer in enumerate(layers):
        arrays[f"{number}.weight"] = layer.weight.detach().numpy()
        arrays[f"{number}.bias"] = layer.bias.detach().numpy()
    return arrays


def checked(pages: list[Labelled], folds: int = 4) -> str:
    """What networks lose and leave out on pages that they did not learn from: by hands of wills, else by pages."""
    group = [page.page.partition("-")[0] if page.source == "wills" else page.page for page in pages]
    names = sorted(set(group))
    fold = np.array([names.index(name) % folds for name in group])
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(4))
    for out in range(folds):
        net = taught([page for page, k in zip(pages, fold, strict=True) if k != out])
        for page in (page for page, k in zip(pages, fold, strict=True) if k == out):
            gone = likely_hand(page.features, net) < LIKELY
            hand, other = page.hand == 1, page.hand == 0
            counts[page.source] += [page.area[kind].sum() for kind in (hand, hand & gone, other, other & gone)]
    return "\n".join(
        f"{source}: {100 * lost / max(1, hand):.1f} % of the pen's ink lost, "
        f"{100 * left / max(1, other):.1f} % of other ink left out"
        for source, (hand, lost, other, left) in sorted(counts.items())
    )


def make(strokes: Path, wills: Path | None, *, count: int, workers: int, check: bool, output: Path) -> int:
    """Reads the pages, `count` of them drawn, teaches the network, writes it; the exit code."""
    from safetensors.numpy import save_file

    pages = list(all_pages(strokes, wills, count, workers))
    save_file(taught(pages), output)
    print(f"{len(pages)} pages, {sum(len(page.area) for page in pages)} pieces -> {output}", flush=True)
    if check:
        print(checked(pages))
    return 0


if __name__ == "__main__":
    from common import no_command

    no_command("see data_scripts/make_marks.py")
