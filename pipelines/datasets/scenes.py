"""Photographs with weak scene labels: other models and captions name the scene.

The labels come from OK-VQA's photographs (merged labels of several classifiers) and from the
captions of Flickr8k and COCO. Nobody checked them, and an unnamed scene may still be present.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import track
from torch import Tensor

from pipelines.datasets.coco import TRAIN_SPLIT, CocoPhoto, read_coco
from pipelines.datasets.flickr8k import FlickrPhoto, read_flickr8k
from pipelines.datasets.okvqa import read_okvqa
from pipelines.datasets.splits import Part
from pipelines.detectors.bundled import BundledDetector
from pipelines.photo import Photo
from pipelines.seeing.scenes import object_scores

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
