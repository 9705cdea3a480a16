"""The only door: flags and config.toml become one `Settings` and one `Job`; the job's room does the work.

    python run.py -h
    python run.py -tn 3 -d pages/ --raw

Exit code: 0 all pages done; 1 finished, some pages failed; 2 a mistake that the user can mend; 130 interrupted.
Nothing here imports torch, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from output import failures
from output.console import OUTPUT, check_place, drop_output, interruptible, open_streams
from reading.memory import bytes_of
from settings.config_file import HOME, every_key, near, read_settings
from settings.earlier_config import find_earlier, mapped, read_earlier
from settings.flags import PROGRAM, SHORT_HELP, parse
from settings.given_paths import filled, given_files, given_path, no_address
from settings.schema import Settings
from utils import UserError, printable

if TYPE_CHECKING:
    from explore.flags import ExploreJob

# Groups of flags that belong to one kind of job; the others are for all. Every job but training sorts pages.
BELONGS = {"output": "predict", "train": "train"}
# Jobs beside sorting -> the flag that asks for them, and the room that does them.
JOBS = {
    "train": ("--train", "training.job", "run_training"),
    "eval": ("--eval", "evaluation.job", "run_evaluation"),
    "eval_dir": ("--eval_dir", "evaluation.comparison", "run_comparison"),
    "vis": ("--vis", "evaluation.accuracies", "run_drawing"),
    "best": ("--best", "evaluation.voting", "run_voting"),
    "suggest": ("--suggest", "evaluation.suggestions", "run_suggestion"),
    "wrong_labels": ("--wrong_labels", "evaluation.wrong_labels", "run_wrong_labels"),
    "average": ("--average", "training.averaging", "run_average"),
    "hf": ("--hf", "hub.pull", "run_pull"),
    "push": ("--push", "hub.push", "run_push"),
    "convert": ("--convert", "hub.convert", "run_conversion"),
    "explore": ("explore", "explore.commands", "run_explore"),
}
OWNER = {"predict": "sorting"} | {kind: flag for kind, (flag, _, _) in JOBS.items()}
HUB = ("hf", "push", "convert")  # for these --model_path is what is written or uploaded, -rev its revision
RESUMED = ("predict", "train", "eval_dir", "best", "hf")  # the jobs that go on with --resume


@dataclass(frozen=True)
class Job:
    """What one command is to do, beside its settings.

    kind: "predict" or a key of JOBS. files (`-f`) or directory (`-d`, `--dir`); for training None = `[train] folder`,
    for `--eval` the model's own test pages. model: `-m` as typed, "" = not given; so are revision (`-rev`) and name
    (`--name`). parts: the folders of `--average`. count: of `--suggest`. table: of `--wrong_labels`. repo (as typed)
    and overwrite: of `--push`; convert: what `--convert` names. `--hf` has files or a directory where pages are sorted
    after the pull. explore: what a command of `explore` is to do.
    """

    kind: str = "predict"
    files: tuple[Path, ...] = ()
    directory: Path | None = None
    model_path: Path | None = None
    model: str = ""
    revision: str = ""
    name: str = ""
    parts: tuple[Path, ...] = ()
    count: int = 0
    table: Path | None = None
    repo: str = ""
    overwrite: bool = False
    convert: Path | None = None
    explore: ExploreJob | None = None
    output_given: bool = False
    resume: bool = False
    program: tuple[str, ...] = ("python", "run.py")
    arguments: tuple[str, ...] = ()

    def command(self) -> str:
        """The command as it was typed, quoted for the shell at hand."""
        return _quoted([*self.program, *self.arguments])

    def command_with(self, *words: str) -> str:
        """Another command of this program, quoted as above."""
        return _quoted([*self.program, *words])

    def continue_command(self) -> str:
        """The command that goes on with what this one leaves unfinished."""
        more = [] if "--resume" in self.arguments else ["--resume"]
        return _quoted([*self.program, *self.arguments, *more])


def main(arguments: Sequence[str] | None = None, *, alone: bool = False) -> int:
    """Run one command; the exit code. alone: the process ends with it."""
    arguments = tuple(sys.argv[1:] if arguments is None else arguments)
    open_streams()
    known: list[tuple[Settings, Job]] = []  # what the command is, once that is understood
    began = time.time()
    with interruptible(alone=alone):
        try:
            return _answer(arguments, known, began)
        except KeyboardInterrupt:  # Ctrl-C again, while the first one was answered
            return _interrupted(known, began)


def _answer(arguments: tuple[str, ...], known: list[tuple[Settings, Job]], began: float) -> int:
    """The exit code of a command, and one line for whatever ends it early."""
    try:
        check_place()
        code = _run(arguments, known)
        sys.stdout.flush()
        return code
    except failures.WriteError as error:
        return _fail(f"{error}, {failures.how_to_go_on(*(known or [(None, None)])[0], began)}", 2)
    except UserError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _interrupted(known, began)
    except BrokenPipeError:  # `| head` has read enough
        drop_output()
        return 1
    except ModuleNotFoundError as error:
        top = (error.name or "").split(".")[0]  # a room or package of ours is no missing package
        if not top or (HOME / f"{top}.py").exists() or (HOME / top / "__init__.py").exists():
            raise
        return _fail(f"the Python package {error.name} is missing: {_python()} -m pip install -r requirements.txt", 2)
    except failures.kinds() as error:
        line = failures.line_of(error)
        if line is None:
            raise
        if getattr(error, "filename", None) == OUTPUT:
            drop_output()
        return _fail(f"{line}, {failures.how_to_go_on(*(known or [(None, None)])[0], began)}", 2)


def _interrupted(known: list[tuple[Settings, Job]], began: float) -> int:
    """Say how to go on, where the command has begun something that goes on."""
    code = _fail("interrupted", 130)
    if os.environ.get("RANK", "0") != "0":  # one of several processes of torchrun: the first one speaks
        return code
    if known and (command := failures.to_continue(*known[0], began)):
        return _fail(f"to continue: {command}", code)
    return code


def _run(arguments: tuple[str, ...], known: list[tuple[Settings, Job]]) -> int:
    if not arguments:  # a question, but nothing was sorted: a script with an empty variable must notice
        print(SHORT_HELP, end="")
        return 2
    try:
        typed = parse(arguments)
    except SystemExit as done:  # -h
        return int(done.code or 0)
    if typed.config and (earlier := _earlier(given_path(typed.config, "--config"))):
        print(earlier)
        raise UserError(
            f"{printable(typed.config)} is of the earlier tool; above stands what it says as a config file of today: "
            "save that as a .toml file, and give it with --config"
        )
    settings, job = understand(typed, arguments)
    known.append((settings, job))
    _notes(settings, typed)
    # Before torch is loaded: its threads sleep while they wait instead of spinning, and leave the cores to those that
    # decode pages, and to other programs (benchmarks/predict.py).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports the hub client; hub.client.online() alone lifts it
    from reading.memory_gate import set_budget

    set_budget(bytes_of(settings.input.memory))
    if job.kind in JOBS:
        _, room, work = JOBS[job.kind]
        return getattr(importlib.import_module(room), work)(settings, job)
    from sorting.job import run_prediction

    return run_prediction(settings, job)


def understand(typed: argparse.Namespace, arguments: tuple[str, ...]) -> tuple[Settings, Job]:
    """Settings and job of a command; UserError where flags, paths or values do not fit."""
    kind = _kind(typed)
    settings = _override(read_settings(_config(typed.config)), typed, kind)
    if kind == "explore":
        from explore.flags import explore_job

        job = explore_job(typed, settings)
        return settings, Job(kind=kind, explore=job, program=_program(arguments), arguments=arguments)
    files, directory = _input(settings, typed, kind)
    model_path = given_path(typed.model_path, "--model_path") if typed.model_path is not None else None
    job = Job(
        kind=kind,
        files=files,
        directory=directory,
        model_path=model_path,
        model=no_address(_text(typed.model, "-m"), "-m"),
        revision=_text(typed.revision, "-rev"),
        name=_text(typed.name, "--name"),
        parts=tuple(_expanded(typed.average, "--average")) if typed.average else (),
        count=_count(typed.suggest),
        table=given_path(typed.wrong_labels, "--wrong_labels") if typed.wrong_labels is not None else None,
        repo=_text(getattr(typed, "hf.repo"), "--repo"),
        overwrite=typed.overwrite,
        convert=given_path(typed.convert, "--convert") if typed.convert is not None else None,
        output_given=getattr(typed, "output.folder") is not None,
        resume=typed.resume,
        program=_program(arguments),
        arguments=arguments,
    )
    return _fit(settings, job, {name for name, value in vars(typed).items() if value not in (None, False)}), job


def _kind(typed: argparse.Namespace) -> str:
    """The one job that the flags ask for."""
    if typed.explore:
        return "explore"
    asked = [kind for kind in JOBS if getattr(typed, kind) not in (None, False)]
    if len(asked) > 1:
        raise UserError(f"{' and '.join(JOBS[kind][0] for kind in asked)} are different jobs: give one of them")
    return asked[0] if asked else "predict"


def _count(given: str | None) -> int:
    if given is not None and not (given.isascii() and given.isdecimal() and int(given) > 0):
        raise UserError(f"--suggest {printable(given)}: must be a whole number of pages, 1 or more")
    return int(given or 0)


def _override(settings: Settings, typed: argparse.Namespace, kind: str) -> Settings:
    """Flags over config. A flag that is a setting of several sections (--batch_size) goes to that of the job."""
    values = {
        key.about["flags"][0]: value
        for key in every_key()
        if key.about["flags"] and (value := getattr(typed, f"{key.section}.{key.name}", None)) is not None
    }
    family = "train" if kind == "train" else "predict"
    for flag, value in values.items():
        keys = [key for key in every_key() if flag in key.about["flags"]]
        fitting = [key for key in keys if BELONGS.get(key.about["group"] or key.section, family) == family]
        if not fitting:
            owner = "predict" if family == "train" else "train"
            raise UserError(f"{flag} belongs to {OWNER[owner]}, not to {OWNER[kind]}")
        own = next((key for key in fitting if key.section in BELONGS), fitting[0])
        try:
            settings = settings.replaced(own.section, **{own.name: own.from_flag(value)})
        except ValueError as error:
            shown = printable(" ".join(value) if isinstance(value, list) else str(value))
            raise UserError(f"{flag} {shown}: {error}") from None
    if kind != "explore" and typed.model:
        settings = settings.replaced("setup", base=typed.model)
    return settings


def _input(settings: Settings, typed: argparse.Namespace, kind: str) -> tuple[tuple[Path, ...], Path | None]:
    """The files or the folder that the command names."""
    folders = [_text(folder, "-d") for folder in typed.directory or ()]
    if len(folders) > 1:
        raise UserError(f"-d is given {len(folders)} times: sort the folders one after another")
    if typed.file and (folders or typed.dir):
        raise UserError(f"-f and {'-d' if folders else '--dir'} exclude each other: give single files, or a folder")
    directory = given_path(folders[0], "-d") if folders else None
    if kind == "train":
        if typed.file:
            raise UserError("--train takes label folders, not single files: give the folder that holds them with -d")
        if directory is None and settings.train.folder is None:
            raise UserError(
                "--train needs label folders: name the folder that holds them with -d, or as [train] folder"
            )
        return (), directory
    if typed.name and kind != "average":
        raise UserError("--name belongs to --train and --average")
    if kind == "average":
        if typed.file or folders or typed.dir:
            raise UserError("--average takes no pages: leave -f, -d and --dir out")
        return (), None
    if kind in HUB and (kind != "hf" or not (typed.file or folders or typed.dir)):
        if typed.file or folders or typed.dir:
            raise UserError(f"{OWNER[kind]} takes no pages: leave -f, -d and --dir out")
        return (), None
    if kind not in ("predict", "hf") and typed.file:
        raise UserError(f"{OWNER[kind]} takes no single files: give a folder with -d")
    if kind in ("eval", "eval_dir", "vis", "wrong_labels"):
        return (), directory or (settings.input.folder if typed.dir else None)
    if typed.file:
        return tuple(_expanded(typed.file)), None
    if directory is None and not typed.dir:
        raise UserError("nothing to sort: name pages with -f, a folder with -d, or take that of config.toml with --dir")
    return (), directory or settings.input.folder


def _expanded(given: list[str], flag: str = "-f") -> list[Path]:
    """Files, with wildcards expanded where the shell has not; a file of just that name goes first."""
    if len(given) > 1 and not Path(given[0]).exists() and Path(" ".join(given)).is_file():
        raise UserError(f'a name with blanks needs quotes: {flag} "{printable(" ".join(given))}"')
    return given_files(given, flag, folders=flag == "--average")


def _fit(settings: Settings, job: Job, typed: set[str]) -> Settings:
    """What the flags mean together; UserError for those that contradict each other. A flag beats a config file."""
    untuned = "setup.zero_shot" in typed
    _fit_hub(job, typed)
    if job.revision and job.model_path is not None and job.kind not in HUB:
        raise UserError("-rev and --model_path both name a model: give one of them")
    if job.kind == "train" and job.revision:
        raise UserError("--train starts from -m BASE or --model_path FOLDER, not from -rev: name the revision's folder")
    if job.revision and untuned:
        raise UserError("-rev names a fine-tuned model, --zero_shot takes an untuned base: leave one of them out")
    if job.resume and job.kind not in RESUMED:
        raise UserError(f"{OWNER[job.kind]} is done in one go: leave --resume out")
    if (job.revision or job.model_path is not None) and not untuned:
        settings = settings.replaced("setup", zero_shot=False)
    if settings.setup.average and settings.setup.categories_file is not None:
        if ("setup.average" in typed) == ("setup.categories_file" in typed):
            raise UserError("--avg (average) and -cc (categories_file) both choose categories: give one of them")
        over = {"categories_file": None} if "setup.average" in typed else {"average": False}
        settings = settings.replaced("setup", **over)
    folder = settings.output.folder
    if folder.exists() and not folder.is_dir():
        raise UserError(f"the output folder {printable(str(folder))} is a file: give another one with -o")
    if job.files:
        settings = settings.replaced("setup", workers=0)  # a few pages are read sooner than workers start
        if job.resume and not (job.output_given or settings.output.raw):
            raise UserError("--resume: -f alone writes no files, so there is nothing to go on with")
    return settings


def _fit_hub(job: Job, typed: set[str]) -> None:
    """UserError where a flag of the hub stands with another job, or one that a hub job needs is missing."""
    if job.repo and job.kind not in ("hf", "push"):
        raise UserError("--repo belongs to --hf and --push")
    if job.overwrite and job.kind != "push":
        raise UserError("--overwrite belongs to --push")
    if job.kind == "push" and not (job.model_path and job.repo):
        raise UserError("--push needs --model_path (the model folder) and --repo (where to: owner/name)")
    if job.kind == "push" and (job.model or "setup.zero_shot" in typed):
        raise UserError("--push takes the folder that --model_path names: leave -m and --zero_shot out")
    if job.kind == "convert" and job.model_path is None:
        raise UserError("--convert needs --model_path: the model folder to be written")


def _config(given: str | None) -> Path | None:
    if given is not None:
        return given_path(given, "--config")
    file = near(HOME / "config.toml")
    return file if file.exists() else None


def _earlier(file: Path) -> str:
    """What an earlier tool's config file says, as a config file of today; "" for any other file."""
    earlier = read_earlier(file) if file.suffix.lower() != ".toml" else None
    return mapped(earlier) if earlier else ""


def _notes(settings: Settings, typed: argparse.Namespace) -> None:
    earlier = find_earlier(settings.file)
    if earlier is not None:
        shown = printable(str(near(earlier)))
        print(
            f"note: {shown} is of the earlier tool and is not read; how its keys map: {PROGRAM} --config {shown}",
            file=sys.stderr,
        )
    if typed.safe and not settings.setup.quiet:
        print("note: --safe is always on", file=sys.stderr)


def _text(text: str | None, flag: str) -> str:
    return filled(text, flag) if text is not None else ""


def _program(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """How the door was opened: the interpreter and run.py as they were typed."""
    typed = tuple(sys.orig_argv)
    before = typed[: len(typed) - len(arguments)]
    same = typed[len(before) :] == arguments and before and Path(before[-1]).name == "run.py"
    return before if same else ("python", "run.py")


def _python() -> str:
    return _quoted([sys.orig_argv[0] or "python"])


def _quoted(words: list[str]) -> str:
    return printable(subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words))


def _fail(line: str, code: int) -> int:
    with contextlib.suppress(BrokenPipeError):
        print(f"{'error: ' if code == 2 else ''}{printable(' '.join(line.split()))}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(alone=True))
