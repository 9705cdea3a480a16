"""Rooms of the desk on a port of this machine, with a tiny model of pages, and small pages to hand in."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from desk_client import Answer, ask, form
from PIL import Image

from run import main
from settings.schema import Settings

LABELS = ("DRAW", "PHOTO", "TEXT")


def page(seed: int, size: tuple[int, int] = (48, 64)) -> Image.Image:
    """A page unlike those of other seeds."""
    cells = np.random.default_rng(seed).integers(0, 255, (8, 6), np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.NEAREST)


def settings_for(output: Path, model: Path, **of_input: object) -> Settings:
    """What `run.py desk -o OUTPUT` has, with another model."""
    settings = Settings().replaced("output", folder=output).replaced("setup", model=model, quiet=True)
    return settings.replaced("input", **of_input) if of_input else settings


@contextlib.contextmanager
def serving(rooms: Sequence[object], token: str = "", absent: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address where the rooms answer until the end of the block. absent: rooms that are not there -> why."""
    from desk.serving import listening, server_of

    door = listening("127.0.0.1", 0)
    port = door.getsockname()[1]
    server = server_of(rooms, "The desk", port, token, absent)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        door.close()


def classify(address: str, files: Sequence[tuple[str, bytes]], query: str = "", **headers: str) -> Answer:
    """Pages to the room of handing in."""
    body, kind = form(files)
    return ask(f"{address}/api/classify{query}", body, Content_Type=kind, **headers)


def form_of(file: tuple[str, bytes] | None, **values: str) -> tuple[bytes, str]:
    """A form of the earlier service, and its content type."""
    body = b""
    for name, value in values.items():
        body += f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    if file is None:
        return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"
    part, kind = form([file], field="file")
    return body + part, kind


def indexed(output: Path, folder: Path, model: Path) -> None:
    """Index the pages of a folder, as `explore index` does."""
    command = ["explore", "index", str(folder), "--index", str(output / "index"), "--backbone", str(model), "--quiet"]
    assert main(command) == 0
