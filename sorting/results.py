"""Result tables: pages and their outcomes become CSV files, a table in the terminal and a summary.

    report = write_tables(run.tables, run.name, run.pages, run.outcomes(), style)
    print(summary(report, total=len(run.pages.pages)))

Files, <name> = <date-time>_<base>:

    result_<name>_<N>n_<C>c.csv   FILE,PAGE,CLASS-1..N,SCORE-1..N[,TRUE][,UNLIKE][,REVIEW][,TURN,TURN_SCORE]
                                  [,WARNING][,ID],PATH
    <name>_RAW.csv                FILE,PAGE,<one column a category>[,WARNING][,ID],PATH     never decided together
    <name>_ERRORS.csv             FILE,PAGE[,ID],PATH,REASON                                only if a page failed
    <name>_documents/             the result table again, one CSV a document

ID stands only in tables of pages that a document names (a METS file, say); all its pages are then one document.
Rows keep the order of the page list. Tables are one pass over the outcomes and never held in memory.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from output.outcome import Failed, Outcome, Scored
from output.tables import DocumentTables, Table, category_columns, cell, number, path_cell, renamed_columns
from reading.documents import Documents, below_categories
from reading.pages import Page, PageList
from utils import printable

MANY_REASONS = 100  # reasons told apart in a report; the errors table has them all
OTHER_REASONS = "other reasons (see the errors table)"
TURN = ["TURN", "TURN_SCORE"]
WARNING = "WARNING"  # the column stands only in a table that has a page with one
ERRORS = ["FILE", "PAGE", "PATH", "REASON"]
WIDTH = 96  # columns of terminal output


@dataclass(frozen=True)
class TableStyle:
    """How the tables of a run look.

    Attributes:
        categories: all C of them, in the order of the scores.
        top_n: categories a row, 1..C.
        raw: write the RAW table too.
        excel: what Central European Excel opens: BOM, semicolons, decimal commas.
        per_document: write one table a document too.
        document_from, document_pattern: how pages are grouped to documents, see reading/documents.py.
        review_below: pages whose score is lower are marked in a column REVIEW; 0 = no such column.
        sequence: whether a document's pages were decided together, see sorting/together.py.
        unlike: a column UNLIKE; empty where the model cannot say it.
        turn: columns TURN and TURN_SCORE, how pages lie.
    """

    categories: list[str]
    top_n: int
    raw: bool = False
    excel: bool = False
    per_document: bool = False
    document_from: str = "auto"
    document_pattern: str = ""
    review_below: float = 0.0
    sequence: bool = False
    unlike: bool = False
    turn: bool = False


@dataclass
class TableReport:
    """What `write_tables` wrote.

    Attributes:
        files: result, RAW and ERRORS table, folder of the documents: those that were written.
        per_category: pages by their first category, all categories in order.
        done, failed: outcomes in all, and those that are failures.
        reasons: failed pages by reason.
        warnings: pages that were sorted although a decoder complained about them, by what it said.
        turned: pages that lay on their side or upside down.
        notes: lines for the user, e.g. that a table was open in another program.
    """

    files: list[Path] = field(default_factory=list)
    per_category: dict[str, int] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    turned: int = 0
    notes: list[str] = field(default_factory=list)


def write_tables(
    tables: Path,
    name: str,
    pages: PageList,
    outcomes: Iterable[Outcome],
    style: TableStyle,
    *,
    doubted: bool = False,
    raw_outcomes: Iterable[Outcome] | None = None,
) -> TableReport:
    """Write all tables of a run; files of an earlier attempt at the same run are replaced.

    Args:
        tables: an existing folder.
        name: the run's name, `<date-time>_<base>`.
        pages: the page list.
        outcomes: one a page, in page order; where they end early (an interrupted run) the tables end there too.
        style: columns and form.
        doubted: whether any outcome has a warning: the tables then have a column WARNING.
        raw_outcomes: those of the RAW table, where they are others.

    Raises:
        UserError: the disk is full or the like.
        ValueError: a row has another number of scores than there are categories.
    """
    columns = len(style.categories)
    report = TableReport(per_category=dict.fromkeys(style.categories, 0))
    truth = Truth(pages, style.categories)
    head = ["FILE", "PAGE"]
    head += [f"{column}-{rank}" for column in ("CLASS", "SCORE") for rank in range(1, style.top_n + 1)]
    head += [*(["TRUE"] if truth.known else []), *(["UNLIKE"] if style.unlike else [])]
    head += ["REVIEW"] if style.review_below else []
    head += TURN if style.turn else []
    named = any(page.id for page in pages.pages)
    place = ["ID", "PATH"] if named else ["PATH"]
    end = [WARNING, *place] if doubted else place
    head += end
    names = [cell(category) for category in style.categories]
    with contextlib.ExitStack() as opened:
        result = Table(tables / f"result_{name}_{style.top_n}n_{columns}c.csv", head, opened, excel=style.excel)
        raw = errors = documents = None
        if style.raw:
            columns_of = category_columns(style.categories)
            raw = Table(tables / f"{name}_RAW.csv", ["FILE", "PAGE", *columns_of, *end], opened, excel=style.excel)
            report.notes += renamed_columns(style.categories, columns_of)
        if style.per_document:
            documents = DocumentTables(tables / f"{name}_documents", head, opened, excel=style.excel)
            rule = Documents((page.path for page in pages.pages), style, below_categories(style.categories))
            if not named and (note := rule.note()):
                report.notes.append(note)
        for page, outcome, by_itself in _beside(pages.pages, outcomes, raw_outcomes):
            report.done += 1
            file, path = cell(page.file), path_cell(page.path)
            where = [cell(page.id), path] if named else [path]
            if isinstance(outcome, Failed):
                reason = printable(" ".join(outcome.reason.split()))
                report.failed += 1
                _count(reason, report.reasons)
                if errors is None:
                    heads = ["FILE", "PAGE", *place, "REASON"]
                    errors = Table(tables / f"{name}_ERRORS.csv", heads, opened, excel=style.excel)
                errors.write([file, page.number, *where, cell(reason)])
                continue
            scores = outcome.scores
            if len(scores) != columns:
                raise ValueError(f"{page.path}: {len(scores)} scores for {columns} categories")
            best = top_categories(scores, style.top_n)
            report.per_category[style.categories[best[0]]] += 1
            row = [file, page.number, *(names[index] for index in best)]
            row += [number(scores[index], 4, excel=style.excel) for index in best]
            row += [cell(truth.of(page))] if truth.known else []
            row += [unlike_cell(outcome, excel=style.excel)] if style.unlike else []
            row += ["yes" if scores[best[0]] < style.review_below else "no"] if style.review_below else []
            row += turn_cells(outcome, excel=style.excel) if style.turn else []
            report.turned += outcome.turn is not None and outcome.turn.clockwise > 0
            if outcome.warning:
                _count(printable(outcome.warning), report.warnings)
            last = [warning_cell(outcome), *where] if doubted else where
            row += last
            result.write(row)
            if raw:
                each = (number(score, 6, excel=style.excel) for score in by_itself.scores)
                raw.write([file, page.number, *each, *last])
            if documents:
                documents.write(page.file if named else rule.of(page), row)
        for table in (result, raw, errors, documents):
            if table:
                report.files.append(table.complete(report.notes))
    return report


def _beside(
    pages: list[Page], outcomes: Iterable[Outcome], others: Iterable[Outcome] | None
) -> Iterator[tuple[Page, Outcome, Outcome]]:
    """Each page with its outcome, and the other one, where there are others; else the same twice."""
    if others is None:
        return ((page, outcome, outcome) for page, outcome in zip(pages, outcomes, strict=False))
    return zip(pages, outcomes, others, strict=False)


def unlike_cell(outcome: Scored, *, excel: bool) -> str:
    """What stands in the column UNLIKE for a page."""
    return "" if outcome.unlike is None else number(outcome.unlike, 4, excel=excel)


def warning_cell(outcome: Scored) -> str:
    """What stands in the column WARNING for a page."""
    return cell(printable(outcome.warning)) if outcome.warning else ""


def turn_cells(outcome: Scored, *, excel: bool) -> list[str]:
    """What stands in the columns TURN and TURN_SCORE for a page; both are empty where nobody was asked."""
    if outcome.turn is None:
        return ["", ""]
    degrees, sure, _ = outcome.turn
    return ["" if degrees is None else str(degrees), number(sure, 4, excel=excel)]


def _count(said: str, counts: dict[str, int]) -> None:
    key = said if said in counts or len(counts) < MANY_REASONS else OTHER_REASONS
    counts[key] = counts.get(key, 0) + 1


def top_categories(scores: list[float], top_n: int) -> list[int]:
    """Indices of the `top_n` highest scores, highest first; equal scores keep the order of the categories.

    >>> top_categories([0.2, 0.4, 0.4], 2)
    [1, 2]
    """
    if top_n == 1:
        return [scores.index(max(scores))]
    return sorted(range(len(scores)), key=lambda index: -scores[index])[:top_n]


def terminal_table(pages: PageList, outcomes: Iterable[Outcome], categories: list[str], top_n: int) -> str:
    """A small table for reading, one line a page and category, at most about 100 columns wide.

    Args:
        pages: few of them: the table is held in memory.
        outcomes: one a page, in page order.
        categories: in the order of the scores.
        top_n: categories a page, 1..C; side by side where they fit, else below each other.
    """
    scored = list(zip(pages.pages, outcomes, strict=False))
    times = Counter((page.file, page.number) for page, _ in scored)
    twice = {key for key in times if times[key] > 1}
    heads = ["FILE", "PAGE", "PATH"] if twice else ["FILE", "PAGE"]
    longest = 28 if twice else 40
    labels = []
    for page, _ in scored:
        path = _shorten(_visible(page.path), longest) if (page.file, page.number) in twice else ""
        labels.append((_shorten(_visible(page.file), longest), str(page.number), path)[: len(heads)])
    shown = [_shorten(_visible(category), 30) for category in categories]
    widths = [max([len(head), *(len(label[at]) for label in labels)]) for at, head in enumerate(heads)]
    name_width = max([7, *map(len, shown)])
    across = top_n if sum(widths) + 2 * len(widths) + top_n * (name_width + 10) <= WIDTH else 1
    ranks = [f"-{rank}" for rank in range(1, across + 1)] if across > 1 else [""]
    classes = [f"{'CLASS' + rank:<{name_width}}  {'SCORE' + rank:>7}" for rank in ranks]

    def line(label: tuple[str, ...], rest: str) -> str:
        cells = [
            f"{text:>{width}}" if head == "PAGE" else f"{text:<{width}}"
            for head, text, width in zip(heads, label, widths, strict=True)
        ]
        return "  ".join([*cells, rest]).rstrip()

    lines = [line(tuple(heads), "  ".join(classes))]
    for label, (_, outcome) in zip(labels, scored, strict=True):
        if isinstance(outcome, Failed):
            lines.append(line(label, f"failed: {_visible(outcome.reason)}"))
            continue
        best = [f"{shown[at]:<{name_width}}  {outcome.scores[at]:7.4f}" for at in top_categories(outcome.scores, top_n)]
        for first in range(0, len(best), across):
            lines.append(line(label if first == 0 else ("",) * len(heads), "  ".join(best[first : first + across])))
        if outcome.turn is not None and outcome.turn.clockwise:
            said = f"sorted as it lies upright, turned by {outcome.turn.degrees} degrees"
            lines.append(line(("",) * len(heads), said))
        if outcome.warning:
            lines.append(line(("",) * len(heads), f"warning: {_visible(outcome.warning)}"))
    return "\n".join(lines)


def summary(
    report: TableReport, *, total: int | None = None, seconds: float | None = None, pages: int | None = None
) -> str:
    """The end of a run for the terminal: pages per category with bars, failures by reason, where the files are.

    Args:
        report: from `write_tables`.
        total: pages of the run; said where it is more than were done.
        seconds: how long this process worked on pages; needs `pages`.
        pages: pages that this process did.
    """
    of = f" of {total}" if total is not None and total != report.done else ""
    lines = [f"{report.done}{of} pages: {report.done - report.failed} sorted, {report.failed} failed"]
    counted = [(_visible(name), pages_in) for name, pages_in in report.per_category.items()]
    if len(counted) > 20:
        counted = [(name, pages_in) for name, pages_in in counted if pages_in]
    if counted:
        name_width = min(40, max(len(name) for name, _ in counted))
        most = max(1, *(pages_in for _, pages_in in counted))
        digits = len(str(most))
        for name, pages_in in counted:
            bar = "#" * -(-30 * pages_in // most)
            lines.append(f"  {_shorten(name, 40):<{name_width}}  {pages_in:>{digits}}  {bar}".rstrip())
    if report.failed:
        lines += ["failed:", *_most_first(report.reasons)]
    if report.warnings:
        lines += ["sorted, but a decoder complained (column WARNING; --strict makes them errors):"]
        lines += _most_first(report.warnings)
    if report.turned:
        lines.append(
            f"{report.turned} lay turned and were sorted as if upright (--turn: which; --no-upright: as they lie)"
        )
    lines += [f"note: {_visible(note)}" for note in report.notes]
    if report.files:
        lines.append("files:")
        lines += [f"  {_visible(str(file))}" for file in report.files]
    if seconds and pages is not None:
        lines.append(f"{pages / seconds:.1f} pages/s")
    return "\n".join(lines)


def _most_first(counts: dict[str, int]) -> list[str]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"  {times} x {_visible(said)}" for said, times in ordered[:10]]
    return [*lines, f"  and {len(ordered) - 10} more reasons"] if len(ordered) > 10 else lines


class Truth:
    """The category that a page's parent folder names, if any. Decided from the page list, so that the tables of an
    interrupted run have the columns of the final ones."""

    def __init__(self, pages: PageList, categories: list[str]) -> None:
        self._root = pages.root
        self._categories = {unicodedata.normalize("NFC", category): category for category in categories}
        self._known: dict[str, str] = {}  # folder -> category; folders are no more than pages
        self.known = any(self.of(page) for page in pages.pages)

    def of(self, page: Page) -> str:
        """The category, "" where the folder names none."""
        folder = page.path.rpartition("/")[0]
        if folder not in self._known:
            parent = (self._root / page.path).absolute().parent
            # Links are not followed: the name that the user sees counts.
            name = parent.resolve().name if parent.name == ".." else parent.name
            self._known[folder] = self._categories.get(unicodedata.normalize("NFC", name), "")
        return self._known[folder]


def _visible(text: str) -> str:
    r"""For a terminal: no control characters (a file name may hold escape sequences), no lone surrogates."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in printable(text))


def _shorten(text: str, width: int) -> str:
    """The middle of a long name goes; start and end tell files apart."""
    if len(text) <= width:
        return text
    left = (width - 3) // 2
    return f"{text[:left]}...{text[len(text) - (width - 3 - left) :]}"
