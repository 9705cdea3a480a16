"""`explore map`: all pages on one plane, look-alikes together.

    python run.py explore map                         # t-SNE: neighbours stay neighbours
    python run.py explore map --method pca            # two principal components: at once, and the same for ever

Leaves <output>/map/: a picture for each of category, cluster and year that is known (map_category.png ...),
pages.parquet with x and y, browser/ (open its index.html; map_folder.py), run.json. x and y go into the index too. The
more pages, the coarser: beyond 100,000 t-SNE places the others beside their nearest neighbours, beyond 200,000 the
browser shows a drawn part of the pages.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explore.command import Map
from explore.facets import UNKNOWN, Facet, facets, middles
from explore.map_folder import MOST, write_folder
from explore.projection import DIMENSIONS, STEPS, alike, disc, neighbour_map, plane, principal, sample
from index.database import Index, page_file
from index.records import keep_columns, output_folder, write_record
from output.console import say
from output.files import whole
from output.pictures import new_figure, plain, save_figure
from output.progress import Progress
from utils import UserError, printable

if TYPE_CHECKING:
    from pandas import DataFrame
    from PIL import Image

    from settings.schema import Settings

COLUMNS = [
    *("id", "folder", "path", "frame", "document", "page", "file", "year", "category", "score"),
    *("cluster", "cluster_distance"),
]
METHODS = {"tsne": "t-SNE", "pca": "principal components"}
LEGEND = 36  # groups in a picture's legend: more are no help
DPI = 150


def run_map(settings: Settings, job: Map) -> int:
    """Place all pages, then write pictures, table and browser folder; 0, 1 where the index could not be written."""
    quiet, started = settings.setup.quiet, time.time()
    index = Index.open(job.index)
    rows = index.rows(COLUMNS)
    if rows.empty:
        raise UserError(f"the index {printable(str(job.index))} holds no pages")
    with Progress(sum(STEPS), unit="step", quiet=quiet, label="map") as bar:
        positions = lay_out(index.vectors(), job.method, bar)
    unkept, code = keep_columns(index, rows["id"], {"x": positions[:, 0], "y": positions[:, 1]})
    rows = rows.assign(x=positions[:, 0], y=positions[:, 1])
    folder = output_folder(job.output / "map")
    for old in folder.glob("map_*.png"):  # of an earlier run: a category that is not known any more
        old.unlink()
    files = [
        draw_map(positions, facet, folder / f"map_{facet.key}.png", f"{len(rows):,} pages by {METHODS[job.method]}")
        for facet in facets(rows)
    ]
    files.append(write_table(rows, folder / "pages.parquet"))
    files.append(_browser(index, rows, positions, folder / "browser", quiet))
    notes = [] if rows["cluster"].notna().any() else ["no clusters yet: explore clusters, then explore map again"]
    if rows["category"].isna().all():
        notes.append("no categories known: explore index PAGES --table RESULT.csv takes them from a result table")
    write_record(folder, index, job, started, len(rows), {"method": job.method})
    said = "" if unkept else ": x and y are in the index"
    print(f"{len(rows)} page{'' if len(rows) == 1 else 's'} by {METHODS[job.method]}{said}")
    if unkept:
        say(f"warning: {unkept}")
    for note in notes:
        print(f"note: {note}")
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    print(f"open {printable(str(files[-1]))} in a browser (double-click): it needs no internet")
    return code


def lay_out(vectors: np.ndarray, method: str, bar: Progress) -> np.ndarray:
    """Places float32 [N, 2] within -1 .. 1 of unit vectors [N, D]; `method` is a key of METHODS."""
    if method == "pca":
        return plane(vectors)
    if alike(vectors):
        return disc(len(vectors))
    return neighbour_map(principal(vectors, DIMENSIONS), bar.advance)


def write_table(rows: DataFrame, file: Path) -> Path:
    """The pages with their places as Parquet, which pandas, DuckDB, Polars and QGIS read."""
    with whole(file) as part:
        rows.to_parquet(part, index=False)
    return file


def draw_map(positions: np.ndarray, facet: Facet, file: Path, title: str) -> Path:
    """A picture of the map [N, 2], coloured by a facet, with a legend beside it and the groups' names on it."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    counts = np.bincount(facet.codes, minlength=len(facet.names))
    figure = new_figure(11, 8)
    axes = figure.subplots()
    # A tenth of the plane's area belongs to points, whatever their number; overlaps show through where there are many.
    size = float(np.clip(45_000 / max(len(positions), 1), 0.6, 60))
    colours = np.array(facet.colours)[facet.codes]
    order = np.random.default_rng(0).permutation(len(positions))  # else the last group would lie over all others
    order = order[
        np.argsort(np.array(facet.colours)[facet.codes[order]] != UNKNOWN, kind="stable")
    ]  # unknown ones below
    axes.scatter(
        *positions[order].T,
        s=size,
        c=colours[order],
        alpha=0.9 if len(positions) < 20_000 else 0.6,
        linewidths=0,
        rasterized=True,
    )
    for label, middle in zip(facet.labels, middles(positions, facet), strict=True):
        if middle and len(facet.names) <= 2 * LEGEND:
            text = axes.annotate(
                plain(label, 30), middle, (0, 5), textcoords="offset points", fontsize=8, ha="center", fontweight="bold"
            )
            text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    axes.set_title(plain(f"{title}, coloured by {facet.title.lower()}", 100), fontsize=10)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=f"{plain(name, 30)}  ({count:,})")
        for name, colour, count in zip(facet.names, facet.colours, counts, strict=True)
    ]
    if len(dots) > LEGEND:
        dots = [*dots[:LEGEND], Line2D([], [], linestyle="", label=f"and {len(dots) - LEGEND} more")]
    figure.legend(handles=dots, loc="outside right upper", fontsize=8, title=plain(facet.title), frameon=False)
    return save_figure(figure, file, DPI)


def _browser(index: Index, rows: DataFrame, positions: np.ndarray, folder: Path, quiet: bool) -> Path:
    kept = sample(len(rows), MOST)
    note = f"Index {printable(index.folder.name)}, made by {index.backbone.name}."
    if len(kept) < len(rows):
        note += f" {len(kept):,} of its {len(rows):,} pages, drawn at random."
    rows, positions = rows.iloc[kept], positions[kept]
    ids = rows["id"].to_numpy()
    files = [page_file(folder_of, path) for folder_of, path in zip(rows["folder"], rows["path"], strict=True)]

    def thumbnails(at: list[int]) -> list[Image.Image]:
        return index.thumbnail(ids[at])

    with Progress(len(rows), quiet=quiet, label="browser folder") as bar:
        return write_folder(
            folder,
            rows,
            positions,
            files,
            thumbnails,
            title=f"Map of {len(rows):,} pages",
            note=note,
            progress=bar.advance,
        )
