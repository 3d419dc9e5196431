"""What files state, before anything follows from it: the currency of reading and compiling."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg.english import identifier_words
from kg.knowledge.facts import Concept, Fact
from kg.vocabulary import IS_A, IS_A_IRI, RelationType, local_name


@dataclass(slots=True)
class Stated:
    """Concepts, relations and facts in the order in which the files state them.

    facts: by subject. strengths: of relations, by IRI, and of single facts, by subject, relation
    and object. implies: the relations that follow from a relation.
    """

    concepts: dict[str, Concept] = field(default_factory=dict)
    relations: dict[str, RelationType] = field(
        default_factory=lambda: {IS_A_IRI: RelationType(IS_A_IRI, IS_A, "kind")}
    )
    facts: dict[str, list[Fact]] = field(default_factory=dict)
    strengths: dict[tuple[str, str, str] | str, float] = field(default_factory=dict)
    implies: dict[str, set[str]] = field(default_factory=dict)

    def concept(self, iri: str, source: str) -> Concept:
        """Return what is called `iri`; a new concept is named by its IRI and has this source."""
        known = self.concepts.get(iri)
        if known is None:
            known = self.concepts[iri] = Concept(iri, identifier_words(local_name(iri)), source)
        return known
