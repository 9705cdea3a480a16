"""`explore duplicates`: pages that are there more than once, as files of the same bytes or scanned again.

    python run.py explore duplicates            # both
    python run.py explore duplicates --exact    # files of the same bytes only: at once, no page is opened

A page's nearest neighbours by vector and thumbnail are candidates; each such pair is opened and laid one on the other
(near_duplicates.py), as alike is not the same. Leaves <output>/duplicates/: groups.csv, which proposes the page of a
group to keep and says why, contact sheets of the groups, run.json. Nothing is ever moved or deleted.
"""

from __future__ import annotations

import io
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from explore.comparing import Compared, compare_pairs, frame_of, why_unread
from explore.index import Index, page_file
from explore.keeping import Copy, propose, quality_of
from explore.neighbours import neighbours
from explore.outputs import output_folder, write_record
from pages import Page
from predict import threads
from progress import Progress
from sheets import MOST, Tile, draw_sheet
from sketch import SKETCH, sketch
from tables import Table, cell, path_cell
from utils import UserError, printable

if TYPE_CHECKING:
    from pandas import DataFrame

    from explore.near_duplicates import Verdict
    from run import Job
    from settings import Settings

CANDIDATES = 5  # nearest neighbours of a page that are opened at most
ALIKE = 0.65  # likeness of candidates at least; scans of one page reached 0.76 (benchmarks/explore.py)
COMPARED = "compared.csv"  # in the index's folder: it goes with the pages, whatever -o says
SHEETS = 10  # contact sheets at most; the table has all groups
LISTED = 8  # groups on the terminal
NEEDED = [
    "id", "folder", "path", "frame", "document", "page", "file", "category", "hash", "size", "mtime_ns", "width",
    "height",
]  # fmt: skip
COLUMNS = [
    "GROUP", "PROPOSAL", "WHY", "FILE", "PAGE", "DOCUMENT", "CATEGORY", "WIDTH", "HEIGHT", "BYTES", "PATH", "FOLDER"
]  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Pages that are one. places: in the rows, the one to keep first; why: of each, in words."""

    places: list[int]
    why: list[str]


def run_duplicates(settings: Settings, job: Job) -> int:
    """Find groups, write them down, say what was found; 0, or 1 where pages could not be opened."""
    wanted, quiet, started = job.explore, settings.setup.quiet, time.time()
    index = Index.open(wanted.index)
    rows = index.rows(NEEDED)
    if rows.empty:
        raise UserError(f"the index {printable(str(wanted.index))} holds no pages")
    folder = output_folder(wanted.output / "duplicates")
    alike: list[tuple[int, int]] = []
    done = Compared()
    if not wanted.exact:
        firsts = (~rows["hash"].duplicated()).to_numpy().nonzero()[0]  # one page of each content
        with Progress(len(rows), quiet=quiet, label="thumbnails") as bar:
            looks = appearance(index, rows["id"].to_numpy(), bar.advance)
        if len(firsts) < len(rows):
            looks = looks[firsts]
        with Progress(len(firsts), quiet=quiet, label="neighbours") as bar:
            alike = [(int(firsts[one]), int(firsts[other])) for one, other in candidates(looks, bar.advance)]
        del looks
        try:
            done = compare_pairs(
                alike,
                rows,
                index.folder / COMPARED,
                workers=threads(settings.setup.workers),
                max_pixels=settings.input.max_pixels,
                quiet=quiet,
            )
        except KeyboardInterrupt:
            print("the pairs compared so far are kept: the same command goes on from there", file=sys.stderr)
            raise
    groups, unread = find_groups(rows, done)
    notes: list[str] = []
    files = [write_table(folder, rows, groups, notes, excel=settings.output.excel)]
    files += draw_sheets(folder, rows, groups, max_pixels=settings.input.max_pixels, quiet=quiet)
    files.append(
        write_record(
            folder,
            index,
            job,
            started,
            len(rows),
            {
                "groups": len(groups),
                "in_groups": sum(len(group.places) for group in groups),
                "candidates": len(alike),
                "compared": done.now,
                "compared_earlier": done.earlier,
                "not_opened": len(unread),
            },
        )
    )
    print(summary(groups, rows, alike, done, exact=wanted.exact))
    for why, count in Counter(unread.values()).most_common(3):
        first = next(place for place, said in unread.items() if said == why)
        more = f" and {count - 1} more" if count > 1 else ""
        notes.append(f"not compared: {rows['path'][first]}{more}: {why} (explore index looks again)")
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return int(bool(unread))


def appearance(index: Index, ids: np.ndarray, progress: Callable[[int], object] | None = None) -> np.ndarray:
    """What candidates are found by: unit vectors float16 [N, D + 192] in the order of `ids` (sorted), half the
    backbone's vector, half the thumbnail's sketch: each overlooks scans that the other finds."""
    dim = index.backbone.dim
    found = np.zeros((len(ids), dim + math.prod(SKETCH)), np.float16)
    half = np.float16(math.sqrt(0.5))
    for batch in index.batches(["id", "vector", "thumbnail"], 1024):
        places = np.searchsorted(ids, batch["id"].to_numpy())
        found[places, :dim] = half * batch["vector"].flatten().to_numpy(zero_copy_only=False).reshape(-1, dim)
        for place, thumbnail in zip(places, batch["thumbnail"].to_pylist(), strict=True):
            if thumbnail:
                found[place, dim:] = half * sketch(Image.open(io.BytesIO(thumbnail)))
        if progress:
            progress(batch.num_rows)
    return found


def candidates(looks: np.ndarray, progress: Callable[[int], object] | None = None) -> list[tuple[int, int]]:
    """Pairs of places, the smaller first, that may be the same page: near neighbours that are alike enough."""
    places, similarity = neighbours(looks, CANDIDATES, progress=progress)
    ones, nth = np.nonzero((places >= 0) & (similarity >= ALIKE))
    others = places[ones, nth]
    pairs = np.unique(np.stack([np.minimum(ones, others), np.maximum(ones, others)], axis=1), axis=0)
    return [(int(one), int(other)) for one, other in pairs]


def find_groups(rows: DataFrame, done: Compared) -> tuple[list[Group], dict[int, str]]:
    """Groups of pages that are one, directly or through others, the largest first; and pages that could not be opened.

    Files of the same bytes belong together wherever they lie, as long as they are still what was indexed.
    """
    parent = list(range(len(rows)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    hashes = rows["hash"].tolist()
    copies: dict[str, list[int]] = defaultdict(list)
    for place, content in enumerate(hashes):
        copies[content].append(place)
    unread = dict(done.unread)
    for places in copies.values():
        if len(places) > 1:
            there = [place for place in places if not (why := why_unread(rows, place)) or unread.update({place: why})]
            for place in there[1:]:
                parent[root(place)] = root(there[0])
    links: dict[int, list[tuple[int, Verdict]]] = defaultdict(list)  # by place: (other, what it is against this one)
    for (one, other), verdict in done.same.items():
        one, other = (next((at for at in copies[hashes[place]] if at not in unread), -1) for place in (one, other))
        if one < 0 or other < 0:
            continue
        parent[root(other)] = root(one)
        links[one].append((other, verdict))
        links[other].append((one, verdict.turned_round()))
    members: dict[int, list[int]] = defaultdict(list)
    for place in range(len(rows)):
        if place not in unread:
            members[root(place)].append(place)
    found = [_group(rows, places, links) for places in members.values() if len(places) > 1]
    return sorted(found, key=lambda group: (-len(group.places), group.places)), unread


def _group(rows: DataFrame, places: list[int], links: dict[int, list[tuple[int, Verdict]]]) -> Group:
    """The group with its proposal. Resolution, area and angle of each page count from the first one on."""
    content = rows["hash"]
    relative: dict[str, tuple[float, float, float]] = {}
    start = next((place for place in places if place in links), places[0])
    relative[content[start]] = (1.0, 1.0, 0.0)
    waiting = [start]
    while waiting:
        one = waiting.pop()
        resolution, area, angle = relative[content[one]]
        for other, verdict in links.get(one, ()):
            if content[other] not in relative:
                turned = angle + verdict.angle
                relative[content[other]] = (resolution * verdict.resolution, area * verdict.area, turned)
                waiting.append(other)
    members = []
    for place in places:
        row = rows.iloc[place]
        file = page_file(row["folder"], row["path"])
        resolution, area, angle = relative[row["hash"]]
        quality, colour = quality_of(file, frame_of(row["frame"])) if len(relative) > 1 else (100, False)
        whole = f"{row['folder']}/{row['path']}"
        members.append(Copy(place, row["hash"], resolution, area, angle, quality, colour, int(row["size"]), whole))
    order, why = propose(members)
    return Group([copy.place for copy in order], why)


def write_table(folder: Path, rows: DataFrame, groups: Sequence[Group], notes: list[str], *, excel: bool) -> Path:
    """groups.csv: a row a page of a group, the one to keep first."""
    with ExitStack() as opened:
        table = Table(folder / "groups.csv", COLUMNS, opened, excel=excel)
        for number, group in enumerate(groups, 1):
            for nth, (place, why) in enumerate(zip(group.places, group.why, strict=True)):
                row = rows.iloc[place]
                about = [_text(row["file"]), _whole(row["page"]), _text(row["document"]), _text(row["category"])]
                sizes = [_whole(row["width"]), _whole(row["height"]), _whole(row["size"])]
                proposal = "duplicate" if nth else "keep"
                where = [path_cell(row["path"]), cell(row["folder"])]
                table.write([number, proposal, cell(why), *about, *sizes, *where])
        return table.complete(notes)


def draw_sheets(
    folder: Path, rows: DataFrame, groups: Sequence[Group], *, max_pixels: int, quiet: bool = False
) -> list[Path]:
    """groups_01.png ...: the groups side by side, the page to keep first."""
    for old in folder.glob("groups_[0-9]*.png"):  # of an earlier run
        old.unlink()
    sheets: list[list[Tile]] = []
    for number, group in enumerate(groups, 1):
        tiles = [_tile(rows, place, number, nth, group) for nth, place in enumerate(group.places[:MOST])]
        if not sheets or len(sheets[-1]) + len(tiles) > MOST:
            sheets.append([])
        sheets[-1] += tiles
    shown = sheets[:SHEETS]
    title = "pages that are there more than once; of each group the page proposed to keep comes first"
    files = []
    with Progress(len(shown), unit="sheet", quiet=quiet, label="contact sheets") as bar:
        for number, tiles in enumerate(shown, 1):
            file = folder / f"groups_{number:02d}.png"
            files.append(draw_sheet(tiles, Path(), file, title=title, max_pixels=max_pixels))
            bar.advance()
    return files


def summary(
    groups: Sequence[Group], rows: DataFrame, alike: Sequence[tuple[int, int]], done: Compared, *, exact: bool
) -> str:
    """What was found, for the terminal."""
    pages = sum(len(group.places) for group in groups)
    lines = [f"{_count(len(groups), 'group')} of pages that are there more than once: {pages} of {len(rows)} pages"]
    if exact:
        lines[0] = lines[0].replace("more than once", "more than once as files of the same bytes")
    else:
        earlier = f" ({done.earlier} of them in an earlier run)" if done.earlier else ""
        same = f"{len(done.same)} are the same page"
        lines.append(f"{_count(len(alike), 'pair')} looked alike and were laid one on the other{earlier}: {same}")
    for number, group in enumerate(groups[:LISTED], 1):
        for nth, (place, why) in enumerate(zip(group.places[:6], group.why[:6], strict=True)):
            start = f"{number:>4}  keep" if not nth else "          "
            lines.append(f"{start}  {printable(rows['path'][place])}  ({why})")
        if len(group.places) > 6:
            lines.append(f"            and {len(group.places) - 6} more")
    if len(groups) > LISTED:
        lines.append(f"  and {_count(len(groups) - LISTED, 'more group')} (groups.csv)")
    if groups:
        lines.append("a proposal only: nothing was moved or deleted")
    return "\n".join(lines)


def _tile(rows: DataFrame, place: int, number: int, nth: int, group: Group) -> Tile:
    row = rows.iloc[place]
    page = Page(str(page_file(row["folder"], row["path"])), row["file"], 0, frame_of(row["frame"]))
    name = printable(row["path"].rpartition("/")[2])
    frame = frame_of(row["frame"])
    shown = name if frame is None else f"{name}, page {frame + 1}"
    return Tile(page, [f"group {number}: {'duplicate' if nth else 'keep'}", shown, *_lines(group.why[nth])])


def _lines(why: str, width: int = 28) -> list[str]:
    """The reasons in the lines of a tile, three at most."""
    lines: list[str] = []
    for reason in why.removeprefix("the same page, ").split(", "):
        if lines and (len(lines) == 3 or len(lines[-1]) + len(reason) < width):
            lines[-1] += f", {reason}"
        else:
            lines.append(reason)
    return lines


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _text(value: object) -> str:
    return cell(value) if isinstance(value, str) else ""


def _whole(value: object) -> int | str:
    whole = frame_of(value)
    return "" if whole is None else whole
