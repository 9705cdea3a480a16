"""The pictures of README and docs/judging.md: a result table of the sample pages, drawn as it stands.

python run.py -d category_samples
python benchmarks/quick_start_picture.py result/tables/result_<date-time>_EfficientNet-Lite0_1n_11c.csv
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))


def main() -> None:
    """Draw every row (page, category, score, and whether the folder says the same), then the first page a category."""
    from output.contact_sheet import Tile, draw_sheet
    from reading.pages import find_pages

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="a result table of category_samples")
    parser.add_argument("--output", type=Path, default=HOME / "docs", help="the folder of the two pictures")
    given = parser.parse_args()
    with given.table.open(encoding="utf-8", newline="") as file:
        rows = {row["PATH"]: row for row in csv.DictReader(file)}
    samples = HOME / "category_samples"
    tiles: dict[str, list[Tile]] = {}  # by the folder of the pages
    for page in sorted(find_pages(samples).pages, key=lambda page: page.path):
        row = rows[page.path]
        mark = "right" if row["CLASS-1"] == row["TRUE"] else f"wrong: {row['TRUE']}"
        tiles.setdefault(row["TRUE"], []).append(Tile(page, [f"{row['CLASS-1']}  {row['SCORE-1']}", mark]))
    right = sum(row["CLASS-1"] == row["TRUE"] for row in rows.values())
    title = f"python run.py -d category_samples: {right} of {len(rows)} drawn sample pages as their folder says"
    given.output.mkdir(parents=True, exist_ok=True)
    pictures = {
        "sample_pages.png": ([tile for of_category in tiles.values() for tile in of_category], title),
        "quick_start.png": ([of_category[0] for of_category in tiles.values()], f"{title}; the first page of each"),
    }
    for name, (shown, heading) in pictures.items():
        draw_sheet(shown, samples, given.output / name, title=heading, max_pixels=700_000_000)


if __name__ == "__main__":
    main()
