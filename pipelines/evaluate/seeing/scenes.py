"""How often the scene network agrees with the labels of photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from graph_fusion.encoders.text import stored
from graph_fusion.perception import SceneNetwork
from graph_fusion.weights import sha256_of
from kg.errors import SightGraphError, unknown_name
from pipelines.datasets.scenes15 import (
    HELD_OUT,
    has_scenes,
    measured_scenes,
    read_scenes,
)
from pipelines.datasets.splits import in_part
from pipelines.evaluate.protocol import Report, Source
from pipelines.evaluate.seeing.scene_labels import (
    LabelledPhoto,
    in_scenes,
    weak_labels,
)
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.seeing.classifiers import SceneClassifier


@dataclass(frozen=True, slots=True)
class ScenePhotographs:
    """P photographs as the scene network sees them.

    look [P, F]: features of the whole photograph; targets [P, S]: 1 for the labelled scenes, 0
    for those that the labels deny, NaN for those of which they say nothing.
    """

    names: list[str]
    look: Tensor
    targets: Tensor


def encode_photographs(
    data: Path, photos: Sequence[LabelledPhoto], scenes: Sequence[str], grey: bool = False
) -> ScenePhotographs:
    """Return what the namer's network sees in `photos`; the targets are `scenes`.

    Features are cached by photograph. grey: look at the photographs without their colours.
    """
    namer = EfficientNetNamer()
    looks = [_look(data / one.name, namer, grey) for one in track(photos, "looking")]
    return ScenePhotographs(
        [one.name for one in photos], torch.stack(looks), targets_of(photos, scenes)
    )


def targets_of(photos: Sequence[LabelledPhoto], scenes: Sequence[str]) -> Tensor:
    """Return the targets [P, S] of `ScenePhotographs`."""
    rows = [
        [float(s in one.scenes) if s in one.known else np.nan for s in scenes] for one in photos
    ]
    return torch.tensor(rows)


def _look(file: Path, namer: EfficientNetNamer, grey: bool) -> Tensor:
    """Return the namer's features [F] of a photograph."""

    def compute() -> Tensor:
        photo = Photo.open(file)
        if grey:
            photo = Photo(without_colours(photo.image), photo.source)
        return torch.from_numpy(namer.look(photo))

    digest = sha256_of(file)
    return stored([namer.name, "look", digest, "grey" if grey else "colours"], compute)


def without_colours(image: Image.Image) -> Image.Image:
    """Return the image in greys, as RGB."""
    return ImageOps.grayscale(image).convert("RGB")


@dataclass(frozen=True, slots=True)
class SceneFolder:
    """Photographs with labelled scenes, their names relative to `folder`; some to measure.

    left_out: number of the folder's photographs that are not measured.
    """

    folder: Path
    train: list[LabelledPhoto]
    test: list[LabelledPhoto]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ScenesEvaluator:
    """Scenes on held-out photographs; baseline: the most frequent scene.

    A folder with an annotations.json, such as scenes15 or its official test, is measured by its
    own labels (`measured_scenes` says which photographs), and the folder of all data sets by the
    weak labels. top-1: the most probable of the scenes that a photograph's labels affirm or deny
    is one that they affirm; mAP: mean over the scenes. "categories": how many scenes are decided
    by a label, and so compared. "said of": share of photographs with a scene above the threshold;
    "right where said": precision of these scenes.
    """

    def dataset(self, source: Source) -> SceneFolder:
        """Return the photographs to measure, and those that are trained on.

        Raises:
            SightGraphError: a data set or a photograph is missing, or nothing is to be measured.
            UnknownNameError: there is no such part.
        """
        data = source.data.resolve()  # its own name, also of "." and of a link
        if has_scenes(data):
            read = read_scenes(data)
            photos, folder = in_scenes(data, read), data.parent
            chosen = {one.file_name for one in measured_scenes(read, source.split)}
            test = [
                photo for photo, one in zip(photos, read, strict=True) if one.file_name in chosen
            ]
        else:
            if source.split not in (None, *HELD_OUT):
                raise unknown_name("part of the photographs", source.split, HELD_OUT)
            photos, folder = weak_labels(data), data
            test = in_part(photos, "held-out")
        if not test:
            raise SightGraphError(
                f"'{source.data}' has no photograph to measure: its {len(photos)} are trained on. "
                "Give another folder, or name a part with --split ('all' are all photographs)."
            )
        if missing := next((one for one in test if not (folder / one.name).is_file()), None):
            raise SightGraphError(
                f"there is no photograph at '{folder / missing.name}', which '{source.data}' names."
            )
        measured = {one.name for one in test}
        train = [one for one in in_part(photos, "train") if one.name not in measured]
        return SceneFolder(folder, train, test, len(photos) - len(test))

    def system(self, model: Path | None = None) -> SceneClassifier:
        return SceneClassifier(model)

    def __call__(self, reader: SceneClassifier, dataset: SceneFolder) -> Report:
        """Return the figures on the part held out; a row holds a photograph's best scene."""
        unknown = [one for one in dataset.test if not one.known & set(reader.scenes)]
        if unknown:
            raise SightGraphError(
                f"the model knows none of the scenes of '{unknown[0].name}'. It knows: "
                f"{', '.join(reader.scenes)}."
            )
        test = encode_photographs(dataset.folder, dataset.test, reader.scenes)
        scores = probabilities(reader.network, test.look)
        best = answerable(scores, test.targets).max(1)
        rows = [
            {
                "file_name": name,
                "scene": reader.scenes[scene],
                "probability": round(float(score), 4),
                "right": bool(right[scene] == 1),
            }
            for name, scene, score, right in zip(
                test.names, best.indices.tolist(), best.values, test.targets, strict=True
            )
        ]
        train = targets_of(dataset.train, reader.scenes) if dataset.train else test.targets
        figures = scene_figures(scores, train, test.targets, reader.threshold)
        return Report("top-1", {"left out": float(dataset.left_out)} | figures, rows)


