"""`explore search`: pages like an image, like several, unlike others, like a text, or by a condition alone.

    python run.py explore search --image page.png --not other.png --where "category = 'DRAW' and year < 1950" -k 20
    python run.py explore search --text "a map with a scale bar"

Pages are compared with an image in both of their vectors: how they look (two thirds of the similarity: the same page,
scanned again, comes first) and of what kind they are (one third). The query of several images is their mean; of --not,
half their mean is subtracted (Rocchio 1971). A text is compared by kind alone: a direction in the joint space of images
and texts; a tuned model's less the mean of its categories, because all of its texts lie close together.

Leaves <output>/search_<time>/: pages.csv (RANK,SIMILARITY,FILE,PAGE,YEAR,CATEGORY,SCORE,DOCUMENT,CLUSTER,PATH),
sheet.png (the query first), run.json.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from explore.command import Search
from index.columns import Space
from index.database import Index, page_file, sql
from index.records import free_folder, output_folder, write_record
from output.console import say
from output.tables import Table, cell, number, path_cell
from reading.decoding import PageError, Reader
from reading.pages import Page, pages_of_files
from utils import UserError, printable

if TYPE_CHECKING:
    from encoders.look import LookEncoder
    from explore.backbones import Backbone
    from settings.schema import Settings

COLUMNS = [
    "RANK", "SIMILARITY", "FILE", "PAGE", "YEAR", "CATEGORY", "SCORE", "DOCUMENT", "CLUSTER", "PATH"
]  # fmt: skip
NEEDED = ["id", "folder", "path", "frame", "document", "page", "file", "year", "category", "score", "cluster"]
AGAINST = 0.5  # share of the mean of --not that is subtracted
QUERIES_SHOWN = 6
LONGEST = 60  # letters of a path in the terminal


@dataclass
class Hits:
    """ids int64 [n] and similarities float32 [n] (None for a plain list), best first."""

    ids: np.ndarray
    similarities: np.ndarray | None


def run_search(settings: Settings, job: Search) -> int:
    """Search, print a table, write the files; 0, also where nothing fits. UserError for what the user can mend."""
    started = time.time()
    index = Index.open(job.index)
    if not len(index):
        raise UserError(f"the index {printable(str(job.index))} is empty: {job.command_with('explore', 'index')} PAGES")
    where = job.where or None
    fitting = len(index.arrow(["id"], where)) if where else len(index)  # a typo is told before the model is loaded
    queries = _query_pages(job.images, settings) if job.images else []
    against = _query_pages(job.not_images, settings) if job.not_images else []
    notes: list[str] = []
    if job.text or queries:
        from explore.backbones import open_for

        if job.text and not index.backbone.has_text:
            raise UserError(
                f"--text: {index.backbone.name}, which made this index, has no text tower: search with --image, or "
                "make an index with a backbone that has one (the default model, a CLIP or SigLIP)"
            )
        backbone = open_for(index, job.backbone, settings)
        if job.text:
            notes += backbone.about_text(job.text)
            hits = Hits(*index.nearest(backbone.embed_text(job.text), job.k, where, exact=job.exact)[0])
        else:
            index.check_look()
            query = _query(queries, against, backbone, settings)
            query_ids = [number for page in queries for number in _in_index(index, page)]
            hits = _others(query_ids, job.k, *index.alike(query, job.k + len(query_ids), where, exact=job.exact))
            if query_ids:
                notes.append("the query itself is in the index and is left out")
    else:
        hits = Hits(index.arrow(["id"], where)["id"].to_numpy()[: job.k], None)
    rows = _rows(index, hits.ids)
    how = "approximate" if index.approximate and not job.exact and hits.similarities is not None else "exact"
    for note in notes:
        if note.startswith("warning") or not settings.setup.quiet:
            say(note)
    print(_terminal(rows, hits))
    print(f"{len(rows)} of {fitting} pages{' that fit the condition' if where else ''}, {how} search")
    folder = output_folder(free_folder(job.output, time.strftime("search_%Y%m%d-%H%M%S")))
    said: list[str] = []
    files = [_table(folder, rows, hits, said, excel=settings.output.excel)]
    if rows:
        files.append(_sheet(folder, rows, hits, queries, against, job, settings))
    about = {
        "images": [str(page.path) for page in queries],
        "not": [str(page.path) for page in against],
        "text": job.text,
        "where": job.where,
        "k": job.k,
        "search": how,
        "notes": notes,
    }
    files.append(write_record(folder, index, job, started, len(index), about))
    for note in said:
        say(f"note: {note}")
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return 0


def _others(query_ids: list[int], k: int, ids: np.ndarray, similarities: np.ndarray) -> Hits:
    """What was found without the queries' own ids, k pages at most."""
    others = ~np.isin(ids, query_ids)
    return Hits(ids[others][:k], similarities[others][:k])


def _query_pages(files: tuple[Path, ...], settings: Settings) -> list[Page]:
    """The pages of query files, of every kind that is sorted. UserError: not there, no page, or broken."""
    pages = pages_of_files(files, folder="--image and --not take pages").pages
    for page in pages:
        if page.reason:
            raise UserError(f"the query {printable(page.path)} cannot be read: {page.reason}")
    return pages


