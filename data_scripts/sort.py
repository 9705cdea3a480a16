"""Pages into label folders, by an annotation table: FILE,PAGE,CLASS (and PATH) -> OUTPUT/<CLASS>/<page file>.

    python data_scripts/sort.py annotation.csv scans/pages sorted --dry-run
    python data_scripts/sort.py annotation.csv scans/pages sorted --link

Everything is checked before anything is written; all problems come in one report. `OUTPUT/documents.csv` keeps which
page is of which document, so that training never has one document on both sides of a split.
"""

from __future__ import annotations

import errno
import filecmp
import os
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import (
    ONEPAGERS,
    Parser,
    alone_in,
    copy_new,
    counted,
    drop_parts,
    folder_argument,
    folder_name_problem,
    list_undone,
    listing_of,
    same_name,
    start,
    write_csv,
)

from categories import same_label
from listing import KINDS, named_as_page
from pages import Page, find_pages
from progress import Progress
from spreadsheets import read_table
from tables import bare_path, cell, path_cell
from training.data import DOCUMENTS, read_documents
from utils import UserError, did_you_mean, page_number, printable

DESCRIPTION = """\
Sort pages into label folders, OUTPUT/<CLASS>/<page file>, as ANNOTATION says: a CSV with the columns FILE, PAGE, CLASS
(others are ignored), as Excel, LibreOffice or annotate.py write it: separated by commas, semicolons or tabs, in UTF-8,
UTF-16 or Windows-1250 (for others: --encoding).
  FILE, PAGE   as in the result table; pages are looked for in PAGES and all its sub-folders, onepagers/ included,
               their page numbers padded or not
  PATH         decides where there is such a column; relative to PAGES (the folder that was classified)
Rows with an empty CLASS are passed over. Nothing is written before all rows are in order: every problem is listed,
exit code 2. Pages are copied, or linked with --link; never over another file; sources are only read. A second start
does what is missing. OUTPUT/documents.csv says which page belongs to which document.
Exit code: 0 all done, 1 something was left undone, 2 wrong command or annotation."""

EXAMPLES = """\
examples:
  python data_scripts/sort.py annotation.csv scans/pages sorted --dry-run
  python data_scripts/sort.py annotation.csv scans/pages sorted --link     (one file, two names: no disk space)
  python run.py --train -d sorted --name mine"""

WITHOUT_PDF = [kind[0] for name, kind in KINDS.items() if name != "PDF"]


@dataclass(frozen=True)
class Row:
    """A row of the annotation: where it stands in the file, and what it says."""

    line: int
    file: str
    page: int
    label: str
    path: str


@dataclass
class Plan:
    """What is to be done - target -> source, page in OUTPUT -> document -, how many pages have a row, all problems."""

    moves: dict[Path, Path] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    annotated: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("annotation", metavar="ANNOTATION.csv", type=Path, help="the table")
    parser.add_argument("folder", metavar="PAGES", type=Path, help="the folder with the pages")
    parser.add_argument("output", metavar="OUTPUT", type=Path, help="the folder of the label folders; made if absent")
    parser.add_argument("--link", action="store_true", help="hard links instead of copies (where they are possible)")
    parser.add_argument("--encoding", default="", help="encoding of the table, where it is not found by itself")
    parser.add_listing()
    options = parser.read(arguments)
    rows, problems, passed = read_annotation(options.annotation, options.encoding)
    root, output = folder_argument(options.folder), options.output
    if output.exists() and not output.is_dir():
        raise UserError(f"OUTPUT {printable(str(output))} is not a folder")
    if output.resolve() == root.resolve():
        raise UserError("OUTPUT and PAGES are the same folder: label folders need a place of their own")
    found = find_pages(root, formats=WITHOUT_PDF, skip=[output], **listing_of(options))
    with alone_in(output, "it"):
        lost = [page for page in found.pages if page.reason and not named_as_page(page.path)]
        pages = [page for page in found.pages if not page.reason or named_as_page(page.path)]
        plan = make_plan(rows, Shelf(root, pages), output)
        plan.problems = problems + plan.problems
        if plan.problems:
            print(f"{counted(len(plan.problems), 'problem')}, nothing was written:", file=sys.stderr)
            for problem in plan.problems:
                print(f"  {problem}", file=sys.stderr)
            return 2
        undone = carry_out(plan, output, options.link, options.dry_run)
    for note in plan.notes:
        print(f"note: {note}")
    for line in found.passed.lines():
        print(f"note: {line}")
    if passed:
        print(f"{counted(passed, 'row')} without CLASS passed over")
    rest = len(pages) - plan.annotated
    if rest > 0:
        print(f"{counted(rest, 'page')} in PAGES without a row stay as they are")
    return list_undone([*undone, *(f"{printable(page.path)}: {page.reason}" for page in lost)], "left undone")


