"""From the picture of a formula to LaTeX, with how sure that is: the model of a folder, on the engine that suits.

    recognizer = Recognizer.load(Path("models/formulas"))
    (reading,) = recognizer.read([Image.open("formula.png")], beams=4)
    display(reading.latex), reading.confidence                   # formulas/latex.py

Works with PyTorch or without it (graphs.py); what a picture reads as does not depend on its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.engine import choose_engine
from encoders.towers import read_json
from formulas.calibration import Calibration
from formulas.graphs import OnnxEngine, has_graphs
from formulas.latex import LatexError, normalise
from formulas.model_folder import GENERATION, RECORD, TOKENIZER, Parts, model_hash, read_parts
from formulas.pictures import NoFormula, prepare
from formulas.search import Ends, Engine, Found, search
from settings.command import install_command
from utils import UserError, cores, printable

if TYPE_CHECKING:
    from PIL import Image
    from tokenizers import Tokenizer

NOT_READ = "likely no formula, or badly read"
NOTHING = "no formula: nothing was read"
UNKNOWN = "signs that this model has no token for are left out"
REPEATED = "it began to repeat itself, and was turned away from that"
CUT_OFF = "cut off: longer than what this model reads"
UNSURE_OF_FAULTS = 0.01  # confidence at most of what is no LaTeX
MOST_PIXELS = 16_000_000  # of a picture; a page of A4 at 300 dpi has 9 million


@dataclass(frozen=True)
class Reading:
    """What a picture says.

    latex: normalised (formulas/latex.py), "" where there is nothing to read. confidence: how likely it is exactly
    right, 0..1, calibrated. alternatives: other readings with their confidence, the likeliest first. warnings: a line
    each. sound: whether it is LaTeX, and whole. mean, total: log-probabilities of a token and of all of them, as the
    network gave them.
    """

    latex: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()
    warnings: tuple[str, ...] = ()
    sound: bool = True
    mean: float = -math.inf
    total: float = -math.inf


class Recognizer:
    """A model of formulas. Made by `load`.

    Attributes:
        folder: where it was loaded from; name: of that folder.
        parts: what the folder says of it (model_folder.py).
        engine: what computes it; several threads may call `read` where `engine.alone`.
        calibration: None where the model has none: confidence is then the mean probability of a token.
    """

    def __init__(self, folder: Path, parts: Parts, engine: Engine, tokenizer: Tokenizer) -> None:
        self.folder, self.parts, self.engine = folder, parts, engine
        self.name = folder.resolve().name
        self._tokenizer = tokenizer
        self._unknown = tokenizer.token_to_id("<unk>")
        try:
            self.calibration = Calibration.from_json(parts.calibration)
        except (TypeError, ValueError) as error:
            raise UserError(f"{printable(str(folder))}: {RECORD}: calibration is none of this version") from error

    @classmethod
    def load(cls, folder: Path, device: str = "auto", engine: str = "auto", threads: int = 0) -> Recognizer:
        """The model of a folder. engine: auto, onnx or torch; threads: of "onnx" within one picture, 0 = all there are.

        UserError: no such model, broken files, an engine or device that is not to be had.
        """
        parts = read_parts(folder)
        ends = _ends(folder, parts)
        shown = printable(str(folder))
        if not has_graphs(folder) and (engine == "onnx" or find_spec("torch") is None):
            raise UserError(
                f"{shown} has no graphs ({RECORD} and the weights alone), so it is read by PyTorch: "
                + ("leave --engine onnx out" if find_spec("torch") else install_command("requirements.txt"))
            )
        chosen = choose_engine(folder, engine=engine, device=device, precision="fp32")
        if chosen.engine == "onnx":
            loaded: Engine = OnnxEngine.load(folder, ends, threads or cores())
        else:
            from formulas.torch_engine import TorchEngine

            loaded = TorchEngine.load(folder, ends, chosen.device)
        return cls(folder, parts, loaded, _tokenizer(folder))

    @property
    def hash(self) -> str:
        """What tells this model from others, 64 hexadecimal digits."""
        return model_hash(self.folder)

    def read(self, pictures: Sequence[Image.Image], beams: int = 1) -> list[Reading]:
        """The reading of each picture, of any mode and size. beams: beginnings followed at once, 1 = greedy."""
        return self.read_placed([self.placed(picture) for picture in pictures], beams)

    def placed(self, picture: Image.Image) -> np.ndarray | str:
        """What the network sees of a picture, float32 [C, H, W]; or why there is nothing to read."""
        reduced = math.ceil(math.sqrt(picture.width * picture.height / MOST_PIXELS))
        if reduced > 1:  # a formula has far fewer; what is larger is looked at smaller, so that memory stays bounded
            picture = (picture if picture.mode in ("L", "RGB") else picture.convert("RGB")).reduce(reduced)
        try:
            return self.parts.canvas.place(prepare(picture))
        except NoFormula as error:
            return str(error)

    def read_placed(self, placed: Sequence[np.ndarray | str], beams: int = 1) -> list[Reading]:
        """The reading of each; see `read` and `placed`."""
        readings: dict[int, Reading] = {}
        # Pictures of one size at once: one beside a larger one would be another picture.
        alike: dict[tuple[int, ...], list[int]] = {}
        for at, one in enumerate(placed):
            if isinstance(one, str):
                readings[at] = Reading("", 0.0, warnings=(f"no formula: {one}",), sound=False)
            else:
                alike.setdefault((at,) if self.engine.alone else one.shape, []).append(at)
        for places in alike.values():
            found = search(self.engine, np.stack([placed[at] for at in places]), beams)
            for at, of_one in zip(places, found, strict=True):
                readings[at] = self._reading(of_one)
        return [readings[at] for at in range(len(placed))]

    def _reading(self, found: list[Found]) -> Reading:
        """What is said of the readings of one picture: the likeliest that is LaTeX, or else the likeliest."""
        read: list[tuple[Found, str, tuple[str, ...]]] = []
        for one in found:
            latex, faults = self._latex(one)
            if latex not in [known for _, known, _ in read]:
                read.append((one, latex, faults))
        read.sort(key=lambda one: bool(one[2]))
        best, latex, faults = read[0]
        warnings = faults
        if self.calibration and math.exp(best.mean) < self.calibration.threshold:
            warnings = (NOT_READ, *faults)
        others = tuple((other, self._confidence(one, sound=not wrong)) for one, other, wrong in read[1:])
        sure, sound = self._confidence(best, sound=not faults), not faults
        return Reading(latex, sure, others, warnings, sound, best.mean, best.log_probability)

    def _latex(self, found: Found) -> tuple[str, tuple[str, ...]]:
        """Normalised LaTeX, and what is wrong with it; as read where it is none."""
        text = self._tokenizer.decode(found.tokens, skip_special_tokens=True)
        faults = [] if found.ended else [CUT_OFF]
        if self._unknown in found.tokens:
            faults.append(UNKNOWN)
        if not text.strip():
            return "", (NOTHING, *faults)
        if found.turned:
            faults.append(REPEATED)
        try:
            return normalise(text), tuple(faults)
        except LatexError as error:
            return " ".join(text.split()), (f"not LaTeX: {error}", *faults)

    def _confidence(self, found: Found, *, sound: bool) -> float:
        return confidence(self.calibration, found.mean, found.log_probability, sound=sound)


def confidence(calibration: Calibration | None, mean: float, total: float, *, sound: bool) -> float:
    """How sure a reading is, 0..1. mean, total: its log-probabilities; sound: whether it is LaTeX, and whole."""
    sure = calibration.confidence(total) if calibration else math.exp(mean)
    return sure if sound else min(sure, UNSURE_OF_FAULTS)


def _ends(folder: Path, parts: Parts) -> Ends:
    said = read_json(folder / GENERATION)
    start, end = said.get("decoder_start_token_id"), said.get("eos_token_id")
    end = end[0] if isinstance(end, list) and end else end
    if not isinstance(start, int) or not isinstance(end, int):
        raise UserError(f"{printable(str(folder))}: {GENERATION} does not say how a reading begins and ends")
    never = {start, said.get("pad_token_id")} - {end, None}
    return Ends(start, end, max(1, parts.longest - 1), tuple(sorted(never)))


def _tokenizer(folder: Path) -> Tokenizer:
    """The vocabulary, without transformers."""
    from tokenizers import Tokenizer

    file = folder / TOKENIZER
    try:
        return Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except Exception as error:  # a bare one is what `tokenizers` raises for whatever it refuses
        raise UserError(f"{printable(str(file))}: cannot be read ({str(error)[:200]})") from error
