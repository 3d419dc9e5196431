"""torchvision's detection models by name, with weights from a file or from torchvision."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torchvision.models import get_model, get_model_weights
from torchvision.transforms.functional import to_tensor

from kg.errors import SightGraphError
from pipelines.detections import Detection
from pipelines.photo import Photo
from pipelines.tasks.coco import COCO_IDS, COCO_LABELS

_NAME_OF_ID = dict(zip(COCO_IDS, COCO_LABELS, strict=True))


class TorchvisionDetector:
    """A detection model of torchvision, trained on COCO.

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

    @torch.inference_mode()
    def __call__(self, photo: Photo) -> list[Detection]:
        found = self.model([to_tensor(photo.image)])[0]
        detections = []
        for box, score, label in zip(
            found["boxes"].tolist(), found["scores"].tolist(), found["labels"].tolist(), strict=True
        ):
            if score >= self.threshold and label in _NAME_OF_ID:
                x1, y1, x2, y2 = box
                detections.append(Detection(_NAME_OF_ID[label], score, self.name, (x1, y1, x2, y2)))
        return sorted(detections, key=lambda one: -one.score)


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
            f"the weights of {name} cannot be downloaded ({error}). Give --weights FILE, or use "
            "--detector bundled, which needs no download."
        ) from error
