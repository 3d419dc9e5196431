"""Detectors in Hugging Face's format: the DETR family, by model id or folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoImageProcessor, AutoModelForObjectDetection

from graph_fusion.weights import check_weights
from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors.hub import loading_from_hub
from pipelines.detectors.labels import read_labels
from pipelines.detectors.region_features import unit
from pipelines.photo import Photo


class HuggingFaceDetector:
    """A detection model that transformers loads: DETR, Deformable DETR, RT-DETR, YOLOS ...

    Labels are the model's own (`id2label`), or those of the file `labels`. The region feature of
    a box is the decoder's vector of the query that gave it. Only safetensors weights are read.

    weights: a model id, e.g. "facebook/detr-resnet-50", or a folder that `save_pretrained`
    wrote. threshold: least score of a detection.

    Raises:
        SightGraphError: there is no such model, or it cannot be downloaded or read.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        threshold: float = 0.5,
        labels: str | Path | None = None,
    ) -> None:
        if weights is None:
            raise SightGraphError(
                "the detector 'huggingface' needs a model. Give --model with a model id or a "
                "folder."
            )
        processors: Any = AutoImageProcessor
        models: Any = AutoModelForObjectDetection
        self.name = str(weights)
        self.threshold = threshold
        with loading_from_hub("detection model", self.name) as options:
            self.processor = processors.from_pretrained(self.name, **options)
            self.model = models.from_pretrained(self.name, use_safetensors=True, **options)
            check_weights(dict(self.model.named_parameters()))
        self.labels: dict[int, str] = {
            int(number): str(name).lower() for number, name in self.model.config.id2label.items()
        }
        if labels is not None:
            given = read_labels(Path(labels))
            if set(given) != set(self.labels):
                raise SightGraphError(
                    f"'{self.name}' has {len(self.labels)} classes, but '{labels}' names "
                    f"{len(given)}. Give --labels a file with a name for each class."
                )
            self.labels = given
        self.model.eval()

    @torch.inference_mode()
    def __call__(self, photo: Photo) -> list[Detection]:
        out = self.model(**self.processor(images=photo.image, return_tensors="pt"))
        size = [(photo.height, photo.width)]
        found = self.processor.post_process_object_detection(out, self.threshold, size)[0]
        boxes = _inside(found["boxes"], photo)
        vectors = out.last_hidden_state[0][-out.pred_boxes.shape[1] :]  # YOLOS: patches first
        features = unit(vectors[_queries(found["boxes"], out.pred_boxes, photo)])
        detections = [
            Detection(
                label=self.labels[int(label)],
                score=float(score),
                origin=self.name,
                box=Box(*box.tolist()),
                feature=feature,
            )
            for box, score, label, feature in zip(
                boxes, found["scores"], found["labels"], features, strict=True
            )
        ]
        return sorted(detections, key=lambda one: -one.score)


def _inside(boxes: Tensor, photo: Photo) -> Tensor:
    limits = torch.tensor([photo.width, photo.height] * 2)
    return torch.minimum(boxes.clamp_min(0), limits)


def _queries(boxes: Tensor, predicted: Tensor, photo: Photo) -> Tensor:
    """Return which query gave each box: post-processing may reorder them.

    Shapes:
        boxes [M, 4]: corners in pixels; predicted [1, Q, 4]: centre, width, height in 0..1
    """
    centre, size = predicted[0, :, :2], predicted[0, :, 2:]
    scale = torch.tensor([photo.width, photo.height] * 2)
    corners = torch.cat([centre - size / 2, centre + size / 2], dim=1) * scale
    return torch.cdist(boxes, corners, p=1).argmin(dim=1)
