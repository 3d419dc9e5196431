"""Statements of other vocabularies in the terms that this program reads.

SKOS (narrower, related, hidden labels), SKOS-XL, OntoLex, FOAF, Dublin Core, schema.org, GND and
Getty call names, categories and glosses by terms of their own. Nodes without a name are resolved:
a value with its unit becomes one value, a restriction of OWL is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kg.schema import is_number
from kg.sources import ImportedTriple
from kg.vocabulary import (
    ALIAS_IRI,
    GLOSS_IRI,
    IS_A_IRI,
    LABEL_IRI,
    NAME_TERMS,
    ONTOLOGY,
    OWL,
    RDF,
    RDF_TYPE,
    SKOS,
)

BLANK = "urn:bnode:"
"""What the IRI of a node without one begins with."""
FOAF, XL = "http://xmlns.com/foaf/0.1/", "http://www.w3.org/2008/05/skos-xl#"
DC, DCT = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
GETTY, GND = "http://vocab.getty.edu/ontology#", "https://d-nb.info/standards/elementset/gnd#"
ONTOLEX, WORDNET = (
    "http://www.w3.org/ns/lemon/ontolex#",
    "https://globalwordnet.github.io/schemas/wn#",
)
DBPEDIA = "http://dbpedia.org/ontology/"
RELATED = ONTOLOGY + "relatedTo"

RENAMED = {
    **dict.fromkeys(
        (FOAF + "name", DC + "title", DCT + "title", GND + "preferredName",
         GND + "preferredNameForThePerson", GND + "preferredNameForTheSubjectHeading"), LABEL_IRI),
    **dict.fromkeys(
        (FOAF + "nick", SKOS + "hiddenLabel", GND + "variantName", DCT + "alternative"), ALIAS_IRI),
    **dict.fromkeys(
        (SKOS + "scopeNote", DC + "description", DCT + "description", DCT + "abstract",
         DBPEDIA + "abstract"), GLOSS_IRI),
    **dict.fromkeys(
        (SKOS + "broaderTransitive", SKOS + "broadMatch", GETTY + "broaderGeneric",
         GETTY + "broaderPreferred", GETTY + "broaderInstantial", WORDNET + "hypernym",
         WORDNET + "instance_hypernym", GND + "broaderTermGeneral", GND + "broaderTermGeneric"),
        IS_A_IRI),
    **dict.fromkeys((SKOS + "related", SKOS + "relatedMatch"), RELATED),
}  # fmt: skip
"""Terms of other vocabularies, and those that are read in their place."""
INVERTED = {
    **dict.fromkeys((SKOS + "narrower", SKOS + "narrowerTransitive", SKOS + "narrowMatch",
                     GETTY + "narrowerGeneric", WORDNET + "hyponym"), IS_A_IRI),
}  # fmt: skip
"""The same where subject and object change places."""
HOUSEKEEPING = frozenset(
    {DCT + name for name in ("created", "modified", "issued", "license", "rights", "identifier",
                             "source", "isPartOf", "hasFormat", "format", "language", "type")}
    | {DC + name for name in ("rights", "identifier", "source", "format", "language", "type")}
    | {DBPEDIA + name for name in ("wikiPageID", "wikiPageRevisionID", "wikiPageWikiLink",
                                   "wikiPageLength", "wikiPageRedirects", "wikiPageExternalLink",
                                   "wikiPageDisambiguates", "thumbnail")}
    | {FOAF + name for name in ("isPrimaryTopicOf", "primaryTopic", "depiction", "thumbnail")}
    | {"http://www.w3.org/ns/prov#wasDerivedFrom", "http://dbpedia.org/property/wikiPageUsesTemplate",
       "http://schema.org/version", "http://schema.org/dateModified",
       "http://wikiba.se/ontology#sitelinks", "http://wikiba.se/ontology#statements",
       "http://wikiba.se/ontology#identifiers", "http://wikiba.se/ontology#timestamp"}
)  # fmt: skip
"""Predicates about the record and not about the thing."""
_LABELS = {
    XL + "prefLabel": LABEL_IRI, XL + "altLabel": ALIAS_IRI, XL + "hiddenLabel": ALIAS_IRI,
    GETTY + "prefLabelGVP": LABEL_IRI, WORDNET + "definition": GLOSS_IRI,
    ONTOLEX + "canonicalForm": LABEL_IRI,
}  # fmt: skip
"""Terms whose object is a node that holds the text, and what the text is of the subject."""
_FORMS = frozenset({XL + "literalForm", GETTY + "term", ONTOLEX + "writtenRep", RDF + "value"})
_SENSE, _MEANING = ONTOLEX + "sense", ONTOLEX + "isLexicalizedSenseOf"
_OLD_SCHEMA, _SCHEMA = "http://schema.org/", "https://schema.org/"
_REIFIED = RDF + "Statement"


@dataclass(slots=True)
class LeftOut:
    """What was left out, by the reason, with the number of statements."""

    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.reasons.items()))


def normal_form(
    statements: Iterable[ImportedTriple], left_out: LeftOut | None = None
) -> Iterator[ImportedTriple]:
    """Yield `statements` in the terms of `kg.vocabulary`, those about nameless nodes last.

    Memory: the statements about nodes without a name, and about labels that are nodes.
    """
    later = _Resolver(left_out or LeftOut())
    for one in statements:
        predicate = one.predicate
        if predicate in HOUSEKEEPING or _is_of_record(one):
            later.left_out.reasons["about the record"] += 1
        elif predicate in INVERTED and not one.literal:
            term = INVERTED[predicate]
            yield one._replace(subject=one.object, predicate=term, object=one.subject)
        elif not later.holds(one):
            yield one._replace(predicate=_renamed(predicate))
    yield from later.resolved()


def _is_of_record(one: ImportedTriple) -> bool:
    """Whether a statement gives the class of an entry in a vocabulary, and not of a thing."""
    return one.predicate == RDF_TYPE and one.object.startswith((XL, ONTOLEX, GETTY))


def _renamed(predicate: str) -> str:
    if predicate.startswith(_OLD_SCHEMA):
        return _SCHEMA + predicate.removeprefix(_OLD_SCHEMA)
    return RENAMED.get(predicate, predicate)


class _Resolver:
    """Holds what can be understood only when all has been read."""

    def __init__(self, left_out: LeftOut) -> None:
        self.left_out = left_out
        self._forms: dict[str, list[ImportedTriple]] = {}
        self._labelled: list[ImportedTriple] = []
        self._senses: list[tuple[str, str]] = []
        self._meanings: dict[str, str] = {}
        self._about_blank: dict[str, list[ImportedTriple]] = {}
        self._to_blank: list[ImportedTriple] = []

    def holds(self, one: ImportedTriple) -> bool:
        """Take a statement over, if it has to wait; return whether it was taken."""
        if one.predicate in _FORMS and one.literal:
            self._forms.setdefault(one.subject, []).append(one)
        elif one.predicate in _LABELS and not one.literal:
            self._labelled.append(one)
        elif one.predicate == _SENSE:
            self._senses.append((one.subject, one.object))
        elif one.predicate == _MEANING:
            self._meanings[one.subject] = one.object
        elif one.subject.startswith(BLANK):
            self._about_blank.setdefault(one.subject, []).append(one)
        elif one.object.startswith(BLANK) and not one.literal:
            self._to_blank.append(one)
        else:
            return False
        return True

    def resolved(self) -> Iterator[ImportedTriple]:
        """Yield what the statements that were held mean."""
        meant = {entry: self._meanings[one] for entry, one in self._senses if one in self._meanings}
        for one in self._labelled:
            subject = meant.get(one.subject, one.subject)
            for form in self._forms.get(one.object, ()):
                yield form._replace(subject=subject, predicate=_LABELS[one.predicate])
        named = {node for node, facts in self._about_blank.items() if _is_named(facts)}
        for node, facts in self._about_blank.items():
            if node in named:
                for one in facts:
                    if one.literal or self._is_known(one, named):
                        yield one._replace(predicate=_renamed(one.predicate))
        pointed = {one.object for one in self._to_blank}
        for node in self._about_blank.keys() - named - pointed:
            count = len(self._about_blank[node])
            self.left_out.reasons["about nodes without a name"] += count
        for one in self._to_blank:
            yield from self._pointing(one, named)

    def _is_known(self, one: ImportedTriple, named: set[str]) -> bool:
        return not one.object.startswith(BLANK) or one.object in named

    def _pointing(self, one: ImportedTriple, named: set[str]) -> Iterator[ImportedTriple]:
        """Yield a statement whose object has no IRI: as it is, with the value, or not at all."""
        facts = self._about_blank.get(one.object, [])
        values = [*self._forms.get(one.object, []), *(fact for fact in facts if fact.literal)]
        if one.object in named:
            yield one._replace(predicate=_renamed(one.predicate))
        elif values and not any(fact.predicate.startswith(OWL) for fact in facts):
            numbers_first = sorted(values, key=lambda fact: not is_number(fact.object))
            text = " ".join(fact.object for fact in numbers_first)
            predicate = _renamed(one.predicate)
            yield one._replace(predicate=predicate, object=text, literal=True)
        elif any(fact.predicate.startswith(OWL) for fact in facts):
            self.left_out.reasons["restrictions of OWL"] += 1
        else:
            self.left_out.reasons["to nodes without a name"] += 1


def _is_named(facts: Iterable[ImportedTriple]) -> bool:
    """Whether a node without an IRI has a name, or is a reified statement."""
    return any(
        _renamed(one.predicate) in NAME_TERMS
        or (one.predicate == RDF_TYPE and one.object == _REIFIED)
        for one in facts
    )
