"""Both engines read alike, whatever is read beside; what is wrong with a reading or a model is said."""

from __future__ import annotations

import json
import shutil

import pytest
from formula_models import picture, tiny_formula_model
from PIL import Image

from formulas.calibration import Calibration
from formulas.recognizer import CUT_OFF, NOT_READ, REPEATED, Recognizer
from formulas.search import Found
from utils import UserError

TEXTS = ("x+1", "a=bc", "sum of 17 things", "y", "f(x)=0", "x+1")


def texts(readings):
    """What must be alike in both engines."""
    return [(one.latex, [latex for latex, _ in one.alternatives], one.warnings) for one in readings]


def sure(readings):
    """What must be nearly alike."""
    return pytest.approx([one.confidence for one in readings], abs=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_both_engines_read_alike_and_no_picture_changes_another(model, beams):
    shown = [picture(text) for text in TEXTS]
    light, torch = Recognizer.load(model), Recognizer.load(model, engine="torch", device="cpu")
    assert (light.engine.name, torch.engine.name) == ("onnx", "torch")
    alone = [light.read([one], beams)[0] for one in shown]
    assert len({one.latex for one in alone}) > 2  # it is no constant
    assert light.read(shown, beams) == alone
    for readings in (torch.read(shown, beams), [torch.read([one], beams)[0] for one in shown]):
        assert texts(readings) == texts(alone)
        assert [one.confidence for one in readings] == sure(alone)
    assert all(len(one.alternatives) < beams for one in alone)


def test_any_mode_and_ground_is_read_and_a_blank_has_nothing(model):
    recognizer = Recognizer.load(model)
    grey = picture("a+b=c")
    ghost = Image.merge("LA", (Image.new("L", grey.size, 0), grey.point(lambda value: 255 - value)))
    shown = [grey.convert("RGB"), grey.point(lambda value: 255 - value), ghost, grey.convert("P"), grey.convert("1")]
    readings = recognizer.read([grey, *shown[:4]])
    assert len({one.latex for one in readings}) == 1
    assert recognizer.read(shown[4:])[0].confidence > 0
    (blank,) = recognizer.read([Image.new("RGB", (300, 80), "white")])
    assert (blank.latex, blank.confidence, blank.alternatives) == ("", 0.0, ())
    assert blank.warnings[0].startswith("no formula: blank")


def test_a_reading_that_is_cut_off_or_below_the_threshold_says_so(tmp_path, model):
    short = tiny_formula_model(tmp_path / "short", longest=4, graphs=False)
    (cut,) = Recognizer.load(short).read([picture("x+1")])
    assert CUT_OFF in cut.warnings or len(cut.latex.split()) < 3
    doubting = Recognizer.load(model)
    doubting.calibration = Calibration(0.0, 0.0, 1.0, threshold=1.0)
    assert doubting.read([picture("x+1")])[0].warnings[0] == NOT_READ


def test_a_reading_that_was_turned_away_from_a_repetition_is_not_sure(model):
    recognizer = Recognizer.load(model)
    plain = recognizer._reading([Found((5, 6), -0.01, 3, True), Found((5, 7), -0.3, 3, True)])
    turned = recognizer._reading([Found((5, 6), -0.01, 3, True, turned=True), Found((5, 7), -0.3, 3, True)])
    assert plain.warnings == () and turned.warnings == ()
    assert (turned.latex, plain.latex) == (plain.alternatives[0][0], turned.alternatives[0][0])  # the other is first
    alone = recognizer._reading([Found((5, 6), -0.01, 3, True, turned=True)])
    assert alone.warnings == (REPEATED,) and not alone.sound and alone.confidence <= 0.01


def test_a_picture_of_many_pixels_is_read_like_its_smaller_self(model):
    recognizer = Recognizer.load(model)
    small = picture("a=bc", size=200)
    wide = Image.new("L", (9000, 9000), 255)
    wide.paste(small, (400, 5000))
    # letters of 100 dpi and of 200 dpi are the same size on the canvas
    assert recognizer.placed(wide).shape == recognizer.placed(small).shape


def test_what_is_wrong_with_a_model_is_one_line(tmp_path, model):
    def broken(name: str):
        return shutil.copytree(model, tmp_path / name)

    folder = broken("damaged")
    (folder / "decoder.onnx").write_bytes(b"x")
    with pytest.raises(UserError, match=r"decoder\.onnx is damaged"):
        Recognizer.load(folder)
    folder = broken("other")
    record = json.loads((folder / "formulas.json").read_text())
    record["calibration"] = {"slope": 1}
    (folder / "formulas.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"calibration is none of this version"):
        Recognizer.load(folder)
    folder = broken("without")
    (folder / "graphs.json").unlink()
    with pytest.raises(UserError, match=r"has no graphs .* leave --engine onnx out"):
        Recognizer.load(folder, engine="onnx")
    assert Recognizer.load(folder).engine.name == "torch"
    folder = broken("mixed")
    other = tiny_formula_model(tmp_path / "seed1", seed=1, graphs=False)
    for name in ("model.safetensors", "formulas.json"):
        shutil.copy(other / name, folder / name)
    with pytest.raises(UserError, match=r"graphs belong to other weights"):
        Recognizer.load(folder)
