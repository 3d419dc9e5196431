"""The linker with all that it can use: spelling, nearness in meaning, context."""

from __future__ import annotations

from functools import cache

from graph_fusion.encoders.text import TextEncoder, vocabulary
from graph_fusion.meaning import NameMeanings
from kg.facts import KnowledgeGraph
from kg.joined import JoinedKnowledge
from kg.knowledge import Knowledge
from kg.linking import Linker


def make_linker(knowledge: KnowledgeGraph, encoder: TextEncoder | None = None) -> Linker:
    """Return a linker for `knowledge`.

    Nearness in meaning goes by the names that are in memory (bundled, and Turtle files); a
    store's millions of names are linked by form alone.
    """
    parts = knowledge.parts if isinstance(knowledge, JoinedKnowledge) else [knowledge]
    named = next((part for part in parts if isinstance(part, Knowledge)), None)
    meanings = None if named is None else NameMeanings(named, encoder)
    return Linker(knowledge, meanings, _words())


@cache
def _words() -> frozenset[str]:
    return frozenset(word for word in vocabulary() if word.isalpha())