def read_annotation(file: Path, encoding: str) -> tuple[list[Row], list[str], int]:
    """The rows with a class, the problems of the others, and how many have no class."""
    try:
        table = read_table(file, ("FILE", "PAGE", "CLASS"), encoding)
    except UserError as error:
        hint = ": make an annotation of a result table with annotate.py" if "CLASS-1" in str(error) else ""
        raise UserError(f"{error}{hint}") from None
    rows, problems, passed = [], [], 0
    for line, cells in table.rows:
        label, page = same_label(cells["CLASS"]), page_number(cells["PAGE"])
        if not label:
            passed += 1
        elif not cells["FILE"] and not cells.get("PATH"):
            problems.append(f"line {line}: FILE is empty")
        elif page is None:
            problems.append(f"line {line}: PAGE {cells['PAGE']!r} is not a page number")
        else:
            rows.append(Row(line, cells["FILE"], page, label, bare_path(cells.get("PATH", ""))))
    if not rows and not problems:
        raise UserError(f"{file}: all {passed} rows have an empty CLASS")
    return rows, problems, passed


class Shelf:
    """The pages that there are, to be found by PATH, or by FILE and PAGE."""

    def __init__(self, root: Path, pages: list[Page]) -> None:
        self.root = root
        self.frames = Counter(page.path for page in pages)
        self.by_path: dict[str, dict[int, Page]] = defaultdict(dict)
        self.by_name: dict[tuple[str, int], list[Page]] = defaultdict(list)
        self.by_bare_name: dict[tuple[str, int], list[Page]] = defaultdict(list)
        for page in pages:
            self.by_path[_plain(page.path)][page.number] = page
            self.by_name[_plain(page.file), page.number].append(page)
            self.by_bare_name[_plain(page.file).lstrip("0"), page.number].append(page)
        self.given: dict[str, str] = {}
        if (root / DOCUMENTS).is_file():
            self.given = read_documents(root / DOCUMENTS)

    def find(self, row: Row) -> Page | str:
        """The page that a row means, or what is wrong."""
        return self._by_path(row) if row.path else self._by_name(row)

    def _by_path(self, row: Row) -> Page | str:
        path = _plain(row.path)
        for spelling in (path, path.replace("\\", "/")):
            pages = self.by_path.get(spelling)
            if pages:
                single = next(iter(pages.values()))
                page = single if len(pages) == 1 and single.frame is None else pages.get(row.page)
                return page or f"{row.path} has {counted(len(pages), 'page')}, no page {row.page}"
        folder, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0]
        if name.lower().endswith(".pdf"):  # classified from the PDF itself; pdf2png.py made page images of it since
            near = [*self.by_name.get((stem, row.page), []), *self.by_bare_name.get((stem, row.page), [])]
            inside = [page for page in near if _plain(page.path).rpartition("/")[0] == f"{folder}/{stem}".lstrip("/")]
            if inside:
                return inside[0]
            return f"{row.path} is a PDF: make page images of it with pdf2png.py first"
        moved = self.by_path.get(f"{ONEPAGERS}/{name}")
        if moved:
            return next(iter(moved.values()))
        return f"{row.path} does not exist in PAGES{did_you_mean(path, list(self.by_path)[:2000])}"

    def _by_name(self, row: Row) -> Page | str:
        asked = f"{row.file} page {row.page}"
        file = _plain(row.file)
        for pages in (self.by_name.get((file, row.page)), self.by_bare_name.get((file.lstrip("0"), row.page))):
            if pages and len(pages) > 1:
                paths = ", ".join(printable(page.path) for page in pages[:4])
                return f"{asked} is ambiguous: {paths}{', ...' if len(pages) > 4 else ''} (a PATH column decides)"
            if pages:
                return pages[0]
        if re.fullmatch(r"\d[.,]?\d*E\+\d+", row.file, re.IGNORECASE):
            return f"{asked} does not exist: a spreadsheet has rounded a long number (a PATH column decides)"
        known = sorted({name for name, number in self.by_name if number == row.page})
        return f"{asked} does not exist in PAGES{did_you_mean(file, known[:2000])}"

    def document(self, page: Page) -> str:
        """The page's document: as PAGES/documents.csv says, else FILE - with its folder where several folders hold a
        page of this name, so that two documents of one name stay two."""
        told = self.given.get(printable(page.path), self.given.get(printable(Path(page.path).name)))
        if told:
            return told
        folder = page.path.rpartition("/")[0]
        if not self._twice(page.file) or not folder:
            return page.file
        return folder if _plain(folder).rpartition("/")[2] == _plain(page.file) else f"{folder}/{page.file}"

    def _twice(self, file: str) -> bool:
        if not hasattr(self, "_several"):
            self._several = {name for (name, _), pages in self.by_name.items() if len(pages) > 1}
        return _plain(file) in self._several


