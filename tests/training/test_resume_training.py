"""A training that goes on after a kill: it trusts what it began with, and nothing that was made of other pages."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from test_training import COLOURS, Killed, draw, draw_labelled, job_of, settings_of
from tiny import tiny_base, tiny_model_folder

from run import main
from training import job as training_job
from training.job import run_training
from training.learner import Pages
from training.store import KeptRows
from utils import UserError


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base") / "dual", "dual")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, base) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    run_training(settings_of(folder, epochs=2), job_of(draw_labelled(folder / "data"), base))
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "models" / "mine" / "model.safetensors")


def same_weights(one: Path, other: Path) -> bool:
    mine, its = weights(one), weights(other)
    return all(torch.equal(mine[name], its[name]) for name in mine)


def killed_before_learning(settings, job) -> None:
    """All pages are decoded, all features computed; then the kill."""

    def stop(*args, **kwargs):
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_job, "fit", stop)
        with pytest.raises(Killed):
            run_training(settings, job)


def killed_after_an_epoch(settings, job) -> None:
    drawn, read = [], Pages.__getitem__

    def watched(pages, item):
        drawn.append(isinstance(item, tuple) and item[1])
        if drawn[-1] and drawn[-1] >= 70:  # an epoch has 64 draws
            raise Killed
        return read(pages, item)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pages, "__getitem__", watched)
        with pytest.raises(Killed):
            run_training(settings, job)
    assert list(settings.setup.model_dir.glob("mine.training/run/checkpoint-*/complete"))


@pytest.mark.parametrize("kill", [killed_before_learning, killed_after_an_epoch])
def test_documents_that_are_told_later_do_not_move_pages_between_train_and_test(
    tmp_path, base, undisturbed, capsys, kill
):
    data = draw_labelled(tmp_path / "data")
    settings = settings_of(tmp_path, epochs=2)
    kill(settings, job_of(data, base))
    every = sorted(path.relative_to(data).as_posix() for path in data.rglob("*.png"))
    lines = ["page,document", *(f"{path},box{number % 4}" for number, path in enumerate(every))]
    (data / "documents.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "sets" / "page_categories_more.tsv").write_text("label\tdescription\nMAP\ta chart\n", encoding="utf-8")
    draw(data / "MAP" / "D09-1.png", COLOURS["MAP"], np.random.default_rng(9))  # comes later: not in this training
    assert run_training(settings, job_of(data, base, resume=True)) == 0
    said = capsys.readouterr().err
    assert "documents.csv was changed: this training keeps the documents that it began with" in said
    assert "descriptions were changed" in said
    assert rows_of(tmp_path / "models/mine/split.csv") == rows_of(undisturbed / "models/mine/split.csv")
    assert same_weights(tmp_path, undisturbed)


def test_a_replaced_page_is_read_again_where_nothing_was_learned(tmp_path, base, capsys):
    data, more = draw_labelled(tmp_path / "data"), draw_labelled(tmp_path / "more", documents=3)
    settings = settings_of(tmp_path, epochs=1, extra=str(more))
    killed_before_learning(settings, job_of(data, base))
    rng = np.random.default_rng(7)
    draw(data / "MAP" / "D00-1.png", (255, 120, 120), rng)
    for old in sorted((more / "LETTER").iterdir())[:2]:  # all extra pages behind these move up
        old.unlink()
    draw(more / "Fotografie č. 1" / "E1-1.png", (30, 250, 30), rng)
    assert run_training(settings, job_of(data, base, resume=True)) == 0
    assert "since this training began: 3 (" in capsys.readouterr().err
    whole = tmp_path / "whole"
    whole.mkdir()
    run_training(settings_of(whole, epochs=1, extra=str(more)), job_of(data, base))
    assert same_weights(tmp_path, whole)


def test_a_replaced_page_that_was_learned_from_refuses_until_it_is_put_back(tmp_path, base):
    data = draw_labelled(tmp_path / "data")
    settings = settings_of(tmp_path, epochs=2)
    killed_after_an_epoch(settings, job_of(data, base))
    page, kept = data / "MAP" / "D00-1.png", tmp_path / "kept.png"
    shutil.copy2(page, kept)
    draw(page, (0, 0, 0), np.random.default_rng(3))
    with pytest.raises(
        UserError, match=r"changed or are gone since this training began: 1 \(MAP/D00-1\.png\).*put them back"
    ):
        run_training(settings, job_of(data, base, resume=True))
    shutil.copy(kept, page)  # as it was, but for its time
    assert run_training(settings, job_of(data, base, resume=True)) == 0


def test_folds_go_on_with_the_folds_and_descriptions_they_began_with(tmp_path, base):
    data = draw_labelled(tmp_path / "data")
    settings = settings_of(tmp_path, epochs=1, folds=3)
    real, begun = training_job.fit, []

    def counted(*args, **kwargs):
        begun.append(args[3].name)
        if len(begun) == 2:
            raise Killed
        return real(*args, **kwargs)

    from training import folds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds, "fit", counted)
        with pytest.raises(Killed):
            run_training(settings, job_of(data, base))
    (data / "documents.csv").write_text("page,document\nD00-1.png,a\nD00-2.png,b\n", encoding="utf-8")
    assert run_training(settings, job_of(data, base, resume=True)) == 0
    rows = rows_of(tmp_path / "models/mine_folds/out_of_fold.csv")
    assert {row["DOCUMENT"] for row in rows} == {f"D{place}{document}" for place in range(3) for document in range(5)}
    by_document = {(row["DOCUMENT"], row["FOLD"]) for row in rows}
    assert len(by_document) == 15


def test_another_start_model_under_the_same_name_is_no_resume(tmp_path):
    data = draw_labelled(tmp_path / "data")
    start = tiny_model_folder(tmp_path / "start", sorted(COLOURS), kind="dual", seed=1)
    settings = settings_of(tmp_path, epochs=1)
    job = job_of(data, model_path=start)
    killed_before_learning(settings, job)
    shutil.rmtree(start)
    tiny_model_folder(start, sorted(COLOURS), kind="dual", seed=2)
    with pytest.raises(UserError, match="another start"):
        run_training(settings, job_of(data, model_path=start, resume=True))


def test_what_a_removed_training_left_is_not_taken_by_the_next_of_its_name(tmp_path, base, undisturbed):
    other = draw_labelled(tmp_path / "other", colours=dict(zip(COLOURS, reversed(COLOURS.values()), strict=True)))
    settings = settings_of(tmp_path, epochs=2)
    killed_after_an_epoch(settings, job_of(other, base))
    (tmp_path / "models" / "mine.training" / "work.json").unlink()  # as a kill in the midst of removing leaves it
    assert run_training(settings, job_of(draw_labelled(tmp_path / "data"), base)) == 0
    assert same_weights(tmp_path, undisturbed)


def test_an_unfinished_training_of_an_earlier_version_is_refused_in_one_line(tmp_path, base):
    """Its checkpoints are of another form: what goes on from them would not end with the same bytes."""
    data = draw_labelled(tmp_path / "data")
    settings = settings_of(tmp_path, epochs=2)
    killed_after_an_epoch(settings, job_of(data, base))
    file = tmp_path / "models" / "mine.training" / "work.json"
    work = json.loads(file.read_text(encoding="utf-8"))
    del work["identity"]["checkpoints"]
    file.write_text(json.dumps(work), encoding="utf-8")
    with pytest.raises(UserError, match="begun by another version of this program: finish it with that one, or remove"):
        run_training(settings, job_of(data, base, resume=True))


# ---- kept rows ---------------------------------------------------------------------------------------------------


def test_a_row_is_taken_only_where_it_was_made_of_the_same(tmp_path):
    def rows(keys, of="model 1", shape=(2,)):
        return KeptRows(tmp_path / "x", np.float32, shape, keys, of=of)

    first = rows(["a", "b", "", "d"])
    with pytest.raises(Killed), first:
        first.put(0, np.array([1, 2]), "note")
        first.put(3, np.array([7, 8]))
        raise Killed
    again = rows(["a", "b", "", "d"])
    assert again.missing == [1]
    assert again.array[[0, 3]].tolist() == [[1, 2], [7, 8]]
    assert again.notes == ["note", "", "", ""]
    assert rows(["b", "a", "", "d"]).missing == [0, 1]
    assert rows(["a", "b", "", "d"], of="model 2").missing == [0, 1, 3]
    assert rows(["a", "b", "", "d", "e"]).missing == [0, 1, 3, 4]
    changed = rows(["A", "b", "", "d"])
    with pytest.raises(Killed), changed:  # killed with a row half written: neither the old nor the new one is taken
        raise Killed
    assert rows(["a", "b", "", "d"]).missing == [0, 1]
    (tmp_path / "x.rows").write_bytes(b"cut")
    assert rows(["a", "b", "", "d"]).missing == [0, 1, 3]


def limited(size: int):
    """No file of this process may grow beyond `size` bytes: the error of a quota or a full disk, without one."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size if size else hard, hard))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_no_room_for_the_pages_is_told_before_any_is_decoded(tmp_path, base, capsys):
    data = draw_labelled(tmp_path / "data")
    settings_of(tmp_path, epochs=1)
    call = ["--train", "-d", str(data), "-m", str(base), "--name", "mine", "--config", str(tmp_path / "config.toml")]
    limited(50_000)
    try:
        assert main(call) == 2
    finally:
        limited(0)
    said = capsys.readouterr().err.splitlines()
    assert "decoded pages take 0.1 MB, more than there is room for" in said[-1]
    assert said[-1].endswith("then give the same command again")
    assert not list((tmp_path / "models").glob("*.training")), "there is nothing to resume"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_checkpoint_that_finds_no_room_is_one_line_and_resume_goes_on(tmp_path, base, capsys):
    data = draw_labelled(tmp_path / "data")
    settings_of(tmp_path, epochs=1, towers="image")
    call = ["--train", "-d", str(data), "-m", str(base), "--name", "mine", "--config", str(tmp_path / "config.toml")]
    limited(200_000)  # the pages have room, the weights have not
    try:
        assert main(call) == 2
    finally:
        limited(0)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "the checkpoint of epoch 1 cannot be written" in said.splitlines()[-1]
    assert "File too large" in said.splitlines()[-1]
    assert said.splitlines()[-1].endswith("and the same command with --resume continues")
    assert main([*call, "--resume"]) == 0
    assert (tmp_path / "models" / "mine" / "model.safetensors").is_file()
