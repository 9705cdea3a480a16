"""Training: what learns, what it reads, what it leaves behind, and that a kill changes nothing."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import tiny_base

from classifier import PageClassifier
from reading.pages import find_pages
from settings.command import ModelRequest
from settings.config_file import read_settings
from training.checkpoints import complete_checkpoints
from training.command import Training
from training.data import cap_pages, find_labelled, read_documents
from training.fitting import fit
from training.job import run_training
from training.learner import Learner, Pages, augmented
from training.material import Material
from training.sampler import BalancedSampler
from training.start import Start, TrainingRun
from training.store import PageStore
from training.work import Work
from utils import UserError

COLOURS = {"MAP": (200, 60, 60), "LETTER": (60, 60, 200), "Fotografie č. 1": (60, 190, 60)}


def draw(file: Path, colour, rng) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = rng.integers(-30, 30, size=(48, 36, 3))
    Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)).save(file)


def draw_labelled(folder: Path, documents: int = 5, pages: int = 2, colours=COLOURS) -> Path:
    rng = np.random.default_rng(0)
    for place, (label, colour) in enumerate(colours.items()):
        for document in range(documents):
            for page in range(1, pages + 1):
                draw(folder / label / f"D{place}{document}-{page}.png", colour, rng)
    return folder


def settings_of(folder: Path, **train):
    """Real settings from a real file; descriptions of two of the three categories lie beside it."""
    sets = folder / "sets"
    sets.mkdir(parents=True, exist_ok=True)
    rows = ["label\tdescription", "MAP\ta red map", "MAP\ta plan in red", "LETTER\ta blue letter", ""]
    (sets / "page_categories_test.tsv").write_text("\n".join(rows), encoding="utf-8")
    train = {"towers": "head", "batch_size": 4, "epochs": 3, "lr": 0.003} | train
    (folder / "config.toml").write_text(
        '[setup]\nmodel_dir = "models"\ncategories_dir = "sets"\ndevice = "cpu"\nworkers = 0\nquiet = true\n'
        + "[train]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in train.items()),
        encoding="utf-8",
    )
    return read_settings(folder / "config.toml")


def job_of(directory: Path, base: Path | None = None, model_path: Path | None = None, **values) -> Training:
    model = ModelRequest(path=model_path, base=str(base or ""))
    return Training(directory=directory, model=model, **{"name": "mine", **values})


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    return draw_labelled(tmp_path_factory.mktemp("labelled"))


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "dual"
    tiny_base(folder, "dual")
    return folder


# ---- what training reads -----------------------------------------------------------------------------------------


def test_labels_and_documents_come_from_folders_and_names(tmp_path, labelled):
    settings = settings_of(tmp_path)
    found = find_labelled(labelled, settings)
    assert found.categories == sorted(COLOURS)
    assert len(found.pages) == 30
    assert {d for d, label in zip(found.documents, found.labels, strict=True) if label == "MAP"} == {
        f"D0{i}" for i in range(5)
    }


def test_documents_csv_groups_pages_and_says_what_it_leaves_out(tmp_path, labelled):
    folder = tmp_path / "own"
    shutil.copytree(labelled, folder)
    rows = "page,document\nMAP/D00-1.png,report\nD10-2.png,report\n"
    (folder / "documents.csv").write_text(rows, encoding="utf-8")
    found = find_labelled(folder, settings_of(tmp_path))
    named = {page.path for page, document in zip(found.pages, found.documents, strict=True) if document == "report"}
    assert named == {"MAP/D00-1.png", "LETTER/D10-2.png"}
    assert any("28 of 30" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("page,documnet\na.png,x\n", "no column document.*did you mean documnet"),
        ("page,document\na.png,\n", "line 2: an empty cell"),
        ("page,document\na.png,x\na.png,y\n", "line 3: a.png stands with two documents"),
    ],
)
def test_a_wrong_documents_csv_is_one_line(tmp_path, text, says):
    (tmp_path / "documents.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=says):
        read_documents(tmp_path / "documents.csv")


def test_pages_without_label_folders_are_refused(tmp_path):
    draw(tmp_path / "flat" / "a-1.png", (9, 9, 9), np.random.default_rng(0))
    with pytest.raises(UserError, match="no label folders"):
        find_labelled(tmp_path / "flat", settings_of(tmp_path))


def test_caps_hold_for_each_part_and_category():
    labels, splits = ["A"] * 10 + ["B"] * 3, ["train"] * 8 + ["test"] * 2 + ["train"] * 3
    capped = cap_pages(labels, splits, 4, 1, seed=1)
    assert capped[:8].count("train") == 4
    assert capped[8:10].count("test") == 1
    assert capped[10:] == ["train"] * 3
    assert cap_pages(labels, splits, 4, 1, seed=1) == capped


def test_the_sampler_balances_and_follows_seed_and_epoch():
    sampler = BalancedSampler([list(range(90)), [100, 101], list(range(200, 210))], seed=5)
    drawn = [index for index, _ in sampler]
    assert len(drawn) == len(sampler) == 102
    assert [sum(low <= i < low + 100 for i in drawn) for low in (0, 100, 200)] == [34, 34, 34]
    assert drawn == [index for index, _ in sampler]
    sampler.set_epoch(1)
    assert drawn != [index for index, _ in sampler]
    assert {draw for _, draw in sampler} == set(range(102, 204))


def test_extra_pages_make_up_their_share():
    sampler = BalancedSampler([[0, 1], [2, 3]], 1, [[10, 11, 12]], extra_share=0.75)
    drawn = [index for index, _ in sampler]
    assert len(drawn) == 16
    assert sum(index >= 10 for index in drawn) == 12


def make_store(tmp_path, labelled, base) -> tuple[PageStore, PageClassifier]:
    settings = settings_of(tmp_path)
    classifier = PageClassifier.from_base(base, {label: [label] for label in sorted(COLOURS)})
    found = find_labelled(labelled, settings)
    store = PageStore(tmp_path / "store", [found], classifier.transform)
    store.fill([True] * len(found.pages), settings, lambda done, failed: None)
    return store, classifier


def test_training_pages_change_between_draws_and_validation_pages_never(tmp_path, labelled, base):
    store, _ = make_store(tmp_path, labelled, base)
    pages = Pages(store, [0] * len(store), seed=3)
    views = [pages[4, draw]["inputs"] for draw in range(12)]
    different = sum(not torch.equal(views[0], view) for view in views[1:])
    assert different >= 9  # each of four augmentations is skipped half of the time
    assert all(torch.equal(pages[4, draw]["inputs"], view) for draw, view in enumerate(views))
    assert torch.equal(pages[4]["inputs"], torch.from_numpy(np.array(store[4])))
    assert views[0].dtype == torch.uint8
    assert augmented(store, 4, 0, 3).shape == store[4].shape


# ---- what learns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "towers", "learns", "stays"),
    [
        ("dual", "head", ("visual_projection", "text_projection", "text_model", "logit_scale"), ("vision_model",)),
        ("dual", "image", ("vision_model", "visual_projection", "text_model"), ()),
        ("siglip", "head", ("vision_model.head", "logit_scale"), ("vision_model.embeddings",)),
        ("clip", "both", ("vision_model", "text_model", "visual_projection", "text_projection"), ()),
    ],
)
def test_towers_say_what_learns(tmp_path, kind, towers, learns, stays):
    tiny_base(tmp_path / kind, kind)
    classifier = PageClassifier.from_base(tmp_path / kind, {"A": ["a map"], "B": ["a letter", "a note"]})
    Learner(classifier, towers)
    trained = {name for name, parameter in classifier.engine.model.named_parameters() if parameter.requires_grad}
    for part in learns:
        assert any(name.startswith(part) for name in trained), part
    for part in stays:
        assert not any(name.startswith(part) for name in trained), part


def test_batch_norm_and_frozen_towers_stay_in_eval_mode(base):
    learner = Learner(PageClassifier.from_base(base, {"A": ["a"], "B": ["b"]}), "image").train()
    norms = [module for module in learner.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    assert norms and not any(module.training for module in norms)
    assert learner.encoder.vision_model.training
    head = Learner(PageClassifier.from_base(base, {"A": ["a"], "B": ["b"]}), "head").train()
    assert not head.encoder.vision_model.training


def test_features_and_pixels_give_the_same_logits(tmp_path, labelled, base):
    store, classifier = make_store(tmp_path, labelled, base)
    learner = Learner(classifier, "head").eval()
    pixels = torch.from_numpy(np.stack([store[i] for i in range(5)]))
    with torch.no_grad():
        direct = learner(pixels, prototypes=learner.prototypes())
        cached = learner(learner.features(pixels), prototypes=learner.prototypes())
    assert torch.allclose(direct, cached, atol=1e-5)
    assert np.allclose(direct, classifier.logits(pixels.numpy()), atol=1e-4)


def test_each_step_draws_one_description_of_each_category(base):
    learner = Learner(PageClassifier.from_base(base, {"A": ["a", "b", "c"], "B": ["d"], "C": ["e", "f"]}), "head")
    drawn = [learner.draw_texts(np.random.default_rng(seed)) for seed in range(40)]
    assert {rows[0] for rows, _ in drawn} == {0, 1, 2}
    assert {rows[1] for rows, _ in drawn} == {3}
    assert {rows[2] for rows, _ in drawn} == {4, 5}
    assert len({hidden.tobytes() for _, hidden in drawn}) > 1


# ---- a whole training --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory, labelled, base):
    """One training of the tiny base, with an unreadable page among the others."""
    folder = tmp_path_factory.mktemp("trained")
    data = folder / "data"
    shutil.copytree(labelled, data)
    (data / "MAP" / "broken-1.png").write_bytes(b"\x89PNG no image")
    settings = settings_of(folder, epochs=8)
    run_training(settings, job_of(data, base))
    return folder, settings, data


def test_the_model_folder_is_complete_and_sorts_pages(trained, labelled):
    folder, _, _ = trained
    model = PageClassifier.from_pretrained(folder / "models" / "mine")
    assert model.categories == model.learned == sorted(COLOURS)
    pages = find_pages(labelled)
    store = [np.asarray(model.transform(Image.open(labelled / page.path))) for page in pages.pages]
    scores = model.scores(np.stack(store))
    right = [
        model.categories[i] == page.path.split("/")[0]
        for i, page in zip(scores.argmax(axis=1).tolist(), pages.pages, strict=True)
    ]
    assert np.mean(right) > 0.9
    for name in ("split.csv", "metrics.jsonl", "curves.png", "training.json", "README.md"):
        assert (folder / "models" / "mine" / name).stat().st_size > 0
    assert not list((folder / "models").glob("*.training"))


def test_the_record_names_documents_by_part_and_the_unreadable_page(trained):
    folder, _, data = trained
    record = json.loads((folder / "models" / "mine" / "training.json").read_text(encoding="utf-8"))
    parts = [set(record["documents"][part]) for part in ("train", "validation", "test")]
    assert all(parts) and not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert record["pages"]["unreadable"] == 1
    assert (folder / "models" / "mine" / record["data"]).resolve() == data.resolve()
    with (folder / "models" / "mine" / "split.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 31
    assert {row["SPLIT"] for row in rows} == {"train", "validation", "test", "unreadable"}
    assert all((data / row["PATH"]).is_file() for row in rows)


def test_the_last_line_printed_is_the_folder(tmp_path, labelled, base, capsys):
    assert run_training(settings_of(tmp_path, epochs=1), job_of(labelled, base)) == 0
    assert Path(capsys.readouterr().out.splitlines()[-1]) == tmp_path / "models" / "mine"


def test_a_model_is_never_written_over(trained, base):
    _, settings, data = trained
    with pytest.raises(UserError, match="never written over"):
        run_training(settings, job_of(data, base))


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "mine.training"])
def test_names_are_plain_folder_names(tmp_path, labelled, base, name):
    with pytest.raises(UserError, match="plain folder name"):
        run_training(settings_of(tmp_path), job_of(labelled, base, name=name))


def test_nothing_to_resume_is_said(tmp_path, labelled, base):
    with pytest.raises(UserError, match="nothing to resume"):
        run_training(settings_of(tmp_path), job_of(labelled, base, resume=True))


def test_one_page_of_a_category_and_one_category_alone(tmp_path, labelled, base):
    data = tmp_path / "data"
    shutil.copytree(labelled, data)
    draw(data / "SEAL" / "S1-1.png", (128, 128, 30), np.random.default_rng(2))
    run_training(settings_of(tmp_path, epochs=1), job_of(data, base))
    assert "SEAL" in PageClassifier.from_pretrained(tmp_path / "models" / "mine").learned
    with pytest.raises(UserError, match="only one label folder"):
        alone = draw_labelled(tmp_path / "alone", colours={"MAP": (1, 2, 3)})
        run_training(settings_of(tmp_path / "b"), job_of(alone, base, name="alone"))


# ---- killed and resumed ------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Raised in the middle of a step, where a kill might come."""


