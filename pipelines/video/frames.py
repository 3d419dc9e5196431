"""The frames of a video file, which is not trusted: checked before it is decoded, and streamed."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
from PIL import Image

from kg.errors import SightGraphError, SightGraphWarning
from pipelines.photo import Photo

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,ogg,mpegts,mpeg,flv"
"""Containers that hold the video itself. Playlists, which name other files and addresses, are not
among them, so that FFmpeg opens nothing but the given file."""
MICROSECONDS = 1_000_000
SEEK_SECONDS = 2.0
"""Gaps between wanted frames that are longer are jumped over, not decoded."""
SEEK_BACK = 0.5
"""Seconds before a wanted frame that a jump aims at: some files place their key frames late."""
MAX_BROKEN = 100
"""Packets in a row that cannot be decoded, after which the rest of a file is given up."""
MIN_SIDE = 8
"""Pixels; a frame with a shorter side shows nothing."""


class VideoWarning(SightGraphWarning):
    """Not all of a video is looked at."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused, before anything is decoded where the file's header tells it.

    size: bytes of the file. duration: seconds. pixels: of a frame. frames: of the file.
    """

    size: int = 2_000_000_000
    duration: float = 3600.0
    pixels: int = 9_000_000
    frames: int = 500_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; number: counted from 0 in the file; seconds: from the video's beginning."""

    number: int
    seconds: float
    photo: Photo


@dataclass(frozen=True)
class Video:
    """A video file that was checked.

    width, height: pixels of an upright frame. duration: seconds, as the header says; 0 where it
    says none. rate: frames a second, likewise. sha256: of the file, in hexadecimal.
    """

    path: Path
    source: str
    width: int
    height: int
    duration: float
    rate: float
    sha256: str
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def open(
        cls, source: str | Path, limits: Limits | None = None, name: str | None = None
    ) -> Video:
        """Check a file. name: what it is called in the graph, if not by its path.

        Raises:
            SightGraphError: there is no such file, it is no video, it is broken from the start, or
                it exceeds the limits.
        """
        limits, path = limits or Limits(), Path(source)
        called = name or str(source)
        _check_file(path, called, limits)
        with _container(path, called) as container:
            stream = _stream(container, called)
            width, height = stream.codec_context.width, stream.codec_context.height
            _check_size(width, height, called, limits)
            duration = _duration(container, stream)
            _check_duration(duration, called, limits)
            _codec_options(stream, limits)
            first = next(_decoded(container, stream, called), None)
            if first is None:
                raise SightGraphError(f"the video '{called}' has no frame that can be decoded.")
            image = _upright(first)
            rate = float(stream.average_rate or 0)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path, called, image.width, image.height, duration, rate, digest, limits)

    def frames(self, rate: float | None = None) -> Iterator[Frame]:
        """Yield the frames in order, at most `rate` a second; one is in memory at a time.

        What is cut off or broken in the middle is left out, with a `VideoWarning`.

        Raises:
            SightGraphError: the frames exceed the limits, whatever the header said.
        """
        step = 0.0 if rate is None else 1.0 / rate
        due = 0.0
        for number, seconds, decoded in self._timed():
            if seconds + 1e-6 >= due:
                due = max(due + step, seconds + step / 2)
                yield self._frame(number, seconds, decoded)

    def frames_at(self, times: Iterable[float]) -> Iterator[Frame]:
        """Yield the frame that is shown at each of `times` (in seconds, in rising order)."""
        wanted = sorted(times)
        with _container(self.path, self.source) as container:
            stream = _stream(container, self.source)
            _codec_options(stream, self.limits)
            start = _start(stream)
            shown: tuple[float, Any] | None = None
            decoded: Iterator[Any] = iter(())
            for time in wanted:
                if shown is None or time > shown[0] + SEEK_SECONDS:
                    # A container without an index may be set behind the time: then from the start.
                    for target in (max(time - SEEK_BACK, 0.0) + start, min(start, 0.0)):
                        container.seek(int(target * MICROSECONDS), backward=True)
                        decoded = _decoded(container, stream, self.source)
                        if (first := next(decoded, None)) is None:
                            continue
                        shown = (_seconds(first, start, 0, self.rate), first)
                        if shown[0] < time + 1e-6:
                            break
                while shown is not None and shown[0] < time - 1e-6:
                    following = next(decoded, None)
                    if following is None:
                        break
                    shown = (_seconds(following, start, 0, self.rate), following)
                if shown is not None:
                    number = round(shown[0] * self.rate)
                    yield self._frame(number, shown[0], shown[1], hashed=True)

    def _timed(self) -> Iterator[tuple[int, float, Any]]:
        """Yield number, seconds and frame of everything that can be decoded."""
        with _container(self.path, self.source) as container:
            stream = _stream(container, self.source)
            _codec_options(stream, self.limits)
            start, latest = _start(stream), -1.0
            for number, decoded in enumerate(_decoded(container, stream, self.source)):
                if number >= self.limits.frames:
                    raise SightGraphError(
                        f"the video '{self.source}' has more than {self.limits.frames} frames."
                    )
                seconds = _seconds(decoded, start, number, self.rate)
                _check_duration(seconds, self.source, self.limits)
                if seconds > latest:
                    latest = seconds
                    yield number, seconds, decoded
            usual = max(0.5, self.duration / 20) + (1 / self.rate if self.rate else 0.0)
            if latest < self.duration - usual:
                warnings.warn(
                    f"'{self.source}' ends after {latest:.1f} s, and its header says "
                    f"{self.duration:.1f} s: the rest is missing or broken.",
                    VideoWarning,
                    stacklevel=2,
                )

    def _frame(self, number: int, seconds: float, decoded: Any, hashed: bool = False) -> Frame:
        """Return a frame at the size of the first one.

        hashed: with the SHA-256 of its pixels, by which what is seen in it may be kept.
        """
        image = _upright(decoded)
        if image.size != (self.width, self.height):
            image = image.resize((self.width, self.height))
        digest = Photo.open(image).sha256 if hashed else ""
        return Frame(number, seconds, Photo(image, f"{self.source}/{number:06d}", digest))


