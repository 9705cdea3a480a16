"""The parser of the command line: the flags that all jobs share, the help, one line for whatever is typed wrong.

    values = parse(["-tn", "3", "-d", "pages/"], JOBS)     # a namespace: .directory, ["output.top_n"], ...

Flags of settings come from settings/schema.py by themselves, those of a job from its `add_flags`. A sub-command
(`run.py explore index pages/`) has a parser of its own (settings/words.py), which takes flags of settings from here.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from settings.command import Job
from settings.config_file import PACKED, Key, every_key
from utils import UserError, did_you_mean, nearest, printable

PROGRAM = Path(sys.executable).stem if PACKED else "python run.py"
VERSION = "0.1.0"  # as CHANGELOG.md has it
LICENCE = "MIT"  # as LICENSE has it
GROUPS = {  # of the help, in order; the sections of settings/schema.py, and `group` of their settings
    "input": "what to sort",
    "model": "which model (in this order: --model_path, -rev, -m, [setup] model, the shipped default)",
    "categories": "which categories (by default the model's own)",
    "output": "what is written",
    "setup": "how it runs",
    "cluster": "many processes and machines (docs/cluster.md)",
    "train": "training (--train)",
    "eval": "judging models, by pages sorted into label folders",
    "hf": "models from elsewhere (--hf and --push are the only commands that open a connection)",
}
SHORT_HELP = f"""Sorts scanned pages into categories.

  {PROGRAM} -f page.png [more pages]    sort single pages; a table in the terminal
  {PROGRAM} -d pages/                   sort a folder; tables in result/tables/
  {PROGRAM} -d pages/ -tn 3 --raw       three categories a page, and a table of all scores
  {PROGRAM} --dir                       sort the folder that config.toml names
  {PROGRAM} --train -d sorted/          make a model from pages sorted into one folder a category
  {PROGRAM} --eval -d sorted/           how good is the model?
  {PROGRAM} explore index pages/        look for alike pages, groups, doubles; a map: {PROGRAM} explore -h
  {PROGRAM} writers index pages/        who wrote this page? pages by the same hand: {PROGRAM} writers -h
  {PROGRAM} formulas read formula.png   from the picture of a formula to LaTeX: {PROGRAM} formulas -h
  {PROGRAM} desk                        look, correct and ask, in the browser: {PROGRAM} desk -h
  {PROGRAM} -h                          all flags
"""
EXAMPLES = f"""examples:
  {PROGRAM} -f page.png                                   one page, a table in the terminal
  {PROGRAM} -tn 3 -f page.png --model_path models/mine    its three likeliest categories, by your own model
  {PROGRAM} -d pages/ --raw -o tables/                    a folder, all scores, written elsewhere
  {PROGRAM} -d pages/ --resume                            go on where a killed run stopped
  {PROGRAM} -rev v1.1 --dir                               a revision that was pulled before
  {PROGRAM} --zero_shot -m ViT-B/32 -d pages/ --avg       an untuned base, by averaged descriptions
  {PROGRAM} -d pages/ -cc my_categories.tsv               your own categories
  {PROGRAM} --train -d sorted/ --name mine                make a model: models/mine
  {PROGRAM} --hf -rev v1.1                                pull a published revision; then: -rev v1.1 -d pages/
  {PROGRAM} --push --model_path models/mine --repo me/pages -rev v1
  {PROGRAM} --eval --model_path models/mine               how good is it? (on its own test pages)
  {PROGRAM} --eval_dir -d sorted/                         which of the models in models/ is best?
  {PROGRAM} --suggest 50 -d pages/                        which pages should be labelled next?
  {PROGRAM} explore -h                                    an index of pages: look-alikes, clusters, a map, doubles
  {PROGRAM} writers -h                                    hands: pages by the same writer, likely groups
  {PROGRAM} formulas -h                                   pictures of formulas -> LaTeX
  {PROGRAM} desk                                          look through the newest run in the browser, and correct it

