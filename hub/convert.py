"""A model of an earlier tool, once and for all -> a complete model folder of ours; graphs for folders that have none.

python run.py --convert model_v1137 --model_path models/v1.1.3.7 --tokenizer tokenizer/
python run.py --convert model_ViT-B16_rev_v1137_3e.pt --model_path models/mine -cc page_categories_mid.tsv
python run.py --convert models/mine
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.card import earlier_card, licence_of
from encoders.choosing import EARLIER_NAME, UNKNOWN, canonical_base, describe
from encoders.descriptions import chosen_descriptions, label_descriptions
from encoders.earlier import is_checkpoint, is_model_folder, is_untuned_base
from encoders.folder import make_graphs
from encoders.graphs import GRAPHS, has_graphs, read_graphs
from encoders.heads import is_head, plain_folder
from encoders.labels import label_warnings
from hub.command import Conversion
from output.console import say
from utils import UserError, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings


BESIDE_WEIGHTS = ("config.json", "preprocessor_config.json", "processor_config.json", "README.md")


def run_conversion(settings: Settings, job: Conversion) -> int:
    """Write `--model_path` from the earlier folder or `.pt` that `--convert` names, or graphs into a model folder; 0.

    Raises UserError: no earlier model there, no categories (`-cc`) or tokenizer (`--tokenizer`) for it, target exists,
    or a model that cannot have graphs.
    """
    old, new = job.source, job.folder
    if new is not None and new.exists():
        raise UserError(
            f"{printable(str(new))} exists already; a model folder is never written over: choose another name"
        )
    if not old.exists():
        raise UserError(f"--convert {printable(str(old))}: not there")
    if is_model_folder(old) or (is_untuned_base(old) and not is_head(old)):
        if new is not None:
            raise UserError(
                f"{printable(str(old))} is a complete model folder already: nothing is to be converted; without "
                "--model_path it gets the graphs that it lacks"
            )
        return _add_graphs(old, job)
    if not (is_checkpoint(old) or is_head(old)):
        raise UserError(
            f"--convert {printable(str(old))}: neither a folder nor a .pt file of the earlier tool, nor an image "
            "classifier of transformers or timm"
        )
    if new is None:
        raise UserError("--convert needs --model_path: the model folder to be written")
    from classifier import PageClassifier

    base, revision = _base_and_revision(old, settings, job)
    known, chosen = base if base != UNKNOWN else "", chosen_descriptions(settings)
    if is_head(old):
        classifier = PageClassifier.from_head(old, chosen, known)
    else:
        classifier = PageClassifier.from_checkpoint(old, chosen, settings.setup.tokenizer, known)
    save_earlier(classifier, new, revision=revision, source=f"`{printable(old.name)}`", licence=licence_beside(old))
    print(f"converted {printable(str(old))} into {printable(str(new))}")
    for line in described(PageClassifier.from_pretrained(new)):
        print(line)
    print(f"use it: {job.command_with('--model_path', str(new), '-d', 'pages/')}")
    return 0


def _add_graphs(folder: Path, job: Conversion) -> int:
    """Make the graphs of a folder that has none, or unsound ones; the weights are not touched."""
    shown = printable(str(folder))
    if job.base or job.revision:
        raise UserError(f"{shown} is a complete model folder: its graphs need neither -m nor -rev")
    if has_sound_graphs(folder):
        print(f"{shown} has its graphs already, and they are sound")
        return 0
    reason = make_graphs(_loaded(folder), folder)
    if reason:
        raise UserError(f"{shown} gets no graphs, PyTorch will compute it: {reason}")
    print(f"made the graphs of {shown}: {', '.join((*read_graphs(folder).files, GRAPHS))}")
    return 0


def with_graphs(folder: Path, classifier: PageClassifier) -> tuple[Path, PageClassifier]:
    """Both as they are given, with graphs in the folder that was pulled: those that it brought, if sound, else new."""
    if not has_sound_graphs(folder) and (reason := make_graphs(classifier, folder)):
        say(f"note: the model gets no graphs, PyTorch will compute it: {reason}")
    return folder, classifier


def ready_base(files: Path, ready: Path, tokenizer: Path | None, base: str) -> tuple[Path, PageClassifier]:
    """A folder of an untuned base that can be used, made of the files that were pulled, and what it holds.

    ready: where it may be made; tokenizer: a dual encoder's, where it comes without one.
    """
    from safetensors import SafetensorError

    from classifier import PageClassifier

    probe = label_descriptions(["page", "picture"])  # a base has no categories; two words show that it can be used
    if plain_folder(files):
        from training.start import open_plain

        return files, open_plain(files, list(probe), 0, base)  # it has a head when it is trained
    classifier = PageClassifier.from_base(files, probe, tokenizer=tokenizer, base=base)
    try:
        classifier.engine.model.save_pretrained(ready)
    except SafetensorError as error:
        raise UserError(f"{printable(str(ready))}: cannot be written ({error})") from error
    classifier.engine.tokenizer.save_pretrained(ready)
    for file in BESIDE_WEIGHTS[1:]:
        if (files / file).is_file():
            shutil.copyfile(files / file, ready / file)
    return with_graphs(ready, PageClassifier.from_base(ready, probe, base=base))


def _loaded(folder: Path) -> PageClassifier:
    from classifier import PageClassifier

    if is_model_folder(folder):
        return PageClassifier.from_pretrained(folder)
    return PageClassifier.from_base(folder, label_descriptions(["page", "picture"]))  # a base has no categories


def has_sound_graphs(folder: Path) -> bool:
    """Whether the graphs of a folder are there, whole, and of its weights."""
    try:
        return has_graphs(folder) and bool(read_graphs(folder))
    except UserError:
        return False


def save_earlier(
    classifier: PageClassifier, folder: Path, *, revision: str, source: str, licence: str, name: str = ""
) -> None:
    """Save what `PageClassifier.from_checkpoint` gave as a complete folder, with a card that says where it is from."""
    classifier.revision, classifier.licence = revision, licence
    classifier.save_pretrained(folder, card=earlier_card(classifier, name or folder.name, source))


def licence_beside(path: Path) -> str:
    """The licence that the card of an earlier folder names, "" where there is none."""
    card = path / "README.md"
    return licence_of(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else ""


def described(classifier: PageClassifier) -> list[str]:
    """What a user should know of a model that was just loaded."""
    height, width = classifier.transform.size
    learned = "learned" if classifier.learned else "not learned: they go by their descriptions alone"
    labels, decides = classifier.categories, f"logit scale {classifier.logit_scale:.1f}"
    decides = "a plain head, no text tower" if classifier.engine.head else decides
    return [
        f"  base {classifier.base}, {len(labels)} categories ({learned}): {', '.join(labels)}",
        f"  pages at {width} x {height} ({classifier.transform.fit}), {decides}, temperature "
        f"{classifier.temperature:.3f}, licence {classifier.licence or 'not named'}",
        *(f"  warning: {line}" for line in label_warnings(labels)),
    ]


def _base_and_revision(old: Path, settings: Settings, job: Conversion) -> tuple[str, str]:
    """Base and revision as far as names, flags and shapes tell them."""
    if old.is_dir():
        description = describe(old, settings.hf.revisions)
        base, revision = description.base, description.revision
    else:
        name = EARLIER_NAME.match(old.stem)
        base, revision = (
            (canonical_base(name["base"] or ""), name["revision"] or name["only"]) if name else (UNKNOWN, "")
        )
    if job.base:
        if base not in (UNKNOWN, "", canonical_base(job.base)):
            raise UserError(
                f"{printable(str(old))} is on {base}, not on {printable(canonical_base(job.base))}: leave -m out"
            )
        base = canonical_base(job.base)
    return base or UNKNOWN, job.revision or revision or ""
