"""The transform, the loader's order, identity and threads, and the progress lines."""

import io
import json
import threading

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from encoders.features import normalised
from output.progress import Progress
from reading.decoding import read_page
from reading.loader import load_batches
from reading.pages import Page, PageList, find_pages
from reading.transform import PageTransform
from utils import UserError

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
LIMIT = 700_000_000


def transform(fit="pad", size=(32, 32), **options):
    return PageTransform(size, fit, CLIP_MEAN, CLIP_STD, **options)


def drawn(width, height, mode="RGB"):
    page = Image.new("L", (width, height), 250)
    draw = ImageDraw.Draw(page)
    for y in range(4, height, 11):
        draw.text((3 + y % 17, y), "Zprava o archeologickem vyzkumu 1946", fill=y % 90)
    noise = np.random.default_rng(3).integers(-30, 5, (height, width))
    return Image.fromarray(np.clip(np.asarray(page) + noise, 0, 255).astype(np.uint8)).convert(mode)


# ---- transform


@pytest.mark.parametrize("size", [(173, 251), (251, 173), (200, 200), (64, 300), (37, 41), (1001, 997)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_crop_equals_torchvision(size, mode):
    from torchvision import transforms
    from torchvision.transforms import InterpolationMode

    page = drawn(*size, mode)
    for side, before in ((64, 64), (64, 73)):
        reference = transforms.Compose(
            [
                transforms.Resize(before, interpolation=InterpolationMode.BICUBIC),
                transforms.CenterCrop(side),
                lambda image: image.convert("RGB"),
                transforms.ToTensor(),
                transforms.Normalize(CLIP_MEAN, CLIP_STD),
            ]
        )
        ours = transform("crop", (side, side), resize=0 if before == side else before)
        pixels = ours(page)
        assert (pixels.dtype, pixels.shape, pixels.flags.c_contiguous) == (np.uint8, (3, side, side), True)
        assert torch.allclose(normalised(torch.from_numpy(pixels)[None], ours)[0], reference(page), atol=1e-6)


@pytest.mark.shared
def test_crop_equals_the_earlier_tools_pixels(shared):
    golden = json.loads((shared / "golden" / "golden.json").read_text(encoding="utf-8"))
    published = PageTransform((224, 224), "crop", tuple(golden["transform"]["mean"]), tuple(golden["transform"]["std"]))
    for name, page in golden["pages"].items():
        image = read_page(shared / "pages" / page["category"] / name, None, min_side=224, max_pixels=LIMIT)
        assert (list(image.size), image.mode) == (page["size"], page["mode"])
        pixels = normalised(torch.from_numpy(published(image))[None], published)[0]  # [3, 224, 224]
        assert list(pixels.shape) == page["pixels"]["shape"]
        samples = [float(pixels[tuple(at)]) for at in golden["pixel_sample_positions_c_y_x"]]
        assert samples == pytest.approx(page["pixels"]["samples"], abs=1e-5)
        assert float(pixels.double().mean()) == pytest.approx(page["pixels"]["mean"], abs=1e-5)
        assert float(pixels.double().std(correction=0)) == pytest.approx(page["pixels"]["std"], abs=1e-5)


def test_pad_keeps_the_whole_page_in_the_middle():
    for size, box in (((100, 200), (8, 0, 24, 32)), ((200, 100), (0, 8, 32, 24)), ((50, 50), (0, 0, 32, 32))):
        pixels = transform(fill=77)(Image.new("L", size, 0))
        left, top, right, bottom = box
        assert (pixels[:, top:bottom, left:right] == 0).all()
        assert (pixels == 0).sum() == 3 * (right - left) * (bottom - top)
        assert ((pixels == 0) | (pixels == 77)).all()


def test_squash_and_shapes_that_are_not_square():
    page = Image.new("RGB", (90, 200), (10, 20, 30))
    for fit in ("pad", "squash", "crop"):
        pixels = transform(fit, (40, 20))(page)
        assert pixels.shape == (3, 40, 20)
        assert pixels[:, 20, 10].tolist() == [10, 20, 30]
    # The centre is cut out at one scale: a circle stays round.
    page = Image.new("L", (400, 200), 255)
    ImageDraw.Draw(page).ellipse((150, 50, 250, 150), fill=0)
    dark = transform("crop", (40, 60))(page)[0] < 128
    assert abs(int(dark.any(0).sum()) - int(dark.any(1).sum())) <= 1


@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1), (1, 1), (3, 9000)])
@pytest.mark.parametrize("fit", ["pad", "squash", "crop"])
def test_extreme_shapes_stay_small(size, fit):
    assert transform(fit, (224, 224))(Image.new("RGB", size, "white")).min() == 255


