"""Pages into label folders, by an annotation or a result table: FILE,PAGE,CLASS (and PATH) -> OUTPUT/<CLASS>/<page>.

    python data_scripts/sort.py annotation.csv scans/pages sorted --dry-run
    python data_scripts/sort.py annotation.csv scans/pages sorted --link
    python data_scripts/sort.py result/tables/result_....csv scans/pages sorted --min-score 0.9

Everything is checked before anything is written; all problems come in one report. `OUTPUT/documents.csv` keeps which
page is of which document, so that training never has one document on both sides of a split.
"""

from __future__ import annotations

import contextlib
import errno
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
from sorted_before import SortedBefore
from table_rows import Row, read_rows

from output.progress import Progress
from output.tables import cell, path_cell
from reading.listing import KINDS, named_as_page
from reading.pages import Page, find_pages
from settings.given_paths import given_path
from training.data import DOCUMENTS
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
is trained on by accident; a file of several pages goes there if one of them is doubtful. Nothing is written before all
rows are in order: every problem is listed, exit code 2. Pages are copied, or linked with --link; never over another
file; sources are only read. A second start does what is missing; a page that has another class since (corrected, or no
longer doubtful) is taken out of the folder that an earlier sort had put it in.
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
    """What is to be done - target -> source, its document, where it lies since an earlier sort and no longer belongs -,
    how many pages have a row, all problems."""

    moves: dict[Path, Path] = field(default_factory=dict)
    documents: dict[Path, str] = field(default_factory=dict)
    elsewhere: dict[Path, list[Path]] = field(default_factory=dict)
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
        before = SortedBefore([output, beside], shelf)
        plan = make_plan(rows, shelf, before, output, beside)
        if every := list(dict.fromkeys([*problems, *plan.problems])):
            print(f"{counted(len(every), 'problem')}, nothing was written:", file=sys.stderr)
            for problem in every:
                print(f"  {problem}", file=sys.stderr)
            return 2
        undone = carry_out(plan, before.recorded, beside, options.link, options.dry_run)
    for note in plan.notes:
        print(f"note: {note}")
    for line in page_list.passed.lines():
        print(f"note: {line}")
    if passed:
        print(f"{counted(passed, 'row')} without CLASS passed over")
    rest = len(pages) - plan.annotated
    if rest > 0:
        print(f"{counted(rest, 'page')} in PAGES without a row stay as they are")
    return list_undone([*undone, *(f"{printable(page.path)}: {page.reason}" for page in lost)], "left undone")


def make_plan(rows: list[Row], shelf: Shelf, before: SortedBefore, output: Path, beside: Path) -> Plan:
    """Where each page goes, and every problem there is. beside: the folder of the doubtful ones."""
    plan = Plan()
    check_labels(rows, [output, beside], plan)
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
    doubtful = {page.path for page, its_rows in asked.items() if any(row.doubtful for row in its_rows)}
    folder_of = {
        path: (beside if path in doubtful else output) / next(iter(its_labels))
        for path, its_labels in labels.items()
        if len(its_labels) == 1
    }
    first = {page.path: page for page in sorted(asked, key=lambda page: page.path) if page.path in folder_of}
    names, problems = name_files(first, folder_of, shelf, before)
    plan.problems += problems
    for path, name in names.items():
        target = folder_of[path] / name
        plan.moves[target] = shelf.root / path
        plan.documents[target] = shelf.document(first[path])
    plan.problems += [problem for target, source in plan.moves.items() if (problem := before.taken(source, target))]
    known = set(plan.moves)
    for path, name in names.items():
        if places := before.elsewhere(first[path], known):
            plan.elsewhere[folder_of[path] / name] = places
            known.update(places)
    if kept := [name for name in names.values() if "/" in name]:
        why = (
            "names are only page numbers"
            if any(map(shelf.numbered, first.values()))
            else "a class holds their name twice"
        )
        plan.notes.append(f"{counted(len(kept), 'page file')} keep their folder, as {why}: {printable(kept[0])}")
    return plan


def name_files(
    pages: dict[str, Page], folder_of: dict[str, Path], shelf: Shelf, before: SortedBefore
) -> tuple[dict[str, str], list[str]]:
    """What each file (a path in PAGES -> its first page) is called below its label folder, and problems: the first of
    its names that no other of its class has. A file that was sorted before stays where it is."""
    names: dict[str, list[str]] = {}
    settled: set[tuple[Path, str]] = set()
    with Progress(len(pages), unit="page", label="compare") as progress:
        for path, page in pages.items():
            names[path] = shelf.names(page)
            for name in dict.fromkeys([path.rpartition("/")[2], *names[path]]):
                slot, target = (folder_of[path], same_name(name)), folder_of[path] / name
                if slot not in settled and target.is_file() and not before.taken(shelf.root / path, target):
                    names[path] = [name]
                    settled.add(slot)
                    break
            progress.advance(1)

    owners: dict[Path, bool] = {}

    def another_there(path: str) -> bool:
        """Whether a page of PAGES lies at its place since an earlier sort; itself does not, or it would be settled."""
        target = folder_of[path] / names[path][0]
        if target not in owners:
            named = shelf.same_named(path) if os.path.lexists(target) else []
            owners[target] = any(not before.taken(shelf.root / other, target) for other in named)
        return owners[target]

    while True:
        by_place: dict[tuple[Path, str], list[str]] = defaultdict(list)
        for path, candidates in names.items():
            by_place[folder_of[path], same_name(candidates[0])].append(path)
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
            shown = f"{folder_of[paths[0]].name}/{names[paths[0]][0]}"
            problems.append(f"{both} would both be {printable(shown)}: rename one")
            for path in paths[1:]:
                del names[path]
    return {path: candidates[0] for path, candidates in names.items()}, problems


