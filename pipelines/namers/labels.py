"""Synsets and the words for them: what the knowledge calls a synset, and what a label denotes."""

from __future__ import annotations

from kg.english import normalise
from kg.knowledge.facts import KnowledgeGraph
from kg.sources.open_english_wordnet import OPEN_ENGLISH
from pipelines.namers.tree import HypernymTree


class SynsetLabels:
    """Translates between labels and the synsets of a tree.

    knowledge: its concepts that carry a synset (skos:closeMatch) give the labels; without it the
    first lemma of a synset is its label.
    """

    def __init__(self, tree: HypernymTree, knowledge: KnowledgeGraph | None = None) -> None:
        self.tree = tree
        self.knowledge = knowledge
        self._label_of: dict[str, str] = {}
        self._synsets_of: dict[str, tuple[str, ...]] = {}
        self._by_lemma: dict[str, list[str]] = {}
        for id_, synset in tree.synsets.items():
            self._by_lemma.setdefault(normalise(synset.label), []).append(id_)

    def of_synset(self, id_: str) -> str:
        """Return what a synset is called, in lower case."""
        if id_ not in self._label_of:
            lemma = self.tree.synsets[id_].label
            concept = concept_of(self.knowledge, lemma, id_) if self.knowledge else None
            label = self.knowledge.label(concept) if self.knowledge and concept else lemma
            self._label_of[id_] = label.lower()
        return self._label_of[id_]

    def synsets(self, label: str) -> tuple[str, ...]:
        """Return the synsets of the tree that a label denotes; () if there is none.

        The synset of a concept with that name takes precedence over synsets with that lemma.
        """
        if label not in self._synsets_of:
            found = self.meant(label) or self._by_lemma.get(normalise(label), [])
            self._synsets_of[label] = tuple(one for one in found if one in self.tree.synsets)
        return self._synsets_of[label]

    def meant(self, label: str) -> list[str]:
        """Return the synsets, in the tree or not, of the concept that has this label."""
        if self.knowledge is None:
            return []
        concepts = [self.knowledge.concept(iri) for iri in self.knowledge.named(normalise(label))]
        return [
            iri.removeprefix(OPEN_ENGLISH)
            for concept in concepts[:1]
            if concept is not None
            for iri in concept.same
            if iri.startswith(OPEN_ENGLISH)
        ]


def concept_of(knowledge: KnowledgeGraph, label: str, synset: str) -> str | None:
    """Return the concept with this label, or alias, that carries the synset; None if none does."""
    for iri in knowledge.named(normalise(label)):
        concept = knowledge.concept(iri)
        if concept is not None and OPEN_ENGLISH + synset in concept.same:
            return iri
    return None