def _plain(name: str) -> str:
    """A name as a table holds it, in one spelling of its accents (macOS takes them apart)."""
    return unicodedata.normalize("NFC", printable(name))


def make_plan(rows: list[Row], shelf: Shelf, output: Path) -> Plan:
    """Where each page goes, and every problem there is."""
    plan = Plan()
    check_labels(rows, output, plan)
    asked: dict[Page, list[Row]] = defaultdict(list)
    missing: list[str] = []
    for row in rows:
        page = shelf.find(row)
        if isinstance(page, Page):
            asked[page].append(row)
        else:
            missing.append(f"line {row.line}: {printable(page)}")
    plan.annotated = len(asked)
    if len(missing) == len(rows) and any(row.path for row in rows):
        plan.problems.append("no row is found: PATH is relative to the folder that was classified; give it as PAGES")
    plan.problems += missing
    labels: dict[str, set[str]] = defaultdict(set)  # of a file; of one with several pages all must agree
    for page, its_rows in asked.items():
        classes = dict.fromkeys(row.label for row in its_rows)
        labels[page.path] |= set(classes)
        if len(classes) > 1:
            lines = ", ".join(f"{row.label} (line {row.line})" for row in its_rows)
            plan.problems.append(f"{printable(page.path)}: annotated twice with different classes: {lines}")
    several = Counter(page.path for page in asked if page.frame is not None)
    for path, annotated in several.items():
        if annotated < shelf.frames[path] or len(labels[path]) > 1:
            plan.problems.append(
                f"{printable(path)} holds {shelf.frames[path]} pages, {annotated} of them with "
                f"{counted(len(labels[path]), 'class')[:-1] + 'es' if len(labels[path]) > 1 else '1 class'}: "
                "it can only be sorted whole, all its pages in one class"
            )
    targets: dict[str, Path] = {}
    for page in sorted(asked, key=lambda page: page.path):
        if len(labels[page.path]) > 1:
            continue
        label = next(iter(labels[page.path]))
        source, target = shelf.root / page.path, output / label / Path(page.path).name
        if plan.moves.get(target) == source:
            continue  # another page of the same file
        key = f"{same_name(label)}/{same_name(target.name)}"
        if key in targets:
            both = f"{printable(page.path)} and {printable(str(targets[key].relative_to(shelf.root)))}"
            plan.problems.append(f"{both} would both be {printable(f'{label}/{target.name}')}: rename one")
            continue
        targets[key] = source
        plan.moves[target] = source
        plan.documents[f"{label}/{target.name}"] = shelf.document(page)
    plan.problems += [problem for target, source in plan.moves.items() if (problem := taken(source, target))]
    return plan


