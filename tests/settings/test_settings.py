"""Settings: the schema, config files of all kinds of wrongness, and the earlier tool's config.txt."""

import re
import tomllib
from pathlib import Path

import pytest

from run import read_flags, understand
from settings.config_file import HOME, config_text, every_key, read_settings
from settings.earlier_config import MAPPING, mapped, note_of_earlier, read_earlier
from settings.schema import SECTIONS, Settings
from utils import UserError

SECRET = "hf_" + "q" * 20


def written(tmp_path: Path, text: str, name: str = "config.toml") -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8", newline="\n")
    return file


def refused(file: Path) -> str:
    with pytest.raises(UserError) as error:
        read_settings(file)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_config_toml_is_the_schema():
    assert (HOME / "config.toml").read_text(encoding="utf-8") == config_text(), (
        "python -m settings.config_file > config.toml"
    )


def test_config_toml_says_the_defaults():
    assert read_settings(HOME / "config.toml") == Settings(
        **{name: getattr(read_settings(None), name) for name in SECTIONS}, file=HOME / "config.toml"
    )


def test_every_setting_is_read_by_something():
    beside = {"settings", "tests", "benchmarks", "data_scripts"}
    rooms = [*HOME.glob("*.py"), *(file for file in HOME.glob("[a-z]*/*.py") if file.parent.name not in beside)]
    code = "\n".join(file.read_text(encoding="utf-8") for file in rooms)
    unread = [f"[{key.section}] {key.name}" for key in every_key() if not re.search(rf"\.{key.name}\b", code)]
    assert not unread


def test_every_setting_has_help_in_ascii():
    for key in every_key():
        assert key.about["help"] and key.about["help"].isascii(), key


def test_values_are_typed(tmp_path):
    file = written(
        tmp_path,
        '[input]\nformats = ["png", "tif"]\ninner = false\n'
        '[output]\ntop_n = 3\n[train]\nlr = 1\n[setup]\ntokenizer = ""\n',
    )
    settings = read_settings(file)
    assert settings.input.formats == ("png", "tif")
    assert settings.input.inner is False
    assert settings.output.top_n == 3
    assert settings.train.lr == 1.0
    assert isinstance(settings.train.lr, float)
    assert settings.setup.tokenizer is None
    assert settings.setup.batch_size == 16


def test_paths_are_relative_to_the_config_file_and_defaults_to_the_project(tmp_path, monkeypatch):
    (tmp_path / "archive").mkdir()
    (tmp_path / "base").mkdir()
    file = written(
        tmp_path / "archive",
        '[input]\nfolder = "scans"\n[setup]\nmodel = "../mine"\nbase = "../base"\n[output]\nfolder="/x"\n',
    )
    monkeypatch.chdir("/")
    settings = read_settings(file)
    assert settings.input.folder.absolute() == tmp_path / "archive/scans"
    assert settings.setup.model.absolute() == tmp_path / "mine"
    assert Path(settings.setup.base).absolute() == tmp_path / "base"
    assert settings.output.folder.absolute() == Path("/x")
    assert settings.setup.categories_dir.absolute() == HOME / "category_descriptions"


