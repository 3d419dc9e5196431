"""Whether the main object of a photograph is named rightly: the 100 classes of Caltech-101."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError, unknown_name
from kg.files import bundled
from pipelines.detections import Detection, strongest, without_duplicates
from pipelines.detectors import make_detector
from pipelines.evaluate.protocol import Report, Source
from pipelines.namers import make_namer
from pipelines.namers.labels import SynsetLabels
from pipelines.namers.tree import HypernymTree
from pipelines.photo import Photo
from pipelines.progress import until_stopped

SURE = 0.6
"""Score of the main object from which a wrong name counts as wrong and sure."""
MAX_STEPS = 2
"""Steps up to a hypernym that still is a right name."""


@dataclass(frozen=True, slots=True)
class ClassPhoto:
    """A photograph; file: its path. class_: its class, as the data set calls it."""

    file: Path
    class_: str


@dataclass(frozen=True, slots=True)
class Named:
    """The main object of a photograph, its score, and a judgement of `Judge`."""

    photo: ClassPhoto
    label: str
    score: float
    judgement: str


Detect = Callable[[Photo], Sequence[Detection]]


@dataclass(frozen=True)
class NamingEvaluator:
    """The share of photographs whose main object is named rightly.

    The main object is that with the greatest product of its score and the square root of its area.
    Right is a name of the class, or of a kind of it, or of a hypernym at most `MAX_STEPS` steps
    up; vague is a hypernym further up; wrong and sure is a wrong one with a score of at least
    `SURE`. None of the photographs is used for training or for choosing thresholds.
    """

    namer: str = "efficientnet_lite2"

    def dataset(self, source: Source) -> list[ClassPhoto]:
        """Return the photographs of a folder like caltech101.

        Raises:
            SightGraphError: its annotations are missing or of another format, or name a class that
                cannot be judged.
        """
        photos = read_class_photos(source.data)
        classes = read_classes()
        if unknown := next((one for one in photos if one.class_ not in classes), None):
            raise unknown_name(f"class in '{source.data}'", unknown.class_, classes)
        return photos

    def system(self) -> Detect:
        from kg.knowledge.memory import Knowledge

        detector = make_detector("bundled")
        namer = make_namer(self.namer, knowledge=Knowledge.bundled())
        return lambda photo: strongest(without_duplicates(namer(photo, detector(photo))))

    def __call__(self, detect: Detect, dataset: Sequence[ClassPhoto]) -> Report:
        judge = Judge.bundled()

        def name(one: ClassPhoto) -> Named:
            photo = Photo.open(one.file)
            return judge(one, photo, detect(photo))

        named = until_stopped(map(name, dataset), "looking", len(dataset))
        rows = [
            {
                "file_name": one.photo.file.name,
                "class": one.photo.class_,
                "label": one.label,
                "score": one.score,
                "judgement": one.judgement,
            }
            for one in named
        ]
        return Report("right", figures(named), rows)


def read_class_photos(folder: Path) -> list[ClassPhoto]:
    """Return the photographs of a folder like caltech101, in its order.

    Raises:
        SightGraphError: its annotations are missing or of another format.
    """
    file = folder / "annotations.json"
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        names = {one["id"]: one["name"] for one in content["categories"]}
        return [
            ClassPhoto(folder / one["file_name"], names[one["category_id"]])
            for one in content["images"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read: {error!r}. Give a folder like caltech101."
        ) from error


def read_classes() -> dict[str, Mapping[str, int]]:
    """Return the classes that names are judged for, as `Judge` has them."""
    found = yaml.safe_load(bundled("names", "caltech101.yaml").read_text(encoding="utf-8"))
    return {str(class_): synsets or {} for class_, synsets in found.items()}


@dataclass(frozen=True)
class Judge:
    """Judges names by the synsets of the classes (data/names/caltech101.yaml).

    classes: for each class the synsets that it is, with 0 steps, and their near hypernyms.
    """

    tree: HypernymTree
    classes: Mapping[str, Mapping[str, int]]
    labels: SynsetLabels

    @classmethod
    def bundled(cls) -> Judge:
        """Return the judge of Caltech-101's classes."""
        from kg.knowledge.memory import Knowledge

        tree = HypernymTree.load(bundled("models", "namer") / "tree.json")
        return cls(tree, read_classes(), SynsetLabels(tree, Knowledge.bundled()))

    def __call__(self, one: ClassPhoto, photo: Photo, objects: Sequence[Detection]) -> Named:
        """Return the main object of a photograph with its judgement."""
        if not objects:
            return Named(one, "", 0.0, "none")
        main = max(objects, key=lambda each: prominence(each, photo))
        return Named(one, main.label, main.score, self.judgement(one.class_, main))

    def judgement(self, class_: str, found: Detection) -> str:
        """Return "right", "vague" or "wrong"."""
        meant = self.classes[class_]
        for id_ in self._synsets(found):
            steps = meant.get(id_)
            if (steps is not None and steps <= MAX_STEPS) or self._is_kind(id_, meant):
                return "right"
            if any(id_ in self.tree.above(one) for one in meant if one in self.tree.synsets):
                return "vague"
        return "wrong"

    def _synsets(self, found: Detection) -> list[str]:
        """Return the synsets of the label."""
        own = [one.synset for one in found.names if one.label == found.label and one.synset]
        return own or list(self.labels.meant(found.label))

    def _is_kind(self, id_: str, meant: Mapping[str, int]) -> bool:
        is_class = [one for one, steps in meant.items() if steps == 0]
        return id_ in self.tree.synsets and self.tree.is_a(id_, is_class)


def prominence(one: Detection, photo: Photo) -> float:
    """Return the score times the square root of the share of the photograph's area."""
    area = photo.width * photo.height
    return float(one.score * ((one.box.area if one.box else area) / area) ** 0.5)


def figures(named: Sequence[Named]) -> dict[str, float]:
    """Return the shares of the judgements; "wrong and sure" is a part of "wrong"."""
    count = Counter(one.judgement for one in named)
    sure = sum(one.judgement == "wrong" and one.score >= SURE for one in named)
    shares = {name: count[name] / len(named) for name in ("right", "vague", "wrong", "none")}
    return {"photographs": len(named), **shares, "wrong and sure": sure / len(named)}
