"""Which model is best? All model folders judged by the same labelled pages, one model in memory at a time.

    python run.py --eval_dir -d sorted/ --model_dir models/
    python run.py --eval_dir -d sorted/ --zero_shot -m ViT-B/32        # and that base by every description set

Gives stats/model_accuracies.csv (an earlier one is kept under its own date) and plots/model_accuracies_<date-time>.png.
Accuracy is that on pages whose document the model never saw; rows are ranked by it. Pages are decoded once for each
distinct transform. Killed, `--resume` goes on: finished models are not judged again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.choosing import ModelChoice, choose_model, list_models
from encoders.descriptions import check_texts, label_descriptions, list_sets, read_descriptions, read_sets
from encoders.identity import model_hash
from evaluation import metrics
from evaluation.command import Comparison
from evaluation.comparison_work import Work
from evaluation.judging import Judged, Seen, all_of, figures_of, free_name, known_labels
from output.console import say
from output.progress import Progress
from output.tables import Table, cell, number
from sorting.computing import open_classifier
from utils import UserError, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings

TABLE = "model_accuracies.csv"
COLUMNS = (
    "MODEL", "BASE", "DESCRIPTIONS", "KIND", "ACCURACY", "LOW", "HIGH", "PAGES", "DOCUMENTS", "SEEN_PAGES",
    "SEEN_ACCURACY", "TRAINED_ON", "MACRO_F1", "CALIBRATION_ERROR", "PAGES_PER_SECOND", "SIZE_MB", "FAILED_PAGES",
    "REASON",
)  # fmt: skip
AVERAGED, OWN = "averaged", "own"


@dataclass(frozen=True)
class Entry:
    """A model to judge. name: as in the table. sets: name -> descriptions; None = its own."""

    name: str
    choice: ModelChoice
    sets: dict[str, dict[str, list[str]]] | None = None


def run_comparison(settings: Settings, job: Comparison) -> int:
    """Judge all models; 0, or 1 where a model or a page failed. UserError: no pages, no models, nothing to resume."""
    folder = job.directory or settings.eval.folder
    if folder is None:
        raise UserError("--eval_dir needs label folders to judge by: name the folder with -d, or as [eval] folder")
    if job.model.revision or job.model.path is not None:
        raise UserError("--eval_dir judges all models of --model_dir: leave -rev and --model_path out")
    if job.model.base and not settings.setup.zero_shot:
        raise UserError(
            f"--eval_dir judges all models; for the untuned base {printable(job.model.base)} give --zero_shot too"
        )
    entries = find_entries(settings, job)
    judged = all_of(folder, settings, job.labels)
    say(f"judged by {judged.origin}: {len(entries)} models", settings.setup.quiet)
    for note in judged.notes:
        say(f"note: {note}")
    rows: list[dict[str, Any]] = []
    with Work(settings, judged, resume=job.resume) as work:
        for entry in _by_transform(entries):
            rows += judge_entry(entry, judged, work, settings)
    rows.sort(key=lambda row: (row.get("accuracy") is None, -(row.get("accuracy") or 0), row["model"], row["set"]))
    files = write_table(rows, settings) + draw(rows, settings)
    for line in [*table_lines(rows), *best_two(rows, judged)]:
        print(line)
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    work.remove()
    return int(bool(judged.labelled.lost) or any(row["reason"] or row.get("failed") for row in rows))


def find_entries(settings: Settings, job: Comparison) -> list[Entry]:
    """Every model folder of `--model_dir`; with `--zero_shot` also the base with all description sets."""
    models = list_models(settings.setup.model_dir, settings.hf.revisions)
    entries = [
        Entry(model.path.name, ModelChoice(model.path, model.kind, model.base, "--eval_dir", model.revision))
        for model in models
    ]
    if settings.setup.zero_shot:
        choice = choose_model(settings, job.model)
        setup = settings.setup
        sets = {
            name: _described(read_descriptions(file))
            for name, file in list_sets(setup.categories_dir, setup.categories_prefix).items()
        }
        if len(sets) > 1:
            sets[AVERAGED] = _described(read_sets(setup.categories_dir, setup.categories_prefix))
        entries.append(Entry(choice.base, choice, sets))
    if not entries:
        raise UserError(
            f"no models in {printable(str(settings.setup.model_dir))}: make one with --train, name another folder with "
            "--model_dir, or judge an untuned base with --zero_shot -m BASE"
        )
    return entries


def judge_entry(entry: Entry, judged: Judged, work: Work, settings: Settings) -> list[dict[str, Any]]:
    """The rows of one model: one, or one a description set; a model that fails has a reason and no number."""
    key = _key(entry, settings)
    done = work.stored(entry.name, key)
    if done is not None:
        say(f"{entry.name}: done before", settings.setup.quiet)
        return done
    head = {
        "model": entry.name,
        "base": entry.choice.base,
        "kind": "zero-shot" if entry.choice.kind == "base" else "tuned",
        "size": _megabytes(entry.choice.source),
    }
    rows: list[dict[str, Any]] = []
    try:
        first = next(iter(entry.sets.values())) if entry.sets else None
        classifier = open_classifier(entry.choice, settings, first)
        head["base"] = classifier.base or entry.choice.base
        head["kind"] = "tuned" if classifier.learned else "zero-shot"
        labels = {} if entry.sets else {_set_of(classifier.descriptions, settings): None}
        embeddings, reasons, speed = embed(classifier, judged, work, settings, entry.name)
        seen = Seen.of(entry.choice.source, tuned=bool(classifier.learned))
        for name, descriptions in (entry.sets or labels).items():
            try:
                rows.append(
                    head | {"set": name} | _row(classifier, descriptions, embeddings, reasons, judged, seen)
                    | {"speed": speed}
                )  # fmt: skip
            except UserError as error:
                rows.append(head | {"set": name, "reason": str(error)})
    except (
        UserError,
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
    ) as error:  # one broken model must not end the others
        why = " ".join(str(error).split()) or type(error).__name__
        rows = [head | {"set": name, "reason": why} for name in (entry.sets or {"": None})]
    for row in rows:
        say(f"{row['model']} {row['set']}: {_outcome(row)}", settings.setup.quiet)
    if not any(row["reason"] for row in rows):
        work.store(entry.name, key, rows)
    return rows


def embed(
    classifier: PageClassifier, judged: Judged, work: Work, settings: Settings, name: str
) -> tuple[np.ndarray, list[str], float]:
    """Embeddings [N, D] of all pages, why pages failed ("" = not), and pages/s of the model (decoding aside)."""
    store = work.pixels(classifier.transform, judged, settings)
    parts, began = [], time.monotonic()
    size = settings.setup.batch_size
    with Progress(len(store), "page", settings.setup.quiet, printable(name)) as progress:
        for start in range(0, len(store), size):
            pixels = np.stack([store[i] for i in range(start, min(start + size, len(store)))])
            parts.append(classifier.embed_pages(pixels))
            progress.advance(len(pixels))
    seconds = time.monotonic() - began
    return np.concatenate(parts), store.reasons, len(store) / max(seconds, 1e-9)


def _row(
    classifier: PageClassifier,
    descriptions: dict[str, list[str]] | None,
    embeddings: np.ndarray,
    reasons: list[str],
    judged: Judged,
    seen: Seen,
) -> dict[str, Any]:
    """The numbers of one row, from embeddings [N, D]; `right` and `fresh` tell each page apart, for comparing rows."""
    if descriptions is not None:
        check_texts(descriptions)
        classifier.use_categories(descriptions)
    truth = known_labels(judged.labelled, classifier.categories)
    scores = classifier.scores_of(embeddings)
    read = np.array([not reason for reason in reasons]) & np.isfinite(scores).all(axis=1)
    known = truth >= 0
    was_seen = seen.mask(judged.labelled)
    right = scores.argmax(axis=1) == truth
    fresh, both = read & known & ~was_seen, read & known & was_seen
    row: dict[str, Any] = {
        "reason": "",
        "failed": int((~read).sum()),
        "unknown": int((read & ~known).sum()),
        "seen_pages": int(both.sum()),
        "seen_accuracy": float(right[both].mean()) if both.any() else None,
        "told": seen.recorded,
        "right": right.astype(int).tolist(),
        "fresh": fresh.astype(int).tolist(),
    }
    if not read.any():
        raise UserError("no page could be read")
    if not (read & known).any():
        raise UserError("no page of a category that it knows could be read")
    if not fresh.any():
        return row | {"reason": "it was trained on documents of all these pages: no honest number can be given"}
    indices = np.nonzero(fresh)[0]
    documents = [judged.labelled.documents[index] for index in indices]
    figures = figures_of(scores[indices], truth[indices], documents, classifier.categories)
    names = ("accuracy", "pages", "documents", "macro_f1", "calibration_error")
    return row | {name: figures[name] for name in names} | dict(zip(("low", "high"), figures["interval"], strict=True))


def write_table(rows: list[dict[str, Any]], settings: Settings) -> list[Path]:
    """stats/model_accuracies.csv, whole; the one before is renamed to the date that it was written at."""
    stats, excel = settings.output.folder / "stats", settings.output.excel
    file = stats / TABLE
    earlier = free_name(stats, f"{file.stem}_{time.strftime('%Y%m%d-%H%M%S', _when(file))}", ".csv")
    try:
        if file.exists():
            file.replace(earlier)
    except OSError as error:
        raise UserError(f"cannot rename {printable(str(file))}: {error.strerror}") from error

    def shown(value: float | None, decimals: int) -> str:
        return "" if value is None else number(value, decimals, excel=excel)

    notes: list[str] = []
    with ExitStack() as opened:
        table = Table(file, list(COLUMNS), opened, excel=excel)
        for row in rows:
            training_pages = {"zero-shot": "nothing"}.get(row["kind"], "told" if row.get("told", True) else "not told")
            numbers = [shown(row.get(name), 4) for name in ("accuracy", "low", "high")]
            counts = [row.get("pages", 0), row.get("documents", 0), row.get("seen_pages", 0)]
            rest = [shown(row.get("macro_f1"), 4), shown(row.get("calibration_error"), 4), shown(row.get("speed"), 1)]
            names = [cell(row["model"]), cell(row["base"]), cell(row["set"]), row["kind"]]
            seen = [shown(row.get("seen_accuracy"), 4), training_pages]
            end = [shown(row["size"], 1), row.get("failed", 0), cell(row["reason"])]
            table.write([*names, *numbers, *counts, *seen, *rest, *end])
        file = table.complete(notes)
    for note in notes:
        say(f"note: {note}")
    return [file]


def draw(rows: list[dict[str, Any]], settings: Settings) -> list[Path]:
    """plots/model_accuracies_<date-time>.png; nothing where every model failed."""
    from evaluation.plots import Bar, draw_bars

    good = [row for row in rows if row.get("accuracy") is not None]
    if not good:
        return []
    folder = settings.output.folder / "plots"
    file = free_name(folder, f"model_accuracies_{time.strftime('%Y%m%d-%H%M%S')}", ".png")
    bars = [
        Bar(_name(row), row["accuracy"], row["low"], row["high"], row["kind"] if row["told"] else "untold")
        for row in good
    ]
    failed = len(rows) - len(good)
    title = f"{failed} of {len(rows)} have no number (reasons in {TABLE})" if failed else ""
    return [draw_bars(bars, file, title=title)]


def table_lines(rows: list[dict[str, Any]]) -> list[str]:
    """What the terminal shows, the best first."""
    width = max(5, *(len(_name(row)) for row in rows))
    lines = [f"  {'model':<{width}}  accuracy, on documents that it never saw"]
    return lines + [f"  {_name(row):<{width}}  {_outcome(row)}" for row in rows]


def best_two(rows: list[dict[str, Any]], judged: Judged) -> list[str]:
    """Whether the two best really differ, by the pages that neither has seen."""
    good = [row for row in rows if row.get("accuracy") is not None]
    notes = []
    if any(not row["told"] for row in good):
        notes.append("note: models that do not name their training documents may have seen these pages")
    if len({tuple(row["fresh"]) for row in good}) > 1:
        notes.append("note: the models are judged by different pages, each by those that it never saw")
    if len(good) < 2:
        return notes
    one, other = good[:2]
    both = [index for index, fresh in enumerate(zip(one["fresh"], other["fresh"], strict=True)) if all(fresh)]
    names = f"{_name(one)} and {_name(other)}"
    if not both:
        return [*notes, f"{names} cannot be compared: there is no page that neither has seen"]
    mine, its = ([row["right"][index] for index in both] for row in (one, other))
    gain, low, high = metrics.paired_difference(mine, its, [judged.labelled.documents[index] for index in both])
    size = f"on {len(both)} pages that neither has seen"
    span = f"by {100 * gain:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f}) {size}"
    if mine == its:
        return [*notes, f"{names} do not differ at all {size}"]
    if low > 0:
        return [*notes, f"{_name(one)} is really better than {_name(other)}: {span}"]
    if high < 0:
        return [*notes, f"{_name(other)} is really better than {_name(one)} where both can be judged: {span}"]
    return [*notes, f"{names} may be equally good: they differ {span}"]


def _key(entry: Entry, settings: Settings) -> str:
    """What decides a model's rows: what decides its scores, the sets, and which pages it has seen."""
    folder = Path(entry.choice.source)
    training_files = [file.read_bytes() for name in ("training.json", "split.csv") if (file := folder / name).is_file()]
    values = model_hash(folder if folder.exists() else entry.choice.source, settings.setup.tokenizer), entry.choice.base
    return hashlib.sha256(repr((values, entry.sets, training_files)).encode()).hexdigest()


