"""Detectors, chosen by name: photograph -> objects."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol, runtime_checkable

from kg.registry import Registry
from pipelines.detections import Detection
from pipelines.photo import Photo


@runtime_checkable
class Detector(Protocol):
    """Finds objects in a photograph.

    Boxes are in pixels of the photograph and lie inside it; the surest object comes first;
    [] when there is nothing. The same photograph gives the same bits. An attribute
    `deduplicates = True` says that each object is found once: nothing is filtered then.
    """

    name: str

    def __call__(self, photo: Photo) -> list[Detection]: ...


def _torchvision(model: str, **options: Any) -> Detector:
    from pipelines.detectors.torchvision_zoo import TorchvisionDetector

    return TorchvisionDetector(model, **options)


DETECTORS: Registry[Detector] = Registry("detector")
DETECTORS.add("bundled", "pipelines.detectors.bundled:BundledDetector")
DETECTORS.add("huggingface", "pipelines.detectors.huggingface:HuggingFaceDetector")
DETECTORS.add("precomputed", "pipelines.detectors.precomputed:PrecomputedDetector")
for _name in (
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "retinanet_resnet50_fpn",
    "retinanet_resnet50_fpn_v2",
    "fcos_resnet50_fpn",
    "ssd300_vgg16",
    "ssdlite320_mobilenet_v3_large",
):
    DETECTORS.add(_name, partial(_torchvision, _name))


def make_detector(choice: str | Detector, **options: Any) -> Detector:
    """Return a detector by name of `DETECTORS`, or the detector given.

    options: for torchvision's, `weights` (a file, or None for torchvision's own); for
    "huggingface", `weights` (a model id or a folder); for "precomputed", `path`.

    Raises:
        SightGraphError: the name is unknown, or the weights cannot be had.
    """
    return DETECTORS.make(choice, **options)


__all__ = ["DETECTORS", "Detector", "make_detector"]
