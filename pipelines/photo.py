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
from PIL import Image, ImageFile, UnidentifiedImageError

from kg.errors import SightGraphError, SightGraphWarning, unknown_name
from kg.files import readable
from pipelines.pixels import image_of, upright

MAX_PIXELS = 50_000_000
"""Larger photographs are refused: the RGB pixels of 50 megapixels take 150 MB."""
MAX_FRAMES = 16
"""Frames of an animation among which the sharpest is taken."""
MAX_MISSING = 0.1
"""A photograph may lack this share of its rows, at the lower edge; the rest shows enough."""
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF"}
"""Formats whose frames follow each other in time; those of TIFF and MPO do not."""
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
            image = _in_memory(source)
            pixels = f"{image.width} x {image.height}\n".encode() + image.tobytes()
            return cls(image, IN_MEMORY, sha256(pixels).hexdigest())
        name = str(source)
        path = example_path(name) if name.startswith("example:") else Path(source)
        _check_file(path, name)
        image = _decode(path, name)
        return cls(image, readable(name), sha256(path.read_bytes()).hexdigest())

    @classmethod
    def decoded(cls, content: bytes, name: str) -> Photo:
        """Return the photograph of a file that was read already.

        content: of the file. name: where it is from.

        Raises:
            SightGraphError: as `open`.
        """
        return cls(_decode(content, name), name, sha256(content).hexdigest())


def check_photo(file: Path) -> None:
    """Find out from the head of a file whether it is a photograph; its pixels are not read.

    Raises:
        SightGraphError: as `Photo.open`.
    """
    _check_file(file, str(file))
    try:
        _opened(file, str(file)).close()
    except SightGraphError:
        raise
    except Exception:  # a damaged head may still be read: decoding says so, or why not
        Photo.open(file)


def _in_memory(source: Any) -> Image.Image:
    """Return an image, array or tensor as an upright RGB image.

    Raises:
        SightGraphError: it is none, or Pillow cannot read its pixels.
    """
    try:
        image = source if isinstance(source, Image.Image) else image_of(source)
        _check_size(image, IN_MEMORY)
        _load(image, IN_MEMORY)
        return upright(image)
    except (ValueError, OSError) as error:
        raise SightGraphError(f"the {IN_MEMORY} cannot be used: {error}.") from error


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
    with _opened(file, name) as opened:
        _load(opened, name)
        return upright(opened)


def _opened(file: Path | bytes, name: str) -> Image.Image:
    """Return an image of which only the head is read, and which is not too large."""
    if _is_heic(file):
        _register_heic(name)
    with warnings.catch_warnings():
        # Pillow's own warnings come before our limit, or are about metadata that we do not use.
        warnings.filterwarnings("ignore", module="PIL")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        opened = Image.open(BytesIO(file) if isinstance(file, bytes) else file)
    _check_size(opened, name)
    return opened


def _read_damaged(file: Path | bytes, name: str, error: Exception) -> Image.Image:
    """Return a photograph with wrong checksums, too much metadata, or a few rows missing.

    Raises:
        SightGraphError: more is missing.
    """
    image, missing = None, 0
    try:
        is_cut = _is_cut(file, name)
        with _tolerant(), _opened(file, name) as opened:
            _load(opened, name)
            # Before it is turned: afterwards the missing rows may lie at any edge.
            missing = _missing_rows(opened) if is_cut else 0
            height = opened.height
            image = upright(opened)
    except SightGraphError:
        raise
    except Exception:
        image = None
    unidentified = isinstance(error, UnidentifiedImageError)  # its text may name a BytesIO
    if image is None or missing > MAX_MISSING * height:
        if unidentified:
            reason = f"'{name}' is not an image that Pillow can read."
        else:
            reason = f"the photograph '{name}' is broken or cut off: {error}."
        raise SightGraphError(reason) from error
    rows = f", and its last {missing} rows are missing" if missing else ""
    what = "its metadata cannot be read" if unidentified else error
    warnings.warn(f"the file '{name}' is damaged{rows}: {what}.", PhotoWarning, stacklevel=4)
    return image


def _is_cut(file: Path | bytes, name: str) -> bool:
    """Return whether pixels are missing or broken, whatever is wrong with the metadata."""
    with _tolerant():
        opened = _opened(file, name)
    with opened:
        try:
            opened.load()
        except ValueError:  # too long a text behind the pixels
            return False
        except Exception:  # each of Pillow's decoders fails in its own way
            return True
    return False


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
    pixels = np.asarray(image)[::-1].reshape(image.height, image.width, -1)
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


def _check_size(image: Image.Image, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name, f"{image.width} x {image.height} pixels, ")


def _load(image: Image.Image, name: str) -> None:
    """Decode `image`; of an animation, its sharpest frame."""
    if image.format in ANIMATED and getattr(image, "n_frames", 1) > 1:
        _seek_sharpest(image, name)
    image.load()


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


def _too_large(name: str, size: str = "") -> SightGraphError:
    return SightGraphError(
        f"the photograph '{name}' has {size}more than {MAX_PIXELS // 1_000_000} megapixels. "
        "Scale it down first."
    )
