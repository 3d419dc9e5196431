"""The whole of SightGraph with one source of its answers taken away, to see what that one gives."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from kg.graph import SceneGraph
from kg.registry import Registry
from kg.vocabulary import EdgeKind
from pipelines.answer import SightGraph
from pipelines.answering import Answerer
from pipelines.detections import Detection
from pipelines.photo import Photo


class Blind:
    """A detector that finds nothing."""

    name = "blind"

    def __call__(self, photo: Photo) -> list[Detection]:
        return []


def without_photograph(sightgraph: SightGraph) -> SightGraph:
    """Answer from the question alone, with what is known of its words."""
    other = copy(sightgraph)
    other.detector = Blind()
    other.perception = _nothing_seen  # type: ignore[assignment]
    return other


def without_facts(sightgraph: SightGraph) -> SightGraph:
    """Answer from what is seen and said alone."""
    other = copy(sightgraph)
    build: Callable[..., SceneGraph] = sightgraph.builder

    def bare(*parts: Any) -> SceneGraph:
        graph = build(*parts)
        return graph.without(*graph.edges(EdgeKind.FACT))

    other.builder = bare  # type: ignore[assignment]
    return other


def without_vocabulary(sightgraph: SightGraph) -> SightGraph:
    """Answer by the graph network alone."""
    other = copy(sightgraph)
    other.answerer = Answerer(sightgraph.answerer.model, sightgraph.answerer.encoder)
    return other


def _nothing_seen(*parts: object) -> None:
    return None


ABLATIONS: Registry[SightGraph] = Registry("ablation")
ABLATIONS.add("photograph", without_photograph)
ABLATIONS.add("facts", without_facts)
ABLATIONS.add("vocabulary", without_vocabulary)
