"""FastestDet, the earlier detector: the features that scenes and rooms were trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional
from torchvision.ops import box_iou, nms

from graph_fusion.encoders.fastestdet import STRIDE, DetectorNetwork
from graph_fusion.weights import loading
from kg.files import bundled
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors.region_features import pooled, unit
from pipelines.photo import Photo

SAME_OBJECT, SAME_PLACE = 0.55, 0.85
"""Boxes of one label, and of different ones, with a higher intersection over union are one."""
MAX_BOXES, MAX_DETECTIONS = 1000, 100


class FastestDet:
    """FastestDet's layout; region features are its map's, averaged over a box.

    threshold: min score of a detection, in [0, 1].
    """

    name = "fastestdet"

    def __init__(self, threshold: float | None = None) -> None:
        self.network, config = load_network(bundled("models", "fastestdet"))
        self.labels: list[str] = config["labels"]
        self.side: int = config["side"]
        self.threshold: float = config["score_threshold"] if threshold is None else threshold
        self._map = torch.zeros(0)
        self._mapped: Photo | None = None
        self.network.backbone.register_forward_hook(self._keep_map)

    @torch.inference_mode()
    def __call__(self, photo: Photo) -> list[Detection]:
        boxes, scores, labels = self._found(photo)
        keep = _one_per_place(boxes)
        boxes, scores, labels = boxes[keep], scores[keep], labels[keep]
        to_side = self.side / torch.tensor([photo.width, photo.height] * 2)
        features = pooled(self._map[:1], boxes * to_side, 1 / STRIDE)
        return [
            Detection(
                label=self.labels[int(label)],
                score=round(float(score), 4),
                origin=self.name,
                box=Box(*box.tolist()),
                feature=feature,
            )
            for box, score, label, feature in zip(boxes, scores, labels, features, strict=True)
        ]

    @torch.inference_mode()
    def look(self, photo: Photo) -> np.ndarray:
        """Return features [4 F] of the whole photograph and of its upper, middle and lower third.

        The feature map of the last detection is reused if it was of `photo`.
        """
        if self._mapped is not photo:
            self._found(photo)
        thirds = functional.adaptive_avg_pool2d(self._map[:1], (3, 1)).flatten(2)[0]
        every = torch.cat([thirds.mean(1, keepdim=True), thirds], dim=1)
        return unit(every.t().contiguous()).ravel()

    def _found(self, photo: Photo) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes [M, 4] in pixels of the photograph, scores and labels, by falling score."""
        image = photo.image.resize((self.side, self.side), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255
        found = self.network(pixels[None])
        self._mapped = photo
        scores = found.scores()[0]
        place, label = (scores >= self.threshold).nonzero(as_tuple=True)
        size = torch.tensor([photo.width, photo.height] * 2)
        return _fused(found.boxes[0, place].clamp(0, 1) * size, scores[place, label], label)

    def _keep_map(self, module: object, inputs: object, output: Tensor) -> None:
        self._map = output


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


def _fused(boxes: Tensor, scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return one box per object and label: the mean of its boxes, by their squared scores."""
    scores, order = scores.sort(descending=True, stable=True)
    boxes, labels = boxes[order[:MAX_BOXES]], labels[order[:MAX_BOXES]]
    scores = scores[:MAX_BOXES]
    apart = boxes + (labels * (boxes.max() + 1 if len(boxes) else 0))[:, None]
    best = nms(apart, scores, SAME_OBJECT)[:MAX_DETECTIONS]
    weight = (box_iou(apart[best], apart) > SAME_OBJECT) * scores.square()
    return (weight @ boxes) / weight.sum(1, keepdim=True), scores[best], labels[best]


def _one_per_place(boxes: Tensor) -> Tensor:
    """Return the indices [M] of the boxes [N, 4], by falling score, without duplicates."""
    remaining: list[int] = []
    overlap = box_iou(boxes, boxes)
    for index in range(len(boxes)):
        if all(overlap[index, other] < SAME_PLACE for other in remaining):
            remaining.append(index)
    return torch.tensor(remaining, dtype=torch.long)
