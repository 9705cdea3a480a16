"""One model from one split: the pages in the form in which training reads them, the fit, and what came of it.

material = Material.prepare(settings, work, start, parts, splits, say)      # once, also for all folds
fitted = fit(settings, start, material, material.readable(splits), work.folder / "run", say)
logits, truth, places = fitted.logits(material, places)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from output.progress import Progress
from training.copies import unjudged_extra
from training.data import UNREADABLE, BalancedSampler, LabelledPages
from training.store import PageStore
from training.work import Work, is_main, meet
from utils import UserError, printable

if TYPE_CHECKING:
    import torch

    from classifier import PageClassifier
    from settings.schema import Settings
    from training.learner import Recipe
    from training.start import Start

MIN_STEPS = 16  # batches an epoch has at least: validating after every third batch of a tiny set is noise
STEPS, EPOCHS = 2000, (3, 20)  # `epochs = 0`: about so many steps, within these bounds; tiny sets overfit beyond
HEAD_COPIES = 16  # augmented copies of each page whose features are computed for towers = "head"
EXTRA = ("pages that judge", "own pages with another label")  # extra pages that are left out


@dataclass
class Material:
    """The pages in the form in which training reads them; made once, also for all folds.

    store: own pages first, then extra ones; features: of the frozen image tower for `towers = "head"`, else None.
    """

    store: PageStore
    own: int
    labels: list[str]
    documents: list[str]
    categories: list[str]
    features: np.ndarray | None
    found: LabelledPages
    groups: list[int]
    contents: list[str]

    @classmethod
    def prepare(
        cls,
        settings: Settings,
        work: Work,
        start: Start,
        parts: list[LabelledPages],
        splits: Sequence[Any],
        say: Callable[[str], None],
    ) -> Material:
        """Decode the pages that take part (`splits[i]`: a split or a fold; not "left out"), and compute features."""
        from training.data import LEFT_OUT
        from training.learner import Learner, compute_features

        labels = [label for part in parts for label in part.labels]
        documents = [document for part in parts for document in part.documents]
        own = len(parts[0].pages)
        every = sorted(set(labels))
        classifier = start.open(settings, every, taught=False)
        quiet = settings.setup.quiet or not is_main()
        if not is_main():
            meet()  # the main process decodes; the others map its files
        store = PageStore(work.folder, parts, classifier.transform)
        wanted = [split != LEFT_OUT for split in splits] + [True] * (len(labels) - own)
        with Progress(sum(wanted), "page", quiet, "decoding") as progress:
            store.fill(wanted, settings, progress.advance)
        broken = [page for page, reason in zip(store.pages, store.reasons, strict=True) if reason]
        if broken:
            say(f"warning: pages that cannot be read are left out: {len(broken)}")
        for page, reason in zip(store.pages, store.reasons, strict=True):
            if reason:
                say(f"  {printable(page.path)}: {reason}")
        learner = Learner(classifier, settings.train.towers)
        features = None
        if learner.caches_features:
            trains = [split in ("train",) or isinstance(split, int) for split in splits] + [True] * (len(labels) - own)
            copies = [HEAD_COPIES if taken else 0 for taken in trains]
            with Progress(len(store), "page", quiet, "image features") as progress:
                features = compute_features(
                    learner, store, copies, settings.setup.seed, work.folder / "features", progress.advance
                )
        if is_main():
            meet()
        groups = [group for part in parts for group in part.groups or [-1] * len(part.pages)]
        contents = [content for part in parts for content in part.contents or [""] * len(part.pages)]
        return cls(store, own, labels, documents, every, features, parts[0], groups, contents)

    def embeddings(
        self, classifier: PageClassifier, places: Sequence[int], advance: Callable[[int], None]
    ) -> torch.Tensor:
        """Unit embeddings [N, D] of these pages, as they are."""
        import torch

        parts = []
        for first in range(0, len(places), 8):
            some = np.stack([self.store[place] for place in places[first : first + 8]])
            parts.append(classifier.embed_pages(torch.from_numpy(some)))
            advance(len(some))
        return torch.cat(parts)

    def readable(self, splits: Sequence[Any]) -> list[Any]:
        """The splits with "unreadable" for the pages that are."""
        return [UNREADABLE if reason else split for split, reason in zip(splits, self.store.reasons, strict=False)]


@dataclass
class Fitted:
    """A trained classifier, its recipe, and what training did (`epochs`, `steps`, `best_epoch`, `history`).

    contents: of all pages that it was trained or chosen on, its start's too.
    """

    classifier: PageClassifier
    recipe: Recipe
    result: dict[str, Any]
    contents: frozenset[str] = frozenset()

    def logits(self, material: Material, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """Logits [N, C], true categories [N] and places of those pages whose category the model knows."""
        index = {label: i for i, label in enumerate(self.classifier.categories)}
        places = [place for place in places if material.labels[place] in index]
        truth = np.array([index[material.labels[place]] for place in places], dtype=int)
        return self.page_logits(material, places), truth, places

    def page_logits(self, material: Material, places: Sequence[int]) -> np.ndarray:
        """Logits [N, C] of these pages, as prediction would give them, before the temperature."""
        import torch

        logits = np.zeros((len(places), len(self.classifier.categories)), np.float32)
        for first in range(0, len(places), 8):
            pixels = np.stack([material.store[place] for place in places[first : first + 8]])
            logits[first : first + 8] = self.classifier.logits(torch.from_numpy(pixels)).cpu().numpy()
        return logits


def fit(
    settings: Settings,
    start: Start,
    material: Material,
    splits: Sequence[str],
    work: Path,
    say: Callable[[str], None],
    *,
    epochs: int = 0,
) -> Fitted:
    """Train on the pages of split "train", choose the epoch by those of "validation" (none: the last epoch is kept).

    Starts anew from `start`, or goes on from the newest whole checkpoint in `work`. epochs: instead of the settings'.
    Categories without a readable training page are left out, and named.
    """
    import torch

    from training.data import draw_nothing
    from training.learner import NOTHING, SETTLE_PAGES, Learner, Pages, Recipe, settle_texts
    from training.trainer import learn

    train, seed = settings.train, settings.setup.seed
    places = [i for i, split in enumerate(splits) if split == "train"]
    judged = {material.documents[i] for i, split in enumerate(splits) if split in ("validation", "test")}
    extra = [i for i in range(material.own, len(material.labels)) if not material.store.reasons[i]]
    leaks = [i for i in extra if material.documents[i] in judged]
    if leaks:
        say(f"warning: {len(leaks)} extra pages are of documents that are tested: left out")
        extra = [i for i in extra if material.documents[i] not in judged]
    for left, why in zip(unjudged_extra(material.groups, material.labels, splits, extra), EXTRA, strict=True):
        if left:
            names = ", ".join(printable(material.store.pages[i].path) for i in left[:3])
            say(f"warning: {len(left)} extra pages are copies of {why}: left out ({names}{', ...' * (len(left) > 3)})")
            extra = sorted(set(extra) - set(left))
    learned = {material.labels[i] for i in (*places, *extra)}
    categories = [label for label in material.categories if label in learned]
    if len(categories) < len(material.categories):
        say(f"warning: no pages to train on: {', '.join(sorted(set(material.categories) - learned))}")
    if len(categories) < 2:
        raise UserError("fewer than two categories have pages to train on")
    classifier = start.open(settings, categories)
    index = {label: i for i, label in enumerate(categories)}
    groups = [[[i for i in pages if material.labels[i] == label] for label in categories] for pages in (places, extra)]
    batch = train.batch_size
    sampler = BalancedSampler(groups[0], seed, groups[1], train.extra_share, shortest=MIN_STEPS * batch)
    steps = -(-len(sampler) // batch)
    recipe = Recipe(
        towers=train.towers,
        epochs=epochs or train.epochs or min(max(round(STEPS / steps), EPOCHS[0]), EPOCHS[1]),
        batch_size=batch,
        lr=train.lr,
        label_smoothing=train.label_smoothing,
        patience=train.patience,
        seed=seed,
        precision=settings.setup.precision,
    )
    learner = Learner(classifier, recipe.towers)
    targets = [index.get(label, -1) for label in material.labels]
    judges = [i for i, split in enumerate(splits) if split == "validation" and targets[i] >= 0]
    pages = Pages(material.store, targets, seed, material.features)
    work.mkdir(parents=True, exist_ok=True)
    quiet = settings.setup.quiet or not is_main()
    with Progress(recipe.epochs * steps, "step", quiet, "training") as progress:
        result = learn(learner, pages, pages.only(judges), sampler, recipe, work, progress.advance)
    model = classifier.model.eval()
    classifier.to(str(model.device), "fp32")
    if learner.own_text and max(learner.counts) > 1:
        rng = np.random.default_rng(seed)
        each = [rng.permutation([*one, *other])[:SETTLE_PAGES].tolist() for one, other in zip(*groups, strict=True)]
        chosen = [place for places_of_one in each for place in places_of_one]
        with Progress(len(chosen), "page", quiet, "pages for the descriptions") as progress:
            embeddings = material.embeddings(classifier, chosen, progress.advance)
        labels = torch.tensor([index[material.labels[i]] for i in chosen], device=model.device)
        nothing = classifier.embed_pages(torch.from_numpy(draw_nothing(classifier.transform.size, NOTHING, seed)))
        settle_texts(classifier, embeddings, labels, nothing, seed, quiet)
    model.requires_grad_(False)
    classifier.logit_scale = float(model.logit_scale.exp())
    classifier.use_categories(classifier.descriptions)
    classifier.learned = categories
    if not settings.setup.quiet:
        say(f"trained {result['epochs']} epochs of {steps} steps, kept epoch {result['best_epoch']}")
    known = {material.contents[i] for i, split in enumerate(splits) if split in ("train", "validation")}
    known |= {material.contents[i] for i in extra} | start.contents
    return Fitted(classifier, recipe, result, frozenset(known - {""}))
