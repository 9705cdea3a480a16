"""Which model does a command mean? Finds model folders by path, revision or base, without loading any of them.

    choice = choose_model(settings, request)     # .source, .kind, .base, .revision, and .why it was chosen

In this order: `--model_path`, `-rev`, `-m` (with `--zero_shot` the untuned base), `[setup] model`, the shipped default.
A model is never an untuned base unless the user asked for one.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from encoders.base import BASE, is_base
from encoders.earlier import CHECKPOINT_SUFFIXES, KNOWN_BASES, PAGE_CLASSIFIER, is_checkpoint, is_model_folder
from encoders.heads import base_of, is_head
from output.files import json_if_whole
from settings.command import ModelRequest
from settings.config_file import HOME
from settings.given_paths import expanded
from settings.schema import Settings
from utils import UserError, did_you_mean, nearest, printable

SHIPPED = HOME / "models" / "efficientnet-lite0"
UNTUNED = "untuned"  # what stands for a revision in the name of a pulled base's folder
UNKNOWN = "CLIP"  # the base of an earlier model whose name and shapes do not tell
# Base codes of the earlier tool -> ids on the Hugging Face hub.
BASES = {
    "ViT-B/16": "openai/clip-vit-base-patch16",
    "ViT-B/32": "openai/clip-vit-base-patch32",
    "ViT-L/14": "openai/clip-vit-large-patch14",
    "ViT-L/14@336px": "openai/clip-vit-large-patch14-336",
}
EARLIER_NAME = re.compile(r"^(?:model_)?(?P<base>.+?)_rev_(?P<revision>[^_]+)|^model_(?P<only>v?[0-9.]+)$")
FOLD = re.compile(r"_fold_[0-9]+$")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
HUB_CACHE = re.compile(r"models--([^/\\]+)--([^/\\]+)[/\\]snapshots[/\\]")


@dataclass(frozen=True)
class ModelChoice:
    """A model as `classifier.load_classifier` takes it.

    source: a path, or a hub id. kind: "folder" (complete), "checkpoint" (an earlier tool's), "head" (a classifier of
    transformers or timm) or "base" (untuned).
    base: its base code or name. why: for the line that the user reads. revision: "" where it has none.
    """

    source: Path | str
    kind: str
    base: str
    why: str
    revision: str = ""


@dataclass(frozen=True)
class ModelFolder:
    """What a folder says of itself in its small files. finished: when it was trained (seconds), None = not told;
    changed: the time of its files; fold: it is one of a cross-validation, whose test pages others have seen."""

    path: Path
    kind: str
    base: str
    revision: str
    finished: float | None
    changed: float
    fold: bool

    @property
    def age(self) -> tuple[bool, float, str]:
        """Sorts the newest last; folders whose record does not tell come before all others."""
        return self.finished is not None, self.finished or self.changed, self.revision


def choose_model(settings: Settings, request: ModelRequest, *, to_train: bool = False) -> ModelChoice:
    """The model that the command means; nothing is loaded. to_train: `-m` is the untuned base to start from.

    Raises UserError, with what there is and the nearest match: no such model, or flags that contradict each other.
    """
    setup = settings.setup
    if request.path is not None:
        return _at_path(request.path, settings, request.base, "--model_path", to_train=to_train)
    if request.revision:
        return _of_revision(settings, request)
    if setup.zero_shot or (to_train and request.base):
        return _untuned(request.base or setup.base, settings)
    if request.base:
        return _newest(request.base, settings)
    if setup.model is not None:
        return _at_path(setup.model, settings, request.base, "[setup] model", to_train=to_train)
    if not is_model_folder(SHIPPED):
        raise UserError(f"the shipped model {_shown(SHIPPED)} is missing: get the project anew, or give --model_path")
    shipped = describe(SHIPPED)
    return ModelChoice(_near(SHIPPED), shipped.kind, shipped.base, "the shipped default", shipped.revision)


def canonical_base(name: str) -> str:
    """A base in its one spelling: codes in any letter case, as in file names, or by hub id; other names as they are.

    >>> canonical_base("vit-l/14@336"), canonical_base("ViT-B16"), canonical_base("google/siglip-base")
    ('ViT-L/14@336px', 'ViT-B/16', 'google/siglip-base')
    """
    name = name.strip()
    if is_base(name):
        return BASE
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    for code, hub_id in BASES.items():
        letters = re.sub(r"[^a-z0-9]", "", code.lower())
        if plain in (letters, letters.removesuffix("px")) or name.lower() == hub_id:
            return code
    return name


def file_name_of_base(base: str) -> str:
    """A base's name as it stands in file names.

    >>> file_name_of_base("ViT-B/16"), file_name_of_base("ViT-L/14@336px"), file_name_of_base("google/siglip-base")
    ('ViT-B16', 'ViT-L14-336px', 'google-siglip-base')
    """
    base = canonical_base(base)
    if base in BASES:
        return base.replace("/", "").replace("@", "-")
    if Path(base).is_absolute():
        base = Path(base).name
    return re.sub(r"[^A-Za-z0-9.-]+", "-", base).strip("-.")[:60] or "model"


def list_models(model_dir: Path, revisions: Mapping[str, str] | None = None) -> list[ModelFolder]:
    """The model folders directly in `model_dir`, the newest last; hidden and unfinished ones are not looked at."""
    if not model_dir.is_dir():
        return []
    folders = [path for path in model_dir.iterdir() if path.is_dir() and path.name[0] != "."]
    models = [describe(path, revisions) for path in folders if is_tuned(path)]
    return sorted(models, key=lambda model: model.age)


def is_tuned(path: Path) -> bool:
    """Whether a path is a model that sorts as it is: a model folder, one of the earlier tool, an image classifier.

    A base that was pulled untuned may be a classifier too, of other things than pages.
    """
    return is_model_folder(path) or is_checkpoint(path) or (is_head(path) and not path.name.endswith(f"_{UNTUNED}"))


def describe(folder: Path, revisions: Mapping[str, str] | None = None) -> ModelFolder:
    """What a model folder says of itself; nothing is loaded. revisions: base -> how its revisions begin."""
    classifier, record = json_if_whole(folder / PAGE_CLASSIFIER), json_if_whole(folder / "training.json")
    name = EARLIER_NAME.match(folder.name)
    revision = str(classifier.get("revision") or "") or ((name["revision"] or name["only"]) if name else "")
    try:
        trained = datetime.fromisoformat(str(record.get("finished")))
        finished = (trained if trained.tzinfo else trained.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        finished = None
    small = folder / (PAGE_CLASSIFIER if classifier else "config.json")
    kind = "folder" if is_model_folder(folder) else "head" if is_head(folder) else "checkpoint"
    earlier = base_of(folder) if kind == "head" else _earlier_base(folder, revision, revisions or {})
    return ModelFolder(
        folder,
        kind=kind,
        base=canonical_base(str(classifier.get("base") or "")) or earlier,
        revision=revision,
        finished=finished,
        changed=small.stat().st_mtime if small.is_file() else 0.0,
        fold=bool(record.get("fold")) or bool(FOLD.search(folder.name)),
    )


def _at_path(path: Path, settings: Settings, named: str, given: str, *, to_train: bool) -> ModelChoice:
    """A model folder, an earlier `.pt`, or (with --zero_shot, or to train from) an untuned base.

    named: the base that `-m` names, "" = none. given: what names the path.
    """
    untuned = settings.setup.zero_shot and given == "--model_path"
    shown = f"{given} {_shown(path)}"
    models = [model.path.name for model in list_models(settings.setup.model_dir)]
    meant = f"; did you mean {_shown(settings.setup.model_dir / path.name)}?" if path.name in models else ""
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = (
            meant or did_you_mean(path.name, beside) or f" (in {_shown(settings.setup.model_dir)}: {_listed(models)})"
        )
        raise UserError(f"{shown}: not there{hint}")
    if is_tuned(path):
        if untuned:
            raise UserError(f"{shown} is a fine-tuned model, --zero_shot takes an untuned base: leave one of them out")
        if path.is_file():
            name = EARLIER_NAME.match(path.stem)
            base, revision, kind = canonical_base(name["base"] or "") if name else "", "", "checkpoint"
            base = base if base in BASES else canonical_base(named) if named else UNKNOWN
        else:
            model = describe(path, settings.hf.revisions)
            base, revision, kind = model.base, model.revision, model.kind
        if named and UNKNOWN != base != canonical_base(named):
            raise UserError(f"{shown} is on {base}, not on {printable(canonical_base(named))}: leave -m out")
        return ModelChoice(path, kind, base, given, revision)
    if path.is_file():
        kinds = " or ".join(CHECKPOINT_SUFFIXES)
        raise UserError(f"{shown} is no model: that is a folder, or an earlier tool's {kinds} file")
    if {"model_type", "architecture"} & set(json_if_whole(path / "config.json")):
        if untuned or to_train:
            return ModelChoice(path, "base", _base_of_folder(path), f"{given}, untuned")
        raise UserError(f"{shown} is an untuned base: use it with --zero_shot, or train it with --train")
    inside = [model.path.name for model in list_models(path)]
    if inside:
        raise UserError(f"{shown} holds several models, name one of them: {_listed(inside)}")
    raise UserError(f"{shown} is no model folder: neither {PAGE_CLASSIFIER} nor a model's config.json in it{meant}")


def _of_revision(settings: Settings, request: ModelRequest) -> ModelChoice:
    """`-rev`: the newest revision in the models folder that is the wanted one, or begins like it."""
    wanted, model_dir, known = request.revision, settings.setup.model_dir, settings.hf.revisions
    shown = f"-rev {printable(wanted)}"
    base = canonical_base(request.base) if request.base else ""
    check_revision_fits(wanted, base, known)
    models = [model for model in list_models(model_dir, known) if model.revision and not model.fold]
    fitting = [model for model in models if revision_numbers(model.revision) == revision_numbers(wanted)]
    fitting = fitting or [model for model in models if revision_begins(model.revision, wanted)]
    on_base = [model for model in fitting if not base or model.base == base]
    if fitting and not on_base:
        raise UserError(f"{shown} is on {fitting[-1].base}, not on {printable(base)}: leave -m out")
    if not on_base:
        names = [model.path.name for model in models]
        raise UserError(
            f"{shown}: no such revision in {_shown(model_dir)} (there: {_listed(names)}); pull it with: python run.py "
            f"--hf -rev {printable(wanted)}"
        )
    model = on_base[-1]
    return ModelChoice(model.path, model.kind, model.base, f"revision {model.revision}", model.revision)


def check_revision_fits(revision: str, base: str, known: Mapping[str, str]) -> None:
    """UserError where `-rev` begins like the revisions of another base than `-m`. known: base -> how its own begin."""
    starts = {code for code, start in known.items() if revision_begins(revision, start)}
    if base and starts and base not in starts:
        instead = f", or give one of {base} ({known[base]})" if base in known else ""
        raise UserError(
            f"-rev {printable(revision)} is a revision of {' or '.join(sorted(starts))}, not of {printable(base)}: "
            f"leave -m out{instead}"
        )


def _newest(name: str, settings: Settings) -> ModelChoice:
    """`-m` without `--zero_shot`: the newest model on that base, folds left out; or the model folder that it names."""
    folder = expanded(name)
    if is_tuned(folder):
        model = describe(folder, settings.hf.revisions)
        return ModelChoice(folder, model.kind, model.base, "-m", model.revision)
    base = _base_of_folder(folder) if folder.is_dir() else _checked_base(name, settings)
    model_dir = settings.setup.model_dir
    models = [model for model in list_models(model_dir, settings.hf.revisions) if not model.fold]
    fitting = [model for model in models if model.base.casefold() == base.casefold()]
    if not fitting:
        like = nearest(Path(name).name, [model.path.name for model in models])
        hint = f"; did you mean --model_path {_shown(model_dir / like)}?" if like else ""
        bases = _listed(sorted({model.base for model in models}))
        raise UserError(
            f"-m {printable(name)}: no model on that base in {_shown(model_dir)} (bases there: {bases}): make one with "
            f"--train, or use the untuned base with --zero_shot{hint}"
        )
    model = fitting[-1]
    why = f"the newest on {base} in {_shown(model_dir)}"
    return ModelChoice(model.path, model.kind, model.base, why, model.revision)


def _untuned(name: str, settings: Settings) -> ModelChoice:
    """The untuned base itself: a folder, or a hub id (which loads only from the hub cache)."""
    folder = expanded(name)
    if folder.is_dir():
        if is_model_folder(folder) or is_checkpoint(folder):
            raise UserError(
                f"-m {printable(name)} is a fine-tuned model: name it with --model_path, without --zero_shot"
            )
        return ModelChoice(folder, "base", _base_of_folder(folder), "untuned")
    base = _checked_base(name, settings)
    if base == BASE:
        raise UserError(f"untuned, {base} has not learned any words yet: take another base, or train it with --train")
    pulled = settings.setup.model_dir / f"{file_name_of_base(base)}_rev_{UNTUNED}"
    if (pulled / "config.json").is_file():
        return ModelChoice(pulled, "base", base, "untuned")
    return ModelChoice(BASES.get(base, base), "base", base, "untuned")


def _checked_base(name: str, settings: Settings) -> str:
    """A base code, a hub id, or the base of a model in the models folder; UserError for a name that can be none."""
    base = canonical_base(name)
    codes = [*BASES, BASE]
    models = list_models(settings.setup.model_dir, settings.hf.revisions)
    bases = {model.base.casefold(): model.base for model in models}
    if base in codes or base.casefold() in bases:
        return bases.get(base.casefold(), base)
    if HUB_ID.fullmatch(base) and not base.lower().startswith("vit-"):
        return base
    hint = did_you_mean(name, codes)
    raise UserError(
        f"-m {printable(name)}: no base of that name (there are {', '.join(codes)}, hub ids, folders){hint}"
    )


def _base_of_folder(folder: Path) -> str:
    """An untuned folder's base: what the hub cache calls it, else its name."""
    absolute = folder.resolve()
    cached = HUB_CACHE.search(f"{absolute}/")
    return canonical_base(f"{cached[1]}/{cached[2]}" if cached else absolute.name)


