"""Every setting: its name, type, default, valid values, flag and help, in one place.

    settings = read_settings(Path("config.toml"))  # of config_file.py; then settings.setup.batch_size, ...
    python -m settings.config_file > config.toml  # write that file anew after a setting was added here

A new setting is one entry in its section's class: config key, checks, flag and help all come from there.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from settings.sizes import size_of
from utils import did_you_mean

# What a setting can change of a run that `--resume` takes up: which pages it has, what comes of a page, the tables of
# all jobs that sort pages, those of the main job alone, and how the model computes. Not among them: what says where
# things lie or how fast it goes, and which model and categories are meant: their contents count, whatever their names.
REACHES = ("pages", "outcomes", "tables", "sorting", "execution")


def setting(
    default: Any,
    help: str,
    flags: str = "",
    *,
    metavar: str = "",
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] = (),
    check: Callable[[Any], str | None] | None = None,
    group: str = "",
    commas: bool = False,
    reaches: str = "",
) -> Any:
    """A field of a section.

    help: the comment in config.toml, and the help of `flags` (blank-separated; a switch's `--no-...` comes by itself).
    low, high (inclusive), above, below (exclusive): the range of a number. check: a function that says why a value is
    not valid. group: where the flag stands in `-h`, by default with its section. commas: whether one flag of a list may
    give several, with commas between. reaches: what of a run it changes, one of `REACHES` or nothing: no run goes on
    with what another has done where these differ.
    """
    metadata = {
        "help": help,
        "flags": tuple(flags.split()),
        "metavar": metavar,
        "range": (low, high, above, below),
        "choices": choices,
        "check": check,
        "group": group,
        "commas": commas,
        "reaches": reaches,
    }
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


def _bad_pattern(text: str) -> str | None:
    try:
        re.compile(text)
    except re.error as error:
        return f"not a valid regular expression ({error})"
    return None


def _bad_exclude(patterns: tuple[str, ...]) -> str | None:
    return None if all(pattern.strip("/\\ .") for pattern in patterns) else "an empty pattern would leave out nothing"


def _bad_device(text: str) -> str | None:
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text):
        return None
    return f"must be auto, cpu, cuda, cuda:N or mps{did_you_mean(text, ('auto', 'cpu', 'cuda', 'cuda:0', 'mps'))}"


def _bad_memory(text: str) -> str | None:
    try:
        size_of(text)
    except ValueError as error:
        return str(error)
    return None


# fmt: off
@dataclass(frozen=True)
class Input:
    """Which pages, and what belongs together."""

    folder: Path = setting(Path("category_samples"), "the folder that --dir sorts")
    formats: tuple[str, ...] = setting(
        (), "only these kinds of files, e.g. png or jpg,tif; none: all that can be read",
        "-ff --file_format", metavar="EXT", commas=True, reaches="pages")
    inner: bool = setting(True, "look into sub-folders too", "--inner", reaches="pages")
    hidden: bool = setting(
        False, "look into hidden folders too, and those that systems keep for themselves (@eaDir, #recycle)",
        "--hidden", reaches="pages")
    exclude: tuple[str, ...] = setting(
        (), "leave out files and folders of this name, or of this path below the input; * and ? stand for what varies, "
        "e.g. *_small.jpg or box1/drafts", "--exclude", metavar="PATTERN", check=_bad_exclude, reaches="pages")
    max_pixels: int = setting(
        700_000_000, "pages of more pixels are listed as errors, not decoded", "--max_pixels", metavar="N", low=1,
        reaches="outcomes")
    memory: str = setting(
        "auto", "memory that decoding may take at once, in MB or with a unit (6 GB): larger pages are read "
        "smaller where their format allows it, else listed as errors; auto: half of the machine's",
        "--memory", metavar="SIZE", check=_bad_memory)
    upright: bool = setting(
        True, "sort pages that lie on their side or upside down as if they were upright (models that go back to "
        "EfficientNet-Lite0; others see pages as they lie)", "--upright",
        reaches="outcomes")
    strict: bool = setting(
        False, "pages that a decoder complained about are errors too, not sorted with a WARNING", "--strict",
        reaches="outcomes")
    document_from: str = setting(
        "auto", "what names a page's document: its file's name (without the page number), or its folder; auto: the "
        "name, but the folder where names are only page numbers", "--document_from",
        choices=("auto", "name", "folder"), reaches="sorting")
    document_pattern: str = setting(
        "", "a regular expression that finds the document in there (its first group, else all that it matches)",
        "--document_pattern", metavar="REGEX", check=_bad_pattern, reaches="sorting")


@dataclass(frozen=True)
class Output:
    """What is written, and where."""

    folder: Path = setting(Path("result"), "where tables and run records are written", "-o --output", metavar="DIR")
    top_n: int = setting(
        1, "categories a page in the result table", "-tn --topn", metavar="N", low=1, reaches="sorting")
    raw: bool = setting(False, "also a table with the score of every category", "--raw", reaches="sorting")
    turn: bool = setting(
        False, "result tables say how pages lie: TURN, the degrees clockwise that bring a page upright (empty: nobody "
        "can tell), and TURN_SCORE, how sure that is", "--turn", reaches="sorting")
    excel: bool = setting(
        False, "tables as Central European Excel opens them (BOM, semicolons, decimal commas)", "--excel",
        reaches="tables")
    per_document: bool = setting(False, "also one table a document", "--per_document", reaches="sorting")
    sequence: bool = setting(
        False, "decide the pages of a document together: scores then count the pages before and after too; the RAW "
        "table has what each page says by itself", "--sequence", reaches="tables")
    transitions: Path | None = setting(
        None, "which category follows which, for sequence: a JSON of data_scripts/learn_transitions.py; empty: the "
        "shipped guess")
    unlike: bool = setting(
        False, "also a column UNLIKE: how unlike a page is to those that the model learned from, 0 to 1; of models "
        "that can say it", "--unlike", reaches="sorting")


@dataclass(frozen=True)
class Setup:
    """Which model, which categories, and how it runs."""

    model: Path | None = setting(
        None, "the model folder that is used where no flag names another; empty: the shipped default")
    model_dir: Path = setting(
        Path("models"), "where model folders lie: -m and -rev look there, --train writes there",
        "--model_dir", metavar="DIR", group="model")
    base: str = setting(
        "ViT-B/16", "the base that --zero_shot takes where -m names none: a code, a hub id, or a folder")
    zero_shot: bool = setting(
        False, "use an untuned base, which goes by the descriptions alone, not a fine-tuned model",
        "--zero_shot", group="model")
    tokenizer: Path | None = setting(
        None, "the tokenizer folder for a model that has none of its own", "--tokenizer", metavar="DIR", group="model")
    categories_file: Path | None = setting(
        None, "a table of other categories (columns label, description); empty: the model's own",
        "-cc --cat_csv", metavar="TSV", group="categories")
    average: bool = setting(
        False, "average all description sets whose names begin with categories_prefix", "--avg", group="categories")
    categories_dir: Path = setting(
        Path("category_descriptions"), "the folder of the description sets",
        "--cat_dir", metavar="DIR", group="categories")
    categories_prefix: str = setting(
        "page_categories", "how the names of the description sets begin",
        "--cat_prefix", metavar="PREFIX", group="categories")
    engine: str = setting(
        "auto", "what computes the model: onnx is light and fast on a CPU, torch is for graphics cards and bf16; auto: "
        "what fits device and model", "--engine", choices=("auto", "torch", "onnx"), reaches="execution")
    device: str = setting(
        "auto", "where the model computes: auto, cpu, cuda, cuda:N or mps", "--device", metavar="NAME",
        check=_bad_device, reaches="execution")
    precision: str = setting(
        "fp32", "bf16 is faster where the hardware has it, and moves scores a little; tf32, on NVIDIA cards, less so",
        "--precision", choices=("fp32", "tf32", "bf16"), reaches="execution")
    batch_size: int = setting(
        16, "pages that the model sees at once; --train has a number of its own, [train] batch_size, which the flag "
        "then sets", "--batch_size", metavar="N", low=1,
        high=4096, reaches="execution")
    workers: int = setting(
        -1, "threads that decode pages, and compute them with engine onnx; 0: none; -1: one a core, with torch on a "
        "CPU at most 8",
        "--workers", metavar="N", low=-1, high=256)
    review_below: float = setting(
        -1.0, "result tables mark pages whose score is lower for review (column REVIEW); 0: no such column; -1: what "
        "the model recommends for its own categories, no column where it recommends nothing, or models vote; --eval "
        "tells which score is safe on your pages", low=-1, high=1, reaches="tables")
    seed: int = setting(
        420, "decides all that is drawn at random in training", "--seed", metavar="N", low=0, high=2**31 - 1,
        group="train")
    quiet: bool = setting(False, "no progress, only results and warnings", "--quiet")


@dataclass(frozen=True)
class Train:
    """Fine-tuning (--train)."""

    folder: Path | None = setting(None, "the label folders to train on where -d names none")
    towers: str = setting(
        "head", "what learns: the head alone (few pages, no GPU), the image tower too, or both towers", "--towers",
        choices=("head", "image", "both"))
    split: str = setting(
        "documents", "what divides training, validation and test pages: documents (no document trains and tests), "
        "folders (DIR/train, DIR/val, DIR/test, with label folders in them, taken as they stand), or a table that says "
        "train, dev or test of each page; with --eval such a table: its test pages judge",
        "--split", metavar="HOW")
    epochs: int = setting(
        0, "passes at most; 0: by the number of pages", "--epochs", metavar="N", low=0, high=100_000)
    lr: float = setting(0.0, "learning rate; 0: what suits base and towers", "--lr", metavar="RATE", low=0, high=1)
    batch_size: int = setting(16, "pages a step", "--batch_size", metavar="N", low=2, high=4096)
    label_smoothing: float = setting(0.1, "keeps the model from being too sure", low=0, below=1)
    patience: int = setting(5, "stop after so many epochs without a better one; 0: never", low=0)
    validation: float = setting(0.1, "share of pages that choose the best epoch", low=0, below=0.5)
    test: float = setting(0.1, "share of pages that are kept for testing", low=0, below=0.5)
    max_categ: int = setting(
        14_000, "at most so many training pages a category", "-mc --max_categ", metavar="N", low=1)
    max_categ_eval: int = setting(
        3_000, "at most so many validation and as many test pages a category", "-mce --max_categ_eval", metavar="N",
        low=1)
    folds: int = setting(
        0, "cross-validation with so many folds; 0: one split", "--folds", metavar="K", low=0, high=100)
    final: bool = setting(False, "after the folds, one model trained on all pages", "--final")
    extra: Path | None = setting(
        None, "more label folders whose pages only train, never validate or test", "--extra", metavar="DIR")
    extra_share: float = setting(
        0.75, "share of a batch that comes from extra", "--extra_share", metavar="SHARE", above=0, below=1)
    start_share: float = setting(
        0.0, "share of the start's weights in those of the new model: with 0.5 it keeps more of what it could do on "
        "pages unlike the new ones", "--start_share", metavar="SHARE", low=0, below=1)


@dataclass(frozen=True)
class Eval:
    """Judging and comparing models."""

    folder: Path | None = setting(
        Path("category_samples"), "the label folders to judge by where -d names none and a model has none of its own")
    best: tuple[str, ...] = setting(
        (), "the models that vote with --best, by name in model_dir or by path; none: all there of the same categories")
    per_document: int = setting(3, "with --suggest, at most so many pages of one document", low=1)


@dataclass(frozen=True)
class Hf:
    """The hub: where --hf pulls from and --push uploads to. Tokens never stand here: HF_TOKEN, or `hf auth login`."""

    repo: str = setting(
        "ufal/clip-historical-page", "the repository that --hf pulls from; where --push uploads to is always typed",
        "--repo", metavar="NAME")
    revision: str = setting("main", "the revision that --hf pulls where neither -rev nor -m is given")
    latest: dict[str, str] = setting(
        {"ViT-B/16": "v1.1.3.7", "ViT-B/32": "v1.2.3", "ViT-L/14": "v2.1.3.1", "ViT-L/14@336px": "v2.2.3.4"},
        "the revision that --hf pulls for each -m")
    private: bool = setting(True, "a repository that --push makes is private until you open it", "--private")
    revisions: dict[str, str] = setting(
        {"ViT-B/16": "v1.1", "ViT-B/32": "v1.2", "ViT-L/14": "v2.1", "ViT-L/14@336px": "v2.2"},
        "how the revisions of each base begin (-rev)")
# fmt: on


@dataclass(frozen=True)
class Settings:
    """All settings; `file` is the config file that they came from, None for the defaults alone."""

    input: Input = field(default_factory=Input)
    output: Output = field(default_factory=Output)
    setup: Setup = field(default_factory=Setup)
    train: Train = field(default_factory=Train)
    eval: Eval = field(default_factory=Eval)
    hf: Hf = field(default_factory=Hf)
    file: Path | None = None

    def replaced(self, section: str, **values: Any) -> Settings:
        """A copy with other values in one section: `settings.replaced("setup", workers=0)`."""
        return dataclasses.replace(self, **{section: dataclasses.replace(getattr(self, section), **values)})


SECTIONS: dict[str, type] = {
    "input": Input,
    "output": Output,
    "setup": Setup,
    "train": Train,
    "eval": Eval,
    "hf": Hf,
}


def reaching(settings: Settings, *reaches: str) -> dict[str, Any]:
    """Name -> value of all settings that reach so far, in the order of their sections; lists sorted, for in
    another order they mean the same.

    >>> reaching(Settings(), "outcomes")
    {'max_pixels': 700000000, 'strict': False}
    """
    values: dict[str, Any] = {}
    for section, kind in SECTIONS.items():
        for one in dataclasses.fields(kind):
            if one.metadata["reaches"] in reaches:
                value = getattr(getattr(settings, section), one.name)
                values[one.name] = sorted(value) if isinstance(value, tuple) else value
    return values
