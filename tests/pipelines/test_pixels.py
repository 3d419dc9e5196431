"""pipelines/pixels: greys keep their order, transparent parts lie on white, memory is bounded."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from pipelines import pixels
from pipelines.pixels import upright


def scaled_at_once(greys: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """The definition: all greys as float64."""
    wide = np.nan_to_num(greys.astype(np.float64))
    return ((wide - lowest) * (255 / (highest - lowest))).round().astype(np.uint8)


@pytest.mark.parametrize(
    ("dtype", "low", "high", "lowest", "highest"),
    [
        ("u2", 0, 65536, 0, 65535),
        ("u2", 0, 4096, 0, 4095),
        ("i4", 0, 1024, 0, 1023),
        ("f4", 0, 1, 0, 1),
    ],
)
def test_greys_scaled_in_blocks_equal_those_scaled_at_once(
    monkeypatch: pytest.MonkeyPatch, dtype: str, low: int, high: int, lowest: int, highest: int
) -> None:
    monkeypatch.setattr(pixels, "BLOCK", 1000)
    drawn = np.random.default_rng(0).uniform(low, high, (61, 300)).astype(dtype)
    drawn[0, :2] = lowest, highest
    image = upright(Image.fromarray(drawn))
    np.testing.assert_array_equal(
        np.asarray(image.getchannel("R")), scaled_at_once(drawn, lowest, highest)
    )


def test_deep_greys_take_little_more_memory_than_their_pixels() -> None:
    greys = Image.fromarray(np.full((2000, 2000), 40_000, np.uint16))
    tracemalloc.start()
    pixels._eight_bits(greys)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 2000 * 2000  # bytes; as float64, all greys at once took 24 a pixel


def test_the_transparent_grey_of_a_deep_png_is_white() -> None:
    buffer = io.BytesIO()
    greys = np.full((4, 4), 10_000, np.uint16)
    greys[0] = 60_000
    Image.fromarray(greys).save(buffer, "PNG", transparency=10_000)
    opened = Image.open(buffer)
    opened.load()
    reds = np.asarray(upright(opened))[..., 0]
    assert (reds[0] == 233).all()
    assert (reds[1:] == 255).all()


def test_multiplied_transparent_greys_are_converted() -> None:
    grey = Image.new("LA", (2, 2), (0, 0)).convert("La")
    assert upright(grey).getpixel((0, 0)) == (255, 255, 255)
