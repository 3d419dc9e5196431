"""FACTUAL's way of writing a scene graph: "( dog , on , sofa ) , ( dog , is , brown )"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from kg.registry import Registry

if TYPE_CHECKING:
    from pipelines.reading.parser import Parser
    from pipelines.reading.sentence import Sentence


Triple = tuple[str, str, str]
"""(subject, predicate, object); an attribute is the object of the predicate "is"."""

IS = "is"
_TRIPLE = re.compile(r"\(([^()]*)\)")


def parse_triples(text: str) -> list[Triple]:
    """Return the triples in `text`, each once, lower case; what has not three parts is left out.

    >>> parse_triples("( dog , on , sofa ) , ( dog , is , Brown )")
    [('dog', 'on', 'sofa'), ('dog', 'is', 'brown')]
    """
    found: dict[Triple, None] = {}
    for inner in _TRIPLE.findall(text):
        parts = [" ".join(part.split()).lower() for part in inner.split(",")]
        if len(parts) == 3 and all(parts):
            found[(parts[0], parts[1], parts[2])] = None
    return list(found)


def format_triples(triples: Iterable[Triple]) -> str:
    """Write triples as FACTUAL does.

    >>> format_triples([("dog", "on", "sofa")])
    '( dog , on , sofa )'
    """
    return " , ".join(f"( {' , '.join(triple)} )" for triple in triples)


_WORD = re.compile(r"'s\b|\w+(?:-\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a caption in lower case; start and end count characters."""

    text: str
    start: int
    end: int


def split_words(caption: str) -> list[Word]:
    """Split a caption; "t-shirt" stays one word, "man's" becomes two.

    >>> [word.text for word in split_words("A man's t-shirt.")]
    ['a', 'man', "'s", 't-shirt', '.']
    """
    return [
        Word(found.group().lower(), found.start(), found.end()) for found in _WORD.finditer(caption)
    ]


DEFAULT_READER = "trained"


class CaptionReader(Protocol):
    """Reads a caption into triples."""

    def __call__(self, caption: str) -> list[Triple]: ...


READERS: Registry[CaptionReader] = Registry("reader")
READERS.add("rules", "pipelines.reading.readers:RulesReader")
READERS.add("trained", "pipelines.reading.text_graph_reader:TrainedReader")


class RulesReader:
    """Triples by the rules on the spaCy parse."""

    @cached_property
    def _parser(self) -> Parser:
        from pipelines.reading.parser import Parser

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
