"""The bundled detector, which may look at a photograph whole, mirrored and in four crops."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional
from torchvision.ops import box_iou, nms, roi_align

from graph_fusion.encoders.detector import STRIDE, DetectorNetwork
from graph_fusion.weights import loading
from kg.files import bundled
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.photo import Photo

Views = Literal["whole", "mirrored", "crops"]
CROP_SHARE = 0.62
"""Side of a crop as a share of the photograph's: objects are 1.6 times larger. By hand."""
CROP_WEIGHT = 0.8
"""Factor on the score of a detection in a crop, which lacks the context: chosen by hand."""
CUT_MARGIN = 0.02
"""Max distance of a cut object from an inner edge of a crop, as a share: chosen by hand."""
SAME_OBJECT = 0.55
"""Boxes of one label with a higher intersection over union are one object: chosen by hand."""
MAX_BOXES, MAX_DETECTIONS = 1000, 100
"""Boxes that are compared, and boxes that are returned, by falling score: chosen by hand."""


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A part of a photograph, in its pixels, as it is or mirrored."""

    box: Box
    mirrored: bool = False


def views_of(width: int, height: int, kind: Views) -> list[PhotoView]:
    """Return the views: "whole" is one, "mirrored" two, "crops" these and four crops."""
    whole = Box(0.0, 0.0, float(width), float(height))
    found = [PhotoView(whole)]
    if kind != "whole":
        found.append(PhotoView(whole, mirrored=True))
    if kind == "crops":
        wide, high = CROP_SHARE * width, CROP_SHARE * height
        found += [
            PhotoView(Box(x, y, x + wide, y + high))
            for x in (0.0, width - wide)
            for y in (0.0, height - high)
        ]
    return found


def pixels(photo: Photo, view: PhotoView, side: int) -> Tensor:
    """Return a view stretched to [3, side, side], RGB in [0, 1]."""
    part = photo.image.resize((side, side), Image.Resampling.BILINEAR, box=view.box)
    image = torch.from_numpy(np.asarray(part).copy()).permute(2, 0, 1).float() / 255
    return image.flip(2) if view.mirrored else image


@torch.inference_mode()
def detect(
    network: DetectorNetwork, photo: Photo, kind: Views, side: int, threshold: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return boxes [M, 4] in pixels of the photograph, scores [M] and labels [M], by falling score.

    A box may be returned with several labels. Boxes of one object are averaged by their
    squared scores (weighted boxes fusion; Solovyev et al., 2021).
    """
    views = views_of(photo.width, photo.height, kind)
    images = torch.stack([pixels(photo, view, side) for view in views])
    found = network(images)
    every = found.scores()
    parts = []
    for view, boxes, scores in zip(views, found.boxes, every, strict=True):
        place, label = (scores >= threshold).nonzero(as_tuple=True)
        parts.append(_in_photo(photo, view, boxes[place], scores[place, label], label))
    boxes, scores, labels = (torch.cat(part) for part in zip(*parts, strict=True))
    return _fused(boxes, scores, labels)


def _in_photo(
    photo: Photo, view: PhotoView, boxes: Tensor, scores: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Convert boxes from shares of a view to pixels; leave out objects that a crop cuts."""
    boxes = boxes.clamp(0, 1)
    if view.mirrored:
        x1, y1, x2, y2 = boxes.unbind(1)
        boxes = torch.stack([1 - x2, y1, 1 - x1, y2], 1)
    x, y, right, bottom = view.box
    placed = boxes * torch.tensor([right - x, bottom - y] * 2) + torch.tensor([x, y] * 2)
    whole = torch.tensor([0.0, 0.0, photo.width, photo.height])
    edges = torch.tensor(view.box)
    inner = (edges - whole).abs() > 1
    if not inner.any():
        return placed, scores, labels
    margin = CUT_MARGIN * torch.tensor([photo.width, photo.height] * 2)
    cut = (((placed - edges).abs() < margin) & inner).any(1)
    return placed[~cut], scores[~cut] * CROP_WEIGHT, labels[~cut]


def _fused(boxes: Tensor, scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return one box per object and label, at most `MAX_DETECTIONS`."""
    scores, order = scores.sort(descending=True, stable=True)
    boxes, labels = boxes[order[:MAX_BOXES]], labels[order[:MAX_BOXES]]
    scores = scores[:MAX_BOXES]
    apart = boxes + (labels * (boxes.max() + 1 if len(boxes) else 0))[:, None]
    best = nms(apart, scores, SAME_OBJECT)[:MAX_DETECTIONS]
    weight = (box_iou(apart[best], apart) > SAME_OBJECT) * scores.square()
    return (weight @ boxes) / weight.sum(1, keepdim=True), scores[best], labels[best]


SAME_PLACE = 0.85
"""Two boxes of different labels with a higher intersection over union are one object, that with
the higher score: chosen by hand."""


class BundledDetector:
    """FastestDet's layout, trained further; region features are its map's, averaged over a box.

    weights: a folder that `sightgraph train detection` wrote; the bundled one by default.
    threshold: min score of a detection, in [0, 1].
    views: "whole", "mirrored" or "crops": one, two or six views.
    alternatives: also return less probable labels of a box, as average precision requires.

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
            detect(self.network, photo, "whole", self.side, self.threshold)
            self._mapped = photo
        thirds = functional.adaptive_avg_pool2d(self._map[:1], (3, 1)).flatten(2)[0]
        every = torch.cat([thirds.mean(1, keepdim=True), thirds], dim=1)
        return unit(every.t().contiguous()).ravel()

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


def one_per_place(boxes: Tensor) -> Tensor:
    """Return the indices [M] of the boxes [N, 4], by falling score, without duplicates.

    Boxes of different labels that almost coincide are one object; the first is returned.
    """
    remaining: list[int] = []
    overlap = box_iou(boxes, boxes)
    for index in range(len(boxes)):
        if all(overlap[index, other] < SAME_PLACE for other in remaining):
            remaining.append(index)
    return torch.tensor(remaining, dtype=torch.long)


def pooled(feature_map: Tensor, boxes: Tensor, scale: float) -> list[np.ndarray]:
    """Return for each box the map's mean over it, scaled to length 1.

    Shapes:
        feature_map: [1, F, H, W]; boxes: [M, 4] in pixels of the detector's input
        scale: places of the map per pixel; returns M arrays [F], float32
    """
    if len(boxes) == 0:
        return []
    regions = roi_align(feature_map, [boxes], 3, scale, sampling_ratio=2)
    return list(unit(regions.mean(dim=(2, 3))))


def unit(features: Tensor) -> np.ndarray:
    """Return features [M, F] scaled to length 1."""
    scaled: np.ndarray = functional.normalize(features, dim=1).numpy()
    return scaled
