"""Photographs with weak scene labels: other models and captions name the scene.

The labels come from OK-VQA's photographs (merged labels of several classifiers) and from the
captions of Flickr8k and COCO. Nobody checked them, and an unnamed scene may still be present.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import track
from torch import Tensor

from kg.errors import SightGraphError
from pipelines.datasets.splits import held_out
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
HELD_OUT = 0.2
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

    def part(self, held: bool) -> ScenePhotographs:
        """Return the photographs that are held out, or those that are not."""
        rows = [i for i, name in enumerate(self.names) if held_out(name, HELD_OUT) == held]
        names = [self.names[i] for i in rows]
        return ScenePhotographs(names, self.look[rows], self.objects[rows], self.targets[rows])


def weak_labels(data: Path) -> dict[str, set[str]]:
    """Return the labelled scenes of each photograph, by its path in `data`.

    Photographs without a labelled scene are left out.

    Raises:
        SightGraphError: a data set is missing.
    """
    try:
        texts_of = _of_okvqa(data / "okvqa")
        for folder in ("flickr8k_1k", "coco_mini"):
            texts_of |= _of_captions(data, folder)
    except (OSError, ValueError, KeyError) as error:
        raise SightGraphError(
            f"the scenes' labels cannot be read: {error}. Set --data to the data folder."
        ) from error
    found = {}
    for name, texts in texts_of.items():
        scenes = {scene for scene, words in SCENES.items() if texts & set(words)}
        if scenes:
            found[name] = scenes
    return found


def _of_okvqa(folder: Path) -> dict[str, set[str]]:
    rows = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    found = {}
    for row in rows:
        name = f"images/COCO_train2014_{row['image_id']:012d}.jpg"
        if (folder / name).is_file():
            found[f"okvqa/{name}"] = set(row["detections"])
    return found


def _of_captions(data: Path, folder: str) -> dict[str, set[str]]:
    """Return the scene words in the captions of each photograph of a train part."""
    annotations = json.loads((data / folder / "annotations.json").read_text(encoding="utf-8"))
    captions = annotations["annotations"]
    if folder == "coco_mini":
        captions = json.loads((data / folder / "captions.json").read_text(encoding="utf-8"))
        captions = captions["annotations"]
    files = {
        one["id"]: f"{folder}/{one['file_name']}"
        for one in annotations["images"]
        if one["split"] in ("train", "train2017")
    }
    pattern = "|".join(sorted({w for words in SCENES.values() for w in words}, key=len)[::-1])
    found: dict[str, set[str]] = {}
    for one in captions:
        if one["image_id"] in files:
            words = re.findall(rf"\b(?:{pattern})\b", one["caption"].lower())
            found.setdefault(files[one["image_id"]], set()).update(words)
    return found


def encode_photographs(
    data: Path, detector: BundledDetector, labels: Mapping[str, set[str]]
) -> ScenePhotographs:
    """Run the detector on every labelled photograph."""
    scenes = used_scenes(labels)
    looks, objects, targets = [], [], []
    names = sorted(labels)
    for name in track(names, "detecting"):
        photo = Photo.open(data / name)
        found = detector(photo)
        looks.append(torch.from_numpy(detector.look(photo)))
        objects.append(object_scores(found, detector.labels))
        targets.append(torch.tensor([float(scene in labels[name]) for scene in scenes]))
    return ScenePhotographs(names, torch.stack(looks), torch.stack(objects), torch.stack(targets))


def used_scenes(labels: Mapping[str, set[str]]) -> list[str]:
    """Return the scenes with at least `MIN_PHOTOGRAPHS` labelled photographs."""
    return [s for s in SCENES if sum(s in one for one in labels.values()) >= MIN_PHOTOGRAPHS]
