"""Training of the scene network, which names the scene of a photograph.

An example is a photograph with labelled scenes (`pipelines.evaluate.seeing.scenes`), some in colour
and in grey; the objective is binary cross-entropy of each scene that its labels affirm or deny.
Plain, noisy and graded pictures show no scene. The model folder gets model.safetensors and
config.json.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.perception import SceneNetwork
from graph_fusion.training import Figures, Objective, TrainingOptions, fit, save_model
from graph_fusion.weights import deterministic
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.evaluate.seeing.scene_labels import (
    SCENES15,
    LabelledPhoto,
    labelled_photos,
    used_scenes,
)
from pipelines.evaluate.seeing.scenes import (
    ScenePhotographs,
    answerable,
    encode_photographs,
    probabilities,
    ranking_figures,
)
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.training.seeing.threshold import least_precise

EMPTY, SIDE = 60, 64
"""Number of pictures without a scene, and their pixels a side."""
NO_GREY = (f"{SCENES15}/", "flickr8k/")
"""Folders of which no grey copy is trained on: grey already, or so many that others suffice."""
FACTORS = tuple(1.05**power for power in range(-20, 21))
"""Inverse temperatures among which calibration chooses (Guo et al., ICML 2017)."""
PRECISION = 0.85
"""Minimum precision on the part development of the scenes above the threshold."""


@dataclass(frozen=True, slots=True)
class SceneTraining(TrainingOptions):
    """How the scene network is trained; the learning rate is constant."""

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2


@dataclass(frozen=True, slots=True)
class SceneBatch:
    """look [B, F] and targets [B, S], as in `ScenePhotographs`."""

    look: Tensor
    targets: Tensor


class SceneObjective(Objective[SceneNetwork, SceneBatch]):
    """Binary cross-entropy of each decided scene; an example is a row of each tensor."""

    uses_all = True

    def collate(self, examples: list[tuple[Tensor, Tensor]]) -> SceneBatch:
        return SceneBatch(*(torch.stack(column) for column in zip(*examples, strict=True)))

    def loss(self, model: SceneNetwork, batch: SceneBatch) -> Tensor:
        known = ~batch.targets.isnan()
        return F.binary_cross_entropy_with_logits(model(batch.look)[known], batch.targets[known])

    def figures(self, model: SceneNetwork, batch: SceneBatch) -> Figures:
        best = answerable(model(batch.look), batch.targets).argmax(1, keepdim=True)
        return {"top-1": (batch.targets.gather(1, best).sum(), len(best))}


@deterministic()
def train(
    data: Path,
    out: Path,
    options: SceneTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the labels in `data` and write the model folder `out`.

    Resumes from the checkpoint in `out`/training. Returns figures on the part development.

    Raises:
        SightGraphError: a data set is missing.
    """
    photos = training_records(data)
    scenes = used_scenes(photos)
    coloured = [one for one in photos if not one.name.startswith(NO_GREY)]
    parts = [
        encode_photographs(data, photos, scenes),
        encode_photographs(data, coloured, scenes, grey=True),
        no_scene(len(scenes)),
    ]
    chosen_on = for_choosing(in_part(labelled_photos(data), "development"))
    development = encode_photographs(data, chosen_on, scenes)
    network = train_network(joined(parts), development, out, options or SceneTraining(), log)
    network.sharpen(best_factor(network, development))
    scores = probabilities(network, development.look)
    known = ~development.targets.isnan()
    config = {
        "scenes": scenes,
        "features": development.look.shape[1],
        "threshold": least_precise(scores[known], development.targets[known], PRECISION),
    }
    save_model(out, network.state_dict(), config)
    return ranking_figures(scores, development.targets)


def training_records(data: Path) -> list[LabelledPhoto]:
    """Return the photographs that are trained on."""
    return for_training(in_part(labelled_photos(data), "train"))


def joined(parts: Sequence[ScenePhotographs]) -> ScenePhotographs:
    """Return the photographs of all parts, one after another."""
    return ScenePhotographs(
        [name for one in parts for name in one.names],
        torch.cat([one.look for one in parts]),
        torch.cat([one.targets for one in parts]),
    )


def no_scene(scenes: int, count: int = EMPTY) -> ScenePhotographs:
    """Return `count` pictures without a scene: plain ones, gradients and noise, by turns."""
    namer, chance = EfficientNetNamer(), np.random.default_rng(0)
    looks = [
        torch.from_numpy(namer.look(Photo.open(_picture(number, chance))))
        for number in range(count)
    ]
    return ScenePhotographs(
        [f"no scene {number}" for number in range(count)],
        torch.stack(looks),
        torch.zeros(count, scenes),
    )


def _picture(number: int, chance: np.random.Generator) -> Image.Image:
    """Return a plain picture, a gradient between two colours, or noise."""
    first, second = chance.integers(0, 256, (2, 3))
    down = np.linspace(0, 1, SIDE)[:, None, None]
    if number % 3 == 0:
        pixels = np.broadcast_to(first, (SIDE, SIDE, 3))
    elif number % 3 == 1:
        pixels = np.broadcast_to(first * (1 - down) + second * down, (SIDE, SIDE, 3))
    else:
        pixels = chance.normal(first, chance.uniform(10, 80), (SIDE, SIDE, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


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
    network = SceneNetwork(seen.look.shape[1], seen.targets.shape[1])
    network.mean.copy_(seen.look.mean(0))
    network.spread.copy_(seen.look.std(0).clamp_min(1e-3))
    train, validation = (
        list(zip(one.look, one.targets, strict=True)) for one in (seen, development)
    )
    config = options.config(schedule="constant", clip=None, watch=None)
    run = out / "training"
    fit(network, SceneObjective(), train, validation, config, run, log, about=options.others())
    return network.eval()


@torch.inference_mode()
def best_factor(network: SceneNetwork, development: ScenePhotographs) -> float:
    """Return the factor on the logits with the least cross-entropy on the part development."""
    known = ~development.targets.isnan()
    logits, targets = network(development.look)[known], development.targets[known]
    losses = [F.binary_cross_entropy_with_logits(one * logits, targets) for one in FACTORS]
    return FACTORS[int(torch.stack(losses).argmin())]
