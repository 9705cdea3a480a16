"""What a step of training sees: which formulas, their pictures on canvases, and their labels.

    order = Batches(shapes_of(store, canvas, rows), size=32, seed=420)     # [(epoch, number), ...] a batch
    dataset = Formulas(material, material.taught, canvas, seed=420, augmented=True)
    collate([dataset[key] for key in next(iter(order))], canvas, pad=1)    # tensors

A key holds epoch and number, and with the seed these decide how a picture is worn: the same batches come after a kill,
and whatever number of processes loads them. A batch holds formulas that need canvases of about one size, so that short
formulas do not pay for a wide one. The first epoch of a new network begins with short formulas (Bengio et al. 2009):
they cost little, and on them it learns sooner to look at the picture instead of guessing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Dataset

from formulas.augmenting import augmented
from formulas.pictures import LARGEST, Canvas

if TYPE_CHECKING:
    from transformers import VisionEncoderDecoderModel

    from formulas.material import Material
    from formulas.pair_store import PairStore

POOL = 64  # batches that are sorted by size together; more are more alike, and less mixed
GROWN = 1.5  # times the canvas of a formula that it may have once it is worn
IGNORED = -100  # a label that counts for nothing

Key = tuple[int, int]  # epoch, and place in the list of rows


class Batches:
    """The batches of an epoch, as a sampler of batches. shapes: of the canvas of each formula, [n, 2]; None: all are
    of one size, and the order is random throughout. eased: the first epoch begins with short ones.
    """

    drop_last = False

    def __init__(self, count: int, shapes: np.ndarray | None, size: int, seed: int, *, eased: bool = True) -> None:
        self.count, self.shapes, self.batch_size, self.seed, self.eased = count, shapes, size, seed, eased
        self.epoch = 0

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes next."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[Key]]:
        chance = np.random.default_rng([self.seed, 1, self.epoch])
        eased = self.eased and not self.epoch
        order = chance.permutation(self.count)
        if self.shapes is None:
            pools = [order]
        else:
            size = POOL * self.batch_size
            if eased:
                order = order[np.argsort(self._turns(chance)[order], kind="stable")]
            pools = [self._alike(order[at : at + size]) for at in range(0, self.count, size)]
        batches = [pool[at : at + self.batch_size] for pool in pools for at in range(0, len(pool), self.batch_size)]
        if self.shapes is not None:  # else they come in the order of the permutation already
            near = POOL if eased else len(batches)  # at first, only batches of a pool change places
            parts = [batches[at : at + near] for at in range(0, len(batches), near)]
            batches = [part[at] for part in parts for at in chance.permutation(len(part))]
        for batch in batches:
            yield [(self.epoch, int(number)) for number in batch]

    def _turns(self, chance: np.random.Generator) -> np.ndarray:
        """When a formula comes in the first epoch, 0 to 1: at any time after its place among them by area of canvas."""
        areas = self.shapes.prod(axis=1)  # type: ignore[union-attr]
        ranks = np.argsort(np.argsort(areas, kind="stable"), kind="stable") / max(1, self.count)
        return ranks + (1.0 - ranks) * chance.random(self.count)

    def _alike(self, pool: np.ndarray) -> np.ndarray:
        height, width = self.shapes[pool].T  # type: ignore[index]
        return pool[np.lexsort([width, height])]


def shapes_of(store: PairStore, canvas: Canvas, rows: Sequence[int]) -> np.ndarray | None:
    """About how large the canvases of formulas are, in steps: int [n, 2], height and width; None: all alike."""
    if canvas.mode != "wide" or not canvas.step:
        return None
    sizes = np.array([(store.rows[row].height, store.rows[row].width) for row in rows], np.float64).reshape(-1, 2)
    types = np.array([store.rows[row].type_size for row in rows])
    scale = (np.array([canvas.height, canvas.width]) / sizes).min(axis=1)
    if canvas.type_size:
        scale = np.minimum(scale, np.minimum(LARGEST, canvas.type_size / types))
    return np.ceil(sizes * scale[:, None] / canvas.step).astype(np.int64)


class Formulas(Dataset):
    """Pictures on their canvases, uint8 [H, W], with their labels; by key, or by place for those that judge."""

    def __init__(self, material: Material, rows: Sequence[int], canvas: Canvas, seed: int, *, augmented: bool) -> None:
        self.material, self.rows, self.canvas, self.seed, self.augmented = material, rows, canvas, seed, augmented

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Key | int) -> dict[str, Any]:
        epoch, number = key if isinstance(key, tuple) else (0, key)
        row = self.rows[number]
        picture = self.material.store.picture(row)
        drawn = self.canvas.draw(picture)
        if self.augmented:
            worn = self.canvas.draw(augmented(picture, np.random.default_rng([self.seed, 2, epoch, number])))
            # One that came out much larger, as its type was misjudged, would make the whole batch as large.
            if worn.width * worn.height <= GROWN * drawn.width * drawn.height:
                drawn = worn
        return {"picture": np.asarray(drawn), "labels": self.material.labels[row]}


class Collator:
    """Formulas -> what the network takes.

    The labels come shifted as well (`decoder_input_ids`): where labels are smoothed, the Trainer takes them away before
    the network could shift them.
    """

    def __init__(self, model: VisionEncoderDecoderModel, canvas: Canvas) -> None:
        self.canvas = canvas
        self.start, self.pad = model.config.decoder_start_token_id, model.config.pad_token_id

    def __call__(self, formulas: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """pixel_values [n, channels, H, W], labels and decoder_input_ids [n, length]."""
        grey = torch.from_numpy(stacked([formula["picture"] for formula in formulas])).float() / 255.0
        pixels = self.canvas.ink + (self.canvas.paper - self.canvas.ink) * grey  # as Canvas.place has it
        length = max(len(formula["labels"]) for formula in formulas)
        labels = torch.full((len(formulas), length), IGNORED)
        shifted = torch.full((len(formulas), length), self.pad)
        shifted[:, 0] = self.start
        for at, formula in enumerate(formulas):
            ids = torch.from_numpy(formula["labels"].astype(np.int64))
            labels[at, : len(ids)] = ids
            shifted[at, 1 : len(ids) + 1] = ids[: length - 1]
        return {
            "pixel_values": pixels[:, None].expand(-1, self.canvas.channels, -1, -1).contiguous(),
            "labels": labels,
            "decoder_input_ids": shifted,
        }


def stacked(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Canvases of several sizes as one array, uint8 [n, H, W]: paper is added at the right, and above and below."""
    height, width = (max(picture.shape[side] for picture in pictures) for side in (0, 1))
    canvases = np.full((len(pictures), height, width), 255, np.uint8)
    for canvas, picture in zip(canvases, pictures, strict=True):
        top = (height - picture.shape[0]) // 2
        canvas[top : top + picture.shape[0], : picture.shape[1]] = picture
    return canvases
