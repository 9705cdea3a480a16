"""The ways of benchmarks/writers.py to turn pages into vectors, from chance to the shipped recipe.

way = WAYS["vlad"](material, {"w001", "w002"}, set(), seed=1)     # fitted on these writers alone
vectors = way.vectors(pages)                                     # float32 [N, D], NaN where nothing is written
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path

import cv2
import numpy as np
from common import HOME
from PIL import Image
from writers_sets import draw_set

from drawing.hand_pages import HandPage, Source, draw_page, plan_pages
from writers.feature_store import FeatureStore, vector_of
from writers.fitting import Recipe, Studied, fit
from writers.hands import Hands
from writers.isolation import NoHandwriting, isolate
from writers.keypoints import LocalFeatures

CODE = (
    "writers/isolation.py",
    "writers/marks.py",
    "writers/marks.safetensors",
    "writers/keypoints.py",
    "writers/thinning.py",
)  # what local features hang on
DRAWING = ("drawing/strokes.py", "drawing/scribes.py", "drawing/manners.py", "drawing/wear.py", "drawing/wills.py")
JUDGING = (
    *CODE,
    *DRAWING,
    *(f"writers/{name}.py" for name in ("fitting", "vlad", "whitening", "hands", "ranking", "feature_store")),
    *(f"benchmarks/{name}.py" for name in ("writers_sets", "writers_ways")),
)  # what figures hang on


@dataclass(frozen=True)
class Pages:
    """Pages of one set, in order. names: unique, of their files of features."""

    files: tuple[Path, ...]
    writers: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, files: Iterable[Path], prefix: str) -> Pages:
        """Files called writer-page."""
        files = tuple(files)
        return cls(files, tuple(f.stem.rpartition("-")[0] for f in files), tuple(f"{prefix}-{f.stem}" for f in files))

    def only(self, writers: Collection[str]) -> Pages:
        """The pages of these writers."""
        keep = [index for index, writer in enumerate(self.writers) if writer in writers]
        return Pages(*(tuple(part[index] for index in keep) for part in (self.files, self.writers, self.names)))


class Material:
    """All pages that are fitted on or judged, their local features kept in the work folder under the code's hash."""

    def __init__(self, source: Source, wills: Path | None, work: Path, seed: int) -> None:
        self.source, self.work, self.seed = source, work, seed
        self._wills = wills
        self.store = FeatureStore(work / f"features-{code_hash(CODE)}")
        self.drawn_store = FeatureStore(work / f"features-{code_hash((*CODE, *DRAWING))}")
        self.seconds: list[float] = []  # of one page each that was described in this run

    @cache  # noqa: B019 (one material a run)
    def drawn(self, which: str) -> Pages:
        """A set of writers_sets.py."""
        folder = self.work / "sets" / f"{which}-{self.seed}"
        files = sorted(folder.iterdir()) if (folder / ".whole").exists() else ()
        if not files:
            files = sorted(draw_set(self.source.strokes, which, folder, self.seed))
            (folder / ".whole").touch()
        return Pages.of((file for file in files if file.suffix), f"{which}{self.seed}")

    @cached_property
    def wills(self) -> Pages:
        """The real pages."""
        return Pages.of(sorted(self._wills.glob("*.jpg")), "wills")

    def features(self, pages: Pages) -> list[LocalFeatures | None]:
        """Of each page; None where there is no handwriting."""
        found = []
        for file, name in zip(pages.files, pages.names, strict=True):
            if not self.store.has(name):
                began = time.process_time()
                with Image.open(file) as image:
                    self.store.keep(name, image.convert("RGB"))
                self.seconds.append(time.process_time() - began)
            features = self.store.read(name)
            found.append(None if isinstance(features, str) else features)
        return found

    @cached_property
    def plan(self) -> list[HandPage]:
        """The drawn pages that may be learnt from."""
        return plan_pages(self.source)

    def learnt(self, writers: Collection[str], hands: Collection[str]) -> Learnt:
        """What a recipe may learn from: drawn pages of these writers and of all fonts, real ones of these hands."""
        found = []
        for page in self.plan:
            if page.kind == "strokes" and page.hand not in writers:
                continue
            if not self.drawn_store.has(page.name):
                self.drawn_store.keep(page.name, Image.fromarray(draw_page(self.source, page)))
            found.append((self.drawn_store, page.name, page.writer))
        real = self.wills.only(hands)
        self.features(real)
        found += [(self.store, name, writer) for name, writer in zip(real.names, real.writers, strict=True)]
        return Learnt([entry for entry in found if not isinstance(entry[0].read(entry[1]), str)])


