"""The map as one folder that opens offline in any browser, by a double-click on its index.html.

    write_folder(Path("result/explore/map/browser"), rows, places, files, thumbnails, title="pages")

Browsers block modules, fetch and WebAssembly from file://, so this is two classic scripts (viewer/), the pages as one
more (data.js), and thumbnails in sprite sheets (thumbs/00000.jpg ...) that are loaded where they come into view.
Nothing is ever fetched from anywhere else. Page names are data: JSON in ASCII here, text nodes there.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
from PIL import Image

from explore.facets import facets, middles
from output.files import part_of, replace_folder
from utils import UserError, printable

if TYPE_CHECKING:
    from pandas import DataFrame

VIEWER = Path(__file__).parent / "viewer"
MOST = 200_000  # pages of a folder: 30 MB of names and places, 400 MB of thumbnails
LARGE, SMALL = (160, 8), (96, 10)  # thumbnails: side in pixels (whole JPEG blocks of 16), and how many across a sheet
MANY = 20_000  # pages from which thumbnails are small
QUALITY = 70  # of the sheets' JPEG: 4 KB a large thumbnail, 2 KB a small one

Thumbnails = Callable[[Sequence[int]], list[Image.Image | None]]


def write_folder(
    folder: Path,
    rows: DataFrame,
    positions: np.ndarray,
    files: Sequence[Path],
    thumbnails: Thumbnails | None,
    *,
    title: str,
    note: str = "",
    progress: Callable[[int], object] | None = None,
) -> Path:
    """Write the folder (an earlier one is replaced) and return its index.html.

    Args:
        rows: N pages with path ("/" between folders), frame, document, page, year, category, cluster.
        positions: float32 [N, 2] within -1 .. 1.
        files: where each page's file lies; links to it are relative where both are on one drive, so that folder and
            pages can move together.
        thumbnails: rows' positions -> their pictures (None: there is none); None = a map without thumbnails.
        progress: told how many pages' thumbnails were done.

    Raises:
        UserError: the folder is there and is no map.
    """
    if folder.exists() and not (folder / "data.js").is_file():
        raise UserError(f"{printable(str(folder))} holds other things than a map: give another place with -o")
    order = coarse_to_fine(positions)
    rows, positions = rows.iloc[order].reset_index(drop=True), positions[order]
    part = part_of(folder)
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(VIEWER, part)
    data = _pages(rows, positions, [files[at] for at in order], folder)
    data |= {"title": printable(title), "note": note, "thumbs": None}
    if thumbnails is not None:
        data["thumbs"] = _sheets(part / "thumbs", order, thumbnails, progress)
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    (part / "data.js").write_text(f"window.PAGES = {text};\n", encoding="ascii", newline="\n")
    return replace_folder(part, folder) / "index.html"


def coarse_to_fine(positions: np.ndarray) -> np.ndarray:
    """An order [N] of places [N, 2] within -1 .. 1 in which any beginning is spread over the whole map.

    One page of each of 8 x 8 cells, then of 16 x 16 and so on, within a level along the Z curve: whichever part of the
    map is in view, the pages to be shown first there stand in few sheets.
    """
    count = len(positions)
    cells = np.clip(((positions.astype(np.float64) + 1) / 2 * 65536).astype(np.int64), 0, 65535)
    curve = _spread(cells[:, 0]) | _spread(cells[:, 1]) << 1  # 32 bits, the coarsest first
    order = np.argsort(curve, kind="stable")
    curve = curve[order]
    levels = np.full(count, 16)
    for level in range(3, 16):
        parents = curve >> 2 * (16 - level)
        starts = np.flatnonzero(np.r_[True, parents[1:] != parents[:-1]]) if count else np.zeros(0, int)
        ends = np.r_[starts[1:], count]
        middle = (starts + ends) // 2  # neither corner: a page well inside the cell
        fresh = middle[np.minimum.reduceat(levels, starts) == 16] if len(starts) else middle
        levels[fresh] = level
    return order[np.argsort(levels, kind="stable")]


def _spread(values: np.ndarray) -> np.ndarray:
    """16 bits -> every second of 32 bits."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | values << shift) & mask
    return values


