"""CSV on the Web: what the columns of the tables are, for programs that read them and people in ten years.

    python run.py -d pages/ --write csvw

`csvw.json` describes the result, RAW and errors tables as they were written: delimiter, decimal sign, types, meanings.
(https://www.w3.org/TR/tabular-metadata/; the tables of `per_document` have the columns of the result table.)
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interchange.export import SortedRun
from interchange.provenance import laid_out, origin_of
from output.files import write_whole

BOM = b"\xef\xbb\xbf"  # what Excel's form of the tables begins with
SCORE = "Scores say how sure the model is, 0 to 1: a softmax over all categories."
COLUMNS = {  # title -> what it means, its type
    "FILE": ("the document", {}),
    "PAGE": ("the number of the page in it", {"datatype": "nonNegativeInteger", "required": True}),
    "ID": ("what the document calls the page", {"required": True}),
    "PATH": ("the file, from the run's input folder", {"required": True}),
    "TRUE": ("the category that the page's folder is named after", {}),
    "REVIEW": ("whether the first score is below the limit", {"datatype": {"base": "boolean", "format": "yes|no"}}),
    "TURN": ("degrees clockwise that bring the page upright, where it shows", {"datatype": "nonNegativeInteger"}),
    "WARNING": ("what the decoder complained about; the page was sorted all the same", {}),
    "REASON": ("why the page has no category", {"required": True}),
}
RANKED = re.compile(r"(CLASS|SCORE)-([0-9]+)")


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write `csvw.json` for the tables where they lie."""
    return [describe(run, run.tables, folder)]


def describe(run: SortedRun, tables: Sequence[Path], folder: Path) -> Path:
    """Write `csvw.json` into `folder`, for tables that lie anywhere beside or below it. Other files are left out."""
    files = [table for table in tables if table.suffix == ".csv" and table.is_file()]
    with files[0].open("rb") as table:
        excel = table.read(len(BOM)) == BOM
    made = origin_of(run)
    group = {
        "@context": "http://www.w3.org/ns/csvw",
        "dc:title": f"Pages sorted into categories, run {run.name}",
        "dc:description": f"{made.counted}. Made with {made.made_with}. Before texts that spreadsheets would "
        "take for a formula stands an apostrophe, before such paths ./",
        "dc:created": made.ended,
        # "#" begins no comment here, as it would by default: names of files may begin so.
        "dialect": {"encoding": "utf-8", "delimiter": ";" if excel else ",", "header": True, "commentPrefix": None},
        "tables": [_table(file, folder, excel=excel) for file in files],
    }
    return write_whole(folder / "csvw.json", laid_out(group) + "\n")


def _table(file: Path, folder: Path, *, excel: bool) -> dict[str, Any]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        head = next(csv.reader(lines, delimiter=";" if excel else ","))
    kind = "errors" if head[-1] == "REASON" else "result" if "CLASS-1" in head else "raw"
    said = {
        "errors": "The pages that could not be read or sorted.",
        "result": f"The best categories of each page. {SCORE}",
        "raw": f"The scores of all categories of each page. {SCORE}",
    }
    return {
        "url": quote(os.path.relpath(file, folder).replace(os.sep, "/")),
        "dc:description": said[kind],
        "tableSchema": {
            "columns": [_column(title, excel=excel) for title in head],
            "primaryKey": ["PATH", "PAGE"],
        },
    }


def _column(title: str, *, excel: bool) -> dict[str, Any]:
    number: dict[str, Any] = {"base": "decimal", "minimum": "0", "maximum": "1"}
    if excel:
        number["format"] = {"decimalChar": ","}
    score = {"datatype": number, "required": True}
    ranked = RANKED.fullmatch(title)
    if ranked:
        kind, rank = ranked[1].lower(), ranked[2]
        said = f"score of CLASS-{rank}" if kind == "score" else f"category number {rank} by its score"
        of = score if kind == "score" else {"required": True}
    elif title == "UNLIKE":
        said, of = "the share of ordinary pages that are more like those that the model knows", {"datatype": number}
    elif title == "TURN_SCORE":
        said, of = "how sure TURN is, 0 to 1", {"datatype": number}
    elif title in COLUMNS:
        said, of = COLUMNS[title]
    else:
        said, of = "score of this category", score
    return {"name": _name(title), "titles": title, "dc:description": said, "datatype": "string", **of}


def _name(title: str) -> str:
    """A column's name as CSVW allows it, letters, digits and "_" within: the rest as in addresses.

    >>> _name("CLASS-1"), _name("Page (category)"), _name("_x")
    ('CLASS_1', 'Page%20%28category%29', '%5Fx')
    """
    if RANKED.fullmatch(title):
        return title.replace("-", "_")
    name = re.sub(r"[-.~]", lambda sign: f"%{ord(sign[0]):02X}", quote(title, safe=""))
    return f"%5F{name[1:]}" if name.startswith("_") else name