def test_paths_inside_the_working_directory_are_shown_short(tmp_path, monkeypatch):
    file = written(tmp_path, '[input]\nfolder = "scans"\n')
    monkeypatch.chdir(tmp_path)
    assert read_settings(file).input.folder == Path("scans")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[setup]\nbach_size = 3\n", ["[setup] bach_size", "did you mean batch_size?", "workers"]),
        ("[setup]\ntop_n = 3\n", ["[setup] top_n", "it belongs under [output]"]),
        ("[model]\nname = 3\n", ["unknown section [model]", "did you mean [setup] model?"]),
        ("[predict]\ntop_n = 3\n", ["unknown section [predict]", "top_n belongs under [output]"]),
        ("[optimizer]\nlearning_rate = 3\n", ["unknown section [optimizer]", "did you mean [train] lr?"]),
        ("learning_rate = 3\n", ["learning_rate stands outside", "did you mean [train] lr?"]),
        ("[train]\nlearning_rate = 3\n", ["[train] learning_rate", "did you mean lr?"]),
        ("[setpu]\nseed = 3\n", ["[setpu]", "did you mean [setup]?", "[train]"]),
        ("top_n = 3\n", ["top_n stands outside", "[output]"]),
        ("setup = 3\n", ["setup stands outside"]),
        ("[eval]\nfoldr = 'x'\n", ["[eval] foldr", "did you mean folder?"]),
        ('[output]\ntop_n = "3"\n', ['[output] top_n = "3"', "a whole number, 1 or more"]),
        ("[output]\ntop_n = true\n", ["[output] top_n = true", "a whole number"]),
        ("[output]\ntop_n = 0\n", ["[output] top_n = 0", "1 or more"]),
        ("[output]\nraw = 1\n", ["[output] raw = 1", "true or false"]),
        ("[setup]\nworkers = -2\n", ["from -1 to 256"]),
        ("[train]\nlr = nan\n", ["[train] lr", "a number from 0 to 1"]),
        ("[train]\nvalidation = 0.5\n", ["[train] validation = 0.5", "0 or more and below 0.5"]),
        ("[input]\nformats = 'png'\n", ["[input] formats", "a list of texts"]),
        ("[input]\nfolder = ''\n", ["[input] folder", "a path"]),
        ("[input]\nfolder = 3\n", ["[input] folder = 3", "a path"]),
        ("[input]\ndocument_pattern = '('\n", ["[input] document_pattern", "regular expression"]),
        ("[input]\ndocument_from = 'nane'\n", ["name or folder", "did you mean name?"]),
        ("[setup]\nprecision = 'fp16'\n", ["tf32 or bf16", "did you mean bf16?"]),
        ("[setup]\ndevice = 'gpu'\n", ["auto, cpu, cuda"]),
        ("[hf]\nrevisions = { a = 1 }\n", ["[hf] revisions", "texts"]),
        ("[output]\nraw = True\n", ["not valid TOML", "line 2", "small letters"]),
        ('[input]\nfolder = "C:\\scans"\n', ["not valid TOML", "line 2", "single quotes"]),
        ("[output]\nraw = true\nraw = false\n", ["not valid TOML"]),
    ],
)
def test_a_wrong_config_file_is_one_line(tmp_path, text, said):
    message = refused(written(tmp_path, text))
    assert "config.toml" in message
    for part in said:
        assert part in message


@pytest.mark.parametrize(
    ("section", "line"),
    [
        *((key.section, f'{key.name} = "C:\\new"') for key in every_key() if key.is_path or key.name == "base"),
        ("output", 'folder = "\\u0000"'),
        ("input", 'exclude = ["box1", "D:\\raw"]'),
        ("eval", 'best = ["models\\best"]'),
        ("input", 'document_pattern = "\\b[A-Z]+"'),
    ],
)
def test_a_backslash_that_toml_takes_for_a_line_break_is_one_line(tmp_path, section, line):
    message = refused(written(tmp_path, f"[{section}]\n{line}\n"))
    for part in (f"[{section}] {line}:", "single quotes ('C:\\new')", '"C:/new"'):
        assert part in message


def test_texts_in_single_quotes_hold_what_was_typed(tmp_path):
    text = "[output]\nfolder = 'C:/new'\n[input]\nexclude = ['raw\\new']\ndocument_pattern = '\\b[A-Z]+'\n"
    settings = read_settings(written(tmp_path, text))
    assert settings.input.exclude == ("raw\\new",)
    assert settings.input.document_pattern == "\\b[A-Z]+"


