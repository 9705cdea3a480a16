"""The room of runs: what was sorted when and by which model, a run started here, a model taught from corrected pages.

    room = runs_room(desk)                                        # a Room of desk/app.py
    curl http://127.0.0.1:8765/api/runs
    curl -H "Content-Type: application/json" -d '{"folder": "/scans/box1"}' http://127.0.0.1:8765/api/started/sort

| call | answers |
|---|---|
| `GET /api/runs` | runs of the output folder, the newest first |
| `GET /api/runs/{name}`, `.../counts` | one of them, with its failed pages; pages a category as a picture (SVG) |
| `POST /api/runs/{name}/open` | lay it on the desk, to be reviewed |
| `GET /api/started` | what is at work, what was started before, and what can be started |
| `GET /api/started/folders` | the folders in a folder, to choose from |
| `POST /api/started/sort`, `/train` | start it; one at a time |
| `POST /api/started/{name}/cancel`, `/again` | interrupt it; go on with it |

Who sits at this machine may name any folder. Where the desk listens on another address too, others with the link may
start runs only on folders that were named at this machine: those of earlier runs, of `--pages`, of `[input] folder`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from desk.app import Reason, Room
from desk.desk import open_desk
from desk.following import Learning, Progress, comparison
from desk.refused import Refused
from desk.run_records import RunDetails, RunRecords, RunSummary
from desk.start import DONE, RUNNING, WITH_FAILURES, Asked, Start
from desk.started import RESUMABLE, Starts
from encoders.choosing import list_models
from output.counts_picture import counts_picture
from reading.listing import named_as_page
from settings.command import check_packages
from training.command import Training
from utils import UserError, printable

if TYPE_CHECKING:
    from desk.desk import Desk

MOST = 100  # runs at once
FOLDERS = 500  # of a folder that are listed
LOOKED_AT = 20_000  # entries of a folder that are looked at
LONGEST_PATH = 4000
PLAIN_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")  # of a model
VERDICT = re.compile("really better|equally good|do not differ|cannot be compared")  # of --eval_dir on the two best
REFUSED = {status: {"model": Reason} for status in (404, 409)}


class RunList(BaseModel):
    """Runs, the newest first. total: how many there are."""

    total: int
    start: int
    runs: list[RunSummary]


class Laid(BaseModel):
    """The table that lies on the desk in a moment."""

    table: str


class SortingWanted(BaseModel):
    """What is to be sorted: all pages of a folder of this machine. model: see `Possible`."""

    folder: str = Field(min_length=1, max_length=LONGEST_PATH, examples=["/scans/box1"])
    model: str = Field("", max_length=200)
    top_n: int = Field(3, ge=1, le=50)
    raw: bool = True
    report: bool = True


class TrainingWanted(BaseModel):
    """What is to be taught: a model of that name, going on from `model`, by what was corrected on this desk."""

    name: str = Field(
        min_length=1, max_length=80, examples=["mine"], json_schema_extra={"pattern": f"^{PLAIN_NAME.pattern}$"}
    )
    model: str = Field("", max_length=200)


class Compared(BaseModel):
    """A model on the held-back pages: shares from 0 to 1, None where it could not be judged (reason).

    low, high: the 95 % interval, by documents. seen_pages: pages that it had learned from, which judge nothing.
    """

    model: str
    reason: str
    accuracy: float | None
    low: float | None
    high: float | None
    pages: float | None
    documents: float | None
    seen_pages: float | None


class StartedWork(BaseModel):
    """Something that was started here.

    state: "running", "done", "with failures", "failed", "stopped" (it broke off), "cancelled", or "left" (by a desk
    that ended); goes_on: whether it can be gone on with; step: "sort", "export", "train" or "compare"; run: the run or
    the model that it makes, "" until it is known. interrupted: it was, and is not over yet. done, total: pages, 0 where
    they are not counted; before: done when it was gone on with. said: the last lines that were printed. curve: epochs
    of a training.
    """

    name: str
    what: Literal["sort", "train"]
    folder: str
    model: str
    state: str
    goes_on: bool
    step: str
    run: str
    why: str
    interrupted: bool
    seconds: float
    done: int
    before: int
    total: int
    said: list[str]
    curve: list[dict[str, float]]
    compared: list[Compared]
    verdict: list[str]


class Possible(BaseModel):
    """models: names that may be chosen, "" is the one that is used where nobody names one.

    output: where all is written. folders: those that were sorted before; any_folder: whether others may be named too.
    teaching: why no model can be taught, "" = one can. table, run: whose corrected pages teach; before: the model that
    sorted them, "" where it is not in the models folder.
    """

    output: str
    models: list[str]
    folders: list[str]
    any_folder: bool
    teaching: str
    table: str
    run: str
    before: str
    now: StartedWork | None
    earlier: list[StartedWork]


class FolderView(BaseModel):
    """The folders in a folder. pages: files in it that are named as pages; parent: "" = there is none above."""

    path: str
    parent: str
    folders: list[str]
    more: bool
    pages: int


def runs_room(desk: Desk) -> Room:
    """The room of the desk's output folder."""
    records, starts = RunRecords(desk.output.absolute()), Starts(desk.settings)
    any_folder = is_own(desk.job.host)
    router = APIRouter(tags=["runs"])

    @router.get("/api/runs", summary="What was sorted when")
    def runs(start: int = Query(0, ge=0, le=10**9), count: int = Query(20, ge=1, le=MOST)) -> RunList:
        total, found = records.page(start, count)
        return RunList(total=total, start=start, runs=found)

    @router.get("/api/runs/{name}", summary="A run, with its failed pages", responses=REFUSED)
    def run(name: str) -> RunDetails:
        return records.of(name)

    @router.get(
        "/api/runs/{name}/counts",
        summary="Pages a category, as a picture",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}}, **REFUSED},
    )
    def counts(name: str) -> Response:
        return Response(counts_picture(*records.counts(name)), media_type="image/svg+xml")

    @router.post("/api/runs/{name}/open", summary="Lay a run on the desk, to be reviewed", responses=REFUSED)
    def lay(name: str) -> Laid:
        """The desk is closed and opened with its table, at the same address; nobody else may be in the middle of it."""
        if not any_folder:
            raise Refused(403, "this desk is open to other computers: what lies on it is chosen at its own")
        if starts.busy:
            raise Refused(409, "something is at work: wait until it is done, or interrupt it")
        table = records.table(name)
        try:
            open_desk(desk.settings, replace(desk.job, table=table, pages=None))
        except UserError as error:
            raise Refused(409, str(error)) from None
        desk.next.open(table)
        return Laid(table=printable(table.name))

    def named() -> list[Path]:
        """Folders that were named at this machine."""
        here = [desk.pages, desk.settings.input.folder]
        return [folder for folder in [*records.folders(), *here] if folder is not None and folder.is_dir()]

    def allowed(text: str) -> Path:
        folder = folder_of(text)
        if not any_folder and not any(folder.is_relative_to(one.resolve()) for one in named()):
            raise Refused(403, "this folder was not named at the machine of the desk: start it there")
        return folder

    @router.get("/api/started", summary="What is at work, and what can be started")
    def started() -> Possible:
        models = list_models(desk.settings.setup.model_dir, desk.settings.hf.revisions)
        folders = [printable(str(folder)) for folder in dict.fromkeys(named())]
        now, earlier = starts.shown()
        return Possible(
            output=printable(str(starts.output)),
            models=[printable(model.path.name) for model in reversed(models)],
            folders=folders[:MOST],
            any_folder=any_folder,
            teaching=no_teaching(desk, records),
            table=printable(desk.table.name) if desk.table else "",
            run=printable(desk.run),
            before=model_before(desk),
            now=_work(now, starts) if now else None,
            earlier=[_work(one, starts) for one in earlier],
        )

    @router.get("/api/started/folders", summary="The folders in a folder", responses=REFUSED)
    def folders(path: str = Query("", max_length=LONGEST_PATH)) -> FolderView:
        """path: "" = the home folder, or the first one that may be named."""
        if path:
            return folder_view(allowed(path))
        here = [Path.home()] if any_folder else named()
        if not here:
            raise Refused(404, "no folder was named at the machine of the desk")
        return folder_view(here[0].resolve())

    @router.post("/api/started/sort", summary="Sort a folder of this machine", responses=REFUSED)
    def sort(wanted: SortingWanted) -> StartedWork:
        folder, model = allowed(wanted.folder), known_model(desk, wanted.model)
        asked = Asked("sort", str(folder), model, top_n=wanted.top_n, raw=wanted.raw, report=wanted.report)
        return _work(starts.begin(asked), starts)

    @router.post("/api/started/train", summary="Teach a model from corrected pages", responses=REFUSED)
    def train(wanted: TrainingWanted) -> StartedWork:
        if why := no_teaching(desk, records):
            raise Refused(409, why)
        models, name = desk.settings.setup.model_dir, wanted.name
        if not PLAIN_NAME.fullmatch(name):
            raise Refused(422, "name: letters, digits, - _ and . make the name of a model, such as mine-2026")
        taken = [models / name, models / f"{name}.training", models / f"{name}_folds"]
        if name.endswith(".training") or any(os.path.lexists(one) for one in taken):
            raise Refused(409, f"there is a model {name} already, or an unfinished one: choose another name")
        model = known_model(desk, wanted.model)
        asked = Asked("train", str(desk.pages.absolute()), model, name, str(desk.table.absolute()))
        return _work(starts.begin(asked), starts)

    @router.post("/api/started/{name}/cancel", summary="Interrupt it, as Ctrl-C does", responses=REFUSED)
    def cancel(name: str) -> StartedWork:
        """It puts in order what is done, and can be gone on with; a second time it ends at once."""
        starts.cancel(name)
        return _work(starts.of(name), starts)

    @router.post("/api/started/{name}/again", summary="Go on with what was interrupted", responses=REFUSED)
    def again(name: str) -> StartedWork:
        asked = starts.of(name).asked
        allowed(asked.folder)
        if asked.model:
            known_model(desk, asked.model)
        if asked.what == "train":
            table, here = Path(asked.table), desk.table.absolute() if desk.table else None
            if not PLAIN_NAME.fullmatch(asked.name) or (table != here and table.parent != starts.output / "tables"):
                raise Refused(409, "this was started on another desk: go on with it there")
        return _work(starts.again(name), starts)

    return Room("runs", "runs.html", router, starts.close)


