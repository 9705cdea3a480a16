"""`explore`: which room does which command, and what is missing where a package is.

    run_explore(settings, job)            # job.explore.command: index, search, clusters, map, duplicates, outliers

A room is imported when its command is asked for: each needs other packages (requirements-explore.txt), sorting none.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from utils import UserError

if TYPE_CHECKING:
    from run import Job
    from settings.schema import Settings

ROOMS = {
    "index": ("explore.indexing", "run_index"),
    "search": ("explore.search", "run_search"),
    "clusters": ("explore.clusters", "run_clusters"),
    "map": ("explore.map", "run_map"),
    "duplicates": ("explore.duplicates", "run_duplicates"),
    "outliers": ("explore.outliers", "run_outliers"),
}
# Packages of requirements-explore.txt, as they are imported, and the commands that need them ("" = all).
EXTRA = {"lancedb": "", "pyarrow": "", "openTSNE": "map", "cv2": "duplicates"}


def run_explore(settings: Settings, job: Job) -> int:
    """Do `job.explore`; the exit code. UserError, in one line, where packages are missing."""
    command = job.explore.command
    missing = [
        package
        for package, needs in EXTRA.items()
        if needs in ("", command) and importlib.util.find_spec(package) is None
    ]
    if missing:
        names = ", ".join(missing)
        raise UserError(
            f"explore {command} needs packages that are not installed ({names}): python -m pip install -r "
            "requirements-explore.txt"
        )
    room, work = ROOMS[command]
    return getattr(importlib.import_module(room), work)(settings, job)
