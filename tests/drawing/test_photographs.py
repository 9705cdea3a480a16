"""The photographs that the page generator computes: each kind at each size, in continuous tone; seeds; fetched ones."""

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data_scripts"))

import fetch_photographs

from drawing import snapshots
from drawing.photographs import KINDS, draw_photograph, missing_note

NONE: tuple[Path, ...] = ()
SIZES = ((450, 325), (120, 90), (90, 300), (400, 70))


def draw(seed: int, size: tuple[int, int], colour: bool, kind: str | None = None) -> Image.Image:
    return draw_photograph(np.random.default_rng(seed), *size, colour, kind, photographs=NONE)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_is_a_picture_of_many_greys_at_every_size(kind: str) -> None:
    levels, plain = [], 0
    for seed, size in enumerate(SIZES):
        for again in range(3):
            colour = bool((seed + again) % 2)
            image = draw(10 * seed + again, size, colour, kind)
            assert (image.mode, image.size) == ("RGB" if colour else "L", size)
            grey = np.asarray(image.convert("L"))
            levels.append(len(np.unique(grey)))
            plain += grey.std() < 2
    assert plain == 0, f"{kind}: {plain} blank pictures"
    assert np.median(levels) > 100, f"{kind}: {levels} grey levels"  # a line drawing has far fewer in between


@pytest.mark.parametrize("colour", [True, False])
def test_same_seed_same_picture(colour: bool) -> None:
    first, again, other = (draw(seed, (200, 150), colour).tobytes() for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_no_scene_holds_values_that_are_not_numbers() -> None:
    for name, kind in KINDS.items():
        for seed in range(4):
            scene = kind(np.random.default_rng(seed), 160, 110)
            assert scene.shape == (110, 160, 3), name
            assert np.isfinite(scene).all(), (name, seed)


def test_left_to_chance_the_pictures_differ_and_some_are_in_colour() -> None:
    pictures = [np.asarray(draw(seed, (96, 72), True), float) for seed in range(24)]
    means = {round(float(picture.mean())) for picture in pictures}
    assert len(means) > 10
    assert sum(float(np.ptp(picture, axis=2).mean()) > 5 for picture in pictures) > 10


def test_real_photographs_are_used_where_there_are_any(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[..., 1] = rng.integers(0, 256, (300, 400))
    for name in ("gravel.jpg", "meadow.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
    photographs = snapshots.files(tmp_path)
    assert [file.name for file in photographs] == ["gravel.jpg", "meadow.jpg"]
    differ = 0
    for seed in range(12):
        with_them = draw_photograph(np.random.default_rng(seed), 120, 90, False, photographs=photographs)
        assert (with_them.mode, with_them.size) == ("L", (120, 90))
        differ += with_them.tobytes() != draw(seed, (120, 90), False).tobytes()
    assert 1 <= differ <= 11


def test_without_real_photographs_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    note = missing_note()
    assert note is not None and "fetch_photographs.py" in note and str(tmp_path) in note
    assert draw_photograph(np.random.default_rng(1), 64, 48, True).size == (64, 48)


def debian_package(files: dict[str, bytes]) -> bytes:
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w:xz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    package = b"!<arch>\n"
    for name, content in (
        (b"debian-binary", b"2.0\n"),
        (b"control.tar.xz", b"odd"),
        (b"data.tar.xz", stored.getvalue()),
    ):
        package += name.ljust(16) + b"0".ljust(32) + str(len(content)).encode().ljust(10) + b"`\n" + content
        package += b"\n" * (len(content) % 2)
    return package


def package_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, sha256: str) -> None:
    """One package on disk (a file: address, so no network) that holds one photograph."""
    file = tmp_path / "pictures.deb"
    file.write_bytes(content)
    package = fetch_photographs.Package(file.as_uri(), sha256, "./backgrounds/")
    monkeypatch.setattr(fetch_photographs, "PACKAGES", {"pictures 1.0": package})
    monkeypatch.setattr(fetch_photographs, "PHOTOGRAPHS", (("rock.png", "pictures 1.0", "A. Author", "CC0 1.0"),))


def test_fetching_unpacks_shrinks_and_credits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = io.BytesIO()
    Image.new("RGB", (2000, 1000), (90, 120, 60)).save(stored, "PNG")
    content = debian_package({"./backgrounds/rock.png": stored.getvalue()})
    package_file(tmp_path, monkeypatch, content, hashlib.sha256(content).hexdigest())
    assert fetch_photographs.main([str(tmp_path / "out")]) == 0
    with Image.open(tmp_path / "out" / "rock.jpg") as image:
        assert image.size == (fetch_photographs.LONGEST, fetch_photographs.LONGEST // 2)
    assert "rock.png\tA. Author\tCC0 1.0" in (tmp_path / "out" / "CREDITS.txt").read_text(encoding="utf-8")


def test_a_package_that_was_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package_file(tmp_path, monkeypatch, debian_package({}), "0" * 64)
    assert fetch_photographs.main([str(tmp_path / "out")]) == 1
    assert "is not the file that is expected" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*.jpg"))
