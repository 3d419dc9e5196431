"""An answer with its candidates and evidence, and the interface of what gives one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from graph_fusion.tensors import Query
from kg.graph import SceneGraph
from pipelines.answering.evidence import SUM_TOLERANCE, Candidate, Evidence, asserted, score_of


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer of one graph; see `pipelines.answering.evidence.Answer`.

    candidates: scores sum to 1, or `text` is the only one, and nothing is said of others.
    rule: name of the rule (`pipelines.answering.rules`) that decided it; "" for the networks.
    """

    text: str
    candidates: tuple[Candidate, ...]
    evidence: Evidence
    rule: str = ""

    @classmethod
    def of(cls, text: str, confidence: float, evidence: Evidence) -> Prediction:
        """Return the answer `text`, which says nothing of other candidates.

        confidence: in [0, 1].
        """
        return cls(text, (Candidate(text, confidence),), evidence)

    @property
    def confidence(self) -> float:
        """The probability of `text`, in [0, 1]."""
        return score_of(self.text, self.candidates)

    def completed_by(self, candidates: Sequence[Candidate]) -> Prediction:
        """Return the prediction with the remaining probability shared among `candidates`."""
        if sum(one.score for one in self.candidates) >= 1 - SUM_TOLERANCE:
            return self
        return replace(self, candidates=asserted(candidates, self.text, self.confidence))


class Strategy(Protocol):
    """Answers the questions of one kind, before the networks do."""

    def __call__(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Return the answer; None where the question is of another kind, or nothing answers it."""
        ...
