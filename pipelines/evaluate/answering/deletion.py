"""Whether answers rest on the facts that they cite: deleting these, and as many others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.graph import Edge, SceneGraph
from pipelines.answering.evidence import DONT_KNOW
from pipelines.answering.paths import with_retracted
from pipelines.datasets.questions import PhotoQuestion
from pipelines.detections import Detection
from pipelines.evaluate.answering.questions import PhotoQuestions
from pipelines.evaluate.protocol import Report, Source
from pipelines.explain import DRAWS, Control
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.sightgraph import SightGraph

GOAL = 0.9
"""The share of answers that are to lose more by their cited facts than by others."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """An answer, and its probability with its facts deleted.

    facts: the cited facts as sentences; none where the answer cites none.
    before, without: the answer's probability from the whole graph, and without its cited facts.
    control: the mean of it without as many other facts, drawn at random.
    """

    question: PhotoQuestion
    answer: str
    facts: tuple[str, ...]
    before: float
    without: float
    control: float

    @property
    def drop(self) -> float:
        return self.before - self.without

    @property
    def drop_of_control(self) -> float:
        return self.before - self.control

    @property
    def rests_on_facts(self) -> bool:
        """Whether the answer loses more by its cited facts than by others."""
        return self.drop > self.drop_of_control


@dataclass(frozen=True, slots=True)
class DeletionEvaluator:
    """The share of answers that lose more by their cited facts than by random other facts.

    draws: random deletions for each answer; seed: the same seed draws the same.
    """

    draws: int = DRAWS
    seed: int = 0

    def dataset(self, source: Source) -> PhotoQuestions:
        return PhotoQuestions.read(source)

    def system(self, model: Path | None = None) -> SightGraph:
        return SightGraph.from_pretrained(answerer=model)

    def __call__(self, sightgraph: SightGraph, dataset: PhotoQuestions) -> Report:
        tested = list(self.deletions(sightgraph, dataset))
        rows = [_row(one) for one in tested]
        primary = "rest on them more than on others"
        return Report(primary, figures(tested), rows, {"goal": GOAL, "answers": rows})

    def deletions(self, sightgraph: SightGraph, dataset: PhotoQuestions) -> Iterator[Deletion]:
        """Yield what deletion does to every answer that is given; progress goes to stderr.

        Raises:
            SightGraphError: a photograph cannot be read.
        """
        opened: Photo | None = None
        detections: Sequence[Detection] = ()
        for one, photo in track(dataset, "deleting", len(dataset)):
            if photo is not opened:
                opened, detections = photo, sightgraph.detect(photo)
            graph, query, regions = sightgraph.read(photo, one.text, detections)
            reply = sightgraph.answerer(graph, query, regions)
            if reply.text == DONT_KNOW:
                continue
            cited = reply.evidence.facts
            drawn = (
                Control(graph, cited, self.draws, self.seed).deletions(len(cited)) if cited else []
            )
            whole, gone, *others = sightgraph.answerer.probabilities_without(
                graph, query, regions, reply.text, [(), with_retracted(graph, cited), *drawn]
            )
            mean = sum(others) / len(others) if others else whole
            facts = tuple(_said(graph, fact) for fact in cited)
            yield Deletion(one, reply.text, facts, whole, gone, mean)


def figures(tested: Sequence[Deletion]) -> dict[str, float]:
    """Return the share of answers that rest on the facts that they cite, and the mean drops."""
    citing = [one for one in tested if one.facts]
    return {
        "answers": len(tested),
        "answers that cite facts": len(citing),
        "rest on them more than on others": _mean([one.rests_on_facts for one in citing]),
        "mean probability": _mean([one.before for one in citing]),
        "mean drop without the cited facts": _mean([one.drop for one in citing]),
        "mean drop without random facts": _mean([one.drop_of_control for one in citing]),
        "cited facts an answer": _mean([len(one.facts) for one in citing]),
    }


def _row(one: Deletion) -> dict[str, Any]:
    return {
        "id": one.question.id,
        "question": one.question.text,
        "type": one.question.kind,
        "answer": one.answer,
        "facts": list(one.facts),
        "probability": round(one.before, 4),
        "drop": round(one.drop, 4),
        "drop_of_control": round(one.drop_of_control, 4),
        "rests_on_facts": one.rests_on_facts,
    }


def _said(graph: SceneGraph, fact: Edge) -> str:
    return f"{graph.node(fact.source).label} {fact.relation} {graph.node(fact.target).label}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
