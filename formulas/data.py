"""Where pairs of a picture and its LaTeX come from: folders as people have them, and data sets of the hub.

    found = pairs_of(["drawn/", "linxy/LaTeX_OCR"], configuration="full")
    for pair in found.pairs: ...                     # pair.latex; pair.open() -> an upright image, decoded only then

A folder (or one file of it) is one of these, by what lies there: `formulas.csv`, or another CSV file, with a column of
pictures and one of LaTeX; JSON lines with the same two; the `.lst` files of im2latex-100k and im2markup; parquet, as
the hub keeps it. Columns are found by their usual names, else named by the user. A row that is no pair is a failure
with its reason: every row has one outcome.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from formulas.columnar import dataset_rows, parquet_rows
from output.spreadsheets import open_table
from reading.decoding import PageError, Reader, read_page, read_picture
from reading.listing import named_as_page
from utils import UserError, did_you_mean, printable

TABLE = "formulas.csv"
PICTURES = ("image", "picture", "file_name", "filename", "file", "path", "image_path")
LATEX = ("latex", "text", "formula", "latex_formula", "label", "ground_truth")
SPLITS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
          "validate": "validation", "dev": "validation", "test": "test"}  # fmt: skip
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
MOST_PIXELS = 700_000_000  # of a picture, where nobody says otherwise


@dataclass(frozen=True)
class Pair:
    """A picture and its LaTeX.

    name: how tables name it, unique in its source: a path below the data, or `train/17` where pictures have no names.
    latex: as given. split: train, validation or test, "" = the data do not tell. picture: the file, or what gives its
    bytes.
    """

    name: str
    latex: str
    split: str
    picture: Path | Callable[[], bytes]

    def open(self, reader: Reader | None = None, max_pixels: int = MOST_PIXELS) -> Image.Image:
        """The upright picture, "L" or "RGB", as pages are read. PageError: it cannot be read, and why."""
        if not isinstance(self.picture, Path):
            return read_picture(self.picture(), max_pixels=max_pixels)
        if reader is not None:
            return reader.page(self.picture, None)
        return read_page(self.picture, None, min_side=1, max_pixels=max_pixels)


@dataclass
class Pairs:
    """What was found. failures: (name, LaTeX, reason) of each row that is no pair."""

    pairs: list[Pair] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Columns:
    """What the two columns are called. "" = by the usual names (`PICTURES`, `LATEX`)."""

    picture: str = ""
    latex: str = ""

    def choose(self, names: Sequence[str], where: str) -> tuple[str, str]:
        """Those of a source that has columns `names`. UserError where one of the two is not among them."""
        chosen = []
        for wanted, usual, flag in (
            (self.picture, PICTURES, "--picture_column"),
            (self.latex, LATEX, "--latex_column"),
        ):
            known = {name.casefold(): name for name in names}
            tried = [wanted] if wanted else usual
            name = next((known[word.casefold()] for word in tried if word.casefold() in known), None)
            if name is None:
                shown = ", ".join(names[:12]) or "none"
                said = f"no column {wanted}{did_you_mean(wanted, names)}" if wanted else f"none of {', '.join(usual)}"
                raise UserError(printable(f"{where}: {said} (columns: {shown}): name it with {flag}"))
            chosen.append(name)
        return chosen[0], chosen[1]


def pairs_of(
    data: Iterable[str | Path], *, columns: Columns | None = None, configuration: str = "", only: str = ""
) -> Pairs:
    """All pairs of all sources, in the order of their tables; names begin with the source where there are several.

    configuration: of a data set of the hub. only: the split that is wanted, "" = all. UserError: a source that is
    absent or of no known kind, a column that is missing, a source without any row.
    """
    sources = [str(source) for source in data]
    found = Pairs()
    for source in sources:
        of_one = _of_source(source, columns or Columns(), configuration)
        if not of_one.pairs and not of_one.failures:
            raise UserError(f"{printable(source)}: no formulas there")
        before = f"{source.rstrip('/')}/" if len(sources) > 1 else ""
        found.pairs += [
            Pair(before + pair.name, pair.latex, pair.split, pair.picture)
            for pair in of_one.pairs
            if not only or pair.split == only
        ]
        found.failures += [(before + name, latex, reason) for name, latex, reason in of_one.failures]
    if only and not found.pairs:
        lost = "".join(f"; {name}: {reason}" for name, _, reason in found.failures[:1])
        lost += f", and {len(found.failures) - 1} more rows like that" if len(found.failures) > 1 else ""
        raise UserError(f"no formulas of the split {only} in {printable(', '.join(sources) + lost)}")
    return found


def split_named(text: str) -> str:
    """The split that a word or a file name means, "" where it names none.

    >>> split_named("im2latex_validate.lst"), split_named("train-00000-of-00001.parquet"), split_named("formulas.csv")
    ('validation', 'train', '')
    """
    words = re.split(r"[^a-z]+", text.casefold())
    return next((SPLITS[word] for word in words if word in SPLITS), "")


def _of_source(source: str, columns: Columns, configuration: str) -> Pairs:
    path = Path(source).expanduser()
    if not path.exists():
        if HUB_ID.fullmatch(source):
            return _from_rows(dataset_rows(source, configuration), columns, source)
        beside = [at.name for at in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UserError(f"{printable(source)} does not exist{did_you_mean(path.name, beside)}")
    if path.is_file():
        return _of_files(path.parent, [path], columns)
    return _of_files(path, _tables_in(path), columns)


def _tables_in(folder: Path) -> list[Path]:
    """The files of a folder that say which formulas there are: of one kind, the first that is there."""
    if (folder / TABLE).is_file():
        return [folder / TABLE]
    for pattern in ("*.jsonl", "*.lst", "*.parquet", "*/*.jsonl", "*/*.parquet", "*.csv"):
        if files := sorted(folder.glob(pattern)):
            return files
    raise UserError(
        f"{printable(str(folder))}: no formulas there: looked for {TABLE} (columns image, latex), another CSV file, "
        "JSON lines, .lst files of im2latex, parquet files"
    )


def _of_files(folder: Path, files: list[Path], columns: Columns) -> Pairs:
    kind = files[0].suffix.lower()
    if kind == ".parquet":
        return _from_rows(parquet_rows(files, folder, split_named), columns, str(folder))
    found = Pairs()
    shelf = Shelf(folder)
    if kind == ".lst":
        files = [file for file in files if split_named(file.name)] or files
        files = [file for file in files if "formulas" not in file.stem.casefold()]
    for file in files:
        rows = {".csv": _csv_rows, ".tsv": _csv_rows, ".jsonl": _json_rows, ".lst": _lst_rows}.get(kind)
        if rows is None:
            raise UserError(f"{printable(str(file))}: formulas are read from .csv, .jsonl, .lst or .parquet")
        of_file = split_named(file.name) or split_named(file.parent.name if file.parent != folder else "")
        for line, name, latex, split in rows(file, columns):
            split = SPLITS.get(split.casefold(), split) if split else of_file
            picture = shelf.find(name, split) if name else None
            if not name:
                found.failures.append((f"{file.name}, line {line}", latex, "the row names no picture"))
            elif picture is None:
                found.failures.append((name, latex, "there is no such picture"))
            else:
                found.pairs.append(Pair(picture.relative_to(folder).as_posix(), latex, split, picture))
    return found


class Shelf:
    """The pictures below a folder, found by whole paths or, as tables often have them, without folder or ending."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._at: dict[str, str] = {}
        for root, _, names in os.walk(folder):
            below = Path(root).relative_to(folder).as_posix()
            for name in sorted(names):
                if named_as_page(name):
                    path = name if below == "." else f"{below}/{name}"
                    self._at[path] = path
                    self._at.setdefault(path.rpartition(".")[0], path)

    def find(self, name: str, split: str) -> Path | None:
        """The file that a row means; None where there is none."""
        plain = name.replace("\\", "/").removeprefix("./")
        for before in ("", f"{split}/", "images/", "formula_images/", f"images/{split}/"):
            if (path := self._at.get(before + plain)) is not None:
                return self.folder / path
        return None


