"""Folders of sounds: names, parts, and takes of one recording."""

from __future__ import annotations

from pathlib import Path

from pipelines.datasets.signals import read_signals


def test_a_file_is_named_by_its_folder_and_takes_of_a_recording_stay_together(
    tmp_path: Path,
) -> None:
    for name in ("guinea_pig", "dog"):
        (tmp_path / name).mkdir()
        for take in range(60):
            (tmp_path / name / f"{take // 2}-{take % 2}.npy").touch()
        (tmp_path / name / "notes.txt").touch()
    (tmp_path / "alone.wav").touch()
    found = read_signals(tmp_path)
    assert len(found) == 120
    assert {one.name for one in found} == {"guinea pig", "dog"}
    assert {one.part for one in found} == {"train", "development", "held-out"}
    recordings = {(one.name, one.file.stem.partition("-")[0], one.part) for one in found}
    assert len(recordings) == 60


def test_a_folder_without_sounds_has_none(tmp_path: Path) -> None:
    assert read_signals(tmp_path) == []
