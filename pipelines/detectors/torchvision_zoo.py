"""torchvision's detection models by name, with weights from a file or from torchvision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
from torch import Tensor
from torchvision.models import get_model, get_model_weights
from torchvision.transforms.functional import to_tensor

from graph_fusion.encoders.torchvision_models import read_state
from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors import COCO_LABEL_OF_ID
from pipelines.detectors.labels import numbered_for, read_labels
from pipelines.detectors.region_features import pooled
from pipelines.photo import Photo


class TorchvisionDetector:
    """A detection model of torchvision, trained on COCO or on classes of your own.

    The region feature of a box is the mean of the backbone's finest map over it.

    weights: a `.pth` state dict or a `.safetensors` file; None for torchvision's own, which
    are downloaded once. labels: a file with the names of the classes, if they are not COCO's
    (`labels.read_labels`). threshold: least score of a detection.

    Raises:
        SightGraphError: the weights cannot be read, do not fit, or cannot be downloaded.
    """

    def __init__(
        self,
        name: str,
        weights: str | Path | None = None,
        threshold: float = 0.5,
        labels: str | Path | None = None,
    ) -> None:
        self.name = name
        self.threshold = threshold
        self.labels = COCO_LABEL_OF_ID
        if weights is not None:
            file = None if labels is None else Path(labels)
            self.model, self.labels = _from_file(name, Path(weights), file)
        else:
            if labels is not None:
                raise SightGraphError(
                    "--labels names the classes of weights of your own. Give --model FILE too."
                )
            self.model = _downloaded(name)
        self.model.eval()
        self._scaled: Any = None
        self._map = torch.zeros(0)
        self.model.transform.register_forward_hook(self._keep_scaled)
        self.model.backbone.register_forward_hook(self._keep_map)

    @torch.inference_mode()
    def __call__(self, photo: Photo) -> list[Detection]:
        found = self.model([to_tensor(photo.image)])[0]
        features = self._region_features(found["boxes"], photo)
        detections = []
        for box, score, label, feature in zip(
            found["boxes"].tolist(),
            found["scores"].tolist(),
            found["labels"].tolist(),
            features,
            strict=True,
        ):
            if score >= self.threshold and label in self.labels:
                name = self.labels[label]
                detections.append(Detection(name, score, self.name, Box(*box), feature))
        return sorted(detections, key=lambda one: -one.score)

    def _keep_scaled(self, module: object, inputs: object, output: tuple[Any, Any]) -> None:
        self._scaled = output[0]

    def _keep_map(self, module: object, inputs: object, maps: dict[str, Tensor]) -> None:
        self._map = next(iter(maps.values()))

    def _region_features(self, boxes: Tensor, photo: Photo) -> list[np.ndarray]:
        height, width = self._scaled.image_sizes[0]
        scale = torch.tensor([width / photo.width, height / photo.height]).repeat(2)
        places_per_pixel = self._map.shape[-1] / self._scaled.tensors.shape[-1]
        return pooled(self._map, boxes * scale, places_per_pixel)


def _from_file(name: str, file: Path, labels: Path | None) -> tuple[Any, dict[int, str]]:
    """Return the model with the weights in `file`, and the name of each class."""
    state = read_state(name, file)
    classes = _classes(name, state, file)
    if labels is not None:
        named = numbered_for(read_labels(labels), classes, str(file))
    elif classes == COCO_CLASSES:
        named = COCO_LABEL_OF_ID
    else:
        raise SightGraphError(
            f"'{file}' has {classes - 1} classes of its own and a background. Give their names "
            "with --labels FILE, one a line."
        )
    model = get_model(name, weights=None, weights_backbone=None, num_classes=classes)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise _unfit(name, file, str(error)) from error
    return model, named


COCO_CLASSES = 91
"""COCO's numbers up to 90, and the background."""
CLASS_WEIGHTS = re.compile(
    r"(box_predictor\.cls_score|classification_head\.(cls_logits|module_list\.0(\.1)?))\.weight$"
)
"""The weight whose rows are the classes, once for each anchor of a place."""


def _classes(name: str, state: Mapping[str, Tensor], file: Path) -> int:
    """Return how many classes a state dict has, the background among them."""
    with torch.device("meta"):
        usual = get_model(name, weights=None, weights_backbone=None).state_dict()
    key = next((key for key in usual if CLASS_WEIGHTS.search(key)), "")
    if key not in state:
        raise _unfit(name, file, f"it has no weight '{key}'")
    rows, anchors = len(state[key]), len(usual[key]) // COCO_CLASSES
    if rows % anchors or rows < 2 * anchors:
        raise _unfit(name, file, f"'{key}' has {rows} rows")
    return rows // anchors


def _unfit(name: str, file: Path, reason: str) -> SightGraphError:
    first = reason.splitlines()[0][:200]
    return SightGraphError(
        f"the weights '{file}' do not fit {name}: {first}. Give a state dict of this model as "
        ".pth or .safetensors."
    )


def _downloaded(name: str) -> Any:
    weights = get_model_weights(name).DEFAULT
    try:
        return get_model(name, weights=weights, progress=True)
    except (URLError, OSError, RuntimeError) as error:
        raise SightGraphError(
            f"the weights of {name} cannot be downloaded ({error}). Give --model FILE, or use "
            "--detector bundled, which needs no download."
        ) from error
