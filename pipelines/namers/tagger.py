"""What captions would say of a photograph: things beyond the detector's and the namer's kinds, or
what somebody is doing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import networkx as nx
import numpy as np
import torch
from torch import Tensor

from graph_fusion.tag_model import TagNetwork, presence
from graph_fusion.weights import loading, read_weights
from kg.graph import Box
from pipelines.detections import Detection, Name
from pipelines.namers.rules import logit, sigmoid

ACTIVE = 0.4
"""Share of the most probable cell's probability from which a cell next to it belongs to the thing,
as for the namer's activation maps."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A concept that a photograph shows: its label, the probability, and the cells [Y, X].

    is_stuff: it has no limits, such as snow.
    """

    label: str
    probability: float
    cells: np.ndarray
    is_stuff: bool = False

    def box(self, width: int, height: int) -> Box:
        """Return the box around the cells, in pixels of the photograph."""
        rows, columns = (np.flatnonzero(self.cells.any(axis)) for axis in (1, 0))
        down, across = height / self.cells.shape[0], width / self.cells.shape[1]
        return Box(
            float(columns[0] * across),
            float(rows[0] * down),
            float((columns[-1] + 1) * across),
            float((rows[-1] + 1) * down),
        )


class Tagger:
    """Says which concepts a photograph shows, where, and how probably a caption names them.

    folder: a folder that `sightgraph train tags` wrote.

    Raises:
        SightGraphError: the folder does not hold what the training wrote.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with loading("tags", folder):
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self.of: str = config.get("of", "things")
            self.labels: list[str] = list(config["above"])
            self.above = {label: frozenset(kinds) for label, kinds in config["above"].items()}
            self.stuff = frozenset(config["stuff"])
            self.slope, self.bias = float(config["slope"]), float(config["bias"])
            self.threshold = float(config["threshold"])
            self.network = TagNetwork(config["features"], len(self.labels), config["hidden"])
            self.network.load_state_dict(read_weights(folder / "model.safetensors"))
        self.network.eval()

    def __call__(self, grid: np.ndarray) -> list[Tag]:
        """Return the tags above the threshold, the most probable first, without kinds of a tag.

        grid: [Y, X, F], as `EfficientNetNamer.grid`.
        """
        logits = self.logits(grid)
        sure = self.calibrated(presence(logits)[0].numpy())
        cells = logits[0].sigmoid().reshape(*grid.shape[:2], -1).numpy()
        found = [
            Tag(
                self.labels[at],
                round(float(sure[at]), 4),
                _around_maximum(cells[..., at]),
                self.labels[at] in self.stuff,
            )
            for at in np.flatnonzero(sure >= self.threshold)
        ]
        general = frozenset[str]().union(*(self.above[one.label] for one in found))
        specific = [one for one in found if one.label not in general]
        return sorted(specific, key=lambda one: -one.probability)

    def presences(self, grid: np.ndarray) -> np.ndarray:
        """Return how probably a caption names each of `labels` [C], from a grid [Y, X, F]."""
        return self.calibrated(presence(self.logits(grid))[0].numpy())

    @torch.inference_mode()
    def logits(self, grid: np.ndarray) -> Tensor:
        """Return the logits [1, P, C] of each tag in each cell of a grid [Y, X, F]."""
        high, wide, features = grid.shape
        found: Tensor = self.network(torch.from_numpy(grid).reshape(1, high * wide, features))
        return found

    def calibrated(self, present: np.ndarray) -> np.ndarray:
        """Return how probably a caption names each concept, from the network's noisy-OR."""
        return sigmoid(self.slope * logit(present) + self.bias)

    def is_same(self, tag: str, one: Detection) -> bool:
        """Whether a detection may be the thing that a tag names: by its names, or kinds of them."""
        if tag in {one.label, *(name.label for name in one.names)}:
            return True
        return one.label in self.above[tag] or tag in self.above.get(one.label, ())

    def tagged(self, one: Detection, tag: Tag, most: int) -> Detection:
        """Return a detection with the tag as a further name, if it has fewer than `most`."""
        known = {one.label, *(name.label for name in one.names)}
        if tag.label in known or len(one.names) >= most:
            return one
        names = one.names or (Name(one.label, one.score),)
        further = Name(tag.label, min(tag.probability, one.score))
        ranked = sorted((*names, further), key=lambda name: -name.probability)
        return replace(one, names=tuple(ranked))


def _around_maximum(cells: np.ndarray) -> np.ndarray:
    """Return which cells [Y, X] hang together with the most probable one, and are nearly so."""
    active = map(tuple, np.argwhere(cells >= ACTIVE * cells.max()).tolist())
    together = nx.grid_2d_graph(*cells.shape).subgraph(active)
    most = np.unravel_index(cells.argmax(), cells.shape)
    found = np.zeros(cells.shape, bool)
    for cell in nx.node_connected_component(together, tuple(map(int, most))):
        found[cell] = True
    return found
