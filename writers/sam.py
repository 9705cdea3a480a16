"""Where on a page the writing lies, by a Segment Anything model: an option for pages that a pre-training learns from.

    segmenter = Segmenter.load(Path("models/sam-vit-huge"))           # a folder as transformers saves `SamModel`
    hand = isolate_by_masks(Image.open("page.png"), segmenter)        # a Handwriting

The model sees the page's edges, not the page; of its masks the one (or the two, of an opening) that holds the text is
kept, what lies outside is paper. After SAGHOG (Peer, Kleber, Sablatnig 2024). Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from utils import UserError, printable
from writers.isolation import LONGEST, Handwriting, NoHandwriting, inked_of

if TYPE_CHECKING:
    from PIL import Image

POINTS = 8  # a side of the grid of points that the model is asked about
STABLE = 0.8  # the least stability of a mask
OVERLAP = 0.01  # of boxes: of two that overlap more, the better is kept
SMALLEST, LARGEST = 0.1, 0.66  # shares of the page: smaller masks are no text, after a larger one no other is looked at
FRAME = 0.8  # a mask with more than that of all four borders is what lies round the text
ALIKE = 0.15  # two masks whose areas differ by less are the two pages of an opening
MARGIN = 250  # pixels cut off each side of a page, but no more than an eighth of it
FEWEST_KEYPOINTS = 1000  # of SIFT, on the edges of what is left


@dataclass(frozen=True)
class Segmenter:
    """A Segment Anything model and what prepares images for it."""

    generator: Any  # transformers' mask-generation pipeline

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Segmenter:
        """UserError where the folder is missing or holds no SamModel."""
        if not (folder / "config.json").is_file():
            raise UserError(
                f"{printable(str(folder))}: no Segment Anything model there (config.json is missing): give a folder "
                "that holds one as transformers saves it, for example facebook/sam-vit-huge"
            )
        import json

        from transformers import SamImageProcessor, SamModel, pipeline

        try:
            kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
        except (ValueError, AttributeError) as error:
            raise UserError(f"{printable(str(folder))}: config.json is damaged: {error}") from None
        if kind != "sam":
            raise UserError(f"{printable(str(folder))}: a model of type {printable(str(kind))}, not sam")
        try:
            model = SamModel.from_pretrained(folder, local_files_only=True)
            processor = SamImageProcessor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(f"{printable(str(folder))}: the model cannot be read: {printable(reason)}") from None
        return cls(pipeline("mask-generation", model=model.eval(), image_processor=processor, device=device))

    def masks(self, grey: np.ndarray) -> list[np.ndarray]:
        """[H, W] bool masks of a [H, W] uint8 page, as the model sees its edges."""
        from PIL import Image

        edges = cv2.Canny(cv2.GaussianBlur(grey, (5, 5), 0), 150, 200)
        try:
            found = self.generator(
                Image.fromarray(cv2.cvtColor(edges, cv2.COLOR_GRAY2RGB)),
                points_per_crop=POINTS,
                points_per_batch=POINTS * POINTS,
                stability_score_thresh=STABLE,
                crops_nms_thresh=OVERLAP,
            )["masks"]
        except IndexError:  # transformers' way to say that no mask was stable
            return []
        return [np.asarray(mask, dtype=bool) for mask in found]


def choose_mask(masks: Sequence[np.ndarray]) -> np.ndarray | None:
    """The [H, W] bool mask of the text, of all that a model found; None where none can be it."""
    chosen = []
    for mask in sorted(masks, key=np.count_nonzero, reverse=True):
        if mask.mean() < SMALLEST:
            break
        large = mask.mean() > LARGEST
        if all(side.mean() > FRAME for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1])):
            mask = ~mask
        chosen.append(mask)
        if large:
            break
    if not chosen:
        return None
    if len(chosen) > 1:
        first, second = (np.count_nonzero(mask) for mask in chosen[:2])
        if abs(first - second) <= ALIKE * max(first, second):
            return chosen[0] | chosen[1]
    return chosen[0]


def isolate_by_masks(page: Image.Image, segmenter: Segmenter, longest: int = LONGEST) -> Handwriting:
    """The ink inside the mask of the text, cut to it. Raises NoHandwriting where no mask fits or little is left."""
    inked = inked_of(page, longest)
    mask = choose_mask(segmenter.masks(cv2.cvtColor(inked.pixels, cv2.COLOR_RGB2GRAY)))
    if mask is None:
        raise NoHandwriting("no handwriting found: no mask of the model covers a tenth of the page")
    height, width = mask.shape
    margin = [min(round(MARGIN * inked.scale), side // 8) for side in (height, width)]
    inside = (slice(margin[0], height - margin[0]), slice(margin[1], width - margin[1]))
    mask, ink, grey = mask[inside], inked.ink[inside], inked.flat[inside]
    rows, columns = mask.any(1), mask.any(0)
    if not rows.any():
        raise NoHandwriting("no handwriting found: the mask of the text lies on the page's margin")
    mask, ink, grey = (array[rows][:, columns] for array in (mask, ink, grey))
    grey = np.where(mask, grey, np.uint8(255))
    keypoints = len(cv2.SIFT_create().detect(cv2.Canny(grey, 100, 200), None))
    if keypoints < FEWEST_KEYPOINTS:
        raise NoHandwriting(f"no handwriting found: too little ink ({keypoints} keypoints inside the mask of the text)")
    return Handwriting.of(ink & mask, grey, inked.scale, {"outside": int(inked.ink.sum() - (ink & mask).sum())})
