"""Learns from sorted pages which category follows which in a document, for `[output] sequence`.

    python data_scripts/learn_transitions.py sorted transitions.json
    python data_scripts/learn_transitions.py scans transitions.json --labels annotation.csv
    python run.py -d more_scans --sequence          # with [output] transitions = "transitions.json" in config.toml

sorting/transitions.py says how; benchmarks/sequence.py what it gains.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, counted, folder_argument, start, write_changed

from settings.config_file import read_settings
from settings.given_paths import given_path
from settings.schema import Settings
from sorting.together import page_order, places
from sorting.transitions import Document, learn, text_of
from training.data import LabelledPages, find_labelled
from training.labels import labelled_by_table
from utils import printable

DESCRIPTION = """\
Write TRANSITIONS.json: how likely each category stands on the page after one of each category. FOLDER holds label
folders, or, with --labels, pages to which a table gives their labels (annotate.py, the desk's export, a corrected
result table). Only pages whose numbers follow each other are pairs, so sort whole documents. Documents are those of
--train: by name, by folder, by documents.csv. What config.toml says of [input] counts where it is given (--config)."""
EXAMPLES = """\
examples:
  python data_scripts/learn_transitions.py sorted transitions.json
  python data_scripts/learn_transitions.py scans transitions.json --labels annotation.csv"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("folder", type=given_path, metavar="FOLDER", help="label folders, or pages that a table labels")
    parser.add_argument("output", type=given_path, metavar="TRANSITIONS.json", help="what is written")
    parser.add_argument("--labels", type=given_path, metavar="TABLE", help="what says the pages' categories")
    parser.add_argument("--config", type=given_path, metavar="TOML", help="says what a document is, in [input]")
    typed = parser.read(arguments)
    labelled = _labelled(typed, read_settings(typed.config))
    for note in labelled.notes:
        print(f"note: {note}")
    found = learn(documents_of(labelled))
    pairs, alike = sum(map(sum, found["pairs"])), sum(row[at] for at, row in enumerate(found["pairs"]))
    print(
        f"{counted(sum(found['pages']), 'page')} of {counted(found['documents'], 'document')}: {pairs} stand right "
        f"behind another, {alike / pairs:.0%} of them are of its category"
    )
    if typed.dry_run:
        print(f"would write {printable(str(typed.output))}")
        return 0
    write_changed(typed.output, text_of(found).encode())
    print(f"{printable(str(typed.output))}: name it in config.toml, [output] transitions")
    return 0


def _labelled(typed: argparse.Namespace, settings: Settings) -> LabelledPages:
    folder = folder_argument(typed.folder)
    return labelled_by_table(folder, typed.labels, settings) if typed.labels else find_labelled(folder, settings)


def documents_of(labelled: LabelledPages) -> list[Document]:
    """The pages of each document, in order: place and category. Those of a PDF or TIFF are a document by themselves."""
    documents: dict[tuple[str, str], list[int]] = {}
    for index, (page, document) in enumerate(zip(labelled.pages, labelled.documents, strict=True)):
        documents.setdefault((document, "" if page.frame is None else page.path), []).append(index)
    in_order: list[Document] = []
    for indices in documents.values():
        indices.sort(key=lambda index: page_order(labelled.pages[index]))
        at = places([labelled.pages[index] for index in indices])
        in_order.append([(place, labelled.labels[index]) for place, index in zip(at, indices, strict=True)])
    return in_order


if __name__ == "__main__":
    start(main)
