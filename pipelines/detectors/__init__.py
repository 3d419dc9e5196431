"""Detectors, chosen by name (photograph -> objects), and the 80 classes of COCO."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from kg.registry import Registry
from pipelines.detections import Detection
from pipelines.photo import Photo


@runtime_checkable
class Detector(Protocol):
    """Finds objects in a photograph.

    Boxes are in pixels of the photograph and lie inside it; objects come by falling score;
    [] if there are none. The same photograph gives the same bits. The attribute
    `deduplicates = True` declares that there are no duplicates, so none are filtered.
    """

    name: str

    def __call__(self, photo: Photo) -> list[Detection]: ...


@runtime_checkable
class OpenDetector(Detector, Protocol):
    """A detector that can be told what to look for."""

    def looking_for(self, names: Sequence[str]) -> Detector:
        """Return the same detector, which also looks for `names`."""
        ...


def _zero_shot(model: str, **options: Any) -> Detector:
    from pipelines.detectors.zero_shot import ZeroShotDetector

    return ZeroShotDetector(**{"weights": model, **options})


def _torchvision(model: str, **options: Any) -> Detector:
    from pipelines.detectors.torchvision_zoo import TorchvisionDetector

    return TorchvisionDetector(model, **options)


DETECTORS: Registry[Detector] = Registry("detector")
DETECTORS.add("bundled", "pipelines.detectors.bundled:BundledDetector")
DETECTORS.add("huggingface", "pipelines.detectors.huggingface:HuggingFaceDetector")
DETECTORS.add("precomputed", "pipelines.detectors.precomputed:PrecomputedDetector")
DETECTORS.add(
    "zero_shot",
    "pipelines.detectors.zero_shot:ZeroShotDetector",
    "Any OWL-ViT, OWLv2 or Grounding DINO model; looks for what the question names.",
)
OWLV2, GROUNDING_DINO = "google/owlv2-base-patch16-ensemble", "IDEA-Research/grounding-dino-tiny"
DETECTORS.add("owlv2", partial(_zero_shot, OWLV2), f"{OWLV2}, from the hub.")
DETECTORS.add("grounding_dino", partial(_zero_shot, GROUNDING_DINO), f"{GROUNDING_DINO}, likewise.")
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


_UNUSED_IDS = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
"""Numbers from 1 to 90 that COCO gave no class."""

_LABELS = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant,
bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard,
sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle,
wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot,
hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv,
laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, refrigerator,
book, clock, vase, scissors, teddy bear, hair drier, toothbrush
"""
COCO_LABELS = tuple(" ".join(_LABELS.split()).split(", "))
"""The 80 class names, in the order of their numbers."""
COCO_IDS = tuple(i for i in range(1, 91) if i not in _UNUSED_IDS)
"""The number of each class, in the same order."""
COCO_LABEL_OF_ID = dict(zip(COCO_IDS, COCO_LABELS, strict=True))
"""The name of the class with each number."""

__all__ = [
    "COCO_IDS",
    "COCO_LABELS",
    "COCO_LABEL_OF_ID",
    "DETECTORS",
    "Detector",
    "OpenDetector",
    "make_detector",
]
