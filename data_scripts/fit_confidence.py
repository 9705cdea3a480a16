"""Fits how far a model's scores can be trusted on pages unlike those it learned from, and writes that into its folder.

    python data_scripts/draw_pages.py fresh --pages 660 --seed 4242 --strokes ../shared/writers/strokes
    python data_scripts/fit_confidence.py models/efficientnet-lite0 --drawn fresh --real archive=../shared/pages \\
        --real wills=../shared/hands/wills=TEXT_HW --real registers=../shared/hands/registers=LINE_HW \\
        --exclude h025-1.jpg --exclude h031-1.jpg --exclude h032-1.jpg          # two categories are right for these
    python data_scripts/fit_confidence.py made/models/mine ... --judges made/models/drawn made/models/mine_fold_*

Three things, all in the model's folder: how unlike a page is to drawn and real pages that the model knows
(`unlikeness.safetensors`), how its temperature grows with that, and from which score on it is to be trusted
(`page_classifier.json`); besides `confidence.csv`, `reliability.png` and a section of the card say what it is worth.

A page judges by models that have not learned its document: this one, and those of `--judges` (a model of drawn pages
alone, folds). Pages that all have learned judge by the `out_of_fold.csv` of the model, or of `--out_of_fold`; then
their unlikeness is not honest. Weights are not touched; minutes on two cores.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, folder_argument, start
from confidence_making import DRAWN, Pages, Source, Spec, fit, left_out, review_below
from confidence_report import write_into
from PIL import Image

from encoders.unlikeness import Unlikeness
from evaluation.judging import Seen
from output.spreadsheets import number_in, read_table
from output.tables import bare_path, category_columns
from reading.documents import Documents
from settings.config_file import read_settings
from settings.given_paths import given_path
from training.data import LabelledPages, find_labelled, pages_below
from training.folds import TABLE
from training.record import read_record
from utils import UserError, page_number, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings

NEW, KNOWN, FOLDS = "nothing of it learned", "other documents learned", "out of fold"  # what judging models know

DESCRIPTION = """\
Fit a model's confidence: a temperature that grows with a page's unlikeness to what the model knows, and the score from
which on it is to be trusted. Both, and how pages are judged that the fit did not see, go into the model's folder."""
EXAMPLES = """\
examples:
  python data_scripts/fit_confidence.py models/mine --drawn fresh --real mine=sorted --judges models/mine_fold_*
  python data_scripts/fit_confidence.py models/mine --drawn fresh --real diaries=scans/diaries=TEXT_HW"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("model", type=given_path, metavar="MODEL", help="a model folder; its confidence is fitted anew")
    parser.add_argument(
        "--drawn",
        type=given_path,
        required=True,
        metavar="DIR",
        help="some hundred pages of draw_pages.py, of a seed that no model here has learned from",
    )
    parser.add_argument(
        "--real",
        action="append",
        default=[],
        metavar="NAME=DIR[=CATEGORY]",
        help="real pages of one source in label folders, or all of one category; may be given several times",
    )
    parser.add_argument(
        "--judges",
        nargs="+",
        type=given_path,
        default=[],
        metavar="MODEL",
        help="models that have not learned some of these pages: they judge those",
    )
    parser.add_argument(
        "--out_of_fold",
        type=given_path,
        metavar="MODEL",
        help=f"a model folder whose {TABLE} judges what all models have learned (default: MODEL itself)",
    )
    parser.add_listing()
    typed = parser.read(arguments)
    check_packages("fit_confidence.py", ("matplotlib",), "requirements.txt")
    folder, settings = folder_argument(typed.model), read_settings(None)
    settings = settings.replaced("input", hidden=typed.hidden, exclude=tuple(typed.exclude))
    drawn = labelled_pages(f"{DRAWN}={typed.drawn}", settings)
    real = [labelled_pages(text, settings) for text in typed.real]
    if typed.dry_run:
        print(f"{sum(len(one.labelled.pages) for one in (drawn, *real))} pages would judge; {folder} would be changed")
        return 0
    judges = [Judge.open(one, settings, drawn, real) for one in (folder, *map(folder_argument, typed.judges))]
    own = folds = judges[0]
    if typed.out_of_fold is not None:
        folds = Judge.open(folder_argument(typed.out_of_fold), settings, drawn, real)
    for other in (*judges, folds):
        if other.classifier.categories != own.classifier.categories:
            raise UserError(f"{printable(str(other.folder))} sorts into other categories than {printable(str(folder))}")
    pages = [*own.drawn_pages(drawn), *(page for one in real for page in judged(one, judges, folds))]
    sources = [page.source for page in pages]
    confidence, apart = fit(sources), left_out(sources)
    limit = review_below(sources, apart)
    classifier = own.classifier
    before = read_record(folder).get("temperature") or classifier.temperature  # the one that training fitted
    classifier.temperature, classifier.review_below = confidence.temperature, limit
    classifier.unlikeness = replace(own.unlikeness, slope=confidence.slope)
    for line in write_into(folder, classifier, pages, confidence, apart, before):
        print(line)
    return 0


def labelled_pages(text: str, settings: Settings) -> Spec:
    """What `NAME=DIR` or `NAME=DIR=CATEGORY` means. UserError where there are no such pages."""
    name, _, rest = text.partition("=")
    place, _, category = rest.partition("=")
    if not name or not place:
        raise UserError(f"--real {printable(text)}: wanted NAME=DIR, or NAME=DIR=CATEGORY for pages of one category")
    folder = folder_argument(given_path(place))
    if category:
        listed = pages_below(folder, settings).pages
        rule = Documents((page.path for page in listed), settings.input)
        labelled = LabelledPages(folder, listed, [category] * len(listed), [rule.of(page) for page in listed])
    else:
        labelled = find_labelled(folder, settings)
    if not labelled.pages:
        raise UserError(f"{printable(str(folder))}: no pages there")
    kinds = tuple(drawn_kind(folder / page.path) for page in labelled.pages) if name == DRAWN else ()
    return Spec(name, labelled, kinds)


def drawn_kind(file: Path) -> str:
    """Where a drawn page would come from ("archive", "slides", ...), as `draw_pages.py` notes it in a JPEG."""
    try:
        with Image.open(file) as image:
            comment = image.info.get("comment", b"")
    except OSError:
        return ""
    return comment.decode("ascii", "replace") if isinstance(comment, bytes) else str(comment)


@dataclass
class Judge:
    """A model, and by the name of each `Spec`: embeddings, labels, which pages it has seen, and by which it knows what
    pages look like; `ordinary`: the drawn pages that rank distances.
    """

    folder: Path
    classifier: PageClassifier
    unlikeness: Unlikeness | None
    embeddings: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    seen: dict[str, np.ndarray]
    known: dict[str, np.ndarray]
    ordinary: np.ndarray

    @classmethod
    def open(cls, folder: Path, settings: Settings, drawn: Spec, real: Sequence[Spec]) -> Judge:
        """Load a model, embed all pages, and fit its unlikeness to the real pages that it has learned and to half of
        the drawn documents; the other half of these ranks distances.
        """
        from classifier import PageClassifier
        from encoders.engine import choose_engine

        print(f"{printable(str(folder))}: embedding pages", flush=True)
        computing = choose_engine(folder, engine="auto", device="cpu", precision="fp32")
        classifier = PageClassifier.from_pretrained(folder, computing)
        record, embeddings, seen = Seen.of(folder, tuned=True), {}, {}
        for spec in (drawn, *real):
            embeddings[spec.name] = embedded(classifier, spec.labelled, settings)
            seen[spec.name] = record.mask(spec.labelled)
        if seen[DRAWN].any():
            raise UserError(f"{printable(str(folder))} has learned {seen[DRAWN].sum()} of the drawn pages: draw others")
        documents = sorted(set(drawn.labelled.documents))
        second = frozenset(documents[1::2])
        usable = np.isfinite(embeddings[DRAWN]).all(axis=1)
        ordinary = np.array([document in second for document in drawn.labelled.documents]) & usable
        labels = {spec.name: np.array(spec.labelled.labels) for spec in (*real, drawn)}
        known = {spec.name: seen[spec.name] & np.isfinite(embeddings[spec.name]).all(axis=1) for spec in real}
        known[DRAWN] = usable & ~ordinary
        judge = cls(folder, classifier, None, embeddings, labels, seen, known, ordinary)
        judge.unlikeness = judge.knowing()
        return judge

    def knowing(self, besides: str = "") -> Unlikeness:
        """The unlikeness that goes by all pages that the model knows, those of one spec aside."""
        names = [name for name in self.known if name != besides]
        rows, labels = (
            np.concatenate([values[name][self.known[name]] for name in names])
            for values in (self.embeddings, self.labels)
        )
        # Of each category the first ones are kept: by turns of each spec, so that none fills it alone.
        turns = np.concatenate([_turns(self.labels[name][self.known[name]]) for name in names])
        order = np.argsort(turns, kind="stable")
        return Unlikeness.fit(rows[order], labels[order], self.embeddings[DRAWN][self.ordinary])

    def pages(self, spec: Spec, chosen: np.ndarray, origin: str, how: str, logits: np.ndarray | None = None) -> Pages:
        """Those pages of a spec that `chosen` says, bool [N]; logits: of all of its pages, None = its own."""
        numbers = {label: number for number, label in enumerate(self.classifier.categories)}
        truth = np.array([numbers.get(label, -1) for label in spec.labelled.labels])
        rows = self.embeddings[spec.name]
        indices = np.nonzero(chosen & (truth >= 0) & np.isfinite(rows).all(axis=1))[0]
        own = self.classifier.logits_of(rows[indices]) if logits is None else logits[indices]
        steps, unlike = self.unlikeness.steps(rows[indices]), self.unlikeness.of(rows[indices])
        name = origin if origin.startswith(DRAWN) else f"{origin}, {how}"
        return Pages(Source(origin, name, own, truth[indices], steps, how != NEW), spec, indices, unlike, how)

    def drawn_pages(self, drawn: Spec) -> list[Pages]:
        """The drawn pages that rank distances, by kind."""
        kinds = np.array(drawn.kinds)
        return [
            self.pages(drawn, self.ordinary & (kinds == kind), f"{DRAWN}: {kind}" if kind else DRAWN, "new documents")
            for kind in sorted(set(kinds[self.ordinary].tolist()))
        ]


def _turns(labels: np.ndarray) -> np.ndarray:
    """How many of the same label stand before each, [N]."""
    turns = np.zeros(len(labels), int)
    for label in set(labels.tolist()):
        turns[labels == label] = np.arange((labels == label).sum())
    return turns


def embedded(classifier: PageClassifier, labelled: LabelledPages, settings: Settings) -> np.ndarray:
    """Embeddings float32 [N, D] of pages, as sorting computes them; NaN for one that cannot be read."""
    from reading.pages import PageList
    from sorting.computing import batches_of

    parts = []
    for batch in batches_of(PageList(labelled.root, labelled.pages), classifier, settings):
        rows = np.array(classifier.embeddings_of(batch), np.float32)
        rows[[bool(reason) for reason in batch.reasons]] = np.nan
        parts.append(rows)
    return np.concatenate(parts)


def judged(spec: Spec, judges: Sequence[Judge], folds: Judge) -> list[Pages]:
    """The pages of a spec by all models that have not learned them; those of models that know the source by other pages
    together, and so are those of models to which it is new. folds: whose folds judge what all have learned.
    """
    parts: dict[str, list[Pages]] = {}
    for judge in judges:
        seen = judge.seen[spec.name]
        if seen.all():
            continue
        how = KNOWN if seen.any() else NEW
        parts.setdefault(how, []).append(judge.pages(spec, ~seen, spec.name, how))
    if not parts:
        parts[FOLDS] = [_out_of_fold(spec, folds)]
    return [_together(some) for some in parts.values()]


def _together(parts: list[Pages]) -> Pages:
    """Pages of one source by several models."""
    first = parts[0].source
    source = Source(
        first.origin,
        first.name,
        *(np.concatenate([getattr(one.source, name) for one in parts]) for name in ("logits", "truth", "steps")),
        first.known,
    )
    joined = (np.concatenate([getattr(one, name) for one in parts]) for name in ("indices", "unlike"))
    return Pages(source, parts[0].spec, *joined, parts[0].how)


def _out_of_fold(spec: Spec, judge: Judge) -> Pages:
    """The pages of a spec by the folds of a model, of which only the scores are left. UserError: there are none."""
    file, record = judge.folder / TABLE, read_record(judge.folder)
    temperature = (record.get("out_of_fold") or {}).get("pooled", {}).get("temperature")
    if not file.is_file() or not temperature:
        raise UserError(
            f"--real {spec.name}: all models have learned all of these pages, so they judge nothing: give the model's "
            "folds, or one that has not learned them, with --judges, or a model with folds with --out_of_fold"
        )
    categories = judge.classifier.categories
    columns = category_columns(categories)
    logits = np.full((len(spec.labelled.pages), len(categories)), np.nan)
    place = {(page.path, page.number): index for index, page in enumerate(spec.labelled.pages)}
    for _, row in read_table(file, ("PATH", "PAGE", *columns)).rows:
        index = place.get((bare_path(row["PATH"]), page_number(row["PAGE"]) or 0))
        if index is not None:
            scores = [max(number_in(row[column]) or 0.0, 5e-7) for column in columns]  # the table has six decimals
            logits[index] = temperature * np.log(scores)
    if not np.isfinite(logits).any():
        raise UserError(f"{printable(str(file))} has none of the pages of --real {spec.name}")
    apart = replace(judge, unlikeness=judge.knowing(spec.name))  # else each page were its own neighbour
    return apart.pages(spec, np.isfinite(logits).all(axis=1), spec.name, FOLDS, logits)


if __name__ == "__main__":
    start(main)
