"""Settings that reach the tables: each is marked in settings/schema.py; where one differs no run goes on."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from test_resume import interrupted, models, pages, sort  # noqa: F401 (models: a fixture)

from encoders.choosing import choose_model
from settings.command import NO_MODEL
from settings.schema import REACHES, SECTIONS, Settings, reaching
from sorting.computing import execution_of

# Settings that change no table of a run that goes on. Where things lie, and which model and categories are meant, the
# run knows by their contents; how much memory there is, is the machine's matter; a training keeps all of [train].
REACH_NOTHING = {
    "input": ["folder", "memory"],
    "output": ["folder", "transitions"],
    "setup": [
        "model", "model_dir", "base", "zero_shot", "tokenizer", "categories_file", "average", "categories_dir",
        "categories_prefix", "workers", "seed", "quiet",
    ],
    "train": [
        "folder", "towers", "split", "epochs", "lr", "batch_size", "label_smoothing", "patience", "validation", "test",
        "max_categ", "max_categ_eval", "folds", "final", "extra", "extra_share",
        "start_share",
    ],
    "eval": ["folder", "best", "per_document"],
    "hf": ["repo", "revision", "latest", "private", "revisions"],
}  # fmt: skip


def marked(*reaches: str) -> list[tuple[str, dataclasses.Field]]:
    fields = ((name, field) for name, kind in SECTIONS.items() for field in dataclasses.fields(kind))
    return [(section, field) for section, field in fields if field.metadata["reaches"] in reaches]


def test_of_every_setting_it_is_said_what_it_reaches():
    unmarked = {section: [one.name for name, one in marked("") if name == section] for section in SECTIONS}
    assert unmarked == REACH_NOTHING, "a setting is new: mark in settings/schema.py what it reaches, or name it here"
    assert len(marked("", *REACHES)) == sum(len(dataclasses.fields(kind)) for kind in SECTIONS.values())
    assert (
        execution_of(Settings(), [choose_model(Settings(), NO_MODEL)]).keys()
        == reaching(Settings(), "execution").keys()
    )


def other(field: dataclasses.Field) -> Any:
    """Another valid value of a setting, one that three categories do not make the same again."""
    value, choices = field.default, field.metadata["choices"]
    if isinstance(value, bool):
        return not value
    if choices:
        return next(choice for choice in choices if choice != value)
    return {int: 2, float: 0.5, str: "x", tuple: ["png"]}[type(value)]


@pytest.mark.parametrize("job", ["sort", "best"])
def test_where_a_setting_that_reaches_the_tables_differs_no_run_goes_on(tmp_path, models, monkeypatch, capsys, job):  # noqa: F811
    pages(tmp_path / "scans", 0)
    how = ["--model_path", models / "m0"] if job == "sort" else ["--best", "--model_dir", models]
    command = ["-d", tmp_path / "scans", "-o", tmp_path / "out", "--batch_size", 2, *how]
    interrupted(monkeypatch, 2, *command)
    run = next((tmp_path / "out" / "runs").glob("*/settings.json"))
    reaches = ["pages", "outcomes", "tables", *(["sorting"] if job == "sort" else [])]
    stored = json.loads(run.read_text(encoding="utf-8"))["identity"]["settings"]
    assert sorted({*stored} - {"job"}) == sorted(field.name for _, field in marked(*reaches))
    for section, field in marked(*reaches):
        config = tmp_path / "config.toml"
        config.write_text(f"[{section}]\n{field.name} = {json.dumps(other(field))}\n", encoding="utf-8")
        capsys.readouterr()
        assert sort(*command, "--config", config, "--resume") == 2, field.name
        assert f"settings.{field.name} = " in capsys.readouterr().err
    assert sort(*command, "--resume") == 0
