"""Near-duplicates: re-scans among 1,000 pages, found by embeddings, by hashes, and as `explore duplicates` does it.

Called by benchmarks/explore.py --near. The real documents are halved: thresholds were chosen on one half and on other
drawn pages, the figures are of the other half.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from common import HOME, link, markdown, run_process
from PIL import Image
from rescans import ALL, CHANGES, TURNS, other_entry, scan_again

SEED = 7
DRAWN_AGAIN = 40  # drawn pages that are scanned again too
SPREAD = "spread"  # the change of a scan that shows two pages side by side; `shows` then names both
ENTRIES = {"a word (27 x 6 mm)": (160, 36), "half a line (60 x 6 mm)": (355, 36), "a stamp (35 x 20 mm)": (207, 118)}


@dataclass(frozen=True)
class Scan:
    """A page of the collection: which page it shows (of a spread: two, with "+"), how it was scanned ("" = the
    original)."""

    shows: str
    change: str
    real: bool


def held_out(pages: list[Path]) -> list[Path]:
    """The real pages that no threshold was chosen on: half of the documents."""
    documents = sorted({page.stem.rpartition("-")[0] for page in pages})
    random.Random(SEED).shuffle(documents)
    tuned_on = set(documents[: len(documents) // 2])
    return [page for page in pages if page.stem.rpartition("-")[0] not in tuned_on]


def make_collection(real: list[Path], drawn: list[Path], pdf: list[Path], folder: Path, count: int) -> dict[str, Scan]:
    """Write the collection: path below `folder` -> what it is. Nothing is written again where it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    scans: dict[str, Scan] = {}

    def take(source: Path, is_real: bool) -> None:
        name = f"{'real' if is_real else 'drawn'}/{source.parent.name}_{source.name}"
        scans[name] = Scan(source.stem, "", is_real)
        if not (folder / name).exists():
            (folder / name).parent.mkdir(exist_ok=True)
            link(source, folder / name)

    def again(source: Path, is_real: bool, name: str, change: object) -> None:
        number = [*CHANGES, "all at once", *TURNS].index(name)
        path = f"again/{source.stem}_{number}.{'jpg' if change.jpeg else 'png'}"
        scans[path] = Scan(source.stem, name, is_real)
        file = folder / path
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            part = file.with_name(f"part{file.suffix}")
            copy = scan_again(Image.open(source), change, random.Random(path))
            copy = copy.rotate(TURNS.get(name, 0), expand=True)
            copy.save(part, quality=40) if change.jpeg else copy.save(part, compress_level=1)
            part.replace(file)

    def spread(left: Path, right: Path) -> None:
        """Two pages side by side, at 70 % of the resolution of the left one."""
        path = f"spreads/{left.stem}+{right.stem}.jpg"
        scans[path] = Scan(f"{left.stem}+{right.stem}", SPREAD, True)
        file = folder / path
        if file.exists():
            return
        file.parent.mkdir(exist_ok=True)
        one, other = (Image.open(page).convert("RGB") for page in (left, right))
        other = other.resize((round(other.width * one.height / other.height), one.height), Image.Resampling.BICUBIC)
        both = Image.new("RGB", (one.width + other.width, one.height))
        both.paste(one, (0, 0))
        both.paste(other, (one.width, 0))
        part = file.with_name("part.jpg")
        size = (round(0.7 * both.width), round(0.7 * both.height))
        both.resize(size, Image.Resampling.BICUBIC).save(part, quality=80)
        part.replace(file)

    for page in real:
        take(page, True)
    for page in held_out(real):
        for name, change in {**CHANGES, "all at once": ALL, **dict.fromkeys(TURNS, ALL)}.items():
            again(page, True, name, change)
    for left, right in zip(held_out(real)[::2], held_out(real)[1::2], strict=False):
        spread(left, right)
    for page in drawn[:DRAWN_AGAIN]:
        again(page, False, "all at once", ALL)
    for file in pdf:  # consecutive pages of a real report
        if not (folder / file.name).exists():
            link(file, folder / file.name)
        import pypdfium2

        for number in range(len(pypdfium2.PdfDocument(file))):
            scans[f"{file.name}#{number}"] = Scan(f"{file.stem}-{number + 1}", "", True)
    for page in drawn[: max(0, count - len(scans))]:
        take(page, False)
    return scans


