"""Region features of a detector's own map."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional
from torchvision.ops import roi_align

from kg.errors import SightGraphError


def pooled(feature_map: Tensor, boxes: Tensor, scale: float) -> list[np.ndarray]:
    """Return for each box the map's mean over it, scaled to length 1.

    Shapes:
        feature_map: [1, F, H, W]; boxes: [M, 4] in pixels of the detector's input
        scale: places of the map per pixel; returns M arrays [F], float32

    Raises:
        SightGraphError: a number of a box or of the map is not finite; roi_align would read
            outside the map.
    """
    if len(boxes) == 0:
        return []
    if not (boxes.isfinite().all() and feature_map.isfinite().all()):
        raise SightGraphError(
            "the detector computed boxes or features that are not finite. Its weights are "
            "damaged: take others."
        )
    regions = roi_align(feature_map, [boxes], 3, scale, sampling_ratio=2)
    return list(unit(regions.mean(dim=(2, 3))))


def unit(features: Tensor) -> np.ndarray:
    """Return features [M, F] scaled to length 1."""
    scaled: np.ndarray = functional.normalize(features, dim=1).numpy()
    return scaled