exit code: 0 all pages done; 1 finished, some pages failed (they are listed, with the reason); 2 a mistake in the
command or in config.toml, nothing was done; 130 interrupted, with the command that continues.
All settings and their defaults: config.toml.
"""


class Parser(argparse.ArgumentParser):
    """argparse that answers a mistake by UserError, in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Say what argparse found wrong."""
        raise UserError(f"{message.removeprefix('argument ')} (all flags: {self.prog} -h)")


def build_parser(jobs: Sequence[type[Job]]) -> Parser:
    """The parser of all flags; a setting's flag is stored under `section.key`, as typed."""
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} -f FILE [FILE ...] | -d DIR | --dir | --train | --eval | ...  [flags]",
        description="Sorts scanned pages into categories and writes a table. Works offline.",
        epilog=EXAMPLES,
        formatter_class=Help,
        allow_abbrev=False,
        add_help=False,
    )
    groups = {name: parser.add_argument_group(title) for name, title in GROUPS.items()}
    add = groups["input"].add_argument
    add(
        "-f",
        "--file",
        nargs="+",
        action="extend",
        metavar="FILE",
        help="single pages, wildcards too; tables only with -o or --raw",
    )
    add("-d", "--directory", action="append", metavar="DIR", help="a folder of pages (with --train: of label folders)")
    add("--dir", action="store_true", help="the folder named in config.toml ([input] folder)")
    add = groups["model"].add_argument
    add("--model_path", "-model_path", metavar="PATH", help="a model folder, or an earlier tool's .pt file")
    add("-rev", "--revision", metavar="REV", help="a pulled revision, v1.1.3.7; v1.1 is the newest of that base")
    add(
        "-m", "--model", "--base", metavar="BASE",
        help="the newest model on this base: ViT-B/16, ViT-B/32, ViT-L/14, ViT-L/14@336px, any hub id, or a folder; "
        "with --zero_shot and --train the untuned base itself",
    )  # fmt: skip
    add = groups["setup"].add_argument
    add("-h", "--help", action="help", help="show this help")
    add("--version", action="version", version=f"page-sorter {VERSION}", help="print the version")
    add("--config", metavar="FILE", help="settings (default: the config.toml beside run.py)")
    add("--resume", action="store_true", help="go on with the newest unfinished run of the same input, model, settings")
    add("--safe", action="store_true", help=argparse.SUPPRESS)
    for job in jobs:
        job.add_flags(groups)
    taken: set[str] = set()
    for key in every_key():
        flags = [flag for flag in key.about["flags"] if flag not in taken]
        taken.update(flags)
        if flags:
            add_setting(groups[key.about["group"] or key.section], key, flags)
    return parser


def add_setting(group: argparse._ActionsContainer, key: Key, flags: list[str]) -> None:
    """Add the flag of a setting to a parser or a group of it; what is typed is stored under `section.key`."""
    about, where = key.about["help"].replace("%", "%%"), f"{key.section}.{key.name}"
    if key.kind is bool:
        off = [f"--no{dash}{flag.lstrip('-')}" for flag in flags for dash in "-_"]
        state = "on" if key.default else "off"
        group.add_argument(*flags, off[0], *off[1:], action=_Switch, dest=where, help=f"{about} (default: {state})")
        return
    default = {(): "", "": "", None: ""}.get(key.default, f" (default: {key.default})")
    metavar = "{" + ",".join(key.about["choices"]) + "}" if key.about["choices"] else key.about["metavar"]
    many = {"action": "append"} if key.kind == tuple[str, ...] else {}
    group.add_argument(*flags, dest=where, metavar=metavar, help=f"{about}{default}", **many)


class Help(argparse.RawDescriptionHelpFormatter):
    """Descriptions and help: wider than argparse's, and one spelling of each `--no-...`."""

    def __init__(self, prog: str) -> None:
        width = min(shutil.get_terminal_size((110, 24)).columns - 2, 120)
        super().__init__(prog, max_help_position=34, width=width)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if isinstance(action, _Switch):
            return ", ".join(flag for flag in action.option_strings if not flag.startswith("--no_"))
        return super()._format_action_invocation(action)