def _earlier_base(folder: Path, revision: str, revisions: Mapping[str, str]) -> str:
    """An earlier folder's base: by its name, its revision, or the shapes in the header of its weights."""
    name = EARLIER_NAME.match(folder.name)
    if name and name["base"] and (base := canonical_base(name["base"])) in BASES:
        return base
    for base, start in revisions.items():
        if revision and revision_begins(revision, start):
            return base
    try:
        with (folder / "model.safetensors").open("rb") as file:  # 8 bytes of length, then JSON
            length = struct.unpack("<Q", file.read(8))[0]
            header = json.loads(file.read(min(length, 100_000_000)))
        width, _, _, patch = header["model.visual.conv1.weight"]["shape"]
        positions = header["model.visual.positional_embedding"]["shape"][0] - 1
        return KNOWN_BASES.get((width, patch, patch * round(positions**0.5)), UNKNOWN)
    except (OSError, ValueError, KeyError, TypeError, IndexError, struct.error):
        return UNKNOWN


def revision_numbers(revision: str) -> tuple[str, ...]:
    """What of a revision counts: v1.1.3.7 and, as in folder names, v1137 are ("1", "1", "3", "7"); others are names."""
    match = re.fullmatch(r"v?(\d+(?:\.\d+)*)", revision.strip(), re.IGNORECASE)
    if match is None:
        return (revision.strip().casefold(),)
    return tuple(match[1].split(".") if "." in match[1] else match[1])


def revision_begins(revision: str, start: str) -> bool:
    """Whether v1.1.3.7 begins with the numbers of v1.1."""
    wanted = revision_numbers(start)
    return revision_numbers(revision)[: len(wanted)] == wanted


def _near(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _shown(path: Path) -> str:
    return printable(str(path))


def _listed(names: Iterable[str]) -> str:
    names = [printable(name) for name in names]
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "") if names else "none"
