"""The scene of a photograph: kitchen, street, beach ..., from its look and its objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from graph_fusion.perception import SceneNetwork
from graph_fusion.weights import loading
from kg.files import bundled
from pipelines.detections import Detection
from pipelines.seeing.perception_types import SeenScene

MOST_SCENES = 2


class SceneReader:
    """Says which of its scenes a photograph shows, or none where it is unsure.

    folder: a folder that `sightgraph train scenes` wrote; the bundled one by default.

    Raises:
        SightGraphError: the folder does not hold a scene model.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = bundled("models", "scenes") if folder is None else folder
        with loading("scenes", folder):
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self.scenes: list[str] = config["scenes"]
            self.labels: list[str] = config["labels"]
            self.threshold: float = config["threshold"]
            self.network = SceneNetwork(config["features"], len(self.labels), len(self.scenes))
            self.network.load_state_dict(load_file(folder / "model.safetensors"))
        self.network.eval()

    @torch.inference_mode()
    def __call__(self, look: np.ndarray, objects: Sequence[Detection]) -> tuple[SeenScene, ...]:
        """Return the scenes that are likely, the likeliest first.

        look: [F], the whole photograph's features (`BundledDetector.look`).
        """
        logits = self.network(
            torch.from_numpy(look)[None], object_scores(objects, self.labels)[None]
        )
        found = torch.sigmoid(logits[0])
        best = found.argsort(descending=True)[:MOST_SCENES].tolist()
        return tuple(
            SeenScene(self.scenes[index], round(float(found[index]), 3))
            for index in best
            if found[index] >= self.threshold
        )


def object_scores(objects: Sequence[Detection], labels: Sequence[str]) -> Tensor:
    """Return for each of `labels` the best score of an object called so: [L]."""
    best = dict.fromkeys(labels, 0.0)
    for one in objects:
        if one.label in best:
            best[one.label] = max(best[one.label], one.score)
    return torch.tensor([best[label] for label in labels])
