"""A photograph, checked before it is decoded."""

from __future__ import annotations

import glob
import hashlib
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from kg.errors import SightGraphError, SightGraphWarning, unknown_name

MAX_PIXELS = 50_000_000
"""Larger photographs are refused: 50 megapixels decode to 150 MB."""
MAX_FRAMES = 16
"""Frames of an animation among which the sharpest is taken."""
MAX_MISSING = 0.1
"""A photograph may lack this share of its rows, at the lower edge; the rest shows enough."""
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF"}
"""Formats whose frames follow each other in time; those of TIFF and MPO do not."""
BIT_DEPTHS = (8, 10, 12, 14, 16)
"""A camera's or scanner's greys have one of these depths, whatever the file's depth is."""
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")

EXAMPLES = {
    "astronaut": "astronaut.png",
    "camera": "camera.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
}
"""Names after `example:` and the files of scikit-image's wheel that they stand for."""


IN_MEMORY = "image in memory"
CHANNELS = (1, 3, 4)
ROUNDING = 1e-3
"""Floats may exceed their range by this."""
PhotoSource: TypeAlias = "str | Path | bytes | Image.Image | Photo | Any"
"""What `Photo.open` takes; Any stands for arrays and tensors."""


class PhotoWarning(SightGraphWarning):
    """Not all that a file holds is looked at."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photograph.

    image: RGB, upright (EXIF orientation applied), transparent parts on white.
    source: the path or `example:` name that it came from.
    sha256: of the file, or of the pixels of an image in memory, in hexadecimal.
    """

    image: Image.Image
    source: str
    sha256: str = ""

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @classmethod
    def open(cls, source: PhotoSource) -> Photo:
        """Open a file, an `example:NAME`, or wrap an image in memory.

        source: a path or name; the bytes of a file; a Pillow image; or an array or tensor,
            [H, W] or [H, W, C] or [C, H, W], of 1, 3 or 4 channels, in [0, 255] or, of floats,
            in [0, 1].

        Greys of more than 8 bits are scaled by their range. Of an animation, the sharpest of
        the first `MAX_FRAMES` frames is taken. A `PhotoWarning` says so, and so it does if the
        last rows are missing.

        Raises:
            SightGraphError: no such file, not a whole image, or more than `MAX_PIXELS` pixels.
        """
        if isinstance(source, Photo):
            return source
        if isinstance(source, bytes | bytearray | memoryview):
            return cls.decoded(bytes(source), IN_MEMORY)
        if not isinstance(source, str | os.PathLike):
            given = source if isinstance(source, Image.Image) else _image_of(source)
            image = _upright(given, IN_MEMORY)
            pixels = f"{image.width} x {image.height}\n".encode() + image.tobytes()
            return cls(image, IN_MEMORY, sha256(pixels).hexdigest())
        name = str(source)
        path = example_path(name) if name.startswith("example:") else Path(source)
        _check_file(path, name)
        image = _decode(path, name)
        return cls(image, _in_text(name), sha256(path.read_bytes()).hexdigest())

    @classmethod
    def decoded(cls, content: bytes, name: str) -> Photo:
        """Return the photograph of a file that was read already.

        content: of the file. name: where it is from.

        Raises:
            SightGraphError: as `open`.
        """
        return cls(_decode(content, name), name, sha256(content).hexdigest())


def _in_text(name: str) -> str:
    """Return the name of a file, which need not be UTF-8, as it can stand in graphs and files."""
    return name.encode("utf-8", "backslashreplace").decode()


def _image_of(pixels: Any) -> Image.Image:
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


def example_path(name: str) -> Path:
    """Return the file of `example:NAME`.

    Raises:
        UnknownNameError: there is no such example.
    """
    example = name.removeprefix("example:")
    if example not in EXAMPLES:
        raise unknown_name("example photograph", example, EXAMPLES)
    import skimage

    return Path(skimage.__file__).parent / "data" / EXAMPLES[example]


FOR_MANY = "for many, 'sightgraph ask --batch' and 'sightgraph graph FOLDER -o DIR'"


def _advice(name: str) -> str:
    if "://" in name:
        return "Nothing is fetched from the network: download it, and give the file."
    if glob.has_magic(name):
        return f"It looks like a pattern. Give one photograph; {FOR_MANY}."
    return "Give a file or example:NAME."


def _check_file(path: Path, name: str) -> None:
    if os.path.isdir(path):
        raise SightGraphError(f"'{name}' is a folder. Give one photograph of it; {FOR_MANY}.")
    if not os.path.isfile(path):  # unlike Path.is_file, also False for a name that is too long
        raise SightGraphError(f"there is no photograph at '{name}'. {_advice(name)}")
    if path.stat().st_size == 0:
        raise SightGraphError(f"the photograph '{name}' is empty (0 bytes).")


