"""What is known, in memory: concepts, relations and facts, read from RDF with rdflib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from rdflib import OWL, RDF, RDFS, Graph, Literal, URIRef
from rdflib.term import Node as Term

from kg import schema
from kg.english import identifier_words, normalise
from kg.errors import SightGraphError
from kg.files import bundled
from kg.index.spelling import Speller, word_arrays
from kg.knowledge.facts import Concept, Fact, KnowledgeGraph
from kg.knowledge.rdf_files import in_normal_form, parse_file, rdf_files, text_rank
from kg.knowledge.sparql import select
from kg.vocabulary import (
    ALIAS_TERMS,
    CATEGORY_TERMS,
    GLOSS_TERMS,
    IMPLIES_TERMS,
    IS_A,
    IS_A_IRI,
    LITERAL,
    NAME_TERMS,
    ONTOLOGY,
    SAME_TERMS,
    STANDARD_VOCABULARIES,
    RelationType,
    local_name,
    relation_of,
)


class Knowledge(KnowledgeGraph):
    """A knowledge graph in memory; `rdf` is the rdflib graph that it was read from.

    >>> knowledge = Knowledge.bundled()
    >>> motorcycle = next(c for c in knowledge.concepts.values() if c.label == "motorcycle")
    >>> "vehicle" in {knowledge.label(iri) for iri in knowledge.categories(motorcycle.iri)}
    True
    """

    def __init__(self) -> None:
        self.rdf = Graph()
        self.concepts: dict[str, Concept] = {}
        self._relations = {IS_A_IRI: RelationType(IS_A_IRI, IS_A, "kind")}
        self._from: dict[str, list[Fact]] = {}
        self._to: dict[str, list[Fact]] = {}
        self._all: dict[str, list[Fact]] = {}
        self._named: dict[str, list[str]] = {}
        self._strengths: dict[tuple[str, str, str] | str, float] = {}
        self._implies: dict[str, set[str]] = {}

    @classmethod
    def bundled(cls) -> Knowledge:
        """Return the everyday knowledge that ships with SightGraph."""
        return cls.load([])

    @classmethod
    def load(cls, paths: Sequence[str | Path], with_bundled: bool = True) -> Knowledge:
        """Read Turtle files, or folders of them, beside or in place of the bundled knowledge.

        The facts of these files with a subject and a relation replace the bundled facts with
        the same two, stated or inherited.

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

    @property
    def relations(self) -> dict[str, RelationType]:
        """All kinds of facts, by IRI."""
        return self._relations

    def concept(self, iri: str) -> Concept | None:
        """Return what is called `iri`, or None where nothing is known of it."""
        return self.concepts.get(iri)

    def named(self, form: str) -> list[str]:
        """Return the concepts whose label, then those whose alias is `form`."""
        return self._named.get(form, [])

    @cached_property
    def _named_with(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, concepts in self._named.items():
            words = name.split()
            if len(words) > 1:
                for word in (words[0], words[-1]):
                    found.setdefault(word, []).extend(concepts)
        return found

    def named_with(self, word: str) -> list[str]:
        """Return the concepts with a longer name that `word` begins or ends: "drinking glass"."""
        return self._named_with.get(word, [])

    @cached_property
    def _speller(self) -> Speller:
        return Speller(word_arrays(self._named))

    def corrections(self, word: str) -> list[str]:
        """Return the words of names that `word` may be a misspelling of, likeliest first."""
        return [] if word in self._speller.words else self._speller(word)

    def stated(self, subject: str) -> list[Fact]:
        """Return the facts that are stated of `subject` itself."""
        return self._from.get(subject, [])

    def facts(self, subject: str, inherited: bool = True) -> list[Fact]:
        """Return what is known of `subject`, as `KnowledgeGraph.facts`; worked out once."""
        if not inherited:
            return super().facts(subject, inherited)
        if subject not in self._all:
            self._all[subject] = super().facts(subject)
        return list(self._all[subject])

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the stated facts whose object is `object_`."""
        return list(self._to.get(object_, []))

    def query(
        self, sparql: str, seconds: float | None = None, beside: Sequence[Graph] = ()
    ) -> list[dict[str, str]]:
        """Run a read-only SPARQL query; see `KnowledgeGraph.query`."""
        return select([self.rdf, *beside], sparql, seconds)

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
        return totals | dict(sorted(by_relation.items(), key=lambda one: (-one[1], one[0])))

    def _read(self, triples: Graph, source: str, own: bool) -> None:
        self._read_relations(triples)
        self._read_strengths(triples, source)
        stated: list[Fact] = []
        notes = set(triples.subjects(RDF.type, OWL.AnnotationProperty))
        texts: dict[tuple[str, str], list[tuple[str, Literal]]] = {}
        for subject, predicate, value in in_normal_form(triples):
            declares = str(subject) in self.relations or str(subject) in CATEGORY_TERMS
            declares = declares or subject in notes
            if not isinstance(subject, URIRef) or declares:
                continue
            if (kind := _TEXT_KINDS.get(str(predicate))) is None:
                stated.extend(self._read_triple(subject, predicate, value, source, own))
            elif isinstance(value, Literal) and (value.language or "en").startswith("en"):
                texts.setdefault((str(subject), kind), []).append((str(predicate), value))
        for (iri, kind), found in texts.items():
            ranked = sorted(text_rank(*one) for one in found)
            self._name(self._concept(iri, source), kind, [text for *_, text in ranked])
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
        if str(predicate) in SAME_TERMS:
            self._concept(str(subject), source).same.append(str(value))
            return
        if not isinstance(predicate, URIRef) or not isinstance(value, URIRef | Literal):
            return
        relation = relation_of(str(predicate))
        if relation is None or str(value).startswith(STANDARD_VOCABULARIES):
            return
        if relation not in self.relations:
            name = identifier_words(local_name(relation))
            self.relations[relation] = RelationType(relation, name, f"{name} of")
        self._concept(str(subject), source)
        stated_as = str(predicate) if str(predicate) != relation else ""
        yield Fact(str(subject), relation, _term(value), source, own, predicate=stated_as)

    def _read_strengths(self, triples: Graph, source: str) -> None:
        """Learn how usually facts hold: those of a relation, and single ones by reification.

        Of several strengths the highest is taken.

        Raises:
            SightGraphError: a strength is no number between 0 and 1.
        """
        found: dict[tuple[str, str, str] | str, float] = {}
        for subject, value in triples.subject_objects(URIRef(ONTOLOGY + "strength")):
            parts = [triples.value(subject, term) for term in (RDF.subject, RDF.predicate)]
            object_ = triples.value(subject, RDF.object)
            key: tuple[str, str, str] | str = str(subject)
            if object_ is not None and None not in parts:
                relation = relation_of(str(parts[1])) or str(parts[1])
                key = (str(parts[0]), relation, _term(object_))
            found[key] = max(_strength(value, key, source), found.get(key, 0.0))
        self._strengths |= found

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
        self._read_implications(triples)
        declared |= {URIRef(term) for term in self._implies if term not in self.relations}
        declared -= set(triples.subjects(RDF.type, OWL.AnnotationProperty))
        for term in sorted(map(str, declared)):
            subject = URIRef(term)
            label = _first(triples, subject, RDFS.label) or identifier_words(local_name(term))
            key = IS_A_IRI if str(subject) in CATEGORY_TERMS else term
            self.relations[key] = RelationType(
                iri=key,
                label=IS_A if key == IS_A_IRI else label,
                inverse=_first(triples, subject, inverse) or f"{label} of",
                inherits=_first(triples, subject, inherits) != "false",
                asks=tuple(sorted(str(wording) for wording in triples.objects(subject, asks))),
                denies=_first(triples, subject, denies),
            )

    def _read_implications(self, triples: Graph) -> None:
        """Note which relations are part of others (rdfs:subPropertyOf) or equal to them."""
        for term in IMPLIES_TERMS:
            for subject, value in triples.subject_objects(URIRef(term)):
                one, other = (relation_of(str(iri)) or str(iri) for iri in (subject, value))
                if one != other:
                    self._implies.setdefault(one, set()).add(other)
                    if URIRef(term) == OWL.equivalentProperty and other in self.relations:
                        self._implies.setdefault(other, set()).add(one)

    def _concept(self, iri: str, source: str) -> Concept:
        name = identifier_words(local_name(iri))
        return self.concepts.setdefault(iri, Concept(iri, name, source))

    def _name(self, concept: Concept, kind: str, texts: Sequence[str]) -> None:
        """Take over what a file calls a concept; its further labels become aliases."""
        aliases = texts
        if kind == "label":
            concept.label = texts[0]
            aliases = [one for one in texts if one != concept.label]
        elif kind == "gloss":
            concept.definition = texts[0]
            return
        concept.aliases += [one for one in dict.fromkeys(aliases) if one not in concept.aliases]

    def _forget(self, replaced: set[tuple[str, str]]) -> None:
        """Drop what the bundled files state about these subjects and relations."""
        for subject, relation in replaced:
            retained = [f for f in self._from.get(subject, []) if f.own or f.relation != relation]
            self._from[subject] = retained
            if relation != IS_A_IRI:
                self.rdf.remove((URIRef(subject), URIRef(relation), None))

    def _index(self) -> None:
        """Sort everything, so that the order of an rdflib graph's hash table never shows."""
        self._relations = {
            iri: replace(
                relation,
                strength=self._strengths.get(iri, relation.strength),
                implies=tuple(sorted(self._implies.get(iri, ()))),
            )
            for iri, relation in sorted(self.relations.items())
        }
        for subject in sorted(self._from):
            facts = sorted(self._from[subject], key=lambda fact: (fact.relation, fact.object))
            self._from[subject] = [self._with_strength(fact) for fact in facts]
            for fact in self._from[subject]:
                if not fact.object.startswith(LITERAL):
                    self._concept(fact.object, fact.source)
                self._to.setdefault(fact.object, []).append(fact)
        self.concepts = dict(sorted(self.concepts.items()))
        for concept in self.concepts.values():
            concept.aliases.sort()
            concept.same.sort()
            self._named.setdefault(normalise(concept.label), []).append(concept.iri)
        for concept in self.concepts.values():
            for alias in concept.aliases:
                known = self._named.setdefault(normalise(alias), [])
                if concept.iri not in known:
                    known.append(concept.iri)

    def _with_strength(self, fact: Fact) -> Fact:
        usual = self.relations[fact.relation].strength
        own = self._strengths.get((fact.subject, fact.relation, fact.object), usual)
        return fact if own == 1.0 else replace(fact, strength=own)


_TEXT_KINDS = {
    **dict.fromkeys(NAME_TERMS, "label"),
    **dict.fromkeys(ALIAS_TERMS, "alias"),
    **dict.fromkeys(GLOSS_TERMS, "gloss"),
}


def _first(triples: Graph, subject: Term, predicate: URIRef) -> str | None:
    """Return what `triples` state of `subject`; of several values, the first by `text_rank`."""
    found = [text_rank(str(predicate), value) for value in triples.objects(subject, predicate)]
    return min(found)[-1] if found else None


def _strength(value: Term, about: tuple[str, str, str] | str, source: str) -> float:
    try:
        return schema.share(str(value), "strength")
    except ValueError as error:
        what = about if isinstance(about, str) else " ".join(map(local_name, about))
        raise SightGraphError(f"{source}, about '{what}': {error}.") from error


def _term(value: Term) -> str:
    return f"{LITERAL}{value}" if isinstance(value, Literal) else str(value)
