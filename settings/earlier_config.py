"""The earlier tool's `config.txt`: recognised, never read as settings, answered with how its keys map.

python run.py --config config.txt > my.toml            # what it said, as this project's config file
"""

from __future__ import annotations

import configparser
from pathlib import Path

from settings.config_file import HOME, every_key, is_token, near, toml_value
from settings.flags import PROGRAM
from settings.given_paths import given_path
from utils import UserError, printable

NAME = "config.txt"
NO_EFFECT = "had no effect"
# (section, key) of the earlier file -> ([section] and key here, "") or (None, what serves instead)
MAPPING: dict[tuple[str, str], tuple[tuple[str, str] | None, str]] = {
    ("INPUT", "FOLDER_INPUT"): (("input", "folder"), ""),
    ("INPUT", "chunk_size"): (None, "each batch is kept at once, see --resume"),
    ("OUTPUT", "FOLDER_RESULTS"): (("output", "folder"), ""),
    ("OUTPUT", "FOLDER_CPOINTS"): (None, "an unfinished training lies beside its model, see --resume"),
    ("OUTPUT", "FOLDER_MODELS"): (("setup", "model_dir"), ""),
    ("EVAL", "FOLDER_PAGES"): (("eval", "folder"), ""),
    ("TRAIN", "FOLDER_PAGES"): (("train", "folder"), ""),
    ("TRAIN", "test_size"): (("train", "test"), ""),
    ("TRAIN", "log_step"): (None, NO_EFFECT),
    ("TRAIN", "epochs"): (("train", "epochs"), ""),
    ("TRAIN", "lr"): (("train", "lr"), ""),
    ("TRAIN", "max_categ"): (("train", "max_categ"), ""),
    ("TRAIN", "max_categ_e"): (("train", "max_categ_eval"), ""),
    ("TRAIN", "Training"): (None, "give --train"),
    ("TRAIN", "Testing"): (None, NO_EFFECT),
    ("SETUP", "files_format"): (("input", "formats"), ""),
    ("SETUP", "seed"): (("setup", "seed"), ""),
    ("SETUP", "base_model"): (("setup", "base"), ""),
    ("SETUP", "batch"): (("train", "batch_size"), ""),
    ("SETUP", "top_N"): (("output", "top_n"), ""),
    ("SETUP", "raw"): (("output", "raw"), ""),
    ("SETUP", "zero_shot"): (("setup", "zero_shot"), ""),
    ("SETUP", "avg"): (("setup", "average"), ""),
    ("SETUP", "visualize"): (None, "--eval_dir and --vis draw"),
    ("SETUP", "categories_file"): (("setup", "categories_file"), ""),
    ("SETUP", "description_folder"): (("setup", "categories_dir"), ""),
    ("SETUP", "categories_prefix"): (("setup", "categories_prefix"), ""),
    ("SETUP", "model_storage"): (None, NO_EFFECT),
    ("HF", "repo_name"): (("hf", "repo"), ""),
    ("HF", "use_hf"): (None, "pull once with --hf; what was pulled is found in models/"),
    ("HF", "revision"): (("hf", "revision"), ""),
    ("HF", "latest"): (None, NO_EFFECT),
}
# A model brings its own categories; a file here would override those of every model.
OFFERED = {("setup", "categories_file"): "only where a model's own categories are not wanted"}
SECTIONS = {section for section, _ in MAPPING}


def read_earlier(file: Path) -> configparser.ConfigParser | None:
    """The earlier tool's config file, None where `file` is no such file (or none at all)."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # keys as written
    try:
        parser.read_string(file.read_bytes().decode("utf-8-sig", "replace"))
    except (OSError, configparser.Error):
        return None
    return parser if SECTIONS & set(parser.sections()) else None


def refuse_earlier(typed: str) -> None:
    """Where `--config` names a file of the earlier tool: print what it says as a file of today, and UserError."""
    file = given_path(typed, "--config")
    earlier = read_earlier(file) if file.suffix.lower() != ".toml" else None
    if earlier is None:
        return
    print(mapped(earlier))
    raise UserError(
        f"{printable(typed)} is of the earlier tool; above stands what it says as a config file of today: "
        "save that as a .toml file, and give it with --config"
    )


def note_of_earlier(config: Path | None) -> str:
    """One line where a `config.txt` of the earlier tool lies beside the config file or in the working directory."""
    for folder in (config.parent if config else HOME, Path.cwd()):
        if (folder / NAME).is_file() and read_earlier(folder / NAME):
            shown = printable(str(near(folder / NAME)))
            return f"note: {shown} is of the earlier tool and is not read; how its keys map: {PROGRAM} --config {shown}"
    return ""


def mapped(earlier: configparser.ConfigParser) -> str:
    """What an earlier config file says, as the text of a config file of today; what has no successor is a comment.

    Tokens are left out.
    """
    schema = {(key.section, key.name): key for key in every_key()}
    known = {(section, key.lower()): target for (section, key), target in MAPPING.items()}
    settings: dict[str, list[str]] = {}
    without: list[str] = []
    for section in earlier.sections():
        for name, text in earlier.items(section):
            old = f"[{section}] {name}"
            if is_token(name, text):
                without.append(f"# {old}: a token does not belong in a file; `hf auth login`, or HF_TOKEN")
                continue
            target, why = known.get((section, name.lower()), (None, "unknown"))
            if target is None:
                without.append(f"# {old}: {why}")
                continue
            key = schema[target]
            try:
                value = key.from_toml(_value(text, key.kind))
            except ValueError as error:
                without.append(f"# {old} = {text}: [{key.section}] {key.name} {error}")
                continue
            line = f"{key.name} = {toml_value(value)}  # {old}"
            if target in OFFERED:
                line = f"# {line}; {OFFERED[target]}"
            settings.setdefault(key.section, []).append(line)
    lines = ["# Relative paths are relative to this file (config.txt: to the working directory).", ""]
    for section in dict.fromkeys(key.section for key in schema.values()):
        if section in settings:
            lines += [f"[{section}]", *settings[section], ""]
    if without:
        lines += ["# Without a successor here:", *without]
    return printable("\n".join(lines).rstrip())


def _value(text: str, kind: object) -> object:
    """The value that an INI text stands for, as TOML would hold it; the text itself where it does not fit."""
    try:
        if kind is bool:
            return {"true": True, "yes": True, "on": True, "1": True}.get(text.lower(), False)
        if kind in (int, float):
            return kind(text)
    except ValueError:
        return text
    return text.split() if kind == tuple[str, ...] else text.replace("\\", "/")
