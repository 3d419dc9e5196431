"""Eyes that see nothing: for questions without a photograph, and for graphs that are given."""

from __future__ import annotations

from collections.abc import Sequence

from kg.knowledge.facts import KnowledgeGraph
from pipelines.detections import Detection, PerceptionResult
from pipelines.photo import Photo


class NoDetector:
    """A detector that finds nothing. name: what an answer says of it."""

    deduplicates = True

    def __init__(self, name: str = "none") -> None:
        self.name = name

    def __call__(self, photo: Photo) -> list[Detection]:
        return []


class NoPerception:
    """A perception that finds nothing."""

    def __call__(self, photo: Photo, objects: Sequence[Detection]) -> PerceptionResult:
        return PerceptionResult()

    def edited(self, knowledge: KnowledgeGraph) -> NoPerception:
        return self
