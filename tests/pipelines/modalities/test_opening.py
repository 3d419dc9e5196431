"""Modalities from files and arrays: endings, limits, errors."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from kg.errors import SightGraphError
from pipelines.modalities import Modality, modalities_of, open_modality, opening


def test_a_file_is_named_with_its_hash(tmp_path: Path) -> None:
    file = tmp_path / "depth.npy"
    np.save(file, np.ones((2, 3)))
    found = open_modality("depth", file)
    assert found.recording.source == str(file)
    assert found.recording.sha256 == sha256(file.read_bytes()).hexdigest()
    assert (found.recording.rows, found.recording.features) == (2, 3)


def test_an_open_modality_stays_and_takes_the_name_that_is_given() -> None:
    one = Modality.of("sound", [1.0])
    assert open_modality("sound", one) is one
    assert open_modality("noise", one).name == "noise"
    assert [m.name for m in modalities_of({"a": [1.0], "b": one})] == ["a", "b"]
    assert modalities_of(None) == ()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.npy", None, "there is no file"),
        ("empty.npy", b"", "empty"),
        ("a.exe", b"MZ", "ending that is not known"),
        ("a", b"1", "ending that is not known"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SightGraphError, match=reason):
        open_modality("sensor", tmp_path / name)


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SightGraphError, match="at most 16"):
        modalities_of({f"m{n}x": [1.0] for n in range(17)})
    monkeypatch.setattr(opening, "MAX_BYTES", 10)
    np.save(tmp_path / "a.npy", np.zeros(9))
    with pytest.raises(SightGraphError, match="larger than"):
        open_modality("sensor", tmp_path / "a.npy")
