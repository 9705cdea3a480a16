"""The model that the desk sorts with, and the index of the collection: opened once, for all rooms that ask them.

sorter = open_sorter(settings)                 # UserError where there is no model, or it cannot be computed here
sorter.classifying.classifier, sorter.folder
index_of(settings, sorter)                     # a LookAlikes, or in one line why there is none
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from desk.classifying import Classifying, PageLimits
from desk.lookalikes import LookAlikes
from encoders.choosing import choose_model
from encoders.descriptions import chosen_descriptions
from encoders.turning import turn_finder
from explore.flags import INDEX, OUTPUT
from settings.command import NO_MODEL, install_command, quoted
from settings.flags import PROGRAM
from settings.schema import Settings
from sorting.computing import open_classifier
from utils import printable

HELD = "desk"  # the folder in the output folder for files that cannot be kept in memory


@dataclass(frozen=True)
class Sorter:
    """name: of the model, as people know it; folder: where it lies."""

    name: str
    folder: Path
    classifying: Classifying


def open_sorter(settings: Settings) -> Sorter:
    """The model that `run.py -f` takes with these settings. UserError where there is none."""
    choice = choose_model(settings, NO_MODEL)
    classifier = open_classifier(choice, settings, chosen_descriptions(settings))
    limits = PageLimits(pixels=min(PageLimits.pixels, settings.input.max_pixels))
    classifying = Classifying(
        classifier,
        limits,
        folder=settings.output.folder / HELD,
        batch_size=settings.setup.batch_size,
        strict=settings.input.strict,
        turns=turn_finder(settings, [classifier.base]),
    )
    return Sorter(printable(Path(choice.source).name), Path(choice.source), classifying)


def index_of(
    settings: Settings, sorter: Sorter | None, pages: Path | None = None, table: Path | None = None
) -> LookAlikes | str:
    """The index in the output folder, or why there is none. pages, table: of the run on the desk, if there is one."""
    folder = settings.output.folder / INDEX
    if not (folder / "index.json").is_file():
        words = ["PAGES" if pages is None else str(pages)]
        if table is not None and table.name.startswith("result_"):  # else its pages have no categories to search by
            words += ["--table", str(table)]
        if settings.output.folder != Settings().output.folder:
            words += ["--index", str(folder)]
        makes = f"{PROGRAM} explore index {quoted(words)}"
        return f"there is no index in {printable(str(folder))}: {makes} makes one; then open the desk again"
    if missing := [name for name in ("lancedb", "pyarrow") if find_spec(name) is None]:
        return f"the index needs {' and '.join(missing)}: {install_command('requirements-explore.txt')}"
    classifier = sorter.classifying.classifier if sorter else None
    return LookAlikes(folder, settings, classifier, sorter.folder if sorter else None)


def maps_of(settings: Settings) -> Path:
    """Where the commands of `explore` write."""
    return settings.output.folder / OUTPUT
