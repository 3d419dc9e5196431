"""pipelines/video/frames: videos are streamed; broken, hostile and too large ones are refused."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest

from kg.errors import SightGraphError
from pipelines.generate.videos.pixels import write_video
from pipelines.video.frames import Limits, Video, VideoWarning


def test_frames_come_in_order_at_the_rate_that_is_asked_for(clip: Path) -> None:
    video = Video.open(clip)
    assert (video.width, video.height, video.duration, video.rate) == (64, 48, 2.0, 10.0)
    every = list(video.frames())
    assert [one.number for one in every] == list(range(20))
    assert [one.seconds for one in video.frames(5)] == pytest.approx(np.arange(0, 2, 0.2))
    white = np.asarray(every[10].photo.image)[24].mean(axis=1) > 128
    assert 20 in np.flatnonzero(white)
    assert every[3].photo.source == f"{clip}/000003"


def test_single_frames_are_found_by_their_time(clip: Path) -> None:
    video = Video.open(clip)
    every = {one.number: np.asarray(one.photo.image) for one in video.frames()}
    found = list(video.frames_at([0.0, 0.55, 1.9, 99.0]))
    assert [one.number for one in found] == [0, 6, 19, 19]
    for one in found:
        assert (np.asarray(one.photo.image) == every[one.number]).all()
        assert len(one.photo.sha256) == 64


def test_frames_of_a_container_without_an_index_are_found_by_their_time(clip: Path) -> None:
    streamed = clip.with_suffix(".ts")
    pictures = [np.asarray(one.photo.image) for one in Video.open(clip).frames()]
    write_video(streamed, iter(3 * pictures))
    found = [one.seconds for one in Video.open(streamed).frames_at([0.5, 3.0, 5.0, 5.8, 99.0])]
    assert found == pytest.approx([0.5, 3.0, 5.0, 5.8, 5.9], abs=0.11)


@pytest.mark.parametrize("ending", ["webm", "gif", "avi", "mkv"])
def test_other_containers_are_read(clip: Path, ending: str) -> None:
    target = clip.with_suffix(f".{ending}")
    codecs = {"webm": ("libvpx-vp9", "yuv420p"), "gif": ("gif", "rgb8"), "mkv": ("ffv1", "yuv420p")}
    codec, pixels = codecs.get(ending, ("mpeg4", "yuv420p"))
    if codec not in av.codecs_available:
        pytest.skip(f"FFmpeg has no {codec}")
    with av.open(str(target), "w") as container:
        stream = container.add_stream(codec, rate=10, width=64, height=48, pix_fmt=pixels)
        for one in Video.open(clip).frames():
            container.mux(stream.encode(av.VideoFrame.from_image(one.photo.image)))
        container.mux(stream.encode())
    video = Video.open(target)
    assert len(list(video.frames())) == 20
    assert video.duration == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x00" * 500, "no video"),
        (b"not a video at all", "no video"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "no video"),
        (b"ffconcat version 1.0\nfile bar.mp4\n", "no video"),
        (b"RIFF\xff\xff\xff\xffAVI LIST", "no video"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "hostile.mp4"
    file.write_bytes(content)
    with pytest.raises(SightGraphError, match=reason):
        Video.open(file)


def test_a_playlist_cannot_open_another_file(clip: Path) -> None:
    for name, text in (
        ("list.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", f"ffconcat version 1.0\nfile '{clip}'\n"),
        ("list.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
    ):
        (clip.parent / name).write_text(text)
        with pytest.raises(SightGraphError, match="no video"):
            Video.open(clip.parent / name)


def test_missing_files_folders_and_addresses_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="there is no video"):
        Video.open(tmp_path / "none.mp4")
    with pytest.raises(SightGraphError, match="there is no video"):
        Video.open(tmp_path)
    with pytest.raises(SightGraphError, match="nothing is fetched"):
        Video.open("https://example.org/cat.mp4")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(size=100), "more than"),
        (Limits(duration=1.0), "longer than"),
        (Limits(pixels=1000), "64 x 48 pixels"),
    ],
)
def test_limits_are_checked_before_a_frame_is_decoded(
    clip: Path, limits: Limits, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.video.frames._decoded", lambda *_: pytest.fail("decoded"))
    with pytest.raises(SightGraphError, match=reason):
        Video.open(clip, limits)


def test_a_file_with_more_frames_than_it_may_have_is_given_up(clip: Path) -> None:
    with pytest.raises(SightGraphError, match="more than 5 frames"):
        list(Video.open(clip, Limits(frames=5)).frames())


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    file = tmp_path / "sound.mkv"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        silence.rate = 8000
        container.mux(stream.encode(silence))
    with pytest.raises(SightGraphError, match="no pictures"):
        Video.open(file)


def test_what_is_whole_of_a_cut_off_file_is_looked_at(clip: Path) -> None:
    whole, draw = clip.with_suffix(".mkv"), np.random.default_rng(0)
    write_video(whole, (draw.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(20)))
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) * 6 // 10])
    with pytest.warns(VideoWarning, match="missing or broken|cannot be decoded"):
        found = list(Video.open(whole).frames())
    assert 3 < len(found) < 20


def test_flipped_bytes_end_in_frames_or_in_one_error(clip: Path) -> None:
    content = clip.read_bytes()
    draw = np.random.default_rng(0)
    for _ in range(15):
        broken = bytearray(content)
        for place in draw.integers(0, len(broken), 12):
            broken[place] ^= int(draw.integers(1, 256))
        clip.write_bytes(broken)
        with warnings.catch_warnings(), suppress(SightGraphError):
            warnings.simplefilter("ignore", VideoWarning)
            list(Video.open(clip).frames(5))
