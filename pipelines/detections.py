"""One detected object: what every detector gives and every later step takes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kg.graph import Box

__all__ = ["Box", "Detection"]


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in a photograph.

    label: the detector's class name, lower case, e.g. "dining table".
    score: the detector's confidence in [0, 1].
    origin: the detector's name, e.g. "bundled" or "fcos_resnet50_fpn".
    box: pixels of the original photograph; None where the source has labels only.
    feature: region feature [F], float32; None where the source has none.
    """

    label: str
    score: float
    origin: str
    box: Box | None = None
    feature: np.ndarray | None = field(default=None, compare=False, repr=False)