Row = tuple[int, str, str, str]  # line in the file, picture, LaTeX, split


def _csv_rows(file: Path, columns: Columns) -> Iterator[Row]:
    table = open_table(file, (*PICTURES, *LATEX), "utf-8")
    picture, latex = columns.choose([name for name in table.header if name], str(file))
    for line, cells in table.rows:
        yield line, cells[picture.upper()], cells[latex.upper()], cells.get("SPLIT", "")


def _json_rows(file: Path, columns: Columns) -> Iterator[Row]:
    chosen = None
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UserError(f"{printable(str(file))}, line {number}: not JSON ({error})") from None
            if not isinstance(row, dict):
                raise UserError(f"{printable(str(file))}, line {number}: not a JSON object")
            picture, latex = chosen = chosen or columns.choose(list(row), str(file))
            yield number, str(row.get(picture) or ""), str(row.get(latex) or ""), str(row.get("split") or "")


def _lst_rows(file: Path, columns: Columns) -> Iterator[Row]:
    """Rows of im2latex-100k (`index picture kind`) and of im2markup (`picture index`)."""
    formulas = sorted(at for at in file.parent.glob("*.lst") if "formulas" in at.stem.casefold())
    if not formulas:
        raise UserError(f"{printable(str(file))}: no *formulas*.lst beside it, which has the LaTeX")
    # newline="\n": a formula of im2latex may hold a lone carriage return; the file is not UTF-8 throughout
    with formulas[0].open(encoding="utf-8", errors="replace", newline="\n") as lines:
        latex = [line.rstrip("\r\n") for line in lines]
    for number, line in enumerate(file.read_text("utf-8", errors="replace").splitlines(), 1):
        words = line.split()
        if not words:
            continue
        index, name = (words[1], words[0]) if len(words) == 2 else (words[0], words[1] if len(words) > 1 else "")
        if not (index.isascii() and index.isdecimal() and int(index) < len(latex)):
            raise UserError(
                f"{printable(str(file))}, line {number}: {printable(index)} is no line of {formulas[0].name} "
                f"(0 to {len(latex) - 1})"
            )
        yield number, name, latex[int(index)], ""


def _from_rows(rows: Any, columns: Columns, where: str) -> Pairs:
    """Pairs of tables of the hub's kind (columnar.py), whose pictures lie in the rows."""
    found = Pairs()
    for table in rows:
        picture, latex = columns.choose(table.columns, where)
        split = SPLITS.get(table.split.casefold(), table.split)
        for number, text in enumerate(table.texts(latex)):
            name = f"{table.name}/{number}"
            found.pairs.append(Pair(name, text, split, table.picture(picture, number)))
    return found


__all__ = ["Columns", "PageError", "Pair", "Pairs", "pairs_of", "split_named"]
