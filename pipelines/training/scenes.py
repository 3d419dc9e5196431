"""Training of the scene network, which names the scene of a photograph.

An example is a photograph with weak scene labels (`pipelines.evaluate.scenes`); the objective
is binary cross-entropy of each scene. The model folder gets model.safetensors and config.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.perception import SceneNetwork
from graph_fusion.training import Figures, Objective, TrainingOptions, fit, save_model
from graph_fusion.weights import deterministic
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.detectors.bundled import BundledDetector
from pipelines.evaluate.scenes import (
    LabelledPhoto,
    ScenePhotographs,
    encode_photographs,
    probabilities,
    ranking_figures,
    used_scenes,
    weak_labels,
)

PRECISION = 0.6
"""Minimum precision on the part development of the scenes above the threshold."""


@dataclass(frozen=True, slots=True)
class SceneTraining(TrainingOptions):
    """How the scene network is trained; the learning rate is constant."""

    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2


@dataclass(frozen=True, slots=True)
class SceneBatch:
    """look [B, F], objects [B, L] and targets [B, S], as in `ScenePhotographs`."""

    look: Tensor
    objects: Tensor
    targets: Tensor


class SceneObjective(Objective[SceneNetwork, SceneBatch]):
    """Binary cross-entropy of each scene; an example is a row of each tensor."""

    uses_all = True

    def collate(self, examples: list[tuple[Tensor, Tensor, Tensor]]) -> SceneBatch:
        return SceneBatch(*(torch.stack(column) for column in zip(*examples, strict=True)))

    def loss(self, model: SceneNetwork, batch: SceneBatch) -> Tensor:
        return F.binary_cross_entropy_with_logits(model(batch.look, batch.objects), batch.targets)

    def figures(self, model: SceneNetwork, batch: SceneBatch) -> Figures:
        best = model(batch.look, batch.objects).argmax(1, keepdim=True)
        return {"top-1": (batch.targets.gather(1, best).sum(), len(best))}


@deterministic()
def train(
    data: Path,
    out: Path,
    options: SceneTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the weak labels of `data` and write the model folder `out`.

    Resumes from the checkpoint in `out`/training. Returns figures on the part development.

    Raises:
        SightGraphError: a data set is missing.
    """
    detector = BundledDetector()
    train_photos = training_records(data)
    development_photos = for_choosing(in_part(weak_labels(data), "development"))
    scenes = used_scenes(train_photos)
    seen = encode_photographs(data, detector, train_photos, scenes)
    development = encode_photographs(data, detector, development_photos, scenes)
    network = train_network(seen, development, out, options or SceneTraining(), log)
    scores = probabilities(network, development)
    config = {
        "scenes": scenes,
        "labels": detector.labels,
        "features": seen.look.shape[1],
        "threshold": threshold(scores, development.targets),
    }
    save_model(out, network.state_dict(), config)
    return ranking_figures(scores, development.targets)


def training_records(data: Path) -> list[LabelledPhoto]:
    """Return the photographs that are trained on."""
    return for_training(in_part(weak_labels(data), "train"))


def train_network(
    seen: ScenePhotographs,
    development: ScenePhotographs,
    out: Path,
    options: SceneTraining,
    log: Callable[[str], None],
) -> SceneNetwork:
    """Return a network trained on `seen`; its figures on `development` are logged."""
    log(f"{len(seen.names)} photographs in train, {len(development.names)} in development")
    torch.manual_seed(options.seed)
    network = SceneNetwork(seen.look.shape[1], seen.objects.shape[1], seen.targets.shape[1])
    network.mean.copy_(seen.look.mean(0))
    network.spread.copy_(seen.look.std(0).clamp_min(1e-3))
    train, validation = (
        list(zip(one.look, one.objects, one.targets, strict=True)) for one in (seen, development)
    )
    config = options.config(schedule="constant", clip=None, watch=None)
    run = out / "training"
    fit(network, SceneObjective(), train, validation, config, run, log, about=options.others())
    return network.eval()


def threshold(scores: Tensor, targets: Tensor) -> float:
    """Return the lowest probability at which the scenes above it reach `PRECISION`."""
    order = scores.flatten().argsort(descending=True)
    right = targets.flatten()[order]
    precision = right.cumsum(0) / torch.arange(1, len(right) + 1)
    good = (precision >= PRECISION).nonzero()
    last = int(good[-1]) if len(good) else 0
    return round(float(scores.flatten()[order[last]]), 3)
