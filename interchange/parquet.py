"""Parquet: the rows of json_lines.py as a columnar file, for databases, DuckDB, pandas and R.

    python run.py -d pages/ -tn 3 --write parquet
    duckdb -c "select category, count(*) from 'pages.parquet' group by category"

The schema is the same for every run, whatever its categories; the run record lies in the file's own metadata, under
`page-sorter.run`.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from interchange.export import SortedRun
from interchange.json_lines import rows
from output.files import whole

RECORD = "page-sorter.run"
ROWS = 10_000  # of a row group, which is in memory while it is written
SCHEMA = pa.schema(
    [
        pa.field("run", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("model_hash", pa.string(), nullable=False),
        pa.field("id", pa.string()),
        pa.field("file", pa.string(), nullable=False),
        pa.field("page", pa.int64(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("category", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("categories", pa.list_(pa.struct([("category", pa.string()), ("score", pa.float64())]))),
        pa.field("error", pa.string()),
        pa.field("warning", pa.string()),
    ]
)


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write `pages.parquet`, one row group after another: a long run takes no memory."""
    file = folder / "pages.parquet"
    schema = SCHEMA.with_metadata(
        {RECORD: json.dumps(run.record, ensure_ascii=False).encode("utf-8", "backslashreplace")}
    )
    pages = rows(run)
    with whole(file) as part, parquet.ParquetWriter(part, schema, compression="zstd") as writer:
        while group := list(islice(pages, ROWS)):
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema))
    return [file]
