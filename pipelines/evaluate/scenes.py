"""Scenes of photographs, by weak labels: other models and captions name the scene.

The labels come from OK-VQA's photographs (merged labels of several classifiers) and from the
captions of Flickr8k and COCO. Nobody checked them, and an unnamed scene may still be present.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from graph_fusion.perception import SceneNetwork
from pipelines.datasets.coco import TRAIN_SPLIT, CocoPhoto, read_coco
from pipelines.datasets.flickr8k import FlickrPhoto, read_flickr8k
from pipelines.datasets.okvqa import read_okvqa
from pipelines.datasets.splits import Part, in_part
from pipelines.detectors.bundled import BundledDetector
from pipelines.evaluate.protocol import Report, Source
from pipelines.photo import Photo
from pipelines.seeing.classifiers import SceneClassifier, object_scores

SCENES: dict[str, tuple[str, ...]] = {
    "kitchen": ("kitchen", "restaurant kitchen", "galley"),
    "bathroom": ("bathroom", "shower", "public restroom"),
    "bedroom": ("bedroom", "hotel room", "dorm room", "childs room", "bedchamber"),
    "living room": ("living room", "television room", "home theater", "playroom"),
    "dining room": ("dining room", "dining hall"),
    "office": ("office", "home office", "computer room", "office cubicles"),
    "restaurant": ("restaurant", "pizzeria", "coffee shop", "fast food restaurant", "cafeteria"),
    "shop": ("market", "grocery store", "supermarket", "bakery", "delicatessen", "candy store"),
    "street": ("street", "crosswalk", "highway", "downtown", "sidewalk", "city", "road"),
    "parking lot": ("parking lot", "parking garage"),
    "train station": ("train station", "railroad track", "train tracks", "railway"),
    "airport": ("airfield", "runway", "airport", "heliport", "tarmac"),
    "beach": ("beach", "seashore", "coast", "sandbar", "shore"),
    "sea": ("ocean", "wave", "waves", "sea"),
    "harbour": ("harbor", "dock", "pier", "boathouse", "marina"),
    "lake": ("lakeside", "lake", "river", "pond", "swimming hole"),
    "ski slope": ("ski slope", "snowfield", "ski resort", "snow", "snowy"),
    "mountain": ("alp", "mountain", "mountains", "mountain path", "cliff"),
    "baseball field": ("baseball field", "baseball"),
    "tennis court": ("tennis court", "tennis"),
    "sports field": ("soccer field", "athletic field", "football field", "stadium"),
    "skate park": ("skate park", "skateboard ramp", "ramp"),
    "park": ("park", "lawn", "playground", "garden"),
    "pasture": ("pasture", "corral", "farm", "field road", "meadow", "field"),
    "forest": ("forest", "woods", "forest path", "rainforest"),
}
"""Each scene with the labels and caption words that name it."""
TRAIN_SPLITS = (TRAIN_SPLIT, "train")
MIN_PHOTOGRAPHS = 12
"""A scene is only used if at least so many photographs are labelled with it."""


@dataclass(frozen=True, slots=True)
class ScenePhotographs:
    """P photographs as the scene network sees them.

    look [P, F]: detector features of the whole photograph; objects [P, L]: best score of each
    detector label; targets [P, S]: 1 for the labelled scenes, 0 for the others.
    """

    names: list[str]
    look: Tensor
    objects: Tensor
    targets: Tensor


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photograph, by its path in the folder of data sets, and its labelled scenes."""

    name: str
    part: Part
    scenes: frozenset[str]


def weak_labels(data: Path) -> list[LabelledPhoto]:
    """Return the photographs of the official train parts with a labelled scene, sorted by name.

    Raises:
        SightGraphError: a data set is missing.
    """
    found = [*_of_okvqa(data), *_of_captions(data)]
    return sorted((one for one in found if one.scenes), key=lambda one: one.name)


def _of_okvqa(data: Path) -> Iterator[LabelledPhoto]:
    questions = read_okvqa(data / "okvqa" / "train.json")
    for one in {one.photo: one for one in questions}.values():
        if (data / one.file_name).is_file():
            yield LabelledPhoto(one.file_name, one.part, _named(one.seen))


def _of_captions(data: Path) -> Iterator[LabelledPhoto]:
    """Yield the photographs of the train parts, with the scenes that their captions name."""
    pattern = "|".join(sorted({w for words in SCENES.values() for w in words}, key=len)[::-1])
    photos: list[tuple[str, CocoPhoto | FlickrPhoto]] = [
        *(("flickr8k_1k", one) for one in read_flickr8k(data / "flickr8k_1k")),
        *(("coco_mini", one) for one in read_coco(data / "coco_mini")),
    ]
    for folder, photo in photos:
        if photo.split in TRAIN_SPLITS:
            captions = " | ".join(photo.captions).lower()
            words = re.findall(rf"\b(?:{pattern})\b", captions)
            yield LabelledPhoto(f"{folder}/{photo.file_name}", photo.part, _named(words))


def _named(texts: Collection[str]) -> frozenset[str]:
    return frozenset(scene for scene, words in SCENES.items() if set(texts) & set(words))


def encode_photographs(
    data: Path, detector: BundledDetector, photos: Sequence[LabelledPhoto], scenes: Sequence[str]
) -> ScenePhotographs:
    """Run the detector on `photos`; the targets are `scenes`."""
    looks, objects, targets = [], [], []
    for one in track(photos, "detecting"):
        photo = Photo.open(data / one.name)
        found = detector(photo)
        looks.append(torch.from_numpy(detector.look(photo)))
        objects.append(object_scores(found, detector.labels))
        targets.append(torch.tensor([float(scene in one.scenes) for scene in scenes]))
    names = [one.name for one in photos]
    return ScenePhotographs(names, torch.stack(looks), torch.stack(objects), torch.stack(targets))


def used_scenes(photos: Sequence[LabelledPhoto]) -> list[str]:
    """Return the scenes with at least `MIN_PHOTOGRAPHS` of `photos`."""
    return [s for s in SCENES if sum(s in one.scenes for one in photos) >= MIN_PHOTOGRAPHS]


@dataclass(frozen=True, slots=True)
class ScenesEvaluator:
    """Scenes on held-out photographs; baselines: the most frequent scenes, and each input alone.

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

    def system(self, model: Path | None = None) -> SceneClassifier:
        return SceneClassifier(model)

    def __call__(
        self, reader: SceneClassifier, dataset: tuple[Path, list[LabelledPhoto]]
    ) -> Report:
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
    reader: SceneClassifier, train: Sequence[LabelledPhoto], test: ScenePhotographs
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
