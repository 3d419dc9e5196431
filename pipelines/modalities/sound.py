"""Sound files as log-mel features: 64 bands, a hundred vectors a second."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from kg.errors import SightGraphError, SightGraphWarning

SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
"""Endings of files that libsndfile decodes."""
SAMPLES, HOP, WINDOW, BANDS = 16_000, 160, 512, 64
"""Samples a second after resampling; samples between two vectors and under one; mel bands."""
RATE = SAMPLES / HOP
FLOOR = 1e-10
"""Power below which all counts as silence, -100 dB of full scale."""
SILENT = 10 ** (-60 / 20)
"""A sound whose loudest sample is below this (-60 dB) is silent."""
MAX_SECONDS = 600
MAX_CHANNELS = 32
MAX_DECODED = 120_000_000
"""Samples of all channels together: 600 s of two channels of 96 kHz, or 150 s of eight."""
BLOCK = 1 << 20
"""Samples of all channels that are decoded at once, before the channels are mixed."""
MIN_RATE, MAX_RATE = 1_000, 400_000
"""Samples a second of a file."""


class SoundWarning(SightGraphWarning):
    """Not all that a sound file holds is heard."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A decoded sound. Shapes: samples [N], mono, float32, in [-1, 1]; `SAMPLES` a second."""

    samples: np.ndarray = field(compare=False, repr=False)
    seconds: float

    @property
    def is_silent(self) -> bool:
        """Whether nothing can be heard."""
        return float(np.abs(self.samples).max()) < SILENT

    def features(self) -> np.ndarray:
        """Return the log-mel features [T, 64] in dB, float32."""
        librosa = _librosa()
        samples = self.samples
        if len(samples) < WINDOW:
            samples = np.pad(samples, (0, WINDOW - len(samples)))
        power = librosa.feature.melspectrogram(
            y=samples, sr=SAMPLES, n_fft=WINDOW, hop_length=HOP, n_mels=BANDS
        )
        bands: np.ndarray = 10 * np.log10(np.maximum(power, FLOOR))
        return np.ascontiguousarray(bands.T, dtype=np.float32)


def decode(content: bytes, source: str) -> Sound:
    """Decode a sound file, mix its channels, and resample it.

    Only the first `MAX_SECONDS` or `MAX_DECODED` samples are heard; a `SoundWarning` says so.

    Raises:
        SightGraphError: the extra `sound` is not installed, or the file is no whole sound.
    """
    librosa, soundfile = _librosa(), _soundfile()
    try:
        with soundfile.SoundFile(BytesIO(content)) as file:
            rate, channels = file.samplerate, file.channels
            if not MIN_RATE <= rate <= MAX_RATE or channels > MAX_CHANNELS:
                raise SightGraphError(
                    f"'{source}' has {channels} channels of {rate} samples a second. Read are up "
                    f"to {MAX_CHANNELS} of {MIN_RATE} to {MAX_RATE}."
                )
            most = min(MAX_SECONDS * rate, MAX_DECODED // channels)
            mono = _mixed(file, most)
            cut = len(file.read(1)) > 0
    except (soundfile.SoundFileError, OSError, ValueError, MemoryError) as error:
        raise SightGraphError(f"'{source}' cannot be read as a sound: {error}") from error
    if not len(mono):
        raise SightGraphError(f"'{source}' holds no sound: it is 0 seconds long.")
    if not np.isfinite(mono).all():
        raise SightGraphError(f"'{source}' has samples that are not finite: it is damaged.")
    if cut:
        warnings.warn(
            f"'{source}' is longer than {most / rate:.0f} s. Only these are heard.",
            SoundWarning,
            stacklevel=2,
        )
    heard = librosa.resample(mono, orig_sr=rate, target_sr=SAMPLES) if rate != SAMPLES else mono
    return Sound(np.asarray(heard, dtype=np.float32), len(mono) / rate)


def _mixed(file: Any, most: int) -> np.ndarray:
    """Return the mean of the channels, [N], of up to `most` samples; few are decoded at once."""
    mono = np.empty(max(min(file.frames, most), 0), dtype=np.float32)
    done = 0
    while done < len(mono):
        count = min(max(BLOCK // file.channels, 1), len(mono) - done)
        samples = file.read(count, dtype="float32", always_2d=True)
        if not len(samples):
            break
        mono[done : done + len(samples)] = samples.mean(axis=1)
        done += len(samples)
    return mono[:done]


def _librosa() -> Any:
    try:
        import librosa
    except ImportError as error:
        raise _missing() from error
    return librosa


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise _missing() from error
    return soundfile


def _missing() -> SightGraphError:
    return SightGraphError(
        "sound files need the extra 'sound'. Run: pip install 'sightgraph[sound]'. Feature "
        "vectors (.npy) need nothing."
    )
