"""Both trainings over pages on disk: killed and taken up again, pages that give nothing, the model that is left."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")
torch = pytest.importorskip("torch", reason="requirements.txt is not installed")

from PIL import Image, ImageDraw  # noqa: E402

from settings.config_file import read_settings  # noqa: E402
from utils import UserError  # noqa: E402
from writers import learning  # noqa: E402
from writers.configurations import CONFIGURATIONS  # noqa: E402
from writers.finetuning import FinetuningLesson, new_encoder, run_finetuning  # noqa: E402
from writers.hands import Hands  # noqa: E402
from writers.patch_store import PATCHES, read_pages  # noqa: E402
from writers.pretraining import PretrainingLesson, run_pretraining  # noqa: E402
from writers.training_command import Finetuning, Pretraining  # noqa: E402

PATTERN = r"(?P<writer>w\d+)-(?P<page>\d+)"
SMALL = CONFIGURATIONS["small"]
TINY = SMALL.but(
    dim=16,
    depth=1,
    heads=2,
    decoder_heads=2,
    clusters=4,
    labels=8,
    most=60,
    bag=4,
    pretrain=replace(SMALL.pretrain, epochs=2, batch=64),
    finetune=replace(SMALL.finetune, epochs=2, batch=16, samples=64),
)
CPU = torch.device("cpu")


def draw_page(writer, number):
    """Loops in a hand of their own: height, slant and width by the writer."""
    random = np.random.default_rng([writer, number])
    page = Image.new("L", (400, 330), 245)
    pen = ImageDraw.Draw(page)
    high, slant, wide = 6 + 2 * (writer % 4), 0.25 * (writer % 3) - 0.2, 4 + writer % 5
    for line in range(5):
        t = np.linspace(0, 50, 600)
        y = high * np.cos(t + random.uniform(0, 6)) - 5 * (np.sin(t / 3 + random.uniform(0, 6)) > 0.4)
        x = 35 + 6.4 * t + wide * np.sin(t) - slant * y
        for start in range(0, 600, 50):
            points = zip(x[start : start + 44], 60 + 52 * line + y[start : start + 44], strict=True)
            pen.line(list(points), fill=25, width=3)
    return page


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for writer in range(11):
        for number in range(2):
            draw_page(writer, number).save(folder / f"w{writer:02}-{number}.png")
    Image.new("L", (300, 300), 250).save(folder / "w05-9.png")
    (folder / "w06-9.png").write_bytes(b"no image")
    draw_page(3, 5).save(folder / "letter.png")
    return folder


@pytest.fixture
def settings(tmp_path):
    chosen = read_settings(None).replaced("setup", model_dir=tmp_path / "models", quiet=True, device="cpu", workers=0)
    return chosen.replaced("output", folder=tmp_path / "result")


@pytest.fixture(scope="module")
def store(pages, tmp_path_factory):
    from reading.pages import find_pages

    return read_pages(find_pages(pages), tmp_path_factory.mktemp("store"), read_settings(None), 60)


def stopped_at(lesson, step):
    """The lesson, killed when it comes to a step."""
    loss = lesson.loss

    def until(now):
        if now == step:
            raise InterruptedError
        return loss(now)

    lesson.loss = until
    return lesson


@pytest.mark.parametrize("stop", [3, 22])
def test_a_killed_training_goes_on_as_if_nothing_had_been(store, tmp_path, monkeypatch, stop):
    def lesson():
        return PretrainingLesson(store, TINY, 1, CPU)

    whole = lesson()
    undisturbed = learning.learn(whole, TINY.pretrain, tmp_path, lambda line: None)
    (tmp_path / learning.CHECKPOINT).unlink()
    monkeypatch.setattr(learning, "EVERY", 0.0)  # a checkpoint each step
    with pytest.raises(InterruptedError):
        learning.learn(stopped_at(lesson(), stop), TINY.pretrain, tmp_path, lambda line: None)
    (tmp_path / f"{learning.CHECKPOINT}.part").write_bytes(b"torn")
    again = lesson()
    state = learning.learn(again, TINY.pretrain, tmp_path, lambda line: None)
    assert state.history == undisturbed.history
    assert len(state.history) == 2
    assert all(
        torch.equal(one, other)
        for one, other in zip(whole.model.state_dict().values(), again.model.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("supervised", [True, False])
def test_fine_tuning_is_taken_up_too_and_keeps_its_best_epoch(store, tmp_path, supervised):
    writers = [path[:3] for path, _, _ in store.pages] if supervised else []

    def lesson():
        return FinetuningLesson(store, new_encoder(TINY, store, 1, None), TINY, writers, 1, CPU)

    whole = lesson()
    undisturbed = learning.learn(whole, TINY.finetune, tmp_path, lambda line: None)
    (tmp_path / learning.CHECKPOINT).unlink()
    with pytest.raises(InterruptedError):
        stopped = stopped_at(lesson(), whole.steps + 1)  # the first epoch is kept, a step of the second one is lost
        learning.learn(stopped, TINY.finetune, tmp_path, lambda line: None)
    again = lesson()
    state = learning.learn(again, TINY.finetune, tmp_path, lambda line: None)
    assert state.history == undisturbed.history
    assert torch.equal(again.model.netrvlad.centres, whole.model.netrvlad.centres)
    best = max(state.history, key=lambda record: next(v for k, v in record.items() if k.startswith("mAP")))
    assert state.best_epoch == best["epoch"]
    judged = {store.pages[page][0][:3] for page in again.judged}
    taught = {store.pages[store.page_of[index] if again.bag == 1 else index][0][:3] for index in again.sampler.batch(0)}
    if supervised:
        assert len(judged) == 3
        assert not judged & taught  # held-out writers teach nothing


def test_reading_goes_on_after_a_kill(pages, store, tmp_path):
    from reading.pages import find_pages

    listed = find_pages(pages)
    part = replace_pages(listed, 9)
    read_pages(part, tmp_path, read_settings(None), 60)
    with (tmp_path / PATCHES).open("ab") as torn:
        torn.write(b"a patch whose page was never finished")
    with (tmp_path / "pages.jsonl").open("ab") as torn:
        torn.write(b'{"path": "w')
    again = read_pages(listed, tmp_path, read_settings(None), 60)
    assert again.pages == store.pages
    assert (again.planes == store.planes).all()
    assert (again.descriptors == store.descriptors).all()
    assert [path for path, _, _ in again.errors] == ["w05-9.png", "w06-9.png"]


def replace_pages(listed, count):
    return type(listed)(listed.root, listed.pages[:count])


def test_from_pages_to_a_model_of_hands(pages, settings, tmp_path, capsys):
    pretrained = Pretraining(pages=(pages,), model_name="letters", configuration=TINY)
    assert run_pretraining(settings, pretrained) == 1  # two pages gave nothing
    letters = tmp_path / "models" / "letters"
    with (letters / "errors.csv").open(encoding="utf-8", newline="") as table:
        rows = {row["PATH"]: row["REASON"] for row in csv.DictReader(table)}
    assert set(rows) == {"w05-9.png", "w06-9.png"}
    assert "blank" in rows["w05-9.png"]
    record = json.loads((letters / "autoencoder.json").read_text(encoding="utf-8"))
    assert [epoch["epoch"] for epoch in record["epochs"]] == [1, 2]
    with Image.open(letters / "reconstruction.png") as picture:
        assert picture.width > 400
    assert not list((tmp_path / "models").glob("*.training"))
    with pytest.raises(UserError, match="never written over"):
        run_pretraining(settings, pretrained)

    job = Finetuning(
        pages=(pages,), model_name="mine", configuration=SMALL.but(**tiny_parts()), start=letters, pattern=PATTERN
    )
    assert run_finetuning(settings, job) == 1
    assert "trained on" in capsys.readouterr().out
    with (tmp_path / "models" / "mine" / "errors.csv").open(encoding="utf-8", newline="") as table:
        rows = {row["PATH"]: row["REASON"] for row in csv.DictReader(table)}
    assert "does not fit" in rows["letter.png"]
    hands = Hands.load(tmp_path / "models" / "mine")
    assert hands.dimensions == 64
    assert hands.figures["configuration"]["dim"] == 16  # of the pre-trained one
    with Image.open(pages / "w00-0.png") as page:
        vector = hands.vector_of(page)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def tiny_parts():
    return {name: getattr(TINY, name) for name in ("clusters", "labels", "most", "bag", "pretrain", "finetune")}


def test_a_training_of_the_same_name_says_what_differs(pages, settings, tmp_path, monkeypatch):
    def fail(*_):
        raise InterruptedError

    monkeypatch.setattr("writers.pretraining.learn", fail)
    with pytest.raises(InterruptedError):
        run_pretraining(settings, Pretraining(pages=(pages,), model_name="one", configuration=TINY))
    with pytest.raises(UserError, match=r"mask 0\.75, now 0\.5"):
        run_pretraining(settings, Pretraining(pages=(pages,), model_name="one", configuration=TINY.but(mask=0.5)))


def test_pages_without_a_hand_teach_nothing(settings, tmp_path):
    (tmp_path / "blank").mkdir()
    Image.new("L", (300, 300), 250).save(tmp_path / "blank" / "a.png")
    with pytest.raises(UserError, match="only 0 patches of handwriting on 1 pages"):
        run_pretraining(settings, Pretraining(pages=(tmp_path / "blank",), model_name="no", configuration=TINY))
    assert not list((tmp_path / "models").glob("no*"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["pretrain"], "name the folders of pages"),
        (["pretrain", "PAGES", "--target", "hog"], "must be hog-ink or hog-grey or pixels"),
        (["pretrain", "PAGES", "--mask", "1"], "between 0 and 1"),
        (["pretrain", "PAGES", "--dim", "30"], "multiple of 4"),
        (["pretrain", "PAGES", "--name", "a/b"], "plain folder name"),
        (["finetune", "PAGES", "--configuration", "papr"], "did you mean paper"),
        (["finetune", "PAGES", "--from", "PAGES"], "holds no autoencoder.json"),
        (["finetune", "PAGES", "--pattern", r"(?P<page>\d+)"], "no group"),
        (["finetune", "PAGES", "--pattern", r"x(?P<writer>\d+)-(?P<page>\d)"], "fits none of"),
    ],
)
def test_a_mistake_is_one_line(pages, tmp_path, capsys, typed, said):
    import run

    words = [str(pages) if word == "PAGES" else word for word in typed]
    code = run.main(["writers", *words, "--model_dir", str(tmp_path / "models"), "--quiet"])
    error = capsys.readouterr().err.strip()
    assert code == 2
    assert not list((tmp_path / "models").glob("*"))  # nothing that the next command would stumble over
    assert said in error.splitlines()[-1]
    assert error.splitlines()[-1].startswith("error: ")
