"""Flags that several commands share: each command takes those that its help shows."""

import importlib

import pytest

from run import JOBS, WORDS, read_flags
from settings.command import Typed, override, owners_of
from settings.config_file import every_key
from settings.schema import Settings


def _shared_flags():
    for word, module in sorted(WORDS.items()):
        for name, job in importlib.import_module(module).COMMANDS.items():
            for flag in job.shared:
                yield pytest.param(word, name, flag, id=f"{word} {name} {flag}")


@pytest.mark.parametrize(("word", "name", "flag"), list(_shared_flags()))
def test_each_command_takes_the_flags_that_its_help_shows(word, name, flag):
    key = next(key for key in every_key() if flag in key.about["flags"])
    default = getattr(getattr(Settings(), key.section), key.name)
    given = [flag] if isinstance(default, bool) else [flag, str(7 if default in ((), None) else default)]
    values = read_flags((word, name, *given))
    typed = Typed(values, (word, name, *given), values.job, owners_of(JOBS))
    override(Settings(), typed, JOBS)