def scene_figures(
    scores: Tensor, train: Tensor, targets: Tensor, threshold: float
) -> dict[str, float]:
    """Return the figures of scores [P, S] and of the baseline, by the targets of both parts."""
    often = train.nan_to_num(0).mean(0).expand_as(targets)
    figures: dict[str, float] = {
        "photographs": float(len(targets)),
        "categories": float((~targets.isnan()).any(0).sum()),
    }
    for name, given in (("", scores), ("always the most frequent: ", often)):
        found = ranking_figures(given, targets)
        figures |= {f"{name}{key}": value for key, value in found.items()}
    best = answerable(scores, targets).max(1)
    output = best.values >= threshold
    right = targets.gather(1, best.indices[:, None])[:, 0]
    figures["said of"] = float(output.float().mean())
    figures["right where said"] = float(right[output].mean()) if output.any() else 0.0
    figures["calibration error"] = calibration_error(scores, targets)
    return figures


@torch.inference_mode()
def probabilities(network: SceneNetwork, look: Tensor) -> Tensor:
    """Return the probability of each scene [P, S] from features [P, F]."""
    return torch.sigmoid(network(look))


def answerable(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the scores [P, S], -inf for scenes that a photograph's labels do not decide."""
    return scores.masked_fill(targets.isnan(), -torch.inf)


def ranking_figures(scores: Tensor, targets: Tensor) -> dict[str, float]:
    """Return top-1 accuracy and mean average precision of scores [P, S] for targets [P, S]."""
    best = answerable(scores, targets).argmax(1, keepdim=True)
    precisions = []
    for one, target in zip(scores.t(), targets.t(), strict=True):
        known = ~target.isnan()
        precisions.append(average_precision(one[known], target[known]))
    return {"top-1": float(targets.gather(1, best).mean()), "mAP": float(np.nanmean(precisions))}


def average_precision(scores: Tensor, targets: Tensor) -> float:
    """Return the average precision of one scene over all photographs [P].

    Photographs of equal score have one rank together, the last: so their order does not matter,
    and scores that are all equal have the share of the photographs that show the scene.
    """
    order = scores.argsort(descending=True, stable=True)
    ranked, sorted_scores = targets[order], scores[order]
    if not ranked.any():
        return float("nan")
    precision = ranked.cumsum(0) / torch.arange(1, len(ranked) + 1)
    last = torch.searchsorted(-sorted_scores, -sorted_scores, right=True) - 1
    return float((precision[last] * ranked).sum() / ranked.sum())


BINS = 10


def calibration_error(scores: Tensor, targets: Tensor) -> float:
    """Return the expected calibration error of each photograph's best scene, in ten bins."""
    best = answerable(scores, targets).max(1)
    right = targets.gather(1, best.indices[:, None])[:, 0]
    bins = (best.values * BINS).long().clamp_max(BINS - 1)
    error = 0.0
    for number in range(BINS):
        chosen = bins == number
        if not chosen.any():
            continue
        gap = best.values[chosen].mean() - right[chosen].mean()
        error += float(gap.abs() * chosen.float().mean())
    return error