def is_own(host: str) -> bool:
    """Whether an address is reached from this machine alone.

    >>> is_own("127.0.0.1"), is_own("localhost"), is_own("0.0.0.0"), is_own("archive.example.org")
    (True, True, False, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def folder_of(text: str) -> Path:
    """A folder that somebody named. Refused: it is none of this machine, or cannot be looked at."""
    text = text.strip().strip('"')
    try:
        path = Path(text).expanduser()
        if not path.is_absolute():
            raise Refused(404, "give the whole path of the folder, from the first / (Windows: from the drive) on")
        folder = path.resolve()
        if folder.is_dir():
            return folder
        what = "is a file: give the folder that it lies in" if folder.exists() else "is not there"
    except (OSError, ValueError, RuntimeError) as error:
        what = f"cannot be looked at ({getattr(error, 'strerror', None) or 'no path'})"
    raise Refused(404, f"the folder {printable(text)[:200]} {what}")


def folder_view(folder: Path) -> FolderView:
    """The folders in a folder, hidden ones left out, and how many pages lie in it itself."""
    names, pages, more = [], 0, False
    try:
        with os.scandir(folder) as entries:
            for seen, entry in enumerate(entries):
                if seen == LOOKED_AT:
                    more = True
                    break
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    names.append(entry.name)
                else:
                    pages += named_as_page(entry.name)
    except OSError as error:
        raise Refused(404, f"{printable(str(folder))} cannot be looked at: {error.strerror or error}") from None
    shown = sorted((name for name in names if printable(name) == name), key=str.casefold)
    parent = "" if folder.parent == folder else printable(str(folder.parent))
    path = printable(str(folder))
    return FolderView(path=path, parent=parent, folders=shown[:FOLDERS], more=more or len(shown) > FOLDERS, pages=pages)


def known_model(desk: Desk, name: str) -> str:
    """The name of a model in the models folder, "" for that which is used anyway. Refused: there is none."""
    models = {model.path.name for model in list_models(desk.settings.setup.model_dir, desk.settings.hf.revisions)}
    if name and name not in models:
        raise Refused(404, f"there is no model {printable(name)[:200]} in the models folder")
    return name


def no_teaching(desk: Desk, records: RunRecords) -> str:
    """Why no model can be taught here, "" = one can."""
    if desk.table is None and records.names:  # sorted since the desk was opened
        return "no run lies on the desk: look through one of those below, and correct it"
    if desk.table is None or desk.pages is None:
        return desk.lacking or "nothing was sorted yet: sort a folder, look through it, correct it"
    try:
        check_packages("teaching a model", Training.needs, Training.requirements)
    except UserError as error:
        return str(error)
    return ""


def model_before(desk: Desk) -> str:
    """The model that sorted what lies on the desk, by its name in the models folder; "" where it is not there."""
    told = desk.record.get("model")
    name = told.get("name") if isinstance(told, dict) else None
    models = {model.path.name for model in list_models(desk.settings.setup.model_dir, desk.settings.hf.revisions)}
    return name if isinstance(name, str) and name in models else ""


def _work(start: Start, starts: Starts) -> StartedWork:
    live = start is starts.now or start.state == RUNNING
    following = starts.following_of(start)
    asked, said = start.asked, start.said()
    progress = following.progress() if following else Progress()
    teaching = asked.what == "train" and PLAIN_NAME.fullmatch(asked.name)
    over = start.state in (DONE, WITH_FAILURES)
    compared = [Compared(**one) for one in comparison(start.folder)] if teaching and over else []
    return StartedWork(
        name=start.name,
        what=asked.what,
        folder=printable(asked.folder),
        model=printable(asked.model),
        state=start.state,
        goes_on=start.state in RESUMABLE,
        step=start.step,
        run=printable(start.run or asked.name),
        why=printable(start.why),
        interrupted=starts.interrupted(start),
        seconds=round((start.ended or (time.time() if live else start.began)) - start.began, 1),
        done=progress.done,
        before=start.before,
        total=progress.total,
        said=said if live else [],
        curve=Learning(starts.models, asked.name).curve() if teaching else [],
        compared=compared,
        verdict=[line for line in said if VERDICT.search(line)][-1:] if compared else [],
    )
