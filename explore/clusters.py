"""`explore clusters`: groups of pages that look alike, found without any categories (clustering.py says how).

    python run.py explore clusters                    # the number is chosen by a rule, which is said
    python run.py explore clusters --clusters 12

Each page's cluster and its distance to the centre go into the index (columns cluster, -1 = in none, and
cluster_distance). Leaves <output>/clusters/: pages.csv, clusters.csv, overview.png, a contact sheet a cluster (pages at
the centre first, then border cases), no_cluster.png, run.json.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explore.clustering import NONE, Agreement, Clustering, agreement, find_clusters, shares, steps
from explore.command import Clusters
from index.database import Index, page_file
from index.records import keep_columns, output_folder, write_record
from output.console import say
from output.contact_sheet import Tile, draw_sheet
from output.progress import Progress
from output.tables import Table, cell, number, path_cell
from reading.pages import Page
from utils import UserError, printable

if TYPE_CHECKING:
    from pandas import DataFrame

    from settings.schema import Settings

CENTRE, BORDER = 18, 12  # pages of a contact sheet: three rows from the centre on, two rows of border cases
LISTED = 40  # clusters on the terminal; the table has them all
WIDTH = 96  # columns of the terminal
PAGES = ["FILE", "PAGE", "DOCUMENT", "YEAR", "CATEGORY", "CLUSTER", "NEAREST", "DISTANCE", "PATH", "FOLDER"]
CLUSTERS = ["CLUSTER", "PAGES", "DOCUMENTS", "YEAR_FIRST", "YEAR_LAST", "CATEGORIES", "CENTRE_PAGE", "CENTRE_PATH"]


NEEDED = ["id", "folder", "path", "frame", "document", "page", "file", "year", "category"]


def run_clusters(settings: Settings, job: Clusters) -> int:
    """Find clusters, write them into index and output folder, say what was found; 1 where the index is not written."""
    quiet = settings.setup.quiet
    index = Index.open(job.index)
    rows = index.rows(NEEDED)
    if rows.empty:
        raise UserError(f"the index {printable(str(job.index))} holds no pages")
    if job.clusters > len(rows):
        raise UserError(f"--clusters {job.clusters}: the index holds only {_pages(len(rows))}")
    started = time.time()
    with Progress(steps(len(rows), job.clusters), unit="try", quiet=quiet, label="clusters") as bar:
        clustering = find_clusters(index.vectors(), job.clusters, bar.advance)
    groups = describe(rows, clustering)
    agreed = agreement(clustering.labels, [_text(value) for value in rows["category"]])
    columns = {"cluster": clustering.labels, "cluster_distance": clustering.distances}
    unkept, code = keep_columns(index, rows["id"], columns)
    folder = output_folder(job.output / "clusters")
    for old in [*folder.glob("cluster_[0-9]*.png"), *folder.glob("no_cluster.png")]:  # of an earlier run
        old.unlink()
    notes: list[str] = []
    files = write_tables(folder, rows, clustering, groups, notes, excel=settings.output.excel)
    with Progress(len(groups) + 1, unit="sheet", quiet=quiet, label="contact sheets") as bar:
        files += draw_sheets(
            folder, rows, clustering, groups, max_pixels=settings.input.max_pixels, progress=bar.advance
        )
    record = {
        "clusters": clustering.count,
        "in_none": int((clustering.labels == NONE).sum()),
        "rule": clustering.rule,
        "agreement": asdict(agreed) if agreed else None,
    }
    write_record(folder, index, job, started, len(rows), record)
    print(summary(groups, rows, clustering, agreed))
    if unkept:
        say(f"warning: {unkept}")
    for note in notes:
        say(f"note: {note}")
    print("files:")
    for file in [*files[:3], files[-1]]:
        print(f"  {printable(str(file))}")
    return code


@dataclass(frozen=True)
class Group:
    """One cluster: its label, its pages as indices of `rows`, nearest to the centre first, and what they are.

    years: (first, last) or None. categories: of the pages that have one, the most frequent first.
    """

    label: int
    rows: np.ndarray
    documents: int
    years: tuple[int, int] | None
    categories: Counter[str]

    @property
    def name(self) -> str:
        """`3`, or `none`."""
        return "none" if self.label == NONE else str(self.label)


def describe(rows: DataFrame, clustering: Clustering) -> list[Group]:
    """The clusters, the largest first; then the pages in no cluster, if any."""
    order = np.lexsort((clustering.distances, clustering.labels))
    labels = clustering.labels[order]
    years = rows["year"].astype("float64").to_numpy(na_value=np.nan)
    groups = []
    for label in [*range(1, clustering.count + 1), NONE]:
        members = order[np.searchsorted(labels, label) : np.searchsorted(labels, label, side="right")]
        if not len(members):
            continue
        known = years[members][~np.isnan(years[members])]
        categories = Counter(value for value in rows["category"].iloc[members] if isinstance(value, str) and value)
        groups.append(
            Group(
                label,
                members,
                rows["document"].iloc[members].nunique(),
                (int(known.min()), int(known.max())) if len(known) else None,
                categories,
            )
        )
    return groups


def write_tables(
    folder: Path, rows: DataFrame, clustering: Clustering, groups: list[Group], notes: list[str], *, excel: bool
) -> list[Path]:
    """pages.csv, in the order of the clusters and of the distance, and clusters.csv."""
    with contextlib.ExitStack() as opened:
        pages = Table(folder / "pages.csv", PAGES, opened, excel=excel)
        for group in groups:
            for row_index, row in zip(group.rows, rows.iloc[group.rows].itertuples(index=False), strict=True):
                distance = number(float(clustering.distances[row_index]), 4, excel=excel)
                about = [_text(row.file), _whole(row.page), _text(row.document), _whole(row.year), _text(row.category)]
                where = [path_cell(row.path), cell(row.folder)]
                pages.write([*about, group.name, int(clustering.nearest[row_index]), distance, *where])
        clusters = Table(folder / "clusters.csv", CLUSTERS, opened, excel=excel)
        for group in groups:
            first, last = group.years or ("", "")
            centre = rows.iloc[group.rows[0]]
            said = cell(shares(group.categories.elements(), shown=len(group.categories)))
            at_centre = (
                [cell(printable(centre["file"])), path_cell(centre["path"])] if group.label != NONE else ["", ""]
            )
            clusters.write([group.name, len(group.rows), group.documents, first, last, said, *at_centre])
        return [pages.complete(notes), clusters.complete(notes)]


def draw_sheets(
    folder: Path,
    rows: DataFrame,
    clustering: Clustering,
    groups: list[Group],
    *,
    max_pixels: int,
    progress: Callable[[int], object] = lambda _: None,
) -> list[Path]:
    """overview.png with the page at each centre, and a contact sheet a cluster, cluster_001.png ..."""

    def tile(row_index: int, lines: list[str]) -> Tile:
        row = rows.iloc[row_index]
        frame = _whole(row["frame"])
        page = Page(str(page_file(row["folder"], row["path"])), row["file"], 0, None if frame == "" else int(frame))
        about = " ".join(part for part in (_text(row["category"]), str(_whole(row["year"]))) if part)
        return Tile(page, [*lines, printable(row["path"].rpartition("/")[2]), about])

    files = []
    clusters = [group for group in groups if group.label != NONE]
    overview = [tile(group.rows[0], [f"cluster {group.name}: {_pages(len(group.rows))}"]) for group in clusters]
    what = "the page at the centre of each cluster, the largest clusters first"
    root = Path()  # pages come with their whole path
    files.append(draw_sheet(overview, root, folder / "overview.png", title=what, max_pixels=max_pixels))
    progress(1)
    for group in groups:
        tiles = []
        for at in shown(len(group.rows)):
            row_index = group.rows[at]
            away = f"{clustering.distances[row_index]:.3f}"
            if group.label == NONE:
                said = f"nearest: {clustering.nearest[row_index]} ({away})"
            else:
                said = f"{'centre' if at < min(CENTRE, 0.6 * len(group.rows)) else 'border'} {away}"
            tiles.append(tile(row_index, [said]))
        title = _title(group)
        if len(tiles) < len(group.rows):
            title += f"; here {len(tiles)} of them, the nearest {CENTRE} and the furthest {BORDER}"
        name = "no_cluster.png" if group.label == NONE else f"cluster_{group.label:03d}.png"
        files.append(draw_sheet(tiles, root, folder / name, title=title, max_pixels=max_pixels))
        progress(1)
    return files


def shown(pages: int) -> list[int]:
    """Which pages of a cluster, nearest first, stand on its sheet: the centre ones, then the furthest, far to near.

    >>> len(shown(20)), shown(40)[17:20]
    (20, [17, 39, 38])
    """
    if pages <= CENTRE + BORDER:
        return list(range(pages))
    return [*range(CENTRE), *range(pages - 1, pages - 1 - BORDER, -1)]


def summary(groups: list[Group], rows: DataFrame, clustering: Clustering, agreed: Agreement | None) -> str:
    """What was found, for the terminal."""
    total, none = len(rows), int((clustering.labels == NONE).sum())
    out = f"; {_pages(none)} ({100 * none / total:.0f} %) in none" if none else ""
    lines = [
        f"{clustering.count} cluster{'s' if clustering.count != 1 else ''} of {_pages(total)}{out}",
        clustering.rule,
    ]
    table = [("cluster", "pages", "docs", "years", "categories")]
    known = any(group.categories for group in groups)
    for group in groups[:LISTED]:
        years = "-".join(map(str, sorted(set(group.years)))) if group.years else ""
        said = shares(group.categories.elements()) if known else _text(rows["file"].iloc[group.rows[0]])
        table.append((group.name, str(len(group.rows)), str(group.documents), years, said))
    if not known:
        table[0] = (*table[0][:4], "page at the centre")
    wide = [max(len(row[at]) for row in table) for at in range(4)]
    for name, pages, documents, years, said in table:
        start = f"  {name:>{wide[0]}}  {pages:>{wide[1]}}  {documents:>{wide[2]}}  {years:<{wide[3]}}  "
        lines.append((start + said)[:WIDTH].rstrip())
    if len(groups) > LISTED:
        lines.append(f"  and {len(groups) - LISTED} more (clusters.csv)")
    if none:
        lines.append("none: pages in no dense group; pages.csv names the cluster that each is nearest to")
    if agreed:
        alone = ", those in no cluster taken as one more" if none else ""
        lines.append(f"agreement with the categories of {_pages(agreed.pages)}{alone}:")
        lines.append(f"  purity {agreed.purity:.2f}, adjusted mutual information {agreed.ami:.2f}")
    return "\n".join(lines)


def _title(group: Group) -> str:
    kinds = shares(group.categories.elements())
    years = f", {'-'.join(map(str, sorted(set(group.years))))}" if group.years else ""
    start = "in no cluster" if group.label == NONE else f"cluster {group.name}"
    return f"{start}: {_pages(len(group.rows))}{years}{f', {kinds}' if kinds else ''}"


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _text(value: object) -> str:
    return cell(value) if isinstance(value, str) else ""


def _whole(value: object) -> int | str:
    """A nullable whole number as a cell."""
    try:
        return int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):  # None, pandas.NA, NaN
        return ""
