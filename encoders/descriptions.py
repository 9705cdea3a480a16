"""Category descriptions: reading the sets, wording the prompts, averaging their embeddings.

A set is a table of two columns, `label` and `description`; a label may stand in several rows, each one more description
of the same category. `.tsv` or `.csv`, in any form that spreadsheet programs write (`spreadsheets.read_table`).

    descriptions = read_descriptions(Path("category_descriptions/TOTAL_page_categories.tsv"))
    texts = prompts(descriptions, PROMPT, lowercase=True)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.labels import check_apart
from output.console import say
from output.spreadsheets import read_table
from utils import UserError, did_you_mean, printable

if TYPE_CHECKING:
    from settings.schema import Settings

PROMPT = "a scan of {description}"
COLUMNS = ("label", "description")
SUFFIXES = (".tsv", ".csv")


def same_label(label: str) -> str:
    """The one spelling of a label in which labels are compared and kept: blanks stripped, Unicode NFC.

    >>> same_label(" Fotografie\\u0301 ") == "Fotografi\\u00e9"
    True
    """
    return unicodedata.normalize("NFC", label.strip())


def read_descriptions(file: Path) -> dict[str, list[str]]:
    """Label -> its descriptions, labels in the order in which the file first names them, from one set.

    `+AF8-` (an underscore that once passed through UTF-7) is undone, blanks are stripped, empty lines skipped; a row
    that stands twice counts twice; a label whose description is empty has no text ([], see `label_descriptions`).
    Columns beside `label` and `description` are ignored.

    Raises UserError, with the file and the line: absent file, wrong kind or encoding, missing column, empty label, no
    rows.
    """
    if not file.is_file():
        siblings = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        raise UserError(f"no description file {printable(str(file))}{did_you_mean(file.name, siblings)}")
    if file.suffix.lower() not in SUFFIXES:
        raise UserError(f"{printable(str(file))}: category descriptions are .tsv or .csv files")
    table = read_table(file, COLUMNS)
    descriptions: dict[str, list[str]] = {}
    for line, cells in table.rows:
        label, description = (cells[column.upper()].replace("+AF8-", "_").strip() for column in COLUMNS)
        if not label:
            raise UserError(f"{table.where(line)}: the label is empty")
        texts = descriptions.setdefault(same_label(label), [])
        if description:
            texts.append(description)
    check_apart(descriptions, printable(str(file)))
    return descriptions


def list_sets(folder: Path, prefix: str) -> dict[str, Path]:
    """Set name -> file, of all `<prefix>_<set>.tsv` (or `.csv`) in `folder`, by name. UserError where there is none."""
    if not folder.is_dir():
        raise UserError(f"no folder of category descriptions {folder}")
    sets: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in SUFFIXES and file.name.startswith(prefix + "_"):
            name = file.stem.removeprefix(prefix + "_")
            if name in sets:
                raise UserError(f"{folder}: {sets[name].name} and {file.name} are the same set twice; remove one")
            sets[name] = file
    if not sets:
        tables = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
        raise UserError(
            f"no file {prefix}_<set>.tsv in {folder} (there: {', '.join(tables[:12]) or 'no .tsv or .csv file'})"
        )
    return sets


def read_sets(folder: Path, prefix: str) -> dict[str, list[str]]:
    """All sets of `prefix` in `folder` as one (`--avg`): label -> the descriptions of each set, sets by name.

    Raises UserError where no file `<prefix>_<set>.tsv` is found or one cannot be read.
    """
    merged: dict[str, list[str]] = {}
    for file in list_sets(folder, prefix).values():
        for label, texts in read_descriptions(file).items():
            merged.setdefault(label, []).extend(texts)
    check_apart(merged, f"{prefix}_*.tsv in {printable(str(folder))}")
    return merged


def chosen_descriptions(settings: Settings) -> dict[str, list[str]] | None:
    """The categories that `-cc` or `--avg` choose, None for the model's own. A label without text gets its name."""
    setup = settings.setup
    if setup.average:
        descriptions = read_sets(setup.categories_dir, setup.categories_prefix)
    elif setup.categories_file:
        descriptions = read_descriptions(setup.categories_file)
    elif setup.zero_shot:  # an untuned base has no categories of its own
        descriptions = read_sets(setup.categories_dir, setup.categories_prefix)
    else:
        return None
    nameless = [label for label, texts in descriptions.items() if not texts]
    if nameless:
        say(f"note: no description for {', '.join(nameless)}: the name itself is used")
        descriptions |= label_descriptions(nameless)
    check_texts(descriptions)
    if len(descriptions) < 2:
        raise UserError(f"only one category is described, {next(iter(descriptions))}: sorting needs two or more")
    return descriptions


def label_descriptions(labels: Iterable[str]) -> dict[str, list[str]]:
    """Descriptions for labels that have none: the name itself, underscores as blanks. The caller says that it did so.

    >>> label_descriptions(["PHOTO_L"])
    {'PHOTO_L': ['PHOTO L']}
    """
    return {same_label(label): [same_label(label).replace("_", " ").strip() or same_label(label)] for label in labels}


def same_texts(descriptions: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Groups of categories that have the same descriptions, letter case and blanks aside: a model cannot tell them
    apart, and the first would win on every page.

    >>> same_texts({"A": ["a map"], "B": ["A  map"], "C": ["a plan"]})
    [['A', 'B']]
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for label, texts in descriptions.items():
        groups.setdefault(tuple(sorted(" ".join(text.split()).casefold() for text in texts)), []).append(label)
    return [labels for labels in groups.values() if len(labels) > 1]


def check_texts(descriptions: Mapping[str, Sequence[str]]) -> None:
    """UserError where two categories have the same descriptions."""
    for labels in same_texts(descriptions):
        named = ", ".join(map(printable, labels[:6])) + (", ..." if len(labels) > 6 else "")
        raise UserError(
            f"the categories {named} have the same description ({printable(descriptions[labels[0]][0])[:80]}): no page "
            "can tell them apart, the first would always win; give each a description of its own with -cc FILE"
        )


def prompt_of(description: str, template: str = PROMPT, lowercase: bool = True) -> str:
    """One description in its template.

    >>> prompt_of("a typed Letter")
    'a scan of a typed letter'
    """
    text = template.replace("{description}", description)  # not str.format: a description may hold braces
    return text.lower() if lowercase else text


def prompts(descriptions: Mapping[str, Sequence[str]], template: str = PROMPT, lowercase: bool = True) -> list[str]:
    """All prompts, category after category: `sum(len(texts) for texts in descriptions.values())` of them."""
    return [prompt_of(text, template, lowercase) for texts in descriptions.values() for text in texts]


def average_prototypes(embeddings: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """Prototypes float32 [C, D]: the unit-length mean of each category's unit-length text embeddings.

    embeddings: [N, D] unit rows, category after category; counts: how many rows each of the C categories has (their sum
    is N, each at least 1). Recipe of the earlier tool, which calls it averaged mode; one row per category stays itself.
    """
    ends = np.cumsum(counts)
    means = np.stack([rows.mean(axis=0) for rows in np.split(np.asarray(embeddings, np.float32), ends[:-1])])  # [C, D]
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
