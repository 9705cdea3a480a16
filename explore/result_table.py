"""Categories for the index: a result table of sorting, read and joined to pages by path and page number.

    table = ResultTable.read(Path("result/tables/result_..._1n_11c.csv"))
    table.pages["box 1/a-1.png", 1]              # ("TEXT", 0.98)

`PATH` counts from the folder that was sorted; the run record beside the table says which one that was.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from output.spreadsheets import number_in, read_table
from output.tables import bare_path
from utils import UserError, page_number, printable

RECORD = "_run.json"
COLUMNS = ("PATH", "PAGE", "CLASS-1", "SCORE-1")


@dataclass
class ResultTable:
    """What a result table says.

    pages: (path, page) -> (category, score). root: the folder that the paths count from, links followed, as the run
    record says; "" = there is none, or an earlier version wrote it.
    """

    file: Path
    pages: dict[tuple[str, int], tuple[str, float]]
    root: str = ""

    @classmethod
    def read(cls, file: Path) -> ResultTable:
        """A table of `python run.py -d`, as it was written or as a spreadsheet saved it.

        Raises UserError: no such file, another kind of table, a damaged row.
        """
        try:
            table = read_table(file, COLUMNS)
        except UserError as error:
            raise UserError(f"--table {error}: it must be a table of python run.py -d") from None
        pages = {}
        for line, row in table.rows:
            page, score = page_number(row["PAGE"]), number_in(row["SCORE-1"])
            if page is None or score is None or not row["PATH"]:
                raise UserError(f"--table {table.where(line)} is not that of a result table: PATH, PAGE or SCORE-1")
            pages[bare_path(row["PATH"]), page] = row["CLASS-1"], score
        return cls(file, pages, root_of(file))


def root_of(table: Path) -> str:
    """The folder that a run record names which stands beside a table, or beside the folder of its documents; or ""."""
    for home in (table.parent, table.parent.parent):
        for record in home.glob(f"*{RECORD}"):
            name = record.name.removesuffix(RECORD)
            one = table.parent == home and re.fullmatch(rf"result_{re.escape(name)}_\d+n_\d+c(-\d+)?\.\w+", table.name)
            if one or re.fullmatch(rf"{re.escape(name)}_documents(-\d+)?", table.parent.name):
                try:
                    said = json.loads(record.read_text(encoding="utf-8"))
                    return printable(os.path.realpath(said["input"]))
                except (OSError, ValueError, KeyError, TypeError):
                    return ""
    return ""
