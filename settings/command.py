"""A command: what was typed, what every job says of itself, and the flags that several jobs read alike.

    class Push(Job): ...                            # hub/command.py: its flag, help, fields and checks, and who does it
    settings, job = Push.read(typed, settings)      # typed: Typed
    job.run(settings)                               # the exit code

A job is a subclass of `Job` in its room's command.py, and one line in run.py. These modules are imported for `-h` too:
torch, pandas and their like stay out of them.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from settings.config_file import HOME, PACKED, every_key, near
from settings.given_paths import filled, given_files, given_path, no_address
from settings.schema import Settings
from utils import UserError, printable

# Flag of a setting -> what it is stored under.
NAMES = {flag: f"{key.section}.{key.name}" for key in every_key() for flag in key.about["flags"]}
WRITING = ("torch", "transformers", "onnx", "onnxscript")  # what writes or checks a model folder needs
# Packages that are installed by another name than they are imported by.
PACKAGES = {"sklearn": "scikit-learn", "cv2": "opencv-python-headless", "python_multipart": "python-multipart"}


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one command is to do, beside its settings: the base of all jobs, which add their fields.

    flag: what asks for it; the job that no flag asks for has its name here. work: "module:function" that does it,
    imported only then: `function(settings, job) -> int`. needs: packages, as they are imported, that it needs beside
    those of requirements-sort.txt; requirements: the file that has them (or files, with spaces between them), "" = they
    are installed by their names.
    section: the section of settings that is its own, of those that not every job has. shared: flags of other settings
    that it takes, whatever group of the help they stand in. takes: flags that only some jobs take. resumes: whether it
    knows `--resume`. makes_model: `--model_path` and `-rev` name what it writes or uploads.
    program, arguments: the command as it was typed. resume: with `--resume`.
    """

    flag: ClassVar[str]
    work: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    requirements: ClassVar[str] = "requirements.txt"
    section: ClassVar[str] = "output"
    shared: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[tuple[str, ...]] = ()
    resumes: ClassVar[bool] = False
    makes_model: ClassVar[bool] = False

    program: tuple[str, ...] = ("python", "run.py")
    arguments: tuple[str, ...] = ()
    resume: bool = False

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its flag, and those that come with it, to the groups of the help (settings/flags.py)."""

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Self]:
        """The job that was typed, and its settings. UserError where flags, paths or values do not fit."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return self.flag

    def run(self, settings: Settings) -> int:
        """Do it; the exit code. UserError, before any work, where a package that it needs is not installed."""
        check_packages(self.title, self.needs, self.requirements)
        module, function = self.work.split(":")
        return getattr(importlib.import_module(module), function)(settings, self)

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether `--resume` goes on with something that this command has begun or taken up.

        began: when the command was given, seconds since 1970.
        """
        return False

    def to_continue(self, settings: Settings, began: float) -> str:
        """The command that goes on with what this one, interrupted, has begun; "" where there is nothing to go on
        with.
        """
        return self.continue_command() if self.begun(settings, began) else ""

    def command(self) -> str:
        """The command as it was typed, quoted for the shell at hand."""
        return quoted([*self.program, *self.arguments])

    def command_with(self, *words: str) -> str:
        """Another command of this program, quoted as above."""
        return quoted([*self.program, *words])

    def continue_command(self) -> str:
        """The command that goes on with what this one leaves unfinished."""
        resume = [] if "--resume" in self.arguments else ["--resume"]
        return quoted([*self.program, *self.arguments, *resume])


@dataclass(frozen=True)
class ModelRequest:
    """Which model a command names, as typed. path: `--model_path`; revision: `-rev`; base: `-m`; "" = not given."""

    path: Path | None = None
    revision: str = ""
    base: str = ""


NO_MODEL = ModelRequest()


class Typed:
    """The flags of one command as they were typed. Each is checked where it is read: UserError for what cannot be.

    values: as the parser stores them (settings/flags.py). job: the one that is asked for. owners: see `owners_of`.
    """

    def __init__(
        self, values: argparse.Namespace, arguments: tuple[str, ...], job: type[Job], owners: Mapping[str, str]
    ) -> None:
        self.values, self.arguments, self.job, self.owners = values, arguments, job, owners

    def value(self, name: str) -> Any:
        """What is stored under `name`; None where it is not given or no flag of this command."""
        return getattr(self.values, name, None)

    def given(self, name: str) -> bool:
        """Whether the flag that is stored under `name` is there."""
        return self.value(name) not in (None, False)

    def text(self, name: str, flag: str) -> str:
        """A text that may not be blank; "" where it is not given."""
        return filled(self.value(name), flag) if self.value(name) is not None else ""

    def path(self, name: str, flag: str) -> Path | None:
        """A path; None where it is not given."""
        return given_path(self.value(name), flag) if self.value(name) is not None else None

    def files(self, name: str, flag: str, *, folders: bool = False) -> tuple[Path, ...]:
        """Files, or folders, with wildcards expanded where the shell has not."""
        given = self.value(name) or []
        if len(given) > 1 and not Path(given[0]).exists() and Path(" ".join(given)).is_file():
            raise UserError(f'a name with blanks needs quotes: {flag} "{printable(" ".join(given))}"')
        return tuple(given_files(given, flag, folders=folders))

    def command(self) -> dict[str, Any]:
        """The fields of every job."""
        return {"program": program_of(self.arguments), "arguments": self.arguments, "resume": self.given("resume")}

    def folder(self) -> Path | None:
        """The folder of `-d`."""
        folders = [filled(folder, "-d") for folder in self.values.directory or ()]
        if len(folders) > 1:
            raise UserError(f"-d is given {len(folders)} times: sort the folders one after another")
        if self.values.file and (folders or self.values.dir):
            raise UserError(f"-f and {'-d' if folders else '--dir'} exclude each other: give single files, or a folder")
        folder = given_path(folders[0], "-d") if folders else None
        if "--name" not in self.job.takes:
            self._refuse("--name")
        return folder

    @property
    def names_pages(self) -> bool:
        """Whether the command names pages: by `-f`, `-d` or `--dir`."""
        return bool(self.values.file or self.values.directory or self.values.dir)

    def no_pages(self) -> None:
        """UserError where the command names pages."""
        self.folder()
        if self.names_pages:
            raise UserError(f"{self.job.flag} takes no pages: leave -f, -d and --dir out")

    def folder_of_pages(self, settings: Settings, *, needed: bool) -> Path | None:
        """The folder of `-d`, or with `--dir` that of config.toml. needed: UserError where there is neither."""
        folder = self.folder()
        if self.values.file:
            raise UserError(f"{self.job.flag} takes no single files: give a folder with -d")
        return self._folder_or_that_of_config(folder, settings, needed=needed)

    def pages(self, settings: Settings) -> tuple[tuple[Path, ...], Path | None]:
        """The files of `-f`, or else a folder, as above; UserError where there are neither."""
        folder = self.folder()
        if self.values.file:
            return self.files("file", "-f"), None
        return (), self._folder_or_that_of_config(folder, settings, needed=True)

    def _folder_or_that_of_config(self, folder: Path | None, settings: Settings, *, needed: bool) -> Path | None:
        if needed and folder is None and not self.values.dir:
            raise UserError(
                "nothing to sort: name pages with -f, a folder with -d, or take that of config.toml with --dir"
            )
        return folder or (settings.input.folder if self.values.dir else None)

    def model(self) -> ModelRequest:
        """The model that is named."""
        path = self.path("model_path", "--model_path")
        base = no_address(self.text("model", "-m"), "-m")
        return ModelRequest(path, self.text("revision", "-rev"), base)

    def refuse_others(self) -> None:
        """UserError where a flag is given that only other jobs take."""
        for flag in self.owners:
            self._refuse(flag)

    def _refuse(self, flag: str) -> None:
        name = name_of(flag)
        if isinstance(self.value(name), str):
            self.text(name, flag)
        if self.given(name) and flag not in self.job.takes:
            raise UserError(f"{flag} belongs to {self.owners[flag]}")

    def fit(self, settings: Settings, model: ModelRequest) -> Settings:
        """What the flags that jobs share mean together; UserError for those that contradict each other.

        A flag beats a config file.
        """
        self.refuse_others()
        untuned = self.given("setup.zero_shot")
        if model.revision and model.path is not None and not self.job.makes_model:
            raise UserError("-rev and --model_path both name a model: give one of them")
        if model.revision and untuned:
            raise UserError("-rev names a fine-tuned model, --zero_shot takes an untuned base: leave one of them out")
        if self.given("resume") and not self.job.resumes:
            raise UserError(f"{self.job.flag} is done in one go: leave --resume out")
        if (model.revision or model.path is not None) and not untuned:
            settings = settings.replaced("setup", zero_shot=False)
        if settings.setup.average and settings.setup.categories_file is not None:
            average = self.given("setup.average")
            if average == self.given("setup.categories_file"):
                raise UserError("--avg (average) and -cc (categories_file) both choose categories: give one of them")
            settings = settings.replaced("setup", **({"categories_file": None} if average else {"average": False}))
        folder = settings.output.folder
        if folder.exists() and not folder.is_dir():
            raise UserError(f"the output folder {printable(str(folder))} is a file: give another one with -o")
        return settings


def override(settings: Settings, typed: Typed, jobs: Sequence[type[Job]]) -> Settings:
    """Flags over config. A flag that is a setting of several sections (--batch_size) goes to that of the job.

    UserError for a value that is not valid, or a setting that this job does not have.
    """
    keys = tuple(every_key())
    owners: dict[str, str] = {}  # sections that not every job has -> the first job that has it
    for job in jobs:
        owners.setdefault(job.section, job.flag)
    values = {
        key.about["flags"][0]: value
        for key in keys
        if key.about["flags"] and (value := typed.value(f"{key.section}.{key.name}")) is not None
    }
    for flag, value in values.items():
        alike = [key for key in keys if flag in key.about["flags"]]
        sections = [key.about["group"] or key.section for key in alike]
        fitting = [
            key
            for key, section in zip(alike, sections, strict=True)
            if section not in owners
            or section == typed.job.section
            or (flag in typed.job.shared and key.section not in owners)
            or flag in typed.job.takes
        ]
        if not fitting:
            raise UserError(f"{flag} belongs to {owners[sections[0]]}, not to {typed.job.flag}")
        key = next((key for key in fitting if key.section in owners), fitting[0])
        try:
            settings = settings.replaced(key.section, **{key.name: key.from_flag(value)})
        except ValueError as error:
            shown = printable(" ".join(value) if isinstance(value, list) else str(value))
            raise UserError(f"{flag} {shown}: {error}") from None
    return settings.replaced("setup", base=typed.value("model")) if typed.value("model") else settings


def asked(values: argparse.Namespace, jobs: Sequence[type[Job]]) -> type[Job]:
    """The one job that the flags ask for; the first of all where none does. UserError where there are several."""
    wanted = [job for job in jobs if getattr(values, name_of(job.flag), None) not in (None, False)]
    if len(wanted) > 1:
        raise UserError(f"{' and '.join(job.flag for job in wanted)} are different jobs: give one of them")
    return wanted[0] if wanted else jobs[0]


def owners_of(jobs: Iterable[type[Job]]) -> dict[str, str]:
    """Flags that only some jobs take -> these jobs, as messages name them."""
    owners: dict[str, str] = {}
    for job in jobs:
        for flag in job.takes:
            owners[flag] = f"{owners[flag]} and {job.flag}" if flag in owners else job.flag
    return owners


def name_of(flag: str) -> str:
    """What a flag is stored under: `section.key` for that of a setting."""
    return NAMES.get(flag, flag.lstrip("-"))


def check_packages(what: str, needs: Iterable[str], requirements: str) -> None:
    """UserError, with the command that installs them, where packages are missing that `what` needs."""
    missing = [PACKAGES.get(name, name) for name in needs if importlib.util.find_spec(name) is None]
    command = install_command(*requirements.split()) if requirements else install_command(*missing)
    if len(missing) == 1:
        raise UserError(f"{what} needs {missing[0]}, which is not installed: {command}")
    if missing:
        raise UserError(f"{what} needs packages that are not installed ({', '.join(missing)}): {command}")


def install_command(*wanted: str) -> str:
    """What installs packages, or those of a requirements file, as it can be typed here."""
    if PACKED:
        return "this folder is for sorting alone; for the rest install the program itself (docs/installing.md)"
    words = [word for name in wanted for word in (["-r", str(near(HOME / name))] if name.endswith(".txt") else [name])]
    return quoted([sys.orig_argv[0] or "python", "-m", "pip", "install", *words])


def program_of(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """How the program was started: the interpreter and run.py as they were typed."""
    typed = tuple(sys.orig_argv)
    if PACKED:
        return typed[:1]
    before = typed[: len(typed) - len(arguments)]
    same = typed[len(before) :] == arguments and before and Path(before[-1]).name == "run.py"
    return before if same else ("python", "run.py")


def quoted(words: Sequence[str]) -> str:
    """Words as one command of the shell at hand."""
    return printable(subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words))
