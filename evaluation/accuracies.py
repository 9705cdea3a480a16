"""Pictures of what `--eval_dir` found: base by description set, zero-shot and fine-tuned.

    python run.py --vis                        # from result/stats/model_accuracies*.csv
    python run.py --vis -d old/result/stats    # from other tables, the earlier tool's too

The earlier tool's tables have two columns, `model_name,accuracy` (in %, e.g. `ViT-B/16 mid,99.14`). Of two rows for the
same base, set and kind the newer table's counts; of two models, the better one.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.choosing import canonical_base
from evaluation.command import AccuracyPictures
from evaluation.comparison import AVERAGED, COLUMNS
from evaluation.judging import free_name
from output.spreadsheets import number_in, open_table
from utils import UserError, printable

if TYPE_CHECKING:
    from settings.schema import Settings

PATTERN = "model_accuracies*.csv"
EARLIER = {"MODEL_NAME", "ACCURACY"}
AVERAGES = {"avg", "average", "averaged", "total"}


@dataclass(frozen=True)
class Accuracy:
    """One number of a table: accuracy 0..1; kind: "tuned" or "zero-shot"; descriptions: the set, "averaged" for all."""

    base: str
    descriptions: str
    kind: str
    accuracy: float


def run_drawing(settings: Settings, job: AccuracyPictures) -> int:
    """Draw the heat map and print what it shows; 0. UserError where there is no table with a number."""
    folder = job.directory or settings.output.folder / "stats"
    if not folder.is_dir():
        raise UserError(f"no folder {printable(str(folder))}: make a table with --eval_dir, or name its folder with -d")
    files = sorted(folder.glob(PATTERN), key=lambda file: (file.stat().st_mtime, file.name))
    if not files:
        raise UserError(
            f"no {PATTERN} in {printable(str(folder))}: make one with --eval_dir, or name its folder with -d"
        )
    panels: dict[str, dict[tuple[str, str], float]] = {"fine-tuned": {}, "zero-shot": {}}
    for file in files:
        for key, value in best_of(read_accuracies(file)).items():
            kind, descriptions, base = key
            panels["fine-tuned" if kind == "tuned" else "zero-shot"][descriptions, base] = value
    if not any(panels.values()):
        raise UserError(f"no accuracies in {', '.join(file.name for file in files)}")
    from evaluation.plots import draw_heat_map

    plots = settings.output.folder / "plots"
    picture = draw_heat_map(panels, free_name(plots, f"model_accuracies_map_{time.strftime('%Y%m%d-%H%M%S')}", ".png"))
    for title, cells in panels.items():
        if cells:
            (descriptions, base), value = max(cells.items(), key=lambda item: item[1])
            print(f"{title}: {len(cells)} accuracies, the best {100 * value:.2f} % ({printable(base)}, {descriptions})")
    print(f"files:\n  {printable(str(picture))}")
    return 0


def read_accuracies(file: Path) -> list[Accuracy]:
    """The numbers of a table of ours or of the earlier tool; rows without a number are passed over.

    Raises UserError for a table that is neither.
    """
    table = open_table(file, (*COLUMNS, *EARLIER))
    columns = set(table.columns)
    ours = set(COLUMNS) <= columns
    if not ours and not columns >= EARLIER:
        head = ", ".join(sorted(table.header)) or "none"
        raise UserError(f"{printable(str(file))} has no accuracies: its columns are {head}")
    accuracies = []
    for _, row in table.rows:
        value = number_in(row["ACCURACY"])
        if ours:
            named = row["BASE"], row["DESCRIPTIONS"], row["KIND"]
        else:
            value = value if value is None or "%" in row["ACCURACY"] else value / 100  # in %, with or without the sign
            named = _earlier(row["MODEL_NAME"])
        if value is not None and 0 <= value <= 1:
            accuracies.append(Accuracy(*named, value))
    return accuracies


def best_of(accuracies: list[Accuracy]) -> dict[tuple[str, str, str], float]:
    """(kind, set, base) -> the best accuracy of one table."""
    best: dict[tuple[str, str, str], float] = {}
    for accuracy in accuracies:
        key = accuracy.kind, accuracy.descriptions, accuracy.base
        best[key] = max(accuracy.accuracy, best.get(key, 0.0))
    return best


def _earlier(name: str) -> tuple[str, str, str]:
    """Base, set and kind from a name of the earlier tool.

    >>> _earlier("ViT-B/32 avg zero"), _earlier("ViT-L/14-336 init")
    (('ViT-B/32', 'averaged', 'zero-shot'), ('ViT-L/14@336px', 'init', 'tuned'))
    """
    words = name.split()
    kind = "zero-shot" if "zero" in words[1:] else "tuned"
    rest = [word for word in words[1:] if word != "zero"]
    base = canonical_base(re.sub(r"-336(px)?$", "@336px", words[0])) if words else ""
    descriptions = " ".join(rest) or AVERAGED
    return base, AVERAGED if descriptions.lower() in AVERAGES else descriptions, kind