def file_digest(photo: str) -> str:
    """Return SHA-256 of the file; "" where it cannot be read, which its task then says."""
    try:
        with open(photo, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""


def _decode(file: Path | bytes, name: str) -> Image.Image:
    try:
        return _read(file, name)
    except SightGraphError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except Exception as error:  # each of Pillow's decoders fails in its own way
        return _read_damaged(file, name, error)


def _read(file: Path | bytes, name: str) -> Image.Image:
    if _is_heic(file):
        _register_heic(name)
    with warnings.catch_warnings():
        # Pillow's own warnings come before our limit, or are about metadata that we do not use.
        warnings.filterwarnings("ignore", module="PIL")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        opened = Image.open(BytesIO(file) if isinstance(file, bytes) else file)
    with opened:
        return _upright(opened, name)


def _read_damaged(file: Path | bytes, name: str, error: Exception) -> Image.Image:
    """Return a photograph with wrong checksums, too much metadata, or a few rows missing.

    Raises:
        SightGraphError: more is missing.
    """
    try:
        with _tolerant():
            image = _read(file, name)
        missing = _missing_rows(image)
    except SightGraphError:
        raise
    except Exception:
        missing = 0
        image = None
    if image is None or missing > MAX_MISSING * image.height:
        if isinstance(error, UnidentifiedImageError):
            reason = f"'{name}' is not an image that Pillow can read."
        else:
            reason = f"the photograph '{name}' is broken or cut off: {error}."
        raise SightGraphError(reason) from error
    rows = f", and its last {missing} rows are missing" if missing else ""
    warnings.warn(f"the file '{name}' is damaged{rows}: {error}.", PhotoWarning, stacklevel=4)
    return image


_PILLOW = threading.Lock()


@contextmanager
def _tolerant() -> Iterator[None]:
    """Let Pillow pass over what it cannot read; its switch is global, hence the lock."""
    with _PILLOW:
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def _missing_rows(image: Image.Image) -> int:
    """Return how many rows at the lower edge hold one colour: decoders fill what is missing."""
    pixels = np.asarray(image)[::-1]
    same = (pixels == pixels[:1, :1]).all(axis=(1, 2))
    return sum(1 for _ in takewhile(bool, same))


def _is_heic(file: Path | bytes) -> bool:
    if isinstance(file, bytes):
        head = file[:12]
    else:
        with file.open("rb") as opened:
            head = opened.read(12)
    return head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS


def _register_heic(name: str) -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        raise SightGraphError(
            f"'{name}' is a HEIC photograph, which needs pillow-heif. Install it with "
            "'pip install pillow-heif', or save the photograph as JPEG."
        ) from error
    register_heif_opener()


def _upright(image: Image.Image, name: str) -> Image.Image:
    """Return `image` decoded, as RGB, turned as its EXIF orientation says."""
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name, f"{image.width} x {image.height} pixels, ")
    if image.format in ANIMATED and getattr(image, "n_frames", 1) > 1:
        _seek_sharpest(image, name)
    image.load()
    turned = _turned(image)
    if turned.mode in ("I", "F") or turned.mode.startswith("I;16"):
        turned = _eight_bits(turned)
    if "transparency" in turned.info or turned.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
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


def _seek_sharpest(image: Image.Image, name: str) -> None:
    """Move an animation to the sharpest of its first frames."""
    frames = int(getattr(image, "n_frames", 1))
    tried = max(1, min(frames, MAX_FRAMES, MAX_PIXELS // (image.width * image.height)))
    scores = []
    for number in range(tried):
        image.seek(number)
        scores.append(_sharpness(image))
    best = int(np.argmax(scores))
    image.seek(best)
    warnings.warn(
        f"'{name}' is an animation of {frames} frames. Frame {best + 1} is looked at, the "
        f"sharpest of the first {tried}.",
        PhotoWarning,
        stacklevel=5,
    )


def _sharpness(image: Image.Image) -> float:
    """Return the mean squared difference of neighbouring greys, of which a blur leaves little."""
    grey = np.asarray(image.convert("RGB").convert("L"), dtype=np.float32)
    across, down = np.diff(grey, axis=1), np.diff(grey, axis=0)
    return float(np.square(across).sum() + np.square(down).sum()) / grey.size


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey image of more than 8 bits or of floats, scaled by the range of its greys."""
    greys = np.nan_to_num(np.asarray(image, dtype=np.float64))
    lowest, highest = float(greys.min()), float(greys.max())
    if image.mode == "F" and lowest >= 0 and highest <= 1:
        lowest, highest = 0.0, 1.0
    elif lowest >= 0 and highest < 2 ** BIT_DEPTHS[-1]:
        depth = next(bits for bits in BIT_DEPTHS if highest < 2**bits)
        lowest, highest = 0.0, 2.0**depth - 1
    scaled = (greys - lowest) * (255 / max(highest - lowest, 1e-12))
    return Image.fromarray(scaled.round().astype(np.uint8))


def _too_large(name: str, size: str = "") -> SightGraphError:
    return SightGraphError(
        f"the photograph '{name}' has {size}more than {MAX_PIXELS // 1_000_000} megapixels. "
        "Scale it down first."
    )
