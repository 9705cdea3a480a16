"""What fit_confidence.py leaves in a model's folder: the numbers, a table of pages, a picture, a section of the card.

    for line in write_into(folder, classifier, pages, confidence, apart, before):
        print(line)

Table and picture are of scores by a confidence that was fitted without the page's source; `SCORE-1` of `confidence.csv`
is what sorting gives.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import no_command, write_changed
from confidence_making import BINS, MARGIN, RIGHT, Confidence, Pages, Source, calibration_error, perfect_error

from encoders.earlier import PAGE_CLASSIFIER
from encoders.folder import CARD, JUDGED
from encoders.unlikeness import FILE as UNLIKENESS
from output.pictures import figure_bytes, new_figure, plain
from output.tables import Table, cell, number, path_cell
from utils import printable

if TYPE_CHECKING:
    from classifier import PageClassifier

PICTURE = "reliability.png"
COLUMNS = ["SOURCE", "PATH", "PAGE", "DOCUMENT", "CATEGORY", "CLASS-1", "SCORE-1", "SCORE-LEFT-OUT", "UNLIKE"]
HEADING = "## Confidence"
HEAD = ("source", "pages", "right", "mean score", "calibration error", "perfect", "before", "unlike", "above", "right")


@dataclass(frozen=True)
class Line:
    """What the table says of a source. error: calibration error; perfect: what it would be at best; before: as it was
    with one temperature. above: share of pages from the threshold on; safe: share of these that is right, NaN of none.
    """

    source: Source
    right: float
    mean: float
    error: float
    perfect: float
    before: float
    unlike: float
    above: float
    safe: float

    @classmethod
    def of(cls, pages: Pages, confidence: Confidence, before: float, limit: float) -> Line:
        """confidence: fitted without this source; before: one temperature for all; limit: the threshold, 0 = none."""
        source = pages.source
        best, right = confidence.best(source), source.right
        above = best >= limit if limit else np.zeros(len(best), bool)
        return cls(
            source,
            float(right.mean()),
            float(best.mean()),
            calibration_error(best, right),
            perfect_error(best),
            calibration_error(Confidence(before, 0).best(source), right),
            float(np.median(pages.unlike)),
            float(above.mean()),
            float(right[above].mean()) if above.any() else float("nan"),
        )

    def cells(self) -> list[str]:
        """As the table shows it."""
        safe = "-" if np.isnan(self.safe) else f"{self.safe:.1%}"
        shares = [f"{value:.3f}" for value in (self.error, self.perfect, self.before)]
        rest = [f"{self.unlike:.2f}", f"{self.above:.0%}", safe]
        return [self.source.name, str(len(self.source.truth)), f"{self.right:.1%}", f"{self.mean:.2f}", *shares, *rest]


def write_into(
    folder: Path,
    classifier: PageClassifier,
    pages: Sequence[Pages],
    confidence: Confidence,
    apart: Mapping[str, Confidence],
    before: float,
) -> list[str]:
    """Write all into the folder of `classifier`, which has the confidence already; the lines to be printed.

    apart: for each origin, what was fitted without it. before: the one temperature that training had fitted.
    """
    limit, unlikeness = classifier.review_below, classifier.unlikeness
    lines = [Line.of(one, apart[one.source.origin], before, limit) for one in pages]
    table = markdown(HEAD, [line.cells() for line in lines])
    unlikeness.write(folder)  # before the numbers that need it
    if os.name == "posix":  # safetensors files are written for their owner alone
        (folder / UNLIKENESS).chmod((folder / CARD).stat().st_mode & 0o777)
    _write_numbers(folder / PAGE_CLASSIFIER, classifier)
    _write_pages(folder / JUDGED, classifier, pages, confidence, apart)
    write_changed(folder / PICTURE, _picture(pages, apart))
    _write_card(folder / CARD, _section(classifier, confidence, table))
    safe = f"{limit:.3f}" if limit else "none: no score is safe on every source"
    return [
        table,
        f"temperature {confidence.temperature:.3f}, times exp({confidence.slope:.3f} x steps of unlikeness); "
        f"review_below {safe}",
        f"written into {printable(str(folder))}: {PAGE_CLASSIFIER}, {UNLIKENESS}, {JUDGED}, {PICTURE}, {CARD}",
    ]


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column left-aligned, the others right-aligned."""
    rule = f"|{'|'.join(['---', *['---:'] * (len(head) - 1)])}|"
    return "\n".join([f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)])


def _write_numbers(file: Path, classifier: PageClassifier) -> None:
    values = json.loads(file.read_text(encoding="utf-8"))
    values["temperature"] = classifier.temperature
    values["temperature_slope"] = classifier.unlikeness.slope
    values.pop("review_below", None)
    if classifier.review_below:
        values["review_below"] = classifier.review_below
    text = json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False)
    write_changed(file, f"{text}\n".encode())


