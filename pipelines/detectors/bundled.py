"""The detector that ships with SightGraph: 80 COCO classes, trained by this project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional
from torchvision.ops import box_iou

from graph_fusion.encoders.detector_network import STRIDE, DetectorNetwork
from graph_fusion.weights import loading
from kg.files import bundled
from pipelines.detections import Detection
from pipelines.detectors.regions import pooled, unit
from pipelines.detectors.views import Views, detect
from pipelines.photo import Photo

SAME_PLACE = 0.85
"""Two boxes of different labels that overlap more than this are one object; the surer wins."""


class BundledDetector:
    """FastestDet's layout, trained further; region features are its map's, averaged over a box.

    weights: a folder that `sightgraph train detector` wrote; the bundled one by default.
    threshold: least score of a detection, in [0, 1].
    views: "whole", or "mirrored" and "crops", which look two and six times.
    alternatives: also give less likely labels of the same place, as average precision wants.

    Raises:
        SightGraphError: the folder does not hold a detector.
    """

    name = "bundled"

    def __init__(
        self,
        weights: str | Path | None = None,
        threshold: float | None = None,
        views: Views = "whole",
        alternatives: bool = False,
    ) -> None:
        folder = bundled("models", "detector") if weights is None else Path(weights)
        self.network, config = load_network(folder)
        self.labels: list[str] = config["labels"]
        self.side: int = config["side"]
        self.threshold: float = config["score_threshold"] if threshold is None else threshold
        self.views, self.alternatives = views, alternatives
        self._map = torch.zeros(0)
        self._mapped: Photo | None = None
        self.network.backbone.register_forward_hook(self._keep_map)

    @torch.inference_mode()
    def __call__(self, photo: Photo) -> list[Detection]:
        boxes, scores, labels = detect(self.network, photo, self.views, self.side, self.threshold)
        self._mapped = photo
        if not self.alternatives:
            keep = one_per_place(boxes)
            boxes, scores, labels = boxes[keep], scores[keep], labels[keep]
        to_side = self.side / torch.tensor([photo.width, photo.height] * 2)
        features = pooled(self._map[:1], boxes * to_side, 1 / STRIDE)
        return [
            Detection(
                label=self.labels[int(label)],
                score=round(float(score), 4),
                origin=self.name,
                box=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                feature=feature,
            )
            for box, score, label, feature in zip(boxes, scores, labels, features, strict=True)
        ]

    @torch.inference_mode()
    def look(self, photo: Photo) -> np.ndarray:
        """Return features [4 F] of the whole photograph and of its upper, middle and lower third.

        What was seen when the objects of `photo` were detected last is used again.
        """
        if self._mapped is not photo:
            detect(self.network, photo, "whole", self.side, self.threshold)
            self._mapped = photo
        thirds = functional.adaptive_avg_pool2d(self._map[:1], (3, 1)).flatten(2)[0]
        every = torch.cat([thirds.mean(1, keepdim=True), thirds], dim=1)
        return unit(every.t().contiguous()).ravel()

    def _keep_map(self, module: object, inputs: object, seen: Tensor) -> None:
        self._map = seen


def load_network(folder: Path) -> tuple[DetectorNetwork, dict[str, Any]]:
    """Return the network in `folder`, ready to detect, and its config.

    Raises:
        SightGraphError: the folder does not hold a detector.
    """
    with loading("detector", folder):
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = DetectorNetwork(len(config["labels"]), config["channels"])
        network.load_state_dict(load_file(folder / "model.safetensors"))
    return network.eval(), config


def one_per_place(boxes: Tensor) -> Tensor:
    """Return which of the boxes [N, 4], surest first, to keep: [M] indexes.

    Boxes of different labels that almost coincide are one object; the surer label wins.
    """
    kept: list[int] = []
    overlap = box_iou(boxes, boxes)
    for index in range(len(boxes)):
        if all(overlap[index, other] < SAME_PLACE for other in kept):
            kept.append(index)
    return torch.tensor(kept, dtype=torch.long)
