"""What a map can be coloured by: category, cluster, year (in decades). The same in the pictures and in the browser.

for facet in facets(rows):                 # rows: pandas.DataFrame with category, cluster, year
    facet.names[facet.codes[0]]            # the group of the first page
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from utils import printable

if TYPE_CHECKING:
    from pandas import DataFrame

# Neighbours in this list differ in hue and lightness; each has at least 3 : 1 against white (WCAG 2.2, 1.4.11). Beyond
# them colours come again: the names on the map and the legend's switches tell such groups apart.
COLOURS = [
    "#1f6fb4",
    "#c8321f",
    "#22803a",
    "#8a4fb5",
    "#a65b00",
    "#c2378c",
    "#0a8580",
    "#6b4a2f",
    "#66720a",
    "#3b45c9",
    "#8f1136",
    "#3f6b5c",
    "#d9480f",
    "#5c2a86",
    "#2b8fb8",
    "#7d7d00",
    "#e0446f",
    "#14532d",
    "#7a6ff0",
    "#4d4d4d",
]
UNKNOWN = "#8c8c8c"
# early to late: viridis, its pale end darkened
YEARS = ("#440154", "#414487", "#2a788e", "#1f9d7b", "#4e9a2e", "#8f8f00")


@dataclass(frozen=True)
class Facet:
    """Groups of pages: `names` and `colours` [G], `codes` uint16 [N] the group of each page.

    labels: [G] what stands on the map, "" = nothing. key: category, cluster, year or all. title: for people.
    """

    key: str
    title: str
    names: list[str]
    colours: list[str]
    codes: np.ndarray
    labels: list[str]


def facets(rows: DataFrame) -> list[Facet]:
    """The facets that tell anything, category first; never none: without any, all pages are one group."""
    known_facets = [
        _facet("category", "Category", _texts(rows["category"]), "no category"),
        _clusters(rows["cluster"]),
        _decades(rows["year"]),
    ]
    count = len(rows)
    return [facet for facet in known_facets if facet] or [
        Facet("all", "All pages", ["page"], [COLOURS[0]], np.zeros(count, np.uint16), [""])
    ]


def _texts(column: Sequence) -> list[str]:
    return [printable(value) if isinstance(value, str) else "" for value in column]


def _numbers(column: object) -> np.ndarray:
    """float64 [N], NaN = not known."""
    return column.astype("float64").to_numpy(na_value=np.nan)  # type: ignore[attr-defined]


def _facet(key: str, title: str, values: list[str], unknown: str) -> Facet | None:
    names = sorted(set(values) - {""})
    if not names:
        return None
    groups = names + ([unknown] if "" in values else [])
    code_of = {name: at for at, name in enumerate(names)}
    codes = np.fromiter((code_of.get(value, len(names)) for value in values), np.uint16, len(values))
    return Facet(key, title, groups, _cycle(len(names), len(groups)), codes, names + [""] * (len(groups) - len(names)))


def _clusters(column: object) -> Facet | None:
    numbers = _numbers(column)
    inside = numbers > 0
    if not inside.any():
        return None
    cluster_numbers = np.unique(numbers[inside]).astype(int)
    names = [str(number) for number in cluster_numbers]
    codes = np.full(len(numbers), len(cluster_numbers), np.uint16)
    codes[inside] = np.searchsorted(cluster_numbers, numbers[inside].astype(int))
    groups = names + ([] if inside.all() else ["in no cluster"])
    labels = names + [""] * (len(groups) - len(names))
    return Facet("cluster", "Cluster", groups, _cycle(len(names), len(groups)), codes, labels)


def _decades(column: object) -> Facet | None:
    years = _numbers(column)
    known = ~np.isnan(years)
    if not known.any():
        return None
    decades = np.unique(years[known] // 10).astype(int)
    codes = np.full(len(years), len(decades), np.uint16)
    codes[known] = np.searchsorted(decades, (years[known] // 10).astype(int))
    span = max(1, decades[-1] - decades[0])
    colours = [_blend((decade - decades[0]) / span) for decade in decades]
    names = [f"{decade}0s" for decade in decades]
    if not known.all():
        names, colours = [*names, "no year"], [*colours, UNKNOWN]
    return Facet("year", "Year", names, colours, codes, [""] * len(names))


def _cycle(named: int, groups: int) -> list[str]:
    return [COLOURS[at % len(COLOURS)] for at in range(named)] + [UNKNOWN] * (groups - named)


def _blend(part: float) -> str:
    """A colour between the first and the last of `YEARS`, part 0 .. 1."""
    at = part * (len(YEARS) - 1)
    low = min(int(at), len(YEARS) - 2)
    one, other = (np.array([int(YEARS[n][i : i + 2], 16) for i in (1, 3, 5)]) for n in (low, low + 1))
    return "#" + "".join(f"{round(value):02x}" for value in one + (at - low) * (other - one))


def middles(positions: np.ndarray, facet: Facet) -> list[tuple[float, float] | None]:
    """Where a group's label stands: at the page nearest to the group's median place; None for a group without label."""
    order = np.argsort(facet.codes, kind="stable")
    starts = np.searchsorted(facet.codes[order], np.arange(len(facet.names) + 1))
    middle_points: list[tuple[float, float] | None] = []
    for group, label in enumerate(facet.labels):
        mine = positions[order[starts[group] : starts[group + 1]]]
        if not label or not len(mine):
            middle_points.append(None)
            continue
        nearest = mine[((mine - np.median(mine, axis=0)) ** 2).sum(axis=1).argmin()]
        middle_points.append((float(nearest[0]), float(nearest[1])))
    return middle_points
