"""A desk with the room of review on a run of drawn pages, answering on a port of this machine, for tests.

with ReviewDesk(folder, pages=60) as desk:
    desk.address, desk.said("queue?count=5")["pages"]
"""

from __future__ import annotations

import csv
import json
import threading
from pathlib import Path
from typing import Any, Self

from desk_client import ask
from PIL import Image, ImageDraw

CATEGORIES = ["DRAW", "LINE_T", "PHOTO", "TEXT_P"]
RUN = "20261121-101508_ViT-B16"  # pages 17 and 19 of it are shown without the guess
HARMFUL = "<img src=x onerror=window.harm=1>"
PER_DOCUMENT = 4


class ReviewDesk:
    """pages: rows of the table, four a document; the guess of page i is category i % 4. Page 5 is called as HTML is,
    page 6 is no image.
    """

    def __init__(self, folder: Path, pages: int = 40) -> None:
        self._folder, self._pages = folder, pages
        self._port = 0
        self._draw()

    def _draw(self) -> None:
        scans, tables = self._folder / "scans", self._folder / "out" / "tables"
        scans.mkdir(parents=True)
        tables.mkdir(parents=True)
        rows = []
        for at in range(self._pages):
            document = {5: HARMFUL, 6: "CTX1901b", 7: "CTX1901b"}.get(at, f"CTX{1900 + at // PER_DOCUMENT}")
            page, name = at % PER_DOCUMENT + 1, f"{document}-{at % PER_DOCUMENT + 1}.png"
            image = Image.new("L", (60, 80), 255)
            ImageDraw.Draw(image).text((10, 30), str(at), fill=0)
            image.save(scans / name)
            if at == 6:
                (scans / name).write_bytes(b"no image")
            score = 0.99 - at / 2 / self._pages
            rows.append([document, page, CATEGORIES[at % 4], CATEGORIES[(at + 1) % 4], score, 1 - score, name])
        self.table = tables / f"result_{RUN}_{self._pages}n_{len(CATEGORIES)}c.csv"
        with self.table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["FILE", "PAGE", "CLASS-1", "CLASS-2", "SCORE-1", "SCORE-2", "PATH"])
            writer.writerows(rows)
        record = {"name": RUN, "input": str(scans), "model": {"name": "tiny", "hash": "ab", "categories": CATEGORIES}}
        (tables / f"{RUN}_run.json").write_text(json.dumps(record), encoding="utf-8")

    def __enter__(self) -> Self:
        """Answer; at the port of before, where it answered before."""
        from desk.command import OpenDesk
        from desk.desk import open_desk
        from desk.review import review_room
        from desk.serving import listening, server_of
        from settings.schema import Settings

        settings = Settings().replaced("output", folder=self._folder / "out")
        room = review_room(open_desk(settings, OpenDesk(table=self.table)))
        self._door = listening("127.0.0.1", self._port)
        self._port = self._door.getsockname()[1]
        self._server = server_of([room], "The desk", self._port)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._door]})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._door.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def said(self, call: str, body: Any = None) -> Any:
        """What a call below /api/review/ answers; a POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        return ask(f"{self.address}/api/review/{call}".rstrip("/"), data, Content_Type="application/json").said

    def decisions(self) -> dict[int, dict[str, str]]:
        """Page -> person -> category, of all pages that anybody decided."""
        pages = self.said("queue?state=decided&order=table&count=500")["pages"]
        return {page["id"]: {one["person"]: one["category"] for one in page["decisions"]} for page in pages}
