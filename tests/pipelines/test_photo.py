"""A photograph is opened upright and in RGB, or refused with the reason."""

from __future__ import annotations

import io
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from kg.errors import SightGraphError
from pipelines.photo import EXAMPLES, Photo, PhotoWarning

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


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="is a folder"):
        Photo.open(tmp_path)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("photos/*.jpg", "looks like a pattern.* 'sightgraph ask --batch'"),
        ("https://example.org/cat.jpg", "Nothing is fetched from the network: download it"),
        (".", "is a folder.* 'sightgraph graph FOLDER -o DIR'"),
    ],
)
def test_what_names_many_photographs_or_a_page_is_told_what_to_do(name: str, advice: str) -> None:
    with pytest.raises(SightGraphError, match=advice):
        Photo.open(name)


@pytest.mark.parametrize("name", ["missing.jpg", "a" * 300, "\0"])
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


def busy(width: int = 200, height: int = 160) -> Image.Image:
    """A picture whose rows all differ."""
    drawn = np.random.default_rng(0).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    return Image.fromarray(drawn).resize((width, height))


def test_a_photograph_that_lacks_its_last_bytes_is_opened_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    busy().save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.warns(PhotoWarning, match=r"cut\.jpg' is damaged"):
        photo = Photo.open(path)
    above = (0, 0, 200, 128)
    np.testing.assert_allclose(
        np.asarray(photo.image.crop(above), float), np.asarray(busy().crop(above), float), atol=60
    )


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_missing_rows_are_counted_before_the_photograph_is_turned(
    tmp_path: Path, orientation: int
) -> None:
    path = tmp_path / "half.jpg"
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    busy().save(path, "JPEG", exif=exif)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SightGraphError, match="broken or cut off"):
        Photo.open(path)


def test_exif_data_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    left_half_red().save(path, "JPEG", exif=b"Exif\0\0no TIFF header at all")
    photo = Photo.open(path)
    assert (photo.width, photo.height) == (40, 20)


def chunks(content: bytes) -> list[tuple[int, bytes]]:
    """The chunks of a PNG with their places."""
    found, place = [], 8
    while place < len(content):
        length = int.from_bytes(content[place : place + 4])
        found.append((place, content[place + 4 : place + 8]))
        place += 12 + length
    return found


def test_a_wrong_checksum_beside_the_pixels_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    meta = PngInfo()
    meta.add_text("comment", "x" * 100)
    busy().save(path, "PNG", pnginfo=meta)
    content = bytearray(path.read_bytes())
    place = next(at for at, name in chunks(bytes(content)) if name == b"tEXt")
    content[place + 8 + 108] ^= 0xFF
    path.write_bytes(content)
    with pytest.warns(PhotoWarning, match="damaged"):
        assert Photo.open(path).image.tobytes() == busy().tobytes()


def with_wrong_checksum(image: Image.Image) -> bytes:
    """A PNG whose resolution has a wrong checksum."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", dpi=(72, 72))
    content = bytearray(buffer.getvalue())
    place = next(at for at, name in chunks(bytes(content)) if name == b"pHYs")
    content[place + 8 + 9] ^= 0xFF
    return bytes(content)


def test_a_plain_foot_is_not_missing_where_only_a_checksum_is_wrong() -> None:
    image = busy()
    image.paste("white", (0, 100, 200, 160))
    with pytest.warns(PhotoWarning, match="'scan' is damaged: its metadata") as caught:
        assert Photo.decoded(with_wrong_checksum(image), "scan").image.tobytes() == image.tobytes()
    assert "BytesIO" not in str(caught[0].message)


def test_a_wrong_checksum_does_not_hide_that_rows_are_missing() -> None:
    content = with_wrong_checksum(busy())
    with pytest.raises(SightGraphError, match="'scan' is not an image"):
        Photo.decoded(content[: len(content) // 2], "scan")


def test_large_text_in_a_png_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    meta = PngInfo()
    meta.add_text("comment", "x" * 3_000_000, zip=True)
    busy().save(path, "PNG", pnginfo=meta)
    with pytest.warns(PhotoWarning, match="damaged"):
        assert Photo.open(path).image.tobytes() == busy().tobytes()


@pytest.mark.parametrize("order", [">", "<"])
def test_sixteen_bits_are_read_in_either_byte_order(tmp_path: Path, order: str) -> None:
    path = tmp_path / "scan.tif"
    greys = np.array([[0, 0x4000, 0x8000, 0xFFFF]], f"{order}u2")
    mode = "I;16B" if order == ">" else "I;16"
    Image.frombytes(mode, (4, 1), greys.tobytes()).save(path)
    reds = np.asarray(Photo.open(path).image)[0, :, 0]
    np.testing.assert_allclose(reds, [0, 64, 128, 255], atol=1)


@pytest.mark.parametrize(
    ("greys", "dtype"),
    [([0, 1024, 2048, 4095], np.uint16), ([0, 0.25, 0.5, 1], np.float32), ([-8, 0, 8, 24], "f4")],
)
def test_greys_are_scaled_by_their_range(
    tmp_path: Path, greys: list[float], dtype: np.dtype
) -> None:
    path = tmp_path / "scan.tif"
    Image.fromarray(np.array([greys], dtype)).save(path)
    reds = np.asarray(Photo.open(path).image)[0, :, 0]
    np.testing.assert_allclose(reds, [0, 64, 128, 255], atol=1)


def test_transparent_parts_lie_on_white(tmp_path: Path) -> None:
    path = tmp_path / "cut-out.png"
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, 2:] = (0, 0, 255, 255)
    Image.fromarray(pixels).save(path)
    image = Photo.open(path).image
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.getpixel((3, 3)) == (0, 0, 255)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_the_sharpest_frame_of_an_animation_is_looked_at(tmp_path: Path, form: str) -> None:
    path = tmp_path / "animation"
    blank = Image.new("RGB", (200, 160), (250, 250, 250))
    others = [busy(), Image.new("RGB", (200, 160), (9, 9, 9))]
    blank.save(path, form, save_all=True, append_images=others, duration=100)
    with pytest.warns(PhotoWarning, match=r"animation of 3 frames\. Frame 2 is looked at"):
        photo = Photo.open(path)
    assert np.asarray(photo.image, float).std() > 40


def test_the_pages_of_a_tiff_are_no_animation(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    left_half_red().save(path, save_all=True, append_images=[busy(40, 20)])
    assert Photo.open(path).image.getpixel((5, 10)) == (255, 0, 0)


def test_heic_without_its_plugin_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "phone.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(SightGraphError, match="pip install pillow-heif"):
        Photo.open(path)


@pytest.mark.parametrize("side", [10_000, 40_000])
def test_hundred_megapixels_are_refused_before_decoding(tmp_path: Path, side: int) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(side, side))  # decoding it would say that it is cut off
    with pytest.raises(SightGraphError, match=r"huge\.png' has .*more than 50 megapixels"):
        Photo.open(path)


@settings(max_examples=200)
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PhotoWarning)
            photo = Photo.open(path)
    except SightGraphError:
        return
    assert photo.image.mode == "RGB"
