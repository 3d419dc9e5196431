"""Knowledge scenes made worse on purpose: from the perfect graph to the detector's."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kg.graph import Edge, SceneGraph
from kg.knowledge.memory import Knowledge
from pipelines.detectors import COCO_LABELS, DETECTORS, Detector
from pipelines.generate.knowledge_scenes import LabelledBox, Photos, SceneQuestion, SceneWriter
from pipelines.photo import Photo
from pipelines.progress import track

SHARES = (0.1, 0.25, 0.5)
DETECTOR_SCORE = 0.3
"""Detections below this are left out."""
TRIES = 100
"""How often a false edge is drawn for one that is not there yet."""


@dataclass(frozen=True, slots=True)
class Noise:
    """One kind and amount of noise: its name, and what it makes of the questions."""

    name: str
    apply: Callable[[Sequence[SceneQuestion]], list[SceneQuestion]]


def noises(photos: Photos, folder: Path, seed: int) -> list[Noise]:
    """Return the points of the noise curve; the same seed makes the same noise in every call.

    photos: size and true boxes of each photograph, by file name in `folder`.
    """
    knowledge = Knowledge.bundled()
    points = [Noise("perfect graph", list)]
    for share in SHARES:
        points.append(Noise(f"{share:.0%} of edges dropped", _each(drop_edges, share, seed)))
    for share in SHARES:
        points.append(Noise(f"{share:.0%} false edges more", _each(add_edges, share, seed)))
    for share in SHARES:
        wrong = _WrongLabels(photos, knowledge, share, seed)
        points.append(Noise(f"{share:.0%} of labels wrong", wrong))
    points.append(Noise("the detector's graph", _Detected(photos, knowledge, folder)))
    return points


def drop_edges(graph: SceneGraph, share: float, chance: random.Random) -> SceneGraph:
    """Return the graph without a `share` of its edges."""
    edges = graph.edges()
    return graph.without(*chance.sample(edges, round(share * len(edges))))


def add_edges(graph: SceneGraph, share: float, chance: random.Random) -> SceneGraph:
    """Return the graph with `share` times its edges more, each with another edge's relation.

    None says what another edge says. Where two nodes leave no room for that, there are fewer.
    """
    worse = graph.without()
    edges, nodes = graph.edges(), graph.nodes()
    present = {(edge.source, edge.relation, edge.target) for edge in edges}
    amount = round(share * len(edges)) if len(nodes) > 1 else 0
    for _ in range(amount):
        for _ in range(TRIES):
            edge, (source, target) = chance.choice(edges), chance.sample(nodes, 2)
            false = (source.id, edge.relation, target.id)
            if false not in present:
                present.add(false)
                worse.connect(Edge(source.id, target.id, edge.kind, edge.relation, "noise"))
                break
    return worse


def _each(
    change: Callable[[SceneGraph, float, random.Random], SceneGraph], share: float, seed: int
) -> Callable[[Sequence[SceneQuestion]], list[SceneQuestion]]:
    def apply(questions: Sequence[SceneQuestion]) -> list[SceneQuestion]:
        chance = random.Random(seed)
        return [replace(one, graph=change(one.graph, share, chance)) for one in questions]

    return apply


class _Rebuilt(ABC):
    """Builds each question's graph anew from other boxes than the true ones."""

    def __init__(self, photos: Photos, knowledge: Knowledge) -> None:
        self.photos = photos
        self.knowledge = knowledge

    @abstractmethod
    def boxes(self, name: str) -> list[LabelledBox]:
        """Return what is seen in the photograph of this file name."""

    def __call__(self, questions: Sequence[SceneQuestion]) -> list[SceneQuestion]:
        names = list(dict.fromkeys(_photo(one) for one in questions))
        boxes = {name: self.boxes(name) for name in track(names, "looking again")}
        writer = SceneWriter(self.knowledge, "held-out")
        return [
            replace(one, graph=writer.graph(self.photos[name][0], boxes[name], one.facts))
            for one in questions
            for name in [_photo(one)]
        ]


class _WrongLabels(_Rebuilt):
    def __init__(self, photos: Photos, knowledge: Knowledge, share: float, seed: int) -> None:
        super().__init__(photos, knowledge)
        self.share = share
        self.seed = seed

    def boxes(self, name: str) -> list[LabelledBox]:
        chance = random.Random(f"{self.seed} {name}")
        wrong = [chance.random() < self.share for _ in self.photos[name][1]]
        return [
            replace(box, label=chance.choice([one for one in COCO_LABELS if one != box.label]))
            if is_wrong
            else box
            for box, is_wrong in zip(self.photos[name][1], wrong, strict=True)
        ]


class _Detected(_Rebuilt):
    def __init__(self, photos: Photos, knowledge: Knowledge, folder: Path) -> None:
        super().__init__(photos, knowledge)
        self.folder = folder

    @cached_property
    def detector(self) -> Detector:
        return DETECTORS.make("bundled")

    def boxes(self, name: str) -> list[LabelledBox]:
        found = self.detector(Photo.open(self.folder / name))
        return [
            LabelledBox(one.label, one.box, one.score)
            for one in found
            if one.box is not None and one.score >= DETECTOR_SCORE
        ]


def _photo(question: SceneQuestion) -> str:
    assert question.graph.photo is not None
    return question.graph.photo.source
