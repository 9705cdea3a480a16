"""`writers search`: the pages of the index by how alike their hand is to that of one page.

    python run.py writers search --image page.png -k 20

Below the calibrated threshold a page is "unknown", or "not likely": there is always a nearest page, and where its
writer is not in the collection it is by somebody else. The query itself, the same file or one of the same bytes, is no
hit.

Leaves <output>/search_<time>/: pages.csv (RANK,SIMILARITY,PROBABILITY,VERDICT,FILE,PAGE,DOCUMENT,PATH), sheet.png (the
query first, and the strokes that made each page alike), run.json.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.columns import sql
from index.database import Index, page_file
from index.known import content_hash
from index.records import free_folder, output_folder, write_record
from output.console import say
from output.tables import Table, cell, number, path_cell
from reading.pages import Page
from utils import UserError, printable
from writers.command import Search
from writers.query import describe, open_for, page_of_file, query_pages
from writers.sheets import LEGEND, Sheet
from writers.verdict import EVEN_ODDS, POSSIBLE, SAME, about, verdict

if TYPE_CHECKING:
    import numpy as np

    from settings.schema import Settings
    from writers.hands import PageDescription
    from writers.query import Model

COLUMNS = ["RANK", "SIMILARITY", "PROBABILITY", "VERDICT", "FILE", "PAGE", "DOCUMENT", "PATH"]
NEEDED = ["id", "folder", "path", "frame", "document", "page", "file"]
WRITTEN = "reason is null"  # of pages with handwriting
EXACT_UP_TO = 250_000  # pages: their signs, then the likely ones (benchmarks/writers_scale.py)
MOST_DRAWN = 11  # hits on the sheet: each of them is read and described once more
LONGEST = 60  # letters of a path in the terminal


@dataclass(frozen=True)
class Hit:
    """A page that was found. row: of the index. probability: that one hand wrote both, None where nobody knows."""

    row: dict[str, Any]
    similarity: float
    probability: float | None
    verdict: str

    @property
    def page(self) -> Page:
        """Where it lies."""
        row = self.row
        return Page(str(page_file(row["folder"], row["path"])), row["file"], row["page"] or 1, row["frame"])


def run_search(settings: Settings, job: Search) -> int:
    """Search, print a table, write the files; 0, also where no hand is alike. UserError: what the user can mend."""
    started = time.time()
    index = Index.open(job.index, "writers")
    pages = len(index.arrow(["id"], WRITTEN))
    if not pages:
        what = "holds no page with handwriting" if len(index) else "is empty"
        raise UserError(f"the index {printable(str(job.index))} {what}: {job.command_with('writers', 'index')} PAGES")
    [query] = query_pages([job.image], [job.number] if job.number else [])
    model = open_for(index, job.model, settings)
    image, description = describe(model.hands, query, settings)
    itself = _itself(index, query)
    exact = job.exact or pages <= EXACT_UP_TO
    others = pages - sum(row["reason"] is None for row in itself)
    hits = find(index, description, job.k, model, leave_out=[row["id"] for row in itself], others=others, exact=exact)
    for row in itself[:3]:
        say(f"the query itself is in the index, and no hit: {printable(row['folder'])}/{row['path']}")
    print(terminal(hits))
    print(f"{len(hits)} of {others} other pages with handwriting, {'exact' if exact else 'approximate'} search")
    for line in (said := _said(hits, others, model)):
        print(line)
    folder = output_folder(free_folder(job.output, time.strftime("search_%Y%m%d-%H%M%S")))
    notes: list[str] = []
    files = [_table(folder, hits, notes, excel=settings.output.excel)]
    if hits:
        files.append(_sheet(folder, query, image, description, hits, model, settings))
    asked = {"image": str(query.path), "frame": query.frame, "k": job.k, "search": "exact" if exact else "approximate"}
    files.append(write_record(folder, index, job, started, len(index), asked | {"said": said}))
    for note in notes:
        say(f"note: {note}")
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return 0


def find(
    index: Index, description: PageDescription, k: int, model: Model, *, leave_out: list[int], others: int, exact: bool
) -> list[Hit]:
    """The k pages with handwriting most like a described one, but for some ids; best first. others: all but these."""
    # Without a condition, which would cost a quarter of the time: pages without handwriting have no vector.
    [(ids, similarities)] = index.nearest(description.vector, k + len(leave_out), exact=exact)
    kept = [pair for pair in zip(ids.tolist(), similarities.tolist(), strict=True) if pair[0] not in {*leave_out}][:k]
    if not kept:
        return []
    rows = index.arrow(NEEDED, f"id in ({', '.join(str(number) for number, _ in kept)})").to_pylist()
    by_id = {row["id"]: row for row in rows}
    calibration = model.calibration
    return [
        Hit(
            by_id[number],
            similarity,
            None if calibration is None else calibration.probability(similarity),
            verdict(similarity, calibration, others),
        )
        for number, similarity in kept
    ]


def _itself(index: Index, page: Page) -> list[dict[str, Any]]:
    """The rows of a page in the index: of its file, and of files with the same bytes."""
    here = Path(page.path).resolve()
    names = ", ".join(sql(printable(name)) for name in {Path(page.path).name, here.name})  # of a link, and of the file
    frame = "frame is null" if page.frame is None else f"frame = {page.frame}"
    content = content_hash(here) + ("" if page.frame is None else f"#{page.frame}")
    rows = index.arrow(
        ["id", "folder", "path", "hash", "reason"], f"(file in ({names}) and {frame}) or hash = {sql(content)}"
    ).to_pylist()
    return [row for row in rows if row["hash"] == content or page_file(row["folder"], row["path"]).resolve() == here]


def _said(hits: list[Hit], others: int, model: Model) -> list[str]:
    """What the table means."""
    calibration = model.calibration
    lines = [about(calibration)]
    if calibration is None:
        return lines
    if not any(hit.verdict in (SAME, POSSIBLE) for hit in hits):
        lines.append("no page of the index is likely by this hand: its writer is unknown here")
    chance = calibration.false_match_rate * others
    if chance > 1:
        lines.append(
            f"of {others} pages of other hands about {chance:.0f} are as alike as that by chance: these are candidates "
            "to look at, not findings"
        )
    return [*lines, EVEN_ODDS]


def terminal(hits: list[Hit]) -> str:
    """Hits as a table of plain text."""
    lines = [["RANK", "SIMILARITY", "PROBABLE", "VERDICT", "PAGE", "PATH"]]
    for rank, hit in enumerate(hits, 1):
        path = "".join(letter if letter.isprintable() else "?" for letter in hit.row["path"])
        path = path if len(path) <= LONGEST else f"...{path[3 - LONGEST :]}"
        probable = "" if hit.probability is None else f"{hit.probability:.0%}"
        at = "" if hit.row["page"] is None else str(hit.row["page"])
        lines.append([str(rank), f"{hit.similarity:.3f}", probable, hit.verdict, at, path])
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            f"{text:<{width}}" if at in (3, 5) else f"{text:>{width}}"
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _table(folder: Path, hits: list[Hit], notes: list[str], *, excel: bool) -> Path:
    with ExitStack() as opened:
        table = Table(folder / "pages.csv", COLUMNS, opened, excel=excel)
        for rank, hit in enumerate(hits, 1):
            probable = "" if hit.probability is None else number(hit.probability, 4, excel=excel)
            row, similarity = hit.row, number(hit.similarity, 4, excel=excel)
            page = "" if row["page"] is None else row["page"]
            texts = cell(row["file"] or ""), page, cell(row["document"] or "")
            table.write([rank, similarity, probable, hit.verdict, *texts, path_cell(f"{row['folder']}/{row['path']}")])
        return table.complete(notes)


def _sheet(
    folder: Path,
    query: Page,
    image: Any,
    description: PageDescription,
    hits: list[Hit],
    model: Model,
    settings: Settings,
) -> Path:
    """The query, and the first hits with the strokes that made them alike; the query's are those of the first hit."""
    name = f"{Path(query.path).name}{page_of_file(query)}"
    sheet = Sheet(f"hands like that of {name}", settings)
    best = _vector(hits[0], model, settings)
    sheet.add(
        image, description, ["query", f"{name}{page_of_file(query)}", "coloured by its likeness to the first hit"], best
    )
    pages = []
    for rank, hit in enumerate(hits[:MOST_DRAWN], 1):
        probable = "" if hit.probability is None else f", {hit.probability:.0%} probable"
        lines = [
            f"{rank}   similarity {hit.similarity:.3f}{probable}",
            hit.verdict,
            f"{hit.row['file']}{page_of_file(hit.page)}",
        ]
        pages.append((hit.page, lines))
    sheet.add_pages(pages, model.hands, description.vector)
    return sheet.save(folder / "sheet.png", [LEGEND, about(model.calibration)])


def _vector(hit: Hit, model: Model, settings: Settings) -> np.ndarray | None:
    """The vector of a hit's page as it is now; None where it cannot be read any more."""
    try:
        return describe(model.hands, hit.page, settings)[1].vector
    except UserError:
        return None
