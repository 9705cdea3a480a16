"""`writers evaluate`: how well a model finds pages of one hand, on pages whose writers are known by their file names.

    python run.py writers evaluate pages/ --pattern "(?P<writer>w[0-9]+)-(?P<page>[0-9]+)" --json result.json

The figures of the first row, `map`, `top1`, ... (0 to 100), count every page that has a writer: one without
handwriting, or that cannot be read, is a miss as a query and is never found. `described` has them for the others alone.

Leaves <output>/evaluate_<time>/: pages.csv (a row for every page of the folder, judged or not), evaluation.json (what
--json FILE gets), matrix.png, scores.png, cmc.png, run.json.
"""

from __future__ import annotations

import platform
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.records import free_folder, output_folder
from output.console import say
from output.files import write_json
from output.tables import Table, cell, check_writable, number, path_cell
from reading.listing import wanted_files
from reading.pages import PageList, find_pages
from utils import UserError, printable, versions_of
from writers.baselines import baselines_of
from writers.described import Begun, Described, describe_pages
from writers.evaluate_command import Evaluation
from writers.hands import marks_of
from writers.indexing import no_handwriting
from writers.names import Named, name_pages, read_pattern
from writers.plots import draw_cmc, draw_matrix, draw_scores
from writers.query import open_model
from writers.ranking import (
    Cosines,
    Equal,
    Queries,
    interval,
    nearest_pages,
    paired_difference,
    rank_pages,
)
from writers.reranking import rerank_krnn, rerank_sgr, whiten_on
from writers.scores import count_scores

if TYPE_CHECKING:
    from settings.schema import Settings
    from writers.query import Model

COLUMNS = ["FILE", "PAGE", "WRITER", "AP", "FIRST_HIT", "NEAREST", "NEAREST_WRITER", "SIMILARITY", "REASON", "PATH"]
LIBRARIES = ("numpy", "opencv-python-headless", "pillow")
SHOWN = {"soft5": "soft-5", "soft10": "soft-10", "hard5": "hard-5", "precision5": "precision@5"}  # beside map and top1
BEGUN = "evaluate.begun"  # what was described, until all of it is
CHANCE, RERANKED = "chance", {"krnn": "k-reciprocal query expansion", "sgr": "similarity graph re-ranking"}


