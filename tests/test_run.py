"""The door: `python run.py ...` as people type it. Real processes where a process matters, main() in this one else."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import tiny_base, tiny_model_folder

from run import HOME, JOBS, main, read_flags, understand
from settings.flags import build_parser
from sorting.command import Sorting
from training.command import Training

RUN = HOME / "run.py"


def start(*arguments: str | Path, cwd: Path, **rest: object) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, str(RUN), *map(str, arguments)],
        cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", **rest,
    )  # fmt: skip


def typed(*arguments: str | Path, cwd: Path) -> tuple[int, str, str]:
    process = start(*arguments, cwd=cwd)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A working directory: three pages, a folder with a blank in its name, a model, an untuned base, categories."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(1)
    for name in ("pages/X-1.png", "pages/X-2.png", "pages/inner/Y-1.png", "my pages/Z-1.png", "[1].png"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (60, 40), dtype=np.uint8)).save(file)
    tiny_model_folder(folder / "models/mine", ["LETTER", "MAP", "PHOTO"])
    tiny_base(folder / "base", "siglip")
    (folder / "scans.zip").write_bytes(b"PK")
    (folder / "own.tsv").write_text("label\tdescription\nA\ta map\nB\ta letter\n", encoding="utf-8")
    return folder


@pytest.fixture
def here(place, monkeypatch) -> Path:
    monkeypatch.chdir(place)
    return place


def answer(*arguments: str) -> tuple:
    return understand(read_flags(arguments), arguments)


def test_help_and_mistakes_load_neither_torch_nor_transformers(here):
    heavy = ("torch", "transformers", "pandas", "huggingface_hub", "timm")
    for arguments in (["-h"], [], ["--bach_size", "3"], ["-tn", "0", "-d", "pages"], ["--push"]):
        code = (
            f"import sys; sys.path.insert(0, {str(HOME)!r}); import run; run.main({arguments!r}); "
            f"print([name for name in {heavy!r} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"


def test_a_missing_page_or_model_is_said_before_torch_is_loaded(here):
    for arguments in (
        ["-f", "no.png", "--model_path", "models/mine"],
        ["-d", "no"],
        ["--model_path", "no", "-d", "pages"],
    ):
        code = (
            f"import sys; sys.path.insert(0, {str(HOME)!r}); import run; print(run.main({arguments!r}), "
            "'torch' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=here)
        assert done.stdout.splitlines()[-1] == "2 False"


def test_help_names_every_flag(capsys):
    assert main(["-h"]) == 0
    shown = capsys.readouterr().out
    for action in build_parser(JOBS)._actions:
        flags = set(action.option_strings) - {"--safe"}
        assert not flags or any(re.search(rf"(?<!\S){re.escape(flag)}\b", shown) for flag in flags), flags
    assert shown.isascii()


def test_the_earlier_tools_flags_are_all_known():
    known = {flag for action in build_parser(JOBS)._actions for flag in action.option_strings}
    earlier = (
        "-h --help -f --file -d --directory --dir -ff --file_format -m --model -tn --topn --raw -rev --revision --hf "
        "--model_path --model_dir -cc --cat_csv --cat_prefix --cat_dir --avg --best --zero_shot --train --epochs --lr "
        "--batch_size -mc --max_categ -mce --max_categ_eval --eval --eval_dir --vis --safe -model_path --base"
    )
    assert set(earlier.split()) <= known


def test_bare_run_prints_a_short_help(capsys):
    assert main([]) == 2
    shown = capsys.readouterr()
    assert "-f page.png" in shown.out
    assert len(shown.out.splitlines()) < 15
    assert not shown.err


MISTAKES = [
    # the fifteen that we expect most
    (["pages/X-1.png"], "did you mean -f pages/X-1.png?"),
    (["pages/"], "did you mean -d pages/?"),
    (["-f", "pages/X-3.png", "--model_path", "models/mine"], "pages/X-3.png does not exist; did you mean X-"),
    (["-f", "pages", "--model_path", "models/mine"], "give it with -d"),
    (["-d", "https://example.org/scans"], "-d https://example.org/scans: addresses are not fetched"),
    (["-f", "https:/example.org/a.png"], "-f https:/example.org/a.png: addresses are not fetched"),
    (["-d", "file:///scans"], "give the path alone"),
    (["--model_path", "https://example.org/m", "-d", "pages"], "--model_path https://example.org/m: addresses are not"),
    (["-m", "https://example.org/m", "-d", "pages"], "-m https://example.org/m: addresses are not fetched"),
    (["-d", "pages", "-o", "s3://box/out"], "-o s3://box/out: addresses are not fetched"),
    (["explore", "index", "ftp://example.org/scans"], "PAGES ftp://example.org/scans: addresses are not fetched"),
    (["explore", "search", "--image", "https://example.org/a.png"], "--image https://example.org/a.png: addresses are"),
    (["-d", "pages", "--exclude", ""], "--exclude : must be a list of texts"),
    (["-d", "scans.zip"], "scans.zip is an archive: unpack it first"),
    (["-d", "page", "--model_path", "models/mine"], "the folder page does not exist; did you mean pages?"),
    (["-d", "my", "pages"], '-d "my pages"'),
    (["-f", "my", "pages/Z-1.png"], '-f "my pages/Z-1.png"'),
    (["--model", "models/mien", "-d", "pages"], "did you mean --model_path models/mine?"),
    (["--model_path", "models/mien", "-d", "pages"], "did you mean mine?"),
    (["-modelpath", "models/mine", "-d", "pages"], "did you mean -model_path?"),
    (["-tn", "0", "-d", "pages"], "-tn 0: must be a whole number, 1 or more"),
    (["-tn", "three", "-d", "pages"], "-tn three: must be a whole number"),
    (["-ff", "pngg", "-d", "pages", "--model_path", "models/mine"], "did you mean png?"),
    (["-cc", "owm.tsv", "-d", "pages", "--model_path", "models/mine"], "owm.tsv"),
    (["-m", "ViT-B16", "-d", "pages"], "--zero_shot"),
    # and more
    (["--bach_size", "3", "-d", "pages"], "did you mean --batch_size?"),
    (["--batch-size", "3", "-d", "pages"], "did you mean --batch_size?"),
    (["--zero-shot", "-d", "pages"], "did you mean --zero_shot?"),
    (["-raw", "-d", "pages"], "did you mean --raw?"),
    (["--zero", "-d", "pages"], "did you mean --zero_shot?"),
    (["-re", "v1", "-d", "pages"], "did you mean -rev?"),
    (["-tn3", "-d", "pages"], "did you mean -tn 3?"),
    (["-fpages/X-1.png"], "unknown flag -fpages/X-1.png"),
    (["train", "-d", "pages"], "did you mean --train?"),
    (["help"], "did you mean --help?"),
    (["--raw"], "nothing to sort"),
    (["-f", "pages/X-1.png", "-d", "pages"], "-f and -d exclude each other"),
    (["-f", "pages/X-1.png", "--dir"], "-f and --dir exclude each other"),
    (["-d", "pages", "-d", "base"], "-d is given 2 times"),
    (["-d", "pages", "base"], "-d takes one folder"),
    (["-d", ""], "-d is empty"),
    (["-o", "", "-d", "pages"], "-o : is empty"),
    (["-d"], "-d/--directory: expected one argument"),
    (["-f", "nothing*.png"], "nothing fits"),
    (["-o", "own.tsv", "-d", "pages"], "own.tsv is a file"),
    (["-d", "pages", "--device", "cud"], "did you mean cuda?"),
    (["-d", "pages", "--precision", "bf61"], "did you mean bf16?"),
    (["-d", "pages", "--document_pattern", "("], "regular expression"),
    (["-d", "pages", "--epochs", "3"], "--epochs belongs to --train"),
    (["-d", "pages", "--seed", "3"], "--seed belongs to --train"),
    (["-d", "pages", "--name", "x"], "--name belongs to --train"),
    (["--train", "-d", "pages", "--raw"], "--raw belongs to sorting"),
    (["--train", "-f", "pages/X-1.png"], "--train takes label folders"),
    (["--train"], "--train needs label folders"),
    (["--train", "-d", "pages", "-rev", "v1.1"], "not from -rev"),
    (["-f", "pages/X-1.png", "--resume"], "nothing to go on with"),
    (["-rev", "v1.1", "--model_path", "models/mine", "-d", "pages"], "give one of them"),
    (["-rev", "v1.2", "-m", "ViT-B/16", "-d", "pages"], "ViT-B/32"),
    (["-rev", "v1.1", "-d", "pages"], "no such revision"),
    (["--model_path", "base", "-d", "pages"], "untuned base"),
    (["--avg", "-cc", "own.tsv", "-d", "pages"], "give one of them"),
    (["--config", "confg.toml", "-d", "pages"], "confg.toml"),
    (["--eval", "-model_path", "models/mien"], "did you mean mine?"),
    (["--eval", "--train", "-d", "pages"], "--train and --eval are different jobs"),
    (["--eval", "--resume", "-d", "pages"], "leave --resume out"),
    (["--eval", "-f", "pages/X-1.png"], "--eval takes no single files"),
    (["--suggest", "no", "-d", "pages"], "--suggest no: must be a whole number"),
    (["--best", "--epochs", "3", "-d", "pages"], "--epochs belongs to --train, not to --best"),
    (["--push"], "needs --model_path"),
    (["--average", "models/a", "models/b"], "no model folder"),
    (["explroe", "index", "pages"], "did you mean explore?"),
    (["explore", "serach"], "did you mean search?"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_a_mistake_is_one_line_and_exit_2(here, capsys, arguments, said):
    assert main([*arguments, "--model_dir", "models"] if "-d" in arguments[:-1] else arguments) == 2
    shown = capsys.readouterr()
    assert not shown.out
    lines = shown.err.splitlines()
    assert [line for line in lines if not line.startswith("error: ")] == []
    assert len(lines) == 1
    assert said in lines[0]
    assert not (here / "result").exists()


def test_a_mistake_typed_in_a_process(here):
    code, out, err = typed("-d", "nowhere", "--model_path", "models/mine", cwd=here)
    assert (code, out) == (2, "")
    assert err.splitlines() == ["error: the folder nowhere does not exist"]


def test_the_version_is_that_of_the_changelog(here, capsys):
    assert main(["--version"]) == 0
    newest = re.search(r"^## \[([0-9.]+)\]", (HOME / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert capsys.readouterr().out == f"page-sorter {newest[1]}\n"
    assert f'version = "{newest[1]}"' in (HOME / "pyproject.toml").read_text(encoding="utf-8")


def test_a_page_in_the_terminal_writes_no_files(here, capsys):
    before = sorted(here.rglob("*"))
    assert main(["-tn", "2", "-f", "pages/X-1.png", "--model_path", "models/mine"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 2
    assert "model models/mine (--model_path)" in shown.err
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("arguments", [["-f", "pages/X-*.png"], ["-f", "pages/X-1.png", "-f", "pages/X-2.png"]])
def test_wildcards_and_several_files(here, arguments):
    _, job = answer(*arguments)
    assert job.files == (Path("pages/X-1.png"), Path("pages/X-2.png"))


def test_a_file_that_is_called_like_a_pattern_is_that_file(here):
    assert answer("-f", "[1].png")[1].files == (Path("[1].png"),)


def test_a_folder_from_another_directory_in_a_process(here, tmp_path):
    code, _, err = typed(
        "-d", here / "pages", "--model_path", here / "models/mine", "-o", "tables", "--no-inner", "--raw", cwd=tmp_path
    )
    assert code == 0, err
    assert "2 pages" in err
    assert {file.suffix for file in (tmp_path / "tables/tables").iterdir()} == {".csv", ".json", ".gz"}
    record = json.loads(next((tmp_path / "tables/tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert "--no-inner --raw" in record["command"]


def test_an_untuned_base_by_its_folder(here, capsys):
    assert main(["--zero_shot", "-m", "base", "-cc", "own.tsv", "-f", "pages/X-1.png"]) == 0
    assert "model base (untuned)" in capsys.readouterr().err


def test_flags_override_the_config_file_whose_paths_are_its_own(here, tmp_path):
    config = tmp_path / "my.toml"
    config.write_text(
        '[input]\nfolder = "scans"\nformats = ["tif"]\ninner = false\n[output]\ntop_n = 5\nraw = true\n'
        '[setup]\nzero_shot = true\naverage = true\nbatch_size = 8\n[train]\nbatch_size = 4\nfolder = "sorted"\n',
        encoding="utf-8",
    )
    settings, job = answer("--config", str(config), "--dir")
    assert job.directory == tmp_path / "scans"
    assert (settings.output.top_n, settings.output.raw, settings.setup.batch_size) == (5, True, 8)
    assert (settings.setup.zero_shot, settings.setup.average, settings.input.inner) == (True, True, False)
    settings, job = answer(
        "--config", str(config), "-d", "pages", "-tn", "2", "--no-raw", "--no-zero_shot", "--no_avg", "--inner",
        "--batch_size", "2", "-ff", "png,JPG", "-ff", "pdf", "-o", "out",
    )  # fmt: skip
    assert job.directory == Path("pages")
    assert job.output_given
    assert settings.output.folder == Path("out")
    assert (settings.output.top_n, settings.output.raw, settings.setup.batch_size) == (2, False, 2)
    assert (settings.setup.zero_shot, settings.setup.average, settings.input.inner) == (False, False, True)
    assert settings.input.formats == ("png", "JPG", "pdf")
    assert settings.train.batch_size == 4
    settings, job = answer("--config", str(config), "--train", "--batch_size", "2", "--name", "new")
    assert isinstance(job, Training)
    assert (job.name, job.directory) == ("new", None)
    assert settings.train.folder == tmp_path / "sorted"
    assert (settings.train.batch_size, settings.setup.batch_size) == (2, 8)


def test_a_model_named_by_a_flag_beats_zero_shot_of_the_config(here, tmp_path):
    config = tmp_path / "my.toml"
    config.write_text('[setup]\nzero_shot = true\ncategories_file = "x.tsv"\n', encoding="utf-8")
    settings, _ = answer("--config", str(config), "-d", "pages", "--model_path", "models/mine", "--avg")
    assert settings.setup.zero_shot is False
    assert (settings.setup.average, settings.setup.categories_file) == (True, None)


def test_dir_is_the_folder_of_the_config_also_with_zero_shot_and_d_beats_it(here):
    assert answer("--dir")[1].directory.absolute() == HOME / "category_samples"
    assert answer("--zero_shot", "--dir")[1].directory.absolute() == HOME / "category_samples"
    assert answer("-d", "pages", "--dir")[1].directory == Path("pages")


def test_the_commands_of_the_issue_are_understood(here):
    settings, job = answer("-tn", "3", "-f", "pages/X-1.png", "--model_path", "models/mine")
    assert (job.model.path, settings.output.top_n, settings.setup.workers) == (Path("models/mine"), 3, 0)
    assert answer("-rev", "v1.2", "-m", "ViT-B/32", "--dir")[1].model.revision == "v1.2"
    settings, job = answer("--zero_shot", "--base", "ViT-B/32", "-d", "pages/")
    assert (settings.setup.zero_shot, settings.setup.base, job.model.base) == (True, "ViT-B/32", "ViT-B/32")
    assert answer("-model_path", "models/mine", "-d", "pages", "--safe")[1].model.path == Path("models/mine")
    settings, job = answer(
        "--train", "-d", "pages", "-mc", "9", "-mce", "8", "--lr", "1e-4", "--folds", "5", "--seed", "1"
    )
    assert (settings.train.max_categ, settings.train.max_categ_eval, settings.train.lr) == (9, 8, 1e-4)
    assert (settings.train.folds, settings.setup.seed, job.directory) == (5, 1, Path("pages"))


def test_an_earlier_config_is_answered(here, tmp_path, capsys):
    earlier = tmp_path / "config.txt"
    earlier.write_text("[SETUP]\ntop_N = 3\n[HF]\ntoken = hf_secretsecretsecret\n", encoding="utf-8")
    assert main(["--config", str(earlier)]) == 2
    shown = capsys.readouterr()
    assert "top_n = 3" in shown.out
    assert "secret" not in shown.out + shown.err
    assert len(shown.err.splitlines()) == 1


def test_an_earlier_config_beside_is_noticed_but_not_read(here, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.txt").write_text("[SETUP]\ntop_N = 0\n", encoding="utf-8")
    assert main(["-f", str(here / "pages/X-1.png"), "--model_path", str(here / "models/mine")]) == 0
    assert "--config config.txt" in capsys.readouterr().err.splitlines()[0]


def test_the_command_that_continues_is_the_command_and_resume():
    job = Sorting(program=("python3", "run.py"), arguments=("-d", "my pages", "-tn", "3"))
    assert shlex.split(job.continue_command()) == ["python3", "run.py", "-d", "my pages", "-tn", "3", "--resume"]
    again = Sorting(program=("python3", "run.py"), arguments=("-d", "x", "--resume"))
    assert again.continue_command() == again.command()


def test_the_hub_is_offline(here):
    assert main(["-f", "pages/X-1.png", "--model_path", "models/mine"]) == 0
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that starts the tests in the background has it ignored


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_exits_130_with_the_command_that_continues(place, tmp_path, number):
    pages = tmp_path / "many pages"
    pages.mkdir()
    for index in range(1200):
        os.link(place / "pages/X-1.png", pages / f"A-{index}.png")
    process = start(
        "-d", pages, "--model_path", place / "models/mine", "--batch_size", "1", "-o", "out", cwd=tmp_path,
        preexec_fn=_hear_interrupts,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(file.stat().st_size for file in tmp_path.glob("out/runs/*/journal.jsonl")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    command = next(line for line in err.splitlines() if line.startswith("to continue: ")).removeprefix("to continue: ")
    if number == signal.SIGINT:  # continuing is tried once
        return
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "resuming" in done.stderr
    table = next((tmp_path / "out/tables").glob("result_*.csv"))
    assert len(table.read_text(encoding="utf-8").splitlines()) == 1201


@pytest.mark.skipif(os.name == "nt", reason="a pipe of POSIX")
def test_a_reader_that_leaves_early_sees_no_traceback(here):
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} {shlex.quote(str(RUN))} -h | head -n 1",
        shell=True, capture_output=True, text=True, cwd=here, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("usage:")
    assert not done.stderr
