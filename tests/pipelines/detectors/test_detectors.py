"""pipelines/detectors: one shared case for every registered detector."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision.models import get_model

from kg.errors import SightGraphError
from pipelines.detectors import DETECTORS, Detector, make_detector
from pipelines.detectors.bundled import BundledDetector
from pipelines.detectors.torchvision_zoo import TorchvisionDetector
from pipelines.photo import Photo

TORCHVISION = [
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "fcos_resnet50_fpn",
    "retinanet_resnet50_fpn",
    "retinanet_resnet50_fpn_v2",
    "ssd300_vgg16",
    "ssdlite320_mobilenet_v3_large",
]
LIGHT = ["fasterrcnn_mobilenet_v3_large_320_fpn", "ssdlite320_mobilenet_v3_large"]
"""torchvision's models that the shared case runs; the others share their code."""


def random_weights(name: str, folder: Path) -> Path:
    torch.manual_seed(0)
    model = get_model(name, weights=None, weights_backbone=None)
    torch.save(model.state_dict(), folder / f"{name}.pth")
    return folder / f"{name}.pth"


def coco_results(folder: Path) -> Path:
    file = folder / "results.json"
    entries = [
        {"image_id": 7, "category": "cup", "bbox": [10, 20, 30, 40], "score": 0.5},
        {"image_id": 7, "category": "person", "bbox": [0, 0, 60, 60], "score": 0.9},
        {"image_id": 7, "category": "person", "bbox": [0, 0, 5, 5], "score": 0.8},
    ]
    file.write_text(json.dumps(entries))
    return file


@pytest.fixture(scope="module")
def bundled() -> BundledDetector:
    return BundledDetector()


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Photo.open("example:cat")


def made(name: str, folder: Path) -> Detector:
    if name == "bundled":
        return make_detector(name)
    if name == "precomputed":
        return make_detector(name, path=coco_results(folder))
    return make_detector(name, weights=random_weights(name, folder), threshold=0.0)


def test_the_registry_holds_these_names() -> None:
    given = ["bundled", "huggingface", "precomputed"]
    open_names = ["grounding_dino", "owlv2", "zero_shot"]
    assert list(DETECTORS) == sorted([*given, *open_names, *TORCHVISION])


@pytest.mark.parametrize("name", ["bundled", "precomputed", *LIGHT])
def test_every_detector_gives_sorted_boxes_inside_the_photograph(
    name: str, photo: Photo, tmp_path: Path
) -> None:
    detector = made(name, tmp_path)
    found = detector(photo)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert one.origin == detector.name
        assert one.box is not None
        x1, y1, x2, y2 = one.box
        assert 0 <= x1 <= x2 <= photo.width + 1e-3
        assert 0 <= y1 <= y2 <= photo.height + 1e-3
        assert 0 <= one.score <= 1
    assert detector(photo) == found


def test_the_bundled_detector_sees_the_cat_and_the_motorcycle(bundled: BundledDetector) -> None:
    assert "cat" in {one.label for one in bundled(Photo.open("example:cat"))}
    assert "motorcycle" in {one.label for one in bundled(Photo.open("example:motorcycle"))}


@pytest.mark.parametrize("name", LIGHT)
def test_torchvisions_region_features_are_what_its_map_shows_in_the_box(
    name: str, photo: Photo, tmp_path: Path
) -> None:
    detector = made(name, tmp_path)
    assert isinstance(detector, TorchvisionDetector)
    detector(photo)
    torch.manual_seed(1)
    detector._map = torch.rand_like(detector._map)
    height = detector._map.shape[-2]
    whole = torch.tensor([[0.0, 0.0, photo.width, photo.height], [0.0, 0.0, 9.0, 9.0]])
    feature, corner = detector._region_features(whole, photo)
    detector._map[:, :, height // 2 :] = 0  # what lies elsewhere does not change the corner's
    assert np.array_equal(detector._region_features(whole, photo)[1], corner)
    assert not np.allclose(detector._region_features(whole, photo)[0], feature, atol=1e-4)
    assert feature.shape == (detector._map.shape[1],)
    assert np.linalg.norm(feature) == pytest.approx(1, abs=1e-5)


def test_nothing_is_seen_where_nothing_is(bundled: BundledDetector) -> None:
    assert bundled(Photo(Image.new("RGB", (300, 200), "grey"), "grey")) == []


@pytest.mark.parametrize("size", [(1, 1), (5, 900), (1200, 3)])
def test_odd_sizes_do_no_harm(bundled: BundledDetector, size: tuple[int, int]) -> None:
    for one in bundled(Photo(Image.new("RGB", size, "red"), "odd")):
        assert one.box is not None
        assert one.box[2] <= size[0]


@pytest.mark.parametrize("broken", ["none", "config", "weights"])
def test_a_folder_without_a_detector_is_refused(tmp_path: Path, broken: str) -> None:
    if broken != "none":
        (tmp_path / "config.json").write_text("{" if broken == "config" else "{}")
        (tmp_path / "model.safetensors").write_bytes(b"xx")
    with pytest.raises(SightGraphError, match="cannot be loaded"):
        BundledDetector(tmp_path)


def test_safetensors_weights_give_the_same_detections_as_pth(photo: Photo, tmp_path: Path) -> None:
    name = "ssdlite320_mobilenet_v3_large"
    pth = random_weights(name, tmp_path)
    save_file(torch.load(pth, weights_only=True), tmp_path / "w.safetensors")
    from_pth = TorchvisionDetector(name, pth, 0.0)(photo)
    assert from_pth
    assert TorchvisionDetector(name, tmp_path / "w.safetensors", 0.0)(photo) == from_pth


def test_weights_that_do_not_fit_or_hide_code_are_refused(tmp_path: Path) -> None:
    name = "ssdlite320_mobilenet_v3_large"
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    (tmp_path / "code.pth").write_bytes(pickle.dumps(print))
    reasons = {
        "other.pth": f"do not fit {name}",
        "code.pth": "cannot be read",
        "missing.pth": f"for {name}",
    }
    for file, reason in reasons.items():
        with pytest.raises(SightGraphError, match=f"{file}.* {reason}"):
            make_detector(name, weights=tmp_path / file)


def test_a_failed_download_names_the_bundled_detector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(SightGraphError, match="--detector bundled") as caught:
        make_detector("ssdlite320_mobilenet_v3_large")
    assert "\n" not in str(caught.value)
