"""The closed word lists of the graph, and the RDF terms that stand for them."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

ONTOLOGY = "https://sightgraph.org/ontology#"
KNOWLEDGE = "https://sightgraph.org/kg/"
SCENE = "https://sightgraph.org/scene/"
"""Base of the node and edge names in exported scene graphs."""


class NodeKind(StrEnum):
    """What a node stands for."""

    OBJECT = "object"
    """Something detected in the photograph."""
    ATTRIBUTE = "attribute"
    """A property from the photograph or the text: red, wooden."""
    ENTITY = "entity"
    """Words of the question or caption."""
    CONCEPT = "concept"
    """Something that the knowledge graph knows."""
    LITERAL = "literal"
    """A plain value of the knowledge graph: 4, "1889"."""
    SCENE = "scene"
    """What place the photograph shows: kitchen, beach."""
    TEXT = "text"
    """Something written in the photograph: a word on a sign."""
    EVENT = "event"
    """Something that happens in a video, with its time: picks up, leaves."""
    TURN = "turn"
    """What was said in a dialog about the photograph: a question, a correction, an answer."""
    SIGNAL = "signal"
    """A modality beside the photograph: a sound, depth, readings of a sensor."""


class EdgeKind(StrEnum):
    """Where an edge comes from."""

    SPATIAL = "spatial"
    """From the geometry of two boxes."""
    SEMANTIC = "semantic"
    """Stated in the text or seen in the photograph: (dog, on, sofa), (car, has colour, red)."""
    MENTION = "mention"
    """The words mean this object in the photograph."""
    LINK = "link"
    """The object or the words are an instance of this concept."""
    FACT = "fact"
    """A triple of the knowledge graph."""
    DIALOG = "dialog"
    """From a turn to the turn before, to what it answers, or to what it refers to."""


IS_A = "is a"
"""The relation label of category links; it is followed for inheritance."""
MEANS = "means"
"""The relation label of mention and link edges."""
IS_DOING = "is doing"
"""The relation label from a person or an animal to what it is seen to do."""

SPATIAL_INVERSES: dict[str, str] = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
    "on": "under",
    "under": "on",
    "in": "around",
    "around": "in",
    "near": "near",
    "larger than": "smaller than",
    "smaller than": "larger than",
}
"""Each spatial relation with its inverse."""


RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SCHEMA_ORG = "https://schema.org/"

RDF_TYPE = RDF + "type"
IS_A_IRI = SKOS + "broader"
"""All category links (skos:broader, rdfs:subClassOf, rdf:type) are read as this relation."""
LABEL_IRI = SKOS + "prefLabel"
ALIAS_IRI = SKOS + "altLabel"
GLOSS_IRI = SKOS + "definition"
CATEGORY_TERMS = frozenset({IS_A_IRI, RDFS + "subClassOf", RDF_TYPE, ONTOLOGY + "isA"})
NAME_TERMS = frozenset({LABEL_IRI, RDFS + "label", SCHEMA_ORG + "name"})
ALIAS_TERMS = frozenset({ALIAS_IRI, SCHEMA_ORG + "alternateName"})
GLOSS_TERMS = frozenset({GLOSS_IRI, RDFS + "comment", SCHEMA_ORG + "description"})
IMPLIES_TERMS = frozenset({RDFS + "subPropertyOf", OWL + "equivalentProperty"})
"""A fact of the subject of such a triple is a fact of its object too."""
TEXT_TERMS = NAME_TERMS | ALIAS_TERMS | GLOSS_TERMS
SAME_TERMS = frozenset({OWL + "sameAs", SKOS + "exactMatch", SKOS + "closeMatch"})
"""Links to what another vocabulary calls the same thing; no facts about the world."""
STANDARD_VOCABULARIES = (
    OWL,
    RDFS,
    RDF,
    SKOS,
    "http://www.w3.org/ns/shacl#",
)
CAPABLE_OF, NOT_CAPABLE_OF = ONTOLOGY + "capableOf", ONTOLOGY + "notCapableOf"
DENIALS = frozenset({NOT_CAPABLE_OF, ONTOLOGY + "notHasProperty"})
"""Relations of the ontology whose facts say that something is not so."""
MADE_OF, HAS_PROPERTY = ONTOLOGY + "madeOf", ONTOLOGY + "hasProperty"
"""Relations of the ontology that rules read, and below categories that they read."""
ACTIVITY, ANIMAL = KNOWLEDGE + "activity", KNOWLEDGE + "animal"
MATERIAL = KNOWLEDGE + "material"
SHAPE, ARTEFACT = KNOWLEDGE + "shape", KNOWLEDGE + "artefact"
LITERAL = "literal:"
"""What the text of a plain value begins with where an IRI is expected."""
Triple = tuple[str, str, str]
"""(subject, predicate, object): IRIs; the object may be a plain value, as `literal:VALUE`."""


class RelationType(NamedTuple):
    """A kind of fact.

    label, inverse: how it reads from subject to object, and back ("used for", "use of").
    inherits: whether a category's facts of this kind hold for its members.
    asks: wordings that ask for it, with "it" for the subject.
    denies: the relation whose facts this one rules out, if any.
    implies: the relations that it is a part of or the same as (rdfs:subPropertyOf,
        owl:equivalentProperty), by IRI.
    strength: how usually its facts hold, in [0, 1], where a fact does not say so itself.
    """

    iri: str
    label: str
    inverse: str
    inherits: bool = True
    asks: tuple[str, ...] = ()
    denies: str | None = None
    strength: float = 1.0
    implies: tuple[str, ...] = ()


def relation_of(predicate: str) -> str | None:
    """Return the relation that a predicate states, or None where it belongs to the schema."""
    if predicate in CATEGORY_TERMS:
        return IS_A_IRI
    return None if predicate.startswith(STANDARD_VOCABULARIES) else predicate


def local_name(iri: str) -> str:
    """Return what stands after the last '#', '/' or ':' of an IRI."""
    return re.split(r"[#/:]", iri.rstrip("#/:"))[-1]


SOURCE = "https://sightgraph.org/source/"
BUNDLED = "bundled"
"""The source name of the knowledge that ships with SightGraph."""


def graph_iri(source: str, origin: str = "", strength: float = 1.0) -> str:
    """Return the named graph of the facts that `source` states with this strength.

    >>> graph_iri("conceptnet", "cn4", 0.5)
    'https://sightgraph.org/source/conceptnet/cn4?strength=0.50'
    """
    return f"{graphs_of(source)}{quote(origin, safe='')}?strength={strength:.2f}"


def graphs_of(source: str) -> str:
    """Return what the named graphs of the facts of `source` begin with, and no others do.

    >>> graphs_of("museum/old")
    'https://sightgraph.org/source/museum%2Fold/'
    """
    return f"{SOURCE}{quote(source, safe='')}/"


@lru_cache(maxsize=4096)
def read_graph_iri(iri: str) -> tuple[str, float]:
    """Return who states the facts of a named graph ("conceptnet/cn4"), and their strength."""
    if not iri.startswith(SOURCE):
        return iri, 1.0
    name, _, strength = iri.removeprefix(SOURCE).partition("?strength=")
    return unquote(name).rstrip("/"), float(strength or 1.0)
