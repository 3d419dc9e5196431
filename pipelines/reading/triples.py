"""Triples of scene graphs: FACTUAL's notation, and one form for each predicate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from kg.english import verb_of
from pipelines.reading import lexicon as words
from pipelines.reading.sentence import Sentence

Triple = tuple[str, str, str]
"""(subject, predicate, object); an attribute is the object of the predicate "is"."""

IS = "is"
_TRIPLE = re.compile(r"\(([^()]*)\)")


def parse_triples(text: str) -> list[Triple]:
    """Return the triples in `text`, each once, in lower case; only pieces of three parts count.

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


def triples_of(sentence: Sentence) -> list[Triple]:
    """Return the triples of a sentence: nodes by their words, attributes by "is"."""
    names = [entity.text.lower() for entity in sentence.entities]
    found = [(names[r.subject], r.predicate, names[r.object]) for r in sentence.relations]
    for name, entity in zip(names, sentence.entities, strict=True):
        found += [(name, IS, attribute.lemma.lower()) for attribute in entity.attributes]
    return list(dict.fromkeys(found))


_DROPPED = words.BE | {"being", "a", "an", "the", "to be"}
_INVERSE = {"of": "have", "part of": "have", "belonging to": "have", "belong to": "have"}
"""Predicates that mean the same as another with subject and object swapped."""
_SAME = {
    "by": "next to",
    "beside": "next to",
    "over": "above",
    "below": "under",
    "beneath": "under",
    "underneath": "under",
    "inside": "in",
    "on top of": "on",
    "atop": "on",
    "cover in": "cover with",
}


class Predicate(NamedTuple):
    """text: the canonical form; exchanged: its subject and object are swapped."""

    text: str
    exchanged: bool = False


@lru_cache(maxsize=4096)
def canonical(predicate: str) -> Predicate:
    """Return the one form of a predicate: "riding", "is riding" and "rides" are "ride".

    >>> canonical("is riding on"), canonical("of")
    (Predicate(text='ride on', exchanged=False), Predicate(text='have', exchanged=True))
    """
    content = [word for word in predicate.lower().split() if word not in _DROPPED]
    text = " ".join([verb_of(word) for word in content[:1]] + content[1:]) or predicate.lower()
    whole = " ".join(content)
    if whole in _INVERSE or text in _INVERSE:
        return Predicate(_INVERSE.get(whole) or _INVERSE[text], exchanged=True)
    return Predicate(_SAME.get(text, text))
