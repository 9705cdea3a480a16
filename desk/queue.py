"""The queue of a run: the rows of its table in the order in which people look at them, filtered, a few at a time.

    queue = Queue.open(desk)                                        # a million rows in two seconds
    ids = queue.ids("doubtful", category="", document="", search="")
    queue.row(ids[0]).guess                                         # [("TEXT_P", 0.41), ("TEXT_T", 0.39)]

A row's id is its number in the table, from 0; of rows that name the same page, the first stands for all. One page in
twenty is *blind*: it is shown without the model's guess, as people who see a guess take it over. Which ones follows
from the run and the page alone. Most doubtful first would show the doubtful ones among them first too, and what they
say of the model would be too bad; by category they would come last, or tell it: they stand in random order, every
twentieth place one, so that those that were looked at are a fair sample however far people came.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from desk.desk import Desk
from desk.path_search import PathSearch
from desk.table_scan import Scan
from encoders.descriptions import same_label
from output.spreadsheets import Rows, number_in, read_table
from output.tables import RANKED, bare_path, category_of
from utils import UserError, page_number, printable

Order = Literal["doubtful", "likeness", "category", "document", "table"]
PAGE, DOCUMENT = ("PATH", "PAGE"), ("FILE",)  # columns by which a page, a document is known
BLIND = 0.05  # share of pages that are shown without the guess
NEAR, LOW = 0.1, 0.5  # margins below which it is a near tie, scores below which it is a low one
ODD = 0.5  # what it adds to a doubt, 0..1, that a page contradicts its document
# Columns of the best and the second category with their scores: result tables, wrong_labels, votes.
GUESSES = (
    ("CLASS-1", "SCORE-1", "CLASS-2", "SCORE-2"),
    ("SUGGESTED", "SCORE_SUGGESTED", "LABEL", "SCORE_LABEL"),
    ("CLASS", "SCORE", "", ""),
)
SIDE = ("FILE", "PAGE", "PATH", "WARNING", "ID", "TRUE", "REVIEW", "IN_TRAINING")  # what a RAW table has beside scores


class Row(NamedTuple):
    """A row as people read it. guess: categories with their scores, the likeliest first. label: what the page counts as
    so far: the label that a wrong_labels table doubts, else the first guess. doubts: why it is worth a look.
    """

    id: int
    path: str
    file: str
    page: int
    guess: list[tuple[str, float]]
    label: str
    warning: str
    doubts: list[str]


@dataclass
class Queue:
    """The rows of a table. N rows, C categories.

    categories: of the model, or those that the table names. first, second: the likeliest categories, int32 [N], -1 =
    not told. margin: between their scores, float32 [N]. blind: bool [N]. ranked: whether the table has an order of its
    own (wrong_labels, suggest).
    """

    scan: Scan
    categories: list[str]
    first: np.ndarray
    second: np.ndarray
    margin: np.ndarray
    score: np.ndarray
    blind: np.ndarray
    ranked: bool
    doubles: int = 0  # rows that were left out, as a row before them names the same page
    raw: dict[str, str] = field(default_factory=dict)  # columns of a RAW table that are scores -> their categories
    _orders: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._paths = PathSearch(self.scan)

    def __len__(self) -> int:
        return len(self.scan)

    @classmethod
    def open(cls, desk: Desk) -> Queue:
        """The queue of the run on the desk. UserError: not a table that people can look through."""
        table = read_table(desk.table, ("FILE", "PAGE", "PATH"))
        columns = table.columns
        names = next((names for names in GUESSES if names[0] in columns and names[1] in columns), None)
        raw = {} if names else _scores_in(table)
        scan = Scan.of(
            table,
            numbers=["PAGE", *(raw or filter(None, (names[1], names[3])))],
            texts=[] if raw else list(filter(None, (names[0], names[2]))),
            keyed=[PAGE, DOCUMENT],
        )
        scan, doubles = _once(scan)
        told = desk.record.get("model")
        named = told.get("categories") if isinstance(told, dict) else None
        categories = [same_label(name) for name in named if isinstance(name, str)] if isinstance(named, list) else []
        if raw:
            where = f"{printable(str(table.file))}: neither a result table nor one of scores"
            matrix = np.stack([scan.numbers[name] for name in raw], axis=1)  # [N, C]
            if len(raw) < 2 or np.isnan(matrix).all(axis=0).any():
                raise UserError(f"{where} (columns: {', '.join(table.header)[:200]})")
            categories = categories if set(raw.values()) <= set(categories) else list(raw.values())
            of = np.array([categories.index(name) for name in raw.values()], np.int32)
            best = np.argsort(-matrix, axis=1, kind="stable")[:, :2]
            first, second = of[best[:, 0]], of[best[:, 1]]
            ordered = np.take_along_axis(matrix, best, axis=1)
            scores = ordered[:, 0], ordered[:, 1]
        else:
            columns_of = [scan.texts.get(name) for name in (names[0], names[2])]
            values = sorted({same_label(value) for column in columns_of if column for value in column.values} - {""})
            categories = [*categories, *(value for value in values if value not in categories)]
            place = {name: at for at, name in enumerate(categories)}
            codes = [
                np.array([place.get(same_label(value), -1) for value in column.values], np.int32)[column.codes]
                if column
                else np.full(len(scan), -1, np.int32)
                for column in columns_of
            ]
            first, second = codes
            none = np.full(len(scan), np.nan, np.float32)
            scores = scan.numbers.get(names[1], none), scan.numbers.get(names[3], none)
        score = np.nan_to_num(scores[0], nan=0.0)
        margin = score - np.nan_to_num(scores[1], nan=0.0)
        blind = _chosen(scan.keys[PAGE], desk.run)
        return cls(scan, categories, first, second, margin, score, blind, "RANK" in columns, doubles, raw)

    def ids(self, order: Order, category: str = "", document: str = "", search: str = "") -> np.ndarray:
        """Ids in an order, int64 [n]. category: of the guess, without blind pages; document: by its FILE; search: what
        stands in the PATH, as `PathSearch` has it.
        """
        ids = self._order(order)
        if category:
            wanted = self.categories.index(category) if category in self.categories else -2
            ids = ids[(self.first[ids] == wanted) & ~self.blind[ids]]
        if document:
            ids = ids[self.scan.keys[DOCUMENT][ids] == self.scan.key_of([document])]
        if search:
            found = np.zeros(len(self), bool)
            found[self._paths.rows(search)] = True
            ids = ids[found[ids]]
        return ids

    def row(self, at: int) -> Row:
        """One row."""
        at = int(at)
        cells = self.scan.cells(at)
        number = page_number(cells["PAGE"])
        guess = self._guess(cells)
        doubts = []
        if "LABEL" in cells and "SUGGESTED" in cells:
            doubts = [f"labelled {cells['LABEL']}"]
        if guess and guess[0][1] < LOW:
            doubts.append("low score")
        if len(guess) > 1 and abs(guess[0][1] - guess[1][1]) < NEAR:
            doubts.append("near tie")
        if self._odd[at]:
            doubts.append("unlike its document")
        label = cells.get("LABEL") or (guess[0][0] if guess else "")
        path = bare_path(cells["PATH"])
        return Row(at, path, cells["FILE"], number or 0, guess, same_label(label), cells.get("WARNING", ""), doubts)

    def id_of(self, path: str, page: int) -> int:
        """The id of a page, -1 where the table has none."""
        keys, order = self.scan.keys[PAGE], self._order("keys")
        wanted = self.scan.key_of([path, str(page)])
        place = int(np.searchsorted(keys, wanted, sorter=order))
        return int(order[place]) if place < len(order) and keys[order[place]] == wanted else -1

    def neighbours(self, at: int) -> tuple[int, int]:
        """The pages before and after one in its document, -1 where it begins or ends there."""
        order, places, documents = self._order("document"), self._order("places"), self.scan.keys[DOCUMENT]
        place = int(places[at])
        before, after = order[place - 1] if place else -1, order[place + 1] if place + 1 < len(order) else -1
        return tuple(int(one) if one >= 0 and documents[one] == documents[at] else -1 for one in (before, after))

    def counts(self) -> list[int]:
        """Pages of each category by the guess, without blind ones."""
        known = self.first[(self.first >= 0) & ~self.blind]
        return np.bincount(known, minlength=len(self.categories)).tolist()

    def _guess(self, cells: dict[str, str]) -> list[tuple[str, float]]:
        if self.raw:
            scored = [(category, number_in(cells[name]) or 0.0) for name, category in self.raw.items()]
            return sorted(scored, key=lambda pair: -pair[1])[:5]
        pairs = []
        for names in GUESSES:
            if names[0] in cells and names[1] in cells:
                pairs = [(names[0], names[1]), (names[2], names[3])]
                break
        if pairs[0][0] == "CLASS-1":
            last = sum(name.startswith("CLASS-") for name in cells)
            pairs = [(f"CLASS-{rank}", f"SCORE-{rank}") for rank in range(1, last + 1)]
        read = [(same_label(cells.get(name, "")), number_in(cells.get(score, ""))) for name, score in pairs]
        return [(name, score or 0.0) for name, score in read if name]

    def _order(self, name: str) -> np.ndarray:
        if name not in self._orders:
            self._orders[name] = getattr(self, f"_by_{name}")()
        return self._orders[name]

    def _by_table(self) -> np.ndarray:
        """As it is where it follows documents; an order by doubt, its own or somebody's in Excel, is one by guesses."""
        order = np.arange(len(self))
        follows = not self.ranked and (self._order("document") == order).all()
        return order if follows else self._with_blind(order)

    def _by_document(self) -> np.ndarray:
        """Documents in the order in which the table first names them, their pages by number."""
        documents, pages = self.scan.keys[DOCUMENT], self.scan.numbers["PAGE"]
        starts = np.flatnonzero(np.concatenate([[True], documents[1:] != documents[:-1]])) if len(self) else []
        alike = documents[1:] == documents[:-1]
        if len(np.unique(documents[starts])) == len(starts) and (pages[1:] >= pages[:-1])[alike].all():
            return np.arange(len(self))  # as every table of a run is
        _, first, inverse = np.unique(documents, return_index=True, return_inverse=True)
        return np.lexsort((np.arange(len(self)), pages, first[inverse]))

    def _by_places(self) -> np.ndarray:
        places = np.empty(len(self), np.int64)
        places[self._order("document")] = np.arange(len(self))
        return places

    def _by_keys(self) -> np.ndarray:
        return np.argsort(self.scan.keys[PAGE])

    def _by_doubtful(self) -> np.ndarray:
        """Most doubtful first (the table's own order where it has one)."""
        doubt = -np.arange(len(self), dtype=np.float32) if self.ranked else 1 - self.margin + ODD * self._odd
        return self._with_blind(np.argsort(-doubt, kind="stable"))

    def _by_category(self) -> np.ndarray:
        return self._with_blind(np.lexsort((self.margin, self.first)))

    def _by_likeness(self) -> np.ndarray:
        """By category, then by the second likeliest: pages between which the model wavers alike. Then by margin."""
        return self._with_blind(np.lexsort((self.margin, self.second, self.first)))

    def _with_blind(self, order: np.ndarray) -> np.ndarray:
        """An order by guesses with the blind pages at random in every 20th place: they come however far one goes, and
        their place tells nothing of their guess.
        """
        seen = order[~self.blind[order]]
        unseen = np.flatnonzero(self.blind)
        unseen = unseen[np.argsort(_mixed(self.scan.keys[PAGE][unseen]))]
        if not len(unseen):
            return seen
        taken = np.zeros(len(self), bool)
        taken[((np.arange(len(unseen)) + 0.5) * (len(self) / len(unseen))).astype(np.int64)] = True
        mixed = np.empty(len(self), np.int64)
        mixed[taken], mixed[~taken] = unseen, seen
        return mixed

    @property
    def _odd(self) -> np.ndarray:
        """Pages of another category than both neighbours in their document, which are of one; bool [N]."""
        return self._order("odd")

    def _by_odd(self) -> np.ndarray:
        order, odd = self._order("document"), np.zeros(len(self), bool)
        first, documents = self.first[order], self.scan.keys[DOCUMENT][order]
        same = (documents[2:] == documents[1:-1]) & (documents[1:-1] == documents[:-2])
        odd[order[1:-1]] = same & (first[2:] == first[:-2]) & (first[1:-1] != first[2:])
        return odd


