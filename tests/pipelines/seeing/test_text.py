"""pipelines/seeing/text.py: printed text is read, and no photograph breaks the reader."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from pipelines.photo import Photo
from pipelines.seeing.text import MIN_SCORE, TEXT_READERS, RapidOCRReader, TextReader


@pytest.fixture(scope="module")
def reader() -> RapidOCRReader:
    return RapidOCRReader()


def sign(text: str, font: str, height: int, turn: float = 0.0) -> Photo:
    """A white sign with dark letters in the middle of a grey photograph."""
    face = ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / font), height)
    left, top, right, bottom = map(int, face.getbbox(text))
    plate = Image.new("RGB", (right - left + 20, bottom - top + 20), "white")
    ImageDraw.Draw(plate).text((10 - left, 10 - top), text, fill=(20, 20, 60), font=face)
    image = Image.new("RGB", (320, 240), (120, 130, 120))
    turned = plate.convert("RGBA").rotate(turn, expand=True, resample=Image.Resampling.BICUBIC)
    image.paste(turned, (60, 90), turned)
    return Photo.open(image)


@pytest.mark.parametrize(
    ("text", "font", "height", "turn"),
    [
        ("STOP", "DejaVuSans-Bold.ttf", 40, 0),
        ("Bakery", "DejaVuSerif.ttf", 24, 0),
        ("42", "DejaVuSansMono.ttf", 28, 0),
        ("10:45", "STIXGeneral.ttf", 30, 0),
        ("exit", "DejaVuSans-Oblique.ttf", 18, 0),
        ("Museum", "DejaVuSans.ttf", 26, 8),
        ("Museum", "DejaVuSans.ttf", 26, -8),
    ],
)
def test_text_is_read_in_its_place(
    reader: RapidOCRReader, text: str, font: str, height: int, turn: float
) -> None:
    (line,) = reader(sign(text, font, height, turn))
    assert line.text == text
    assert MIN_SCORE <= line.score <= 1
    assert 50 <= line.box.x1 < line.box.x2 <= 320
    assert 80 <= line.box.y1 < line.box.y2 <= 200
    assert line.origin == reader.name


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (9, 130), (600, 20), (2600, 2100)])
def test_no_size_of_a_photograph_breaks_it(reader: RapidOCRReader, size: tuple[int, int]) -> None:
    assert reader(Photo.open(Image.new("RGB", size, (90, 120, 90)))) == []


def test_the_same_photograph_gives_the_same_bits(reader: RapidOCRReader) -> None:
    photo = sign("Bakery 42", "DejaVuSans.ttf", 24)
    assert reader(photo) == reader(photo)


def test_it_downloads_nothing_and_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("it opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert RapidOCRReader()(sign("STOP", "DejaVuSans.ttf", 30))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_every_reader_keeps_the_protocol() -> None:
    assert list(TEXT_READERS) == ["rapidocr"]
    assert all(isinstance(TEXT_READERS.make(name), TextReader) for name in TEXT_READERS)
    assert all(TEXT_READERS.about(name) for name in TEXT_READERS)


@pytest.mark.parametrize(
    ("photograph", "text"),
    [
        ("1355945307_f9e01a9a05.jpg", "Bavaria"),
        ("1370615506_2b96105ca3.jpg", "Wine Shop"),
        ("1387461595_2fe6925f73.jpg", "PENSANS"),
    ],
)
def test_text_on_photographs_of_training_and_development_is_read(
    reader: RapidOCRReader, datasets: Path, photograph: str, text: str
) -> None:
    file = datasets / "flickr8k_1k" / "images" / photograph
    assert text in [line.text for line in reader(Photo.open(file))]
