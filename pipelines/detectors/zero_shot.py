"""Detectors that find what they are told to look for: OWL-ViT, OWLv2, Grounding DINO."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

from graph_fusion.weights import check_weights
from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors import COCO_LABELS, Detector
from pipelines.detectors.hub import loading_from_hub
from pipelines.detectors.labels import read_labels
from pipelines.photo import Photo

AT_ONCE = 40
"""Names in one run of the network: by hand, for memory."""
THRESHOLD = 0.2
"""Least score of a detection, where none is given: between the defaults of OWLv2 (0.1) and of
Grounding DINO (0.25)."""


class ZeroShotDetector:
    """A detector that transformers loads, with the names of what it looks for.

    OWLv2: Minderer et al., NeurIPS 2023; Grounding DINO: Liu et al., ECCV 2024. `looking_for`
    adds names, such as those of the question. Only safetensors weights are read.

    weights: a model id, e.g. "google/owlv2-base-patch16-ensemble", or a folder.
    labels: a file of names (`labels.read_labels`); COCO's 80 if None.

    Raises:
        SightGraphError: there is no such model, or it cannot be downloaded or read.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        threshold: float = THRESHOLD,
        labels: str | Path | None = None,
    ) -> None:
        if weights is None:
            raise SightGraphError(
                "the detector 'zero_shot' needs a model. Give --model with a model id or a folder."
            )
        self.name = str(weights)
        self.threshold = threshold
        named = COCO_LABELS if labels is None else read_labels(Path(labels)).values()
        self.names = tuple(dict.fromkeys(named))
        processors: Any = AutoProcessor
        models: Any = AutoModelForZeroShotObjectDetection
        with loading_from_hub("zero-shot detector", self.name) as options:
            self.processor = processors.from_pretrained(self.name, **options)
            self.model = models.from_pretrained(self.name, use_safetensors=True, **options)
            check_weights(dict(self.model.named_parameters()))
        self.model.eval()

    def looking_for(self, names: Sequence[str]) -> Detector:
        """Return the same detector, which also looks for `names`; it shares the network."""
        found = copy(self)
        found.names = tuple(dict.fromkeys((*map(str.lower, names), *self.names)))
        return found

    @torch.inference_mode()
    def __call__(self, photo: Photo) -> list[Detection]:
        found = [one for names in self._parts() for one in self._look(photo, names)]
        return sorted(found, key=lambda one: -one.score)

    @property
    def _is_grounding(self) -> bool:
        """Whether the names are one text, in which the network points at words."""
        return self.model.config.model_type in ("grounding-dino", "mm-grounding-dino")

    def _parts(self) -> Iterator[list[str]]:
        """Yield the names in parts that the network can read at once."""
        part: list[str] = []
        left = most = getattr(self.model.config, "max_text_len", 0) - 2  # the first and last piece
        for name in self.names:
            pieces = len(self.processor.tokenizer(f"{name}.").input_ids) - 2
            if len(part) == AT_ONCE or (part and self._is_grounding and pieces > left):
                yield part
                part, left = [], most
            part.append(name)
            left -= pieces
        if part:
            yield part

    def _look(self, photo: Photo, names: Sequence[str]) -> Iterator[Detection]:
        grounding = self._is_grounding
        text: Any = ". ".join(names) + "." if grounding else [list(names)]
        length = {"max_length": self.model.config.max_text_len} if grounding else {}
        inputs = self.processor(
            images=photo.image,
            text=text,
            padding=True,
            truncation=True,
            return_tensors="pt",
            **length,
        )
        out = self.model(**inputs)
        size = [(photo.height, photo.width)]
        if grounding:
            options = {"input_ids": inputs["input_ids"], "text_threshold": self.threshold}
        else:
            options = {"text_labels": [list(names)]}
        (result,) = self.processor.post_process_grounded_object_detection(
            out, threshold=self.threshold, target_sizes=size, **options
        )
        limits = torch.tensor([photo.width, photo.height] * 2)
        boxes: Tensor = torch.minimum(result["boxes"].clamp_min(0), limits)
        for box, score, words in zip(boxes, result["scores"], result["text_labels"], strict=True):
            label = _one_of(str(words), names)
            corners = Box(*box.tolist())
            if label and corners.area > 0:
                yield Detection(label, float(score), self.name, corners)


def _one_of(words: str, names: Sequence[str]) -> str:
    """Return the name that Grounding DINO's words stand for: it may return only a part of one."""
    said = words.lower().strip(" .")
    if said in names or not said:
        return said
    containing = [one for one in names if said in one] or [one for one in names if one in said]
    return min(containing, key=len, default="")
