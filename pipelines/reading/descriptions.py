"""What a description asks of a photograph, in the words of the photograph's graph."""

from __future__ import annotations

import re

from pipelines.reading.sentence import Entity, Sentence

SPATIAL = {"beside": "near", "next to": "near", "by": "near", "over": "above", "inside": "in"}
"""Words of descriptions and the relation of the graph that they denote."""
_DETERMINER = re.compile(r"^(?:an?|the|some)\s+")


def entities_of(sentence: Sentence) -> tuple[Entity, ...]:
    """Return what a description names; a text that is no sentence, "a cat", is one name."""
    name = _DETERMINER.sub("", sentence.text.strip().lower())
    return sentence.entities or (Entity(name, 0, len(name), name),)


def seen_relation(predicate: str) -> str:
    """Return the relation of a photograph's graph that a predicate denotes.

    >>> seen_relation("next to"), seen_relation("on")
    ('near', 'on')
    """
    return SPATIAL.get(predicate, predicate)
