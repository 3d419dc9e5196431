"""Segments: one file each, whose rows are marked as removed and never changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import SightGraphError
from pipelines.search.segments import SegmentFile, read_segment, write_segment

VECTORS = np.eye(3, 4, dtype=np.float16)


def test_a_segment_is_read_as_it_was_written(tmp_path: Path) -> None:
    ids = ["a b", "\N{CAT FACE}", "\ud800"]  # the last is how Python names undecodable file names
    written = write_segment(tmp_path, ids, VECTORS)
    read = read_segment(tmp_path, SegmentFile.from_json(written.file.as_json()), 4)
    assert read.ids == written.ids == tuple(ids)
    assert np.array_equal(read.vectors, VECTORS)
    assert [path.name for path in tmp_path.iterdir()] == [written.file.name]


def test_rows_that_are_removed_are_left_out_also_after_reading(tmp_path: Path) -> None:
    written = write_segment(tmp_path, ["a", "b", "c"], VECTORS)
    rest = written.without({"a", "z"}).without({"b"})
    assert rest.file.removed == (0, 1)
    assert written.without({"z"}) is written
    for segment in (rest, read_segment(tmp_path, rest.file, 4)):
        assert segment.ids == ("c",)
        assert np.array_equal(segment.vectors, VECTORS[2:])
    assert rest.without({"c"}).ids == ()


def test_a_file_is_refused_that_does_not_fit_its_description(tmp_path: Path) -> None:
    file = write_segment(tmp_path, ["a", "b", "c"], VECTORS).file
    for other, dimension, message in [
        (replace(file, sha256="0" * 64), 4, "checksum differs"),
        (replace(file, rows=2), 4, "does not fit"),
        (file, 5, "does not fit"),
        (replace(file, name="vectors-0.safetensors"), 4, "No such file"),
    ]:
        with pytest.raises(SightGraphError, match=message):
            read_segment(tmp_path, other, dimension)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "../other"},
        {"removed": [3]},
        {"removed": [-1]},
        {"removed": None},
        {"rows": "many"},
    ],
)
def test_a_wrong_description_is_refused(changed: dict[str, Any]) -> None:
    right = SegmentFile("vectors-1.safetensors", "0" * 64, 3, (1,)).as_json()
    assert SegmentFile.from_json(right).as_json() == right
    with pytest.raises((ValueError, TypeError)):
        SegmentFile.from_json({**right, **changed})
