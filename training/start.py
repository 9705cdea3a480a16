"""Where a training starts: a model folder, an untuned base, or the untuned EfficientNet-Lite0; what its parts share.

start = Start.choose(settings, request)
classifier = start.open(settings, ["LETTER", "MAP"])
run = TrainingRun(settings, start, work)        # what plan, fits, folds and report of one training go by
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.base import BASE, LICENCE, SIZE, build_base, is_base, weights_file
from encoders.descriptions import chosen_descriptions, label_descriptions, prompts, read_sets
from encoders.earlier import is_model_folder
from encoders.folder import read_parts
from encoders.heads import head_transform, load_to_train, no_words, plain_folder
from encoders.words import INSTALL, WordKnowledge
from output.console import say
from training.processes import is_main
from training.record import documents_seen, read_record, read_seen
from utils import UserError, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.command import ModelRequest
    from settings.schema import Settings
    from training.command import SplitTable
    from training.work import Work


@dataclass
class Start:
    """Where training starts.

    name: for people; base: its base code; choice: how it is loaded (None: built by encoders/base.py); texts: what -cc
    or --avg chose; seen: the documents a fine-tuned start knows already, contents: what its pages are; unnamed: it is
    fine-tuned, and nothing says on which documents; descriptions: those that the training began with; plain: the folder
    of a model without a text tower, which learns with a plain head, None for a dual encoder.
    """

    name: str
    base: str
    choice: Any
    texts: dict[str, list[str]] | None
    seen: frozenset[str] = frozenset()
    unnamed: bool = False
    descriptions: dict[str, list[str]] | None = None
    contents: frozenset[str] = frozenset()
    plain: Path | None = None

    @classmethod
    def choose(cls, settings: Settings, request: ModelRequest) -> Start:
        """`--model_path`, else `-m`, else the untuned EfficientNet-Lite0: never silently a fine-tuned model."""
        texts = chosen_descriptions(settings)
        if request.path is None and (not request.base or is_base(request.base)):
            refuse_share(settings, BASE)
            weights_file()
            return cls(BASE, BASE, None, texts)
        from encoders.choosing import choose_model

        choice = choose_model(settings, request, to_train=True)
        plain = plain_folder(choice.source)
        if plain is not None:
            refuse_share(settings, str(choice.source))
        if plain is not None and texts is not None:
            raise no_words(str(choice.source))
        if plain is not None and settings.train.towers == "both":
            raise UserError(
                f"--towers both: {printable(str(choice.source))} has one tower and a plain head: --towers image lets "
                "all of it learn"
            )
        record = read_record(Path(choice.source))
        seen = frozenset(documents_seen(record))
        unnamed, contents = choice.kind != "base" and not seen, read_seen(Path(choice.source))
        return cls(str(choice.source), choice.base, choice, texts, seen, unnamed, contents=contents, plain=plain)

    def open(self, settings: Settings, labels: Sequence[str], *, taught: bool = True) -> PageClassifier:
        """A fresh classifier for these categories, on its device, in fp32.

        taught: whether the text tower of the untuned base reads its descriptions first.
        """
        from classifier import load_classifier
        from training.learner import tell_texts_apart

        choice = self.choice
        if self.plain is not None:
            classifier = open_plain(self.plain, labels, settings.setup.seed, self.base)
        elif choice is None:
            classifier = build(self.describe(settings, labels), settings.setup.seed)
            if taught:
                if WordKnowledge.find() is None and is_main() and not settings.setup.quiet:
                    say(f"note: the text tower will know the words of its descriptions only; more of them: {INSTALL}")
                tell_texts_apart(classifier, settings.setup.seed, settings.setup.quiet or not is_main())
        else:
            chosen = self.describe(settings, labels)
            classifier = load_classifier(
                choice.source,
                kind=choice.kind,
                descriptions=chosen if choice.kind == "base" else None,
                tokenizer=settings.setup.tokenizer or None,
                base=choice.base,
            )
            if choice.kind != "base":
                kept = {} if self.texts else classifier.descriptions
                classifier.use_categories(chosen | {label: texts for label, texts in kept.items() if label in chosen})
        classifier.engine.to(settings.setup.device, "fp32")
        return classifier

    def describe(self, settings: Settings, labels: Sequence[str]) -> dict[str, list[str]]:
        """The descriptions of these labels: those that the training began with, else the chosen ones, else all sets of
        `[setup]`. A label without one gets its name, and is said once.
        """
        setup = settings.setup
        if self.plain is not None:
            return {label: [label] for label in labels}
        if self.descriptions is None:
            self.descriptions = self.texts or read_sets(setup.categories_dir, setup.categories_prefix)
            nameless = [label for label in labels if label not in self.descriptions]
            if nameless and is_main():
                say(f"warning: no description for {', '.join(nameless)}: the name itself is used")
        return {label: self.descriptions.get(label) or label_descriptions([label])[label] for label in labels}


def refuse_share(settings: Settings, name: str) -> None:
    """UserError where weights of this start are to stay in the new model: it has random ones, or its head may get them
    (rows of new categories)."""
    if settings.train.start_share:
        raise UserError(
            f"--start_share {settings.train.start_share}: {printable(name)} begins with random weights, or gets some, "
            "which are not worth keeping; name a model with two towers that is trained "
            "(--model_path models/efficientnet-lite0, -m ViT-B/16)"
        )


@dataclass(frozen=True)
class TrainingRun:
    """One training in this process: its settings, where it starts, its work folder, and how it speaks to the user.

    labels: the table that has the labels, None = label folders have them; split: the one that has the split.
    """

    settings: Settings
    start: Start
    work: Work
    labels: Path | None = None
    split: SplitTable | None = None

    @property
    def quiet(self) -> bool:
        """Whether this process shows no progress."""
        return self.settings.setup.quiet or not is_main()

    def say(self, line: str) -> None:
        """One line for the user, with --quiet too; of several processes the main one speaks."""
        if is_main():
            say(line)

    def chat(self, line: str) -> None:
        """One line for a user who did not ask for quiet."""
        if not self.quiet:
            say(line)


def open_plain(folder: Path, labels: Sequence[str], seed: int, base: str) -> PageClassifier:
    """A model without a text tower as a classifier of these categories, on the CPU: rows of its head that it has not
    learned are random. UserError where it cannot be one.
    """
    from classifier import PageClassifier
    from encoders.torch_engine import TorchEngine

    parts = read_parts(folder) if is_model_folder(folder) else None
    transform = head_transform(folder) if parts is None else parts.transform
    model, head = load_to_train(folder, labels, transform.size, seed)
    licence = "" if parts is None else parts.settings["licence"]
    engine, texts = TorchEngine(model, None, transform, head), {label: [label] for label in labels}
    return PageClassifier(engine, transform, texts, logit_scale=1, base=base, licence=licence)


def build(descriptions: dict[str, list[str]], seed: int) -> PageClassifier:
    """The untuned base of encoders/base.py as a classifier of these categories, on the CPU."""
    from classifier import PageClassifier, learned_scale
    from encoders.torch_engine import TorchEngine
    from reading.transform import PageTransform

    model, tokenizer = build_base(prompts(descriptions), seed)
    transform = PageTransform(SIZE, "squash", (0.5,) * 3, (0.5,) * 3)
    engine, scale = TorchEngine(model, tokenizer, transform), learned_scale(model)
    return PageClassifier(engine, transform, descriptions, logit_scale=scale, base=BASE, licence=LICENCE.lower())
