"""The pages of a training in the form in which it reads them: decoded once, with features of a frozen image tower.

material = Material.prepare(run, plan.parts, plan.splits)       # once, also for all folds
splits = material.readable(plan.splits)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from output.progress import Progress
from training.data import LEFT_OUT, UNREADABLE, LabelledPages
from training.processes import is_main, meet
from training.store import PageStore
from utils import printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from training.start import TrainingRun

HEAD_COPIES = 16  # augmented copies of each page whose features are computed for towers = "head"
BATCH = 8  # pages that are looked at together, outside of the training loop


@dataclass
class Material:
    """The pages of a training; made once, also for all folds. Each list counts own pages first, then the extra ones.

    store: their pixels; labelled: the own pages, `own` of them; features: of the frozen image tower for
    `towers = "head"`, else None; groups, contents: as in `LabelledPages`.
    """

    store: PageStore
    labelled: LabelledPages
    labels: list[str]
    documents: list[str]
    groups: list[int]
    contents: list[str]
    features: np.ndarray | None

    @property
    def own(self) -> int:
        """How many pages are own ones."""
        return len(self.labelled.pages)

    @property
    def categories(self) -> list[str]:
        """The categories of all pages, sorted."""
        return sorted(set(self.labels))

    @classmethod
    def prepare(cls, run: TrainingRun, parts: list[LabelledPages], splits: Sequence[Any]) -> Material:
        """Decode the pages that take part (`splits[i]`: a split or a fold; not "left out"), and compute features.

        parts: the own pages, and the extra ones; splits: of the own pages.
        """
        labels = [label for part in parts for label in part.labels]
        extra = len(labels) - len(parts[0].pages)
        classifier = run.start.open(run.settings, sorted(set(labels)), taught=False)
        if not is_main():
            meet()  # the main process decodes; the others map its files
        store = PageStore(run.work.folder, parts, classifier.transform)
        wanted = [split != LEFT_OUT for split in splits] + [True] * extra
        with Progress(sum(wanted), "page", run.quiet, "decoding") as progress:
            store.fill(wanted, run.settings, progress.advance)
        broken = [(page, reason) for page, reason in zip(store.pages, store.reasons, strict=True) if reason]
        if broken:
            run.say(f"warning: pages that cannot be read are left out: {len(broken)}")
        for page, reason in broken:
            run.say(f"  {printable(page.path)}: {reason}")
        trains = [split == "train" or isinstance(split, int) for split in splits] + [True] * extra
        features = _features(run, classifier, store, trains)
        if is_main():
            meet()
        return cls(
            store,
            parts[0],
            labels,
            [document for part in parts for document in part.documents],
            [group for part in parts for group in part.groups or [-1] * len(part.pages)],
            [content for part in parts for content in part.contents or [""] * len(part.pages)],
            features,
        )

    def pixels(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """These pages as they are, batch by batch: uint8 [B, 3, H, W]."""
        for first in range(0, len(indices), BATCH):
            yield np.stack([self.store[index] for index in indices[first : first + BATCH]])

    def embeddings(
        self, classifier: PageClassifier, indices: Sequence[int], advance: Callable[[int], None]
    ) -> np.ndarray:
        """Unit embeddings float32 [N, D] of these pages."""
        parts = []
        for pixels in self.pixels(indices):
            parts.append(classifier.embed_pages(pixels))
            advance(len(pixels))
        return np.concatenate(parts)

    def readable(self, splits: Sequence[Any]) -> list[Any]:
        """The splits with "unreadable" for the pages that are."""
        return [UNREADABLE if reason else split for split, reason in zip(splits, self.store.reasons, strict=False)]


def _features(
    run: TrainingRun, classifier: PageClassifier, store: PageStore, trains: Sequence[bool]
) -> np.ndarray | None:
    """The features of all pages, and of augmented copies of those that train, where the image tower is frozen."""
    from training.head_learner import learner_of
    from training.learner import compute_features

    learner = learner_of(classifier, run.settings.train.towers)
    if not learner.caches_features:
        return None
    copies = [HEAD_COPIES if taken else 0 for taken in trains]
    with Progress(len(store), "page", run.quiet, "image features") as progress:
        return compute_features(
            learner, store, copies, run.settings.setup.seed, run.work.folder / "features", progress.advance
        )
