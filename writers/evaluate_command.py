"""`writers evaluate`: what it is asked.

python run.py writers evaluate pages/ --pattern "(?P<writer>w[0-9]+)-(?P<page>[0-9]+)" --json result.json
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_path
from settings.schema import Settings
from utils import UserError, did_you_mean, printable
from writers.flags import WritersJob, add_model, add_output, model_of, output_folder_of

READING = ("--max_pixels", "--memory", "--strict", "--file_format", "--inner", "--hidden", "--exclude")
RERANKING = ("sgr", "krnn")


@dataclass(frozen=True, kw_only=True)
class Evaluation(WritersJob):
    """Judge a model on pages of known writers. pattern: as typed. rerank: "" or one of `RERANKING`.

    transductive: page descriptors are whitened on the very pages judged. json: where the figures go, too.
    """

    name = "evaluate"
    about = "how well a model finds pages of one hand, on pages whose writers are known by their file names"
    description = (
        "Every page is the query once and ranked against all others; its writer's are to come first. Prints mAP, "
        "Top-1, soft and hard top-k with 95 % intervals over writers, beside chance (exact) and upright RootSIFT with "
        "VLAD; what re-ranking gives (it looks at the whole collection: transductive) stands beside, and counts only "
        "where --rerank asks for it. A page without handwriting, or one that cannot be read, is never ranked, and "
        "counts as a miss. Leaves a table of all pages, pictures and the figures as JSON."
    )
    examples = f"""examples:
  {PROGRAM} writers evaluate pages/ --pattern "(?P<writer>w[0-9]+)-(?P<page>[0-9]+)"       w001-2.png: page 2 of w001
  {PROGRAM} writers evaluate pages/ --pattern "(?P<writer>[^/]+)/(?P<page>[^/]+)$"         a folder for each writer
  {PROGRAM} writers evaluate hisfrag20_test/ --pattern hisfrag20 --json hisfrag20.json     a published data set
  {PROGRAM} writers evaluate pages/ --pattern cvl --model models/mine --rerank sgr

The pattern is a regular expression with the groups writer and page, searched in the file's name without its extension
(with a slash in it: in its path below the folder). Known by name: hisfrag20, historical-wi, hisir19, cvl, icdar2013.
"""
    shared = (*READING, "--workers", "--excel", "--quiet")
    work = "writers.evaluating:run_evaluate"
    needs = (*WritersJob.needs, "lancedb", "pyarrow", "matplotlib")

    folder: Path
    pattern: str
    output: Path
    rerank: str = ""
    transductive: bool = False
    json: Path | None = None

    @classmethod
    def hint(cls, word: str) -> str:
        """As `WordJob` has it."""
        return ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["writers"].add_argument
        add("pages", nargs="*", metavar="PAGES", help="the folder of the pages")
        add("--pattern", metavar="REGEX", help="how file names tell writer and page, or the name of a data set")
        add_model(groups["writers"])
        add("--rerank", metavar="{sgr,krnn}", help="re-rank by the graph of similarities, or by reciprocal neighbours")
        add("--transductive", action="store_true",
            help="whiten page descriptors on the very pages that are judged; every report says so")  # fmt: skip
        add("--json", metavar="FILE", help="write the figures as one JSON object: map, top1, soft10 (0 to 100), ...")
        add_output(groups["writers"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Evaluation]:
        """As `Job` has it."""
        folders = [given_path(page, "PAGES") for page in typed.value("pages")]
        if len(folders) != 1:
            raise UserError(
                f"evaluate takes one folder of pages, {len(folders)} given: "
                f'{PROGRAM} writers evaluate PAGES --pattern "(?P<writer>...)-(?P<page>...)"'
            )
        pattern = typed.text("pattern", "--pattern")
        if not pattern:
            raise UserError(
                'who wrote which page? say with --pattern how file names tell it, for example --pattern "(?P<writer>'
                'w[0-9]+)-(?P<page>[0-9]+)" for w001-2.png'
            )
        rerank = typed.text("rerank", "--rerank")
        if rerank and rerank not in RERANKING:
            raise UserError(f"--rerank {printable(rerank)}: must be sgr or krnn{did_you_mean(rerank, RERANKING)}")
        json = typed.path("json", "--json")
        if json is not None and (json.is_dir() or not json.absolute().parent.is_dir()):
            what = "is a folder" if json.is_dir() else "is in no folder that exists"
            raise UserError(f"--json {printable(str(json))} {what}: give the name of a file")
        job = cls(
            **typed.command(),
            folder=folders[0],
            pattern=pattern,
            output=output_folder_of(typed, settings),
            model=model_of(typed),
            rerank=rerank,
            transductive=typed.value("transductive"),
            json=json,
        )
        return settings, job
