"""What a model folder says of its training: the training record, and the pages that its model has seen.

record = read_record(Path("models/mine"))       # training.json, {} where there is none
documents_seen(record)                          # {"box1", "box2", ...}
read_seen(Path("models/mine"))                  # pages_seen.csv: what the pages held, whatever their names
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from output.files import json_if_whole

SEEN_FILE = "pages_seen.csv"
METRICS = "metrics.jsonl"  # one line an epoch: epoch, step, loss, lr; of validation pages loss, accuracy, quality


def read_record(folder: Path) -> dict[str, Any]:
    """The training record of a model folder; {} where it has none."""
    return json_if_whole(folder / "training.json")


def read_seen(folder: Path) -> frozenset[str]:
    """The contents (copies.contents_of) of the pages that a model was trained or chosen on; none where not told."""
    try:
        return frozenset((folder / SEEN_FILE).read_text(encoding="ascii").split()[1:])
    except (OSError, ValueError):
        return frozenset()


def write_seen(folder: Path, contents: Iterable[str]) -> None:
    """Write `pages_seen.csv`, so that copies of these pages never judge the model; nothing where none is known."""
    if known := sorted(contents):
        text = "".join(f"{line}\n" for line in ("CONTENT", *known))
        (folder / SEEN_FILE).write_text(text, encoding="ascii", newline="\n")


def documents_seen(record: dict[str, Any]) -> set[str]:
    """The documents that a training record says its model was trained, chosen or fitted on, or its start was."""
    documents = record.get("documents", {})
    return {name for part in ("train", "validation", "extra", "before") for name in documents.get(part, [])}
