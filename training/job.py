"""Fine-tuning: label folders go in, a model folder comes out.

    python run.py --train -d LABEL_FOLDERS -m EfficientNet-Lite0 --name mine

Pages are split by document; the best epoch by validation is kept; its temperature is fitted on validation pages. Work
files lie in `models/NAME.training/` until the model folder is complete, so a killed training goes on with `--resume`.
Several GPUs: `torchrun --nproc_per_node 4 run.py --train ...`.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from categories import label_descriptions, prompts, read_sets
from model_identity import model_hash
from progress import Progress
from training import backbone
from training.copies import find_copies, unjudged, unjudged_extra
from training.data import (
    UNREADABLE,
    BalancedSampler,
    LabelledPages,
    cap_pages,
    find_labelled,
    split_leaks,
    with_validation,
    write_split,
)
from training.language import INSTALL, NAME, WordKnowledge
from training.plan import Plan
from training.report import documents_seen, figures, finished, make_record, read_record, read_seen, save, show
from training.store import PageStore
from training.work import Work, is_main, meet, own_device
from utils import UserError, fit_temperature, fold_documents, printable, split_documents, split_warnings

if TYPE_CHECKING:
    import torch

    from classifier import PageClassifier
    from run import Job
    from settings import Settings
    from training.learner import Recipe

MIN_STEPS = 16  # batches an epoch has at least: validating after every third batch of a tiny set is noise
STEPS, EPOCHS = 2000, (3, 20)  # `epochs = 0`: about so many steps, within these bounds; tiny sets overfit beyond
HEAD_COPIES = 16  # augmented copies of each page whose features are computed for towers = "head"
SPLIT_FILE = "split.csv"
EXTRA = ("pages that judge", "own pages with another label")  # extra pages that are left out


def run_training(settings: Settings, job: Job) -> int:
    """Train a model (or folds) as `[train]` and the flags say; the last line printed is its folder. Returns 0.

    Raises UserError, before any work, for what the user can mend.
    """
    from torch import device as torch_device

    from devices import bf16_missing, keep_memory

    say = _say if is_main() else _silent
    data = job.directory or settings.train.folder
    if data is None:
        raise UserError("--train needs label folders, one folder for each category: give -d DIR, or [train] folder")
    if settings.train.final and not settings.train.folds:
        raise UserError("--final trains on all pages after cross-validation: give --folds K too, e.g. --folds 5")
    if settings.train.folds and settings.train.split == "folders":
        raise UserError("--folds makes its own split, by document: leave --split folders out")
    if job.resume:  # before anything is loaded
        Work.unfinished(settings.setup.model_dir, job.name)
    settings = settings.replaced("setup", device=own_device(settings.setup.device))
    if settings.setup.precision == "bf16" and (reason := bf16_missing(torch_device(settings.setup.device))):
        raise UserError(f"--precision bf16: {reason}; take fp32")
    keep_memory()
    start = Start.choose(settings, job)
    with Work.open(settings, job, start.base, data, identity(settings, start, data)) as work:
        try:
            folder = _train(settings, work, start, say)
        except UserError:
            work.abandon()
            raise
        except KeyboardInterrupt:
            if is_main():
                print(f"to continue: {job.continue_command()}", file=sys.stderr)
            raise
        meet()
    if is_main():
        work.remove()
        print(folder)
    return 0


def _train(settings: Settings, work: Work, start: Start, say: Callable[[str], None]) -> Path:
    if finished(work, work.name):  # killed between putting the model in its place and cleaning up
        return work.models / work.name
    if is_main():
        _plan(settings, work, start, say)
    meet()
    plan = Plan.load(work.plan_file)
    start.known = plan.descriptions
    if settings.train.folds:
        from training.folds import run_folds

        return run_folds(settings, work, start, plan, say)
    return run_single(settings, work, start, plan, say)


def _plan(settings: Settings, work: Work, start: Start, say: Callable[[str], None]) -> None:
    """Write down what is trained on, unless an earlier start has; UserError where that does not hold any more."""
    if work.plan_file.is_file():
        plan = Plan.load(work.plan_file)
        changed = plan.changed()
        if not changed:
            for table in plan.tables_changed():
                shown = printable(str(table))
                say(f"warning: {shown} was changed: this training keeps the documents that it began with")
            if start.describe(settings, list(plan.descriptions)) != plan.descriptions:
                say("warning: descriptions were changed: this training keeps those that it began with")
            return
        names = ", ".join(map(printable, changed[:3])) + (", ..." if len(changed) > 3 else "")
        what = f"page files that were changed or are gone since this training began: {len(changed)} ({names})"
        if work.learned:
            raise UserError(
                f"{what}. It has learned from them: put them back as they were, or remove {work.folder} and start anew"
            )
        say(f"warning: {what}. Nothing was learned from them yet: the label folders are read again")
    make_plan(settings, work.data, start, say).save(work.plan_file)


def make_plan(settings: Settings, data: Path, start: Start, say: Callable[[str], None]) -> Plan:
    """Pages, documents, split and descriptions of a training that begins."""
    from predict import threads

    train, seed = settings.train, settings.setup.seed
    parts = [find_labelled(data, settings, by_folders=train.split == "folders")]
    if train.extra is not None:
        parts.append(find_labelled(train.extra, settings))
    found = parts[0]
    copies = find_copies(
        parts,
        workers=threads(settings.setup.workers),
        max_pixels=settings.input.max_pixels,
        quiet=settings.setup.quiet,
    )
    warnings = [*found.notes, *copies]
    if train.folds:
        from training.folds import refuse_leak

        splits: list[Any] = fold_documents(found.labels, found.together, train.folds, seed)
        refuse_leak(start, found)
    elif found.splits:
        splits = with_validation(found, train.validation, seed)
        splits = cap_pages(found.labels, splits, train.max_categ, train.max_categ_eval, seed)
        warnings += split_leaks(found.documents, splits)
    else:
        shares = (1 - train.validation - train.test, train.validation, train.test)
        splits = split_documents(found.labels, found.together, seed, shares)
        splits = cap_pages(found.labels, splits, train.max_categ, train.max_categ_eval, seed)
    if not found.splits:
        warnings += split_warnings(found.labels, found.together)
    for line in warnings:
        say(f"warning: {line}")
    if not train.folds:  # a fold decides for itself
        splits = unjudged(found, splits)
    every = sorted({label for part in parts for label in part.labels})
    if len(every) < 2:
        inner = sorted({page.path.split("/")[1] for page in found.pages if page.path.count("/") > 1})
        hint = f"; if they lie one folder further in ({', '.join(map(printable, inner[:3]))}), give that folder with -d"
        raise UserError(
            f"{printable(str(data))}: only one label folder ({every[0]}); training needs two or more"
            f"{hint if len(inner) > 1 else ''}"
        )
    return Plan(parts, splits, start.describe(settings, every))


def run_single(settings: Settings, work: Work, start: Start, plan: Plan, say: Callable[[str], None]) -> Path:
    """One training on one split; gives the path of its model folder."""
    found = plan.found
    material = Material.prepare(settings, work, start, plan.parts, plan.splits, say)
    splits = material.readable(plan.splits)
    if is_main():
        write_split(work.folder / SPLIT_FILE, found, splits)
    how = "as the folders have it" if settings.train.split == "folders" else "by document"
    if not settings.setup.quiet:
        say(f"split {how}: {_counted(splits)}")
    fitted = fit(settings, start, material, splits, work.folder / "run", say)
    classifier = fitted.classifier
    tests = {}
    for part in ("validation", "test"):
        logits, truth, places = fitted.logits(material, [i for i in range(len(splits)) if splits[i] == part])
        if part == "validation":
            classifier.temperature = fit_temperature(logits, truth)
        tests[part] = figures(logits, truth, [found.documents[i] for i in places])
        if len(truth):
            say(f"{part}: accuracy {show(tests[part])}")
    record = make_record(settings, work, start, material, splits, fitted)
    record |= {"temperature": classifier.temperature, **tests}
    leaks = split_leaks(found.documents, splits)
    judged = "some of documents that it was trained on too" if leaks else "of documents that training never saw"
    text = f"On its own test pages, {judged}: accuracy {show(tests['test'])}."
    files = [work.folder / SPLIT_FILE]
    return save(work, classifier, work.name, record, text, files, work.folder / "run", fitted.contents)


@dataclass
class Start:
    """Where training starts.

    name: for people; base: its base code; choice: how it is loaded (None: built by backbone.py); texts: what -cc or
    --avg chose; seen: the documents a fine-tuned start knows already, contents: what its pages are; unnamed: it is
    fine-tuned, and nothing says on which documents.
    """

    name: str
    base: str
    choice: Any
    texts: dict[str, list[str]] | None
    seen: frozenset[str] = frozenset()
    unnamed: bool = False
    known: dict[str, list[str]] | None = None
    contents: frozenset[str] = frozenset()

    @classmethod
    def choose(cls, settings: Settings, job: Job) -> Start:
        """`--model_path`, else `-m`, else the untuned EfficientNet-Lite0: never silently a fine-tuned model."""
        from predict import chosen_descriptions

        texts = chosen_descriptions(settings)
        if not job.model_path and (not job.model or backbone.is_base(job.model)):
            backbone.weights_file()
            return cls(backbone.BASE, backbone.BASE, None, texts)
        from model_folders import choose_model

        choice = choose_model(settings, job)
        record = read_record(Path(choice.source))
        seen = frozenset(documents_seen(record))
        unnamed, contents = choice.kind != "base" and not seen, read_seen(Path(choice.source))
        return cls(str(choice.source), choice.base, choice, texts, seen, unnamed, contents=contents)

    def open(self, settings: Settings, labels: Sequence[str], *, taught: bool = True) -> PageClassifier:
        """A fresh classifier for these categories, on its device, in fp32.

        taught: whether the text tower of the untuned base reads its descriptions first.
        """
        from classifier import load_classifier
        from training.learner import tell_texts_apart

        choice = self.choice
        if choice is None:
            classifier = build(self.describe(settings, labels), settings.setup.seed)
            if taught:
                if WordKnowledge.find() is None and is_main() and not settings.setup.quiet:
                    _say(f"note: the text tower will know the words of its descriptions only; more of them: {INSTALL}")
                tell_texts_apart(classifier, settings.setup.seed, settings.setup.quiet or not is_main())
        else:
            own = self.describe(settings, labels)
            classifier = load_classifier(
                choice.source,
                kind=choice.kind,
                descriptions=own if choice.kind == "base" else None,
                tokenizer=settings.setup.tokenizer or None,
                base=choice.base,
            )
            if choice.kind != "base":
                known = {} if self.texts else classifier.descriptions
                classifier.use_categories(own | {label: texts for label, texts in known.items() if label in own})
        return classifier.to(settings.setup.device, "fp32")

    def describe(self, settings: Settings, labels: Sequence[str]) -> dict[str, list[str]]:
        """The descriptions of these labels: those that the training began with, else the chosen ones, else all sets of
        `[setup]`. A label without one gets its name, and is said once.
        """
        setup = settings.setup
        if self.known is None:
            self.known = self.texts or read_sets(setup.categories_dir, setup.categories_prefix)
            nameless = [label for label in labels if label not in self.known]
            if nameless and is_main():
                _say(f"warning: no description for {', '.join(nameless)}: the name itself is used")
        return {label: self.known.get(label) or label_descriptions([label])[label] for label in labels}


def build(descriptions: dict[str, list[str]], seed: int) -> PageClassifier:
    """The untuned base of backbone.py as a classifier of these categories, on the CPU."""
    from classifier import PageClassifier
    from transform import PageTransform

    model, tokenizer = backbone.build_base(prompts(descriptions), seed)
    transform = PageTransform(backbone.SIZE, "squash", (0.5,) * 3, (0.5,) * 3)
    return PageClassifier(
        model, tokenizer, transform, descriptions, base=backbone.BASE, licence=backbone.LICENCE.lower()
    )


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


def identity(settings: Settings, start: Start, data: Path) -> dict[str, Any]:
    """What makes two trainings the same: a training is only resumed with all of this alike.

    What lies in the folders meanwhile is another matter: plan.py.
    """
    setup, extra = settings.setup, settings.train.extra
    train = asdict(settings.train) | {"extra": extra and str(extra.resolve())}
    return {
        "data": str(data.resolve()),
        "start": start.name if start.choice is None else model_hash(start.choice.source, setup.tokenizer),
        "words": None if start.choice is not None or WordKnowledge.find() is None else NAME,
        "descriptions": start.texts,
        "train": {name: value for name, value in train.items() if name != "folder"},
        "input": {name: value for name, value in asdict(settings.input).items() if name not in ("folder", "inner")},
        "seed": setup.seed,
        "precision": setup.precision,
        "device": setup.device.partition(":")[0],
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
    }


def _counted(splits: Sequence[Any]) -> str:
    return ", ".join(f"{count} {split}" for split, count in sorted(Counter(splits).items(), key=lambda item: -item[1]))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _silent(line: str) -> None:
    pass
