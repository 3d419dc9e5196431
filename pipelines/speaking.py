"""The vocabulary answerer on the one graph: which answers it gives, and from what it read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from graph_fusion.encoders import TextEncoder
from graph_fusion.tensors import Query
from graph_fusion.vocabulary_model import VocabularyAnswerer
from kg.graph import SceneGraph
from kg.names import base_forms, normalise
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
        """Return how far the vocabulary counts, in [0, 1].

        It was trained before the user's own things were known, and can say nothing of them; and
        what a fact states needs no guess.
        """
        if said.stated:
            return 0.0
        share = self.mixing.share(said, spoken, query.answer_type)
        return share * (1 - said.users_own)


def in_the_graphs_words(said: Probabilities, spoken: Mapping[str, float]) -> dict[str, float]:
    """Return `spoken` with words of one stem called as what is known of what is asked about.

    "drink" is said as "drinking", and "cut" as "cutting bread", where the graph knows these uses;
    so both sources speak of one answer, which can then rest on a fact.
    """
    scores = said.graph_scores()
    labels = {label for group in said.named_alike() for label in group}
    heard: dict[str, float] = {}
    for text, share in spoken.items():
        same = [] if text in labels else [one for one in labels if _one_stem(text, one)]
        name = max(same, key=lambda one: (scores[one], one), default=text)
        heard[name] = heard.get(name, 0.0) + share
    return heard


def _one_stem(text: str, label: str) -> bool:
    doing = label.partition(" ")[0]
    same = _stems(label) | (_stems(doing) if doing.endswith("ing") else frozenset())
    return bool(_stems(text) & same)


@lru_cache(maxsize=1 << 14)
def _stems(text: str) -> frozenset[str]:
    plain = normalise(text)
    return frozenset((plain, *base_forms(plain)))
