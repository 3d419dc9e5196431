"""Relations between objects, stated by captions or derived from boxes, as training examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path

from PIL import Image

from kg.graph import Box
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from pipelines.build.grounding import Grounder
from pipelines.datasets.coco import VAL_SPLIT, CocoPhoto, Labelled, read_coco
from pipelines.datasets.factual import CaptionGraph, read_factual
from pipelines.datasets.flickr8k import FlickrPhoto, read_flickr8k
from pipelines.datasets.photographs import TeacherPhoto, read_teacher_boxes
from pipelines.datasets.relations import RelatedPhoto
from pipelines.datasets.splits import Part, for_training, in_part, predicate_part
from pipelines.progress import track
from pipelines.reading.lexicon import listed
from pipelines.reading.parser import Entity
from pipelines.reading.triples import IS, Triple, canonical
from pipelines.seeing.geometry import relations as spatial_relations

VAL_SPLITS = (VAL_SPLIT, "val")
"""Official parts that relations and colours are measured on."""
MIN_PREDICATE = 10
"""Number of captions that a predicate needs to be taught."""
TEACHER_SCORE = 0.3
MIN_FIT = 0.6
"""Minimum score of the grounder for a box that a noun denotes."""


def caption_triples(data: Path) -> list[list[Triple]]:
    """Return the relations of FACTUAL's captions of the part train, caption by caption.

    Raises:
        SightGraphError: the file is missing.
    """
    return [list(_one_form(graph.triples)) for graph in training_captions(data)]


def training_captions(data: Path) -> list[CaptionGraph]:
    """Return FACTUAL's captions of the part train."""
    return for_training(in_part(read_factual(data / "factual" / "train.csv"), "train"))


def _one_form(triples: Sequence[Triple]) -> Iterator[Triple]:
    for subject, predicate, target in triples:
        if predicate != IS:
            form, exchanged = canonical(predicate)
            first, second = (target, subject) if exchanged else (subject, target)
            yield first, form, second


PERSON_WORDS = listed(
    "man woman boy girl child kid men women boys girls children people player lady guy skier "
    "surfer skateboarder snowboarder baby batter pitcher"
)


def with_general_names(captions: Sequence[Sequence[Triple]]) -> list[list[Triple]]:
    """Return the captions, and again with "person" for "man", "woman" and the like.

    Detectors and graphs use the label "person", which is rare in captions.
    """
    general = [
        [(_general(s), p, _general(o)) for s, p, o in caption if {s, o} & PERSON_WORDS]
        for caption in captions
    ]
    return [list(caption) for caption in captions] + [one for one in general if one]


def _general(name: str) -> str:
    return "person" if name in PERSON_WORDS else name


def placed_photos(data: Path) -> list[RelatedPhoto]:
    """Return photographs with the teacher's boxes and the relations that geometry gives.

    "near" is used for pairs without another relation.

    Raises:
        SightGraphError: the file of boxes is missing.
    """
    photos = []
    for one in placed(data):
        name = one.name
        boxes = [(label, box) for label, score, box in one.boxes if score >= TEACHER_SCORE][
            :MAX_PLACED
        ]
        if len(boxes) < 2:
            continue
        with Image.open(data / name) as image:
            width, height = image.size
        corners = [Box(*box) for _, box in boxes]
        relations = [
            (a, canonical(PLACED.get(predicate, predicate)).text, b)
            for a, b in permutations(range(len(boxes)), 2)
            for predicate in _geometric_relation(corners[a], corners[b], width, height)
        ]
        labels = tuple(label for label, _ in boxes)
        photos.append(RelatedPhoto(name, width, height, labels, tuple(corners), tuple(relations)))
    return photos


def placed(data: Path) -> list[TeacherPhoto]:
    """Return the photographs whose geometry is trained on: of the part train, none of coco_mini."""
    photos = in_part(read_teacher_boxes(data), "train")
    left_out = ("coco_mini", "caltech101", "imagenet")
    return for_training(one for one in photos if not one.name.startswith(left_out))


PLACED = {"near": "next to"}
"""The usual predicate of captions for a relation of `pipelines.seeing.geometry`."""
MAX_PLACED = 8


def _geometric_relation(a: Box, b: Box, width: int, height: int) -> list[str]:
    """Return the most informative relation: the first that holds of in, on, under, above, near."""
    found = spatial_relations(a, b, width, height)
    for name in ("in", "on", "under", "above", "near"):
        if name in found:
            return [name]
    return []


