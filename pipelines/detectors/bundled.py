"""The detector that ships with SightGraph: 80 COCO classes, trained by this project."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torchvision.ops import batched_nms, box_iou

from graph_fusion.encoders.detector_network import STRIDE, build_network
from graph_fusion.weights import loading
from kg.files import bundled
from pipelines.detections import Detection
from pipelines.detectors.regions import pooled
from pipelines.photo import Photo

SAME_PLACE = 0.85
"""Two boxes of different labels that overlap more than this are one object; the surer wins."""


class BundledDetector:
    """FCOS on ShuffleNetV2-0.5x; region features are its map's, averaged over the box.

    weights: a folder that `sightgraph train detector` wrote; the bundled one by default.
    threshold: least score of a detection, in [0, 1].

    Raises:
        SightGraphError: the folder does not hold a detector.
    """

    name = "bundled"

    def __init__(self, weights: str | Path | None = None, threshold: float | None = None) -> None:
        folder = bundled("models", "detector") if weights is None else Path(weights)
        with loading("detector", folder):
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self.labels: list[str] = config["labels"]
            self.long_side: int = config["long_side"]
            self.threshold: float = config["score_threshold"] if threshold is None else threshold
            self.network = build_network(
                len(self.labels), config["channels"], self.long_side, min(self.threshold, 0.05)
            )
            self.network.load_state_dict(load_file(folder / "model.safetensors"))
        self.network.eval()
        self._map = torch.zeros(0)
        self.network.backbone.register_forward_hook(self._keep_map)

    @torch.inference_mode()
    def __call__(self, photo: Photo) -> list[Detection]:
        image, scale = self._scaled(photo)
        found = self.network([image])[0]
        keep = found["scores"] >= self.threshold
        boxes, scores, labels = found["boxes"][keep], found["scores"][keep], found["labels"][keep]
        keep = one_per_place(boxes, scores, labels)
        boxes, scores, labels = boxes[keep], scores[keep], labels[keep]
        features = pooled(self._map, boxes, 1 / STRIDE)
        limits = torch.tensor([photo.width, photo.height] * 2)
        placed = torch.minimum((boxes * scale).clamp_min(0), limits)
        return [
            Detection(
                label=self.labels[int(label)],
                score=round(float(score), 4),
                origin=self.name,
                box=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                feature=feature,
            )
            for box, score, label, feature in zip(placed, scores, labels, features, strict=True)
        ]

    def _scaled(self, photo: Photo) -> tuple[Tensor, Tensor]:
        """Return the photograph as [3, H, W] RGB 0..1, and what scales its boxes back: [4]."""
        ratio = self.long_side / max(photo.width, photo.height)
        size = (max(1, round(photo.width * ratio)), max(1, round(photo.height * ratio)))
        pixels = np.asarray(photo.image.resize(size, Image.Resampling.BILINEAR))
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
        back = torch.tensor([photo.width / size[0], photo.height / size[1]])
        return image, back.repeat(2)

    def _keep_map(self, module: object, inputs: object, maps: dict[str, Tensor]) -> None:
        self._map = maps["0"]


def one_per_place(boxes: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
    """Return which boxes to keep, surest first: one for each object.

    Per label by non-maximum suppression, then across labels where boxes almost coincide.

    Shapes:
        boxes [N, 4], scores [N], labels [N]; returns [M] indexes
    """
    kept: list[int] = []
    overlap = box_iou(boxes, boxes)
    for index in batched_nms(boxes, scores, labels, 0.55).tolist():
        if all(overlap[index, other] < SAME_PLACE for other in kept):
            kept.append(index)
    return torch.tensor(kept, dtype=torch.long)
