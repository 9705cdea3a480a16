"""The door of `explore`: what is typed becomes a job, a mistake one line; and sorting knows nothing of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from explore.command import COMMANDS, Clusters, Indexing, Search
from run import main, read_flags, understand
from settings.words import build_parser

HOME = Path(__file__).resolve().parents[2]


def job(*typed: str):
    arguments = ("explore", *typed)
    return understand(read_flags(arguments), arguments)


def test_what_is_typed_becomes_a_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings, wanted = job("search", "--image", "a.png", "b.png", "--not", "c.png", "-k", "7", "--exact", "--excel")
    assert isinstance(wanted, Search)
    assert wanted.images == (Path("a.png"), Path("b.png"))
    assert wanted.not_images == (Path("c.png"),)
    assert (wanted.k, wanted.exact, settings.output.excel) == (7, True, True)
    assert wanted.index == settings.output.folder / "index"
    assert wanted.output == settings.output.folder / "explore"
    settings, wanted = job("index", "pages", "more", "--batch_size", "3", "-ff", "tif", "--no-inner", "--index", "ix")
    assert isinstance(wanted, Indexing)
    assert wanted.pages == (Path("pages"), Path("more"))
    assert (settings.setup.batch_size, settings.input.formats, settings.input.inner) == (3, ("tif",), False)
    assert wanted.index == Path("ix")
    _, wanted = job("clusters", "--clusters", "12", "-o", "out")
    assert isinstance(wanted, Clusters)
    assert (wanted.clusters, wanted.output) == (12, Path("out"))


MISTAKES = [
    ([], None),
    (["serach"], "did you mean search?"),
    (["--image", "a.png"], "the command comes first"),
    (["search"], "what to look for?"),
    (["search", "--imag", "a.png"], "did you mean --image?"),
    (["search", "--not", "a.png"], "--not subtracts from --image"),
    (["search", "--text", "a", "--image", "b.png"], "give one of them"),
    (["search", "--text", " "], "--text is empty"),
    (["search", "--text", "a", "-k", "0"], "-k 0: must be a whole number, 1 or more"),
    (["search", "--text", "a", "--batch_size", "3"], "unknown flag --batch_size"),
    (["search", "here.png"], "did you mean --image here.png?"),
    (["search", "--image", "none*.png"], "nothing fits"),
    (["clusters", "--clusters", "1"], "must be a whole number, 2 or more"),
    (["search", "--text", "a", "-k", "9" * 40], "must be at most 1,000,000"),
    (["clusters", "folder"], "explore index folder"),
    (["map", "--method", "umap"], "must be tsne or pca"),
    (["index", "nowhere"], "the folder nowhere does not exist"),
    (["index", "~nobody-here"], "the folder ~nobody-here does not exist"),
    (["index", "folder", "--backbone", "~nobody-here"], "~nobody-here: no such folder"),
    (["index", "foldr"], "the folder foldr does not exist; did you mean folder?"),
    (["index", "here.png"], "is a file: index the folder"),
    (["index"], "name the folders of pages"),
    (["index", "folder", "--index", "here.png"], "is a file: the index is a folder"),
    (["index", "folder", "--index", "folder"], "holds other things than an index"),
    (["index", "folder", "--backbone", "google/bit-50"], "neither a folder nor in the hub cache"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_a_mistake_is_one_line_and_exit_2(tmp_path, monkeypatch, capsys, arguments, said):
    if arguments[:1] == ["index"]:
        pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("here.png", "folder/page.png"):
        (tmp_path / name).write_text("x")
    assert main(["explore", *arguments]) == 2
    shown = capsys.readouterr()
    if said is None:
        assert all(command in shown.out for command in COMMANDS)
        return
    assert len(shown.err.splitlines()) == 1
    assert said in shown.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_every_flag(command, capsys):
    assert main(["explore", command, "-h"]) == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown
    assert all(len(line) <= 120 for line in shown.splitlines())
    for action in build_parser(COMMANDS[command])._actions:
        assert action.help
        assert not action.option_strings or action.option_strings[0] in shown


def ended(code: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=HOME, capture_output=True, text=True, check=False
    )


def test_without_the_extra_one_line_says_what_to_install(tmp_path):
    without = (
        "import importlib.util as util, sys; find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'lancedb' else find(name, *rest)\n"
        "from run import main; sys.exit(main(sys.argv[1:]))"
    )
    done = ended(without, "explore", "index", str(tmp_path), "--index", str(tmp_path / "ix"))
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "lancedb" in line
    assert "pip install -r requirements-explore.txt" in line
    assert not (tmp_path / "ix").exists()


def test_sorting_and_help_import_nothing_of_it():
    for typed, absent in (
        ("import sorting.job, classifier, reading.loader", ("explore", "lancedb", "pyarrow.lib", "duckdb")),
        ("from run import main; main(['explore', 'search', '-h'])", ("torch", "lancedb", "pandas", "sklearn")),
        ("from run import main; main(['-h'])", ("explore", "torch", "lancedb")),
    ):
        done = ended(f"{typed}\nimport sys\nprint('loaded:', *[name for name in {absent} if name in sys.modules])")
        assert done.stdout.splitlines()[-1] == "loaded:", done.stdout[-300:] + done.stderr[-300:]