def train_by_hand(tmp_path, labelled, base, towers, kill_at=None):
    """The same training as `run_training` does, killed at a step if wanted; gives weights and what was drawn."""
    settings = settings_of(tmp_path, epochs=4, towers=towers)
    job = job_of(labelled, base)
    start = Start.choose(settings, job.model)
    found = find_labelled(labelled, settings)
    splits = ["validation" if document.endswith("4") else "train" for document in found.documents]
    folder = tmp_path / "models" / "mine.training"
    folder.mkdir(parents=True, exist_ok=True)
    run = TrainingRun(settings, start, Work(tmp_path / "models", "mine", labelled))
    material = Material.prepare(run, [found], splits)
    drawn: list = []
    read = Pages.__getitem__

    def watched(pages, item):
        if isinstance(item, tuple):
            drawn.append(item)
            if kill_at is not None and len(drawn) == kill_at:
                raise Killed
        return read(pages, item)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pages, "__getitem__", watched)
        fitted = fit(run, material, splits, folder / "run")
    weights = {name: tensor.clone() for name, tensor in fitted.classifier.engine.model.state_dict().items()}
    return fitted, weights, drawn


@pytest.mark.parametrize("towers", ["head", "image"])
def test_a_killed_training_ends_as_an_undisturbed_one(tmp_path, labelled, base, towers):
    whole, weights, order = train_by_hand(tmp_path / "whole", labelled, base, towers)
    epoch = len(order) // 4
    with pytest.raises(Killed):
        train_by_hand(tmp_path / "killed", labelled, base, towers, kill_at=2 * epoch + 7)
    run = tmp_path / "killed" / "models" / "mine.training" / "run"
    (done,) = complete_checkpoints(run)[-1:]
    half = run / f"checkpoint-{whole.learned.steps - 1}"  # a checkpoint that the kill cut off
    shutil.copytree(done, half)
    (half / "complete").unlink()
    (half / "state.pt").write_bytes(b"half")
    again, resumed, rest = train_by_hand(tmp_path / "killed", labelled, base, towers)
    assert again.learned == whole.learned
    assert rest == order[2 * epoch :]  # what was done is not done again, what follows comes in the same order
    assert all(torch.equal(weights[name], resumed[name]) for name in weights)
    metrics = [(tmp_path / kind / "models" / "mine.training" / "run" / "metrics.jsonl") for kind in ("whole", "killed")]
    assert metrics[0].read_text(encoding="utf-8") == metrics[1].read_text(encoding="utf-8")


