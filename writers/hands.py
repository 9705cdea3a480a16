"""The model of hands: a page -> its page descriptor, one vector whose dot product with another is the similarity.

    hands = Hands.load(Path("models/hands"))
    a, b = hands.describe(Image.open("a.png")), hands.describe(Image.open("b.png"))
    float(a.vector @ b.vector)                                        # the similarity, 1 = the same
    a.shares(b.vector)                                                # what each patch of a adds to it

A model folder holds `hands.json` (what is computed, the calibration, figures) and `hands.safetensors`. A model may have
several parts, each a kind of codes of the page's patches; the page descriptor is their concatenation, by weight.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from output.files import file_hash, write_json, write_whole
from utils import UserError, printable
from writers.encoder import SAGHOG, SaghogCoder
from writers.isolation import Handwriting, NoHandwriting, isolate, isolation_version
from writers.keypoints import LENGTH, OWN, PENS, LocalFeatures, local_features
from writers.vlad import Codes, Patches, Vlad
from writers.whitening import Whitening, powered

if TYPE_CHECKING:
    from PIL import Image

RECORD, WEIGHTS = "hands.json", "hands.safetensors"
FORMAT = 1
VLAD = "vlad"
FEWEST_PATCHES = 20


class Coder(Protocol):
    """Handwriting -> codes of its patches."""

    kind: str
    dimensions: int

    def patches(self, hand: Handwriting) -> Patches:
        """The patches of a page; there may be none."""

    def settings(self) -> dict[str, Any]:
        """What of it stands in hands.json, beside its kind."""

    def tensors(self) -> dict[str, np.ndarray]:
        """What of it stands in hands.safetensors, by name."""


@dataclass(frozen=True)
class VladCoder:
    """Upright RootSIFT at the keypoints of the ink, as written or drawn again with one pen, and VLAD."""

    vlad: Vlad
    pen: int = OWN
    kind = VLAD

    @property
    def dimensions(self) -> int:
        """Numbers of a page's sum."""
        return self.vlad.dimensions

    def patches(self, hand: Handwriting) -> Patches:
        """As `Coder` has it."""
        return self.patches_of(local_features(hand, (self.pen,)))

    def patches_of(self, features: LocalFeatures) -> Patches:
        """The same, of local features that are known already, perhaps of other pens too."""
        features = features.of(self.pen)
        return Patches(features.places, features.sizes, self.vlad.codes(features.descriptors))

    def settings(self) -> dict[str, Any]:
        """As `Coder` has it."""
        return {"pen": self.pen}

    def tensors(self) -> dict[str, np.ndarray]:
        """As `Coder` has it."""
        return {"pca_mean": self.vlad.mean, "pca": self.vlad.matrix, "centres": self.vlad.centres}

    @classmethod
    def load(cls, settings: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> VladCoder:
        """From what a model folder holds. KeyError, ValueError: it does not fit."""
        vlad = Vlad(tensors["pca_mean"], tensors["pca"], tensors["centres"])
        if vlad.mean.shape != (LENGTH,) or vlad.matrix.shape != (LENGTH, vlad.centres.shape[1]):
            raise ValueError("the codebook")
        if settings["pen"] not in PENS:
            raise ValueError("the pen")
        return cls(vlad, settings["pen"])


CODERS = {VLAD: VladCoder.load, SAGHOG: SaghogCoder.load}


@dataclass(frozen=True)
class Part:
    """One kind of codes, and what makes a part of the page descriptor of their sum."""

    coder: Coder
    whitening: Whitening
    power: float = 0.5
    weight: float = 1.0  # of its cosine, beside that of other parts


@dataclass(frozen=True)
class PageDescription:
    """What the model sees in one page."""

    vector: np.ndarray  # float32 [D], of length 1
    places: np.ndarray  # float32 [n, 2]: x and y in pixels of the page given
    sizes: np.ndarray  # float32 [n]: diameters there
    _parts: list[tuple[Part, Codes, float]] = field(repr=False)  # and the share of the part's vector in the whole

    def shares(self, other: np.ndarray) -> np.ndarray:
        """What each patch adds to the cosine with another page's vector [D]: float32 [n]; they sum to it.

        The power of the sum is laid on its terms in proportion, number by number; what does not come from any patch
        (the mean that is taken off) is spread evenly.
        """
        shares, start = [], 0
        for part, codes, scale in self._parts:
            end = start + part.coder.dimensions
            total = codes.total()
            length = float(np.linalg.norm(np.abs(total) ** part.power)) or 1.0
            back = part.whitening.map(scale * other[start:end])  # the map is symmetric
            vector = powered(total, part.power)
            norm = float(np.linalg.norm(part.whitening.map(vector - part.whitening.mean))) or 1.0
            even = np.divide(np.abs(total) ** part.power, np.abs(total), out=np.zeros_like(total), where=total != 0)
            each = codes.along(back * even / (length * norm))
            constant = float(part.whitening.mean @ back) / norm
            shares.append(each - constant / max(1, len(each)))
            start = end
        return np.concatenate(shares).astype(np.float32)


class Hands:
    """A model of hands. Made by `load`, or of parts; any number of threads may use it at once.

    name: of its folder. dimensions: of a page descriptor. hash: SHA-256 of what decides page descriptors.
    calibration: what a similarity means, as `writers/calibration.py` keeps it, or None. figures: what it is worth, and
    what it was made of; `learned` there are the marks of the files of pages that it was fitted to (`marks_of`).
    """

    def __init__(
        self,
        parts: tuple[Part, ...],
        *,
        name: str = "",
        calibration: Mapping[str, Any] | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> None:
        self.parts, self.name = parts, name
        self.calibration, self.figures = calibration, dict(figures or {})
        self.dimensions = sum(part.coder.dimensions for part in parts)
        self.hash = self._hash()

    @classmethod
    def load(cls, folder: Path) -> Hands:
        """The model in a folder. UserError: there is none, it is damaged, or another version made it."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        shown = printable(str(folder))
        try:
            said = json.loads((folder / RECORD).read_bytes())
            content = (folder / WEIGHTS).read_bytes()
        except (OSError, ValueError) as error:
            raise UserError(
                f"{shown} is no model of hands ({RECORD} and {WEIGHTS} are wanted): give the folder that "
                "writers finetune made, or leave --model out for the one that is shipped (models/hands)"
            ) from error
        try:
            if said["format"] != FORMAT:
                raise UserError(
                    f"the model {shown} is of version {printable(str(said['format']))}, this program reads {FORMAT}"
                )
            if said["isolation"] != isolation_version():
                raise UserError(
                    f"the model {shown} belongs to another version of this program, which tells handwriting from paper "
                    "in another way: train it anew, or use the model that came with this version (models/hands)"
                )
            tensors = load(content)
            parts = tuple(_part(values, str(number), tensors) for number, values in enumerate(said["parts"]))
            hands = cls(parts, name=folder.name, calibration=said["calibration"], figures=said["figures"])
            fits = hands.hash == said["hash"] and parts
        except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(f"the model {shown} is damaged: copy it anew") from error
        if not fits:
            raise UserError(f"the model {shown} is damaged: its files do not belong together; copy it anew")
        return hands

    def save(self, folder: Path) -> None:
        """Write the model into a folder; hands.json, without which there is none, comes last."""
        from safetensors.numpy import save

        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WEIGHTS, save(self._tensors()))
        write_json(
            folder / RECORD,
            {
                "format": FORMAT,
                "hash": self.hash,
                "isolation": isolation_version(),
                "parts": self._settings(),
                "calibration": None if self.calibration is None else dict(self.calibration),
                "figures": self.figures,
            },
        )

    def describe(self, page: Image.Image) -> PageDescription:
        """The descriptor of an upright "L" or "RGB" page. Raises NoHandwriting where it has too little of a hand."""
        return self.describe_hand(isolate(page))

    def describe_hand(self, hand: Handwriting) -> PageDescription:
        """The descriptor of handwriting that is isolated already. Raises NoHandwriting where it has too few patches."""
        return self.describe_patches([part.coder.patches(hand) for part in self.parts], hand.scale)

    def describe_patches(self, found: Sequence[Patches], zoom: float = 1.0) -> PageDescription:
        """The same, of the patches of each part; zoom: their pixels per pixel of the page. Raises NoHandwriting."""
        if (fewest := min(len(patches.places) for patches in found)) < FEWEST_PATCHES:
            raise NoHandwriting(f"no handwriting found: too little ink ({fewest} places)")
        weight = sum(part.weight for part in self.parts)
        scales = [(part.weight / weight) ** 0.5 for part in self.parts]
        vectors = [
            scale * part.whitening.unit(powered(patches.codes.total(), part.power))
            for part, patches, scale in zip(self.parts, found, scales, strict=True)
        ]
        return PageDescription(
            np.concatenate(vectors).astype(np.float32),
            np.concatenate([patches.places for patches in found]) / zoom,
            np.concatenate([patches.sizes for patches in found]) / zoom,
            [(part, patches.codes, scale) for part, patches, scale in zip(self.parts, found, scales, strict=True)],
        )

    def vector_of(self, page: Image.Image) -> np.ndarray:
        """The descriptor alone, float32 [D]."""
        return self.describe(page).vector

    def _settings(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": part.coder.kind,
                "power": part.power,
                "weight": part.weight,
                "rest": part.whitening.rest,
                **part.coder.settings(),
            }
            for part in self.parts
        ]

    def _tensors(self) -> dict[str, np.ndarray]:
        """All arrays by name; those that are large in half precision, as they are kept."""
        tensors = {}
        for number, part in enumerate(self.parts):
            of_part = {
                "mean": part.whitening.mean,
                "directions": part.whitening.directions.astype(np.float16),
                "gains": part.whitening.gains,
                **part.coder.tensors(),
            }
            tensors |= {f"{number}.{name}": np.ascontiguousarray(value) for name, value in of_part.items()}
        return tensors

    def _hash(self) -> str:
        digest = hashlib.sha256(json.dumps([isolation_version(), self._settings()], sort_keys=True).encode())
        for name, value in sorted(self._tensors().items()):
            digest.update(f"{name} {value.dtype} {value.shape}".encode())
            digest.update(value.tobytes())
        return digest.hexdigest()


def marks_of(files: Iterable[Path]) -> list[str]:
    """What files are known again by: the beginning of the SHA-256 of each, sorted; of those that can be read."""
    marks = set()
    for file in files:
        with contextlib.suppress(OSError):
            marks.add(file_hash(file)[:16])
    return sorted(marks)


def _part(values: Mapping[str, Any], number: str, tensors: Mapping[str, np.ndarray]) -> Part:
    own = {name.partition(".")[2]: value for name, value in tensors.items() if name.partition(".")[0] == number}
    coder = CODERS[values["kind"]](values, own)
    directions = own["directions"].astype(np.float32)
    if directions.shape != (coder.dimensions, len(own["gains"])) or own["mean"].shape != (coder.dimensions,):
        raise ValueError("the whitening")
    whitening = Whitening(own["mean"], directions, own["gains"], float(values["rest"]))
    return Part(coder, whitening, float(values["power"]), float(values["weight"]))
