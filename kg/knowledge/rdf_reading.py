"""Reads RDF with rdflib into what is stated: concepts, relations, facts and their strengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rdflib import OWL, RDF, RDFS, Graph, Literal, URIRef
from rdflib.term import Node as Term

from kg import schema
from kg.english import identifier_words
from kg.errors import SightGraphError
from kg.knowledge.facts import Concept, Fact
from kg.knowledge.rdf_files import in_normal_form, text_rank
from kg.knowledge.stated import Stated
from kg.sources.text_files import admits
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

_TEXT_KINDS = {
    **dict.fromkeys(NAME_TERMS, "label"),
    **dict.fromkeys(ALIAS_TERMS, "alias"),
    **dict.fromkeys(GLOSS_TERMS, "gloss"),
}
Replaced = frozenset[tuple[str, str]]
"""Subjects and relations whose bundled facts a file of the user's replaces."""


def read_triples(
    stated: Stated, triples: Graph, source: str, own: bool, language: str = "en"
) -> Replaced:
    """Add what the file `source` states to `stated`, and return what it replaces.

    own: the file is the user's; its facts with a subject and a relation replace the bundled
        facts with the same two.
    language: of names and glosses; where a concept has none in it, English ones, then any.

    Raises:
        SightGraphError: a strength is no number between 0 and 1.
    """
    _read_relations(stated, triples)
    stated.strengths |= _strengths(triples, source)
    facts: list[Fact] = []
    notes = set(triples.subjects(RDF.type, OWL.AnnotationProperty))
    texts: dict[tuple[str, str], list[tuple[str, Literal]]] = {}
    for subject, predicate, value in in_normal_form(triples):
        declares = str(subject) in stated.relations or str(subject) in CATEGORY_TERMS
        declares = declares or subject in notes
        if not isinstance(subject, URIRef) or declares:
            continue
        if (kind := _TEXT_KINDS.get(str(predicate))) is None:
            facts.extend(_read_triple(stated, subject, predicate, value, source, own))
        elif isinstance(value, Literal):
            texts.setdefault((str(subject), kind), []).append((str(predicate), value))
    for (iri, kind), found in texts.items():
        ranked = sorted(text_rank(*one, language) for one in _in_language(found, language))
        _name(stated.concept(iri, source), kind, [text for *_, text in ranked])
    replaced = frozenset((fact.subject, fact.relation) for fact in facts) if own else frozenset()
    _add(stated, facts, replaced)
    return replaced


def _in_language(
    texts: Sequence[tuple[str, Literal]], language: str
) -> Sequence[tuple[str, Literal]]:
    """Return the texts in the language, without any in English, without any in English all."""
    for tag in (language, "en"):
        found = [one for one in texts if admits(tag, one[1].language or "")]
        if found:
            return found
    return texts


def without_replaced(rdf: Graph, replaced: Replaced) -> None:
    """Remove the triples of `rdf` that state what is replaced; category links stay."""
    for subject, relation in replaced:
        if relation != IS_A_IRI:
            rdf.remove((URIRef(subject), URIRef(relation), None))


def _add(stated: Stated, facts: Iterable[Fact], replaced: Replaced) -> None:
    """Add facts, each once, in place of the bundled facts that they replace."""
    for subject, relation in replaced:
        known = stated.facts.get(subject, [])
        stated.facts[subject] = [one for one in known if one.own or one.relation != relation]
    seen: dict[str, set[tuple[str, str]]] = {}
    for fact in facts:
        known = stated.facts.setdefault(fact.subject, [])
        if fact.subject not in seen:
            seen[fact.subject] = {(one.relation, one.object) for one in known}
        if (fact.relation, fact.object) not in seen[fact.subject]:
            seen[fact.subject].add((fact.relation, fact.object))
            known.append(fact)


def _read_triple(
    stated: Stated, subject: URIRef, predicate: Term, value: Term, source: str, own: bool
) -> Iterator[Fact]:
    if str(predicate) in SAME_TERMS:
        stated.concept(str(subject), source).same.append(str(value))
        return
    if not isinstance(predicate, URIRef) or not isinstance(value, URIRef | Literal):
        return
    relation = relation_of(str(predicate))
    if relation is None or str(value).startswith(STANDARD_VOCABULARIES):
        return
    if relation not in stated.relations:
        name = identifier_words(local_name(relation))
        stated.relations[relation] = RelationType(relation, name, f"{name} of")
    stated.concept(str(subject), source)
    stated_as = str(predicate) if str(predicate) != relation else ""
    yield Fact(str(subject), relation, _term(value), source, own, predicate=stated_as)


def _strengths(triples: Graph, source: str) -> dict[tuple[str, str, str] | str, float]:
    """Return how usually facts hold: those of a relation, and single ones by reification.

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
    return found


def _read_relations(stated: Stated, triples: Graph) -> None:
    """Learn the properties that `triples` declares: all with a domain, range or wording."""
    asks, inverse = URIRef(ONTOLOGY + "asks"), URIRef(ONTOLOGY + "inverseLabel")
    inherits, denies = URIRef(ONTOLOGY + "inheritsDown"), URIRef(ONTOLOGY + "negates")
    declared = {
        subject
        for term in (RDFS.domain, RDFS.range, asks, inverse)
        for subject in triples.subjects(term)
    }
    declared |= {s for s, t in triples.subject_objects(RDF.type) if str(t).endswith("Property")}
    _read_implications(stated, triples)
    declared |= {URIRef(term) for term in stated.implies if term not in stated.relations}
    declared -= set(triples.subjects(RDF.type, OWL.AnnotationProperty))
    for term in sorted(map(str, declared)):
        subject = URIRef(term)
        label = _first(triples, subject, RDFS.label) or identifier_words(local_name(term))
        key = IS_A_IRI if str(subject) in CATEGORY_TERMS else term
        stated.relations[key] = RelationType(
            iri=key,
            label=IS_A if key == IS_A_IRI else label,
            inverse=_first(triples, subject, inverse) or f"{label} of",
            inherits=_first(triples, subject, inherits) != "false",
            asks=tuple(sorted(str(wording) for wording in triples.objects(subject, asks))),
            denies=_first(triples, subject, denies),
        )


def _read_implications(stated: Stated, triples: Graph) -> None:
    """Note which relations are part of others (rdfs:subPropertyOf) or equal to them."""
    for term in IMPLIES_TERMS:
        for subject, value in triples.subject_objects(URIRef(term)):
            one, other = (relation_of(str(iri)) or str(iri) for iri in (subject, value))
            if one != other:
                stated.implies.setdefault(one, set()).add(other)
                if URIRef(term) == OWL.equivalentProperty and other in stated.relations:
                    stated.implies.setdefault(other, set()).add(one)


def _name(concept: Concept, kind: str, texts: Sequence[str]) -> None:
    """Take over what a file calls a concept; its further labels become aliases."""
    aliases = texts
    if kind == "label":
        concept.label = texts[0]
        aliases = [one for one in texts if one != concept.label]
    elif kind == "gloss":
        concept.definition = texts[0]
        return
    concept.aliases += [one for one in dict.fromkeys(aliases) if one not in concept.aliases]


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
