"""`writers finetune`: teaches a pre-trained encoder which patches are of one hand: a model for `writers index`.

    python run.py writers finetune pages/ --from models/letters --pattern '(?P<writer>w\\d+)-(?P<page>\\d+)'

With a pattern, labels are the writers in the file names; a tenth of the writers is held out, judges each epoch, and the
best one is kept. Without, labels are clusters of the patches, and held-out pages judge: each is cut into two halves,
which have to find each other.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from encoders.devices import resolve_device
from output.console import say
from output.files import file_hash
from utils import UserError
from writers import pretraining
from writers.augmenting import augmented
from writers.autoencoder import darkness
from writers.configurations import Configuration
from writers.encoder import BATCH, SaghogCoder, graph_of
from writers.hands import Hands, Part, marks_of
from writers.learning import autocast, learn
from writers.losses import multi_similarity
from writers.names import name_pages, read_pattern
from writers.netrvlad import SaghogEncoder
from writers.optimizing import parameter_groups
from writers.patch_store import PatchStore, read_pages
from writers.pseudo_labels import pseudo_labels
from writers.ranking import evaluate_retrieval
from writers.sampling import PerClass
from writers.training_work import begin_training, finish_training, held_out_pages
from writers.whitening import Whitening, powered

if TYPE_CHECKING:
    from settings.schema import Settings
    from writers.training_command import Finetuning

CENTRED_ON = 100_000  # patches whose features give NetRVLAD its first centres
POWER = 0.4  # of a page's sum
SHRINK = 2.0  # of the whitening (whitening.py)
FEWEST_WRITERS = 10  # with two pages or more; with fewer none is held out


class FinetuningLesson:
    """What the loop (learning.py) needs of the second stage.

    writers: the writer of each page; empty: unknown, clusters of patches are the labels.
    """

    def __init__(
        self,
        store: PatchStore,
        model: SaghogEncoder,
        configuration: Configuration,
        writers: Sequence[str],
        seed: int,
        device: torch.device,
    ) -> None:
        self.store, self.configuration, self.seed, self.device = store, configuration, seed, device
        self.writers, self.model = list(writers), model.to(device)
        self.judged = held_out_writers(writers, seed) if writers else held_out_pages(len(store.pages), seed)
        self.bag = configuration.bag if writers else 1
        course = configuration.finetune
        self.sampler = self._sampler(max(2, course.batch // configuration.per_class))
        self.samples = self.sampler.classes * configuration.per_class * self.bag
        taught = np.flatnonzero(~np.isin(store.page_of, self.judged))
        self.steps = max(1, (course.samples * self.bag or len(taught)) // self.samples)
        self.starts = np.searchsorted(store.page_of, np.arange(len(store.pages) + 1))
        groups = parameter_groups(model, model.layer_of, configuration.layer_decay, course.weight_decay)
        self.optimizer = torch.optim.AdamW(groups)

    def _sampler(self, classes: int) -> PerClass:
        """Of bags: its items are pages; of single patches: patches."""
        per_class, seed = self.configuration.per_class, self.seed
        if self.bag > 1:
            labels = _numbered(self.writers)
            labels[self.judged] = -1
            sampler = PerClass(labels, classes, per_class, seed, fewest=1)
        else:
            if self.writers:
                labels = _numbered(self.writers)[self.store.page_of]
            else:
                labels = pseudo_labels(self.store.descriptors, self.configuration.labels, seed)
            labels[np.isin(self.store.page_of, self.judged)] = -1
            sampler = PerClass(labels, classes, per_class, seed)
        if sampler.classes < 2:
            what = "writers" if self.writers else "clusters of patches"
            raise UserError(f"fewer than two {what} to learn from: give more pages")
        return sampler

    def loss(self, step: int) -> torch.Tensor:
        """As `Lesson` has it."""
        rng = np.random.default_rng([self.seed, step, 1])
        items = self.sampler.batch(step)
        indices = np.concatenate([self._bag(rng, page) for page in items]) if self.bag > 1 else items
        grey = darkness(torch.from_numpy(self.store.grey(indices)).to(self.device))
        grey = augmented(grey, len(items), self.configuration, pretraining.generator_of(self.seed, step))
        with autocast(self.device):
            codes = self.model(grey)
        codes = codes.float().unflatten(0, (len(items), -1)).sum(1)  # [items, K * dim]
        codes = torch.nn.functional.normalize(codes, dim=-1)
        labels = torch.arange(len(items), device=self.device) // self.configuration.per_class
        return multi_similarity(codes, labels, self.configuration.base)

    def _bag(self, rng: np.random.Generator, page: int) -> np.ndarray:
        """Patches of a page."""
        first, end = self.starts[page], self.starts[page + 1]
        return rng.choice(np.arange(first, end), self.bag, replace=end - first < self.bag)

    def judge(self) -> tuple[dict[str, float], float | None]:
        """mAP and Top-1 of held-out writers, or of the halves of held-out pages."""
        parts, names = [], []
        for page in self.judged:
            codes = self.codes_of(page)
            if self.writers:
                parts.append(codes)
                names.append(self.writers[page])
            else:
                half = len(codes) // 2
                parts += [codes[:half], codes[half:]]
                names += [str(page)] * 2
        if not parts:
            return {}, None
        vectors = np.stack([powered(codes.sum(0), POWER) for codes in parts])
        figures = evaluate_retrieval(vectors @ vectors.T, names)
        what = "held-out writers" if self.writers else "halves of held-out pages"
        return {f"mAP of {what}": figures["map"], "Top-1": figures["top1"]}, figures["map"]

    @torch.no_grad()
    def codes_of(self, page: int, every: int = 1) -> np.ndarray:
        """Codes of a page's patches, float32 [n, K * dim]; every: of which only each so-manieth is taken."""
        parts = []
        indices = np.arange(self.starts[page], self.starts[page + 1], every)
        for start in range(0, len(indices), BATCH):
            grey = torch.from_numpy(self.store.grey(indices[start : start + BATCH])).to(self.device)
            with autocast(self.device):
                parts.append(self.model(darkness(grey)).float().cpu().numpy())
        return np.concatenate(parts)

    def whitening(self) -> tuple[Whitening, dict[str, Any]]:
        """What the pages' vectors go through: WCCN of the pages that teach, where it earns its place on the pages that
        judge, else nothing; and what was seen of both.
        """
        none = Whitening.none(self.model.dimensions)
        taught = [page for page in range(len(self.writers)) if page not in set(self.judged.tolist())]
        if not len(self.judged) or not taught:
            return none, {"whitening": "none"}
        # Two halves of a page differ in their text, not in their hand: they count as pages of their writer.
        halves, names = [], []
        for page in taught:
            codes = self.codes_of(page, every=2)  # enough to tell in which directions they differ
            halves += [powered(codes[part::2].sum(0), POWER) for part in (0, 1)]
            names += [self.writers[page]] * 2
        fitted = Whitening.fit(np.stack(halves).astype(np.float32), np.array(names), shrink=SHRINK)
        sums = np.stack([powered(self.codes_of(page).sum(0), POWER) for page in self.judged])
        judged = [self.writers[page] for page in self.judged]
        seen = {}
        for name, one in (("none", none), ("wccn", fitted)):
            vectors = np.stack([one.unit(vector) for vector in sums])
            seen[name] = float(evaluate_retrieval(vectors @ vectors.T, judged)["map"])
        chosen = "wccn" if seen["wccn"] > seen["none"] else "none"
        return (fitted if chosen == "wccn" else none), {"whitening": chosen, "map_by_whitening": seen}


