"""The model that a command means, and the page that it asks about, described.

hands = open_hands(job.model, settings)
image, description = describe(hands, query_page(Path("will.pdf"), 3), settings)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.columns import BackboneInfo
from reading.decoding import PageError, Reader
from reading.memory_gate import one_page
from reading.page_errors import no_room
from reading.pages import Page, pages_of_files
from settings.config_file import HOME, near
from settings.given_paths import expanded
from utils import UserError, did_you_mean, printable
from writers.calibration import Calibration
from writers.hands import Hands
from writers.isolation import LONGEST, NoHandwriting

if TYPE_CHECKING:
    from PIL import Image

    from index.database import Index
    from settings.schema import Settings
    from writers.hands import PageDescription

SHIPPED = near(HOME / "models" / "hands")
MIN_SIDE = LONGEST // 2  # pixels: a PDF page is drawn with a shorter side of twice that, all that isolation looks at


@dataclass(frozen=True)
class Model:
    """A model of hands. folder: where it lies. calibration: what its similarities mean, None where nobody knows."""

    hands: Hands
    folder: Path
    calibration: Calibration | None

    @classmethod
    def load(cls, folder: Path) -> Model:
        """The model in a folder. UserError where there is none."""
        hands = Hands.load(folder)
        calibration = None
        if hands.calibration is not None:
            try:
                calibration = Calibration.from_json(hands.calibration)
            except (KeyError, TypeError, ValueError) as error:
                shown = printable(str(folder))
                raise UserError(f"the calibration of the model {shown} is damaged: copy the model anew") from error
        return cls(hands, folder, calibration)

    @property
    def info(self) -> BackboneInfo:
        """What an index keeps of it."""
        return BackboneInfo(
            self.hands.name, str(self.folder.absolute()), self.hands.hash, "hand", self.hands.dimensions, False
        )


def open_model(name: str, settings: Settings) -> Model:
    """The model of hands: "" = the one that ships, a path, or a name in the models folder. UserError: not there."""
    if not name:
        return Model.load(SHIPPED)
    models = settings.setup.model_dir
    for folder in (expanded(name), models / name):
        if folder.is_dir():
            return Model.load(folder)
        if folder.is_file():
            raise UserError(f"--model {printable(name)} is a file: a model of hands is a folder")
    there = sorted(file.parent.name for file in models.glob("*/hands.json"))
    known = ", ".join(map(printable, there)) or "none"
    raise UserError(
        f"--model {printable(name)}: no such folder (models of hands in {printable(str(models))}: {known})"
        f"{did_you_mean(name, there)}"
    )


def open_for(index: Index, name: str, settings: Settings) -> Model:
    """The model that made an index: from where it lay then, or `name` where it has moved. UserError: another one."""
    source = Path(index.backbone.source)
    if not name and not source.is_dir():
        if source.name != SHIPPED.name:
            raise UserError(
                f"the index {printable(str(index.folder))} was made by {index.backbone.name}, which is no longer in "
                f"{printable(str(source))}: say with --model where it lies now"
            )
        source = SHIPPED
    model = open_model(name, settings) if name else Model.load(source)
    index.check_backbone(model.info)
    return model


def query_pages(files: Sequence[Path], numbers: Sequence[int]) -> list[Page]:
    """The one page that each file stands for. numbers: which of files of several, in the order of such files.

    UserError: no such file, a file of several without its number, a number too many or beyond the last page.
    """
    left = iter(numbers)
    pages = [_query_page(file, left) for file in files]
    if (unused := next(left, None)) is not None:
        raise UserError(f"--page {unused}: {printable(str(files[-1]))} is a file of one page: leave it out")
    return pages


def _query_page(file: Path, numbers: Iterator[int]) -> Page:
    pages = pages_of_files([file], folder="a single page is asked for").pages
    shown = printable(str(file))
    if pages[0].reason:
        raise UserError(f"{shown} cannot be read: {pages[0].reason}")
    if pages[0].frame is None:
        return pages[0]
    number = next(numbers, None)
    if number is None:
        if len(pages) > 1:
            raise UserError(f"{shown} holds {len(pages)} pages: say with --page which one is meant")
        return pages[0]
    if number > len(pages):
        raise UserError(f"--page {number}: {shown} holds {len(pages)} page{'s' * (len(pages) > 1)}")
    return next(page for page in pages if page.frame == number - 1)


def describe(hands: Hands, page: Page, settings: Settings) -> tuple[Image.Image, PageDescription]:
    """A page as an upright image, and its description. UserError where it cannot be read or holds no handwriting."""
    shown = printable(page.path)
    with Reader(min_side=MIN_SIDE, max_pixels=settings.input.max_pixels) as reader, one_page():
        try:
            image = reader.page(Path(page.path), page.frame)
            return image, hands.describe(image)
        except PageError as error:
            raise UserError(f"{shown} cannot be read: {error}") from None
        except MemoryError as error:
            raise UserError(f"{shown} cannot be read: {no_room(error)}") from None
        except NoHandwriting as error:
            raise UserError(f"{shown}: {error}") from None


def page_of_file(page: Page) -> str:
    """Which page of a file of several, for people; "" where the file is one page."""
    return "" if page.frame is None else f", page {page.number}"
