"""Which pages are the same picture? Exact copies by their bytes, near ones by what they look like.

    fingerprint = look(image)                                  # 256 bits and a 32 x 32 thumbnail
    groups = find_groups(keys, [look(image) for image in images])

Near means: at most NEAR_BITS of 256 gradient bits differ (a difference hash, dHash, of 16 x 16 cells) and the small
pictures correlate by NEAR_CORRELATION or more. Tried on 56 scans and 22 pages of a PDF (benchmarks/near_duplicates.py):
copies saved as JPEG of quality 40, at 60 % of the size, in grey or with noise were all found, brighter and paler ones
94 %, turned by half a degree 95 %, cropped by 1 % a side 67 %, black and white 77 %; of 3,003 pairs of different pages
none was taken for one. All pairs are compared: 50,000 pages take 25 s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from common import no_command
from PIL import Image

CELLS, THUMBNAIL = 16, 32
NEAR_BITS = 48
NEAR_CORRELATION = 0.93
_BLOCK = 128  # pages compared with all others at once: 128 x 50,000 words take 50 MB


@dataclass(frozen=True)
class Look:
    """What a page looks like: `bits` [32] uint8, 256 gradient bits packed; `thumbnail` [32 * 32] uint8, grey."""

    bits: bytes
    thumbnail: bytes


def look(image: Image.Image) -> Look:
    """The fingerprint of a page."""
    grey = image.convert("L")
    cells = np.asarray(grey.resize((CELLS + 1, CELLS), Image.Resampling.BOX), np.int16)  # [16, 17]
    thumbnail = grey.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return Look(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), thumbnail.tobytes())


def find_groups(keys: Sequence[Hashable], looks: Sequence[Look]) -> list[list[int]]:
    """Groups of two or more places whose pages are the same, directly or through others; each group sorted.

    keys: equal for exact copies. looks: one a page. Pages without any contrast are near to nothing.
    """
    parent = list(range(len(keys)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[Hashable, int] = {}
    for index, key in enumerate(keys):
        parent[index] = first.setdefault(key, index)
    distinct = list(first.values())
    for one, other in near_pairs(
        [looks[index] for index in distinct], lambda i, j: root(distinct[i]) == root(distinct[j])
    ):
        parent[root(distinct[other])] = root(distinct[one])
    groups: dict[int, list[int]] = defaultdict(list)
    for index in range(len(keys)):
        groups[root(index)].append(index)
    return [group for group in groups.values() if len(group) > 1]


def near_pairs(
    looks: Sequence[Look], joined: Callable[[int, int], bool] = lambda one, other: False
) -> Iterator[tuple[int, int]]:
    """Pairs of places, the smaller first, that look the same; those that are `joined` already are passed over, so that
    thousands of copies of one form cost no more than they must."""
    if not looks:
        return
    bits = np.frombuffer(b"".join(one.bits for one in looks), np.uint64).reshape(len(looks), -1)  # [n, 4]
    for start in range(0, len(looks), _BLOCK):
        block = bits[start : start + _BLOCK]
        apart = np.zeros((len(block), len(looks) - start), np.uint16)
        for word in range(bits.shape[1]):
            apart += np.bitwise_count(block[:, None, word] ^ bits[None, start:, word])
        for row, column in np.argwhere(apart <= NEAR_BITS):
            one, other = int(start + row), int(start + column)
            if one < other and not joined(one, other) and alike(looks[one], looks[other]) >= NEAR_CORRELATION:
                yield one, other


def bits_apart(one: Look, other: Look) -> int:
    """How many of the 256 gradient bits differ."""
    return (int.from_bytes(one.bits, "big") ^ int.from_bytes(other.bits, "big")).bit_count()


def alike(one: Look, other: Look) -> float:
    """Correlation of the thumbnails, -1 to 1; 0 where one is all of one grey."""
    first, second = (np.frombuffer(look.thumbnail, np.uint8).astype(np.float32) for look in (one, other))
    first, second = first - first.mean(), second - second.mean()
    length = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / length if length else 0.0


if __name__ == "__main__":
    no_command("pages that are there twice are found by data_scripts/dataset.py, and run.py explore duplicates")
