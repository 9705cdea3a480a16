"""Categories from result tables: each row goes to the page that it was made from, and to no other.

    join_tables(index, [ResultTable.read(file)], ["/scans"], of=None, quiet=False)

Two folders may hold files of one name, so a path alone tells nothing: the run record beside a table says which folder
was sorted, and a row is joined by the place of its file. Without a record the one folder of the command is meant; with
several it cannot be told, and the pages stay without category. `--table_of` says what no record knows: a moved folder.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from explore.result_table import ResultTable
from index.database import Index
from index.folders import real_path
from output.console import say
from utils import UserError, printable

SAME_SCORE = 1e-6  # float32 against four decimals


def join_tables(
    index: Index, tables: Sequence[ResultTable], covered: Sequence[str], of: Path | None, *, quiet: bool
) -> None:
    """Write category and score of pages of the covered folders; of several tables the last that knows a page counts.

    of: the folder that the tables were made from, None = what their run records say. What cannot be told is counted.
    """
    if of is not None and not of.is_dir():
        raise UserError(f"--table_of {printable(str(of))}: no such folder")
    rows = index.arrow(["id", "folder", "path", "page", "category", "score"]).to_pylist()
    rows = [row for row in rows if row["folder"] in covered]
    roots = {folder: printable(real_path(folder)) for folder in covered}
    indexed = {_real_name(roots[row["folder"]], row["path"]) for row in rows}
    said: dict[tuple[str, int], tuple[str, float]] = {}
    for table in tables:
        where = [printable(os.path.realpath(of))] if of else [table.root] if table.root else list(roots.values())
        if len(where) != 1:
            say(
                f"warning: --table {printable(str(table.file))}: no run record (..._run.json) beside it says which "
                f"folder was sorted, and this command looks at {len(where)}: its {len(table.pages)} pages stay without "
                "category; say it with --table_of FOLDER"
            )
            continue
        category_of = {}
        for (path, page), category in table.pages.items():
            file = _real_name(where[0], path)
            if file not in indexed:  # through a link, perhaps, which the index does not go
                file = os.path.normcase(os.path.realpath(file))
            if file in indexed:
                category_of[file, page] = category
        said |= category_of
        _say_joined(table, where[0], len(category_of))
    matched = [
        (row, said[key])
        for row in rows
        if (key := (_real_name(roots[row["folder"]], row["path"]), row["page"])) in said
    ]
    changed = [
        (row["id"], *new) for row, new in matched
        if row["category"] != new[0] or row["score"] is None or abs(row["score"] - new[1]) > SAME_SCORE
    ]  # fmt: skip
    if changed:
        ids, categories, scores = zip(*changed, strict=True)
        index.update(
            pa.table(
                {
                    "id": pa.array(ids, pa.int64()),
                    "category": pa.array(categories, pa.string()),
                    "score": pa.array(scores, pa.float32()),
                }
            )
        )
    if not quiet:
        say(f"--table: categories for {len(matched)} of {len(rows)} pages")


def _real_name(root: str, path: str) -> str:
    """Where a page's file lies, as both sides write it."""
    return os.path.normcase(os.path.normpath(f"{root}/{path}" if not os.path.isabs(path) else path))  # noqa: PTH117


def _say_joined(table: ResultTable, root: str, joined: int) -> None:
    """How many rows of a table found their page."""
    count = len(table.pages)
    if not joined:
        example = next(iter(table.pages), ("", 1))[0]
        say(
            f"warning: --table {printable(str(table.file))}: none of its {count} pages (e.g. {printable(example)}) is "
            f"in the folders of this command: it is of {root}; if that has moved, say where to: --table_of FOLDER"
        )
    elif joined < count:
        shown = printable(str(table.file))
        say(f"note: --table {shown}: {count - joined} of its {count} pages are not in the folders of this command")
