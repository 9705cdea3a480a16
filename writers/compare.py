"""`writers compare`: did one hand write two pages? Similarity, probability, and a verdict that may be "unknown".

    python run.py writers compare a.png b.png

Leaves <output>/compare_<time>/: sheet.png (both pages, with the strokes that made them alike), run.json.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from index.records import free_folder, output_folder, write_plain_record
from utils import printable
from writers.command import Compare
from writers.query import describe, open_model, page_of_file, query_pages
from writers.sheets import LEGEND, Sheet
from writers.verdict import about, verdict

if TYPE_CHECKING:
    from settings.schema import Settings

BOX = (640, 860)  # pixels of a page on the sheet, at most


def run_compare(settings: Settings, job: Compare) -> int:
    """Compare, print, draw the sheet; 0. UserError for a page that cannot be read or holds no handwriting."""
    started = time.time()
    pages = query_pages(job.pages, job.numbers)
    model = open_model(job.model, settings)
    (first_image, first), (second_image, second) = (describe(model.hands, page, settings) for page in pages)
    similarity = float(first.vector @ second.vector)
    probability = None if model.calibration is None else model.calibration.probability(similarity)
    names = [f"{Path(page.path).name}{page_of_file(page)}" for page in pages]
    said, basis = verdict(similarity, model.calibration), about(model.calibration)
    figures = f"similarity {similarity:.3f}{'' if probability is None else f', {probability:.0%} probable'}"
    print(f"{printable(names[0])} and {printable(names[1])}: {said}")
    print(figures)
    print(basis)
    folder = output_folder(free_folder(job.output, time.strftime("compare_%Y%m%d-%H%M%S")))
    sheet = Sheet(f"{said}: {figures}", settings, BOX)
    sheet.add(first_image, first, [names[0]], second.vector)
    sheet.add(second_image, second, [names[1]], first.vector)
    record = {
        "images": [str(page.path) for page in pages],
        "frames": [page.frame for page in pages],
        "model": model.hands.name,
        "model_hash": model.hands.hash,
        "similarity": round(similarity, 6),
        "probability": probability,
        "verdict": said,
    }
    files = [sheet.save(folder / "sheet.png", [LEGEND, basis]), write_plain_record(folder, job, started, record)]
    print("files:")
    for file in files:
        print(f"  {printable(str(file))}")
    return 0
