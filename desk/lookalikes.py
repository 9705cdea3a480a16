"""The index of a collection, asked by the rooms of the desk: pages like a page, like a text, or of a document.

    index = LookAlikes(Path("result/index"), settings, classifier, model_folder)
    found = index.like_page(17, 24, where_of(category="DRAW", year_to=1950))     # Found: ids and similarities
    index.hits(found.ids)                                                        # Hit: what the desk shows of them

Opened at the first question. What is asked are values, never SQL. As `explore search` has it: a page is compared with a
page in both of its vectors, a text with pages in the joint space alone.
"""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from encoders.identity import vectors_hash
from encoders.look import LookEncoder, look_pixels
from utils import UserError

if TYPE_CHECKING:
    from PIL import Image

    from classifier import PageClassifier
    from explore.backbones import Backbone
    from index.database import Index
    from settings.schema import Settings

SHOWN = ["id", "folder", "path", "frame", "document", "page", "file", "year", "category", "score", "hash"]


class Hit(BaseModel):
    """A page of the index. similarity: to what is looked for, null where nothing is; version: of its content."""

    id: int
    path: str
    file: str
    page: int | None
    document: str
    category: str
    score: float | None
    year: int | None
    version: str
    similarity: float | None = None


class Found(NamedTuple):
    """ids int64 [n], best first. similarities: float32 [n], None for a plain list. total: pages that fit the condition.

    notes: lines for who asked.
    """

    ids: np.ndarray
    similarities: np.ndarray | None
    total: int
    notes: list[str]


class Summary(NamedTuple):
    """pages in all; categories and how many pages of each; years: least and greatest, None where no page has one."""

    pages: int
    categories: list[tuple[str, int]]
    years: tuple[int, int] | None


