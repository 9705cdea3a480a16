"""`explore outliers`: pages unlike all others, and pages among neighbours of another category.

    python run.py explore outliers                   # by 10 neighbours each; the 60 least like any other are listed
    python run.py explore outliers -n 200 -k 20

Unlike all others: a page's distance is 1 - cosine, the mean over its k nearest pages of other documents (Angiulli and
Pizzuti 2002); pages of its own document do not count, as a report's pages are alike. It is an outlier where it lies
above Q3 + 3 x (Q3 - Q1) of all pages' distances (Tukey 1977).
Another category (an index made with --table): none of the k neighbours has the page's own. Leaves <output>/outliers/:
outliers.csv with every page, the most unlike first, outliers.png, categories.csv, categories.png, run.json.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explore.command import Outliers
from explore.comparing import frame_of
from explore.outputs import output_folder, write_record
from index.database import Index, page_file
from index.neighbours import neighbours
from output.console import say
from output.contact_sheet import MOST, Tile, draw_sheet
from output.progress import Progress
from output.tables import Table, cell, number, path_cell
from reading.pages import Page
from utils import UserError, printable

if TYPE_CHECKING:
    from pandas import DataFrame

    from settings.schema import Settings

FENCE = 3.0  # Tukey's "far out"
LISTED, LEAST_LISTED = 10, 3  # pages of each kind on the terminal
NEEDED = ["folder", "path", "frame", "document", "page", "file", "year", "category", "score"]
ABOUT = ["FILE", "PAGE", "DOCUMENT", "YEAR", "CATEGORY"]
OUTLIERS = ["RANK", *ABOUT, "DISTANCE", "OUTLIER", "WHY", "NEAREST_PATH", "PATH", "FOLDER"]
CATEGORIES = ["RANK", *ABOUT, "SCORE", "SUGGESTED", "AGREE", "SIMILARITY", "WHY", "NEAREST_PATH", "PATH", "FOLDER"]


@dataclass(frozen=True)
class Found:
    """What the neighbours say of N pages.

    distance: float [N], mean over the neighbours, NaN where no other document is there. fence: above it a page is an
    outlier. nearest: place of the nearest page [N], -1 = none. k: neighbours.
    contradicted: places whose neighbours all have another category, those whose neighbours agree most first, then the
    most similar. suggested, agree: of those, the neighbours' most frequent category, and how many have it.
    """

    distance: np.ndarray
    fence: float
    nearest: np.ndarray
    similarity: np.ndarray
    k: int
    contradicted: list[int]
    suggested: list[str]
    agree: list[int]

    @property
    def outliers(self) -> list[int]:
        """Places beyond the fence, the most distant first."""
        return [place for place in self.order() if self.distance[place] > self.fence]

    def order(self) -> list[int]:
        """All places, the most distant first, those without any other document last."""
        return np.argsort(-np.nan_to_num(self.distance, nan=-1.0), kind="stable").tolist()


def run_outliers(settings: Settings, job: Outliers) -> int:
    """Find them, write them down, say what was found; 0."""
    quiet, started = settings.setup.quiet, time.time()
    index = Index.open(job.index)
    rows = index.rows(NEEDED)
    if rows.empty:
        raise UserError(f"the index {printable(str(job.index))} holds no pages")
    documents = rows["document"].fillna(rows["path"]).tolist()
    if len(set(documents)) < 2:
        raise UserError(
            "all pages are of one document, and a page is compared with those of other documents: what a document is "
            "can be told to explore index by --document_from and --document_pattern"
        )
    categories = [value if isinstance(value, str) and value else None for value in rows["category"]]
    with Progress(len(rows), quiet=quiet, label="neighbours") as bar:
        k = min(job.k, max(len(rows), 10))  # more neighbours than pages are only memory
        found = judge(index.vectors(), documents, categories, k, bar.advance)
    folder = output_folder(job.output / "outliers")
    excel, notes = settings.output.excel, []
    outliers = found.outliers
    shown = found.order()[: job.count]
    files = [_outlier_table(folder, rows, found, notes, excel=excel)]
    pixels = settings.input.max_pixels
    title = f"pages least like any of another document; above {found.fence:.3f} they are outliers"
    tiles = [_tile(rows, place, *_said(found, rows, place)) for place in shown[:MOST]]
    files.append(draw_sheet(tiles, Path(), folder / "outliers.png", title=title, max_pixels=pixels))
    for old in (folder / "categories.csv", folder / "categories.png"):  # of an earlier run
        old.unlink(missing_ok=True)
    if any(categories):
        files.append(_category_table(folder, rows, found, notes, excel=excel))
        if found.contradicted:
            tiles = [_category_tile(rows, found, nth) for nth in range(min(MOST, len(found.contradicted)))]
            title = f"category -> what the {found.k} nearest pages of other documents have; none has the page's own"
            files.append(draw_sheet(tiles, Path(), folder / "categories.png", title=title, max_pixels=pixels))
    record = {"k": found.k, "fence": found.fence, "outliers": len(outliers), "contradicted": len(found.contradicted)}
    files.append(write_record(folder, index, job, started, len(rows), record))
    print(summary(rows, found, known=any(categories)))
    for note in notes:
        say(f"note: {note}")
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return 0


def judge(
    vectors: np.ndarray,
    documents: Sequence[str],
    categories: Sequence[str | None],
    k: int,
    progress=None,  # noqa: ANN001
) -> Found:
    """What the k nearest pages of other documents say of each page. vectors: [N, D] of unit length."""
    places, similarity = neighbours(vectors, k, groups=np.array(documents), progress=progress)
    there = places >= 0
    with np.errstate(invalid="ignore"):
        distance = 1 - np.where(there, similarity, 0).sum(axis=1) / there.sum(axis=1)  # NaN where there is none
    low, high = np.nanpercentile(distance, (25, 75)) if there.any() else (np.nan, np.nan)
    fence = float(high + FENCE * (high - low))
    judged: list[tuple[int, float, int, str]] = []
    for place, own in enumerate(categories):
        if own is None:
            continue
        near = [categories[at] for at in places[place][there[place]]]
        known = [category for category in near if category is not None]
        if len(known) < min(3, k) or own in known:  # fewer tell nothing
            continue
        suggested, agree = Counter(known).most_common(1)[0]
        judged.append((agree, float(1 - distance[place]), place, suggested))
    judged.sort(key=lambda one: (-one[0], -one[1], one[2]))
    return Found(
        distance,
        fence,
        places[:, 0] if places.shape[1] else np.full(len(vectors), -1),
        similarity[:, 0],
        k,
        [one[2] for one in judged],
        [one[3] for one in judged],
        [one[0] for one in judged],
    )


def summary(rows: DataFrame, found: Found, *, known: bool) -> str:
    """What was found, for the terminal: each page with the reason."""
    outliers = found.outliers
    lines = [
        f"{_pages(len(outliers))} of {len(rows)} unlike all others: mean distance to the {found.k} nearest pages of "
        f"other documents above {found.fence:.3f}"
    ]
    for place in found.order()[: min(LISTED, max(len(outliers), LEAST_LISTED))]:
        mark = "*" if found.distance[place] > found.fence else " "
        lines.append(
            f"{mark} {found.distance[place]:.3f}  {printable(rows['path'][place])}  ({_why(found, rows, place)})"
        )
    if len(outliers) > LISTED:
        lines.append(f"  and {len(outliers) - LISTED} more (outliers.csv)")
    alone = int(np.isnan(found.distance).sum())
    if alone:
        lines.append(f"  {_pages(alone)} without any page of another document: not judged")
    if not known:
        lines.append("categories are not known: explore index --table RESULT.csv brings them")
        return "\n".join(lines)
    count = len(found.contradicted)
    lines.append(f"{_pages(count)} whose neighbours all have another category:")
    for nth, place in enumerate(found.contradicted[:LISTED]):
        lines.append(f"  {printable(rows['path'][place])}  ({_other(found, rows, nth)})")
    if count > LISTED:
        lines.append(f"  and {count - LISTED} more (categories.csv)")
    return "\n".join(lines)


def _outlier_table(folder: Path, rows: DataFrame, found: Found, notes: list[str], *, excel: bool) -> Path:
    with ExitStack() as opened:
        table = Table(folder / "outliers.csv", OUTLIERS, opened, excel=excel)
        for rank, place in enumerate(found.order(), 1):
            row, distance = rows.iloc[place], found.distance[place]
            shown = number(float(distance), 4, excel=excel) if distance == distance else ""
            beyond = "yes" if distance > found.fence else "no"
            where = [path_cell(row["path"]), cell(row["folder"])]
            near = _path_of(rows, found.nearest[place])
            table.write([rank, *_about(row), shown, beyond, cell(_why(found, rows, place)), near, *where])
        return table.complete(notes)


def _category_table(folder: Path, rows: DataFrame, found: Found, notes: list[str], *, excel: bool) -> Path:
    with ExitStack() as opened:
        table = Table(folder / "categories.csv", CATEGORIES, opened, excel=excel)
        for nth, place in enumerate(found.contradicted):
            row = rows.iloc[place]
            score = row["score"]
            shown = number(float(score), 4, excel=excel) if isinstance(score, float) and score == score else ""
            alike = number(float(1 - found.distance[place]), 4, excel=excel)
            said = [cell(found.suggested[nth]), found.agree[nth], alike, cell(_other(found, rows, nth))]
            where = [_path_of(rows, found.nearest[place]), path_cell(row["path"]), cell(row["folder"])]
            table.write([nth + 1, *_about(row), shown, *said, *where])
        return table.complete(notes)


def _why(found: Found, rows: DataFrame, place: int) -> str:
    if found.nearest[place] < 0:
        return "no page of another document"
    path = printable(rows["path"][found.nearest[place]])
    return f"most like {path}, similarity {found.similarity[place]:.2f}"


def _other(found: Found, rows: DataFrame, nth: int) -> str:
    own = printable(rows["category"][found.contradicted[nth]])
    return (
        f"{own}, but {found.agree[nth]} of its {found.k} neighbours are {printable(found.suggested[nth])}, none {own}"
    )


def _said(found: Found, rows: DataFrame, place: int) -> tuple[str, str]:
    distance = found.distance[place]
    beyond = "outlier " if distance > found.fence else ""
    near = found.nearest[place]
    nearest = printable(rows["path"][near].rpartition("/")[2]) if near >= 0 else "none"
    return f"{beyond}{distance:.3f}", f"nearest: {nearest}"


def _category_tile(rows: DataFrame, found: Found, nth: int) -> Tile:
    place = found.contradicted[nth]
    own, other = printable(rows["category"][place]), printable(found.suggested[nth])
    return _tile(rows, place, f"{own} -> {other}", f"{found.agree[nth]} of {found.k} neighbours")


def _tile(rows: DataFrame, place: int, bold: str, plain: str) -> Tile:
    row = rows.iloc[place]
    frame = frame_of(row["frame"])
    page = Page(str(page_file(row["folder"], row["path"])), row["file"], 0, frame)
    name = printable(row["path"].rpartition("/")[2])
    return Tile(page, [bold, name if frame is None else f"{name}, page {frame + 1}", plain])


def _about(row: object) -> list[str | int]:
    return [
        _text(row["file"]),
        _whole(row["page"]),
        _text(row["document"]),
        _whole(row["year"]),
        _text(row["category"]),
    ]


def _path_of(rows: DataFrame, place: int) -> str:
    return path_cell(rows["path"][place]) if place >= 0 else ""


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _text(value: object) -> str:
    return cell(value) if isinstance(value, str) else ""


def _whole(value: object) -> int | str:
    whole = frame_of(value)
    return "" if whole is None else whole
