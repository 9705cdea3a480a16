"""Categories for the index: a result table of sorting, read and joined to pages by path and page number.

    table = ResultTable.read(Path("result/tables/result_..._1n_11c.csv"))
    table.of("box 1/a-1.png", 1)                 # ("TEXT", 0.98), None where the table has no such page

`PATH` counts from the folder that was sorted: so the index must have that same folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spreadsheets import number_in, read_table
from tables import bare_path
from utils import UserError, page_number

COLUMNS = ("PATH", "PAGE", "CLASS-1", "SCORE-1")


@dataclass
class ResultTable:
    """What a result table says. pages: (path, page) -> (category, score)."""

    file: Path
    pages: dict[tuple[str, int], tuple[str, float]]

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
        return cls(file, pages)

    def of(self, path: str, page: int) -> tuple[str, float] | None:
        """Category and score of a page, None where the table has none."""
        return self.pages.get((path, page))
