"""The bundled namer: EfficientNet-Lite2 over the hypernyms of WordNet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch.nn import functional as F

from kg.graph import Box
from pipelines.detections import Detection
from pipelines.namers.looking import Looker
from pipelines.photo import Photo


class EfficientNetNamer:
    """Names regions and photographs; also gives the features that it saw them by."""

    name = "efficientnet_lite2"

    def __init__(self) -> None:
        self.looker = Looker()

    def __call__(self, photo: Photo, detections: Sequence[Detection]) -> list[Detection]:
        located = [one for one in detections if one.box is not None]
        if not located:
            return list(detections)
        features, _ = self.looker.regions(photo, [one.box for one in located if one.box])
        unit = iter(F.normalize(features, dim=1).numpy())
        return [one if one.box is None else replace(one, feature=next(unit)) for one in detections]

    def regions(self, photo: Photo, boxes: Sequence[Box]) -> np.ndarray:
        """Return features [M, 1280] of M > 0 boxes, in pixels, scaled to length 1."""
        found: np.ndarray = F.normalize(self.looker.regions(photo, boxes)[0], dim=1).numpy()
        return found

    def grid(self, photo: Photo) -> np.ndarray:
        """Return features [9, 9, 1280], float32: rows from the top, columns from the left.

        They are kept for the last photograph.
        """
        found: np.ndarray = self.looker.whole(photo).grid[0].permute(1, 2, 0).numpy()
        return found

    def look(self, photo: Photo) -> np.ndarray:
        """Return features [1280] of the whole photograph, scaled to length 1."""
        found: np.ndarray = F.normalize(self.looker.whole(photo).pooled, dim=1)[0].numpy()
        return found
