"""How pages lie: the real network on real files."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from encoders import turning
from encoders.turning import SIDE, TurnFinder, turn_pixels
from reading.turns import CLOCKWISE
from utils import UserError

HOME = Path(__file__).resolve().parents[2]
SAMPLES = HOME / "category_samples"
TURNED = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def lying(page: Image.Image, degrees: int) -> Image.Image:
    """An upright page, so that as many degrees clockwise bring it upright."""
    return page.transpose(TURNED[degrees]) if degrees else page


PAGES = ("TEXT_P/CTX200450016-272", "TEXT_P/CTX201350008-3", "TEXT/CTX188750009-52", "TEXT/CTX188750009-53",
         "TEXT_T/CTX198750007-82", "TEXT_T/CTX198750010-2", "LINE_T/CTX198750007-76")  # fmt: skip


def test_typed_and_printed_pages_are_brought_upright_from_wherever_they_lie():
    finder = TurnFinder.load()
    said = []
    for name in PAGES:
        with Image.open(SAMPLES / f"{name}.jpg") as page:
            page = page.convert("L")
        for degrees in CLOCKWISE:
            turn = finder.find(lying(page, degrees))
            said.append((degrees, turn.degrees))
            assert 0.25 <= turn.sure <= 1 and turn.clockwise in (0, turn.degrees)
    assert all(found in (0, None) for truth, found in said if truth == 0)
    right = sum(truth == found for truth, found in said)
    assert right >= 0.9 * len(said), said


def test_of_what_has_no_sense_nothing_is_said():
    finder = TurnFinder.load()
    paper = np.random.default_rng(0).normal(240, 3, (900, 640)).clip(0, 255).astype(np.uint8)
    for page in (Image.new("RGB", (1240, 1754), "white"), Image.new("L", (1, 1)), Image.fromarray(paper)):
        assert finder.find(page).degrees in (None, 0)
        assert finder.find(page).clockwise == 0


def test_a_process_opens_its_own(monkeypatch):
    with Image.open(next((SAMPLES / "TEXT_T").glob("*.jpg"))) as page:
        page = page.convert("RGB")
    finder = TurnFinder.load()
    assert pickle.loads(pickle.dumps(finder)).find(page) == finder.find(page)


def test_a_graph_that_does_not_belong_to_its_weights_is_refused(tmp_path, monkeypatch):
    for name in ("turn.safetensors", "turn.onnx"):
        shutil.copy(turning.FILE.with_name(name), tmp_path)
    monkeypatch.setattr(turning, "FILE", tmp_path / "turn.safetensors")
    turning.turn_version.cache_clear()
    try:
        TurnFinder.load()
        graph = (tmp_path / "turn.onnx").read_bytes()
        (tmp_path / "turn.onnx").write_bytes(graph[:-1] + b"x")
        with pytest.raises(UserError, match=r"turn\.onnx is damaged"):
            TurnFinder.load()
        (tmp_path / "turn.onnx").unlink()
        with pytest.raises(UserError, match=r"turn\.onnx cannot be read"):
            TurnFinder.load()
        (tmp_path / "turn.safetensors").unlink()
        turning.turn_version.cache_clear()
        with pytest.raises(UserError, match=r"turn\.safetensors cannot be read"):
            TurnFinder.load()
    finally:
        turning.turn_version.cache_clear()


def test_the_graph_computes_what_pytorch_does_with_the_weights(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    monkeypatch.syspath_prepend(str(HOME / "data_scripts"))
    import make_look
    import turn_making

    parts = {"network": make_look.stages(turn_making.STAGES), "small": turn_making.SmallNetwork().eval()}
    stored = {name: tensor.float() for name, tensor in load_file(turning.FILE).items()}
    for part, network in parts.items():
        mine = {name.removeprefix(f"{part}."): value for name, value in stored.items() if name.startswith(f"{part}.")}
        assert not network.load_state_dict(mine, strict=False).unexpected_keys
    with Image.open(next((SAMPLES / "LINE_P").glob("*.jpg"))) as page:
        pixels = [turn_pixels(page.convert("L")), np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE), np.uint8)]
    grey = torch.from_numpy(np.concatenate(pixels)).float().div(127.5).sub(1)[:, None].expand(-1, 3, -1, -1)
    with torch.no_grad():
        expected = parts["small"](parts["network"](grey).unflatten(0, (-1, 2))).numpy()
    finder = TurnFinder.load()
    assert np.stack([finder.logits(one) for one in pixels]) == pytest.approx(expected, abs=2e-3)
