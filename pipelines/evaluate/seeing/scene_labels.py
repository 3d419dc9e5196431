"""Scenes with the words that name them, and the photographs that are labelled with them.

The weak labels come from OK-VQA's photographs (merged labels of several classifiers) and from
the captions of Flickr8k and COCO. Nobody checked them, and an unnamed scene may still be present.
The labels of scenes15 are people's: one of fifteen categories for each photograph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SightGraphError
from pipelines.datasets.coco import TRAIN_SPLIT, CocoPhoto, read_coco
from pipelines.datasets.flickr8k import FlickrPhoto, read_flickr8k
from pipelines.datasets.okvqa import read_okvqa
from pipelines.datasets.scenes15 import ScenePhoto, read_scenes
from pipelines.datasets.splits import Part

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
    "city street": ("downtown", "city"),
    "tall building": ("skyscraper", "skyscrapers", "tower", "skyline"),
    "suburb": ("suburb", "residential neighborhood", "neighborhood"),
    "highway": ("highway", "freeway", "motorway"),
    "industrial site": ("factory", "industrial area", "warehouse"),
    "parking lot": ("parking lot", "parking garage"),
    "train station": ("train station", "railroad track", "train tracks", "railway"),
    "airport": ("airfield", "runway", "airport", "heliport", "tarmac"),
    "beach": ("beach", "seashore", "coast", "sandbar", "shore"),
    "coast": ("seashore", "coast", "coastline"),
    "sea": ("ocean", "wave", "waves", "sea"),
    "harbour": ("harbor", "dock", "pier", "boathouse", "marina"),
    "lake": ("lakeside", "lake", "river", "pond", "swimming hole"),
    "ski slope": ("ski slope", "snowfield", "ski resort", "snow", "snowy"),
    "mountain": ("alp", "mountain", "mountains", "mountain path", "cliff"),
    "open country": ("countryside", "field road", "meadow"),
    "baseball field": ("baseball field", "baseball"),
    "tennis court": ("tennis court", "tennis"),
    "sports field": ("soccer field", "athletic field", "football field", "stadium"),
    "skate park": ("skate park", "skateboard ramp", "ramp"),
    "park": ("park", "lawn", "playground", "garden"),
    "pasture": ("pasture", "corral", "farm", "field road", "meadow", "field"),
    "forest": ("forest", "woods", "forest path", "rainforest"),
}
"""Each scene with the labels and caption words that name it."""
RARELY_NAMED = frozenset(
    {
        "city street",
        "coast",
        "highway",
        "industrial site",
        "open country",
        "suburb",
        "tall building",
    }
)
"""Scenes that weak labels affirm but do not deny: captions say "street", not "city"."""
TRAIN_SPLITS = (TRAIN_SPLIT, "train")
MIN_PHOTOGRAPHS = 12
"""A scene is only used if at least so many photographs are labelled with it."""
MIN_CAPTIONS = 2
"""A scene is a label if so many captions name it, or the only one."""
SCENES15 = "scenes15"


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photograph, by its path in the folder of data sets, and its labelled scenes.

    known: the scenes that the labels affirm or deny.
    """

    name: str
    part: Part
    scenes: frozenset[str]
    known: frozenset[str]


def labelled_photos(data: Path) -> list[LabelledPhoto]:
    """Return all photographs that scenes are learnt from and measured on, sorted by name.

    Raises:
        SightGraphError: a data set is missing.
    """
    return sorted([*weak_labels(data), *one_scene_each(data / SCENES15)], key=lambda one: one.name)


def one_scene_each(folder: Path) -> list[LabelledPhoto]:
    """Return the photographs of a folder like scenes15; their names begin with the folder's.

    Raises:
        SightGraphError: the folder is missing, or names a scene that the network does not know.
    """
    return in_scenes(folder, read_scenes(folder))


def in_scenes(folder: Path, photos: Sequence[ScenePhoto]) -> list[LabelledPhoto]:
    """Return `photos` of a folder, each with its scene; no other of theirs is in it.

    Raises:
        SightGraphError: a scene is none of `SCENES`.
    """
    known = frozenset(one.scene for one in photos)
    if strange := sorted(known - SCENES.keys()):
        raise SightGraphError(
            f"'{folder}' has the scene '{strange[0]}', which is none of {', '.join(SCENES)}."
        )
    return [
        LabelledPhoto(f"{folder.name}/{one.file_name}", one.part, frozenset({one.scene}), known)
        for one in photos
    ]


def weak_labels(data: Path) -> list[LabelledPhoto]:
    """Return the photographs of the official train parts with a weak label, sorted by name.

    Raises:
        SightGraphError: a data set is missing.
    """
    found = [*_of_okvqa(data), *_of_captions(data)]
    return sorted((one for one in found if one.scenes), key=lambda one: one.name)


def _of_okvqa(data: Path) -> Iterator[LabelledPhoto]:
    questions = read_okvqa(data / "okvqa" / "train.json")
    for one in {one.photo: one for one in questions}.values():
        if (data / one.file_name).is_file():
            yield _weak(one.file_name, one.part, _named(one.seen))


def _of_captions(data: Path) -> Iterator[LabelledPhoto]:
    """Yield the photographs of the train parts, with the scenes that their captions name."""
    words = sorted({w for words in SCENES.values() for w in words}, key=len)[::-1]
    pattern = re.compile(rf"\b(?:{'|'.join(words)})\b")
    photos: list[tuple[str, CocoPhoto | FlickrPhoto]] = [
        *((folder, one) for folder in ("flickr8k", "flickr8k_1k") for one in _flickr(data, folder)),
        *(("coco_mini", one) for one in read_coco(data / "coco_mini")),
    ]
    for folder, photo in photos:
        if photo.split in TRAIN_SPLITS:
            counts = Counter(
                scene
                for caption in photo.captions
                for scene in _named(pattern.findall(caption.lower()))
            )
            least = min(MIN_CAPTIONS, len(photo.captions))
            scenes = frozenset(scene for scene, count in counts.items() if count >= least)
            yield _weak(f"{folder}/{photo.file_name}", photo.part, scenes)


def _flickr(data: Path, folder: str) -> list[FlickrPhoto]:
    return read_flickr8k(data / folder)


def _weak(name: str, part: Part, scenes: frozenset[str]) -> LabelledPhoto:
    return LabelledPhoto(name, part, scenes, (frozenset(SCENES) - RARELY_NAMED) | scenes)


def _named(texts: Collection[str]) -> frozenset[str]:
    return frozenset(scene for scene, words in SCENES.items() if set(texts) & set(words))


def used_scenes(photos: Sequence[LabelledPhoto]) -> list[str]:
    """Return the scenes with at least `MIN_PHOTOGRAPHS` of `photos`."""
    return [s for s in SCENES if sum(s in one.scenes for one in photos) >= MIN_PHOTOGRAPHS]