@pytest.mark.parametrize(
    "text",
    [
        f'[hf]\ntoken = "{SECRET}"\n',
        f'[hf]\nrepo = "{SECRET}"\n',
        f'[hf]\nrevisions = {{ "{SECRET}" = "x" }}\n',
        f'hf_token = "{SECRET}"\n',
        f'[secrets]\nx = ["{SECRET}"]\n',
        f'["{SECRET}"]\nx = 1\n',
        f"[hf]\n{SECRET} = 1\n",
        '[hf]\nToken = "anything"\n',
    ],
)
def test_a_token_is_refused_and_never_shown(tmp_path, text):
    message = refused(written(tmp_path, text))
    assert "token does not belong in a file" in message
    assert "HF_TOKEN" in message
    assert SECRET not in message
    assert "anything" not in message


def test_config_files_that_cannot_be_read(tmp_path):
    written(tmp_path, "", "config.toml")
    assert "did you mean config.toml?" in refused(tmp_path / "confg.toml")
    assert "directory" in refused(tmp_path)
    (tmp_path / "utf16.toml").write_bytes("[setup]\nseed = 3\n".encode("utf-16"))
    assert "not UTF-8" in refused(tmp_path / "utf16.toml")
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbf[setup]\nseed = 3\n")
    assert read_settings(tmp_path / "bom.toml").setup.seed == 3


EARLIER = f"""[OUTPUT]
FOLDER_RESULTS = ./result
[EVAL]
FOLDER_PAGES = ./category_samples
[TRAIN]
FOLDER_PAGES = /cluster/pages
lr=1e-5
max_categ=14000
[SETUP]
files_format = png
base_model = ViT-B/16
top_N = 3
raw = True
avg = False
categories_file = ./category_descriptions/TOTAL_page_categories.tsv
[HF]
token = {SECRET}
revision = main
"""


def test_an_earlier_config_maps_to_a_config_file_that_is_valid(tmp_path):
    text = mapped(read_earlier(written(tmp_path, EARLIER, "config.txt")))
    assert SECRET not in text
    found = read_settings(written(tmp_path, text, "new.toml"))
    assert found.input.formats == ("png",)
    assert found.output.top_n == 3
    assert found.output.raw is True
    assert found.train.lr == 1e-5
    assert found.train.folder == Path("/cluster/pages")
    assert found.setup.categories_file is None  # offered as a comment: a model brings its own
    assert "# categories_file" in text
    for old in re.findall(r"^(\w+) ?=", EARLIER, re.MULTILINE):
        assert old in text


def test_every_earlier_key_maps_to_a_setting_that_exists():
    schema = {(key.section, key.name) for key in every_key()}
    for old, (new, why) in MAPPING.items():
        assert (new in schema and not why) or (new is None and why), old


def test_only_a_config_of_the_earlier_tool_is_recognised(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert note_of_earlier(tmp_path / "config.toml") == ""
    written(tmp_path, "a note about my config\n", "config.txt")
    assert note_of_earlier(tmp_path / "config.toml") == ""
    written(tmp_path, EARLIER, "config.txt")
    assert "--config config.txt" in note_of_earlier(tmp_path / "other/config.toml")


def test_config_text_is_toml():
    assert set(tomllib.loads(config_text())) == set(SECTIONS)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[setup]\ntop_m = 3\n", "did you mean [output] top_n?"),
        ("[output]\nbach_size = 3\n", "did you mean [setup] batch_size?"),
        ("[train]\nbach_size = 3\n", "did you mean batch_size?"),
        ("[setup]\ntop_n = 3\n", "it belongs under [output]"),
        ("top_m = 3\n", "did you mean [output] top_n?"),
        ('[input]\nexclude = [""]\n', "an empty pattern would leave out nothing"),
    ],
)
def test_a_key_of_another_section_is_named(tmp_path, text, hint):
    with pytest.raises(UserError, match=re.escape(hint)):
        read_settings(written(tmp_path, text))


def test_patterns_keep_their_commas(tmp_path):
    settings, job = understand(read_flags(("-d", "x", "--exclude", "Smith, John", "--exclude", "b")), ())
    assert settings.input.exclude == ("Smith, John", "b")
    assert job.directory is not None
