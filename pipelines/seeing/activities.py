"""What people and animals in a photograph are doing, learned from captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from graph_fusion.tag_model import presence
from kg.files import bundled
from kg.graph import Box
from kg.vocabulary import IS_DOING
from pipelines.detections import Detection, PerceivedAttribute
from pipelines.namers.tagger import Tagger

MIN_SCORE = 0.2
"""Of what one of several in a photograph is doing, where the whole photograph shows it surely."""


class ActivityClassifier:
    """Says what is done in a photograph, and by whom.

    folder: a folder that `sightgraph train tags --of activities` wrote; the bundled one by
    default.

    Raises:
        SightGraphError: the folder does not hold what the training wrote.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.tagger = Tagger(bundled("models", "activities") if folder is None else folder)

    def cells(self, grid: np.ndarray) -> np.ndarray:
        """Return the logits [Y, X, C] of each activity, from a grid [Y, X, F] of the namer."""
        found: np.ndarray = self.tagger.logits(grid)[0].numpy().reshape(*grid.shape[:2], -1)
        return found

    def __call__(
        self, cells: np.ndarray, objects: Sequence[Detection], agents: Sequence[int], frame: Box
    ) -> dict[int, list[PerceivedAttribute]]:
        """Return what each of the agents does, the most probable first.

        An activity is shared by where it is seen: who has its most probable cell does it surely.

        cells: [Y, X, C], as `cells` returns them. agents: places of the objects that can do
            something.
        frame: the whole photograph, in pixels, as a box.
        """
        flat = torch.from_numpy(cells.reshape(1, -1, cells.shape[-1]))
        sure = self.tagger.calibrated(presence(flat)[0].numpy())
        chances = torch.from_numpy(cells).sigmoid().numpy()
        within = {at: _within(chances, objects[at].box or frame, frame) for at in agents}
        found: dict[int, list[PerceivedAttribute]] = {at: [] for at in agents}
        for number in np.flatnonzero(sure >= self.tagger.threshold):
            most = max((some[number] for some in within.values()), default=1.0)
            for at, some in within.items():
                score = round(float(sure[number] * some[number] / most), 3)
                if score >= MIN_SCORE:
                    label = self.tagger.labels[number]
                    found[at].append(PerceivedAttribute(IS_DOING, label, score, "activities"))
        return {at: sorted(some, key=lambda one: -one.score) for at, some in found.items()}


def _within(chances: np.ndarray, box: Box, frame: Box) -> np.ndarray:
    """Return the highest chance [C] of each activity in the cells [Y, X, C] that a box touches."""
    high, wide = chances.shape[:2]
    left, right = (int(x / frame.width * wide) for x in (box.x1, box.x2 - 1e-6))
    top, bottom = (int(y / frame.height * high) for y in (box.y1, box.y2 - 1e-6))
    part = chances[max(top, 0) : max(bottom, top) + 1, max(left, 0) : max(right, left) + 1]
    found: np.ndarray = part.max((0, 1))
    return found
