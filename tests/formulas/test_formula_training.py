"""Training of formula models: what start, masking, shift and generation must be, told by what is learned."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="requirements.txt is not installed")
for package in ("accelerate", "jiwer", "sacrebleu"):
    pytest.importorskip(package, reason="requirements-formulas.txt is not installed")

from formula_pictures import drawn_folder, picture_of, short_formulas  # noqa: E402
from formula_training import PLAIN, QUIET, learned_from, loop_of, train  # noqa: E402

import run  # noqa: E402
from formulas.batches import IGNORED, Batches, Collator, Formulas, shapes_of  # noqa: E402
from formulas.data import pairs_of  # noqa: E402
from formulas.material import divide  # noqa: E402
from formulas.model_folder import load_network, read_parts  # noqa: E402
from formulas.pair_store import read_pairs  # noqa: E402
from formulas.pictures import prepare  # noqa: E402
from formulas.training_loop import last_checkpoint  # noqa: E402


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_folder(tmp_path_factory.mktemp("few") / "drawn", short_formulas(32))


def test_32_pairs_are_learned_by_heart(few: Path, tmp_path: Path, one_thread: None) -> None:
    material, begun = learned_from(few, tmp_path)
    history = loop_of(material, begun, tmp_path, steps=400, every=400, batch=8, rate=1.5e-3).run()
    figures = history[-1]
    assert figures["cer"] <= 0.02
    assert figures["exact"] >= 0.9


# ---- labels and batches ---------------------------------------------------------------------------------------------


def test_the_network_reads_what_it_has_written_so_far(few: Path, tmp_path: Path) -> None:
    material, begun = learned_from(few, tmp_path)
    dataset = Formulas(material, material.taught, begun.recipe.canvas, 0, augmented=False)
    batch = Collator(begun.model, begun.recipe.canvas)([dataset[0], dataset[1]])
    labels, told = batch["labels"], batch["decoder_input_ids"]
    model = begun.model.eval()
    assert told[0, 0] == model.config.decoder_start_token_id == 0
    assert torch.equal(told[:, 1:][labels[:, :-1] != IGNORED], labels[:, :-1][labels[:, :-1] != IGNORED])
    assert (labels == 2).sum() == 2  # each has its end
    assert (labels != 1).all()  # padding counts for nothing
    with torch.no_grad():
        given = model(**batch).loss
        shifted = model(pixel_values=batch["pixel_values"], labels=labels).loss
    assert torch.allclose(given, shifted)


def test_a_batch_holds_canvases_as_the_model_reads_them(few: Path, tmp_path: Path) -> None:
    material, begun = learned_from(few, tmp_path)
    canvas = begun.recipe.canvas
    dataset = Formulas(material, material.taught, canvas, 0, augmented=False)
    alone = Collator(begun.model, canvas)([dataset[3]])["pixel_values"][0].numpy()
    row = material.store.rows[3]
    read = canvas.place(prepare(pairs_of([few]).pairs[row.at].open()))
    assert np.allclose(alone, read, atol=1e-6)


def test_each_epoch_has_every_formula_once_in_another_order() -> None:
    shapes = np.random.default_rng(0).integers(1, 20, (1000, 2))
    order = Batches(1000, shapes, 16, seed=3)
    first, again = list(order), list(order)
    order.set_epoch(1)
    second = list(order)
    assert first == again
    assert len(first) == len(order) == 63
    assert sorted(number for batch in first for _, number in batch) == list(range(1000))
    assert [number for batch in second for _, number in batch] != [number for batch in first for _, number in batch]
    assert {epoch for batch in second for epoch, _ in batch} == {1}
    heights = [np.ptp([shapes[number, 0] for _, number in batch]) for batch in first]
    assert np.mean(heights) < 2  # at random: 18


def test_the_first_epoch_begins_with_short_formulas() -> None:
    shapes = np.random.default_rng(0).integers(1, 20, (4000, 2))
    order = Batches(4000, shapes, 16, seed=3)
    areas = [np.mean([shapes[number].prod() for _, number in batch]) for batch in order]
    assert np.mean(areas[:60]) < np.mean(areas) * 0.6
    order.set_epoch(1)
    areas = [np.mean([shapes[number].prod() for _, number in batch]) for batch in order]
    assert np.mean(areas[:60]) > np.mean(areas) * 0.8


@pytest.mark.parametrize("workers", [0, 2])
def test_the_same_pictures_come_from_any_number_of_processes(few: Path, tmp_path: Path, workers: int) -> None:
    material, begun = learned_from(few, tmp_path)
    dataset = Formulas(material, material.taught, begun.recipe.canvas, 7, augmented=True)
    order = Batches(len(dataset), shapes_of(material.store, begun.recipe.canvas, material.taught), 8, 7)
    loader = torch.utils.data.DataLoader(
        dataset, batch_sampler=order, collate_fn=Collator(begun.model, begun.recipe.canvas), num_workers=workers
    )
    loaded = [float(batch["pixel_values"].sum()) for batch in loader]
    alone = Collator(begun.model, begun.recipe.canvas)
    assert loaded == [float(alone([dataset[key] for key in keys])["pixel_values"].sum()) for keys in order]
    plain = Formulas(material, material.taught, begun.recipe.canvas, 7, augmented=False)
    assert any((dataset[(0, n)]["picture"].shape != plain[n]["picture"].shape) or
               (dataset[(0, n)]["picture"] != plain[n]["picture"]).any() for n in range(8))  # fmt: skip


def test_accumulation_does_not_change_the_loss_or_its_gradient(few: Path, tmp_path: Path) -> None:
    """k batches of a step count as one: the loss that is told, and the length of the gradient."""
    told = {}
    for at_once in (8, 2):
        for smoothing in (0.0, 0.1):
            work = tmp_path / f"{at_once}-{smoothing}"
            material, begun = learned_from(few, work, judged=False)
            # one formula 32 times: every part of a batch has the same mean, whatever its size
            material.taught = [material.taught[0]] * 32
            begun.model.config.decoder.dropout = 0.0
            for module in begun.model.modules():
                if hasattr(module, "dropout") and isinstance(module.dropout, float):
                    module.dropout = 0.0
            loop = loop_of(material, begun, work, steps=1, batch=8, at_once=at_once, smoothing=smoothing)
            loop.trainer.args.bf16 = False
            loop.run()
            entry = next(entry for entry in loop.trainer.state.log_history if "loss" in entry)
            told[at_once, smoothing] = entry["loss"], float(entry["grad_norm"])
    for smoothing in (0.0, 0.1):
        assert told[2, smoothing] == pytest.approx(told[8, smoothing], rel=0.02)
    assert told[8, 0.1][0] != pytest.approx(told[8, 0.0][0], rel=1e-4)  # smoothing does something


# ---- which pairs ----------------------------------------------------------------------------------------------------


def test_no_formula_teaches_and_judges(tmp_path: Path) -> None:
    formulas = ["x + y", "x+y", "x ^ 2", "x ^ { 2 }", "a", "b", "c"]
    splits = ["train", "validation", "train", "test", "train", "train", "validation"]
    store = read_pairs(pairs_of([drawn_folder(tmp_path / "drawn", formulas, splits)]).pairs, tmp_path, QUIET)
    material = divide(store, seed=0)
    assert {store.rows[row].normal for row in material.taught} == {"a", "b"}
    assert len(material.judged) == 2
    assert sorted(reason for _, reason in material.left_out) == [
        "the same formula is in the test part",
        "the same formula is in the validation part",
    ]


def test_a_part_that_judges_is_chosen_by_formula(tmp_path: Path) -> None:
    formulas = [f"x _ {{ {number} }}" for number in range(10, 90)]
    store = read_pairs(pairs_of([drawn_folder(tmp_path / "drawn", formulas * 2)]).pairs, tmp_path, QUIET)
    material = divide(store, seed=0)
    taught, judged = set(material.normals(material.taught)), set(material.normals(material.judged))
    assert not taught & judged
    assert 1 <= len(judged) <= 12
    assert len(material.judged) == 2 * len(judged)


def test_long_formulas_are_left_out_and_never_cut(few: Path, tmp_path: Path) -> None:
    material, _ = learned_from(few, tmp_path, PLAIN.but(longest=7))
    lengths = [len(row.normal.split()) for row in material.store.rows]
    assert {len(material.labels[row]) for row in material.taught} == {length + 1 for length in lengths if length <= 5}
    assert len(material.left_out) == sum(length > 5 for length in lengths) > 0
    assert "too long: 9 tokens, 7 are the most" in {reason for _, reason in material.left_out}


def test_whatever_teaches_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = drawn_folder(tmp_path / "drawn", short_formulas(24))
    (folder / "images" / "000.png").write_bytes(b"no picture")
    picture_of("x").point(lambda _: 255).save(folder / "images" / "001.png")
    with (folder / "formulas.csv").open("a", encoding="utf-8") as table:
        table.write("gone.png,x,\nimages/002.png,\\frac { a,\nimages/003.png,\\label{eq:1},\n")
    code, said = train(capsys, folder, "--name", "m", "--steps", 2, "--batch", 4, models=tmp_path / "models")
    assert code == 1
    made = tmp_path / "models" / "m"
    rows = (made / "left_out.csv").read_text("utf-8").splitlines()
    assert len(rows) == 6
    for part in ("gone.png", "not an image", "blank", "LaTeX: ", "the formula is empty"):
        assert sum(part in row for row in rows) == 1, part
    assert "warning: 1 pairs are left out: LaTeX" in said
    assert read_parts(made).training["left_out"]


# ---- the command ----------------------------------------------------------------------------------------------------


def test_a_killed_training_goes_on_as_if_it_had_not_been(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [few, "--name", "m", "--steps", 24, "--batch", 8]
    assert train(capsys, *options, models=tmp_path / "whole")[0] == 0
    words = ["formulas", "train", *map(str, options), "--preset", "micro", "--device", "cpu", "--quiet"]
    words += ["--model_dir", str(tmp_path / "killed")]
    script = f"import formulas.training_loop as t; t.EVERY = t.SHARE = 0.0; import run; run.main({words!r})"
    process = subprocess.Popen([sys.executable, "-c", script], cwd=Path(run.__file__).parent)
    work = tmp_path / "killed" / "m.training"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        last = [int(file.parent.name[11:]) for file in work.glob("checkpoints/checkpoint-*/whole")]
        if last and max(last) >= 9:
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    (work / "checkpoints" / "checkpoint-99").mkdir()  # of one that a kill has torn
    last = last_checkpoint(work / "checkpoints")
    assert last is not None
    assert int(last.name[11:]) >= 9
    assert train(capsys, *options, "--resume", models=tmp_path / "killed")[0] == 0
    whole, resumed = tmp_path / "whole" / "m", tmp_path / "killed" / "m"
    assert not work.exists()
    one, other = load_network(whole)[0].state_dict(), load_network(resumed)[0].state_dict()
    for name in one:
        assert torch.allclose(one[name], other[name], atol=2e-3), name
    steps = [json.loads(line)["step"] for line in (resumed / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert steps == sorted(steps)
    assert steps[-1] == 24
    assert (resumed / "curves.png").stat().st_size > 5000


def test_ctrl_c_ends_the_step_and_keeps_it(few: Path, tmp_path: Path) -> None:
    words = ["formulas", "train", str(few), "--name", "m", "--preset", "micro", "--steps", "5000", "--batch", "8"]
    words += ["--model_dir", str(tmp_path), "--device", "cpu"]
    script = Path(run.__file__)
    process = subprocess.Popen(
        [sys.executable, str(script), *words], cwd=script.parent, stderr=subprocess.PIPE, encoding="utf-8"
    )
    metrics = tmp_path / "m.training" / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and not metrics.exists():
        time.sleep(0.05)  # the first epoch is judged
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "to continue:" in said
    last = last_checkpoint(tmp_path / "m.training" / "checkpoints")
    assert last is not None
    state = json.loads((last / "trainer_state.json").read_text("utf-8"))
    assert state["log_history"][-1]["step"] == state["global_step"]


def test_another_command_of_the_same_name_is_refused(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.training").mkdir()
    work = {"started": 1.0, "identity": {"recipe": {}, "seed": 1}}
    (tmp_path / "m.training" / "work.json").write_text(json.dumps(work), "utf-8")
    code, said = train(capsys, few, "--name", "m", models=tmp_path)
    assert code == 2
    assert "was begun with" in said
    assert (tmp_path / "m.training" / "work.json").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name the formulas to learn from"),
        (("nowhere",), "nowhere does not exist"),
        (("FEW", "--preset", "smal"), "--preset smal: must be small or micro or published; did you mean small"),
        (("FEW", "--base", "nowhere"), "--base nowhere: no such folder"),
        (("FEW", "--base", "FEW"), "config.json is missing"),
        (("FEW", "--tokenizer", "bpe"), "--tokenizer bpe is that of a base"),
        (("FEW", "--tokenizer", "words"), "must be latex or bpe"),
        (("FEW", "--image_mode", "tall"), "must be wide or letterbox or squash"),
        (("FEW", "--batch", "8", "--at_once", "3"), "must be a multiple of it"),
        (("FEW", "--rate", "fast"), "--rate fast: must be a rate of learning"),
        (("FEW", "--name", "a/b"), "a plain folder name is wanted"),
        (("FEW", "--name", "there"), "exists; a model is never written over"),
        (("FEW", "--latex_column", "tex"), "no column tex"),
        (("FEW", "--resume", "--name", "new"), "no training new was begun"),
        (("three",), "formulas to learn from, 8 are the least"),
    ],
)
def test_a_mistake_is_one_line(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], reason: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "there").mkdir(parents=True)
    if "three" in arguments:
        drawn_folder(tmp_path / "three", short_formulas(3))
    words = [str(few) if word == "FEW" else word for word in arguments]
    code, said = train(capsys, *words, models=tmp_path / "models")
    assert code == 2
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert reason in lines[0]
