"""`writers compare`: did one hand write two pages? Similarity, probability, and a verdict that may be "unknown".

python run.py writers compare a.png b.png
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils import printable
from writers.command import Compare
from writers.query import describe, open_model, query_pages
from writers.verdict import about, verdict

if TYPE_CHECKING:
    from settings.schema import Settings


def run_compare(settings: Settings, job: Compare) -> int:
    """Compare, print, draw the sheet; 0. UserError for a page that cannot be read or holds no handwriting."""
    pages = query_pages(job.pages, job.numbers)
    model = open_model(job.model, settings)
    (_, first), (_, second) = (describe(model.hands, page, settings) for page in pages)
    similarity = float(first.vector @ second.vector)
    probability = "" if model.calibration is None else f", {model.calibration.probability(similarity):.0%} probable"
    print(f"{printable(pages[0].path)} and {printable(pages[1].path)}: {verdict(similarity, model.calibration)}")
    print(f"similarity {similarity:.3f}{probability}")
    print(about(model.calibration))
    return 0
