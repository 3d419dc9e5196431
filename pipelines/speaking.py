"""The vocabulary answerer on the one graph: which answers it gives, and from what it read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from graph_fusion.encoders import TextEncoder
from graph_fusion.tensors import Query
from graph_fusion.vocabulary_model import VocabularyAnswerer
from kg.graph import SceneGraph
from pipelines.mixing import FILE as MIXING_FILE
from pipelines.mixing import Mixing
from pipelines.probabilities import Probabilities
from pipelines.worded import Nearness, worded

KEPT = 50
"""Answers that are kept of each question, the best."""


class Speaker:
    """Answers from a closed list of words, with what the graph shows and knows as input."""

    def __init__(self, vocabulary: VocabularyAnswerer, mixing: Mixing) -> None:
        self.vocabulary = vocabulary
        self.mixing = mixing
        self.nearness = Nearness(vocabulary.wording.encoder)

    @classmethod
    def load(cls, folder: Path, encoder: TextEncoder) -> Speaker | None:
        """Load the vocabulary of an answerer's folder; None where it has none."""
        if not (folder / MIXING_FILE).is_file():
            return None
        return cls(VocabularyAnswerer.load(folder, encoder), Mixing.load(folder))

    def __call__(self, graphs: Sequence[SceneGraph], question: str) -> list[Mapping[str, float]]:
        """Return the most probable answers to `question` from each of `graphs`."""
        named = [worded(graph, question, self.nearness) for graph in graphs]
        different = {one: number for number, one in enumerate(dict.fromkeys(named))}
        chances = self.vocabulary(list(different))[[different[one] for one in named]]
        best = chances.topk(min(KEPT, chances.shape[1]), dim=1)
        answers = self.vocabulary.config.answers
        return [
            {answers[number]: share for number, share in zip(row, shares, strict=True)}
            for row, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def share(self, said: Probabilities, spoken: Mapping[str, float], query: Query) -> float:
        """Return how far the vocabulary counts, in [0, 1]."""
        return self.mixing.share(said, spoken, query.answer_type)
