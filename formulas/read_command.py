"""`formulas read`: what it is asked.

python run.py formulas read formula.png
python run.py formulas read cuttings/ -o tables/ --json
python run.py formulas read pages/ --find -o tables/
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.command import Place, add_cluster, place_of_one
from formulas.flags import (
    COMPUTING,
    READING,
    FormulasJob,
    add_beams,
    add_model,
    add_output,
    beams_of,
    model_of,
    output_folder_of,
)
from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_files, given_path
from settings.schema import Settings
from utils import UserError, printable


@dataclass(frozen=True, kw_only=True)
class ReadFormulas(FormulasJob):
    """Read pictures. files, or else the folder; writes: tables below `output`, else to the terminal; json: as JSON;
    find: pictures are pages, on which formulas are looked for; place: who reads the shards, None = this process
    reads all, not in shards.
    """

    name = "read"
    about = "pictures of formulas -> LaTeX, with how sure that is"
    description = (
        "Reads pictures of printed formulas, one formula a picture: cut-outs, screen shots, scans, any size, light or "
        "dark. One picture is answered on the terminal; of a folder (or with -o) a table is written: PATH, LATEX, "
        "CONFIDENCE (how likely the LaTeX is exactly right, 0 to 1) and WARNING; a picture that cannot be read stands "
        "in a table of errors. Of a PDF or a TIFF of several pages each page is a picture. With --find whole pages are "
        "given: the formulas that stand on lines of their own are found and read, each with its box. Needs no more "
        "packages than sorting."
    )
    examples = f"""examples:
  {PROGRAM} formulas read formula.png                    LaTeX first, then how sure it is, other readings, warnings
  {PROGRAM} formulas read a.png b.png --json             a line of JSON each
  {PROGRAM} formulas read cuttings/                      a table in result/formulas/tables/
  {PROGRAM} formulas read cuttings/ -o tables/ --json    also JSON lines: path, latex, confidence, alternatives
  {PROGRAM} formulas read cuttings/ -o tables/ --resume  go on where a killed run stopped
  {PROGRAM} formulas read cuttings/ --cluster local:4    by four processes; as tables of one
  {PROGRAM} formulas read page.png --find                the formulas of a page, with their boxes
  {PROGRAM} formulas read pages/ --find                  a row a formula, and each page with its formulas framed
"""
    shared = (*READING, *COMPUTING, "--excel", "--quiet")
    resumes = True
    work = "formulas.finding_job:run_reading"

    output: Path
    files: tuple[Path, ...] = ()
    folder: Path | None = None
    writes: bool = False
    json: bool = False
    find: bool = False
    place: Place | None = None
    beams: int

    @classmethod
    def hint(cls, word: str) -> str:
        """As `WordJob` has it."""
        return ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["formulas"].add_argument
        add("pictures", nargs="*", metavar="PICTURE", help="pictures, wildcards too; or one folder of them")
        add("--find", action="store_true", help="pictures are whole pages: find their display formulas, read each")
        add("--json", action="store_true", help="JSON lines: path, latex, confidence, alternatives, warnings")
        add_output(groups["formulas"])
        add("--resume", action="store_true", help="go on with the newest unfinished run of the same input and model")
        add_cluster(add, "read a folder in shards, with the files of one process")
        add_beams(groups["formulas"])
        add_model(groups["formulas"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, ReadFormulas]:
        """As `Job` has it."""
        given = typed.value("pictures")
        if not given:
            raise UserError(f"name the pictures to read, or their folder: {PROGRAM} formulas read formula.png")
        folders = [path for path in (given_path(word, "PICTURE") for word in given) if path.is_dir()]
        if folders and len(given) > 1:
            raise UserError(
                f"{printable(str(folders[0]))} is a folder: give one folder, or pictures; read others one after another"
            )
        files = () if folders else tuple(given_files(given, "PICTURE"))
        writes = bool(folders) or typed.given("output")
        if typed.given("resume") and not writes:
            raise UserError("--resume: without -o single pictures are answered on the terminal: nothing to go on with")
        place = place_of_one(typed.text("cluster", "--cluster")) if typed.given("cluster") else None
        if place is not None and not folders:
            raise UserError("--cluster is for a folder of pictures: give one")
        job = cls(
            **typed.command(),
            model=model_of(typed),
            output=output_folder_of(typed, settings),
            files=files,
            folder=folders[0] if folders else None,
            writes=writes,
            json=typed.value("json"),
            find=typed.value("find"),
            place=place,
            beams=beams_of(typed),
        )
        return settings, job

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether a run was begun or taken up."""
        from output.runs import begun_since

        return self.writes and begun_since(self.output, began)
