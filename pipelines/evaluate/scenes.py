"""Scenes on the photographs that training holds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graph_fusion.perception import SceneNetwork
from pipelines.datasets.scenes import (
    LabelledPhoto,
    ScenePhotographs,
    encode_photographs,
    weak_labels,
)
from pipelines.datasets.splits import in_part
from pipelines.detectors.bundled import BundledDetector
from pipelines.evaluate.protocol import Report, Source
from pipelines.seeing.scenes import SceneReader


@dataclass(frozen=True, slots=True)
class ScenesEvaluator:
    """Scenes on held-out photographs, beside what guessing and each input alone reach.

    top-1: the most probable scene is among the labelled ones; mAP: mean over the scenes.
    "said of": share of photographs with a scene above the threshold; "right where said":
    precision of these scenes.
    """

    def dataset(self, source: Source) -> tuple[Path, list[LabelledPhoto]]:
        """Return the folder of the data sets, and its photographs with a labelled scene.

        Raises:
            SightGraphError: a data set is missing.
        """
        return source.data, weak_labels(source.data)

    def system(self, model: Path | None = None) -> SceneReader:
        return SceneReader(model)

    def __call__(self, reader: SceneReader, dataset: tuple[Path, list[LabelledPhoto]]) -> Report:
        """Return the figures on the part held out; a row holds a photograph's best scene."""
        data, photos = dataset
        held_out = in_part(photos, "held-out")
        test = encode_photographs(data, BundledDetector(), held_out, reader.scenes)
        best = probabilities(reader.network, test).max(1)
        rows = [
            {
                "file_name": name,
                "scene": reader.scenes[scene],
                "probability": round(float(score), 4),
                "right": bool(right[scene]),
            }
            for name, scene, score, right in zip(
                test.names, best.indices.tolist(), best.values, test.targets, strict=True
            )
        ]
        return Report("mAP", scene_figures(reader, in_part(photos, "train"), test), rows)


def scene_figures(
    reader: SceneReader, train: Sequence[LabelledPhoto], test: ScenePhotographs
) -> dict[str, float]:
    """Return the figures of the model and of the baselines on `test`."""
    often = [sum(scene in one.scenes for one in train) / len(train) for scene in reader.scenes]
    network = reader.network
    figures: dict[str, float] = {"photographs": float(len(test.names))}
    scores = probabilities(network, test)
    without_look = replace(test, look=network.mean.expand_as(test.look))
    without_objects = replace(test, objects=torch.zeros_like(test.objects))
    for name, given in (
        ("", scores),
        ("always the most frequent: ", torch.tensor(often).expand_as(test.targets)),
        ("objects only: ", probabilities(network, without_look)),
        ("look only: ", probabilities(network, without_objects)),
    ):
        found = ranking_figures(given, test.targets)
        figures |= {f"{name}{key}": value for key, value in found.items()}
    best = scores.max(1)
    output = best.values >= reader.threshold
    right = test.targets.gather(1, best.indices[:, None])[:, 0]
    figures["said of"] = float(output.float().mean())
    figures["right where said"] = float(right[output].mean()) if output.any() else 0.0
    return figures


@torch.inference_mode()
def probabilities(network: SceneNetwork, photographs: ScenePhotographs) -> Tensor:
    """Return the probability of each scene [P, S]."""
    return torch.sigmoid(network(photographs.look, photographs.objects))


def ranking_figures(scores: Tensor, targets: Tensor) -> dict[str, float]:
    """Return top-1 accuracy and mean average precision of scores [P, S] for targets [P, S]."""
    top = targets.gather(1, scores.argmax(1, keepdim=True)).mean()
    precisions = [average_precision(scores[:, i], targets[:, i]) for i in range(targets.shape[1])]
    return {"top-1": float(top), "mAP": float(np.nanmean(precisions))}


def average_precision(scores: Tensor, targets: Tensor) -> float:
    """Return the average precision of one scene over all photographs [P]."""
    ranked = targets[scores.argsort(descending=True, stable=True)]
    if not ranked.any():
        return float("nan")
    precision = ranked.cumsum(0) / torch.arange(1, len(ranked) + 1)
    return float((precision * ranked).sum() / ranked.sum())
