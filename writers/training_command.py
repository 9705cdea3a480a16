"""The two commands of `writers` that train: what each is asked, and who does it.

python run.py writers pretrain pages/
python run.py writers finetune pages/ --from models/letters --pattern '(?P<writer>w\\d+)-(?P<page>\\d+)'
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_path
from settings.schema import Settings
from settings.words import count_of
from utils import UserError, did_you_mean, printable
from writers.configurations import CONFIGURATIONS, FEATURES, TARGETS, Configuration
from writers.flags import TrainingJob


@dataclass(frozen=True, kw_only=True)
class Pretraining(TrainingJob):
    """Teach an encoder what strokes look like, from pages alone."""

    name = "pretrain"
    about = "teach an encoder strokes, from pages alone: it guesses what is hidden of patches"
    description = (
        "Trains a masked autoencoder on patches of handwriting: three quarters of each are hidden, and the directions "
        "of the strokes there (HOG) are to be told from the rest. Needs no labels; takes minutes to hours. Each epoch "
        "says how far it is. Killed at any moment, the same command goes on. Leaves a folder for `writers finetune`."
    )
    examples = f"""examples:
  {PROGRAM} writers pretrain pages/ --name letters                the small encoder, for two cores
  {PROGRAM} writers pretrain pages/ more/ --name letters --epochs 60
  {PROGRAM} writers pretrain pages/ --configuration paper --device cuda
  {PROGRAM} writers pretrain pages/ --name pixels --target pixels  to compare with: tell grey values instead of HOG
"""
    work = "writers.pretraining:run_pretraining"

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        _add_shared(groups["writers"], "encoder")
        add = groups["writers"].add_argument
        add("--target", metavar="WHAT", help="what is told of hidden tokens: hog-ink (default), hog-grey, pixels")
        add("--mask", metavar="SHARE", help="share of tokens that is hidden, 0 to 1 (default: 0.75)")
        add("--dim", metavar="N", help="numbers of a token (default: 64)")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Pretraining]:
        """As `Job` has it."""
        configuration = _configuration(typed, "pretrain").but(
            target=_choice(typed, "target", "--target", TARGETS), mask=_share(typed), dim=_dim(typed)
        )
        if configuration.dim % configuration.heads or configuration.dim % configuration.decoder_heads:
            configuration = configuration.but(decoder_heads=configuration.heads)
        if configuration.dim % configuration.heads:
            raise UserError(f"--dim {configuration.dim}: must be a multiple of {configuration.heads}")
        return settings, cls(**_shared(typed, "encoder"), configuration=configuration)


@dataclass(frozen=True, kw_only=True)
class Finetuning(TrainingJob):
    """Teach an encoder which patches are of one hand. start: the folder of a pre-trained one; pattern: "" = none."""

    name = "finetune"
    about = "teach it which patches are of one hand: makes a model for `writers index --model`"
    description = (
        "Adds NetRVLAD to an encoder and trains both: patches of one writer (a pattern finds the writers in the names "
        "of files) or, without a pattern, of one cluster of strokes are drawn together. A tenth of the writers is held "
        "out and judges each epoch; the best epoch is kept. Killed at any moment, the same command goes on. Leaves a "
        "model folder for index, search and evaluate, which needs no PyTorch there."
    )
    examples = f"""examples:
  {PROGRAM} writers finetune pages/ --from models/letters --pattern "(?P<writer>w[0-9]+)-(?P<page>[0-9]+)"
  {PROGRAM} writers finetune pages/ --from models/letters      nobody knows the writers: clusters of strokes
  {PROGRAM} writers finetune pages/ --name random --epochs 0    a random encoder, to compare with
  then: {PROGRAM} writers index pages/ --model models/writers
"""
    work = "writers.finetuning:run_finetuning"
    needs = (*TrainingJob.needs, "onnx", "onnxscript", "onnxruntime")

    start: Path | None = None
    pattern: str = ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        _add_shared(groups["writers"], "writers")
        add = groups["writers"].add_argument
        add("--from", dest="start", metavar="DIR",
            help="the folder that `writers pretrain` left; none: weights are random at first")  # fmt: skip
        add("--pattern", metavar="REGEX",
            help='finds writer and page in names: "(?P<writer>w[0-9]+)-(?P<page>[0-9]+)"; none: unknown')  # fmt: skip
        add("--feature", metavar="WHAT", help="what of a patch is its feature: mean (of its tokens; default), cls")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Finetuning]:
        """As `Job` has it."""
        configuration = _configuration(typed, "finetune", least=0).but(
            feature=_choice(typed, "feature", "--feature", FEATURES)
        )
        job = cls(
            **_shared(typed, "writers"),
            configuration=configuration,
            start=typed.path("start", "--from"),
            pattern=typed.text("pattern", "--pattern"),
        )
        return settings, job


def _add_shared(group: argparse._ActionsContainer, name: str) -> None:
    add = group.add_argument
    add("pages", nargs="*", metavar="PAGES", help="folders of pages")
    add("--name", metavar="NAME", help=f"the folder that is made, in the folder of models (default: {name})")
    add("--configuration", metavar="NAME",
        help="small (default: two cores), paper (as published, for a GPU), grk (its variant for papyri)")  # fmt: skip
    add("--epochs", metavar="N", help="passes over the patches (default: the configuration's)")


def _shared(typed: Typed, name: str) -> dict[str, Any]:
    """The fields of both commands but for the configuration."""
    pages = tuple(given_path(page, "PAGES") for page in typed.value("pages"))
    if not pages:
        raise UserError(f"{typed.job.flag} {typed.job.name}: name the folders of pages to learn from")
    chosen = typed.text("name", "--name") or name
    if Path(chosen).name != chosen or chosen.startswith(".") or chosen.endswith(".training"):
        raise UserError(f"--name {printable(chosen)}: a plain folder name is wanted, such as letters")
    return {**typed.command(), "pages": pages, "model_name": chosen}


def _configuration(typed: Typed, course: str, least: int = 1) -> Configuration:
    """The configuration that is named, with as many epochs of this course as are asked for."""
    name = _choice(typed, "configuration", "--configuration", tuple(CONFIGURATIONS)) or "small"
    configuration = CONFIGURATIONS[name]
    own = getattr(configuration, course)
    return configuration.but(**{course: replace(own, epochs=count_of(typed, "epochs", "--epochs", own.epochs, least))})


def _choice(typed: Typed, name: str, flag: str, choices: tuple[str, ...]) -> str | None:
    """One of the choices; None where the flag is not given."""
    given = typed.text(name, flag)
    if given and given not in choices:
        raise UserError(f"{flag} {printable(given)}: must be {' or '.join(choices)}{did_you_mean(given, choices)}")
    return given or None


def _share(typed: Typed) -> float | None:
    given = typed.text("mask", "--mask")
    if not given:
        return None
    try:
        share = float(given)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise UserError(f"--mask {printable(given)}: must be a share between 0 and 1, such as 0.75")
    return share


def _dim(typed: Typed) -> int | None:
    dim = count_of(typed, "dim", "--dim", 0, least=8)
    if dim % 4 or dim > 4096:
        raise UserError(f"--dim {dim}: must be a multiple of 4, at most 4096")
    return dim or None