class Learnt(Sequence):
    """Pages as a fit takes them, each read from its store when it is asked for."""

    def __init__(self, entries: list[tuple[FeatureStore, str, str]]) -> None:
        self.entries = entries

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Studied:
        store, name, writer = self.entries[index]
        return Studied(store.read(name), writer)


def code_hash(files: Iterable[str]) -> str:
    """Of the code that features hang on, so that those of other code are not taken for them."""
    paths = (HOME / file for file in files)
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths if path.exists())).hexdigest()[:12]


class Fitted:
    """A way whose vector is made of a page's local features."""

    def __init__(self, material: Material, vector_of: Callable[[LocalFeatures], np.ndarray]) -> None:
        self.material, self.vector_of = material, vector_of

    def vectors(self, pages: Pages) -> np.ndarray:
        """float32 [N, D]; NaN where a page has no handwriting."""
        return stacked([None if f is None else self.vector_of(f) for f in self.material.features(pages)])


class Imaged:
    """A way whose vector is made of the page itself; kept under its name."""

    def __init__(self, material: Material, name: str, vector_of: Callable[[Image.Image], np.ndarray]) -> None:
        self.folder, self.vector_of = material.work / f"vectors-{name}", vector_of

    def vectors(self, pages: Pages) -> np.ndarray:
        """float32 [N, D]; NaN where a page has no handwriting."""
        found = []
        self.folder.mkdir(parents=True, exist_ok=True)
        for file, name in zip(pages.files, pages.names, strict=True):
            kept = self.folder / f"{name}.npy"
            if not kept.exists():
                with Image.open(file) as image:
                    try:
                        vector = self.vector_of(image.convert("RGB"))
                    except NoHandwriting:
                        vector = np.zeros(0, np.float32)
                np.save(kept, vector)
            vector = np.load(kept)
            found.append(vector if len(vector) else None)
        return stacked(found)


def stacked(vectors: list[np.ndarray | None]) -> np.ndarray:
    """Vectors [N, D], NaN where there is none."""
    known = next(vector for vector in vectors if vector is not None)
    return np.stack([np.full_like(known, np.nan) if vector is None else vector for vector in vectors])


def histograms(page: Image.Image) -> np.ndarray:
    """Directions of gradients at the ink's edge and lengths of runs of ink, as square roots of shares: float32 [96]."""
    hand = isolate(page)
    grey = cv2.GaussianBlur(hand.grey, (0, 0), 1.0).astype(np.float32)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength = np.hypot(across, down)
    turns = np.histogram(np.arctan2(down, across), 64, (-np.pi, np.pi), weights=strength * (strength > 60))[0]
    parts = [turns]
    for ink in (hand.ink, hand.ink.T):
        flat = np.pad(ink, ((0, 0), (1, 1))).astype(np.int8).ravel()
        edges = np.flatnonzero(np.diff(flat))
        parts.append(np.histogram((edges[1::2] - edges[::2]).clip(0, 33), 16, (1, 33))[0])
    shares = [np.sqrt(part / max(1.0, part.sum())) for part in parts]
    vector = np.concatenate(shares).astype(np.float32)
    return vector / np.linalg.norm(vector)


def recipe_way(recipe: Recipe) -> Callable[..., Fitted]:
    """A recipe, fitted anew on what may be known."""

    def make(material: Material, writers: Collection[str], hands: Collection[str], seed: int) -> Fitted:
        model = fit(material.learnt(writers, hands), replace(recipe, seed=seed))
        return Fitted(material, partial(vector_of, model))

    return make


def model_way(folder: Path) -> tuple[str, tuple[str, Callable[..., Imaged]]]:
    """A model folder as it is: a name of its own, what is shown, and the way."""
    hands = Hands.load(folder)
    name = f"{hands.name}-{hands.hash[:12]}"
    return name, (f"model {hands.name}", lambda material, *_: Imaged(material, name, hands.vector_of))


WAYS: dict[str, tuple[str, Callable]] = {
    "chance": ("chance", lambda material, *_: Imaged(material, "chance", lambda _: np.ones(1, np.float32))),
    "histograms": (
        "histograms of gradients and runs",
        lambda material, *_: Imaged(material, f"histograms-{code_hash(CODE)}", histograms),
    ),
    "vlad": ("upright RootSIFT, PCA 48, VLAD 64", recipe_way(Recipe(shrink=None, redrawn=0))),
    "wccn": ("the same + WCCN of whole pages", recipe_way(Recipe(pieces=0, redrawn=0))),
    "shipped": ("the recipe of models/hands", recipe_way(Recipe())),
}
