"""How good is a model? Labelled pages go in, figures with intervals, tables and pictures come out.

    python run.py --eval --model_path models/mine              # on its own test pages
    python run.py --eval -d sorted/ --raw                      # on all pages of these label folders

Files, `<name>` = `<base>_<date-time>`: tables/EVAL_table_<N>n_<C>c_<name>.csv, EVAL_RAW_<name>.csv (`--raw`),
EVAL_coverage_<name>.csv and EVAL_errors_<name>.csv (only if a page failed); plots/EVAL_{counts,shares,reliability,
coverage}_<name>.png; stats/EVAL_<name>.json with all figures.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.choosing import choose_model, file_name_of_base
from encoders.descriptions import chosen_descriptions
from encoders.identity import model_hash
from evaluation import metrics
from evaluation.command import Evaluation
from evaluation.judging import Judged, Seen, choose_pages, figures_of, known_labels, say_accuracy, unknown_note
from output.console import say
from output.files import write_json
from output.outcome import Failed, Outcome, Scored, count_failed
from output.progress import Progress
from output.tables import Table, category_columns, cell, check_writable, number, path_cell, renamed_columns
from sorting.computing import batches_of, computing_of, model_lines, open_classifier, table_choices
from sorting.results import top_categories
from training.data import LabelledPages
from training.record import read_record
from utils import UserError, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings


class EvalFiles:
    """The files of one evaluation, under a name that no other has: reserved by creating its JSON.

    name: `<base>_<date-time>`, with `-2`, `-3` ... where it is taken. tables, plots, stats: folders, made where absent.
    """

    def __init__(self, output: Path, base: str) -> None:
        self.tables, self.plots, self.stats = (output / name for name in ("tables", "plots", "stats"))
        stamp = time.strftime("%Y%m%d-%H%M%S")
        try:
            for folder in (self.tables, self.plots, self.stats):
                folder.mkdir(parents=True, exist_ok=True)
            for tried in count(1):
                self.name = f"{file_name_of_base(base)}_{stamp}{'' if tried == 1 else f'-{tried}'}"
                with contextlib.suppress(FileExistsError):
                    self.json.touch(exist_ok=False)
                    break
        except OSError as error:
            raise UserError(f"cannot write into {printable(str(output))}: {error.strerror}; choose with -o") from error
        self.written: list[Path] = []

    @property
    def json(self) -> Path:
        """`stats/EVAL_<name>.json`."""
        return self.stats / f"EVAL_{self.name}.json"

    def plot(self, kind: str) -> Path:
        """`plots/EVAL_<kind>_<name>.png`, noted as written."""
        self.written.append(self.plots / f"EVAL_{kind}_{self.name}.png")
        return self.written[-1]

    def drop(self) -> None:
        """Let the name go where nothing came of it."""
        if self.json.exists() and not self.json.stat().st_size:
            self.json.unlink()


def run_evaluation(settings: Settings, job: Evaluation) -> int:
    """Judge one model by labelled pages. Returns 0, or 1 where pages failed; UserError for what the user can mend."""
    choice = choose_model(settings, job.model)
    computing_of(choice, settings)  # refused before pages are looked for, which may take minutes
    descriptions = chosen_descriptions(settings)
    check_writable(settings.output.folder)
    judged = choose_pages(settings, job.directory, choice, job.labels, job.split)
    if not settings.setup.quiet:
        say(f"judged by {judged.origin}")
    for note in judged.notes:
        say(f"note: {note}")
    classifier = open_classifier(choice, settings, descriptions)
    for line in model_lines(choice, classifier, chosen=descriptions is not None):
        if not settings.setup.quiet or line.startswith("warning"):
            say(line)
    truth = known_labels(judged.labelled, classifier.categories)
    if note := unknown_note(judged.labelled, classifier.categories):
        judged.notes.append(note)
        say(f"note: {note}")
    seen = Seen.of(choice.source, tuned=bool(classifier.learned))
    if note := seen.unsure(judged.labelled):
        judged.notes.append(note)
        say(f"note: {note}")
    files = EvalFiles(settings.output.folder, classifier.base)
    try:
        with Progress(len(truth), "page", settings.setup.quiet, "judging") as progress:
            outcomes = score_pages(judged.labelled, classifier, settings, progress)
        head = {
            "command": job.command(),
            "ended": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "model": {"path": printable(str(choice.source)), "kind": choice.kind, "base": classifier.base}
            | {"hash": model_hash(choice.source, settings.setup.tokenizer), "temperature": classifier.temperature},
            "settings": asdict(settings),
        }
        record = read_record(Path(choice.source)) if choice.kind == "folder" else {}
        report = judge(judged, outcomes, truth, seen, classifier.categories, settings.output.top_n)
        report["out_of_fold"] = record.get("out_of_fold")
        limit = table_choices(settings, classifier)["review_below"]
        report["review"] = above(limit, outcomes, truth, report["_places"]) if limit else None
        write(files, report, head, judged, outcomes, truth, settings)
    finally:
        files.drop()
    for line in report_lines(report):
        print(line)
    print("files:")
    for file in files.written:
        print(f"  {printable(str(file))}")
    return int(report["failed"] > 0 or bool(judged.labelled.lost))


def score_pages(
    labelled: LabelledPages, classifier: PageClassifier, settings: Settings, progress: Progress
) -> list[Outcome]:
    """The outcome of every page: its scores, or why it failed."""
    from reading.pages import PageList

    outcomes: list[Outcome] = []
    for batch in batches_of(PageList(labelled.root, labelled.pages), classifier, settings):
        scored = classifier.outcomes(batch)
        outcomes += scored
        progress.advance(len(scored), failed=count_failed(scored))
    return outcomes


def judge(
    judged: Judged, outcomes: list[Outcome], truth: np.ndarray, seen: Seen, categories: list[str], top_n: int
) -> dict[str, Any]:
    """The report as it stands in the JSON: counts, notes, `figures` (of unseen pages wherever there are any), `seen`.

    Keys that begin with "_" are for the tables and pictures of this run only.
    """
    read = np.array([isinstance(outcome, Scored) for outcome in outcomes], dtype=bool)
    usable = read & (truth >= 0)
    if not usable.any():
        reasons = (outcome.reason for outcome in outcomes if isinstance(outcome, Failed))
        first = next(reasons, "none has a category of the model")
        raise UserError(f"no page can be judged by ({judged.origin}): {first}")
    was_seen = seen.mask(judged.labelled)
    fresh = usable & ~was_seen
    indices = np.nonzero(fresh if fresh.any() else usable)[0]
    scores = np.array([outcomes[index].scores for index in indices])
    documents = judged.labelled.documents
    notes = list(judged.notes)
    if not seen.recorded:
        notes.append("the model does not name the documents it was trained on: some of these may be among them")
    if doubted := sum(isinstance(outcome, Scored) and bool(outcome.warning) for outcome in outcomes):
        notes.append(f"a decoder complained about {doubted} of these pages (--strict leaves them out)")
    report = {
        "pages_from": judged.origin,
        "pages": len(outcomes),
        "failed": int((~read).sum()),
        "notes": notes,
        "trained_on": not fresh.any(),  # then the figures only show what was learned by heart
        "categories": categories,
        "figures": figures_of(scores, truth[indices], [documents[i] for i in indices], categories, top_n=top_n),
        "seen": None,
        "_places": indices,
        "_seen": was_seen,
    }
    both = usable & was_seen
    if fresh.any() and both.any():
        mine = np.nonzero(both)[0]
        right = [int(np.argmax(outcomes[i].scores)) == truth[i] for i in mine]
        report["seen"] = {"pages": len(mine), "documents": len({documents[i] for i in mine})} | {
            "accuracy": float(np.mean(right))
        }
    return report


def above(limit: float, outcomes: list[Outcome], truth: np.ndarray, indices: np.ndarray) -> dict[str, Any]:
    """How many of these pages have a score from `limit` on, which need no review, and how many of them are right."""
    sure = [index for index in indices if max(outcomes[index].scores) >= limit]
    right = sum(int(np.argmax(outcomes[index].scores)) == truth[index] for index in sure)
    return {"limit": limit, "pages": len(indices), "above": len(sure), "right": int(right)}


def write(
    files: EvalFiles,
    report: dict[str, Any],
    head: dict[str, Any],
    judged: Judged,
    outcomes: list[Outcome],
    truth: np.ndarray,
    settings: Settings,
) -> None:
    """All tables, pictures and, last, the JSON."""
    from evaluation import plots
    from output.pictures import draw_confusion

    _write_tables(files, report, judged.labelled, outcomes, settings)
    figures, categories, indices = report["figures"], report["categories"], report["_places"]
    scores = np.array([outcomes[index].scores for index in indices])
    best, right = scores.max(axis=1), scores.argmax(axis=1) == truth[indices]
    table = np.array(figures["confusion"])
    title = f"{head['model']['base']}{', on its training pages' if report['trained_on'] else ''}"
    draw_confusion(table, categories, files.plot("counts"), title=title)
    draw_confusion(table, categories, files.plot("shares"), shares=True, title=title)
    chance = figures["perfect_calibration"]
    plots.draw_reliability(
        metrics.reliability(best, right),
        files.plot("reliability"),
        error=figures["calibration_error"],
        perfect=(chance["median"], chance["up_to"]),
    )
    curves = {"all categories": metrics.coverage(best, right)}
    for index, category in enumerate(categories):
        mine = scores.argmax(axis=1) == index
        curves[category] = metrics.coverage(best[mine], right[mine])
    plots.draw_coverage(curves, files.plot("coverage"), metrics.PRECISION)
    stored = head | {name: value for name, value in report.items() if name[0] != "_"}
    stored["files"] = [file.name for file in files.written]
    files.written.append(write_json(files.json, stored))


def _write_tables(
    files: EvalFiles, report: dict[str, Any], labelled: LabelledPages, outcomes: list[Outcome], settings: Settings
) -> None:
    categories, excel = report["categories"], settings.output.excel
    top_n, any_seen = min(settings.output.top_n, len(categories)), bool(report["_seen"].any())
    columns = [f"{column}-{rank}" for column in ("CLASS", "SCORE") for rank in range(1, top_n + 1)]
    seen_column = ["IN_TRAINING"] if any_seen else []
    names = [cell(category) for category in categories]
    with contextlib.ExitStack() as opened:
        size = f"{top_n}n_{len(categories)}c"
        main = Table(
            files.tables / f"EVAL_table_{size}_{files.name}.csv",
            ["FILE", "PAGE", *columns, "TRUE", *seen_column, "PATH"],
            opened,
            excel=excel,
        )
        raw = errors = None
        if settings.output.raw:
            columns_of = category_columns(categories)
            head = ["FILE", "PAGE", *columns_of, "TRUE", *seen_column, "PATH"]
            report["notes"] += renamed_columns(categories, columns_of)
            raw = Table(files.tables / f"EVAL_RAW_{files.name}.csv", head, opened, excel=excel)
        rows = zip(labelled.pages, labelled.labels, outcomes, report["_seen"], strict=True)
        for page, label, outcome, seen in rows:
            start, true, path = [cell(page.file), page.number], cell(label), path_cell(page.path)
            if isinstance(outcome, Failed):
                if errors is None:
                    file = files.tables / f"EVAL_errors_{files.name}.csv"
                    errors = Table(file, ["FILE", "PAGE", "TRUE", "PATH", "REASON"], opened, excel=excel)
                errors.write([*start, true, path, cell(printable(" ".join(outcome.reason.split())))])
                continue
            end = [true, *(["yes" if seen else "no"] if any_seen else []), path]
            best = top_categories(outcome.scores, top_n)
            shown = [number(outcome.scores[index], 4, excel=excel) for index in best]
            main.write([*start, *(names[index] for index in best), *shown, *end])
            if raw:
                raw.write([*start, *(number(score, 6, excel=excel) for score in outcome.scores), *end])
        cover = Table(
            files.tables / f"EVAL_coverage_{files.name}.csv",
            ["CATEGORY", "PAGES", "THRESHOLD", "ACCEPTED", "PRECISION", "PRECISION_LOW"],
            opened,
            excel=excel,
        )
        for row in report["figures"]["thresholds"]:
            values = [row["threshold"], row["precision"], row["low"]]
            limit, precision, low = ("" if value is None else number(value, 4, excel=excel) for value in values)
            cover.write([cell(row["category"] or "(all)"), row["pages"], limit, row["accepted"], precision, low])
        files.written += [table.complete(report["notes"]) for table in (main, raw, errors, cover) if table]


def report_lines(report: dict[str, Any]) -> list[str]:
    """What the terminal shows."""
    figures = report["figures"]
    lines = [f"accuracy {say_accuracy(figures)}"]
    if report["trained_on"]:
        lines = [
            "warning: all these pages are of documents that the model was trained or chosen on: no figure below tells "
            "how it does on new ones",
            f"on pages that it was trained on: {say_accuracy(figures)}",
        ]
    top = ", ".join(f"top-{n} {100 * value:.1f} %" for n, value in figures["top_n"].items() if n != "1")
    chance = figures["perfect_calibration"]
    lines.append(f"{top}, macro-F1 {figures['macro_f1']:.3f}")
    lines.append(
        f"calibration error {figures['calibration_error']:.3f}; a perfectly calibrated model would show "
        f"{chance['median']:.3f} on so many pages (95 %: up to {chance['up_to']:.3f})"
    )
    whole = figures["thresholds"][0]
    if report["trained_on"]:
        pass
    elif whole["threshold"] is None:
        lines.append("no score above which 99 % of the pages are right")
    else:
        proven = (
            ""
            if whole["low"] >= metrics.PRECISION
            else f", which so few pages prove only to {100 * whole['low']:.0f} %"
        )
        lines.append(
            f"99 % right from score {whole['threshold']:.4f} on: {whole['accepted']} of {whole['pages']} pages "
            f"({100 * whole['accepted'] / whole['pages']:.0f} %) could be accepted unseen{proven} "
            "(to mark the others: [setup] review_below)"
        )
    if review := report.get("review"):
        lines.append(
            f"from score {review['limit']:.4f} on, which tables do not mark for review: {review['above']} of "
            f"{review['pages']} pages, {review['right']} of them right"
        )
    width = min(34, max(8, *(len(row["category"]) for row in figures["per_category"])))
    lines.append(f"  {'category':<{width}}  precision  recall     F1  pages  accepted unseen")
    for row, limit in zip(figures["per_category"], figures["thresholds"][1:], strict=True):
        precision, recall, f1 = (_share(row[name]) for name in ("precision", "recall", "f1"))
        name = printable(row["category"])
        name = name if len(name) <= width else f"{name[: width - 3]}..."
        hidden = limit["threshold"] is None or report["trained_on"]
        accepted = "-" if hidden else f"{limit['accepted']} (score {limit['threshold']:.3f})"
        lines.append(f"  {name:<{width}}  {precision:>9}  {recall:>6}  {f1:>5}  {row['support']:>5}  {accepted}")
    if report["seen"]:
        seen = report["seen"]
        lines.append(
            f"apart from these, {seen['pages']} pages of {seen['documents']} documents that were in training: "
            f"{100 * seen['accuracy']:.1f} % (says nothing about new pages)"
        )
    if report["failed"]:
        lines.append(f"{report['failed']} of {report['pages']} pages failed and are in none of these figures")
    if pooled := (report.get("out_of_fold") or {}).get("pooled"):
        lines.append(f"its folds, each page sorted by a model that had not seen its document: {say_accuracy(pooled)}")
    return lines + [f"note: {note}" for note in report["notes"]]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