def _by_transform(entries: list[Entry]) -> Iterator[Entry]:
    """Models of one transform one after another, so that pages are decoded once for each."""

    def transform(entry: Entry) -> str:
        try:
            value = json.loads((Path(entry.choice.source) / "page_classifier.json").read_text(encoding="utf-8"))
            return json.dumps(value["transform"], sort_keys=True)
        except (OSError, ValueError, KeyError, TypeError):
            return f"~{entry.choice.base}"  # an earlier tool's or a base: its base decides

    return iter(sorted(entries, key=transform))


def _set_of(descriptions: dict[str, list[str]], settings: Settings) -> str:
    """The name of the description set that a model goes by: one in `--cat_dir`, "averaged" for several texts each."""
    setup = settings.setup
    try:
        for name, file in list_sets(setup.categories_dir, setup.categories_prefix).items():
            if read_descriptions(file) == descriptions:
                return name
    except UserError:
        pass
    return AVERAGED if any(len(texts) > 1 for texts in descriptions.values()) else OWN


def _described(descriptions: dict[str, list[str]]) -> dict[str, list[str]]:
    return {label: texts or label_descriptions([label])[label] for label, texts in descriptions.items()}


def _outcome(row: dict[str, Any]) -> str:
    if row.get("accuracy") is None:
        return f"no number: {row['reason']}"
    size = f"{row['pages']} pages of {row['documents']} documents"
    doubt = "" if row["told"] else ", may have seen them"
    low, high = 100 * row["low"], 100 * row["high"]
    interval = f"95 % interval {low:.1f} to {high:.1f}"
    unknown = f", {row['unknown']} pages of categories that it has not" if row.get("unknown") else ""
    return f"{100 * row['accuracy']:.1f} % ({interval}, {size}{doubt}{unknown}), {row['speed']:.1f} pages/s"


def _name(row: dict[str, Any]) -> str:
    name = printable(row["model"])
    return f"{name} {row['set']}" if row["kind"] == "zero-shot" else name


def _megabytes(source: Path | str) -> float | None:
    path = Path(source)
    files = [path] if path.is_file() else list(path.glob("*.safetensors")) + list(path.glob("*.bin"))
    size = sum(file.stat().st_size for file in files)
    return size / 1e6 if size else None


def _when(file: Path) -> time.struct_time:
    return time.localtime(file.stat().st_mtime if file.exists() else None)