def _pages(rows: DataFrame, positions: np.ndarray, files: list[Path], folder: Path) -> dict:
    """What data.js tells of the pages; numbers as base64 of little-endian arrays."""
    paths = rows["path"].tolist()
    names = [path.rpartition("/")[2] for path in paths]
    homes: dict[tuple[str, str], int] = {}
    home = [
        homes.setdefault((path[: len(path) - len(name)], str(file.parent)), len(homes))
        for path, name, file in zip(paths, names, files, strict=True)
    ]
    documents: dict[str, int] = {}
    document = [documents.setdefault(printable(str(name)), len(documents)) for name in rows["document"]]
    # a name with bytes that are no UTF-8 is shown otherwise than it is written
    tails = {at: quote(os.fsencode(file.name), safe="") for at, file in enumerate(files) if file.name != names[at]}
    facet_data = []
    for facet in facets(rows):
        groups = [
            {"name": name, "colour": colour, "label": middle}
            for name, colour, middle in zip(facet.names, facet.colours, middles(positions, facet), strict=True)
        ]
        facet_data.append(
            {"key": facet.key, "title": facet.title, "groups": groups, "codes": _base64(facet.codes, "<u2")}
        )
    return {
        "x": _base64(positions[:, 0], "<f4"),
        "y": _base64(positions[:, 1], "<f4"),
        "names": [printable(name) for name in names],
        "tails": tails,
        "folders": [[printable(shown), _address(where, folder)] for shown, where in homes],
        "folder": _base64(home, "<u4"),
        "documents": list(documents),
        "document": _base64(document, "<u4"),
        "page": _base64(_whole(rows["page"]), "<i4"),
        "frame": _base64(_whole(rows["frame"]), "<i4"),
        "year": _base64(_whole(rows["year"]), "<i2"),
        "facets": facet_data,
    }


def _whole(column: object) -> np.ndarray:
    """Whole numbers, -1 where there is none."""
    return column.astype("float64").fillna(-1).to_numpy()  # type: ignore[attr-defined]


def _base64(values: object, kind: str) -> str:
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode("ascii")


def _address(where: str, folder: Path) -> str:
    """The address of a folder of pages, as seen from the map's folder; always `./`, `../` or `file:`, never a scheme of
    somebody's choice."""
    try:
        steps = os.path.relpath(where, folder)
    except ValueError:  # another drive
        return f"{Path(where).absolute().as_uri()}/"
    steps = quote(os.fsencode(steps.replace(os.sep, "/")))
    return f"{steps if steps.startswith('.') else f'./{steps}'}/"


def _sheets(folder: Path, order: np.ndarray, thumbnails: Thumbnails, progress: Callable[[int], object] | None) -> dict:
    """Sprite sheets of the pages in `order`; what the viewer must know of them."""
    cell, across = SMALL if len(order) > MANY else LARGE
    each = across * across
    folder.mkdir()
    sizes = np.zeros((len(order), 2), np.uint8)

    def draw(start: int) -> int:
        pages = order[start : start + each]
        rows = -(-len(pages) // across)
        sheet = Image.new("RGB", (across * cell, rows * cell), "white")
        for at, picture in enumerate(thumbnails(pages.tolist())):
            if picture is None:
                continue
            picture = picture.convert("RGB")
            picture.thumbnail((cell, cell), Image.Resampling.BILINEAR)
            sheet.paste(picture, (at % across * cell, at // across * cell))
            sizes[start + at] = picture.size
        sheet.save(folder / f"{start // each:05d}.jpg", quality=QUALITY)
        return len(pages)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for done in pool.map(draw, range(0, len(order), each)):
            if progress is not None:
                progress(done)
    return {
        "folder": "thumbs",
        "cell": cell,
        "columns": across,
        "rows": across,
        "width": _base64(sizes[:, 0], "u1"),
        "height": _base64(sizes[:, 1], "u1"),
    }
