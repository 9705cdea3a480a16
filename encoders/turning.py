"""How a page lies: which turn brings it upright, 0, 90, 180 or 270 degrees clockwise, or that nobody can tell.

    finder = TurnFinder.load()
    finder.find(image)                        # Turn(degrees=90, sure=0.998), of a page in mode "L" or "RGB"

A network of its own, the same for every model: the first stages of EfficientNet-Lite0 as ImageNet made them, and a
small one behind them that `data_scripts/make_turn.py` has taught on drawn pages, each turned four ways. It sees the
page in grey twice, 256 x 256: the whole of it, where margins, indents and the ends of lines show, and the square where
most is written, so close that letters reach above and below their line. Most pages are scanned upright, and none of
them should suffer: so a page is said to lie turned only where that is far likelier than what is asked of an upright
one (`Turn.certain`); what is less likely is said, and the page taken as it lies. That a page lies on its side shows
well, on which one less, and models mind less: it is then turned by the likelier of the two, which is at worst upside
down. What is hardly likely is not said either (`Turn.degrees` is None).

Weights, and what is likely enough, lie in `turn.safetensors` beside this file; `turn.onnx` says how they are computed.
ONNX Runtime does, on the CPU, page by page, whatever computes the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open

from encoders.base import BASE
from encoders.look import SEAL, seal_of
from encoders.towers import one_line
from output.files import file_hash
from reading.turns import CLOCKWISE, Turn
from settings.command import install_command
from utils import UserError, printable

if TYPE_CHECKING:
    import onnxruntime

    from settings.schema import Settings

FILE = Path(__file__).with_name("turn.safetensors")
SIDE = 256  # pixels of what the network sees, twice: so a turned page is the upright one turned
VIEWS = 2  # the whole page, stretched; and a square of it
LONGER = 896  # pixels of the longer side of the page that the square is cut from: of A4, the square is 85 mm wide
CELL, FULL = 16, 0.3  # the square is sought in steps of so many pixels; more edges than this share are no writing


def turn_pixels(image: Image.Image) -> np.ndarray:
    """The page (mode "L" or "RGB") as the network takes it: grey, uint8 [2, 256, 256], the whole and a square of it."""
    scale = LONGER / max(image.size)
    sides = [max(SIDE, round(side * scale / CELL) * CELL) for side in image.size]
    near = image.convert("L").resize(sides, Image.Resampling.BILINEAR, reducing_gap=2.0)
    left, top = _most_written(near)
    whole = near.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.stack([np.asarray(whole), np.asarray(near.crop((left, top, left + SIDE, top + SIDE)))])


def _most_written(page: Image.Image) -> tuple[int, int]:
    """Left and top of the square with most edges, of a grey page of whole cells; the same square however it lies."""
    grey = np.asarray(page.reduce(2), np.int16)
    edge = max(6.0, float(grey.std()) / 2)
    down, across = np.abs(np.diff(grey, axis=0)) > edge, np.abs(np.diff(grey, axis=1)) > edge
    edges = np.zeros(grey.shape, bool)
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    half, window = CELL // 2, SIDE // CELL
    rows, columns = (side // half for side in grey.shape)
    cells = edges.reshape(rows, half, columns, half).mean(axis=(1, 3)).clip(max=FULL)
    sums = np.zeros((rows + 1, columns + 1))
    sums[1:, 1:] = cells.cumsum(axis=0).cumsum(axis=1)
    squares = sums[window:, window:] - sums[:-window, window:] - sums[window:, :-window] + sums[:-window, :-window]
    top, left = np.unravel_index(int(squares.argmax()), squares.shape)
    return int(left) * CELL, int(top) * CELL


@cache
def turn_version() -> str:
    """What says how pages lie: SHA-256 of `turn.safetensors`. UserError where that file is missing."""
    try:
        return file_hash(FILE)
    except OSError as error:
        raise UserError(f"{printable(str(FILE))} cannot be read ({error.strerror}): copy the program anew") from None


def turned_by(settings: Settings) -> dict[str, str]:
    """What of it makes two runs the same work: {} where pages are taken as they lie."""
    return {"turns": turn_version()} if settings.input.upright else {}


def as_they_lie(settings: Settings, bases: Iterable[str]) -> bool:
    """Whether pages are taken as they lie. bases: of the models that are to see them; one of another base than ours
    does: its makers' figures are of such pages, and it must give what it gave them."""
    return not settings.input.upright or any(base != BASE for base in bases)