def _query(queries: list[Page], against: list[Page], backbone: Backbone, settings: Settings) -> dict[Space, np.ndarray]:
    """What is looked for, in each space [D]: the mean of its pages, less half the mean of those that are not job."""
    from encoders.look import LookEncoder

    encoder = LookEncoder.load()
    query = _means(queries, backbone, encoder, settings)
    if against:
        unwanted = _means(against, backbone, encoder, settings)
        query = {space: mean - AGAINST * unwanted[space] for space, mean in query.items()}
    return query


def _means(pages: list[Page], backbone: Backbone, encoder: LookEncoder, settings: Settings) -> dict[Space, np.ndarray]:
    """The mean of some pages in each space, of unit length. UserError for a page that cannot be read."""
    from encoders.look import SIZE, look_pixels

    vectors: dict[Space, list[np.ndarray]] = {"vector": [], "look": []}
    side = max(*backbone.transform.size, *SIZE)
    with Reader(min_side=side, max_pixels=settings.input.max_pixels) as reader:
        for page in pages:
            try:
                image = reader.page(Path(page.path), page.frame)
            except PageError as error:
                raise UserError(f"the query {printable(page.path)} cannot be read: {error}") from None
            vectors["vector"].append(backbone.embed(backbone.transform(image)[None])[0])
            vectors["look"].append(encoder.embed(look_pixels(image)))
    means = {space: np.mean(of_pages, axis=0) for space, of_pages in vectors.items()}
    return {space: mean / np.linalg.norm(mean) for space, mean in means.items()}


def _in_index(index: Index, page: Page) -> list[int]:
    """The ids of a query page in the index."""
    here = Path(page.path).resolve()
    names = ", ".join(sql(printable(name)) for name in {Path(page.path).name, here.name})  # of a link, and of the file
    frame = "frame is null" if page.frame is None else f"frame = {page.frame}"
    rows = index.arrow(["id", "folder", "path"], f"file in ({names}) and {frame}").to_pylist()
    return [row["id"] for row in rows if page_file(row["folder"], row["path"]).resolve() == here]


def _rows(index: Index, ids: np.ndarray) -> list[dict[str, Any]]:
    """The pages of some ids, in that order."""
    if not len(ids):
        return []
    unsorted = index.arrow(NEEDED, f"id in ({', '.join(map(str, ids))})").to_pylist()
    by_id = {row["id"]: row for row in unsorted}
    return [by_id[number] for number in ids.tolist()]


def _terminal(rows: list[dict[str, Any]], hits: Hits) -> str:
    head = ["RANK", *(["SIMILARITY"] if hits.similarities is not None else []), "YEAR", "CATEGORY", "PAGE", "PATH"]
    lines = [head]
    for rank, row in enumerate(rows, 1):
        similar = [f"{hits.similarities[rank - 1]:.3f}"] if hits.similarities is not None else []
        values = (row["year"], row["category"], row["page"])
        path = "".join(letter if letter.isprintable() else "?" for letter in row["path"])
        path = path if len(path) <= LONGEST else f"...{path[3 - LONGEST :]}"
        lines.append([str(rank), *similar, *("" if value is None else str(value) for value in values), path])
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    right = {"RANK", "SIMILARITY", "PAGE"}
    return "\n".join(
        "  ".join(
            f"{text:>{width}}" if name in right else f"{text:<{width}}"
            for name, text, width in zip(head, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _table(folder: Path, rows: list[dict[str, Any]], hits: Hits, notes: list[str], *, excel: bool) -> Path:
    with ExitStack() as opened:
        table = Table(folder / "pages.csv", COLUMNS, opened, excel=excel)
        for rank, row in enumerate(rows, 1):
            similar = "" if hits.similarities is None else number(hits.similarities[rank - 1], 4, excel=excel)
            score = "" if row["score"] is None else number(row["score"], 4, excel=excel)
            plain = ["" if row[name] is None else row[name] for name in ("page", "year", "cluster")]
            texts = [cell(row[name] or "") for name in ("file", "category", "document")]
            path = path_cell(f"{row['folder']}/{row['path']}")
            table.write([rank, similar, texts[0], plain[0], plain[1], texts[1], score, texts[2], plain[2], path])
        return table.complete(notes)


def _sheet(
    folder: Path,
    rows: list[dict[str, Any]],
    hits: Hits,
    queries: list[Page],
    against: list[Page],
    job: Search,
    settings: Settings,
) -> Path:
    from output.contact_sheet import Tile, draw_sheet

    tiles = []
    for title, pages in (("query", queries), ("not like", against)):
        for page in pages[:QUERIES_SHOWN]:
            whole = Page(str(Path(page.path).absolute()), page.file, page.number, page.frame)
            tiles.append(Tile(whole, [title, Path(page.path).name]))
    for rank, row in enumerate(rows):
        whole = str(page_file(row["folder"], row["path"]))
        similar = "" if hits.similarities is None else f"{hits.similarities[rank]:.3f}  "
        about = ", ".join(str(value) for value in (row["year"], row["category"]) if value is not None)
        at = "" if row["frame"] is None else f", page {row['page']}"
        lines = [f"{similar}{about}".strip() or row["file"], f"{row['file']}{at}"]
        tiles.append(Tile(Page(whole, row["file"], row["page"], row["frame"]), lines))
    title = f'"{job.text}"' if job.text else "like the query" if queries else "pages"
    title += f" where {job.where}" if job.where else ""
    return draw_sheet(tiles, Path(), folder / "sheet.png", title=title, max_pixels=settings.input.max_pixels)
