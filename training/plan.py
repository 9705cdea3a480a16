"""What a training was begun with, kept in its work folder: pages, labels, documents, split, descriptions.

    plan = Plan(parts, splits, descriptions)
    plan.save(work.folder / "plan.jsonl")
    plan = Plan.load(work.folder / "plan.jsonl"); plan.changed()      # files that are others by now

Going on with `--resume` reads this, never the folders again: a page, a documents.csv or a description that came or
changed meanwhile would turn training pages into test pages, or give a page another page's label.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from output.files import write_lines
from reading.pages import Page, Stamp, stamp_of
from training.copies import contents_of
from training.data import DOCUMENTS, LabelledPages, stamps_of
from utils import UserError, printable


@dataclass
class Plan:
    """parts: the own pages, and the extra ones; splits: the split or the fold of each own page.

    descriptions: those of all categories. tables: the stamps of the parts' documents.csv.
    """

    parts: list[LabelledPages]
    splits: list[Any]
    descriptions: dict[str, list[str]]
    tables: list[Stamp] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = self.tables or [stamp_of(part.root / DOCUMENTS) for part in self.parts]

    @property
    def labelled(self) -> LabelledPages:
        """The own pages."""
        return self.parts[0]

    def changed(self) -> list[str]:
        """The files of pages that are gone, or hold something else than when the training began."""
        changed: set[str] = set()
        for part in self.parts:
            stamps = zip(part.stamped(), stamps_of(part.root, part.pages), strict=True)
            others = [i for i, (was, now) in enumerate(stamps) if was != now]
            if not others:
                continue
            touched = LabelledPages(part.root, [part.pages[i] for i in others], [], [])
            contents = contents_of([touched], workers=1, quiet=True)  # a copied file may have another time only
            was = part.contents or [""] * len(part.pages)
            pairs = zip(others, contents, strict=True)
            changed |= {part.pages[i].path for i, content in pairs if not content or content != was[i]}
        return sorted(changed)

    def tables_changed(self) -> list[Path]:
        """Each documents.csv that came, went or was changed since."""
        files = [part.root / DOCUMENTS for part in self.parts]
        return [file for file, was in zip(files, self.tables, strict=True) if stamp_of(file) != was]

    def save(self, file: Path) -> None:
        """Complete or not at all, one line a page; names that are no text survive as escapes."""
        write_lines(file, map(json.dumps, self._lines()))

    def _lines(self) -> Iterator[Any]:
        yield {
            "parts": [[str(part.root.resolve()), len(part.pages), sorted(part.folders)] for part in self.parts],
            "tables": self.tables,
            "descriptions": self.descriptions,
        }
        for number, part in enumerate(self.parts):
            splits: Sequence[Any] = [None] * len(part.pages) if number else self.splits
            copies = zip(part.contents, part.groups, part.together, strict=True)
            rows = zip(part.pages, part.labels, part.documents, copies, part.stamped(), splits, strict=True)
            for page, label, document, copy, stamp, split in rows:
                own = [page.path, page.file, page.number, page.frame, page.reason]
                yield [*own, label, document, *copy, stamp, split]

    @classmethod
    def load(cls, file: Path) -> Plan:
        """The plan that `save` wrote; UserError where the file is not one, or not whole."""
        try:
            with file.open(encoding="ascii") as lines:
                head = json.loads(next(lines))
                tables = [_stamp(stamp) for stamp in head["tables"]]
                plan = cls([], [], head["descriptions"], tables)
                for number, (root, count, folders) in enumerate(head["parts"]):
                    part = LabelledPages(Path(root), [], [], [], folders=frozenset(folders))
                    for _ in range(count):
                        *page, label, document, content, group, unit, stamp, split = json.loads(next(lines))
                        part.pages.append(Page(*page))
                        part.labels.append(label)
                        part.documents.append(document)
                        part.contents.append(content)
                        part.groups.append(group)
                        part.units.append(unit)
                        part.stamps.append(_stamp(stamp))
                        if not number:
                            plan.splits.append(split)
                    plan.parts.append(part)
            return plan
        except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
            raise UserError(f"{printable(str(file))} cannot be read: start anew, under another --name") from error


def _stamp(stored: list[int] | None) -> Stamp:
    return None if stored is None else (stored[0], stored[1])
