"""A model of an earlier tool, once and for all -> a complete model folder of ours.

python run.py --convert model_v1137 --model_path models/v1.1.3.7 --tokenizer tokenizer/
python run.py --convert model_ViT-B16_rev_v1137_3e.pt --model_path models/mine -cc page_categories_mid.tsv
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from encoders.card import earlier_card, licence_of
from encoders.choosing import EARLIER_NAME, UNKNOWN, canonical_base, describe
from encoders.earlier import is_checkpoint, is_model_folder
from encoders.labels import label_warnings
from hub.command import Conversion
from utils import UserError, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings


def run_conversion(settings: Settings, job: Conversion) -> int:
    """Write `--model_path` from the earlier folder or `.pt` that `--convert` names; 0.

    Raises UserError: no earlier model there, no categories (`-cc`) or tokenizer (`--tokenizer`) for it, target exists.
    """
    old, new = job.source, job.folder
    if new.exists():
        raise UserError(
            f"{printable(str(new))} exists already; a model folder is never written over: choose another name"
        )
    if not old.exists():
        raise UserError(f"--convert {printable(str(old))}: not there")
    if is_model_folder(old):
        raise UserError(f"{printable(str(old))} is a complete model folder already: nothing is to be converted")
    if not is_checkpoint(old):
        raise UserError(f"--convert {printable(str(old))}: neither a folder nor a .pt file of the earlier tool")
    from classifier import PageClassifier
    from sorting.job import chosen_descriptions

    base, revision = _base_and_revision(old, settings, job)
    classifier = PageClassifier.from_checkpoint(
        old, chosen_descriptions(settings), settings.setup.tokenizer, base if base != UNKNOWN else ""
    )
    save_earlier(classifier, new, revision=revision, source=f"`{printable(old.name)}`", licence=licence_beside(old))
    print(f"converted {printable(str(old))} into {printable(str(new))}")
    for line in described(PageClassifier.from_pretrained(new)):
        print(line)
    print(f"use it: {job.command_with('--model_path', str(new), '-d', 'pages/')}")
    return 0


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
    labels, scale = classifier.categories, f"{classifier.logit_scale:.1f}, temperature {classifier.temperature:.3f}"
    return [
        f"  base {classifier.base}, {len(labels)} categories ({learned}): {', '.join(labels)}",
        f"  pages at {width} x {height} ({classifier.transform.fit}), logit scale {scale}, "
        f"licence {classifier.licence or 'not named'}",
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
