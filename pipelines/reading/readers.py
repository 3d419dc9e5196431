"""Readers of captions, chosen by name: the rules, or the trained network.

Each turns a caption into triples in FACTUAL's way; `Parser(reader=...)` takes the same names.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from kg.registry import Registry
from pipelines.reading.triples import IS, Triple

if TYPE_CHECKING:
    from pipelines.parse import Parser
    from pipelines.reading.sentence import Sentence

DEFAULT_READER = "trained"


class CaptionReader(Protocol):
    """Reads a caption into triples."""

    def __call__(self, caption: str) -> list[Triple]: ...


READERS: Registry[CaptionReader] = Registry("reader")
READERS.add("rules", "pipelines.reading.readers:RulesReader")
READERS.add("trained", "pipelines.reading.trained:TrainedReader")


class RulesReader:
    """Triples by the rules on the spaCy parse."""

    @cached_property
    def _parser(self) -> Parser:
        from pipelines.parse import Parser

        return Parser(reader="rules")

    def __call__(self, caption: str) -> list[Triple]:
        return triples_of(self._parser(caption)) if caption.strip() else []


def triples_of(sentence: Sentence) -> list[Triple]:
    """Return what a sentence states; nodes by their words, attributes by "is"."""
    names = [entity.text.lower() for entity in sentence.entities]
    found = [(names[r.subject], r.predicate, names[r.object]) for r in sentence.relations]
    for name, entity in zip(names, sentence.entities, strict=True):
        found += [(name, IS, attribute.lemma.lower()) for attribute in entity.attributes]
    return list(dict.fromkeys(found))
