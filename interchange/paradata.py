"""The paradata record of the earlier tool, so that what merges or reads these records goes on working.

    python run.py -d pages/ --write paradata

Keys as its schema 2.0 has them, with counts that are right: the unit is the page (the earlier tool's pages were files
of their own), and total = processed + skipped. What a licence of the output is, is not computed from those of program
and model, which are listed.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path

from interchange.export import SortedRun
from interchange.provenance import laid_out, licence_address, origin_of
from output.files import write_whole
from utils import printable

NAMED = 20  # failed pages that are named; the errors table has them all


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write `paradata.json`."""
    made, record = origin_of(run), run.record
    components = [
        {"name": f"{made.software} {made.version}", "role": "program", "license": made.licence},
        {"name": f"{made.model_name} (SHA-256 {made.model_hash})", "role": "model", "license": made.model_licence},
    ]
    for component in components:
        component["license_url"] = licence_address(component["license"])
    failed = ({"file": printable(page.path), "page": page.number, "reason": page.reason} for page in _failed(run))
    paradata = {
        "schema_version": "2.0",
        "program": made.software,
        "tool_version": made.version,
        "repository": "",
        "runner_ref": "",
        "docker_image": made.image,
        "python_version": record["versions"]["python"],
        "run_id": run.name,
        "license": made.licence,
        "license_url": licence_address(made.licence),
        "license_detail": {
            "components": components,
            "unknown_licenses": [component["name"] for component in components if not component["license"]],
            "notes": "license is that of the program; what the output may be used for is not derived from it",
        },
        "start_time": made.started,
        "end_time": made.ended,
        "duration_seconds": (datetime.fromisoformat(made.ended) - datetime.fromisoformat(made.started)).total_seconds(),
        "config": {section: record["settings"][section] for section in ("input", "output", "setup")},
        "statistics": {
            "unit": "page",
            "input_files_total": made.pages,
            "successfully_processed": made.pages - made.failed,
            "skipped_files": made.failed,
            "output_counts_by_type": {"result_rows": made.pages - made.failed, "error_rows": made.failed},
            "performance_per_minute": {"pages": round(record["pages_per_second"] * 60, 2)},
        },
        "skipped_files_detail": list(islice(failed, NAMED)),
        "skipped_files_not_listed": max(0, made.failed - NAMED),  # the errors table of the run has them
    }
    return [write_whole(folder / "paradata.json", laid_out(paradata) + "\n")]


def _failed(run: SortedRun):  # noqa: ANN202 (an iterator of pages)
    return (page for page in run.pages() if page.reason)
