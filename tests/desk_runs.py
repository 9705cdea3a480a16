"""The room of runs on an output folder, as tests ask it: start something, wait for it, read what it has left."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import replace
from pathlib import Path

from desk_client import ask

from desk.command import OpenDesk
from desk.desk import Desk
from settings.schema import Settings

HARMFUL = "<img src=x onerror=window.harm=1>"
PATIENCE = 240


def desk_for(output: Path, host: str = "127.0.0.1", **more) -> Desk:
    settings = Settings().replaced("output", folder=output).replaced("setup", workers=0)
    settings = settings.replaced("input", folder=Path("no_such_folder"))
    return Desk(settings, replace(OpenDesk(), host=host), **more)


def post(address: str, **values):
    return ask(address, json.dumps(values).encode(), Content_Type="application/json")


def now(address: str) -> dict:
    return ask(f"{address}/api/started").said["now"]


def until(address: str, wanted) -> dict:
    """What is at work, once it is as wanted; at the latest once it is over."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        work = now(address)
        if wanted(work) or work["state"] != "running":
            return work
        time.sleep(0.05)
    raise AssertionError("it never came")


def over(address: str) -> dict:
    return until(address, lambda work: False)


def rows_of(output: Path) -> list[list[str]]:
    (table,) = (output / "tables").glob("result_*.csv")
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
