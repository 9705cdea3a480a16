"""JSON Lines: one page a line, for programs and databases that read no CSV; Parquet has the same columns (parquet.py).

    python run.py -d pages/ -tn 3 --write jsonl

Every line has every key. `category` and `score` are the first of `categories`; a page that failed has neither, an empty
list, and why in `error`. Texts are those of the tables without the guards that spreadsheets need.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interchange.export import SortedRun
from interchange.provenance import origin_of
from output.files import whole
from utils import printable

DECIMALS = 6  # as the RAW table


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write `pages.jsonl`, line by line: a long run takes no memory."""
    file = folder / "pages.jsonl"
    with whole(file) as part, part.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows(run):
            out.write(f"{json.dumps(row, ensure_ascii=False)}\n")
    return [file]


def rows(run: SortedRun) -> Iterator[dict[str, Any]]:
    """A row a page, in page order: texts, numbers, None for what there is not."""
    made = origin_of(run)
    head = {"run": run.name, "model": printable(made.model_name), "model_hash": made.model_hash}
    for page in run.pages():
        categories = [
            {"category": printable(category), "score": round(score, DECIMALS)} for category, score in page.scores
        ]
        best = categories[0] if categories else {"category": None, "score": None}
        yield {
            **head,
            "id": printable(page.id) or None,
            "file": printable(page.file),
            "page": page.number,
            "path": printable(page.path),
            **best,
            "categories": categories,
            "error": page.reason or None,
            "warning": page.warning or None,
        }
