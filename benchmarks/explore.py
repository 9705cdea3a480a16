"""What `explore` is worth, and what it costs: every table of docs/explore.md.

    python benchmarks/explore.py --quality        # neighbours, reverse image search, clusters: by category
    python benchmarks/explore.py --near           # re-scans among 1,000 pages
    python benchmarks/explore.py --same --drawn 1900 --seed 72 --count 2000 --work same   # the same page among 2,000
    python benchmarks/explore.py --scale          # a million vectors, indexing speed, a second run
    python benchmarks/explore.py --quality --model models/mine

Real pages are taken from --pages (label folders), drawn ones are made by data_scripts/draw_pages.py. Everything is
written below --work and used again by a later run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import HOME, machine, run_process

SHARED = HOME.parent / "shared"
JUDGED = 440  # drawn pages of --quality, and those whose vectors are jittered for --scale
WORK = Path(tempfile.gettempdir()) / "explore_benchmark"


def drawn_pages(work: Path, count: int, seed: int) -> list[Path]:
    """Drawn pages in label folders, in an order that mixes categories; drawn where they are not there yet."""
    folder = work / "drawn"
    drawn = sorted(folder.glob("*/*.jpg"))
    if len(drawn) < count:
        done = run_process(["data_scripts/draw_pages.py", folder, "--pages", str(count), "--seed", str(seed)])
        if done.code:
            sys.exit(f"drawing failed:\n{done.output}")
        drawn = sorted(folder.glob("*/*.jpg"))
    return sorted(drawn, key=lambda page: (page.stem, page.parent.name))


def main() -> None:
    """Parse the command line and run the parts that are asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quality", action="store_true", help="neighbours, reverse image search, clusters")
    parser.add_argument("--near", action="store_true", help="near-duplicates")
    parser.add_argument("--same", action="store_true", help="the same page again: which vectors serve which job")
    parser.add_argument("--scale", action="store_true", help="speed, disk and memory")
    parser.add_argument("--model", default="", help="the backbone (default: the default model)")
    parser.add_argument("--pages", type=Path, default=SHARED / "pages", help="real pages (default: %(default)s)")
    parser.add_argument("--pdf", type=Path, default=SHARED / "pdf", help="a real report (default: %(default)s)")
    parser.add_argument(
        "--others", type=Path, nargs="*", default=[SHARED / "hands" / "wills", SHARED / "hands" / "registers",
        SHARED / "writers" / "pages"], help="folders of pages of other archives, for --same"
    )  # fmt: skip
    parser.add_argument("--work", type=Path, default=WORK, help="(default: %(default)s)")
    parser.add_argument("--drawn", type=int, default=880, help="drawn pages (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of the drawn pages (default: %(default)s)")
    parser.add_argument("--count", type=int, default=1000, help="pages among which re-scans are sought (%(default)s)")
    parser.add_argument("--vectors", type=int, default=1_000_000, help="stored vectors of --scale (%(default)s)")
    parser.add_argument("--names", type=int, default=100_000, help="unchanged files of a second run (%(default)s)")
    given = parser.parse_args()
    every = not (given.quality or given.near or given.same or given.scale)
    print(f"machine: {machine()}", flush=True)
    work = given.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    real = sorted(given.pages.glob("*/*.png"))
    drawn = drawn_pages(work, given.drawn, given.seed)
    # First: memory is measured in processes whose parent has loaded nothing big.
    if given.scale or every:
        from explore_scale import measure_scale

        measure_scale(drawn[:JUDGED], work, given.model, given.vectors, given.names)
    if given.quality or every:
        from explore_quality import measure_quality

        measure_quality(real, drawn[:JUDGED], work, given.model)
    if given.near or every:
        from explore_near import measure_near

        measure_near(real, drawn, sorted(given.pdf.glob("*.pdf")), work, given.model, given.count)
    if given.same or every:
        from explore_same import measure_same

        measure_same(real, drawn, sorted(given.pdf.glob("*.pdf")), given.others, work, given.model, given.count)


if __name__ == "__main__":
    main()
