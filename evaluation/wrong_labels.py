"""Which labels are wrong? Pages ranked by how strongly the scores contradict the label that they carry.

    python run.py --wrong_labels models/mine_folds/out_of_fold.csv        # or the folder models/mine_folds, models/mine
    python run.py --wrong_labels result/tables/EVAL_RAW_X.csv -d sorted/  # of pages that the model did not train on

Gives tables/wrong_labels_<name>.csv (`COLUMNS`; all pages, the most contradicted first) and a contact sheet of the
first of them, plots/wrong_labels_<name>.png. Scores must come from models that had not seen the
page: those that a model was trained on agree with wrong labels too. Nothing is moved or deleted.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.descriptions import same_label
from evaluation.command import WrongLabels
from evaluation.judging import free_name
from evaluation.metrics import label_quality
from output.console import say
from output.spreadsheets import number_in, open_table
from output.tables import Table, bare_path, category_of, cell, number, path_cell
from training.data import pages_below
from training.folds import TABLE
from training.record import read_record
from utils import UserError, did_you_mean, page_number, printable, split_page_name

if TYPE_CHECKING:
    from evaluation.metrics import Suspicion
    from reading.pages import Page
    from settings.schema import Settings

COLUMNS = [
    "RANK",
    "FILE",
    "PAGE",
    "LABEL",
    "SUGGESTED",
    "MARGIN",
    "SCORE_LABEL",
    "SCORE_SUGGESTED",
    "CONTRADICTED",
    "PATH",
]
SURE = 0.95  # where the scores agree with fewer labels than this, they are no judge of single ones
FOLD_COLUMNS = ["PATH", "PAGE", "CATEGORY", "DOCUMENT", "FOLD"]


@dataclass
class Scored:
    """A table of scores: pages by (PATH, PAGE), their labels, scores [N, C], known [N, C] (see `label_quality`).

    notes: what the user should know. left: pages that were in training, so cannot tell.
    """

    keys: list[tuple[str, int]]
    labels: np.ndarray
    categories: list[str]
    scores: np.ndarray
    known: np.ndarray
    notes: list[str] = field(default_factory=list)


def run_wrong_labels(settings: Settings, job: WrongLabels) -> int:
    """Rank the labels; 0. UserError: no such table, or one without labels and scores."""
    file = find_table(job.table)
    scored = read_scores(file)
    suspicion = label_quality(scored.scores, scored.labels, scored.known)
    order = [int(row) for row in suspicion.order()]
    root = job.directory or _root_of(file, settings)
    pages: dict[tuple[str, int], Page] = {}
    if root is None or not root.is_dir():
        scored.notes.append("no contact sheet: where the pages lie is not told; name their folder with -d")
        root = None
    else:
        pages = {(printable(page.path), page.number): page for page in pages_below(root, settings).pages}
    name = f"wrong_labels_{file.stem}_{time.strftime('%Y%m%d-%H%M%S')}"
    table = write_ranking(scored, suspicion, order, name, settings)
    files = [table]
    likely = [row for row in order if suspicion.contradicted[row]]
    if root is not None:
        files.append(_sheet(scored, suspicion, likely or order[:12], pages, root, table.stem, settings))
    agree = float((suspicion.suggested == scored.labels)[suspicion.judged].mean()) if suspicion.judged.any() else 0.0
    if agree < SURE:
        scored.notes.append(
            f"the models agree with only {100 * agree:.0f} % of all labels: most of these are the models' mistakes"
        )
    print(f"{len(likely)} of {len(order)} labels are contradicted, the most strongly first:")
    for row in likely[:15]:
        path, page_number = scored.keys[row]
        print(f"  {_change(scored, suspicion, row)}  {suspicion.margin[row]:+.3f}  {path} (page {page_number})")
    if len(likely) > 15:
        print(f"  and {len(likely) - 15} more")
    unjudged = int((~suspicion.judged).sum())
    if unjudged:
        print(f"note: {unjudged} pages are of categories that their fold had no page of to learn: last in the table")
    for note in scored.notes:
        print(f"note: {note}")
    print("files:")
    for written in files:
        print(f"  {printable(str(written))}")
    return 0


def find_table(given: Path | None) -> Path:
    """The table meant: a file, or a folder that holds out_of_fold.csv."""
    path = given or Path(TABLE)
    file = path / TABLE if path.is_dir() else path
    if file.is_file():
        return file
    shown = printable(str(path))
    if path.is_dir():
        beside = path.with_name(f"{path.name}_folds") / TABLE
        hint = f"; did you mean {printable(str(beside.parent))}?" if beside.is_file() else ""
        raise UserError(f"--wrong_labels {shown}: no {TABLE} in it (--train --folds K makes one){hint}")
    siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    raise UserError(f"--wrong_labels {shown}: no such table{did_you_mean(path.name, siblings)}")


def read_scores(file: Path) -> Scored:
    """The scores of an out_of_fold.csv or an EVAL_RAW table. UserError where it is neither, or damaged."""
    table = open_table(file, ("PATH", "PAGE"))
    head, lines = table.header, list(table.lines)
    notes: list[str] = []
    if head[:5] == FOLD_COLUMNS:
        path, page, label, fold, begin, end = 0, 1, 2, 4, 5, len(head)
    elif head[:2] == ["FILE", "PAGE"] and head[-1:] == ["PATH"] and "TRUE" in head[-3:-1]:
        end = len(head) - 1 - head[::-1].index("TRUE")
        path, page, label, fold, begin = len(head) - 1, 1, end, None, 2
        if "IN_TRAINING" in head[-2:]:
            taken = [(line, cells) for line, cells in lines if cells[-2] != "yes"]
            notes.append(f"{len(lines) - len(taken)} pages were in training, so they prove nothing: left out")
            lines = taken
    else:
        raise UserError(f"{printable(str(file))}: neither {TABLE} of --folds nor an EVAL_RAW table of --eval --raw")
    categories = [same_label(category_of(name)) for name in head[begin:end]]
    index = {category: position for position, category in enumerate(categories)}
    if fold is None:  # label folders that the model does not know judge nothing in --eval, and nothing here
        known_lines = [(line, cells) for line, cells in lines if same_label(cells[label]) in index]
        if len(known_lines) < len(lines):
            notes.append(f"{len(lines) - len(known_lines)} pages carry labels that the model does not know: left out")
        lines = known_lines
    scores, labels, keys = np.empty((len(lines), len(categories))), [], []
    for row, (line, cells) in enumerate(lines):
        values = [number_in(text) for text in cells[begin:end]]
        known_page = page_number(cells[page])
        if None in values or known_page is None or same_label(cells[label]) not in index:
            raise UserError(
                f"{table.where(line)}: a damaged row (wanted: a page number, {len(categories)} scores, and a label "
                "that is one of the columns)"
            )
        scores[row] = values
        labels.append(index[same_label(cells[label])])
        keys.append((bare_path(cells[path]), known_page))
    if not lines or len(categories) < 2:
        raise UserError(f"{printable(str(file))} holds no pages to rank")
    known = np.ones(scores.shape, bool)
    if fold is not None:  # a category whose score is 0 on every page of a fold was not learned there
        folds = np.array([cells[fold] for _, cells in lines])
        for name in set(folds.tolist()):
            known[folds == name] = (scores[folds == name] > 0).any(axis=0)
    return Scored(keys, np.array(labels, dtype=int), categories, scores, known, notes)


def write_ranking(scored: Scored, suspicion: Suspicion, order: list[int], name: str, settings: Settings) -> Path:
    """tables/<name>.csv: all pages, the most contradicted label first."""
    folder, excel = settings.output.folder / "tables", settings.output.excel
    notes: list[str] = []
    with ExitStack() as opened:
        table = Table(free_name(folder, name, ".csv"), COLUMNS, opened, excel=excel)
        for rank, row in enumerate(order, 1):
            path, page = scored.keys[row]
            label, suggested = scored.labels[row], suspicion.suggested[row]
            margin = number(suspicion.margin[row], 4, excel=excel) if suspicion.judged[row] else ""
            scores = [number(scored.scores[row, at], 4, excel=excel) for at in (label, suggested)]
            names = [cell(scored.categories[at]) for at in (label, suggested)]
            likely = "yes" if suspicion.contradicted[row] else "no"
            file = cell(split_page_name(path.rpartition("/")[2].rpartition(".")[0])[0])
            table.write([rank, file, page, *names, margin, *scores, likely, path_cell(path)])
        written = table.complete(notes)
    for note in notes:
        say(f"note: {note}")
    return written


def _sheet(
    scored: Scored, suspicion: Suspicion, rows: list[int], pages: dict, root: Path, name: str, settings: Settings
) -> Path:
    from output.contact_sheet import MOST, Tile, draw_sheet

    folder = settings.output.folder / "plots"
    tiles = []
    for row in rows:
        path, page = scored.keys[row]
        margin = f"margin {suspicion.margin[row]:+.3f}" if suspicion.judged[row] else "cannot be judged"
        here = pages.get((path, page))
        tiles.append(Tile(here, [_change(scored, suspicion, row), f"{margin}, page {page}", path.rpartition("/")[2]]))
    title = f"label -> what the model says; the {min(MOST, len(tiles))} most contradicted labels"
    file = free_name(folder, name, ".png")
    return draw_sheet(tiles, root, file, title=title, max_pixels=settings.input.max_pixels)


def _change(scored: Scored, suspicion: Suspicion, row: int) -> str:
    label, suggested = (scored.categories[at] for at in (scored.labels[row], suspicion.suggested[row]))
    return f"{printable(label)} -> {printable(suggested)}"


def _root_of(file: Path, settings: Settings) -> Path | None:
    """Where the label folders of a table lie: as its model's record says, or a fold's beside it; `[train] folder`."""
    folder = file.absolute().parent
    beside = folder.name.removesuffix("_folds")
    for model in (folder, folder.parent / f"{beside}_fold_1", folder.parent / beside):
        recorded = read_record(model).get("data")
        if isinstance(recorded, str) and recorded and (model / recorded).is_dir():
            return (model / recorded).resolve()
    return settings.train.folder
