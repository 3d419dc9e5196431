"""torchvision's detection models by name, with weights from a file or from torchvision."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
from torch import Tensor
from torchvision.models import get_model, get_model_weights
from torchvision.transforms.functional import to_tensor

from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors import COCO_LABEL_OF_ID
from pipelines.detectors.bundled import pooled
from pipelines.photo import Photo


class TorchvisionDetector:
    """A detection model of torchvision, trained on COCO.

    The region feature of a box is the mean of the backbone's finest map over it.

    weights: a `.pth` state dict or a `.safetensors` file; None for torchvision's own, which
    are downloaded once. threshold: least score of a detection.

    Raises:
        SightGraphError: the weights cannot be read, do not fit, or cannot be downloaded.
    """

    def __init__(
        self, name: str, weights: str | Path | None = None, threshold: float = 0.5
    ) -> None:
        self.name = name
        self.threshold = threshold
        self.model = _downloaded(name) if weights is None else _from_file(name, Path(weights))
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
            if score >= self.threshold and label in COCO_LABEL_OF_ID:
                name = COCO_LABEL_OF_ID[label]
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


def _from_file(name: str, file: Path) -> Any:
    model = get_model(name, weights=None, weights_backbone=None)
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(file)
        else:
            state = torch.load(file, weights_only=True, map_location="cpu")
        model.load_state_dict(state)
    except Exception as error:  # unpickling raises many kinds
        reason = str(error).splitlines()[0][:200]
        raise SightGraphError(
            f"the weights '{file}' do not fit {name}: {reason}. Give a state dict of this model "
            "as .pth or .safetensors."
        ) from error
    return model


def _downloaded(name: str) -> Any:
    weights = get_model_weights(name).DEFAULT
    try:
        return get_model(name, weights=weights, progress=True)
    except (URLError, OSError, RuntimeError) as error:
        raise SightGraphError(
            f"the weights of {name} cannot be downloaded ({error}). Give --model FILE, or use "
            "--detector bundled, which needs no download."
        ) from error
