"""The closed word lists of the graph, and the RDF terms that stand for them."""

from __future__ import annotations

from enum import StrEnum

ONTOLOGY = "https://sightgraph.org/ontology#"
KNOWLEDGE = "https://sightgraph.org/kg/"
SCENE = "https://sightgraph.org/scene/"
"""Base of the node and edge names in exported scene graphs."""


class NodeKind(StrEnum):
    """What a node stands for."""

    OBJECT = "object"
    """Something detected in the photograph."""
    ATTRIBUTE = "attribute"
    """A property that was seen or said: red, wooden."""
    ENTITY = "entity"
    """Words of the question or caption."""
    CONCEPT = "concept"
    """Something that the knowledge graph knows."""
    LITERAL = "literal"
    """A plain value of the knowledge graph: 4, "1889"."""
    SCENE = "scene"
    """What place the photograph shows: kitchen, beach."""


class EdgeKind(StrEnum):
    """Where an edge comes from."""

    SPATIAL = "spatial"
    """From the geometry of two boxes."""
    SEMANTIC = "semantic"
    """Said in the text or seen in the photograph: (dog, on, sofa), (car, has colour, red)."""
    MENTION = "mention"
    """The words mean this object in the photograph."""
    LINK = "link"
    """The object or the words are an instance of this concept."""
    FACT = "fact"
    """A triple of the knowledge graph."""


IS_A = "is a"
"""The relation label of category links; it is followed for inheritance."""
MEANS = "means"
"""The relation label of mention and link edges."""

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
"""Each spatial relation with the one that holds the other way round."""
