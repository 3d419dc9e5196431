"""The pixels of decoded images and of arrays, as upright RGB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from kg.errors import SightGraphError

BIT_DEPTHS = (8, 10, 12, 14, 16)
"""A camera's or scanner's greys have one of these depths, whatever the file's depth is."""
CHANNELS = (1, 3, 4)
ROUNDING = 1e-3
"""Floats may exceed their range by this."""
BLOCK = 1 << 18
"""Greys that are scaled at once: as floats they take eight times the memory of bytes."""


def image_of(pixels: Any) -> Image.Image:
    """Return an array or tensor as a Pillow image.

    Raises:
        SightGraphError: it has another shape or type.
    """
    if hasattr(pixels, "detach"):  # a tensor, which this module need not import torch for
        floats = pixels.detach().cpu()
        pixels = (floats.float() if floats.is_floating_point() else floats).numpy()
    array = np.asarray(pixels)
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[0] in CHANNELS and array.shape[2] not in CHANNELS:
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    usable = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in CHANNELS)
    usable = usable and 0 not in array.shape and array.dtype.kind in "uifb"
    most = 1.0 if array.dtype.kind in "fb" else 255.0
    if not usable or not (array.min() >= 0 and array.max() <= most + ROUNDING):
        raise SightGraphError(
            f"an array of shape {array.shape} and type {array.dtype} is no photograph. Give "
            "[H, W, 3] with whole numbers in [0, 255], or floats in [0, 1]."
        )
    levels = (array.astype(np.float64) * (255 / most)).round().clip(0, 255)
    return Image.fromarray(levels.astype(np.uint8))


def upright(image: Image.Image) -> Image.Image:
    """Return a decoded image as RGB, turned as its EXIF orientation says."""
    turned = _turned(image)
    if turned.mode in ("I", "F") or turned.mode.startswith("I;16"):
        turned = _eight_bits(turned)
    if turned.mode == "La":
        turned = turned.convert("LA")  # Pillow converts it to nothing else
    if "transparency" in turned.info or turned.mode in ("RGBA", "LA", "PA", "RGBa"):
        opaque = turned.convert("RGBA")
        white = Image.new("RGBA", opaque.size, (255, 255, 255, 255))
        turned = Image.alpha_composite(white, opaque)
    return turned.convert("RGB")


def _turned(image: Image.Image) -> Image.Image:
    """Return `image` upright; one whose EXIF data cannot be read stays as it is."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # each malformed tag fails in its own way, and the pixels are whole
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey image of more than 8 bits or of floats, scaled by the range of its greys.

    The grey that a PNG declares transparent becomes white.
    """
    greys = np.asarray(image)
    clear = image.info.get("transparency")
    ranges = [(float(block.min()), float(block.max())) for _, block in _blocks(greys)]
    lowest, highest = min(low for low, _ in ranges), max(high for _, high in ranges)
    if image.mode == "F" and lowest >= 0 and highest <= 1:
        lowest, highest = 0.0, 1.0
    elif lowest >= 0 and highest < 2 ** BIT_DEPTHS[-1]:
        depth = next(bits for bits in BIT_DEPTHS if highest < 2**bits)
        lowest, highest = 0.0, 2.0**depth - 1
    levels = np.empty(greys.shape, dtype=np.uint8)
    for rows, block in _blocks(greys):
        scaled = (block - lowest) * (255 / max(highest - lowest, 1e-12))
        levels[rows] = scaled.round()
        if isinstance(clear, int):
            levels[rows][block == clear] = 255
    return Image.fromarray(levels)


def _blocks(greys: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield some rows at a time, and their greys as finite floats."""
    height = max(1, BLOCK // greys.shape[1])
    for start in range(0, len(greys), height):
        rows = slice(start, start + height)
        yield rows, np.nan_to_num(greys[rows].astype(np.float64))
