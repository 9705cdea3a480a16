"""Segment Anything as an option: which mask is the text's, and a tiny random model in the real format."""

import numpy as np
import pytest
from PIL import Image

cv2 = pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

from utils import UserError  # noqa: E402
from writers import sam  # noqa: E402
from writers.isolation import NoHandwriting  # noqa: E402


def box(left, top, right, bottom):
    mask = np.zeros((100, 100), bool)
    mask[top:bottom, left:right] = True
    return mask


def test_the_largest_mask_is_the_text():
    text, note = box(10, 10, 60, 90), box(70, 10, 95, 70)
    assert np.array_equal(sam.choose_mask([note, text]), text)


def test_small_masks_are_no_text():
    assert sam.choose_mask([box(0, 0, 30, 30)]) is None
    assert sam.choose_mask([]) is None


def test_a_mask_round_the_text_is_turned_round():
    text = box(10, 10, 80, 80)
    assert np.array_equal(sam.choose_mask([~text]), text)


def test_two_pages_of_an_opening_are_one_mask():
    left, right = box(2, 10, 48, 90), box(52, 12, 98, 90)
    assert np.array_equal(sam.choose_mask([left, right]), left | right)


def test_nothing_is_looked_at_after_a_very_large_mask():
    large = box(5, 0, 95, 78)
    assert np.array_equal(sam.choose_mask([large, box(0, 0, 95, 65)]), large)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    torch = pytest.importorskip("torch")
    from transformers import SamConfig, SamImageProcessor, SamModel

    torch.manual_seed(0)
    config = SamConfig(
        vision_config={
            "hidden_size": 16, "output_channels": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": 64, "patch_size": 8, "window_size": 2, "global_attn_indexes": [0], "mlp_dim": 16,
            "num_pos_feats": 8,
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 8, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 16, "mlp_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "iou_head_hidden_dim": 8,
        },
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("sam")
    SamModel(config).save_pretrained(folder)
    SamImageProcessor(
        size={"longest_edge": 64}, pad_size={"height": 64, "width": 64}, mask_size={"longest_edge": 16},
        mask_pad_size={"height": 16, "width": 16},
    ).save_pretrained(folder)  # fmt: skip
    return folder


def test_a_real_model_gives_masks_of_the_page(tiny, monkeypatch):
    page = np.full((120, 90), 255, np.uint8)
    cv2.putText(page, "mm", (10, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 0, 3)
    segmenter = sam.Segmenter.load(tiny)
    monkeypatch.setattr(sam, "STABLE", 0.0)
    for mask in segmenter.masks(page):
        assert mask.shape == page.shape
        assert mask.dtype == bool
    monkeypatch.setattr(sam, "STABLE", 1.1)
    assert segmenter.masks(page) == []  # no mask is that stable
    with pytest.raises(NoHandwriting):  # four strokes are no page, whatever its masks
        sam.isolate_by_masks(Image.fromarray(page), segmenter)


def test_ink_outside_the_mask_is_left_out():
    page = np.full((1200, 900), 255, np.uint8)
    for y in range(60, 1200, 40):
        cv2.putText(page, "mumnumwnumunwm" * 2, (20, y), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1, 0, 2)
    text = np.zeros(page.shape, bool)
    text[200:1000, 150:750] = True
    segmenter = sam.Segmenter(lambda image, **how: {"masks": [text]})
    hand = sam.isolate_by_masks(Image.fromarray(page), segmenter)
    assert hand.ink.shape == (800, 600)
    assert hand.ink.any()
    assert hand.dropped["outside"] > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no Segment Anything model there"), ('{"model_type": "vit"}', "type vit, not sam"), ("{", "damaged")],
)
def test_a_folder_without_the_model_is_one_line(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=reason) as error:
        sam.Segmenter.load(tmp_path)
    assert "\n" not in str(error.value)
