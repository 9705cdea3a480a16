"""`explore duplicates`: pages that are there more than once, as files of the same bytes or scanned again.

    python run.py explore duplicates            # both
    python run.py explore duplicates --exact    # files of the same bytes only: at once, no page is opened

A page's nearest neighbours by vector and thumbnail, upright and turned, are candidates; each such pair is opened and
laid one on the other (near_duplicates.py), as alike is not the same. Each page of a group is laid on the one to keep,
too. Leaves <output>/duplicates/: groups.csv, which proposes the page of a group to keep and says why, and names pages
that are a part of another, contact sheets of the groups, run.json. Nothing is ever moved or deleted.
"""

from __future__ import annotations

import contextlib
import io
import math
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from explore.command import Duplicates
from explore.comparing import Compared, compare_pairs, frame_of
from explore.grouping import Group, group_pages
from explore.lying import turns_of
from index.database import Index, page_file
from index.neighbours import neighbours
from index.records import output_folder, write_record
from output.console import say
from output.contact_sheet import MOST, Tile, draw_sheet
from output.progress import Progress
from output.tables import Table, cell, path_cell
from reading.pages import Page
from reading.sketch import SKETCH, sketch
from sorting.computing import threads
from utils import UserError, printable

if TYPE_CHECKING:
    from pandas import DataFrame

    from reading.turns import Turn
    from settings.schema import Settings

CANDIDATES = 5  # nearest neighbours of a page that are opened at most
TURNED, TURNED_ALIKE = 2, 0.75  # the same, of its sketch turned by 180, 90 and 270 degrees each
ALIKE = 0.65  # likeness of candidates at least; scans of one page reached 0.76 (benchmarks/explore.py)
COMPARED = "compared.csv"  # in the index's folder, where it can be: it goes with the pages, whatever -o says
SHEETS = 10  # contact sheets at most; the table has all groups
LISTED = 8  # groups on the terminal
NEEDED = [
    "id", "folder", "path", "frame", "document", "page", "file", "category", "hash", "size", "mtime_ns", "width",
    "height",
]  # fmt: skip
COLUMNS = [
    "GROUP", "PROPOSAL", "WHY", "FILE", "PAGE", "DOCUMENT", "CATEGORY", "WIDTH", "HEIGHT", "TURN", "BYTES", "PATH",
    "FOLDER",
]  # fmt: skip


def run_duplicates(settings: Settings, job: Duplicates) -> int:
    """Find groups, write them down, say what was found; 0, or 1 where pages could not be opened."""
    quiet, started = settings.setup.quiet, time.time()
    limits = {"max_pixels": settings.input.max_pixels, "quiet": quiet}
    opening = limits | {"workers": threads(settings.setup.workers)}
    index = Index.open(job.index)
    rows = index.rows(NEEDED)
    if rows.empty:
        raise UserError(f"the index {printable(str(job.index))} holds no pages")
    folder = output_folder(job.output / "duplicates")
    alike: list[tuple[int, int]] = []
    if not job.exact:
        firsts = (~rows["hash"].duplicated()).to_numpy().nonzero()[0]  # one page of each content
        with Progress(len(rows), quiet=quiet, label="thumbnails") as bar:
            looks, lying = appearance(index, rows["id"].to_numpy(), bar.advance)
        if len(firsts) < len(rows):
            looks, lying = looks[firsts], lying[firsts]
        with Progress(4 * len(firsts), quiet=quiet, label="neighbours") as bar:
            alike = [(int(firsts[one]), int(firsts[other])) for one, other in candidates(looks, lying, bar.advance)]
        del looks, lying
    compared = partial(compare_pairs, rows=rows, file=_verdicts(index.folder, folder), **opening)
    try:
        grouping = group_pages(rows, alike, compared)
    except KeyboardInterrupt:
        say("the pairs compared so far are kept: the same command goes on from there")
        raise
    groups, parts, done, unread = grouping.groups, grouping.parts, grouping.done, grouping.unread
    notes: list[str] = []
    shown = [] if job.exact else sorted({row_index for group in (*groups, *parts) for row_index in group.rows})
    turns = turns_of(rows, shown, **opening)
    files = [write_table(folder, rows, [*groups, *parts], turns, notes, excel=settings.output.excel)]
    files += draw_sheets(folder, rows, [*groups, *parts], **limits)
    files.append(
        write_record(
            folder,
            index,
            job,
            started,
            len(rows),
            {
                "groups": len(groups),
                "in_groups": sum(len(group.rows) for group in groups),
                "parts": len(parts),
                "candidates": len(alike),
                "compared": done.now,
                "compared_earlier": done.earlier,
                "not_opened": len(unread),
            },
        )
    )
    print(summary(groups, parts, rows, alike, done, exact=job.exact))
    for why, count in Counter(unread.values()).most_common(3):
        first = next(row for row, said in unread.items() if said == why)
        others = f" and {count - 1} more" if count > 1 else ""
        notes.append(f"not compared: {rows['path'][first]}{others}: {why} (explore index looks again)")
    for note in notes:
        say(f"note: {note}")
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return int(bool(unread))


