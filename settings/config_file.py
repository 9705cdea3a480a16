"""`config.toml` against the schema of settings/schema.py: read, checked, and written anew.

    settings = read_settings(Path("config.toml"))
    python -m settings.config_file > config.toml  # every setting, its default, one comment line each

Whatever is wrong in a config file is one line: file, section, key, what is valid, the nearest match.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import os
import re
import sys
import tomllib
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settings.given_paths import address_fault, expanded
from settings.schema import SECTIONS, Settings
from utils import UserError, did_you_mean, nearest, printable

PACKED = bool(getattr(sys, "frozen", False))  # a folder with the program in it, for people without Python (.ci/pack.py)
# The project: what the defaults are relative to.
HOME = Path(sys.executable).resolve().parent if PACKED else Path(__file__).resolve().parents[1]
TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}")
NO_TOKEN = (
    "a token does not belong in a file: take it out (and revoke it on the hub if others could read the file), "
    "then log in with `hf auth login` or set the environment variable HF_TOKEN"
)


@dataclass(frozen=True)
class Key:
    """One setting of the schema."""

    section: str
    name: str
    kind: Any  # str, int, float, bool, Path, Path | None, tuple[str, ...], dict[str, str]
    default: Any
    about: dict[str, Any]  # what `settings.setting` was given

    @property
    def is_path(self) -> bool:
        """Whether the value is a path; relative ones are relative to where they were given."""
        return self.kind is Path or isinstance(self.kind, types.UnionType)

    def valid(self) -> str:
        """The valid values in words.

        >>> keys_of("output")["top_n"].valid()
        'a whole number, 1 or more'
        """
        if self.about["choices"]:
            return " or ".join(self.about["choices"])
        if self.kind in (int, float):
            return ("a whole number" if self.kind is int else "a number") + self._range()
        if self.kind is bool:
            return "true or false"
        if self.is_path:
            return "a path" if self.kind is Path else 'a path, or "" for none'
        if self.kind is str:
            return "a text"
        return 'a list of texts, as ["png", "tif"]' if self.kind == tuple[str, ...] else 'texts, as { "a" = "b" }'

    def _range(self) -> str:
        low, high, above, below = self.about["range"]
        if low is not None and high is not None:
            return f" from {low} to {high}"
        lower = f"{low} or more" if low is not None else f"above {above}" if above is not None else ""
        upper = f"at most {high}" if high is not None else f"below {below}" if below is not None else ""
        limits = " and ".join(limit for limit in (lower, upper) if limit)
        return f", {limits}" if limits else ""

    def fault(self, value: Any) -> str | None:
        """Why a value of the right type is not valid, None where it is."""
        if self.kind in (int, float):
            low, high, above, below = self.about["range"]
            inside = (
                math.isfinite(value)
                and (low is None or value >= low)
                and (high is None or value <= high)
                and (above is None or value > above)
                and (below is None or value < below)
            )
            return None if inside else f"must be {self.valid()}"
        if self.about["choices"] and value not in self.about["choices"]:
            return f"must be {self.valid()}{did_you_mean(value, self.about['choices'])}"
        return self.about["check"](value) if self.about["check"] else None

    def from_toml(self, value: Any) -> Any:
        """The setting for a value of a config file; ValueError(why) where it is of the wrong type or out of range."""
        if self.kind is float and type(value) is int:
            value = float(value)
        if self.kind is str and type(value) is int and self.about["check"]:  # memory = 4000
            value = str(value)
        if self.kind == tuple[str, ...]:
            right = isinstance(value, list) and all(isinstance(item, str) for item in value)
        elif self.kind == dict[str, str]:
            right = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        else:
            right = type(value) is (str if self.is_path else self.kind)  # true is no whole number here
        if not right:
            raise ValueError(f"must be {self.valid()}")
        if any(map(self._escaped, value if isinstance(value, list) else [value])):
            raise ValueError(
                "\\ and a letter stand for a line break, a tab or the like in double quotes: write it in single quotes "
                "('C:\\new'), a path also with forward slashes (\"C:/new\")"
            )
        return self._checked(tuple(value) if isinstance(value, list) else value)

    def _escaped(self, text: Any) -> bool:
        """Whether a text holds a character that nobody types: "C:\\new" is C:, a line break, and ew."""
        meant = "\t\n\f\r" if self.name == "document_pattern" else ""  # a regular expression reads either alike
        return isinstance(text, str) and any(ord(letter) in (*range(32), 127) for letter in text if letter not in meant)

    def from_flag(self, given: str | bool | list[str]) -> Any:
        """The setting for what a flag was given (a list where it may be repeated); ValueError(why) as above."""
        if self.kind is bool:
            return given
        if self.kind == tuple[str, ...]:
            items = [item for text in given for item in text.split(",")] if self.about["commas"] else given
            items = tuple(item.strip() for item in items if item.strip())
            if not items:
                raise ValueError(f"must be {self.valid()}")
            return self._checked(items)
        if self.kind in (int, float):
            try:
                value = self.kind(given)
            except ValueError:
                raise ValueError(f"must be {self.valid()}") from None
            return self._checked(value)
        if self.is_path and not given:
            raise ValueError("is empty (a variable that is not set?)")
        return self._checked(given)

    def _checked(self, value: Any) -> Any:
        if self.is_path:
            if not value and self.kind is Path:
                raise ValueError("must be a path")
            if value and (fault := address_fault(str(value))):
                raise ValueError(fault)
            return expanded(value) if value else None
        if why := self.fault(value):
            raise ValueError(why)
        return value


# Settings that are a name, or a path where there is such a file or folder.
NAME_OR_PATH = {("setup", "base"): Path.is_dir, ("train", "split"): Path.is_file}


def keys_of(section: str) -> dict[str, Key]:
    """The keys of a section, in the order of the schema."""
    hints = typing.get_type_hints(SECTIONS[section])
    defaults = SECTIONS[section]()
    return {
        item.name: Key(section, item.name, hints[item.name], getattr(defaults, item.name), dict(item.metadata))
        for item in dataclasses.fields(SECTIONS[section])
    }


def every_key() -> Iterable[Key]:
    """All keys of all sections."""
    for section in SECTIONS:
        yield from keys_of(section).values()


def near(path: Path) -> Path:
    """The same path, relative to the working directory where it lies inside it: shorter to read."""
    path = Path(os.path.normpath(path))
    try:
        here = Path.cwd()
    except OSError:  # the working directory is gone
        return path
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


def read_settings(file: Path | None) -> Settings:
    """The settings of a config file; a key that it lacks has its default. None: the defaults.

    Relative paths are relative to the file, those of the defaults to the project's folder.

    Raises UserError, in one line: file, section, key, what is valid, the nearest match.
    """
    tables = _read_toml(file) if file is not None else {}
    _check_names(tables, file)
    beside = file.absolute().parent if file is not None else HOME
    sections = {}
    for section, kind in SECTIONS.items():
        values = {}
        for name, key in keys_of(section).items():
            value, home = key.default, HOME
            if name in tables.get(section, {}):
                given = tables[section][name]
                try:
                    value, home = key.from_toml(given), beside
                except ValueError as error:
                    shown = json.dumps(given, ensure_ascii=False, default=str)
                    raise UserError(f"{_shown(file)}: [{section}] {name} = {shown}: {error}") from None
            if key.is_path and value is not None:
                value = near(home / value)
            elif (there := NAME_OR_PATH.get((section, name))) and there(home / value):
                value = str(near(home / value))
            values[name] = value
        sections[section] = kind(**values)
    return Settings(**sections, file=file)


def settings_as_json(settings: Settings) -> dict[str, dict[str, Any]]:
    """All settings as JSON has them, paths absolute: for another process, in another folder or on another machine."""
    values = {section: dataclasses.asdict(getattr(settings, section)) for section in SECTIONS}
    for key in every_key():
        if key.is_path and (path := values[key.section][key.name]) is not None:
            values[key.section][key.name] = str(Path(path).absolute())
    return values


def settings_from_json(values: dict[str, dict[str, Any]]) -> Settings:
    """The settings that `settings_as_json` was of."""
    sections = {section: dict(values[section]) for section in SECTIONS}
    for key in every_key():
        value = sections[key.section][key.name]
        if key.is_path and value is not None:
            sections[key.section][key.name] = Path(value)
        elif isinstance(value, list):
            sections[key.section][key.name] = tuple(value)
    return Settings(**{section: kind(**sections[section]) for section, kind in SECTIONS.items()})


def _check_names(tables: dict[str, Any], file: Path | None) -> None:
    """UserError for a section or key that the schema lacks, and for a token: that first, so that none is printed."""
    for section, table in tables.items():
        for name, value in table.items() if isinstance(table, dict) else [(section, table)]:
            if is_token(f"{section} {name}", str(value)):
                where = f" [{section}] {name}:"
                raise UserError(f"{_shown(file)}:{'' if TOKEN.search(where) else where} {NO_TOKEN}")
    sections = ", ".join(f"[{section}]" for section in SECTIONS)
    for section, table in tables.items():
        if not isinstance(table, dict):
            hint = _home_of(section) or _nearest_key(section) or f"; the sections are {sections}"
            raise UserError(f"{_shown(file)}: {section} stands outside of the sections{hint}")
        if section not in SECTIONS:
            guess = nearest(section, SECTIONS)
            hint = f"; did you mean [{guess}]?" if guess else _home_of_any(table) or _nearest_key(section)
            raise UserError(f"{_shown(file)}: unknown section [{section}]{hint} (there are {sections})")
        known = keys_of(section)
        for name in table:
            if name not in known:
                hint = _home_of(name) or _nearest_key(name, section)
                valid = f"its keys: {', '.join(known)}" if known else "it has no keys yet"
                raise UserError(f"{_shown(file)}: unknown key [{section}] {name}{hint} ({valid})")


def is_token(name: str, value: str) -> bool:
    """Whether a key is an access token, by its name or its value.

    >>> is_token("token", ""), is_token("repo", "hf_abcdefghij"), is_token("tokenizer", "models/tokenizer")
    (True, True, False)
    """
    return "token" in name.lower().replace("tokenizer", "") or bool(TOKEN.search(f"{name} {value}"))


def _home_of(name: str) -> str:
    homes = [f"[{key.section}]" for key in every_key() if key.name == name]
    return f"; it belongs under {' or '.join(homes)}" if homes else ""


def _home_of_any(names: Iterable[str]) -> str:
    """Where the first of an unknown section's keys belongs, of those that are like any key."""
    for name in names:
        if hint := _home_of(name).replace("it belongs", f"{name} belongs") or _nearest_key(name):
            return hint
    return ""


