"""A photograph is opened upright and in RGB, or refused with the reason."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from kg.errors import SightGraphError
from pipelines.photo import EXAMPLES, Photo

EXIF_ORIENTATION = 0x0112
TURNED_BY_A_QUARTER = 6


def left_half_red() -> Image.Image:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20, 0] = 255
    return Image.fromarray(pixels)


def encoded(form: str) -> bytes:
    buffer = io.BytesIO()
    left_half_red().save(buffer, form)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG that claims a size and brings no pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_common_formats_give_rgb_of_the_same_size(tmp_path: Path, form: str) -> None:
    path = tmp_path / "photo"
    path.write_bytes(encoded(form))
    photo = Photo.open(path)
    assert (photo.image.mode, photo.width, photo.height) == ("RGB", 40, 20)
    red, _, _ = photo.image.getpixel((5, 10))
    assert red > 200
    assert photo.source == str(path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_colour_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "photo.tiff"
    Image.new(mode, (8, 6)).save(path)
    assert Photo.open(path).image.mode == "RGB"


def test_sixteen_bit_photograph_keeps_its_greys(tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    Image.fromarray(np.array([[0, 0x4000, 0x8000, 0xFFFF]], np.uint16)).save(path)
    reds = np.asarray(Photo.open(path).image)[0, :, 0]
    np.testing.assert_allclose(reds, [0, 64, 128, 255], atol=1)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(tmp_path: Path, form: str) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = TURNED_BY_A_QUARTER
    path = tmp_path / "photo"
    left_half_red().save(path, form, exif=exif)
    photo = Photo.open(path)
    assert (photo.width, photo.height) == (20, 40)
    red_above, red_below = (photo.image.getpixel((10, y))[0] for y in (5, 35))
    assert red_above > 200 > 50 > red_below


def test_image_in_memory_is_turned_upright_too() -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = TURNED_BY_A_QUARTER
    buffer = io.BytesIO()
    left_half_red().save(buffer, "JPEG", exif=exif)
    photo = Photo.open(Image.open(buffer))
    assert (photo.width, photo.height, photo.source) == (20, 40, "image in memory")


def test_photo_passes_through() -> None:
    photo = Photo.open(left_half_red())
    assert Photo.open(photo) is photo


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_need_no_download(name: str) -> None:
    photo = Photo.open(f"example:{name}")
    assert photo.source == f"example:{name}"
    assert min(photo.width, photo.height) >= 300


def test_unknown_example_suggests_the_nearest() -> None:
    with pytest.raises(SightGraphError, match="Did you mean 'motorcycle'"):
        Photo.open("example:motorbicycle")


@pytest.mark.parametrize("name", ["missing.jpg", "", "a" * 300, "\0"])
def test_missing_photograph_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SightGraphError, match="there is no photograph at"):
        Photo.open(tmp_path / name)


def test_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(SightGraphError, match=r"empty\.jpg' is empty \(0 bytes\)"):
        Photo.open(path)


def test_text_file_is_not_an_image(tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("no pixels here")
    with pytest.raises(SightGraphError, match=r"notes\.jpg' is not an image"):
        Photo.open(path)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_truncated_photograph_is_refused(tmp_path: Path, form: str) -> None:
    whole = encoded(form)
    path = tmp_path / "cut"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(SightGraphError, match=r"is broken or cut off|not an image"):
        Photo.open(path)


@pytest.mark.parametrize("side", [10_000, 40_000])
def test_hundred_megapixels_are_refused_before_decoding(tmp_path: Path, side: int) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(side, side))  # decoding it would say that it is cut off
    with pytest.raises(SightGraphError, match=r"huge\.png' has .*more than 50 megapixels"):
        Photo.open(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
)
def test_damaged_file_is_opened_or_refused_but_never_crashes(
    tmp_path: Path, form: str, damage: list[tuple[float, int]], kept: float
) -> None:
    content = bytearray(encoded(form))
    for place, value in damage:
        content[int(place * (len(content) - 1))] = value
    path = tmp_path / "damaged"
    path.write_bytes(content[: int(kept * len(content))])
    try:
        photo = Photo.open(path)
    except SightGraphError:
        return
    assert photo.image.mode == "RGB"
