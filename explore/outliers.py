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
from index.database import Index, page_file
from index.neighbours import neighbours
from index.records import output_folder, write_record
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
class Judgement:
    """What the neighbours say of N pages.

    distance: float [N], mean over the neighbours, NaN where no other document is there. fence: above it a page is an
    outlier. nearest: row of the nearest page [N], -1 = none. k: neighbours.
    contradicted: rows whose neighbours all have another category, those whose neighbours agree most first, then the
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
        return [row_index for row_index in self.order() if self.distance[row_index] > self.fence]

    def order(self) -> list[int]:
        """All rows, the most distant first, those without any other document last."""
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
        judged = judge(index.vectors(), documents, categories, k, bar.advance)
    folder = output_folder(job.output / "outliers")
    excel, notes = settings.output.excel, []
    outliers = judged.outliers
    shown = judged.order()[: job.count]
    files = [_outlier_table(folder, rows, judged, notes, excel=excel)]
    pixels = settings.input.max_pixels
    title = f"pages least like any of another document; above {judged.fence:.3f} they are outliers"
    tiles = [_tile(rows, row_index, *_said(judged, rows, row_index)) for row_index in shown[:MOST]]
    files.append(draw_sheet(tiles, Path(), folder / "outliers.png", title=title, max_pixels=pixels))
    for old in (folder / "categories.csv", folder / "categories.png"):  # of an earlier run
        old.unlink(missing_ok=True)
    if any(categories):
        files.append(_category_table(folder, rows, judged, notes, excel=excel))
        if judged.contradicted:
            tiles = [_category_tile(rows, judged, nth) for nth in range(min(MOST, len(judged.contradicted)))]
            title = f"category -> what the {judged.k} nearest pages of other documents have; none has the page's own"
            files.append(draw_sheet(tiles, Path(), folder / "categories.png", title=title, max_pixels=pixels))
    record = {"k": judged.k, "fence": judged.fence, "outliers": len(outliers), "contradicted": len(judged.contradicted)}
    files.append(write_record(folder, index, job, started, len(rows), record))
    print(summary(rows, judged, known=any(categories)))
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
) -> Judgement:
    """What the k nearest pages of other documents say of each page. vectors: [N, D] of unit length."""
    neighbour_rows, similarity = neighbours(vectors, k, groups=np.array(documents), progress=progress)
    known_neighbour = neighbour_rows >= 0
    with np.errstate(invalid="ignore"):
        distance = 1 - np.where(known_neighbour, similarity, 0).sum(axis=1) / known_neighbour.sum(
            axis=1
        )  # NaN where there is none
    low, high = np.nanpercentile(distance, (25, 75)) if known_neighbour.any() else (np.nan, np.nan)
    fence = float(high + FENCE * (high - low))
    judged: list[tuple[int, float, int, str]] = []
    for row_index, own_category in enumerate(categories):
        if own_category is None:
            continue
        near = [categories[at] for at in neighbour_rows[row_index][known_neighbour[row_index]]]
        known = [category for category in near if category is not None]
        if len(known) < min(3, k) or own_category in known:  # fewer tell nothing
            continue
        suggested, agree = Counter(known).most_common(1)[0]
        judged.append((agree, float(1 - distance[row_index]), row_index, suggested))
    judged.sort(key=lambda one: (-one[0], -one[1], one[2]))
    return Judgement(
        distance,
        fence,
        neighbour_rows[:, 0] if neighbour_rows.shape[1] else np.full(len(vectors), -1),
        similarity[:, 0],
        k,
        [one[2] for one in judged],
        [one[3] for one in judged],
        [one[0] for one in judged],
    )


def summary(rows: DataFrame, judged: Judgement, *, known: bool) -> str:
    """What was found, for the terminal: each page with the reason."""
    outliers = judged.outliers
    lines = [
        f"{_pages(len(outliers))} of {len(rows)} unlike all others: mean distance to the {judged.k} nearest pages of "
        f"other documents above {judged.fence:.3f}"
    ]
    for row_index in judged.order()[: min(LISTED, max(len(outliers), LEAST_LISTED))]:
        mark = "*" if judged.distance[row_index] > judged.fence else " "
        path, why = printable(rows["path"][row_index]), _why(judged, rows, row_index)
        lines.append(f"{mark} {judged.distance[row_index]:.3f}  {path}  ({why})")
    if len(outliers) > LISTED:
        lines.append(f"  and {len(outliers) - LISTED} more (outliers.csv)")
    alone = int(np.isnan(judged.distance).sum())
    if alone:
        lines.append(f"  {_pages(alone)} without any page of another document: not judged")
    if not known:
        lines.append("categories are not known: explore index --table RESULT.csv brings them")
        return "\n".join(lines)
    count = len(judged.contradicted)
    lines.append(f"{_pages(count)} whose neighbours all have another category:")
    for nth, row_index in enumerate(judged.contradicted[:LISTED]):
        lines.append(f"  {printable(rows['path'][row_index])}  ({_other(judged, rows, nth)})")
    if count > LISTED:
        lines.append(f"  and {count - LISTED} more (categories.csv)")
    return "\n".join(lines)


def _outlier_table(folder: Path, rows: DataFrame, judged: Judgement, notes: list[str], *, excel: bool) -> Path:
    with ExitStack() as opened:
        table = Table(folder / "outliers.csv", OUTLIERS, opened, excel=excel)
        for rank, row_index in enumerate(judged.order(), 1):
            row, distance = rows.iloc[row_index], judged.distance[row_index]
            shown = number(float(distance), 4, excel=excel) if distance == distance else ""
            beyond = "yes" if distance > judged.fence else "no"
            where = [path_cell(row["path"]), cell(row["folder"])]
            near = _path_of(rows, judged.nearest[row_index])
            table.write([rank, *_about(row), shown, beyond, cell(_why(judged, rows, row_index)), near, *where])
        return table.complete(notes)


def _category_table(folder: Path, rows: DataFrame, judged: Judgement, notes: list[str], *, excel: bool) -> Path:
    with ExitStack() as opened:
        table = Table(folder / "categories.csv", CATEGORIES, opened, excel=excel)
        for nth, row_index in enumerate(judged.contradicted):
            row = rows.iloc[row_index]
            score = row["score"]
            shown = number(float(score), 4, excel=excel) if isinstance(score, float) and score == score else ""
            alike = number(float(1 - judged.distance[row_index]), 4, excel=excel)
            said = [cell(judged.suggested[nth]), judged.agree[nth], alike, cell(_other(judged, rows, nth))]
            where = [_path_of(rows, judged.nearest[row_index]), path_cell(row["path"]), cell(row["folder"])]
            table.write([nth + 1, *_about(row), shown, *said, *where])
        return table.complete(notes)


def _why(judged: Judgement, rows: DataFrame, row_index: int) -> str:
    if judged.nearest[row_index] < 0:
        return "no page of another document"
    path = printable(rows["path"][judged.nearest[row_index]])
    return f"most like {path}, similarity {judged.similarity[row_index]:.2f}"


def _other(judged: Judgement, rows: DataFrame, nth: int) -> str:
    own_category = printable(rows["category"][judged.contradicted[nth]])
    neighbours = f"{judged.agree[nth]} of its {judged.k} neighbours"
    return f"{own_category}, but {neighbours} are {printable(judged.suggested[nth])}, none {own_category}"


def _said(judged: Judgement, rows: DataFrame, row_index: int) -> tuple[str, str]:
    distance = judged.distance[row_index]
    beyond = "outlier " if distance > judged.fence else ""
    near = judged.nearest[row_index]
    nearest = printable(rows["path"][near].rpartition("/")[2]) if near >= 0 else "none"
    return f"{beyond}{distance:.3f}", f"nearest: {nearest}"


def _category_tile(rows: DataFrame, judged: Judgement, nth: int) -> Tile:
    row_index = judged.contradicted[nth]
    own_category, other = printable(rows["category"][row_index]), printable(judged.suggested[nth])
    return _tile(rows, row_index, f"{own_category} -> {other}", f"{judged.agree[nth]} of {judged.k} neighbours")


def _tile(rows: DataFrame, row_index: int, bold: str, plain: str) -> Tile:
    row = rows.iloc[row_index]
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


def _path_of(rows: DataFrame, row_index: int) -> str:
    return path_cell(rows["path"][row_index]) if row_index >= 0 else ""


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _text(value: object) -> str:
    return cell(value) if isinstance(value, str) else ""


def _whole(value: object) -> int | str:
    whole = frame_of(value)
    return "" if whole is None else whole