class _Switch(argparse.Action):
    """`--raw` and `--no-raw` (also `--no_raw`), shown as one."""

    def __init__(self, option_strings: list[str], dest: str, **rest: object) -> None:
        super().__init__(option_strings, dest, nargs=0, **rest)

    def __call__(self, parser: object, namespace: argparse.Namespace, values: object, flag: str | None = None) -> None:
        setattr(namespace, self.dest, not str(flag).startswith(("--no-", "--no_")))


def parse(arguments: Sequence[str], jobs: Sequence[type[Job]], words: Iterable[str] = ()) -> argparse.Namespace:
    """The typed flags; UserError for an unknown flag or word, or a missing value. words: the sub-commands there are."""
    parser = build_parser(jobs)
    known = [flag for action in parser._actions for flag in action.option_strings]
    check_flags(arguments, known)
    values, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise UserError(_unknown_word(unknown[0], values, known, words))
    return values


def check_flags(arguments: Sequence[str], known: Sequence[str], program: str = PROGRAM) -> None:
    """UserError for a flag that is not known letter for letter.

    argparse would take `-modelpath X` for `-m odelpath` and `-re v1` for `-rev v1`.
    """
    for argument in arguments:
        if argument == "--":
            return
        if not argument.startswith("-") or argument == "-" or re.fullmatch(r"-\d+(\.\d*)?", argument):
            continue
        flag = argument.split("=", 1)[0]
        if flag in known:
            continue
        glued = re.fullmatch(r"(-[a-z]+?)(\d+)", flag)
        if glued and glued[1] in known:
            raise UserError(f"unknown flag {flag}; did you mean {glued[1]} {glued[2]}?")
        hint = f"; did you mean {_nearest_flag(flag, known)}?" if _nearest_flag(flag, known) else ""
        raise UserError(f"unknown flag {printable(flag)}{hint} (all flags: {program} -h)")


def _nearest_flag(word: str, known: Sequence[str]) -> str | None:
    """The flag most like `word`, dashes aside; a beginning of exactly one flag counts as that one."""
    bare = word.lstrip("-").replace("-", "_").lower()
    plain = {flag.lstrip("-").replace("-", "_"): flag for flag in known}
    begun = {plain[name] for name in plain if name.startswith(bare)} if len(bare) > 2 else set()
    if bare in plain:
        return plain[bare]
    if len(begun) == 1:
        return begun.pop()
    alike = nearest(bare, plain)
    return plain[alike] if alike else None


def _unknown_word(word: str, typed: argparse.Namespace, known: Sequence[str], words: Iterable[str]) -> str:
    """The line for a word that no flag has asked for."""
    shown, path = printable(word), Path(word)
    if typed.directory and Path(f"{typed.directory[-1]} {word}").exists():
        return f'unknown word {shown}: a name with blanks needs quotes: -d "{printable(typed.directory[-1])} {shown}"'
    if typed.directory and path.exists():
        return f"unknown word {shown}: -d takes one folder; sort them one after another, or give what holds them all"
    if path.is_dir():
        return f"unknown word {shown}; did you mean -d {shown}?"
    if path.is_file() or re.search(r"\.[A-Za-z][A-Za-z0-9]{1,3}$", word) or any(sign in word for sign in "*?"):
        return f"unknown word {shown}; did you mean -f {shown}?"
    if word.endswith(("/", "\\")):
        return f"unknown word {shown}; did you mean -d {shown}?"
    flag = _nearest_flag(word, known) if len(word) > 2 else None
    if flag is None and (meant := did_you_mean(word, words)):
        return f"unknown word {shown}{meant}"
    hint = (
        f"; did you mean {flag}?" if flag else f" (pages are given with -f, a folder with -d; all flags: {PROGRAM} -h)"
    )
    return f"unknown word {shown}{hint}"