def held_out_writers(writers: Sequence[str], seed: int) -> np.ndarray:
    """Numbers of the pages of held-out writers: a tenth of those with two pages or more, three at least; none where
    there are too few of these.
    """
    names, counts = np.unique(np.array(writers), return_counts=True)
    several = names[counts > 1]
    if len(several) < FEWEST_WRITERS:
        return np.zeros(0, np.int64)
    chosen = np.random.default_rng([seed, 11]).permutation(several)[: max(3, round(len(several) / 10))]
    return np.flatnonzero(np.isin(np.array(writers), chosen))


def _numbered(names: Sequence[str]) -> np.ndarray:
    """Names as numbers in their order, int64."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def new_encoder(configuration: Configuration, store: PatchStore, seed: int, start: Path | None) -> SaghogEncoder:
    """An encoder from a pre-trained one in the folder `start` (None: random weights), its NetRVLAD at centres of the
    features of patches.
    """
    from safetensors.torch import load_file
    from sklearn.cluster import MiniBatchKMeans

    torch.manual_seed(seed)
    model = SaghogEncoder(configuration).eval()
    if start is not None:
        weights = load_file(str(start / pretraining.WEIGHTS))
        own = {name[8:]: value for name, value in weights.items() if name.startswith("encoder.")}
        model.encoder.load_state_dict(own)
    indices = np.arange(len(store))[:: -(-len(store) // CENTRED_ON)]
    features = []
    with torch.no_grad():
        for at in range(0, len(indices), BATCH):
            grey = torch.from_numpy(store.grey(indices[at : at + BATCH]))
            features.append(model.features(darkness(grey)).numpy())
    means = MiniBatchKMeans(configuration.clusters, batch_size=4096, n_init=1, random_state=seed)
    model.netrvlad.begin_at(means.fit(np.concatenate(features)).cluster_centers_.astype(np.float32))
    return model


def run_finetuning(settings: Settings, job: Finetuning) -> int:
    """Train; 0, 1 where pages gave nothing, 130 interrupted (by `run.py`)."""
    began = time.time()
    pattern = read_pattern(job.pattern) if job.pattern else None
    configuration, start_hash = job.configuration, ""
    if job.start is not None:
        configuration = _as_pretrained(configuration, job.start)
        start_hash = file_hash(job.start / pretraining.WEIGHTS)
    quiet, seed = settings.setup.quiet, settings.setup.seed
    with begin_training(settings, job, configuration, pattern=job.pattern, start=start_hash) as work:
        named = name_pages(work.pages.pages, pattern) if pattern else None
        if named is not None:
            work.pages.pages = named.pages
        store = read_pages(work.pages, work.folder, settings, configuration.most)
        work.check(store)
        writers = []
        if named is not None:
            written = {
                (page.path, page.number): writer for page, writer in zip(named.pages, named.writers, strict=True)
            }
            writers = [written[path, number] for path, number, _ in store.pages]
            store.errors += [(page.path, page.number, reason) for page, reason in named.unnamed]
        say(f"{len(store):,} patches of {len(store.pages)} pages", quiet)
        model = new_encoder(configuration, store, seed, job.start)
        lesson = FinetuningLesson(store, model, configuration, writers, seed, resolve_device(settings.setup.device))
        say(_plan(lesson), quiet)
        state = learn(lesson, configuration.finetune, work.folder, lambda line: say(line, quiet))
        lesson.model.eval()
        whitening, seen = lesson.whitening()
        record: dict[str, Any] = {
            "configuration": configuration.to_json(),
            "epochs": state.history,
            "kept_epoch": state.best_epoch,
            "supervised": bool(writers),
            "pre_trained": start_hash,
            **seen,
            "learned": marks_of(work.pages.root / path for path, _, _ in store.pages),
        }
        coder = SaghogCoder(graph_of(lesson.model), lesson.model.dimensions, configuration.most)
        with finish_training(work, store, record, began) as folder:
            Hands((Part(coder, whitening, POWER),), name=work.name, figures=record).save(folder)
    return int(bool(store.errors))


def _as_pretrained(configuration: Configuration, start: Path) -> Configuration:
    """The configuration with the encoder of the pre-trained folder. UserError: that is none."""
    was = pretraining.read_configuration(start)
    return configuration.but(dim=was.dim, depth=was.depth, heads=was.heads, mask=was.mask, target=was.target)


def _plan(lesson: FinetuningLesson) -> str:
    """What is taught, and what judges."""
    classes = len(lesson.sampler.members)
    judged = len(lesson.judged)
    if lesson.writers:
        held = len({lesson.writers[page] for page in lesson.judged})
        judges = f"{held} other writers judge" if held else f"fewer than {FEWEST_WRITERS} have two pages: none judges"
        return f"{classes} writers teach, {judges}; {lesson.steps} steps an epoch"
    return f"{classes} clusters of patches teach, {judged} pages judge; {lesson.steps} steps an epoch"
