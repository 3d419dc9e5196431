"""The bundled detector: PicoDet-S, trained further, with calibrated scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from graph_fusion.encoders.picodet import PicoDet
from graph_fusion.packed import packed
from graph_fusion.weights import loading, read_weights, sha256_of
from kg.errors import SightGraphError
from kg.files import bundled
from kg.graph import Box
from kg.schema import finite, sequence, share, text, whole
from pipelines.detections import Detection, without_duplicates
from pipelines.detectors.suppression import batched_nms
from pipelines.photo import Photo

SAME_OBJECT = 0.6
"""Boxes of one label with a higher intersection over union are one, as PaddleDetection has it."""
SAME_PLACE = 0.7
"""Of two boxes of different labels with a higher intersection over union only the one with the
higher score is shown. By hand."""
MIN_SCORE = 0.025
"""Of the network, below which nothing is looked at, as PaddleDetection has it."""
MIN_SIDE, MAX_SIDE = 32, 2048
"""Pixels of the network's square input; a larger one takes gigabytes."""
MAX_LABELS = 20_000
"""Classes; the head has a row of weights for each, four times."""
MAX_BOXES, MAX_DETECTIONS = 1000, 100
"""Boxes that are compared, and boxes that are returned, by falling score."""


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """What config.json holds beside the weights.

    labels: class names, in the order of the network's outputs.
    side: photographs are stretched to this square, in pixels.
    threshold: min calibrated score of an object that is shown.
    scale, offset: of the logit, for the calibrated score (Platt, 1999).

    Raises:
        ValueError: a value has another type, or lies outside its range.
    """

    labels: tuple[str, ...]
    side: int = 416
    threshold: float = 0.4
    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        names = [text(one, "labels", empty=False) for one in sequence(self.labels, "labels")]
        if not 0 < len(names) <= MAX_LABELS:
            raise ValueError(f"labels has {len(names)} names; 1 to {MAX_LABELS} are possible")
        for field, value in (
            ("labels", tuple(names)),
            ("side", whole(self.side, "side", MIN_SIDE, MAX_SIDE)),
            ("threshold", share(self.threshold, "threshold")),
            ("scale", finite(self.scale, "scale")),
            ("offset", finite(self.offset, "offset")),
        ):
            object.__setattr__(self, field, value)

    def calibrated(self, logits: Tensor) -> Tensor:
        """Return the probability that a detection is right, for the network's logits."""
        return (self.scale * logits + self.offset).sigmoid()


class BundledDetector:
    """PicoDet-S (`graph_fusion.encoders.picodet`); its scores are probabilities of being right.

    weights: a folder that `sightgraph train detection` wrote; the bundled one by default.
    threshold: min score of a detection, in [0, 1].

    Raises:
        SightGraphError: the folder does not hold a detector.
    """

    name = "bundled"

    def __init__(self, weights: str | Path | None = None, threshold: float | None = None) -> None:
        self.folder = bundled("models", "detector") if weights is None else Path(weights)
        network, self.config = load_detector(self.folder)
        self.network = packed(network)
        self.threshold = self.config.threshold if threshold is None else threshold

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names."""
        return self.config.labels

    @property
    def version(self) -> str:
        """What the detections depend on beside the photograph and the code."""
        files = (self.folder / name for name in ("config.json", "model.safetensors"))
        return f"{' '.join(map(sha256_of, files))} {self.threshold}"

    def __call__(self, photo: Photo) -> list[Detection]:
        """Return the objects, each once and with one label, by falling score."""
        boxes, logits = self.cells(photo)
        shown = [one for one in self._labelled(boxes, logits) if one.score >= self.threshold]
        return one_per_place(without_duplicates(shown))

    def ranked(self, photo: Photo) -> list[Detection]:
        """Return every label of every box, however unsure, as average precision requires."""
        return self._labelled(*self.cells(photo))

    @torch.inference_mode()
    def cells(self, photo: Photo) -> tuple[Tensor, Tensor]:
        """Return boxes [A, 4] in pixels of the photograph and logits [A, C] of all cells."""
        found = self.network(pixels(photo, self.config.side)[None])
        if not (found.boxes.isfinite().all() and found.classes.isfinite().all()):
            raise SightGraphError(
                f"the detector in '{self.folder}' computes numbers that are not finite. Its "
                "weights are damaged: train it again, or take the bundled one."
            )
        scale = torch.tensor([photo.width, photo.height] * 2) / self.config.side
        size = torch.tensor([photo.width, photo.height] * 2)
        return (found.boxes[0] * scale).clamp_min(0).minimum(size), found.classes[0]

    def _labelled(self, boxes: Tensor, logits: Tensor) -> list[Detection]:
        scores = logits.sigmoid()
        place, label = (scores > MIN_SCORE).nonzero(as_tuple=True)
        order = scores[place, label].argsort(descending=True, stable=True)[:MAX_BOXES]
        place, label = place[order], label[order]
        keep = batched_nms(boxes[place], scores[place, label], label, SAME_OBJECT)
        keep = keep[:MAX_DETECTIONS]
        place, label = place[keep], label[keep]
        sure = self.config.calibrated(logits[place, label])
        return [
            Detection(self.labels[int(number)], round(float(score), 4), self.name, box_of(box))
            for number, score, box in zip(label, sure, boxes[place], strict=True)
        ]


def load_detector(folder: Path) -> tuple[PicoDet, DetectorConfig]:
    """Return the network in `folder`, and its config.

    Raises:
        SightGraphError: the folder does not hold a detector.
    """
    with loading("detector", folder):
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = DetectorConfig(**values)
        network = PicoDet(len(config.labels))
        network.load_state_dict(read_weights(folder / "model.safetensors"))
    return network, config


def pixels(photo: Photo, side: int) -> Tensor:
    """Return a photograph stretched to [3, side, side], RGB in [0, 1]."""
    image = photo.image.resize((side, side), Image.Resampling.BILINEAR)
    planes = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
    return torch.from_numpy(planes).float() / 255


def box_of(corners: Tensor) -> Box:
    """Return x1, y1, x2, y2 as a box."""
    return Box(*corners.tolist())


def one_per_place(detections: list[Detection]) -> list[Detection]:
    """Return the detections, by falling score, without those that coincide with an earlier one."""
    found: list[Detection] = []
    for one in detections:
        if all(_overlap(one, other) <= SAME_PLACE for other in found):
            found.append(one)
    return found


def _overlap(one: Detection, other: Detection) -> float:
    return one.box.iou(other.box) if one.box is not None and other.box is not None else 0.0
