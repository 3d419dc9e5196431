"""Sounds: decoding, mixing, resampling, silence, length, damage; log-mel features."""

from __future__ import annotations

import contextlib
import io
import tracemalloc

import numpy as np
import pytest

from kg.errors import SightGraphError
from pipelines.modalities import sound
from pipelines.modalities.opening import of_bytes
from pipelines.modalities.sound import BANDS, RATE, SoundWarning, decode

soundfile = pytest.importorskip("soundfile")


def tone(hertz: float = 440, seconds: float = 0.5, rate: int = 16_000) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def encoded(samples: np.ndarray, rate: int = 16_000, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    subtype = "FLOAT" if kind == "WAV" else None
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "ending"), [("WAV", "wav"), ("FLAC", "flac"), ("OGG", "ogg"), ("MP3", "mp3")]
)
def test_every_kind_of_file_becomes_log_mel_vectors(kind: str, ending: str) -> None:
    found = of_bytes("sound", encoded(tone(), kind=kind), f"a.{ending}")
    assert found.vectors.shape[1] == BANDS
    assert found.rate == RATE
    assert found.intervals[0].length == pytest.approx(0.5, abs=0.1)
    assert found.names == ()
    middle = found.vectors[10:40].mean(0)
    assert middle.argmax() == 8  # the band around 440 Hz


def test_channels_are_mixed_and_other_rates_resampled() -> None:
    stereo = np.stack([tone(rate=44_100), tone(rate=44_100)], axis=1)
    assert (
        np.abs(
            decode(encoded(stereo, 44_100), "a.wav").features()[5:40]
            - decode(encoded(tone()), "a.wav").features()[5:40]
        )[:, 8:14].max()
        < 1.0
    )


def test_channels_mixed_in_blocks_equal_those_mixed_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = np.random.default_rng(0).uniform(-1, 1, (5003, 3)).astype(np.float32)
    monkeypatch.setattr(sound, "BLOCK", 1000)
    np.testing.assert_array_equal(decode(encoded(drawn), "a.wav").samples, drawn.mean(axis=1))


def test_many_channels_are_heard_for_a_shorter_time_in_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sound, "MAX_DECODED", 8 * 16_000)
    content = encoded(np.zeros((100_000, 8), np.float32))
    tracemalloc.start()
    with pytest.warns(SoundWarning, match="longer than 1 s"):
        assert decode(content, "a.wav").seconds == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * len(content)


def test_a_silent_file_is_called_silence() -> None:
    found = of_bytes("sound", encoded(np.zeros(8000)), "a.wav")
    assert found.label == "silence"
    assert np.isfinite(found.vectors).all()


def test_one_sample_is_enough_for_one_vector() -> None:
    assert len(of_bytes("sound", encoded(np.ones(1)), "a.wav").vectors) >= 1


def test_only_the_first_minutes_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "MAX_SECONDS", 1)
    with pytest.warns(SoundWarning, match="longer than 1 s"):
        found = decode(encoded(tone(seconds=1.5)), "a.wav")
    assert found.seconds == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"RIFF", "cannot be read as a sound"),
        (b"no sound at all", "cannot be read as a sound"),
        (encoded(np.zeros(0)), "0 seconds"),
        (encoded(np.array([0.0, np.nan])), "not finite"),
        (encoded(tone(), rate=100), "samples a second"),
    ],
    ids=["cut", "text", "empty", "infinite", "slow"],
)
def test_a_sound_that_cannot_be_used_is_refused_with_the_reason(
    content: bytes, reason: str
) -> None:
    with pytest.raises(SightGraphError, match=reason):
        decode(content, "a.wav")


@pytest.mark.parametrize("length", [10, 44, 60, 1000, 5000])
def test_a_file_that_is_cut_off_is_read_in_part_or_refused(length: int) -> None:
    with contextlib.suppress(SightGraphError):
        assert decode(encoded(tone())[:length], "a.wav").seconds < 0.5


def test_without_the_extra_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(SightGraphError, match=r"sightgraph\[sound\]"):
        decode(encoded(tone()), "a.wav")
