"""What is known: concepts, relations and facts, read from RDF with rdflib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node as Term

from kg.files import bundled
from kg.rdf_files import local_name, parse_file, rdf_files, split_words
from kg.sparql import select
from kg.vocabulary import IS_A, ONTOLOGY

IS_A_IRI = str(SKOS.broader)
"""All category links (skos:broader, rdfs:subClassOf, rdf:type) are read as this relation."""

_CATEGORY_TERMS = {SKOS.broader, RDFS.subClassOf, RDF.type, URIRef(ONTOLOGY + "isA")}
_NAME_TERMS = {SKOS.prefLabel, RDFS.label, URIRef("https://schema.org/name")}
_ALIAS_TERMS = {SKOS.altLabel, URIRef("https://schema.org/alternateName")}
_GLOSS_TERMS = {SKOS.definition, RDFS.comment}
_STANDARD_VOCABULARIES = (
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://www.w3.org/2004/02/skos/core#",
    "http://www.w3.org/ns/shacl#",
    "http://purl.org/dc/",
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A kind of fact.

    label, inverse: how it reads from subject to object, and back ("used for", "use of").
    inherits: whether a category's facts of this kind hold for its members.
    asks: wordings that ask for it, with "it" for the subject.
    denies: the relation whose facts this one rules out, if any.
    """

    iri: str
    label: str
    inverse: str
    inherits: bool = True
    asks: tuple[str, ...] = ()
    denies: str | None = None


@dataclass(slots=True)
class Concept:
    """Something with a name; `source` is the file that named it first."""

    iri: str
    label: str
    source: str
    aliases: list[str] = field(default_factory=list)
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """subject - relation - object, by IRI (or `literal:VALUE` for a plain value).

    source: the file that states it. own: it comes from the user's file.
    via: IRIs of the categories that it was inherited through, nearest first.
    """

    subject: str
    relation: str
    object: str
    source: str
    own: bool = False
    via: tuple[str, ...] = ()