def _write_pages(
    file: Path,
    classifier: PageClassifier,
    pages: Sequence[Pages],
    confidence: Confidence,
    apart: Mapping[str, Confidence],
) -> None:
    with contextlib.ExitStack() as opened:
        table = Table(file, COLUMNS, opened, excel=False)
        for one in pages:
            source, labelled = one.source, one.spec.labelled
            scored = zip(confidence.best(source), apart[source.origin].best(source), one.unlike, strict=True)
            guessed = source.logits.argmax(axis=1)
            for index, guess, numbers in zip(one.indices, guessed, scored, strict=True):
                page = labelled.pages[index]
                row = [cell(source.name), path_cell(page.path), page.number, cell(labelled.documents[index])]
                row += [cell(labelled.labels[index]), cell(classifier.categories[guess])]
                table.write([*row, *(number(value, 4, excel=False) for value in numbers)])
        table.complete([])


def _picture(pages: Sequence[Pages], apart: Mapping[str, Confidence]) -> bytes:
    """Reliability of each source: ten bins of SCORE-1, as large as they have pages."""
    columns = min(4, len(pages))
    rows = -(-len(pages) // columns)
    figure = new_figure(2.6 * columns, 2.7 * rows + 0.3)
    panels = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    for axes, one in zip(panels, pages, strict=False):
        source = one.source
        best, right = apart[source.origin].best(source), source.right
        bin_of = np.minimum((best * BINS).astype(int), BINS - 1)
        axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1)
        for at in sorted(set(bin_of.tolist())):
            mine = bin_of == at
            score, spread = best[mine].mean(), 1.96 * np.sqrt(best[mine].mean() * (1 - best[mine].mean()) / mine.sum())
            axes.vlines(score, max(0, score - spread), min(1, score + spread), color="#cccccc", linewidth=5, zorder=1)
            axes.scatter(score, right[mine].mean(), s=10 + 90 * mine.mean(), color="#2a6f97", zorder=2)
        said = f"{len(best)} pages, error {calibration_error(best, right):.3f}"
        axes.set_title(f"{plain(source.name, 38)}\n{said}", fontsize=7)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    for axes in panels[len(pages) :]:
        axes.set_visible(False)
    figure.supxlabel("score, by a confidence fitted without this source", fontsize=8)
    figure.supylabel("share of pages that is right", fontsize=8)
    return figure_bytes(figure, dpi=90)


def _section(classifier: PageClassifier, confidence: Confidence, table: str) -> str:
    """The section of the card."""
    limit = classifier.review_below
    safe = (
        f"From score **{limit:.3f}** on (`review_below` in `{PAGE_CLASSIFIER}`) {RIGHT:.0%} of the pages of every "
        "real source below are right, and of all drawn ones together; tables mark the others for review (column "
        "`REVIEW`)."
        if limit
        else f"There is no score from which on {RIGHT:.0%} of the pages of every source below are right: none is "
        "recommended."
    )
    return f"""{HEADING}

Logits are divided by {confidence.temperature:.3f} for a page like those that the model knows, and by more for one
unlike them (`{UNLIKENESS}`, the column `UNLIKE`): by a factor of {np.exp(confidence.slope):.2f} for one that is as
unlike as one ordinary page in twenty. {safe}

![Share of right pages by score, one panel a source]({PICTURE})

By source, each scored by a confidence that was fitted without it (`data_scripts/fit_confidence.py`; `{JUDGED}` names
each page). Calibration error: ten equal bins of SCORE-1; perfect: what so few pages show at best; before: with one
temperature; unlike: median UNLIKE; above, right: pages from the threshold on, and how many of these are right.

{table}

Not honest in it: drawn pages are of the generator that the model learned from, so they come out too well; pages out of
fold are those that choices were made on, and how unlike they are is told by a model that learned them. Therefore such
pages count as {MARGIN:.0%} worse than they are in the fit, and its scores are rather too low on them.

"""


def _write_card(file: Path, section: str) -> None:
    """Put the section into the card: in the place of an earlier one, else before what it is for."""
    card = file.read_text(encoding="utf-8")
    earlier = re.search(rf"(?ms)^{HEADING}\n.*?(?=^## |\Z)", card)
    if earlier:
        card = card[: earlier.start()] + section + card[earlier.end() :]
    else:
        at = card.find("## Intended use")
        at = len(card) if at < 0 else at
        card = card[:at] + section + card[at:]
    write_changed(file, card.encode("utf-8"))


if __name__ == "__main__":
    no_command("python data_scripts/fit_confidence.py --help")
