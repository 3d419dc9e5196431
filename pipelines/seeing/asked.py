"""What a detector that can be told what to look for should look for, given a question."""

from __future__ import annotations

from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from kg.vocabulary import IS_A_IRI
from pipelines.detectors.labels import PHYSICAL
from pipelines.reading.lexicon import GENERIC_NOUNS, PHOTOGRAPH_NOUNS
from pipelines.reading.sentence import POINTING_LEMMA, Sentence

MAX_KINDS = 40
"""Kinds of one category that are looked for: chosen by hand, for time."""


def asked_names(sentence: Sentence | None, knowledge: KnowledgeGraph) -> tuple[str, ...]:
    """Return the things that a text names, and the kinds of each that the knowledge has.

    "What does this animal eat?" looks for an animal, and for a dog, a horse, and so on. Only
    kinds of physical objects count; words that are unknown are looked for as they are.
    """
    if sentence is None:
        return ()
    linker = Linker(knowledge)
    names: list[str] = []
    for entity in sentence.entities:
        name = entity.lemma.lower()
        if entity.kind != "thing" or name in {POINTING_LEMMA, *GENERIC_NOUNS, *PHOTOGRAPH_NOUNS}:
            continue
        concepts = [one.concept for one in linker.best(name, head=True)]
        if concepts and not any(_is_physical(one, knowledge) for one in concepts):
            continue
        names.append(name)
        for concept in concepts:
            names += _kinds(concept, knowledge)
    return tuple(dict.fromkeys(names))


def _kinds(concept: str, knowledge: KnowledgeGraph) -> list[str]:
    """Return the labels of the kinds of `concept`, nearer ones first, at most `MAX_KINDS`."""
    found = [concept]
    for one in found:
        if len(found) > MAX_KINDS:
            break
        below = {fact.subject for fact in knowledge.facts_to(one) if fact.relation == IS_A_IRI}
        found += sorted(below.difference(found))
    return [knowledge.label(one) for one in found][1 : MAX_KINDS + 1]


def _is_physical(concept: str, knowledge: KnowledgeGraph) -> bool:
    return concept == PHYSICAL or PHYSICAL in knowledge.categories(concept)
