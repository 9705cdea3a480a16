"""Which pages belong together: groups of pages that are one, and pages of which one is a part of the other.

    grouping = group_pages(rows, pairs, compare)     # compare: pairs -> Compared (comparing.py)
    grouping.groups, grouping.parts                  # what to propose

A group never holds two pages that were found to differ, also not through a third that looks like both: pairs join from
the most alike on, and none joins two groups of which a page of one differs from a page of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explore.comparing import Compared, frame_of, why_unread
from explore.keeping import Copy, propose, quality_of
from explore.near_duplicates import WHOLE
from index.database import page_file

if TYPE_CHECKING:
    from pandas import DataFrame

    from explore.near_duplicates import Verdict

KEEP, DUPLICATE, PART_OF = "keep", "duplicate", "part of"


@dataclass(frozen=True)
class Group:
    """Pages that are one, or (`part`) a page and one that is a part of it, which both stay.

    rows: of the index, the one to keep first, or the whole. why: of each, in words.
    """

    rows: list[int]
    why: list[str]
    part: bool = False

    def proposal(self, nth: int) -> str:
        """What is proposed for its nth page, from 0."""
        return KEEP if nth == 0 else PART_OF if self.part else DUPLICATE


def group_pages(
    rows: DataFrame, pairs: Sequence[tuple[int, int]], compare: Callable[[Sequence[tuple[int, int]]], Compared]
) -> Grouping:
    """Groups after `pairs` were compared, and each page of a group with the one to keep."""
    grouping = Grouping(rows, compare(pairs) if pairs else Compared())
    while undecided := grouping.unsure():
        grouping.done.add(compare(undecided))
        grouping.regroup()
    return grouping


class Grouping:
    """What `done` says of the pages `rows`, the columns of duplicates.NEEDED of an index.

    unread: why pages could not be opened, by row; they stand in no group. Files of the same bytes belong together
    wherever they lie, as long as they are still what was indexed.
    """

    def __init__(self, rows: DataFrame, done: Compared) -> None:
        self.rows, self.done, self.unread = rows, done, dict(done.unread)
        self._hashes: list[str] = rows["hash"].tolist()
        self._qualities: dict[int, tuple[int, bool]] = {}
        self._asked: set[tuple[int, int]] = set()
        self._copies: dict[str, list[int]] = {}  # of each content the pages that can be opened
        copies: dict[str, list[int]] = defaultdict(list)
        for row_index, content in enumerate(self._hashes):
            copies[content].append(row_index)
        for content, row_indices in copies.items():
            if len(row_indices) > 1:
                row_indices = [
                    row_index
                    for row_index in row_indices
                    if not (why := why_unread(rows, row_index)) or self.unread.update({row_index: why})  # type: ignore[func-returns-value]
                ]
            self._copies[content] = [row_index for row_index in row_indices if row_index not in self.unread]
        self.regroup()

    def regroup(self) -> None:
        """Groups and parts anew, after `done` has grown."""
        for row_index, why in self.done.unread.items():
            if row_index not in self.unread:
                self.unread[row_index] = why
                self._copies[self._hashes[row_index]] = [
                    at for at in self._copies[self._hashes[row_index]] if at != row_index
                ]
        self.groups = self._find_groups()
        self.parts = self._find_parts()

    def unsure(self) -> list[tuple[int, int]]:
        """Pairs of the page to keep and another of its group that have not been laid on each other: they belong
        together through others only. Each pair is given once."""
        pairs = set()
        for group in self.groups:
            keep = group.rows[0]
            for row_index in group.rows[1:]:
                pair = min(keep, row_index), max(keep, row_index)
                if self._hashes[keep] != self._hashes[row_index] and not {pair, pair[::-1]} & self.done.same.keys():
                    pairs.add(pair)
        pairs -= self._asked
        self._asked |= pairs
        return sorted(pairs)

    def _of(self, pair: tuple[int, int]) -> tuple[str, str] | None:
        """The two contents of a pair; None where one of them cannot be opened any more."""
        one, other = (self._hashes[row_index] for row_index in pair)
        return (one, other) if self._copies[one] and self._copies[other] else None

    def _find_groups(self) -> list[Group]:
        """Groups of two pages and more, the largest first."""
        apart: dict[str, set[str]] = defaultdict(set)
        for pair in (*self.done.others, *self.done.parts):
            one, other = (self._hashes[row_index] for row_index in pair)
            apart[one].add(other)
            apart[other].add(one)
        member_of: dict[str, list[str]] = {}  # content -> all contents of its group
        links: dict[str, list[tuple[str, Verdict]]] = defaultdict(list)  # (other, what it is against this one)
        for pair, verdict in sorted(self.done.same.items(), key=lambda item: (item[1].residue, item[0])):
            if (contents := self._of(pair)) is None:
                continue
            one, other = contents
            ours, theirs = (member_of.setdefault(content, [content]) for content in contents)
            if ours is not theirs:
                if any(not apart[content].isdisjoint(theirs) for content in ours if content in apart):
                    continue
                small, large = sorted((ours, theirs), key=len)
                large += small
                for content in small:
                    member_of[content] = large
            links[one].append((other, verdict))
            links[other].append((one, verdict.turned_round()))
        groups = []
        seen: set[str] = set()
        for content, row_indices in self._copies.items():
            if content in seen:
                continue
            contents = member_of.get(content, [content])
            seen.update(contents)
            row_indices = sorted(row_index for one in contents for row_index in self._copies[one])
            if len(row_indices) > 1:
                groups.append(self._group(row_indices, links))
        return sorted(groups, key=lambda group: (-len(group.rows), group.rows))

    def _group(self, row_indices: list[int], links: dict[str, list[tuple[str, Verdict]]]) -> Group:
        """The group with its proposal. Resolution, area and angle of each page count from the first one on."""
        start = self._hashes[row_indices[0]]
        relative: dict[str, tuple[float, float, float]] = {start: (1.0, 1.0, 0.0)}
        waiting = [start]
        while waiting:
            one = waiting.pop()
            resolution, area, angle = relative[one]
            for other, verdict in links.get(one, ()):
                if other not in relative:
                    turned = angle + verdict.angle
                    relative[other] = (resolution * verdict.resolution, area * verdict.area, turned)
                    waiting.append(other)
        copies = []
        for row_index in row_indices:
            row = self.rows.iloc[row_index]
            resolution, area, angle = relative[self._hashes[row_index]]
            quality, colour = self._quality(row_index) if len(relative) > 1 else (100, False)
            whole = f"{row['folder']}/{row['path']}"
            size = int(row["size"])
            copies.append(
                Copy(row_index, self._hashes[row_index], resolution, area, angle, quality, colour, size, whole)
            )
        order, why = propose(copies)
        return Group([copy.row for copy in order], why)

    def _quality(self, row_index: int) -> tuple[int, bool]:
        if row_index not in self._qualities:
            row = self.rows.iloc[row_index]
            file = page_file(row["folder"], row["path"])
            self._qualities[row_index] = quality_of(file, frame_of(row["frame"]))
        return self._qualities[row_index]

    def _find_parts(self) -> list[Group]:
        """A group for each page and each part of it, by the pages to keep of their groups."""
        kept: dict[str, int] = {}
        for group in self.groups:
            kept |= {self._hashes[row_index]: group.rows[0] for row_index in group.rows}
        parts: dict[tuple[int, int], Group] = {}
        for pair, verdict in sorted(self.done.parts.items()):
            if (contents := self._of(pair)) is None:
                continue
            if verdict.relation == WHOLE:
                contents, verdict = contents[::-1], verdict.turned_round()
            whole, part = (kept.get(content, self._copies[content][0]) for content in contents)
            if whole != part and (whole, part) not in parts and (part, whole) not in parts:
                parts[whole, part] = Group([whole, part], ["holds more than the other", _about(verdict)], part=True)
        return [parts[pair] for pair in sorted(parts)]


def _about(verdict: Verdict) -> str:
    """What the part is, seen from the whole."""
    said = [f"shows {100 * verdict.area:.0f} % of the other"]
    turned = (verdict.angle + 180) % 360 - 180
    if abs(turned) >= 0.2:
        said.append(f"turned by {abs(turned):.1f} degrees")
    if not 0.97 < verdict.resolution < 1.03:
        said.append(f"{100 * verdict.resolution:.0f} % of the resolution")
    return ", ".join(said)