class Knowledge:
    """A knowledge graph in memory; `rdf` is the rdflib graph that it was read from.

    >>> knowledge = Knowledge.bundled()
    >>> motorcycle = next(c for c in knowledge.concepts.values() if c.label == "motorcycle")
    >>> "vehicle" in {knowledge.label(iri) for iri in knowledge.categories(motorcycle.iri)}
    True
    """

    def __init__(self) -> None:
        self.rdf = Graph()
        self.concepts: dict[str, Concept] = {}
        self.relations: dict[str, Relation] = {IS_A_IRI: Relation(IS_A_IRI, IS_A, "kind")}
        self._from: dict[str, list[Fact]] = {}
        self._to: dict[str, list[Fact]] = {}
        self._all: dict[str, list[Fact]] = {}

    @classmethod
    def bundled(cls) -> Knowledge:
        """Return the everyday knowledge that ships with SightGraph."""
        return cls.load([])

    @classmethod
    def load(cls, paths: Sequence[str | Path], with_bundled: bool = True) -> Knowledge:
        """Read Turtle files, or folders of them, beside or in place of the bundled knowledge.

        What these files say about a subject and a relation takes the place of what the
        bundled knowledge says about the two, stated or inherited.

        Raises:
            SightGraphError: a path is missing, or a file is broken (with its line).
        """
        knowledge = cls()
        if with_bundled:
            for file in rdf_files(bundled("kg")):
                knowledge._read(parse_file(file), file.name, own=False)
        for path in paths:
            for file in rdf_files(Path(path)):
                knowledge._read(parse_file(file), file.name, own=True)
        knowledge._index()
        return knowledge

    def facts(self, subject: str, inherited: bool = True) -> list[Fact]:
        """Return what is known of `subject`: stated facts first, then those of its categories.

        The nearest statement wins: a denial ("cannot fly") rules out the farther fact that it
        denies, and a number (of legs) the farther number.
        """
        if not inherited:
            return list(self._from.get(subject, []))
        if subject not in self._all:
            self._all[subject] = self._with_inherited(subject)
        return list(self._all[subject])

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the stated facts whose object is `object_`."""
        return list(self._to.get(object_, []))

    def categories(self, concept: str) -> list[str]:
        """Return the IRIs of all categories of `concept`, nearest first."""
        return [category for category, _ in self._category_paths(concept)]

    def label(self, term: str) -> str:
        """Return what a person calls `term`: a concept's label, or a literal's text."""
        if term in self.concepts:
            return self.concepts[term].label
        return term.removeprefix("literal:")

    def query(self, sparql: str) -> list[dict[str, str]]:
        """Run a read-only SPARQL query; one dictionary of variable -> text for each row.

        Raises:
            SightGraphError: the query is broken, or would change or fetch something.
        """
        return select(self.rdf, sparql)

    def statistics(self) -> dict[str, int]:
        """Return counts: concepts, aliases, relations, facts, and facts by relation label."""
        by_relation = Counter(
            self.relations[fact.relation].label for facts in self._from.values() for fact in facts
        )
        totals = {
            "concepts": len(self.concepts),
            "aliases": sum(len(concept.aliases) for concept in self.concepts.values()),
            "relations": len(by_relation),
            "facts": by_relation.total(),
        }
        return totals | dict(by_relation.most_common())

    def _with_inherited(self, subject: str) -> list[Fact]:
        found = list(self._from.get(subject, []))
        known = {(fact.relation, fact.object) for fact in found}
        own = {fact.relation for fact in found if fact.own}
        for category, via in self._category_paths(subject):
            numbers = {fact.relation for fact in found if fact.object.startswith("literal:")}
            for fact in self._from.get(category, []):
                key = (fact.relation, fact.object)
                replaced = fact.relation in numbers or (fact.relation in own and not fact.own)
                inherits = self.relations[fact.relation].inherits
                if inherits and key not in known and not replaced and not self._denied(fact, known):
                    known.add(key)
                    found.append(
                        Fact(subject, fact.relation, fact.object, fact.source, fact.own, via)
                    )
        return found

    def _category_paths(self, concept: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return (category, categories on the way to it and itself), breadth first."""
        paths: list[tuple[str, tuple[str, ...]]] = []
        seen = {concept}
        frontier: list[tuple[str, tuple[str, ...]]] = [(concept, ())]
        while frontier:
            following = []
            for node, via in frontier:
                for fact in self._from.get(node, []):
                    if fact.relation == IS_A_IRI and fact.object not in seen:
                        seen.add(fact.object)
                        following.append((fact.object, (*via, fact.object)))
            paths.extend(following)
            frontier = following
        return paths

    def _denied(self, fact: Fact, known: Iterable[tuple[str, str]]) -> bool:
        return any(
            object_ == fact.object
            and (
                self.relations[relation].denies == fact.relation
                or self.relations[fact.relation].denies == relation
            )
            for relation, object_ in known
        )

    def _read(self, triples: Graph, source: str, own: bool) -> None:
        self._read_relations(triples)
        stated: list[Fact] = []
        for subject, predicate, value in triples:
            declares = str(subject) in self.relations or subject in _CATEGORY_TERMS
            if isinstance(subject, URIRef) and not declares:
                stated.extend(self._read_triple(subject, predicate, value, source, own))
        if own:
            self._forget({(fact.subject, fact.relation) for fact in stated})
        for fact in stated:
            known = self._from.setdefault(fact.subject, [])
            if not any((f.relation, f.object) == (fact.relation, fact.object) for f in known):
                known.append(fact)
        for triple in triples:
            self.rdf.add(triple)

    def _read_triple(
        self, subject: URIRef, predicate: Term, value: Term, source: str, own: bool
    ) -> Iterable[Fact]:
        if predicate in _NAME_TERMS | _ALIAS_TERMS | _GLOSS_TERMS:
            if isinstance(value, Literal) and (value.language or "en").startswith("en"):
                self._name(str(subject), predicate, str(value), source)
            return
        if not isinstance(predicate, URIRef) or not isinstance(value, URIRef | Literal):
            return
        relation = IS_A_IRI if predicate in _CATEGORY_TERMS else str(predicate)
        if relation != IS_A_IRI and relation.startswith(_STANDARD_VOCABULARIES):
            return
        if isinstance(value, URIRef) and str(value).startswith(_STANDARD_VOCABULARIES):
            return
        if relation not in self.relations:
            name = split_words(local_name(relation))
            self.relations[relation] = Relation(relation, name, f"{name} of")
        self._concept(str(subject), source)
        object_ = f"literal:{value}" if isinstance(value, Literal) else str(value)
        yield Fact(str(subject), relation, object_, source, own)

    def _read_relations(self, triples: Graph) -> None:
        """Learn the properties that `triples` declares: all with a domain, range or wording."""
        asks, inverse = URIRef(ONTOLOGY + "asks"), URIRef(ONTOLOGY + "inverseLabel")
        inherits, denies = URIRef(ONTOLOGY + "inheritsDown"), URIRef(ONTOLOGY + "negates")
        declared = {
            subject
            for term in (RDFS.domain, RDFS.range, asks, inverse)
            for subject in triples.subjects(term)
        }
        declared |= {s for s, t in triples.subject_objects(RDF.type) if str(t).endswith("Property")}
        declared -= set(triples.subjects(RDF.type, OWL.AnnotationProperty))
        for term in sorted(map(str, declared)):
            subject = URIRef(term)
            name = triples.value(subject, RDFS.label)
            label = str(name) if name else split_words(local_name(term))
            key = IS_A_IRI if subject in _CATEGORY_TERMS else term
            self.relations[key] = Relation(
                iri=key,
                label=IS_A if key == IS_A_IRI else label,
                inverse=str(triples.value(subject, inverse) or f"{label} of"),
                inherits=str(triples.value(subject, inherits)) != "false",
                asks=tuple(sorted(str(wording) for wording in triples.objects(subject, asks))),
                denies=None if (denied := triples.value(subject, denies)) is None else str(denied),
            )

    def _concept(self, iri: str, source: str) -> Concept:
        name = split_words(local_name(iri))
        return self.concepts.setdefault(iri, Concept(iri, name, source))

    def _name(self, iri: str, predicate: Term, text: str, source: str) -> None:
        concept = self._concept(iri, source)
        if predicate in _NAME_TERMS:
            concept.label = text
        elif predicate in _ALIAS_TERMS and text not in concept.aliases:
            concept.aliases.append(text)
        elif predicate in _GLOSS_TERMS:
            concept.definition = text

    def _forget(self, replaced: set[tuple[str, str]]) -> None:
        """Drop what the bundled files state about these subjects and relations."""
        for subject, relation in replaced:
            kept = [f for f in self._from.get(subject, []) if f.own or f.relation != relation]
            self._from[subject] = kept
            if relation != IS_A_IRI:
                self.rdf.remove((URIRef(subject), URIRef(relation), None))

    def _index(self) -> None:
        """Sort everything, so that the order of an rdflib graph's hash table never shows."""
        for concept in self.concepts.values():
            concept.aliases.sort()
        for subject in sorted(self._from):
            self._from[subject].sort(key=lambda fact: (fact.relation, fact.object))
            for fact in self._from[subject]:
                if not fact.object.startswith("literal:"):
                    self._concept(fact.object, fact.source)
                self._to.setdefault(fact.object, []).append(fact)
        self.concepts = dict(sorted(self.concepts.items()))
