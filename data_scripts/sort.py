"""Pages into label folders, by an annotation or a result table: FILE,PAGE,CLASS (and PATH) -> OUTPUT/<CLASS>/<page>.

    python data_scripts/sort.py annotation.csv scans/pages sorted --dry-run
    python data_scripts/sort.py annotation.csv scans/pages sorted --link
    python data_scripts/sort.py result/tables/result_....csv scans/pages sorted --min-score 0.9

Everything is checked before anything is written; all problems come in one report. `OUTPUT/documents.csv` keeps which
page is of which document, so that training never has one document on both sides of a split.
"""

from __future__ import annotations

import errno
import filecmp
import os
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import (
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
from shelf import Shelf
from table_rows import Row, read_rows

from output.progress import Progress
from output.tables import cell, path_cell
from reading.listing import KINDS, named_as_page
from reading.pages import Page, find_pages
from settings.given_paths import given_path
from training.data import DOCUMENTS, read_documents
from utils import UserError, printable

DESCRIPTION = """\
Sort pages into label folders, OUTPUT/<CLASS>/<page file>, as ANNOTATION says: a CSV with the columns FILE, PAGE, CLASS
(others are ignored), as Excel, LibreOffice or annotate.py write it: separated by commas, semicolons or tabs, in UTF-8,
UTF-16 or Windows-1250 (for others: --encoding). Or as a result table of run.py or the desk's corrected.csv says: then
CORRECT is the class where it is filled in, else CLASS-1 (CLASS).
  FILE, PAGE   as in the result table; pages are looked for in PAGES and all its sub-folders, onepagers/ included,
               their page numbers padded or not
  PATH         decides where there is such a column; relative to PAGES (the folder that was classified)
Pages keep their file's name. Where two of a class have the same name (box1/0001.jpg, box2/0001.jpg) they keep their
folders too, OUTPUT/<CLASS>/box1/0001.jpg, and with them all pages that are named by their number only.
Rows with an empty CLASS are passed over, and so are those that are "none of these". With --min-score, rows of a result
table that nobody corrected and whose score is lower go to OUTPUT_doubtful/<CLASS>/, beside OUTPUT, so that none of them
is trained on by accident. Nothing is written before all rows are in order: every problem is listed, exit code 2. Pages
are copied, or linked with --link; never over another file; sources are only read. A second start does what is missing.
OUTPUT/documents.csv says which page belongs to which document.
Exit code: 0 all done, 1 something was left undone, 2 wrong command or annotation."""

EXAMPLES = """\
examples:
  python data_scripts/sort.py annotation.csv scans/pages sorted --dry-run
  python data_scripts/sort.py annotation.csv scans/pages sorted --link     (one file, two names: no disk space)
  python data_scripts/sort.py result/tables/result_20261121-101500_ViT-B16_1n_11c.csv scans/pages sorted --min-score 0.9
  python run.py --train -d sorted --name mine"""

DOUBTFUL = "_doubtful"  # what the name of the folder beside OUTPUT ends in
WITHOUT_PDF = [kind[0] for name, kind in KINDS.items() if name != "PDF"]


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
    parser.add_argument("annotation", metavar="ANNOTATION.csv", type=given_path, help="the table")
    parser.add_argument("folder", metavar="PAGES", type=given_path, help="the folder with the pages")
    parser.add_argument(
        "output", metavar="OUTPUT", type=given_path, help="the folder of the label folders; made if absent"
    )
    parser.add_argument("--link", action="store_true", help="hard links instead of copies (where they are possible)")
    parser.add_argument(
        "--min-score", type=float, metavar="P", help="doubtful: rows of a result table below P (0 to 1)"
    )
    parser.add_argument("--encoding", default="", help="encoding of the table, where it is not found by itself")
    parser.add_listing()
    options = parser.read(arguments)
    least = options.min_score
    if least is not None and not 0 <= least <= 1:
        raise UserError("--min-score is a score from 0 to 1")
    rows, problems, passed = read_rows(options.annotation, options.encoding, least)
    root, output = folder_argument(options.folder), options.output
    beside = output.absolute().with_name(f"{output.absolute().name}{DOUBTFUL}")
    if output.exists() and not output.is_dir():
        raise UserError(f"OUTPUT {printable(str(output))} is not a folder")
    if output.resolve() == root.resolve():
        raise UserError("OUTPUT and PAGES are the same folder: label folders need a place of their own")
    page_list = find_pages(root, formats=WITHOUT_PDF, skip=[output, beside], **listing_of(options))
    with alone_in(output, "it"):
        lost = [page for page in page_list.pages if page.reason and not named_as_page(page.path)]
        pages = [page for page in page_list.pages if not page.reason or named_as_page(page.path)]
        shelf = Shelf(root, pages, {row.label for row in rows})
        parts = {output: [row for row in rows if not row.doubtful], beside: [row for row in rows if row.doubtful]}
        plans = {place: make_plan(part, shelf, place) for place, part in parts.items() if part}
        if every := list(dict.fromkeys([*problems, *(one for plan in plans.values() for one in plan.problems)])):
            print(f"{counted(len(every), 'problem')}, nothing was written:", file=sys.stderr)
            for problem in every:
                print(f"  {problem}", file=sys.stderr)
            return 2
        undone = []
        for place, plan in plans.items():
            if place == beside:
                print(f"below --min-score, into {printable(str(place))}:")
            undone += carry_out(plan, place, options.link, options.dry_run)
    for plan in plans.values():
        for note in plan.notes:
            print(f"note: {note}")
    for line in page_list.passed.lines():
        print(f"note: {line}")
    if passed:
        print(f"{counted(passed, 'row')} without CLASS passed over")
    rest = len(pages) - sum(plan.annotated for plan in plans.values())
    if rest > 0:
        print(f"{counted(rest, 'page')} in PAGES without a row stay as they are")
    return list_undone([*undone, *(f"{printable(page.path)}: {page.reason}" for page in lost)], "left undone")


def make_plan(rows: list[Row], shelf: Shelf, output: Path) -> Plan:
    """Where each page goes, and every problem there is."""
    plan = Plan()
    check_labels(rows, output, plan)
    asked: dict[Page, list[Row]] = defaultdict(list)
    missing: list[str] = []
    for row in rows:
        page = shelf.find(row.file, row.page, row.path)
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
    label_of = {page.path: next(iter(labels[page.path])) for page in asked if len(labels[page.path]) == 1}
    first = {page.path: page for page in sorted(asked, key=lambda page: page.path) if page.path in label_of}
    names, problems = name_files(first, label_of, shelf, output)
    plan.problems += problems
    for path, name in names.items():
        label = label_of[path]
        plan.moves[output / label / name] = shelf.root / path
        plan.documents[f"{label}/{name}"] = shelf.document(first[path])
    plan.problems += [problem for target, source in plan.moves.items() if (problem := taken(source, target, output))]
    if kept := [name for name in names.values() if "/" in name]:
        why = (
            "names are only page numbers"
            if any(map(shelf.numbered, first.values()))
            else "a class holds their name twice"
        )
        plan.notes.append(f"{counted(len(kept), 'page file')} keep their folder, as {why}: {printable(kept[0])}")
    return plan


def name_files(
    pages: dict[str, Page], label_of: dict[str, str], shelf: Shelf, output: Path
) -> tuple[dict[str, str], list[str]]:
    """What each file (a path in PAGES -> its first page) is called below its label folder, and problems: the first of
    its names that no other of its class has. A file that was sorted before stays where it is."""
    names: dict[str, list[str]] = {}
    settled: set[tuple[str, str]] = set()
    for path, page in pages.items():
        names[path] = shelf.names(page)
        for name in dict.fromkeys([path.rpartition("/")[2], *names[path]]):
            slot, target = (label_of[path], same_name(name)), output / label_of[path] / name
            if slot not in settled and target.is_file() and not taken(shelf.root / path, target, output):
                names[path] = [name]
                settled.add(slot)
                break

    owners: dict[Path, bool] = {}

    def another_there(path: str) -> bool:
        """Whether a page of PAGES lies at its place since an earlier sort; itself does not, or it would be settled."""
        target = output / label_of[path] / names[path][0]
        if target not in owners:
            named = shelf.same_named(path) if os.path.lexists(target) else []
            owners[target] = any(not taken(shelf.root / other, target, output) for other in named)
        return owners[target]

    while True:
        by_place: dict[tuple[str, str], list[str]] = defaultdict(list)
        for path, candidates in names.items():
            by_place[same_name(label_of[path]), same_name(candidates[0])].append(path)
        open_ones = [path for path, candidates in names.items() if len(candidates) > 1]
        alone = {paths[0] for paths in by_place.values() if len(paths) == 1}
        clash = [path for path in open_ones if path not in alone or another_there(path)]
        if not clash:
            break
        if any(shelf.numbered(pages[path]) for path in clash):  # one way for all: 0007 says nothing without its folder
            clash = sorted({*clash, *(path for path in open_ones if shelf.numbered(pages[path]))})
        for path in clash:
            del names[path][0]
    problems = []
    for paths in by_place.values():
        if len(paths) > 1:
            both = " and ".join(map(printable, paths[:2]))
            shown = f"{label_of[paths[0]]}/{names[paths[0]][0]}"
            problems.append(f"{both} would both be {printable(shown)}: rename one")
            for path in paths[1:]:
                del names[path]
    return {path: candidates[0] for path, candidates in names.items()}, problems


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


def taken(source: Path, target: Path, output: Path) -> str:
    """The problem where another file is at a page's place; "" where it is free or holds this very page."""
    for folder in target.relative_to(output).parents:
        if os.path.lexists(output / folder) and not (output / folder).is_dir():
            return f"{printable(str(output / folder))} is there and is no folder"
    if not os.path.lexists(target):
        return ""
    shown = printable(str(target))
    if not target.is_file():
        return f"{shown} is there and is no file"
    source_status, target_status = source.stat(), target.stat()
    same = source_status.st_size == target_status.st_size and (
        source_status.st_mtime_ns == target_status.st_mtime_ns or filecmp.cmp(source, target, shallow=False)
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
    existing = len(plan.moves) - len(todo)
    labels = Counter(target.relative_to(output).parts[0] for target in plan.moves)
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
            folder.mkdir(parents=True, exist_ok=True)
            drop_parts(folder)
        undone = _write_all(todo, link, plan.notes)
    for label, number in sorted(labels.items()):
        print(f"  {label:<24} {number:>7}")
    verb = "would be written" if dry_run else "written"
    done = len(todo) - len(undone)
    files = f"{counted(len(plan.moves), 'page file')} of {counted(len(set(plan.documents.values())), 'document')}"
    print(f"{files}: {done} {verb}, {existing} there already", flush=True)
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
