"""`writers groups`: pages that are likely by the same hand, and how sure each group is.

    python run.py writers groups

Two pages belong together from the calibrated threshold on (or --threshold); groups are as alike as their pages are on
average. What is alike with no other page is unknown. False matches grow with the square of the collection: how many
pairs of different hands are as alike as that by chance is said, beside how many were found.

Leaves <output>/groups_<time>/: pages.csv (GROUP,SIMILARITY,PROBABILITY,FILE,PAGE,DOCUMENT,PATH; GROUP is empty where
the hand is unknown), groups.csv (GROUP,PAGES,DOCUMENTS,SIMILARITY,PROBABILITY,FILE), group_<n>.png of the first groups,
run.json.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.database import Index, page_file
from index.records import free_folder, output_folder, write_record
from output.console import say
from output.contact_sheet import MOST, Tile, draw_sheet
from output.progress import Progress
from output.tables import Table, cell, number, path_cell
from reading.pages import Page
from utils import UserError, printable
from writers.command import Groups
from writers.grouping import MOST as NEIGHBOURS
from writers.grouping import alike_pairs, average_linkage, to_others
from writers.query import open_for
from writers.verdict import EVEN_ODDS, about, percent

if TYPE_CHECKING:
    from settings.schema import Settings
    from writers.calibration import Calibration

PAGES = ["GROUP", "SIMILARITY", "PROBABILITY", "FILE", "PAGE", "DOCUMENT", "PATH"]
GROUPS = ["GROUP", "PAGES", "DOCUMENTS", "SIMILARITY", "PROBABILITY", "FILE"]
NEEDED = ["id", "folder", "path", "frame", "document", "page", "file"]
WRITTEN = "reason is null"
SHEETS = 20  # groups that are drawn
TOLD = 20  # groups in the terminal


@dataclass(frozen=True)
class Group:
    """Pages that are likely by one hand. rows: of the index, the most alike first; similarities: with the others."""

    rows: list[dict[str, Any]]
    similarities: np.ndarray

    @property
    def mean(self) -> float:
        """How alike its pages are on average."""
        return float(self.similarities.mean())

    @property
    def documents(self) -> int:
        """How many documents its pages are of."""
        return len({row["document"] for row in self.rows})


def run_groups(settings: Settings, job: Groups) -> int:
    """Group, print a table, write the files; 0, also where no pages are alike. UserError: no index, no threshold."""
    started = time.time()
    index = Index.open(job.index, "writers")
    rows = index.arrow(NEEDED, WRITTEN).to_pylist()
    if not rows:
        what = "holds no page with handwriting" if len(index) else "is empty"
        raise UserError(f"the index {printable(str(job.index))} {what}: {job.command_with('writers', 'index')} PAGES")
    calibration = open_for(index, job.model, settings).calibration
    if job.threshold is None and calibration is None:
        raise UserError(
            "the model of this index is not calibrated: say with --threshold from which similarity on two pages are "
            "by one hand"
        )
    threshold = calibration.threshold if job.threshold is None else job.threshold
    vectors = index.vectors(WRITTEN)
    with Progress(len(rows), "page", settings.setup.quiet, "comparing") as progress:
        first, second, _, cut = alike_pairs(vectors, threshold, progress=progress.advance)
    groups = _groups(rows, vectors, average_linkage(vectors, first, second, threshold))
    print(_terminal(groups, calibration))
    grouped = sum(len(group.rows) for group in groups)
    said = [
        f"{grouped} of {len(rows)} pages with handwriting in {len(groups)} groups; the hands of the other "
        f"{len(rows) - grouped} are unknown",
        *_doubts(len(rows), len(first), threshold, calibration, chosen=job.threshold is not None),
    ]
    if cut:
        said.append(f"note: of {cut} pages only the {NEIGHBOURS} most alike were looked at: take a higher --threshold")
    for line in said:
        print(line)
    folder = output_folder(free_folder(job.output, time.strftime("groups_%Y%m%d-%H%M%S")))
    notes: list[str] = []
    files = _tables(folder, groups, _singles(rows, groups), calibration, notes, excel=settings.output.excel)
    likely = calibration is None or calibration.false_match_rate * len(rows) * (len(rows) - 1) / 2 <= len(first) / 2
    files += [
        _sheet(folder, at, group, calibration, settings, "likely" if likely else "possibly")
        for at, group in enumerate(groups[:SHEETS], 1)
    ]
    record = {"threshold": threshold, "groups": len(groups), "grouped": grouped, "pairs": len(first), "said": said}
    files.append(write_record(folder, index, job, started, len(index), record))
    for note in notes:
        say(f"note: {note}")
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return 0


def _groups(rows: list[dict[str, Any]], vectors: np.ndarray, labels: np.ndarray) -> list[Group]:
    """The groups, largest first; within each the most alike page first."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    groups = []
    for members in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []:
        alike = to_others(vectors, members)
        best = np.argsort(-alike, kind="stable")
        groups.append(Group([rows[row] for row in members[best]], alike[best]))
    return groups


