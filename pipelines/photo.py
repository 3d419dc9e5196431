"""A photograph, checked before it is decoded."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
            return cls(source.convert("RGB"), "image in memory")
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
    if not path.is_file():
        raise SightGraphError(f"there is no photograph at '{name}'. Give a file or example:NAME.")
    if path.stat().st_size == 0:
        raise SightGraphError(f"the photograph '{name}' is empty (0 bytes).")
    try:
        with warnings.catch_warnings():
            # Pillow's own warning comes before our limit; our error says more.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened: Any = Image.open(path)
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise SightGraphError(
                f"the photograph '{name}' has {width} x {height} pixels, more than "
                f"{MAX_PIXELS // 1_000_000} megapixels. Scale it down first."
            )
        return ImageOps.exif_transpose(opened.convert("RGB"))
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise SightGraphError(f"'{name}' is not an image that can be read: {error}.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise SightGraphError(f"the photograph '{name}' is broken or cut off: {error}.") from error
