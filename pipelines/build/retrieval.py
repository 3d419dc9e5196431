"""The linker of the builder, and the retrieval of facts from large stores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.encoders.text import TextEncoder, vocabulary
from graph_fusion.meaning import NameMeanings
from kg.english import base_forms, normalise
from kg.files import bundled
from kg.knowledge.edits import EditedKnowledge
from kg.knowledge.facts import Fact, KnowledgeGraph
from kg.knowledge.joined import JoinedKnowledge
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.linking import Linker
from kg.retrieval import Ranker, Retriever
from kg.word_senses import bundled_words


def make_linker(knowledge: KnowledgeGraph, encoder: TextEncoder | None = None) -> Linker:
    """Return a linker for `knowledge`.

    Similarity of meaning compares the names that are in memory (bundled, and Turtle files); the
    millions of names of a store are linked by their form alone.
    """
    parts = knowledge.parts if isinstance(knowledge, JoinedKnowledge) else [knowledge]
    named = next((part for part in parts if isinstance(part, Knowledge)), None)
    meanings = None if named is None else NameMeanings(named, encoder)
    return Linker(knowledge, meanings, _words(), bundled_words())


@cache
def _words() -> frozenset[str]:
    return frozenset(word for word in vocabulary() if word.isalpha())


SMALL = 20_000
"""Max facts of a store whose facts about a concept are all used: chosen by hand."""
MAX_FACTS = 40
"""Facts of one large store that are retrieved for a question: chosen by hand."""
MEANINGS = 3
"""Concepts that one name may denote, since several sources have one each: chosen by hand."""


class FindsFacts(Protocol):
    """Retrieves the facts of a store that are relevant to a question."""

    store: Store

    def __call__(
        self, question: str, in_text: Sequence[int], in_photo: Sequence[int], most: int = MAX_FACTS
    ) -> list[Fact]: ...

    def nodes(self, name: str, lemma: str | None = None) -> list[int]: ...


class FactFinder:
    """Finds the facts of a large `store` around what a question names and a photograph shows."""

    def __init__(self, store: Store, encoder: TextEncoder | None = None) -> None:
        self.store = store
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        self.retriever = Retriever(store)

    def __call__(
        self, question: str, in_text: Sequence[int], in_photo: Sequence[int], most: int = MAX_FACTS
    ) -> list[Fact]:
        """Return the best facts around the nodes that text and photograph name, best first."""
        found = self.retriever.candidates(question, in_text, in_photo)
        if not len(found):
            return []
        vector = self.encoder([question])[0].numpy()
        scores = self.ranker(found, vector, self._relations)
        best = self.retriever.best(found, scores, most)
        return [self.retriever.fact(found, int(i)) for i in best]

    def nodes(self, name: str, lemma: str | None = None) -> list[int]:
        """Return the nodes that a name may denote."""
        whole = normalise(name)
        for form in (whole, *([normalise(lemma)] if lemma else []), *base_forms(whole)):
            if len(found := self.store.index.named(form)):
                return [int(node) for node in found[:MEANINGS]]
        return []

    @cached_property
    def ranker(self) -> Ranker:
        """The bundled ranker."""
        return Ranker.load(Path(bundled("models", "retrieval")) / "model.safetensors")

    @cached_property
    def _relations(self) -> np.ndarray:
        return relation_vectors(self.retriever, self.encoder)


class EditedFinder:
    """Retrieves the facts of `finder`, without those that an edit unsets."""

    def __init__(self, finder: FindsFacts, knowledge: EditedKnowledge) -> None:
        self.finder = finder
        self.store = finder.store
        self.knowledge = knowledge

    def __call__(
        self, question: str, in_text: Sequence[int], in_photo: Sequence[int], most: int = MAX_FACTS
    ) -> list[Fact]:
        """Return the best facts around the nodes that text and photograph name, best first."""
        found = self.finder(question, in_text, in_photo, most)
        return [fact for fact in found if not self.knowledge.takes_away(fact)]

    def nodes(self, name: str, lemma: str | None = None) -> list[int]:
        """Return the nodes that a name may denote."""
        return self.finder.nodes(name, lemma)


def relation_vectors(retriever: Retriever, encoder: TextEncoder) -> np.ndarray:
    """Return how each relation reads, outgoing and incoming, as vectors: [2, relations, D]."""
    wordings = retriever.wordings()
    half = len(wordings) // 2
    texts = [f"it {one}" for one in wordings[:half]] + [f"{one} it" for one in wordings[half:]]
    return encoder(texts).numpy().reshape(2, half, -1)


def split(knowledge: KnowledgeGraph) -> tuple[KnowledgeGraph, list[Store]]:
    """Return the part of `knowledge` that is used whole, and the stores too large for that."""
    parts = knowledge.parts if isinstance(knowledge, JoinedKnowledge) else [knowledge]
    large = [part for part in parts if isinstance(part, Store) and part.index.edges > SMALL]
    whole = [part for part in parts if part not in large]
    if not large:
        return knowledge, []
    if len(whole) == 1:
        return whole[0], large
    return (JoinedKnowledge(whole) if whole else Knowledge.load([], with_bundled=False)), large