def turn_finder(settings: Settings, bases: Iterable[str]) -> TurnFinder | None:
    """What says how pages lie; None where they are taken `as_they_lie`. UserError: it cannot be had."""
    if as_they_lie(settings, bases):
        return None
    if find_spec("onnxruntime") is None:
        raise UserError(
            "ONNX Runtime, which finds pages that lie on their side, is not installed: "
            f"{install_command('requirements-sort.txt')}; or take pages as they lie: --no-upright"
        )
    return TurnFinder.load()


def turn_of(logits: np.ndarray, temperature: float, lying: float, inverted: float, said: float) -> Turn:
    """What the network's four numbers say. temperature: what they are divided by; the least probabilities at which it
    is certain that a page lies on its side, on whichever it is, or upside down, and at which anything is said.

    >>> turn_of(np.array([0.0, 5.0, 0.0, 0.0]), 1.0, 0.9, 0.9, 0.5).degrees
    90
    """
    likely = np.asarray(logits, np.float64) / temperature
    likely = np.exp(likely - likely.max())
    likely /= likely.sum()
    side = 1 if likely[1] >= likely[3] else 3
    if likely[1] + likely[3] >= lying:
        return Turn(CLOCKWISE[side], float(likely[side]))
    best = int(likely.argmax())
    sure = float(likely[best])
    if sure < said:
        return Turn(None, sure)
    return Turn(CLOCKWISE[best], sure, best == 0 or (best == 2 and sure >= inverted))


class TurnFinder:
    """See `reading.turns.TurnFinder`. Made by `load`."""

    def __init__(self, session: onnxruntime.InferenceSession, settings: dict[str, float]) -> None:
        self._session, self._settings = session, settings

    @classmethod
    def load(cls) -> TurnFinder:
        """The finder. UserError: its files are missing or damaged, or do not belong together."""
        from encoders.onnx_engine import LOADING, open_session

        version, file = turn_version(), FILE.with_suffix(".onnx")
        shown = printable(str(file))
        try:
            graph = file.read_bytes()
            if graph[-SEAL:] != seal_of(graph[:-SEAL], version).encode():
                raise UserError(f"{shown} is damaged, or of another version than {FILE.name}: copy the program anew")
            with safe_open(FILE, "np") as stored:
                about = stored.metadata() or {}
            settings = {name: float(about[name]) for name in ("temperature", "lying", "inverted", "said")}
            return cls(open_session(file, threads=1), settings)
        except OSError as error:
            raise UserError(f"{shown} cannot be read ({error.strerror}): copy the program anew") from None
        except (SafetensorError, KeyError, ValueError) as error:
            raise UserError(
                f"{printable(str(FILE))} cannot be read ({one_line(error)}): copy the program anew"
            ) from None
        except LOADING as error:
            raise UserError(f"{shown}: ONNX Runtime cannot load it ({one_line(error)}): update it") from error

    def find(self, image: Image.Image) -> Turn:
        """How a page in mode "L" or "RGB" lies. UserError where there is not enough memory."""
        return turn_of(self.logits(turn_pixels(image)), **self._settings)

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """What the network says of uint8 [2, 256, 256]: float32 [4], in the order of `CLOCKWISE`."""
        from encoders.onnx_engine import RUNNING

        try:
            return self._session.run(["turns"], {"pixels": pixels})[0]
        except RUNNING as error:
            raise UserError(f"how a page lies cannot be computed ({one_line(error)}): give fewer --workers") from error

    def __reduce__(self) -> tuple[object, ...]:
        """A process that decodes opens its own."""
        return TurnFinder.load, ()
