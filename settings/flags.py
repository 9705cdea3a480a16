"""The command line: every flag, its help, and one line for whatever is typed wrong.

    typed = parse(["-tn", "3", "-d", "pages/"])     # a namespace: .directory, .given["setting flag"], ...

Flags of settings come from settings/schema.py by themselves; the rest stands here. A flag whose job is not built yet is
one entry of NOT_BUILT, and is taken out when the job comes.

Sub-commands (`run.py explore index pages/`): `parse` looks at the first word, which no flag can be, and hands the rest
to the parser of the package that it names (explore/flags.py), so that `-f a.png explore` stays a file of that name and
no flag means two things. A package's parser takes the flags of settings from here (`add_setting`). A command that is
built is taken out of NOT_BUILT.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from settings.config_file import Key, every_key
from utils import UserError, did_you_mean, nearest, printable

# Flags and words of jobs that are known but not built yet -> what they will do.
NOT_BUILT = {
    "writers": "writer retrieval (writers)",
    "formulas": "reading formulas (formulas)",
}
PROGRAM = "python run.py"
VERSION = "0.1.0"  # as CHANGELOG.md has it
GROUPS = {  # of the help, in order; the sections of settings/schema.py, and `group` of their settings
    "input": "what to sort",
    "model": "which model (in this order: --model_path, -rev, -m, [setup] model, the shipped default)",
    "categories": "which categories (by default the model's own)",
    "output": "what is written",
    "setup": "how it runs",
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

exit code: 0 all pages done; 1 finished, some pages failed (they are listed, with the reason); 2 a mistake in the
command or in config.toml, nothing was done; 130 interrupted, with the command that continues.
All settings and their defaults: config.toml.
Known, but not built yet: {" ".join(NOT_BUILT)}
"""


class Parser(argparse.ArgumentParser):
    """argparse that answers a mistake by UserError, in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Say what argparse found wrong."""
        raise UserError(f"{message.removeprefix('argument ')} (all flags: {self.prog} -h)")


def build_parser() -> Parser:
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
    add = groups["train"].add_argument
    add("--train", action="store_true", help="make a model from label folders, into the models folder")
    add("--name", metavar="NAME", help="the new model's name (default: base, date and time)")
    add = groups["eval"].add_argument
    add("--eval", action="store_true", help="how good a model is: on its own test pages, or on the label folders of -d")
    add("--eval_dir", action="store_true", help="compare all models in the models folder; with --zero_shot -m BASE "
        "also that base by each description set")  # fmt: skip
    add("--vis", action="store_true", help="draw the accuracies that --eval_dir has found")
    add("--best", action="store_true", help="let several models ([eval] best) vote on the pages of -d")
    add("--suggest", metavar="N", help="the N pages of -d that are worth labelling next")
    add(
        "--wrong_labels", metavar="TABLE",
        help="rank labels by how the scores contradict them: out_of_fold.csv of --folds, or an EVAL_RAW table",
    )  # fmt: skip
    add = groups["hf"].add_argument
    add(
        "--hf",
        action="store_true",
        help="pull a model into the models folder: -rev REV, -m BASE; with pages: then sort",
    )
    add("--push", action="store_true", help="upload the model folder --model_path to --repo, as the revision -rev")
    add("--overwrite", action="store_true", help="with --push: replace a revision that is there")
    add(
        "--average",
        nargs="+",
        metavar="FOLDER",
        help="the mean of the weights of models, such as the folds of one training, as a new model (--name)",
    )
    add("--convert", metavar="OLD", help="make a model folder (--model_path) of an earlier tool's folder or .pt file")
    taken: set[str] = set()
    for key in every_key():
        flags = [flag for flag in key.about["flags"] if flag not in taken]
        taken.update(flags)
        if flags:
            add_setting(groups[key.about["group"] or key.section], key, flags)
    for flag in NOT_BUILT:
        if flag.startswith("-"):
            parser.add_argument(flag, nargs="*", default=None, help=argparse.SUPPRESS)
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


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags; UserError for an unknown flag or word, a flag of a job that is not built, a missing value."""
    if arguments[:1] in (["explore"], ("explore",)):
        from explore.flags import parse_explore

        return parse_explore(arguments[1:])
    parser = build_parser()
    parser.set_defaults(explore=None)
    known = [flag for action in parser._actions for flag in action.option_strings]
    check_flags(arguments, known)
    typed, words = parser.parse_known_args(arguments)
    for name, what in NOT_BUILT.items():
        if words[:1] == [name] == list(arguments[:1]) or getattr(typed, name.lstrip("-"), None) is not None:
            raise UserError(f"{what} is not built yet")
    if words:
        raise UserError(_unknown_word(words[0], typed, known))
    return typed


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
    found = nearest(bare, plain)
    return plain[found] if found else None


def _unknown_word(word: str, typed: argparse.Namespace, known: Sequence[str]) -> str:
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
    if flag is None and (meant := did_you_mean(word, ["explore", *NOT_BUILT])):
        return f"unknown word {shown}{meant}"
    hint = (
        f"; did you mean {flag}?" if flag else f" (pages are given with -f, a folder with -d; all flags: {PROGRAM} -h)"
    )
    return f"unknown word {shown}{hint}"