class LookAlikes:
    """folder: of the index. classifier, model: what the desk sorts with, and its folder; None where it has none."""

    def __init__(self, folder: Path, settings: Settings, classifier: PageClassifier | None, model: Path | None) -> None:
        self.folder, self._settings, self._classifier, self._model = folder, settings, classifier, model
        self._opening = threading.RLock()
        self._embedding = threading.Lock()

    @cached_property
    def _opened(self) -> Index:
        from index.database import Index

        return Index.open(self.folder)

    @property
    def index(self) -> Index:
        """The index as it is now. UserError where it cannot be opened."""
        with self._opening:
            self._opened.refresh()
            return self._opened

    @cached_property
    def _same(self) -> bool:
        """Whether the desk's own model made the vectors."""
        if self._classifier is None or self._model is None:
            return False
        maker = self._opened.backbone
        return maker.features == "joint" and vectors_hash(self._model, self._classifier.transform) == maker.hash

    @cached_property
    def _backbone(self) -> Backbone:
        from explore.backbones import backbone_of, open_for

        if self._same:
            assert self._classifier is not None and self._model is not None
            return backbone_of(self._classifier, self._model, self._opened.backbone.name)
        return open_for(self._opened, "", self._settings)

    @property
    def backbone(self) -> Backbone:
        """What made the vectors. UserError where it is not there, or cannot be computed here."""
        with self._opening:
            return self._backbone

    @cached_property
    def _looks(self) -> LookEncoder:
        self._opened.check_look()
        return LookEncoder.load()

    def why_no_text(self) -> str:
        """Why a text cannot be searched for; "" where it can."""
        try:
            if not self.index.backbone.has_text:
                return f"{self.index.backbone.name}, which made this index, has no text tower"
            _ = self.backbone
        except UserError as error:
            return str(error)
        return ""

    def why_no_image(self) -> str:
        """Why a page that is handed in cannot be searched for; "" where it can."""
        try:
            with self._opening:
                _ = self.index, self._looks, self._same or self._backbone
        except UserError as error:
            return str(error)
        return ""

    # ---- asking --------------------------------------------------------------------------------------------------

    def vectors(self, image: Image.Image) -> dict[str, np.ndarray]:
        """What a page (mode "L" or "RGB") is looked for by: its look, and its vector where the desk's own model does
        not make it anyway. UserError where either cannot be made here.
        """
        with self._opening:
            _ = self.index
            looks, same = self._looks, self._same
            backbone = None if same else self._backbone
        vectors = {"look": looks.embed(look_pixels(image))}
        if backbone:
            with self._embedding:
                vectors["vector"] = backbone.embed(backbone.transform(image)[None])[0]
        return vectors

    def like(self, vectors: dict[str, np.ndarray], embedding: np.ndarray, most: int, where: str) -> Found:
        """The pages most like one that was handed in. embedding: that of the desk's own model."""
        index = self.index
        query: dict[Any, np.ndarray] = {"vector": embedding, **vectors}
        return Found(*index.alike(query, most, where or None), self._total(index, where), [])

    def like_page(self, number: int, most: int, where: str) -> Found:
        """The pages most like a page of the index, without itself. KeyError where there is no such page."""
        index = self.index
        query: dict[Any, np.ndarray] = {}
        for space in index.spaces:
            rows = index.vectors(f"id = {number}", space)  # [1, D]
            if not len(rows):
                raise KeyError(number)
            query[space] = rows[0].astype(np.float32)
        where = f"id != {number}" + (f" and {where}" if where else "")
        return Found(*index.alike(query, most, where), self._total(index, where), [])

    def like_text(self, text: str, most: int, where: str) -> Found:
        """The pages most like a text. UserError where texts cannot be searched for, or this one is too long."""
        if why := self.why_no_text():
            raise UserError(f"no search by text: {why}")
        index, backbone = self.index, self.backbone
        assert backbone.embed_text is not None and backbone.about_text is not None
        ids, similarities = index.nearest(backbone.embed_text(text), most, where or None)[0]
        return Found(ids, similarities, self._total(index, where), backbone.about_text(text))

    def listed(self, where: str, *, in_order: bool = False) -> Found:
        """All pages that a condition holds for, as they were indexed; in_order: of a document, by their numbers."""
        index = self.index
        rows = index.arrow(["id", "page", "path", "frame"] if in_order else ["id"], where or None)
        ids = rows["id"].to_numpy()
        if in_order:
            page, frame = (rows[name].fill_null(-1).to_numpy() for name in ("page", "frame"))
            ids = ids[np.lexsort((frame, rows["path"].to_numpy(zero_copy_only=False), page))]
        return Found(ids, None, len(ids), [])

    def hits(self, ids: np.ndarray, similarities: np.ndarray | None = None) -> list[Hit]:
        """What is shown of pages, in the order of their ids; pages that have gone meanwhile are left out."""
        if not len(ids):
            return []
        rows = self.index.arrow(SHOWN, f"id in ({', '.join(str(int(number)) for number in ids)})").to_pylist()
        by_id = {row["id"]: row for row in rows}
        alike = [None] * len(ids) if similarities is None else [round(float(one), 4) for one in similarities]
        return [
            _hit(by_id[number], similar) for number, similar in zip(ids.tolist(), alike, strict=True) if number in by_id
        ]

    def thumbnail(self, number: int) -> bytes:
        """The thumbnail of a page, a JPEG. KeyError where there is no such page."""
        rows = self.index.arrow(["thumbnail"], f"id = {number}")["thumbnail"]
        if not len(rows):
            raise KeyError(number)
        return rows[0].as_py() or b""

    def file(self, number: int) -> tuple[Path, int | None]:
        """Where a page lies, and its frame. KeyError where there is no such page."""
        from index.database import page_file

        rows = self.index.arrow(["folder", "path", "frame"], f"id = {number}").to_pylist()
        if not rows:
            raise KeyError(number)
        return page_file(rows[0]["folder"], rows[0]["path"]), rows[0]["frame"]

    def summary(self) -> Summary:
        """What filters can be set to."""
        table = self.index.arrow(["category", "year"])
        counted = table["category"].drop_null().value_counts().to_pylist()
        categories = sorted((one["values"], one["counts"]) for one in counted)
        years = table["year"].drop_null().to_numpy()
        return Summary(len(table), categories, (int(years.min()), int(years.max())) if len(years) else None)

    def _total(self, index: Index, where: str) -> int:
        return len(index.arrow(["id"], where)) if where else len(index)


def where_of(
    *,
    document: str = "",
    category: str = "",
    name: str = "",
    year_from: int | None = None,
    year_to: int | None = None,
) -> str:
    """The condition that all of these hold for, as the index takes it. name: a part of a path, in any letter case.

    >>> where_of(document="CTX'1", year_from=1920)
    "document = 'CTX''1' and year >= 1920"
    """
    from index.columns import sql  # which needs pyarrow, as the index does; a desk without one needs neither

    parts = [f"document = {sql(document)}"] if document else []
    if category:
        parts.append(f"category = {sql(category)}")
    if name:
        parts.append(f"strpos(lower(path), {sql(name.lower())}) > 0")
    if year_from is not None:
        parts.append(f"year >= {year_from}")
    if year_to is not None:
        parts.append(f"year <= {year_to}")
    return " and ".join(parts)


def _hit(row: dict[str, Any], similarity: float | None) -> Hit:
    score = row["score"]
    return Hit(
        id=row["id"],
        path=row["path"],
        file=row["file"] or "",
        page=row["page"],
        document=row["document"] or "",
        category=row["category"] or "",
        score=None if score is None else round(score, 4),
        year=row["year"],
        version=(row["hash"] or "")[:16],
        similarity=similarity,
    )