def check_labels(rows: list[Row], output: Path, plan: Plan) -> None:
    """Labels that cannot be folders, or not beside each other."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.label, row)
    spelled: dict[str, str] = {}
    if output.is_dir():
        spelled = {same_name(at.name): unicodedata.normalize("NFC", at.name) for at in output.iterdir() if at.is_dir()}
    for label, row in first.items():
        if problem := folder_name_problem(label):
            plan.problems.append(f"line {row.line}: the class {printable(label)!r} cannot be a folder: {problem}")
        other = spelled.setdefault(same_name(label), label)
        if other != label:
            where = f"line {first[other].line}" if other in first else "a folder in OUTPUT"
            plan.problems.append(
                f"line {row.line}: the classes {label} and {other} ({where}) differ in letter case only: "
                "they are one folder on Windows and macOS"
            )


def taken(source: Path, target: Path) -> str:
    """The problem where another file is at a page's place; "" where it is free or holds this very page."""
    if not os.path.lexists(target):
        return ""
    shown = printable(str(target))
    if not target.is_file():
        return f"{shown} is there and is no file"
    own, there = source.stat(), target.stat()
    same = own.st_size == there.st_size and (
        own.st_mtime_ns == there.st_mtime_ns or filecmp.cmp(source, target, shallow=False)
    )
    return "" if same else f"{shown} is there already and is another page than {printable(str(source))}"


def carry_out(plan: Plan, output: Path, link: bool, dry_run: bool) -> list[str]:
    """Write documents.csv, then the pages; what could not be done."""
    table = output / DOCUMENTS
    documents = dict(plan.documents)
    if table.is_file():  # of an earlier sort into the same folder
        for page, document in read_documents(table).items():
            documents.setdefault(page, document)
    todo = {target: source for target, source in plan.moves.items() if not os.path.lexists(target)}
    there = len(plan.moves) - len(todo)
    labels = Counter(target.parent.name for target in plan.moves)
    undone: list[str] = []
    if dry_run:
        for target, source in todo.items():
            print(f"would {'link' if link else 'copy'} {printable(str(source))} to {printable(str(target))}")
    else:
        output.mkdir(parents=True, exist_ok=True)
        # First of all: pages whose document is not known would be split by their names.
        rows = sorted((path_cell(page), cell(document)) for page, document in documents.items())
        write_csv(table, [("page", "document"), *rows])
        for folder in {target.parent for target in plan.moves}:
            folder.mkdir(exist_ok=True)
            drop_parts(folder)
        undone = _write_all(todo, link, plan.notes)
    for label, number in sorted(labels.items()):
        print(f"  {label:<24} {number:>7}")
    verb = "would be written" if dry_run else "written"
    done = len(todo) - len(undone)
    files = f"{counted(len(plan.moves), 'page file')} of {counted(len(set(plan.documents.values())), 'document')}"
    print(f"{files}: {done} {verb}, {there} there already", flush=True)
    return undone


def _write_all(todo: dict[Path, Path], link: bool, notes: list[str]) -> list[str]:
    undone = []
    with Progress(len(todo), unit="page", label="sort") as progress:
        for target, source in todo.items():
            try:
                if link:
                    try:
                        os.link(source, target)
                    except FileExistsError:
                        raise
                    except OSError as error:
                        link = False
                        said = (error.strerror or str(error)).lower()
                        notes.append(f"no hard links from {source.parent} to {target.parent} ({said}): copied instead")
                if not link:
                    copy_new(source, target)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise
                undone.append(f"{printable(str(source))}: {(error.strerror or str(error)).lower()}")
            progress.advance(1)
    return undone


if __name__ == "__main__":
    start(main)