def test_grey_in_one_channel_and_in_three_comes_to_the_pixels_that_pillow_gives():
    grey = drawn(120, 170, "L")
    for fit in ("pad", "squash", "crop"):
        assert np.array_equal(transform(fit)(grey), transform(fit)(grey.convert("RGB")))
    page = Image.effect_noise((90, 700), 60).convert("RGB")
    for spot in (None, (89, 699), (0, 300)):  # grey; with one coloured pixel
        if spot:
            page.putpixel(spot, (250, 20, 30))
        alone = np.asarray(page.resize((20, 40), Image.Resampling.BICUBIC)).transpose(2, 0, 1)
        assert np.array_equal(transform("squash", (40, 20))(page), alone)


def test_normalise_keeps_its_input():
    pixels = torch.arange(2 * 3 * 2 * 2, dtype=torch.uint8).view(2, 3, 2, 2) * 10
    before = pixels.clone()
    inputs = normalised(pixels, transform(size=(2, 2)))
    assert inputs.dtype == torch.float32
    assert float(inputs[1, 2, 1, 1]) == pytest.approx((230 / 255 - CLIP_MEAN[2]) / CLIP_STD[2], abs=1e-6)
    assert torch.equal(pixels, before)


def test_to_dict_and_back():
    for one in (transform(), transform("crop", resize=40), transform("squash", (3, 5), interpolation="lanczos")):
        stored = json.loads(json.dumps(one.to_dict()))
        assert PageTransform.from_dict(stored) == one


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fill": None}, "fill"),
        ({"sise": [1, 1]}, "unknown key 'sise'; did you mean size"),
        ({"fit": "padd"}, "fit must be pad, squash, crop"),
        ({"interpolation": "nearest"}, "interpolation must be"),
        ({"size": [224]}, "size must be 2 numbers"),
        ({"size": [0, 224]}, "size must be 1"),
        ({"mean": [0.5, 0.5]}, "mean must be 3 numbers"),
        ({"std": [0.5, 0.5, 0]}, "std must be above 0"),
        ({"resize": 16}, "resize must be 0 or at least 32"),
    ],
)
def test_a_transform_that_does_not_fit_is_an_error(change, message):
    with pytest.raises(UserError, match=message):
        PageTransform.from_dict(transform().to_dict() | change)
    with pytest.raises(UserError, match="missing fit"):
        PageTransform.from_dict({key: value for key, value in transform().to_dict().items() if key != "fit"})