def _singles(rows: list[dict[str, Any]], groups: list[Group]) -> list[dict[str, Any]]:
    grouped = {row["id"] for group in groups for row in group.rows}
    return [row for row in rows if row["id"] not in grouped]


def _doubts(pages: int, found: int, threshold: float, calibration: Calibration | None, *, chosen: bool) -> list[str]:
    """How far the groups can be trusted."""
    pairs = pages * (pages - 1) // 2
    if calibration is None:
        return [f"threshold {threshold:.3f}, as given; {found} of {pairs} pairs of pages are as alike as that"]
    if chosen and threshold != calibration.threshold:
        return [
            f"threshold {threshold:.3f}, as given, whose false matches nobody has counted (calibrated: "
            f"{calibration.threshold:.3f}); {found} of {pairs} pairs of pages are as alike as that"
        ]
    wrong = calibration.false_match_rate * pairs
    lines = [
        about(calibration),
        f"{found} of {pairs} pairs of pages are as alike as that; about {wrong:.0f} such pairs of different hands are "
        f"to be expected by chance ({percent(calibration.false_match_rate)} of all pairs: with twice the pages, four "
        "times as many)",
        EVEN_ODDS,
    ]
    if wrong > 0.5 * found:
        lines.append(
            "warning: most of what is alike here may be so by chance: in a collection of this size take a higher "
            "--threshold, and look at the sheets before you believe a group"
        )
    return lines


def _terminal(groups: list[Group], calibration: Calibration | None) -> str:
    if not groups:
        return "no two pages are likely by the same hand"
    lines = [["GROUP", "PAGES", "DOCUMENTS", "SIMILARITY", "PROBABLE", "FIRST PAGE"]]
    for at, group in enumerate(groups[:TOLD], 1):
        probable = "" if calibration is None else f"{calibration.probability(group.mean):.0%}"
        name = "".join(letter if letter.isprintable() else "?" for letter in group.rows[0]["path"])
        counts = str(at), str(len(group.rows)), str(group.documents)
        lines.append([*counts, f"{group.mean:.3f}", probable, name if len(name) <= 60 else f"...{name[-57:]}"])
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    last = len(widths) - 1
    text = [
        "  ".join(f"{word:<{width}}" if at == last else f"{word:>{width}}" for at, (word, width) in enumerate(
            zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip
    if len(groups) > TOLD:
        text.append(f"... and {len(groups) - TOLD} more groups: groups.csv has them all")
    return "\n".join(text)


def _tables(
    folder: Path,
    groups: list[Group],
    singles: list[dict[str, Any]],
    calibration: Calibration | None,
    notes: list[str],
    *,
    excel: bool,
) -> list[Path]:
    def values(similarity: float) -> list[str]:
        probable = "" if calibration is None else number(calibration.probability(similarity), 4, excel=excel)
        return [number(similarity, 4, excel=excel), probable]

    def named(row: dict[str, Any]) -> list[str | int]:
        page = "" if row["page"] is None else row["page"]
        return [cell(row["file"] or ""), page, cell(row["document"] or ""), path_cell(f"{row['folder']}/{row['path']}")]

    with ExitStack() as opened:
        pages = Table(folder / "pages.csv", PAGES, opened, excel=excel)
        table = Table(folder / "groups.csv", GROUPS, opened, excel=excel)
        for at, group in enumerate(groups, 1):
            first = cell(group.rows[0]["file"] or "")
            table.write([at, len(group.rows), group.documents, *values(group.mean), first])
            for row, similarity in zip(group.rows, group.similarities.tolist(), strict=True):
                pages.write([at, *values(similarity), *named(row)])
        for row in singles:
            pages.write(["", "", "", *named(row)])
        return [pages.complete(notes), table.complete(notes)]


def _sheet(
    folder: Path, at: int, group: Group, calibration: Calibration | None, settings: Settings, likely: str
) -> Path:
    """A group's contact sheet. likely: the word for how sure the groups are."""
    tiles = []
    for row, similarity in zip(group.rows, group.similarities.tolist(), strict=True):
        page = Page(str(page_file(row["folder"], row["path"])), row["file"], row["page"] or 1, row["frame"])
        probable = "" if calibration is None else f"  {calibration.probability(similarity):.0%} probable"
        where = row["file"] if row["frame"] is None else f"{row['file']}, page {row['page']}"
        tiles.append(Tile(page, [f"{similarity:.3f}{probable}", where]))
    shown = f" (the first {MOST})" if len(tiles) > MOST else ""
    title = f"group {at}: {len(tiles)} pages {likely} by one hand, similarity {group.mean:.3f} on average{shown}"
    file = folder / f"group_{at}.png"
    return draw_sheet(tiles, Path(), file, title=title, max_pixels=settings.input.max_pixels)
