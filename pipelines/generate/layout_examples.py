"""Photographs as layouts: which things lie where, and what a text could say of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from statistics import median

from PIL import Image

from kg.graph import Box
from pipelines.datasets.coco import VAL_SPLIT, read_coco
from pipelines.datasets.photographs import read_teacher_boxes
from pipelines.datasets.relations import RelatedPhoto
from pipelines.datasets.splits import Part, for_training, in_part
from pipelines.drawing.relations import photo_relations
from pipelines.generate.relation_examples import captioned_photos
from pipelines.reading.text_graph_reader import TrainedReader

COCO = "coco_mini"
TEACHER = ("flickr8k_1k", "okvqa", "daquar")
"""Folders whose photographs show whole scenes, with the teacher's boxes."""
MIN_SCORE = 0.35
MAX_THINGS = 8
MIN_SHARE = 0.008
"""Share of the photograph below which a box is left out: texts name what is seen at once."""
LARGE, SMALL = 2.0, 0.5
"""Ratio of the area to the median of its kind for what is called large or small."""


@dataclass(frozen=True, slots=True)
class LayoutPhoto:
    """A photograph's things. Boxes are shares of the photograph, corners.

    relations: all that hold by geometry, of which few are said; stated: those of captions.
    sizes: 1, -1 or 0, as in `graph_fusion.layout_model.LayoutGraph`.
    """

    name: str
    part: Part
    aspect: float
    labels: tuple[str, ...]
    boxes: tuple[Box, ...]
    sizes: tuple[int, ...]
    relations: tuple[tuple[int, str, int], ...]
    stated: tuple[tuple[int, str, int], ...] = ()


def read_layouts(data: Path) -> list[LayoutPhoto]:
    """Return photographs of all parts but COCO's val2017: coco_mini's with people's boxes.

    Raises:
        SightGraphError: a data set is missing.
    """
    found = []
    for one in read_coco(data / COCO):
        if one.split != VAL_SPLIT:
            boxes = [(label, Box(*box)) for label, _, box in one.boxes]
            name = f"{COCO}/{one.file_name}"
            found.append(_photo(name, one.part, one.width, one.height, boxes))
    for photo in read_teacher_boxes(data):
        if photo.name.startswith(TEACHER) and photo.boxes and (data / photo.name).is_file():
            sure = [(label, Box(*box)) for label, score, box in photo.boxes if score >= MIN_SCORE]
            with Image.open(data / photo.name) as image:
                found.append(_photo(photo.name, photo.part, *image.size, sure))
    return with_sizes([one for one in found if one.labels])


def training_photos(data: Path) -> list[LayoutPhoto]:
    """Return the photographs of the part train."""
    return for_training(in_part(read_layouts(data), "train"))


def training_layouts(data: Path) -> list[LayoutPhoto]:
    """Return the photographs of the part train, with the relations that their captions state."""
    stated = {one.id: one for one in captioned_photos(data, True, TrainedReader())}
    return [_with_stated(one, stated.get(one.name)) for one in training_photos(data)]


def with_sizes(photos: Sequence[LayoutPhoto]) -> list[LayoutPhoto]:
    """Return the photographs with what is large or small of its kind, by the part train."""
    areas: dict[str, list[float]] = defaultdict(list)
    for one in in_part(photos, "train"):
        for label, box in zip(one.labels, one.boxes, strict=True):
            areas[label].append(box.area)
    usual = {label: median(several) for label, several in areas.items()}
    return [_sized(one, usual) for one in photos]


def _sized(photo: LayoutPhoto, usual: Mapping[str, float]) -> LayoutPhoto:
    ratios = [
        box.area / usual.get(label, box.area)
        for label, box in zip(photo.labels, photo.boxes, strict=True)
    ]
    sizes = tuple(1 if one >= LARGE else -1 if one <= SMALL else 0 for one in ratios)
    return replace(photo, sizes=sizes)


def _photo(
    name: str, part: Part, width: int, height: int, boxes: Iterable[tuple[str, Box]]
) -> LayoutPhoto:
    """Return the largest things of a photograph, with what holds between them."""
    shares = [
        (label, Box(one.x1 / width, one.y1 / height, one.x2 / width, one.y2 / height))
        for label, one in boxes
    ]
    large = [one for one in shares if one[1].area >= MIN_SHARE]
    chosen = sorted(large, key=lambda one: -one[1].area)[:MAX_THINGS]
    labels, corners = tuple(one for one, _ in chosen), tuple(one for _, one in chosen)
    aspect = width / height
    holding = tuple(
        (a, relation, b)
        for a, b in permutations(range(len(corners)), 2)
        for relation in photo_relations(corners[a], corners[b], aspect)
    )
    return LayoutPhoto(name, part, aspect, labels, corners, (0,) * len(labels), holding)


def _with_stated(photo: LayoutPhoto, captions: RelatedPhoto | None) -> LayoutPhoto:
    """Return the photograph with the relations of its captions between its own boxes."""
    if captions is None:
        return photo
    width, height = captions.width, captions.height
    place = {}
    for number, box in enumerate(captions.boxes):
        share = Box(box[0] / width, box[1] / height, box[2] / width, box[3] / height)
        same = [at for at, one in enumerate(photo.boxes) if one.iou(share) > 1 - 1e-6]
        if same and photo.labels[same[0]] == captions.labels[number]:
            place[number] = same[0]
    stated = tuple(
        (place[a], predicate, place[b])
        for a, predicate, b in captions.relations
        if a in place and b in place and place[a] != place[b]
    )
    return replace(photo, stated=stated)


def said_at_random(
    photo: LayoutPhoto, chance: random.Random, most: int
) -> list[tuple[int, str, int]]:
    """Return what a text could say: at most so many relations, each of a random pair."""
    by_pair: dict[tuple[int, int], list[str]] = defaultdict(list)
    for a, relation, b in photo.relations:
        by_pair[a, b].append(relation)
    pairs = list(by_pair)
    chosen = chance.sample(pairs, min(most, len(pairs)))
    said = [(a, chance.choice(by_pair[a, b]), b) for a, b in chosen]
    return said + [one for one in photo.stated if chance.random() < 0.7]


def without_kinds(
    photos: Sequence[LayoutPhoto], is_kept: Callable[[str], bool]
) -> list[LayoutPhoto]:
    """Return the photographs with the things of some kinds only."""
    found = []
    for photo in photos:
        kept = [at for at, label in enumerate(photo.labels) if is_kept(label)]
        new = {old: at for at, old in enumerate(kept)}
        if not kept:
            continue
        relations, stated = (
            tuple((new[a], name, new[b]) for a, name, b in several if a in new and b in new)
            for several in (photo.relations, photo.stated)
        )
        found.append(
            replace(
                photo,
                labels=tuple(photo.labels[at] for at in kept),
                boxes=tuple(photo.boxes[at] for at in kept),
                sizes=tuple(photo.sizes[at] for at in kept),
                relations=relations,
                stated=stated,
            )
        )
    return found