def test_a_finished_run_is_not_trained_again(tmp_path, labelled, base):
    _, weights, _ = train_by_hand(tmp_path, labelled, base, "head")
    _, again, drawn = train_by_hand(tmp_path, labelled, base, "head")
    assert drawn == []
    assert all(torch.equal(weights[name], again[name]) for name in weights)


def test_extra_pages_train_and_those_of_tested_documents_do_not(tmp_path, labelled, base, capsys):
    more = draw_labelled(tmp_path / "more", documents=3, colours={"MAP": COLOURS["MAP"], "SEAL": (90, 90, 20)})
    shutil.copy(more / "MAP" / "D00-1.png", more / "MAP" / "X00-1.png")
    other = np.random.default_rng(9)  # other pages than those of the label folders, not the same in another colour
    for file in sorted((more / "SEAL").iterdir()):
        draw(file, (90, 90, 20), other)
    settings = settings_of(tmp_path, epochs=1, extra=str(more), extra_share=0.5)
    run_training(settings, job_of(labelled, base))
    model = PageClassifier.from_pretrained(tmp_path / "models" / "mine")
    assert model.learned == sorted([*COLOURS, "SEAL"])
    assert model.record["extra_pages"] == 13
    assert sum(model.record["pages"].values()) == 30  # own pages alone are split


def test_extra_pages_of_a_tested_document_are_left_out(tmp_path, labelled, base, capsys):
    settings = settings_of(tmp_path, epochs=1)
    start = Start.choose(settings, job_of(labelled, base).model)
    found, extra = find_labelled(labelled, settings), find_labelled(labelled, settings)
    splits = ["test" if document.endswith("1") else "train" for document in found.documents]
    run = TrainingRun(settings, start, Work(tmp_path / "models", "mine", labelled))
    fit(run, Material.prepare(run, [found, extra], splits), splits, run.work.folder / "run")
    assert "6 extra pages are of documents that are tested" in capsys.readouterr().err
