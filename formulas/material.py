"""Which pairs teach and which judge: no formula stands on both sides, none is cut, each that is left out is named.

    material = divide(store, seed=420)
    material = encode(material, tokenizer, start=True, longest=256)
    material.taught, material.judged                       # numbers of rows of the store

Where the data have a validation part, that judges, and what it shares with the training part is not learned. Else one
formula of twenty judges, chosen by its text, so that a formula that stands there twice is on one side, and on the same
one whatever else the data hold. A test part is left alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from formulas.pair_store import PairStore

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

JUDGING = 0.05  # of the formulas, where the data have no validation part


@dataclass
class Material:
    """What a training learns from. labels: of each row the ids of its tokens, with their end (int32), None = not used.

    left_out: row and reason of those that neither teach nor judge. unknown: tokens that the tokenizer does not know.
    """

    store: PairStore
    taught: list[int] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)
    tests: int = 0
    labels: list[np.ndarray | None] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)

    def normals(self, rows: list[int]) -> list[str]:
        """Normalised formulas."""
        return [self.store.rows[row].normal for row in rows]


def divide(store: PairStore, seed: int) -> Material:
    """Which rows teach and which judge."""
    material = Material(store)
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    own = any(row.split == "validation" for row in store.rows)
    for number, row in enumerate(store.rows):
        split = row.split if row.split in parts else "train"
        if not own and split == "train" and share_of(row.normal, seed) < JUDGING:
            split = "validation"
        parts[split].append(number)
    kept_apart = {name: set(material.normals(parts[name])) for name in ("validation", "test")}
    for number in parts["train"]:
        other = next((name for name, normals in kept_apart.items() if store.rows[number].normal in normals), "")
        if other:
            material.left_out.append((number, f"the same formula is in the {other} part"))
        else:
            material.taught.append(number)
    for number in parts["validation"]:
        if own and store.rows[number].normal in kept_apart["test"]:
            material.left_out.append((number, "the same formula is in the test part"))
        else:
            material.judged.append(number)
    material.tests = len(parts["test"])
    return material


def encode(material: Material, tokenizer: PreTrainedTokenizerBase, *, start: bool, longest: int) -> Material:
    """Give all rows their labels, and leave out those with more than `longest` tokens, start and end among them.

    start: the labels begin with the token of the start (the decoder begins with another one, as TrOCR's does).
    """
    used = [*material.taught, *material.judged]
    material.labels = [None] * len(material.store.rows)
    first = [tokenizer.bos_token_id] if start else []
    for at in range(0, len(used), 1000):
        rows = used[at : at + 1000]
        encoded = tokenizer(material.normals(rows), add_special_tokens=False)["input_ids"]
        for row, ids in zip(rows, encoded, strict=True):
            if len(ids) + 2 > longest:
                material.left_out.append((row, f"too long: {len(ids) + 2} tokens, {longest} are the most"))
                continue
            material.labels[row] = np.array([*first, *ids, tokenizer.eos_token_id], np.int32)
            if tokenizer.unk_token_id in ids:
                known = tokenizer.get_vocab()
                material.unknown.update(word for word in material.store.rows[row].normal.split() if word not in known)
    material.taught = [row for row in material.taught if material.labels[row] is not None]
    material.judged = [row for row in material.judged if material.labels[row] is not None]
    return material


def share_of(normal: str, seed: int) -> float:
    """A number from 0 to 1 that a formula's text decides, evenly spread over formulas."""
    digest = hashlib.sha256(f"{seed}\0{normal}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