def run_evaluate(settings: Settings, job: Evaluation) -> int:
    """Judge, print, write; 0, or 1 where pages could not be read or have no writer. UserError: what the user can mend.

    A page without handwriting is no failure of the run.
    """
    started = time.time()
    pattern = read_pattern(job.pattern)
    model = open_model(job.model, settings)
    check_writable(job.output)
    pages = find_pages(job.folder, **wanted_files(settings.input), skip=[job.output])
    named = name_pages(pages.pages, pattern)
    _check_writers(named)
    for line in [*pages.passed.lines(), *named.lines()]:
        say(line, settings.setup.quiet)
    models = {model.hands.name: model.hands} | baselines_of(model.hands)
    with Begun(job.output / BEGUN, models, settings) as begun:
        described = describe_pages(models, PageList(pages.root, named.pages, pages.passed), settings, begun)
        begun.remove()
    judged = _Judged(named, described, model, job)
    learned = set(marks_of(pages.root / page.path for page in named.pages)) & set(
        model.hands.figures.get("learned", ())
    )
    result = judged.result() | {
        "learned": len(learned),
        "unnamed": len(named.unnamed),
        "folder": str(job.folder.absolute()),
        "pattern": pattern.pattern,
    }
    _print(judged, result)
    folder = output_folder(free_folder(job.output, time.strftime("evaluate_%Y%m%d-%H%M%S")))
    notes: list[str] = []
    files = [_table(folder, judged, notes, excel=settings.output.excel)]
    files.append(write_json(folder / "evaluation.json", result))
    files += _pictures(folder, judged)
    if job.json is not None:
        files.append(write_json(job.json, result))
    record = {
        "state": "finished",
        "command": job.command(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        "seconds": round(time.time() - started, 1),
        **result,
        "versions": {"python": platform.python_version()} | versions_of(LIBRARIES),
    }
    files.append(write_json(folder / "run.json", record))
    for note in notes:
        say(f"note: {note}")
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return int(bool(named.unnamed) or bool(described.unread.any()))


def _check_writers(named: Named) -> None:
    """UserError where the pages cannot judge anything."""
    counts = Counter(named.writers)
    if len(counts) < 2:
        raise UserError(
            f"all {len(named.pages)} pages are of one writer ({printable(named.writers[0])}): any order of them is "
            "right; pages of two writers at least are needed"
        )
    if max(counts.values()) < 2:
        raise UserError(
            f"each of the {len(counts)} writers has one page: there is nothing to find; name pages of one writer alike "
            f"(the pattern takes {printable(named.writers[0])} for the writer of {printable(named.pages[0].path)})"
        )


class _Judged:
    """All rankings of the pages that have a writer. rows: what the table shows, name -> queries."""

    def __init__(self, named: Named, described: Described, model: Model, job: Evaluation) -> None:
        self.named, self.described, self.model, self.job = named, described, model, job
        (name, vectors), *others = described.vectors.items()
        self.known = ~np.isnan(vectors[:, 0])
        self.notes: list[str] = []
        plain = self._prepared(vectors)
        self.ways: dict[str, Cosines] = {"": Cosines(plain)}
        if self.known.sum() > 2:
            self.ways["krnn"] = Cosines(self._spread(rerank_krnn(plain[self.known])))
            try:
                self.ways["sgr"] = Cosines(self._spread(rerank_sgr(plain[self.known])))
            except UserError as error:
                if job.rerank == "sgr":
                    raise
                self.notes.append(str(error))
        self.first = self.ways.get(job.rerank, self.ways[""])
        self.own: dict[str, Queries] = {way: rank_pages(given, named.writers) for way, given in self.ways.items()}
        self.queries = self.own.get(job.rerank, self.own[""])
        self.beside = {other: rank_pages(Cosines(given), named.writers) for other, given in others}
        self.beside[CHANCE] = rank_pages(Equal(self.known), named.writers)
        # A threshold is of the cosines of the model as it is, not of those whitened on other pages.
        calibration = None if job.transductive else model.calibration
        self.scores = count_scores(self.ways[""], named.writers, calibration)
        self.name = name

    def _prepared(self, vectors: np.ndarray) -> np.ndarray:
        if not self.job.transductive or self.known.sum() < 3:
            return vectors
        return self._spread(whiten_on(vectors[self.known]))

    def _spread(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the described pages [n, d] among all pages [N, d], NaN for the others."""
        spread = np.full((len(self.known), rows.shape[1]), np.nan, np.float32)
        spread[self.known] = rows
        return spread

    def result(self) -> dict[str, Any]:
        """The one object of --json; the keys of its top level stay."""
        named, queries = self.named, self.queries
        writers = Counter(named.writers)
        held = [at for at, known in enumerate(self.known) if known]
        alone = [named.writers[at] for at in held]
        lost = [reason for reason, unread in zip(self.described.reasons, self.described.unread, strict=True) if reason]
        cross = rank_pages(self.first, named.writers, named.sources)
        result: dict[str, Any] = queries.figures() | {
            "pages": len(named.pages),
            "writers": len(writers),
            "model": self.model.hands.hash,
            "model_name": self.model.hands.name,
            "rerank": self.job.rerank or None,
            "transductive": bool(self.job.rerank) or self.job.transductive,
            "whitened_on_these_pages": self.job.transductive,
            "distractors": sum(count == 1 for count in writers.values()),
            "cross_page_map": cross.map if len(cross) else None,
            "intervals": _intervals(queries),
            "not_described": len(lost),
            "unread": int(self.described.unread.sum()),
            "reasons": dict(Counter(lost).most_common(20)),
            "described": None,
            "baselines": {name: self._beside(other) for name, other in self.beside.items()},
            "reranked": {way: self._beside(other) | {"transductive": True} for way, other in self.own.items() if way},
            "threshold": self.scores.to_json(),
        }
        if len(held) < len(named.pages):
            of_held = rank_pages(Cosines(self.first.vectors[held]), alone) if held else None
            result["described"] = {"pages": len(held)} | (of_held.figures() if of_held and len(of_held) else {})
        return result

    def _beside(self, other: Queries) -> dict[str, Any]:
        """Its figures, and how much the headline is above it (mAP, with the interval of the paired difference)."""
        difference = paired_difference(self.queries.average_precision, other.average_precision, self.queries.writers)
        gain = [100 * value for value in difference]
        return other.figures() | {"intervals": _intervals(other), "gain": gain[0], "gain_interval": gain[1:]}


def _intervals(queries: Queries) -> dict[str, list[float]]:
    """95 % intervals over writers, 0 to 100."""
    values = {"map": queries.average_precision, "top1": queries.found[:, 0], "soft10": queries.found[:, 9]}
    return {name: [100 * edge for edge in interval(given, queries.writers)] for name, given in values.items()}


def _print(judged: _Judged, result: dict[str, Any]) -> None:
    named, queries = judged.named, judged.queries
    others = len(named.pages) - len(queries)
    print(
        f"{result['pages']} pages of {result['writers']} writers: {_count(len(queries), 'query', 'queries')}, "
        f"{_count(others, 'page')} of writers with one page, as distractors"
    )
    if judged.job.transductive:
        print("transductive: page descriptors are whitened on the very pages that are judged")
    what = f"{judged.name}{f', {RERANKED[judged.job.rerank]} (transductive)' if judged.job.rerank else ''}"
    rows: dict[str, Queries] = {what: queries}
    for way, other in judged.own.items():
        if way != judged.job.rerank:
            rows[f"  {RERANKED[way]} (transductive)" if way else "  without re-ranking"] = other
    rows |= judged.beside
    print(_text_table(rows))
    for name in judged.beside:
        if name != CHANCE:
            about = result["baselines"][name]
            low, high = about["gain_interval"]
            print(f"mAP above {name}: {about['gain']:+.1f} (95 %: {low:+.1f} to {high:+.1f}), over the same queries")
    if result["cross_page_map"] is not None and len(set(named.sources)) < len(named.sources):
        print(f"cross-page mAP {result['cross_page_map']:.1f}: images of the query's own page left out")
    if result["not_described"]:
        lost = [reason for reason in judged.described.reasons if reason and reason.startswith("no handwriting")]
        if lost:
            print(no_handwriting(lost))
        if result["unread"]:
            print(f"{_count(result['unread'], 'page')} could not be read (pages.csv says why)")
        described = result["described"]
        alone = f"; of the others alone mAP is {described['map']:.1f}" if "map" in described else ""
        lost = f"{_count(result['lost_queries'], 'query', 'queries')} lost so: misses above, and found by none"
        print(f"{lost}{alone}")
    print(judged.scores.line())
    if result["learned"]:
        print(
            f"warning: {_count(result['learned'], 'file')} of these taught the model: of those it says too much, and "
            "nothing of pages that it never saw"
        )
    for note in judged.notes:
        say(f"note: {note}")


def _count(number: int, one: str, several: str = "") -> str:
    """A number of things.

    >>> _count(1, "page"), _count(2, "query", "queries")
    ('1 page', '2 queries')
    """
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def _text_table(rows: dict[str, Queries]) -> str:
    lines = [["", "mAP", "(95 %)", "Top-1", "(95 %)", *SHOWN.values()]]
    for name, queries in rows.items():
        figures, edges = queries.figures(), _intervals(queries)
        cells = [name]
        for figure in ("map", "top1"):
            low, high = edges[figure]
            cells += [f"{figures[figure]:.1f}", "" if name == CHANCE else f"{low:.0f} to {high:.0f}"]
        lines.append([*cells, *(f"{figures[figure]:.1f}" for figure in SHOWN)])
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            f"{text:<{width}}" if at == 0 else f"{text:>{width}}"
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _table(folder: Path, judged: _Judged, notes: list[str], *, excel: bool) -> Path:
    """pages.csv: pages in the order of the list, then those without a writer."""
    named, queries = judged.named, judged.queries
    place = {int(page): at for at, page in enumerate(queries.index)}
    best, alike = nearest_pages(judged.first)
    with ExitStack() as opened:
        table = Table(folder / "pages.csv", COLUMNS, opened, excel=excel)
        for at, (page, writer) in enumerate(zip(named.pages, named.writers, strict=True)):
            figures = ["", "", "", "", ""]
            if at in place:
                first = queries.first[place[at]]
                precision = number(queries.average_precision[place[at]], 4, excel=excel)
                figures[:2] = [precision, "" if np.isnan(first) else str(int(first))]
            if (other := best[at]) >= 0:
                nearest = path_cell(named.pages[other].path), cell(named.writers[other])
                figures[2:] = [*nearest, number(alike[at], 4, excel=excel)]
            reason = cell(judged.described.reasons[at])
            table.write([cell(page.file), page.number, cell(writer), *figures, reason, path_cell(page.path)])
        for page, reason in named.unnamed:
            table.write(
                [cell(page.file), page.number, "", *[""] * 5, cell(f"no writer: {reason}"), path_cell(page.path)]
            )
        return table.complete(notes)


def _pictures(folder: Path, judged: _Judged) -> list[Path]:
    """matrix.png, scores.png and cmc.png, as far as there is something to draw."""
    curves = {judged.name: judged.queries} | judged.beside
    files = [draw_cmc({name: queries.found.mean(axis=0) for name, queries in curves.items()}, folder / "cmc.png")]
    if judged.known.sum() > 2:
        files.append(draw_matrix(judged.first, judged.named.writers, judged.known, folder / "matrix.png"))
    if judged.scores.both:
        files.append(draw_scores(judged.scores, folder / "scores.png"))
    return files
