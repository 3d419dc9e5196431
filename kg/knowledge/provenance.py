"""Who states a fact, and how usually it holds: both stand in the name of its named graph."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote

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