def measure_near(real: list[Path], drawn: list[Path], pdf: list[Path], work: Path, model: str, count: int) -> None:
    """Print the tables."""
    from explore.comparing import compare_pairs
    from explore.duplicates import CANDIDATES, appearance, candidates
    from explore.grouping import group_pages
    from index.database import Index
    from settings.config_file import read_settings

    folder = work / "near"
    scans = make_collection(real, drawn, pdf, folder / "pages", count)
    backbone = ["--backbone", model] if model else []
    done = run_process(
        ["run.py", "explore", "index", folder / "pages", "--index", folder / "index", "--quiet", *backbone], threads=2
    )
    if done.code:
        sys.exit(f"explore index failed:\n{done.output}")
    index = Index.open(folder / "index")
    rows = index.rows()
    names = [path if frame != frame or frame is None else f"{path}#{int(frame)}" for path, frame in _paths(rows)]
    vectors = index.vectors().astype(np.float32)
    known = [scans[name] for name in names]
    again = [page_index for page_index, scan in enumerate(known) if scan.change not in ("", SPREAD)]
    original = {scan.shows: page_index for page_index, scan in enumerate(known) if not scan.change}
    shows = np.array([scan.shows for scan in known])
    print(
        f"\n{len(names)} pages: {len(real)} real ones, {sum('#' in name for name in names)} of a real report (PDF), "
        f"{sum(1 for scan in known if not scan.real and not scan.change)} drawn, {len(again)} re-scans "
        f"({sum(known[page_index].real for page_index in again)} of {len(held_out(real))} real pages), "
        f"{sum(scan.change == SPREAD for scan in known)} spreads of two of these"
    )

    looks, lying = appearance(index, rows["id"].to_numpy())
    whole = looks.astype(np.float32)
    sketches = math.sqrt(2) * whole[:, vectors.shape[1] :]
    likeness = {
        "embeddings alone": vectors @ vectors.T,
        "perceptual hash alone": _hash_similarity(index, rows["id"].tolist()),
        "sketch of the thumbnail alone": sketches @ sketches.T,
        "embedding and sketch": whole @ whole.T,
    }
    ways = {}
    for way, alike in likeness.items():
        np.fill_diagonal(alike, -1)
        ways[way] = alike, np.array([alike[page_index, original[shows[page_index]]] for page_index in again])
    own_likeness = ways["embedding and sketch"][1]
    columns: dict[str, dict[str, np.ndarray]] = {}
    different = shows[:, None] != shows[None]
    for way, (alike, to_own) in ways.items():
        rivals = np.where(different, alike, -np.inf)[again].max(axis=1)
        columns[f"{way}: recall@1"] = {"found": to_own > rivals}
        threshold = float(np.where(different, alike, -np.inf).max())
        columns[f"{way}, at no false pair"] = {"found": to_own > threshold}

    started = time.perf_counter()
    pairs = candidates(looks, lying)
    near = set(pairs)
    is_candidate = np.array([tuple(sorted((page_index, original[shows[page_index]]))) in near for page_index in again])
    log = folder / "compared.csv"  # kept as the product keeps it: a run that was stopped goes on
    settings = read_settings(HOME / "config.toml")
    compare = partial(compare_pairs, rows=rows, file=log, workers=2, max_pixels=settings.input.max_pixels, quiet=True)
    grouping = group_pages(rows, pairs, compare)
    compared = grouping.done
    seconds = time.perf_counter() - started
    same = {tuple(sorted(pair)) for pair in compared.same}
    false = sorted((names[one], names[other]) for one, other in same if shows[one] != shows[other])
    group = list(range(len(names)))
    for number, one in enumerate(grouping.groups, len(names)):
        for page_index in one.rows:
            group[page_index] = number
    hit_mask = np.array([group[page_index] == group[original[shows[page_index]]] for page_index in again])
    columns[f"candidates ({CANDIDATES} neighbours by both)"] = {"found": is_candidate}
    columns["`duplicates`: candidates, then laid on each other"] = {"found": hit_mask}

    kinds = [(True, change) for change in (*CHANGES, "all at once", *TURNS)] + [(False, "all at once")]
    head = [
        "re-scans found, %",
        *(f"{'' if is_real else 'drawn: '}{change}" for is_real, change in kinds),
        "all real, upright",
    ]
    lines = []
    for way, values in columns.items():
        cells = []
        for is_real, change in kinds:
            mask = [known[page_index].real == is_real and known[page_index].change == change for page_index in again]
            cells.append(f"{100 * values['found'][mask].mean():.1f}")
        mask = [known[page_index].real and known[page_index].change not in TURNS for page_index in again]
        lines.append([way, *cells, f"{100 * values['found'][mask].mean():.1f}"])
    print("\n" + markdown(head, lines))
    opened = len({page_index for pair in pairs for page_index in pair})
    print(
        f"\n`duplicates`: {len(same)} pairs said to be the same page, {len(false)} of them false; {len(pairs)} "
        f"candidates of {len(names) * (len(names) - 1) // 2} pairs, {opened} pages; {compared.now} compared in "
        f"{seconds:.0f} s on 2 threads, {compared.earlier} earlier"
    )
    for one, other in false:
        print(f"  false: {one} and {other}")
    mixed = sum(len({shows[page_index] for page_index in one.rows}) > 1 for one in grouping.groups)
    halves = {(page_index, original[half]) for page_index, scan in enumerate(known) if scan.change == SPREAD
              for half in scan.shows.split("+")}  # fmt: skip
    told_parts = {(one.rows[0], one.rows[1]) for one in grouping.parts}
    right = {(whole, part) for whole, part in told_parts if shows[part] in shows[whole].split("+")}
    print(
        f"{len(grouping.groups)} groups, {mixed} of them with two different pages; of {len(halves)} halves of a spread "
        f"{len({shows[part] + shows[whole] for whole, part in right if '+' in shows[whole]})} told as part of it; "
        f"{len(right)} pages told as part of another that shows the same page, "
        f"{len(told_parts - right)} of a different one"
    )
    for whole, part in sorted(told_parts - right):
        print(f"  no part: {names[part]} of {names[whole]}")
    missed = [names[page_index] for page_index, hit in zip(again, hit_mask, strict=True) if not hit]
    print(f"not found: {', '.join(missed) or 'none'}")
    floor = np.sort(own_likeness)[: max(1, len(own_likeness) // 100)]
    print(
        f"likeness (embedding and sketch) of a re-scan and its original: lowest {own_likeness.min():.3f}, 1 % below "
        f"{floor[-1]:.3f}"
    )
    _other_entries(held_out(real))
    _more_and_less([*held_out(real), *drawn[:DRAWN_AGAIN]])


def _paths(rows: object) -> list[tuple[str, object]]:
    frames = [None if value is None or str(value) == "<NA>" else value for value in rows["frame"]]
    return list(zip(rows["path"], frames, strict=True))


def _hash_similarity(index: object, ids: list[int]) -> np.ndarray:
    """1 - share of differing bits [N, N] of the difference hash of data_scripts/duplicates.py, of the thumbnails."""
    sys.path.insert(0, str(HOME / "data_scripts"))
    from duplicates import look

    bits = [np.unpackbits(np.frombuffer(look(image).bits, np.uint8)) for image in index.thumbnail(ids)]
    signs = 2.0 * np.array(bits, np.float32) - 1  # [N, 256]
    return (signs @ signs.T / signs.shape[1] + 1) / 2


def _other_entries(pages: list[Path]) -> None:
    """Pages with one other entry, scanned again: how many are told apart, and the same without the other entry."""
    from explore.near_duplicates import compare, see

    lines, reasons = [], defaultdict(int)
    for what, size in ENTRIES.items():
        apart = tried = 0
        for page in pages:
            image = Image.open(page)
            scale = max(image.size) / 1754  # of an A4 page at 150 dpi
            scaled = tuple(round(side * scale) for side in size)
            draw = random.Random(f"{page.stem} {what}")
            other = other_entry(image, scaled, draw)
            if other is None:
                continue
            verdict = compare(see(image.convert("L")), see(scan_again(other, ALL, draw)))
            tried, apart = tried + 1, apart + (not verdict.same)
            reasons[verdict.reason.partition(" in ")[0]] += 1
        lines.append([what, str(tried), f"{100 * apart / tried:.1f}"])
    print("\n" + markdown(["the same page, but for", "pages", "told apart, %"], lines))


def _more_and_less(pages: list[Path]) -> None:
    """What a page is told to be to scans that show more or less of it, in per cent."""
    from explore.near_duplicates import RELATIONS, compare, see

    relations: dict[str, Counter[str]] = defaultdict(Counter)
    for page, next_page in zip(pages, [*pages[1:], pages[0]], strict=True):
        image, other = (Image.open(file).convert("L") for file in (page, next_page))
        width, height = image.size
        first, beside = see(image), other.resize(image.size, Image.Resampling.BICUBIC)
        scans = {}
        for share in (5, 8, 25):
            cut = round(width * share / 100), round(height * share / 100)
            sides = ((cut[0], 0, width, height), (0, cut[1], width, height), (0, 0, width - cut[0], height),
                     (0, 0, width, height - cut[1]))  # fmt: skip
            scans[f"{share} % cropped at one side"] = [image.crop(side) for side in sides]
        for what, side, corner in (
            ("beside", (2 * width, height), (width, 0)),
            ("below", (width, 2 * height), (0, height)),
        ):
            both = Image.new("L", side, 255)
            both.paste(image, (0, 0))
            both.paste(beside, corner)
            small = round(0.7 * both.width), round(0.7 * both.height)
            scans[f"another page {what} it, at 70 % of the size"] = [both.resize(small, Image.Resampling.BICUBIC)]
        bed = Image.new("L", (round(1.4 * width), round(1.3 * height)), 20)
        bed.paste(image, (30, 30))
        scans["on a black bed"] = [bed]
        for what, images in scans.items():
            for scan in images:
                relations[what][compare(first, see(scan)).relation] += 1
    lines = [
        [what, str(counts.total()), *(f"{100 * counts[relation] / counts.total():.1f}" for relation in RELATIONS)]
        for what, counts in relations.items()
    ]
    head = ["the scan shows the page", "pairs", "same", "scan is part", "page is part", "other page", "not told"]
    print("\n" + markdown(head, lines))