def _check_file(path: Path, name: str, limits: Limits) -> None:
    if "://" in name:
        raise SightGraphError(
            f"'{name}' is an address, and nothing is fetched from the network. Download the video, "
            "and give the file."
        )
    if not path.is_file():
        raise SightGraphError(f"there is no video at '{name}'. Give a file.")
    size = path.stat().st_size
    if size == 0:
        raise SightGraphError(f"the video '{name}' is empty (0 bytes).")
    if size > limits.size:
        raise SightGraphError(
            f"the video '{name}' has {size / 1e6:.0f} MB, more than {limits.size / 1e6:.0f} MB."
        )


@contextmanager
def _container(path: Path, name: str) -> Iterator[Any]:
    """Open the file through a handle of ours, as one of `FORMATS` and nothing else."""
    with path.open("rb") as file:
        try:
            container = av.open(file, options={"format_whitelist": FORMATS})
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise SightGraphError(
                f"'{name}' is no video that can be read ({_reason(error)}). Known: MP4, WebM, "
                "Matroska, AVI, GIF, Ogg, MPEG and FLV."
            ) from error
        with container:
            yield container


def _stream(container: Any, name: str) -> Any:
    if not container.streams.video:
        raise SightGraphError(f"'{name}' has no pictures: it holds sound or text only.")
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise SightGraphError(f"'{name}' is encoded in a way that FFmpeg cannot decode.")
    stream.thread_type = "NONE"
    return stream


def _codec_options(stream: Any, limits: Limits) -> None:
    """Let the decoder refuse frames that are larger than the header said, before it makes room.

    Decoders pad the sides, hence the tenth.
    """
    stream.codec_context.options = {"max_pixels": str(int(limits.pixels * 1.1))}


def _check_size(width: int, height: int, name: str, limits: Limits) -> None:
    if width * height > limits.pixels or min(width, height) < MIN_SIDE:
        raise SightGraphError(
            f"the frames of '{name}' have {width} x {height} pixels. Frames have sides of at least "
            f"{MIN_SIDE} pixels, and at most {limits.pixels / 1e6:.0f} megapixels."
        )


def _check_duration(seconds: float, name: str, limits: Limits) -> None:
    if seconds > limits.duration:
        raise SightGraphError(
            f"the video '{name}' is longer than {limits.duration / 60:.0f} minutes. Cut it first."
        )


def _duration(container: Any, stream: Any) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(max(stream.duration * stream.time_base, 0))
    return float(max(container.duration or 0, 0)) / MICROSECONDS


def _start(stream: Any) -> float:
    if stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


def _seconds(frame: Any, start: float, number: int, rate: float) -> float:
    """Return when a frame is shown; of one without a time, by its number."""
    if frame.time is None:
        return number / (rate or 1.0)
    return round(max(float(frame.time) - start, 0.0), 6)


def _decoded(container: Any, stream: Any, name: str) -> Iterator[Any]:
    """Yield every frame that can be decoded; broken packets are passed over."""
    broken = 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                broken += 1
                if broken == 1:
                    _warn_broken(name, error)
                if broken > MAX_BROKEN:
                    return
                continue
            yield from frames
    except av.error.FFmpegError as error:  # the container itself ends in the middle
        _warn_broken(name, error)
        with suppress(av.error.FFmpegError):
            yield from stream.decode()  # what the decoder still holds back


def _warn_broken(name: str, error: Exception) -> None:
    warnings.warn(
        f"a part of the video '{name}' cannot be decoded and is left out: {_reason(error)}.",
        VideoWarning,
        stacklevel=3,
    )


def _upright(frame: Any) -> Image.Image:
    """Return a frame as RGB, turned as the file says."""
    image: Image.Image = frame.to_image()
    turned = int(getattr(frame, "rotation", 0) or 0)
    return image.rotate(turned, expand=True) if turned % 360 else image


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).split(":")[0][:80]
