"""A photograph, checked before it is decoded."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from kg.errors import SightGraphError, unknown_name

MAX_PIXELS = 50_000_000
"""Larger photographs are refused: 50 megapixels decode to 150 MB."""

EXAMPLES = {
    "astronaut": "astronaut.png",
    "camera": "camera.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
}
"""Names after `example:` and the files of scikit-image's wheel that they stand for."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photograph.

    image: RGB, upright (EXIF orientation applied).
    source: the path or `example:` name that it came from.
    """

    image: Image.Image
    source: str

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @classmethod
    def open(cls, source: str | Path | Image.Image | Photo) -> Photo:
        """Open a file, an `example:NAME`, or wrap a Pillow image.

        Raises:
            SightGraphError: no such file, not a whole image, or more than `MAX_PIXELS` pixels.
        """
        if isinstance(source, Photo):
            return source
        if isinstance(source, Image.Image):
            return cls(_upright(source, "image in memory"), "image in memory")
        name = str(source)
        path = _example_path(name) if name.startswith("example:") else Path(source)
        return cls(_decode(path, name), name)


def _example_path(name: str) -> Path:
    example = name.removeprefix("example:")
    if example not in EXAMPLES:
        raise unknown_name("example photograph", example, EXAMPLES)
    import skimage

    return Path(skimage.__file__).parent / "data" / EXAMPLES[example]


def _decode(path: Path, name: str) -> Image.Image:
    if not os.path.isfile(path):  # unlike Path.is_file, also False for a name that is too long
        raise SightGraphError(f"there is no photograph at '{name}'. Give a file or example:NAME.")
    if path.stat().st_size == 0:
        raise SightGraphError(f"the photograph '{name}' is empty (0 bytes).")
    try:
        with warnings.catch_warnings():
            # Pillow's own warning comes before our limit; our error says more.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                return _upright(opened, name)
    except UnidentifiedImageError as error:
        raise SightGraphError(f"'{name}' is not an image that Pillow can read.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except SightGraphError:
        raise
    except Exception as error:  # each of Pillow's decoders fails in its own way
        raise SightGraphError(f"the photograph '{name}' is broken or cut off: {error}.") from error


def _upright(image: Image.Image, name: str) -> Image.Image:
    """Return `image` decoded, as RGB, turned as its EXIF orientation says."""
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name, f"{image.width} x {image.height} pixels, ")
    if image.mode.startswith("I;16"):  # Pillow would clip 16 bits at 255
        image = image.point(lambda value: value / 256).convert("L")
    return ImageOps.exif_transpose(image.convert("RGB"))


def _too_large(name: str, size: str = "") -> SightGraphError:
    return SightGraphError(
        f"the photograph '{name}' has {size}more than {MAX_PIXELS // 1_000_000} megapixels. "
        "Scale it down first."
    )
