"""One model from one split: which pages train it and which choose its epoch, the fit, and what came of it.

fitted = fit(run, material, material.readable(splits), run.work.folder / "run")
logits, truth, indices = fitted.logits(material, indices)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from output.progress import Progress
from training.augmentation import draw_nothing
from training.copies import unjudged_extra
from training.sampler import BalancedSampler
from utils import UserError, listed

if TYPE_CHECKING:
    import torch

    from classifier import PageClassifier
    from settings.schema import Settings
    from training.head_learner import HeadLearner
    from training.learner import Learner, Recipe
    from training.material import Material
    from training.start import TrainingRun
    from training.trainer import Learned

MIN_STEPS = 16  # batches an epoch has at least: validating after every third batch of a tiny set is noise
STEPS, EPOCHS = 2000, (3, 20)  # `epochs = 0`: about so many steps, within these bounds; tiny sets overfit beyond
EXTRA = ("pages that judge", "own pages with another label")  # extra pages that are left out


@dataclass(frozen=True)
class Chosen:
    """The pages of one fit, by their index in the material.

    own, extra: those that train, by category; validation: those that choose the epoch.
    """

    categories: list[str]
    own: list[list[int]]
    extra: list[list[int]]
    validation: list[int]


@dataclass(frozen=True)
class Fitted:
    """A trained classifier, its recipe, and what training did.

    folder: where its checkpoints and metrics.jsonl lie. contents: of all pages that it was trained or chosen on, its
    start's too.
    """

    classifier: PageClassifier
    recipe: Recipe
    learned: Learned
    folder: Path
    contents: frozenset[str]

    def logits(self, material: Material, indices: Sequence[int]) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """Logits [N, C], true categories [N] and indices of those pages whose category the model knows."""
        numbers = {label: number for number, label in enumerate(self.classifier.categories)}
        indices = [index for index in indices if material.labels[index] in numbers]
        truth = np.array([numbers[material.labels[index]] for index in indices], dtype=int)
        return self.page_logits(material, indices), truth, indices

    def page_logits(self, material: Material, indices: Sequence[int]) -> np.ndarray:
        """Logits [N, C] of these pages, as prediction would give them, before the temperature."""
        parts = [self.classifier.logits(pixels) for pixels in material.pixels(indices)]
        return np.concatenate([np.zeros((0, len(self.classifier.categories)), np.float32), *parts])


def fit(run: TrainingRun, material: Material, splits: Sequence[str], folder: Path, *, epochs: int = 0) -> Fitted:
    """Train on the pages of split "train", choose the epoch by those of "validation" (none: the last epoch is kept).

    Starts anew, or goes on from the newest complete checkpoint in `folder`. epochs: instead of the settings'.
    Categories without a readable training page are left out, and named.
    """
    from training.head_learner import learner_of
    from training.learner import Pages
    from training.trainer import Lessons, learn

    train, seed = run.settings.train, run.settings.setup.seed
    chosen = choose_pages(run, material, splits)
    classifier = run.start.open(run.settings, chosen.categories)
    shortest = MIN_STEPS * train.batch_size
    sampler = BalancedSampler(chosen.own, seed, chosen.extra, train.extra_share, shortest)
    steps = -(-len(sampler) // train.batch_size)
    recipe = _recipe(run.settings, steps, epochs)
    learner = learner_of(classifier, recipe.towers)
    began = start_weights(classifier) if train.start_share else {}
    pages = Pages(material.store, _numbers(material, chosen), seed, material.features)
    folder.mkdir(parents=True, exist_ok=True)
    with Progress(recipe.epochs * steps, "step", run.quiet, "training") as progress:
        learned = learn(learner, Lessons(pages, sampler, chosen.validation), recipe, folder, progress.advance)
    keep_of_start(classifier, began, train.start_share)
    _finish(run, material, chosen, learner)
    run.chat(f"trained {learned.epochs} epochs of {steps} steps, kept epoch {learned.best_epoch}")
    seen = chain((i for i, split in enumerate(splits) if split in ("train", "validation")), *chosen.extra)
    contents = {material.contents[i] for i in seen} | run.start.contents
    return Fitted(classifier, recipe, learned, folder, frozenset(contents - {""}))


def start_weights(classifier: PageClassifier) -> dict[str, torch.Tensor]:
    """A copy of all numbers of a model that training moves."""
    tensors = classifier.engine.model.state_dict().items()
    return {name: tensor.detach().clone() for name, tensor in tensors if tensor.is_floating_point()}


def keep_of_start(classifier: PageClassifier, began: dict[str, torch.Tensor], share: float) -> None:
    """Go back by that share of the way from what training made of the weights to what they were, `began`.

    A short training on a few pages of one kind costs what the start knew of others; between the two lie models that
    know both (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    tensors = classifier.engine.model.state_dict()
    for name, before in began.items():
        tensors[name].lerp_(before, share)


def choose_pages(run: TrainingRun, material: Material, splits: Sequence[str]) -> Chosen:
    """Which pages train, by category, and which choose the epoch; what is left out is said.

    Raises UserError where fewer than two categories have pages to train on.
    """
    own = [i for i, split in enumerate(splits) if split == "train"]
    extra = _usable_extra(run, material, splits)
    taught = {material.labels[i] for i in (*own, *extra)}
    categories = [label for label in material.categories if label in taught]
    if len(categories) < len(material.categories):
        run.say(f"warning: no pages to train on: {', '.join(sorted(set(material.categories) - taught))}")
    if len(categories) < 2:
        raise UserError("fewer than two categories have pages to train on")

    def by_category(indices: Sequence[int]) -> list[list[int]]:
        return [[i for i in indices if material.labels[i] == label] for label in categories]

    judges = [i for i, split in enumerate(splits) if split == "validation" and material.labels[i] in taught]
    return Chosen(categories, by_category(own), by_category(extra), judges)


def _usable_extra(run: TrainingRun, material: Material, splits: Sequence[str]) -> list[int]:
    """The extra pages that can be read and give nothing away of pages that judge; what is left out is said."""
    judged = {material.documents[i] for i, split in enumerate(splits) if split in ("validation", "test")}
    extra = [i for i in range(material.own, len(material.labels)) if not material.store.reasons[i]]
    leaks = [i for i in extra if material.documents[i] in judged]
    if leaks:
        run.say(f"warning: {len(leaks)} extra pages are of documents that are tested: left out")
        extra = [i for i in extra if material.documents[i] not in judged]
    for left, why in zip(unjudged_extra(material.groups, material.labels, splits, extra), EXTRA, strict=True):
        if left:
            names = listed([material.store.pages[i].path for i in left], 3)
            run.say(f"warning: {len(left)} extra pages are copies of {why}: left out ({names})")
            extra = sorted(set(extra) - set(left))
    return extra


def _numbers(material: Material, chosen: Chosen) -> list[int]:
    """The number of each page's category; -1 where it is not learned."""
    numbers = {label: number for number, label in enumerate(chosen.categories)}
    return [numbers.get(label, -1) for label in material.labels]


def _recipe(settings: Settings, steps: int, epochs: int) -> Recipe:
    """The numbers of a training whose epochs have so many steps; epochs 0: the settings', or what suits."""
    from training.learner import Recipe

    train = settings.train
    return Recipe(
        towers=train.towers,
        epochs=epochs or train.epochs or min(max(round(STEPS / steps), EPOCHS[0]), EPOCHS[1]),
        batch_size=train.batch_size,
        lr=train.lr,
        label_smoothing=train.label_smoothing,
        patience=train.patience,
        seed=settings.setup.seed,
        precision=settings.setup.precision,
    )


def _finish(run: TrainingRun, material: Material, chosen: Chosen, learner: Learner | HeadLearner) -> None:
    """Make the trained towers a classifier that predicts: nothing learns any more, prototypes and scale are theirs."""
    classifier = learner.classifier
    model = classifier.engine.model.eval()
    classifier.engine.to(classifier.engine.device, "fp32")
    if not classifier.engine.head and learner.own_text and max(learner.counts) > 1:
        _settle(run, material, chosen, classifier)
    model.requires_grad_(False)
    if not classifier.engine.head:
        # It is in config.json, so in the model's hash, of all models that were ever trained.
        model.config.use_cache = False
        classifier.logit_scale = float(model.logit_scale.exp())
    classifier.use_categories(classifier.descriptions)
    classifier.unlikeness, classifier.review_below = None, 0.0  # they were of other embeddings
    classifier.learned = chosen.categories


def _settle(run: TrainingRun, material: Material, chosen: Chosen, classifier: PageClassifier) -> None:
    """Let a small text tower look at some training pages of each category (`settle_texts`)."""
    import torch

    from training.learner import NOTHING, SETTLE_PAGES, settle_texts

    seed = run.settings.setup.seed
    rng = np.random.default_rng(seed)
    by_category = zip(chosen.own, chosen.extra, strict=True)
    indices = [i for own, extra in by_category for i in rng.permutation([*own, *extra])[:SETTLE_PAGES].tolist()]
    with Progress(len(indices), "page", run.quiet, "pages for the descriptions") as progress:
        embeddings = torch.from_numpy(material.embeddings(classifier, indices, progress.advance))
    device = classifier.engine.model.device
    numbers = _numbers(material, chosen)
    labels = torch.tensor([numbers[i] for i in indices], device=device)
    nothing = torch.from_numpy(classifier.embed_pages(draw_nothing(classifier.transform.size, NOTHING, seed)))
    settle_texts(classifier, embeddings.to(device), labels, nothing.to(device), seed, run.quiet)
