"""pipelines/detectors/torchvision_zoo.py: checkpoints with classes of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import get_model

from kg.errors import SightGraphError
from pipelines.detectors import make_detector
from pipelines.photo import Photo

OWN = ("rose", "tulip", "daisy", "moss")
NAMES = (
    "ssdlite320_mobilenet_v3_large",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "retinanet_resnet50_fpn",
    "fcos_resnet50_fpn",
    "ssd300_vgg16",
)
"""One of each head."""


def checkpoint(name: str, folder: Path, wrapped: bool = False) -> Path:
    torch.manual_seed(0)
    model = get_model(name, weights=None, weights_backbone=None, num_classes=len(OWN) + 1)
    state = model.state_dict()
    torch.save({"model": state, "epoch": 3} if wrapped else state, folder / "own.pth")
    return folder / "own.pth"


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    (tmp_path / "labels.txt").write_text("\n".join(OWN))
    return tmp_path / "labels.txt"


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_with_four_classes_of_its_own_loads(
    name: str, tmp_path: Path, labels: Path
) -> None:
    detector = make_detector(name, weights=checkpoint(name, tmp_path), labels=labels)
    assert detector.labels == dict(enumerate(OWN, start=1))  # type: ignore[attr-defined]


def test_it_finds_its_own_classes_and_no_others(tmp_path: Path, labels: Path) -> None:
    name = NAMES[0]
    file = checkpoint(name, tmp_path, wrapped=True)
    found = make_detector(name, weights=file, labels=labels, threshold=0.0)(
        Photo.open("example:cat")
    )
    assert found
    assert {one.label for one in found} <= set(OWN)


def test_without_names_or_with_another_number_of_them_it_is_refused(
    tmp_path: Path, labels: Path
) -> None:
    file = checkpoint(NAMES[0], tmp_path)
    with pytest.raises(SightGraphError, match=r"4 classes of its own.*--labels FILE"):
        make_detector(NAMES[0], weights=file)
    labels.write_text("rose\ntulip\n")
    with pytest.raises(SightGraphError, match="4 classes"):
        make_detector(NAMES[0], weights=file, labels=labels)


def test_names_without_weights_are_refused(labels: Path) -> None:
    with pytest.raises(SightGraphError, match="--model FILE"):
        make_detector(NAMES[0], labels=labels)


def test_weights_of_another_architecture_are_refused(tmp_path: Path, labels: Path) -> None:
    file = checkpoint(NAMES[0], tmp_path)
    with pytest.raises(SightGraphError, match=f"do not fit {NAMES[3]}"):
        make_detector(NAMES[3], weights=file, labels=labels)
