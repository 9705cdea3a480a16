"""Categories for the index: a result table of sorting, read and joined to pages by path and page number.

    table = ResultTable.read(Path("result/tables/result_..._1n_11c.csv"))
    table.of("box 1/a-1.png", 1)                 # ("TEXT", 0.98), None where the table has no such page

`PATH` counts from the folder that was sorted: so the index must have that same folder.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from utils import UserError, did_you_mean, printable

COLUMNS = ("PATH", "PAGE", "CLASS-1", "SCORE-1")


@dataclass
class ResultTable:
    """What a result table says. pages: (path, page) -> (category, score)."""

    file: Path
    pages: dict[tuple[str, int], tuple[str, float]]

    @classmethod
    def read(cls, file: Path) -> ResultTable:
        """A table of `python run.py -d`, with commas or (`--excel`) semicolons. UserError: no file, or another kind."""
        shown = printable(str(file))
        if not file.is_file():
            beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
            raise UserError(f"--table {shown}: no such file{did_you_mean(file.name, beside)}")
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                head = lines.readline()
                lines.seek(0)
                reader = csv.DictReader(lines, delimiter=";" if head.count(";") > head.count(",") else ",")
                if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
                    raise UserError(
                        f"--table {shown}: no column {', '.join(missing)}: it must be a table of python run.py -d"
                    )
                pages = {}
                for row in reader:
                    # In front of what a spreadsheet would take for a formula stands "./" or "'" (tables.py).
                    path, category = row["PATH"].removeprefix("./"), row["CLASS-1"].removeprefix("'")
                    pages[path, int(row["PAGE"])] = category, float(row["SCORE-1"].replace(",", "."))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"--table {shown}: cannot be read: {error}") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise UserError(
                f"--table {shown}: line {reader.line_num} is not that of a result table ({error})"
            ) from None
        return cls(file, pages)

    def of(self, path: str, page: int) -> tuple[str, float] | None:
        """Category and score of a page, None where the table has none."""
        return self.pages.get((path, page))