def _verdicts(index_folder: Path, output: Path) -> Path:
    """Where verdicts are kept: beside the index, or, where that may only be read, beside the result, with those that
    the index has."""
    kept, beside = index_folder / COMPARED, output / COMPARED
    with contextlib.suppress(OSError):
        new = not kept.exists()
        kept.open("ab").close()
        if new:
            kept.unlink()
        return kept
    try:
        if kept.is_file() and not beside.exists():
            shutil.copyfile(kept, beside)
    except OSError as error:
        raise UserError(f"cannot write {printable(str(beside))}: {error.strerror}; choose with -o") from error
    return beside


def appearance(
    index: Index, ids: np.ndarray, progress: Callable[[int], object] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """What candidates are found by, in the order of `ids` (sorted): unit vectors float16 [N, D + 192], half the
    backbone's vector, half the thumbnail's sketch, as each overlooks scans that the other finds; and the sketches of
    the pages laid on their side, float16 [N, 192]."""
    dim = index.backbone.dim
    looks = np.zeros((len(ids), dim + math.prod(SKETCH)), np.float16)
    lying = np.zeros((len(ids), math.prod(SKETCH)), np.float16)
    half = np.float16(math.sqrt(0.5))
    for batch in index.batches(["id", "vector", "thumbnail"], 1024):
        rows = np.searchsorted(ids, batch["id"].to_numpy())
        looks[rows, :dim] = half * batch["vector"].flatten().to_numpy(zero_copy_only=False).reshape(-1, dim)
        for row, thumbnail in zip(rows, batch["thumbnail"].to_pylist(), strict=True):
            if thumbnail:
                small = Image.open(io.BytesIO(thumbnail)).convert("L")
                looks[row, dim:] = half * sketch(small)
                lying[row] = sketch(small.transpose(Image.Transpose.ROTATE_90))
        if progress:
            progress(batch.num_rows)
    return looks, lying


def candidates(
    looks: np.ndarray, lying: np.ndarray, progress: Callable[[int], object] | None = None
) -> list[tuple[int, int]]:
    """Pairs of places, the smaller first, that may be the same page: near neighbours that are alike enough. Pages that
    were scanned upside down or on their side are sought by sketch alone: a model does not know them again."""
    pairs = [_pairs(*neighbours(looks, CANDIDATES, progress=progress), ALIKE)]
    upright = (looks[:, -lying.shape[1] :].astype(np.float32) * math.sqrt(2)).astype(np.float16)
    for turned in (
        upright[:, ::-1],
        lying,
        lying[:, ::-1],
    ):  # by 180, 90 and 270 degrees: a half turn is read backwards
        pairs.append(_pairs(*neighbours(upright, TURNED, queries=turned, progress=progress), TURNED_ALIKE))
    unique_pairs = np.unique(np.concatenate(pairs), axis=0)
    return [(int(one), int(other)) for one, other in unique_pairs]


def _pairs(neighbour_rows: np.ndarray, similarity: np.ndarray, least: float) -> np.ndarray:
    """Neighbours [N, k] at least so similar, as pairs [M, 2], the smaller first."""
    ones, nth = np.nonzero((neighbour_rows >= 0) & (similarity >= least))
    others = neighbour_rows[ones, nth]
    return np.stack([np.minimum(ones, others), np.maximum(ones, others)], axis=1)


def write_table(
    folder: Path, rows: DataFrame, groups: Sequence[Group], turns: Mapping[int, Turn], notes: list[str], *, excel: bool
) -> Path:
    """groups.csv: a row a page of a group, the one to keep first; then a group for each page that is part of one.

    turns: how pages lie, by row; TURN is empty where nobody knows.
    """
    with ExitStack() as opened:
        table = Table(folder / "groups.csv", COLUMNS, opened, excel=excel)
        for number, group in enumerate(groups, 1):
            for nth, (row_index, why) in enumerate(zip(group.rows, group.why, strict=True)):
                row = rows.iloc[row_index]
                about = [_text(row["file"]), _whole(row["page"]), _text(row["document"]), _text(row["category"])]
                turn = turns[row_index].degrees if row_index in turns else None
                sizes = [_whole(row["width"]), _whole(row["height"]), _whole(turn), _whole(row["size"])]
                where = [path_cell(row["path"]), cell(row["folder"])]
                table.write([number, group.proposal(nth), cell(why), *about, *sizes, *where])
        return table.complete(notes)


def draw_sheets(
    folder: Path, rows: DataFrame, groups: Sequence[Group], *, max_pixels: int, quiet: bool = False
) -> list[Path]:
    """groups_01.png ...: the groups side by side, the page to keep first."""
    for old in folder.glob("groups_[0-9]*.png"):  # of an earlier run
        old.unlink()
    sheets: list[list[Tile]] = []
    for number, group in enumerate(groups, 1):
        tiles = [_tile(rows, row_index, number, nth, group) for nth, row_index in enumerate(group.rows[:MOST])]
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
    groups: Sequence[Group],
    parts: Sequence[Group],
    rows: DataFrame,
    alike: Sequence[tuple[int, int]],
    done: Compared,
    *,
    exact: bool,
) -> str:
    """What was found, for the terminal."""
    pages = sum(len(group.rows) for group in groups)
    lines = [f"{_count(len(groups), 'group')} of pages that are there more than once: {pages} of {len(rows)} pages"]
    if exact:
        lines[0] = lines[0].replace("more than once", "more than once as files of the same bytes")
    else:
        earlier = f" ({done.earlier} of them in an earlier run)" if done.earlier else ""
        same = f"{len(done.same)} are the same page"
        lines.append(f"{_count(len(alike), 'pair')} looked alike and were laid one on the other{earlier}: {same}")
    for number, group in enumerate(groups[:LISTED], 1):
        for nth, (row_index, why) in enumerate(zip(group.rows[:6], group.why[:6], strict=True)):
            start = f"{number:>4}  keep" if not nth else "          "
            lines.append(f"{start}  {printable(rows['path'][row_index])}  ({why})")
        if len(group.rows) > 6:
            lines.append(f"            and {len(group.rows) - 6} more")
    if len(groups) > LISTED:
        lines.append(f"  and {_count(len(groups) - LISTED, 'more group')} (groups.csv)")
    if parts:
        lines.append(f"{_count(len(parts), 'page')} of which another shows more; both are kept (groups.csv, part of)")
    for group in parts[:LISTED]:
        whole, part = (printable(rows["path"][row_index]) for row_index in group.rows)
        lines.append(f"      {part}  is part of  {whole}  ({group.why[1]})")
    if len(parts) > LISTED:
        lines.append(f"      and {len(parts) - LISTED} more")
    if groups:
        lines.append("a proposal only: nothing was moved or deleted")
    return "\n".join(lines)


def _tile(rows: DataFrame, row_index: int, number: int, nth: int, group: Group) -> Tile:
    row = rows.iloc[row_index]
    page = Page(str(page_file(row["folder"], row["path"])), row["file"], 0, frame_of(row["frame"]))
    name = printable(row["path"].rpartition("/")[2])
    frame = frame_of(row["frame"])
    shown = name if frame is None else f"{name}, page {frame + 1}"
    return Tile(page, [f"group {number}: {group.proposal(nth)}", shown, *_lines(group.why[nth])])


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