def _once(scan: Scan) -> tuple[Scan, int]:
    """The rows of a table with each page once, as the first row that names it says; how many were left out. What is
    decided is kept by PATH and PAGE: a second row would be decided with the first.
    """
    keys = scan.keys[PAGE]
    order = np.argsort(keys, kind="stable")
    doubles = order[1:][keys[order[1:]] == keys[order[:-1]]]
    if not len(doubles):
        return scan, 0
    kept = np.ones(len(scan), bool)
    kept[doubles] = False
    return replace(
        scan,
        starts=scan.starts[kept],
        ends=scan.ends[kept],
        numbers={name: column[kept] for name, column in scan.numbers.items()},
        texts={name: column._replace(codes=column.codes[kept]) for name, column in scan.texts.items()},
        keys={names: column[kept] for names, column in scan.keys.items()},
        marks=type(scan.marks)(*(places[kept] for places in scan.marks)),
    ), len(doubles)


def _scores_in(table: Rows) -> dict[str, str]:
    """The columns of a RAW table that are scores, in capitals -> the categories."""
    heads = [name for name in table.header if name and name.upper() not in SIDE and not RANKED.fullmatch(name)]
    return {name.upper(): same_label(category_of(name)) for name in heads}


def _mixed(keys: np.ndarray) -> np.ndarray:
    """Another hash of hashes, uint64 [n]."""
    mixed = keys * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    return mixed ^ (mixed >> np.uint64(32))


def _chosen(keys: np.ndarray, run: str) -> np.ndarray:
    """Which pages of a run are blind, bool [N]."""
    seed = int.from_bytes(hashlib.sha256(run.encode("utf-8", "surrogateescape")).digest()[:8], "little")
    return _mixed(keys ^ np.uint64(seed)) < np.uint64(int(BLIND * 2**64))