def _nearest_key(name: str, section: str = "") -> str:
    """`; did you mean ...?` with the key of all sections that is most like `name`; of equal ones that of `section`.

    Where no key is like it, one whose comment speaks of it: lr of learning_rate.
    """
    words = name.lower().replace("_", " ").replace("-", " ")
    like = [key for key in every_key() if nearest(name, [key.name])]
    if not like and len(words) > 3:
        like = [key for key in every_key() if key.about["help"].lower().startswith(words)]
    if not like:
        return ""

    def likeness(key: Key) -> tuple[float, bool]:
        return difflib.SequenceMatcher(None, name.lower(), key.name.lower()).ratio(), key.section == section

    best = max(like, key=likeness)
    return f"; did you mean {best.name if best.section == section else f'[{best.section}] {best.name}'}?"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        nearby = [at.name for at in file.parent.glob("*.toml")] if file.parent.is_dir() else []
        why = (error.strerror or str(error)).lower()
        raise UserError(f"the config file {_shown(file)}: {why}{did_you_mean(file.name, nearby)}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{_shown(file)}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.splitlines()
        at = re.search(r"line (\d+)", str(error))
        line = lines[int(at[1]) - 1] if at and int(at[1]) <= len(lines) else ""
        hint = "texts stand in quotes, true and false in small letters"
        if "\\" in line:
            hint = "a path with \\ stands in single quotes: 'C:\\scans'"
        raise UserError(f"{_shown(file)}: not valid TOML: {error}; {hint}") from None


def _shown(file: Path | None) -> str:
    return printable(str(near(file))) if file else "settings"


def config_text() -> str:
    """config.toml as it is shipped."""
    lines = [
        "# Every setting with its default. Flags override it: python run.py -h",
        "# Relative paths are relative to this file. Written by: python -m settings.config_file > config.toml",
    ]
    for section, kind in SECTIONS.items():
        lines += ["", f"# {kind.__doc__}", f"[{section}]"]
        for key in keys_of(section).values():
            choices = f" ({', '.join(key.about['choices'])})" if key.about["choices"] else ""
            lines += [f"# {key.about['help']}{choices}", f"{key.name} = {toml_value(key.default)}"]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """A value as TOML writes it; None is an empty text.

    >>> toml_value(True), toml_value(("png", "tif")), toml_value(None)
    ('true', '["png", "tif"]', '""')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if value is None or isinstance(value, str | Path):
        text = "" if value is None else value.as_posix() if isinstance(value, Path) else value
        return json.dumps(text, ensure_ascii=False)
    return str(value)


if __name__ == "__main__":
    print(config_text(), end="")
