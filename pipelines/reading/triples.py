"""FACTUAL's way of writing a scene graph: "( dog , on , sofa ) , ( dog , is , brown )"."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
