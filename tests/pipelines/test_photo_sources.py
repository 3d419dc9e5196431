"""What a photograph can be opened from, and that its content has one name."""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from kg.errors import SightGraphError
from pipelines.photo import Photo


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


SOURCES = {
    "bytes": png,
    "pillow": Image.fromarray,
    "array": lambda pixels: pixels,
    "floats": lambda pixels: pixels / 255,
    "batch of one": lambda pixels: pixels[None],
    "tensor": lambda pixels: torch.from_numpy(pixels).permute(2, 0, 1),
    "tensor of floats": lambda pixels: torch.from_numpy(pixels).permute(2, 0, 1).float() / 255,
    "half precision": lambda pixels: (torch.from_numpy(pixels) / 255).to(torch.float32),
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_source_gives_the_same_pixels(pixels: np.ndarray, name: str) -> None:
    opened = Photo.open(SOURCES[name](pixels))  # type: ignore[operator]
    assert (np.asarray(opened.image) == pixels).all()
    assert len(opened.sha256) == 64


def test_greys_are_photographs_too(pixels: np.ndarray) -> None:
    grey = pixels[..., 0]
    for source in (grey, grey[..., None], torch.from_numpy(grey)[None]):
        assert (np.asarray(Photo.open(source).image)[..., 1] == grey).all()


def test_a_file_and_its_bytes_have_the_hash_of_the_file(pixels: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(pixels))
    name = sha256(png(pixels)).hexdigest()
    assert Photo.open(tmp_path / "a.png").sha256 == Photo.open(png(pixels)).sha256 == name


def test_the_hash_of_an_image_in_memory_is_of_its_size_too() -> None:
    shapes = [(4, 6, 3), (6, 4, 3)]
    assert len({Photo.open(np.zeros(shape, np.uint8)).sha256 for shape in shapes}) == 2


@pytest.mark.parametrize(
    "source",
    [
        np.zeros((5, 5, 2)),
        np.zeros((0, 4, 3)),
        np.full((4, 4, 3), 300),
        np.full((4, 4, 3), 255.0),
        np.full((4, 4, 3), np.nan),
        np.full((4, 4, 3), -1),
        np.array(["text"]),
        None,
        7,
    ],
)
def test_what_is_no_photograph_is_refused_with_what_would_be(source: Any) -> None:
    with pytest.raises(SightGraphError, match=r"\[H, W, 3\]"):
        Photo.open(source)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"no image at all"])
def test_broken_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(SightGraphError, match="image in memory"):
        Photo.open(content)


def closed() -> Image.Image:
    image = Image.new("RGB", (4, 4))
    image.close()
    return image


@pytest.mark.parametrize("source", [closed(), [[1], [1, 2]]], ids=["closed", "ragged"])
def test_what_pillow_or_numpy_refuses_is_refused_with_a_message(source: Any) -> None:
    with pytest.raises(SightGraphError, match="image in memory cannot be used"):
        Photo.open(source)