def check_labels(rows: list[Row], outputs: list[Path], plan: Plan) -> None:
    """Labels that cannot be folders, or not beside each other."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.label, row)
    there = [at.name for output in outputs if output.is_dir() for at in output.iterdir() if at.is_dir()]
    spelled = {same_name(name): unicodedata.normalize("NFC", name) for name in there}
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


def carry_out(plan: Plan, recorded: dict[Path, dict[str, str]], beside: Path, link: bool, dry_run: bool) -> list[str]:
    """Write documents.csv, then the pages, then clear the places where they no longer belong; what could not be done.

    recorded: by folder, OUTPUT and that of the doubtful pages, what its documents.csv has.
    """
    todo = {target: source for target, source in plan.moves.items() if not os.path.lexists(target)}
    there = {target for target, places in plan.elsewhere.items() if any(map(os.path.lexists, places))}
    undone: list[str] = []
    if dry_run:
        for target, source in todo.items():
            print(f"would {'link' if link else 'copy'} {printable(str(source))} to {printable(str(target))}")
        for target, places in plan.elsewhere.items():
            for place in filter(os.path.lexists, places):
                print(f"would remove {printable(str(place))}: it is {printable(str(target))} now")
    else:
        # First of all: pages whose document is not known would be split by their names.
        documents = {root: dict(pages) for root, pages in recorded.items()}
        for root, pages in documents.items():
            new = {target: document for target, document in plan.documents.items() if target.is_relative_to(root)}
            pages.update({target.relative_to(root).as_posix(): document for target, document in new.items()})
            if new:
                root.mkdir(parents=True, exist_ok=True)
                _write_documents(root, pages)
        for folder in {target.parent for target in plan.moves}:
            folder.mkdir(parents=True, exist_ok=True)
            drop_parts(folder)
        undone = _write_all(todo, link, plan.notes)
        undone += _clear(plan.elsewhere, documents)
    for root in recorded:
        targets = [target for target in plan.moves if target.is_relative_to(root)]
        if not targets:
            continue
        if root == beside:
            print(f"below --min-score, into {printable(str(root))}:")
        for label, number in sorted(Counter(target.relative_to(root).parts[0] for target in targets).items()):
            print(f"  {label:<24} {number:>7}")
        done = sum(target in todo and (dry_run or os.path.lexists(target)) for target in targets)
        existing = sum(target not in todo for target in targets)
        left = sum(target in there for target in targets)
        verb = "would be " if dry_run else ""
        files = f"{counted(len(targets), 'page file')} of "
        files += counted(len({plan.documents[target] for target in targets}), "document")
        moved = f", {left} {verb}taken out of the folder of an earlier sort" if left else ""
        print(f"{files}: {done} {verb}written, {existing} there already{moved}", flush=True)
    return undone


def _write_documents(root: Path, documents: dict[str, str]) -> None:
    rows = sorted((path_cell(page), cell(document)) for page, document in documents.items())
    write_csv(root / DOCUMENTS, [("page", "document"), *rows])


def _clear(elsewhere: dict[Path, list[Path]], documents: dict[Path, dict[str, str]]) -> list[str]:
    """Remove what lies where it no longer belongs, once it lies where it does, and tell documents.csv; what could not
    be done. Killed in between, a table names a file that is gone: the next start finds an empty place."""
    undone: list[str] = []
    for target, places in elsewhere.items():
        for place in places if os.path.lexists(target) else []:
            try:
                place.unlink(missing_ok=True)
            except OSError as error:
                undone.append(f"{printable(str(place))}: {(error.strerror or str(error)).lower()}")
    for root, pages in documents.items():
        left = [place for places in elsewhere.values() for place in places if place.is_relative_to(root)]
        for place in left:
            if not os.path.lexists(place):
                pages.pop(printable(place.relative_to(root).as_posix()), None)
                for folder in place.relative_to(root).parents:  # a label folder without pages would be a category
                    with contextlib.suppress(OSError):
                        (root / folder).rmdir()
        if left and pages:
            _write_documents(root, pages)
        elif left:
            (root / DOCUMENTS).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                root.rmdir()
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
