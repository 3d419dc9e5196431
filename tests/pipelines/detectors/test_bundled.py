"""pipelines/detectors/bundled.py: one box an object and calibrated scores."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.detections import Detection
from pipelines.detectors.bundled import (
    SAME_PLACE,
    BundledDetector,
    DetectorConfig,
    one_per_place,
)
from pipelines.photo import Photo

Cells = Callable[[list[list[float]], list[dict[int, float]]], None]


@pytest.fixture
def detector() -> BundledDetector:
    found = BundledDetector(threshold=0.5)
    found.config = DetectorConfig(found.config.labels)
    return found


@pytest.fixture
def outputs(detector: BundledDetector, monkeypatch: pytest.MonkeyPatch) -> Cells:
    """Let the network output boxes with probabilities by class number, the others 1 in 10,000."""

    def give(boxes: list[list[float]], scores: list[dict[int, float]]) -> None:
        chances = torch.full((len(boxes), len(detector.labels)), 1e-4)
        for row, one in enumerate(scores):
            for number, score in one.items():
                chances[row, number] = score
        cells: tuple[Tensor, Tensor] = (torch.tensor(boxes), chances.logit())
        monkeypatch.setattr(detector, "cells", lambda photo: cells)

    return give


CAT, DOG = 15, 16
HERE, THERE = [10.0, 10.0, 110.0, 110.0], [200.0, 100.0, 300.0, 200.0]


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Photo.open("example:cat")


def test_an_object_has_one_box_and_one_label(
    detector: BundledDetector, outputs: Cells, photo: Photo
) -> None:
    outputs([HERE, [11.0, 10.0, 111.0, 110.0]], [{CAT: 0.9, DOG: 0.8}, {CAT: 0.85, DOG: 0.6}])
    assert [(one.label, one.score) for one in detector(photo)] == [("cat", 0.9)]
    assert {one.label for one in detector.ranked(photo)} == {"cat", "dog"}


def test_no_unsure_box_is_shown_as_an_object(
    detector: BundledDetector, outputs: Cells, photo: Photo
) -> None:
    outputs([HERE], [{CAT: 0.2}])
    assert detector(photo) == []


@given(st.floats(0.1, 4), st.floats(-3, 3))
def test_calibration_keeps_the_order_and_gives_probabilities(scale: float, offset: float) -> None:
    logits = torch.linspace(-8, 8, 50, dtype=torch.float64)
    scores = DetectorConfig(("cat",), scale=scale, offset=offset).calibrated(logits)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (scores.diff() >= 0).all()


_box = st.tuples(st.floats(0, 80), st.floats(0, 80), st.floats(1, 20), st.floats(1, 20))


@given(st.lists(_box, max_size=12))
def test_no_two_objects_share_a_place(drawn: list[tuple[float, float, float, float]]) -> None:
    every = [Detection("cat", 0.5, "test", (x, y, x + w, y + h)) for x, y, w, h in drawn]  # type: ignore[arg-type]
    found = one_per_place(every)
    assert found[:1] == every[:1]
    for one, other in combinations(found, 2):
        assert one.box is not None
        assert other.box is not None
        assert one.box.iou(other.box) <= SAME_PLACE


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"side": 0}, "side is 0, which is no integer from 32"),
        ({"side": 10**9}, "side is"),
        ({"side": {"a": 1}}, "side is"),
        ({"labels": 7}, "labels is 7, which is no list"),
        ({"labels": []}, "labels has 0 names"),
        ({"labels": ["cat"] * 30_000}, "labels has 30000 names"),
        ({"labels": ["cat", None]}, "labels is None"),
        ({"threshold": math.nan}, "threshold is nan"),
        ({"scale": math.inf}, "scale is inf"),
        ({"offset": "high"}, "offset is 'high'"),
    ],
)
def test_a_config_out_of_its_ranges_is_refused(
    changed: dict[str, object], reason: str, tmp_path: Path
) -> None:
    folder = copied_detector(tmp_path)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(values | changed))
    with pytest.raises(SightGraphError, match=f"detector in '.*' cannot be loaded: {reason}"):
        BundledDetector(folder)


@pytest.mark.parametrize(
    ("value", "reason"), [(math.nan, "damaged"), (1e38, "damaged"), (9e11, "not finite")]
)
def test_one_damaged_weight_is_refused_or_found_in_the_output(
    value: float, reason: str, photo: Photo, tmp_path: Path
) -> None:
    folder = copied_detector(tmp_path)
    state = {name: one.float() for name, one in load_file(folder / "model.safetensors").items()}
    weights = [one for name, one in state.items() if name.endswith("weight")]
    for one in weights if reason == "not finite" else weights[:1]:
        one.view(-1)[0] = value
    save_file(state, folder / "model.safetensors")
    with pytest.raises(SightGraphError, match=reason):
        BundledDetector(folder)(photo)


def copied_detector(folder: Path) -> Path:
    return shutil.copytree(bundled("models", "detector"), folder / "detector")