def taught_predicates(captions: Sequence[Sequence[Triple]]) -> list[str]:
    """Return the predicates that are taught."""
    counts = Counter(one[1] for caption in captions for one in caption)
    return sorted(
        name
        for name, count in counts.items()
        if count >= MIN_PREDICATE and predicate_part(name, count) == "train"
    )


def captioned_photos(
    data: Path, train: bool, read: Callable[[str], list[Triple]]
) -> list[RelatedPhoto]:
    """Return photographs whose captions state relations between objects that have a box.

    train: those of the part train, or else the official val parts of COCO and Flickr8k. COCO's
    boxes are people's, Flickr8k's are the teacher's. read: reads a caption into triples.

    Raises:
        SightGraphError: a data set is missing.
    """
    nouns = CaptionNouns()
    photos = []
    for photo in track(captioned(data, train), "reading captions"):
        name = photo.name
        labels = tuple(label for label, _, _ in photo.boxes)
        boxes = tuple(Box(*box) for _, _, box in photo.boxes)
        stated = {triple: None for caption in photo.captions for triple in _one_form(read(caption))}
        relations: dict[tuple[int, str, int], None] = {}
        for subject, predicate, target in stated:
            pair = _nearest(nouns(subject, labels), nouns(target, labels), boxes)
            if pair is not None:
                relations[pair[0], predicate, pair[1]] = None
        if relations:
            with Image.open(data / name) as image:
                width, height = image.size
            photos.append(RelatedPhoto(name, width, height, labels, boxes, tuple(relations)))
    return photos


@dataclass(frozen=True, slots=True)
class CaptionedPhoto:
    """A photograph, by its path in the folder of data sets, with its captions and boxes."""

    name: str
    part: Part
    captions: list[str]
    boxes: Labelled


def captioned(data: Path, train: bool, min_boxes: int = 2) -> list[CaptionedPhoto]:
    """Return the photographs that have captions and at least `min_boxes` boxes.

    train: as in `captioned_photos`.

    Raises:
        SightGraphError: a data set is missing.
    """
    teacher = {one.name: one.boxes for one in read_teacher_boxes(data)}
    coco, flickr = read_coco(data / "coco_mini"), read_flickr8k(data / "flickr8k_1k")
    photos = [_captioned("coco_mini", one, one.boxes) for one in coco if _is_used(one, train)]
    for photo in flickr:
        if _is_used(photo, train):
            found = teacher.get(f"flickr8k_1k/{photo.file_name}", [])
            confident = [box for box in found if box[1] >= TEACHER_SCORE]
            photos.append(_captioned("flickr8k_1k", photo, confident))
    chosen = [one for one in photos if one.captions and len(one.boxes) >= min_boxes]
    return for_training(chosen) if train else chosen


def _is_used(photo: CocoPhoto | FlickrPhoto, train: bool) -> bool:
    return photo.part == "train" if train else photo.split in VAL_SPLITS


def _captioned(folder: str, photo: CocoPhoto | FlickrPhoto, boxes: Labelled) -> CaptionedPhoto:
    return CaptionedPhoto(f"{folder}/{photo.file_name}", photo.part, photo.captions, boxes)


class CaptionNouns:
    """Finds the boxes that the nouns of a caption denote, by label, synonym and category."""

    def __init__(self) -> None:
        knowledge = Knowledge.bundled()
        self._grounder = Grounder(knowledge, Linker(knowledge))
        self._scores: dict[tuple[str, str], float] = {}

    def __call__(self, name: str, labels: Sequence[str]) -> list[int]:
        """Return the indexes of the objects that fit `name` best."""
        fits = [self._fit(name, label) for label in labels]
        best = max(fits, default=0.0)
        return [index for index, fit in enumerate(fits) if best >= MIN_FIT and fit == best]

    def _fit(self, name: str, label: str) -> float:
        if (name, label) not in self._scores:
            words = Entity(name, 0, len(name), name)
            self._scores[name, label], _ = self._grounder.fit(words, label)
        return self._scores[name, label]


def _nearest(
    first: Sequence[int], second: Sequence[int], boxes: Sequence[Box]
) -> tuple[int, int] | None:
    """Return the nearest pair among the candidates for subject and object."""

    def distance(pair: tuple[int, int]) -> float:
        a, b = boxes[pair[0]], boxes[pair[1]]
        dx = max(a[0], b[0]) - min(a[2], b[2])
        dy = max(a[1], b[1]) - min(a[3], b[3])
        return max(dx, 0.0) + max(dy, 0.0) - (dx < 0 and dy < 0) * dx * dy / 1e4

    return min(
        (pair for pair in product(first, second) if pair[0] != pair[1]), key=distance, default=None
    )