COMMON = {"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "rescale_factor": 0.00392156862745098}
PROCESSORS = [
    ({"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}, "resample": 3}, "crop", 224, 0),
    ({"size": 224, "crop_size": 224, "do_center_crop": True, "resample": 3}, "crop", 224, 0),
    ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "resample": 3}, "crop", 224, 256),
    ({"size": {"height": 384, "width": 384}, "resample": 3}, "squash", 384, 0),
    ({"size": 224, "resample": 2}, "squash", 224, 0),
    ({"size": {"height": 224, "width": 224}, "resample": 1, "do_center_crop": False}, "squash", 224, 0),
]


@pytest.mark.parametrize(("settings", "fit", "side", "resize"), PROCESSORS)
@pytest.mark.parametrize("inside", [False, True])
def test_from_processor(tmp_path, settings, fit, side, resize, inside):
    settings = COMMON | settings
    name = "processor_config.json" if inside else "preprocessor_config.json"
    stored = {"image_processor": settings, "processor_class": "CLIPProcessor"} if inside else settings
    (tmp_path / name).write_text(json.dumps(stored), encoding="utf-8")
    got = PageTransform.from_processor(tmp_path)
    names = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
    expected = PageTransform((side, side), fit, (0.5,) * 3, (0.25,) * 3, names[settings["resample"]], resize=resize)
    assert got == expected


def test_from_what_transformers_writes(tmp_path):
    from transformers import CLIPImageProcessor, SiglipImageProcessor

    CLIPImageProcessor(size={"shortest_edge": 96}, crop_size={"height": 96, "width": 96}).save_pretrained(
        tmp_path / "c"
    )
    got = PageTransform.from_processor(tmp_path / "c")
    assert (got.size, got.fit, got.interpolation, got.resize) == ((96, 96), "crop", "bicubic", 0)
    assert got.mean == pytest.approx(CLIP_MEAN)
    SiglipImageProcessor(size={"height": 64, "width": 48}).save_pretrained(tmp_path / "s")
    got = PageTransform.from_processor(tmp_path / "s")
    assert (got.size, got.fit, got.mean) == ((64, 48), "squash", (0.5, 0.5, 0.5))


def test_from_timm(tmp_path):
    cfg = {
        "input_size": [3, 224, 224],
        "crop_pct": 0.875,
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
        "interpolation": "bicubic",
    }
    (tmp_path / "config.json").write_text(json.dumps({"pretrained_cfg": cfg}), encoding="utf-8")
    got = PageTransform.from_processor(tmp_path)
    assert (got.size, got.fit, got.resize) == ((224, 224), "crop", 256)


@pytest.mark.parametrize(
    "settings",
    [
        {"resample": 0},
        {"do_resize": False},
        {"rescale_factor": 1.0},
        {"size": {"longest_edge": 224}},
        {"size": {"shortest_edge": 224}, "do_center_crop": False},
        {"image_mean": None},
    ],
)
def test_a_processor_that_is_not_known_is_an_error(tmp_path, settings):
    file = tmp_path / "preprocessor_config.json"
    file.write_text(json.dumps(COMMON | {"size": {"shortest_edge": 224}, "resample": 3} | settings), encoding="utf-8")
    with pytest.raises(UserError, match=r"preprocessor_config\.json"):
        PageTransform.from_processor(tmp_path)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be read"):
        PageTransform.from_processor(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match="no preprocessor_config"):
        PageTransform.from_processor(tmp_path)


# ---- loader


@pytest.fixture
def folder(tmp_path):
    """21 pages of their own grey level each, three that fail at places known, one that failed while being counted."""
    for number in range(21):
        Image.new("L", (40 + number, 60), number * 10).save(tmp_path / f"P-{number + 1}.png")
    (tmp_path / "P-4.png").write_bytes(b"no picture")
    (tmp_path / "P-9.png").write_bytes(b"")
    (tmp_path / "Q-1.tif").write_bytes(b"II*\0")
    pages = find_pages(tmp_path)
    (tmp_path / "P-12.png").unlink()
    return pages


def test_every_page_keeps_its_slot_and_its_identity(folder):
    for workers, size in ((0, 4), (1, 4), (3, 4), (5, 1), (2, 100)):
        batches = list(load_batches(folder, transform(), batch_size=size, workers=workers, max_pixels=LIMIT))
        assert [batch.index for batch in batches] == list(range(len(batches)))
        assert [page for batch in batches for page in batch.pages] == folder.pages
        assert all(batch.pages == folder.pages[batch.index * size : (batch.index + 1) * size] for batch in batches)
        failed = {}
        for batch in batches:
            assert batch.pixels.shape == (len(batch.pages), 3, 32, 32)
            assert batch.pixels.dtype == np.uint8
            for page, pixels, reason in zip(batch.pages, batch.pixels, batch.reasons, strict=True):
                if reason:
                    failed[page.path] = reason
                    assert not pixels.any()
                else:
                    assert pixels[0, 16, 16] == (page.number - 1) * 10
        assert sorted(failed) == ["P-12.png", "P-4.png", "P-9.png", "Q-1.tif"]
        assert failed["P-12.png"] == "the file is not there any more"
        assert failed["P-9.png"] == "the file is empty"
        assert "truncated" in failed["Q-1.tif"]


def test_starting_later_gives_the_same_batches(folder):
    options = {"batch_size": 5, "workers": 2, "max_pixels": LIMIT}
    whole = list(load_batches(folder, transform(), **options))
    rest = list(load_batches(folder, transform(), **options, first_batch=3))
    assert [batch.index for batch in rest] == [3, 4]
    for batch, right in zip(rest, whole[3:], strict=True):
        assert np.array_equal(batch.pixels, right.pixels)
        assert batch.reasons == right.reasons
    assert list(load_batches(folder, transform(), **options, first_batch=5)) == []


def decoding_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_closing_ends_every_thread(folder):
    batches = load_batches(folder, transform(), batch_size=2, workers=3, max_pixels=LIMIT)
    next(batches)
    assert decoding_threads()
    batches.close()
    assert not decoding_threads()


def test_an_interrupt_in_the_model_ends_every_thread(folder):
    def job():
        for _ in load_batches(folder, transform(), batch_size=2, workers=3, max_pixels=LIMIT):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job()
    assert not decoding_threads()


def test_without_workers_no_thread_is_started(folder):
    before = threading.active_count()
    for _ in load_batches(folder, transform(), batch_size=8, workers=0, max_pixels=LIMIT):
        assert threading.active_count() == before


class Counting(PageTransform):
    """Counts the pages that were brought to the model's size."""

    def __call__(self, image):
        with lock:
            counted.append(1)
        return super().__call__(image)


lock, counted = threading.Lock(), []


def test_the_loader_does_not_run_away_from_the_model(tmp_path):
    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    pages = PageList(tmp_path, [Page("a.png", "a", number, None) for number in range(400)])
    counted.clear()
    batches = load_batches(
        pages, Counting((8, 8), "pad", CLIP_MEAN, CLIP_STD), batch_size=4, workers=2, max_pixels=LIMIT
    )
    for done, _ in zip(range(20), batches, strict=False):
        assert len(counted) <= (done + 4) * 4
    batches.close()


class Hungry(PageTransform):
    """Runs out of memory at the wide page."""

    def __call__(self, image):
        if image.width > 100:
            raise MemoryError
        return super().__call__(image)


def test_a_page_that_does_not_fit_into_memory_is_that_pages_reason(tmp_path):
    for name, width in (("a-1.png", 50), ("a-2.png", 200), ("a-3.png", 50)):
        Image.new("L", (width, 50), 99).save(tmp_path / name)
    hungry = Hungry((8, 8), "squash", CLIP_MEAN, CLIP_STD)
    (batch,) = load_batches(find_pages(tmp_path), hungry, batch_size=8, workers=2, max_pixels=LIMIT)
    assert [bool(reason) for reason in batch.reasons] == [False, True, False]
    assert "not enough memory" in batch.reasons[1]
    assert batch.pixels[:, 0, 4, 4].tolist() == [99, 0, 99]


class Mistaken(PageTransform):
    """Gives a channel too few."""

    def __call__(self, image):
        return super().__call__(image)[:2]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_mistake_of_the_program_is_no_reason_of_a_page(folder, workers):
    mistaken = Mistaken((8, 8), "squash", CLIP_MEAN, CLIP_STD)
    with pytest.raises(ValueError, match="broadcast"):
        list(load_batches(folder, mistaken, batch_size=8, workers=workers, max_pixels=LIMIT))
    assert not decoding_threads()


# ---- progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_in_a_log_and_quiet(monkeypatch):
    screen = Terminal()
    with Progress(10, label="sorting", file=screen) as progress:
        progress.advance(4, failed=1)
        progress.advance(6)
    assert "10/10" in screen.getvalue()
    assert "1 failed" in screen.getvalue()

    log = io.StringIO()
    with Progress(10, file=log) as progress:
        progress.advance(4)
    assert log.getvalue() == "", "a short job says nothing"
    monkeypatch.setattr("output.progress.LINE_EVERY", 0.0)
    with Progress(10, label="sorting", file=log) as progress:
        progress.advance(4, failed=1)
    lines = log.getvalue().splitlines()
    assert lines[0].startswith("sorting: 4 of 10 pages (40 %), ")
    assert lines[0].endswith(", 1 failed")
    quiet = Terminal()
    with Progress(10, quiet=True, file=quiet) as progress:
        progress.advance(10)
    assert quiet.getvalue() == ""


def test_progress_line():
    progress = Progress(5000)
    progress.advance(1200, failed=2)
    assert progress.line(60.0) == "1200 of 5000 pages (24 %), 20.0 pages/s, 3 min left, 2 failed"
    assert Progress(0).line(0.0) == "0 of 0 pages (100 %), 0.0 pages/s, ? left, 0 failed"
