"""The colours that stand for kinds of nodes in every picture of a graph."""

from __future__ import annotations

from kg.vocabulary import NodeKind

COLOURS = {
    NodeKind.OBJECT: "#8ecae6",
    NodeKind.ATTRIBUTE: "#cdb4db",
    NodeKind.ENTITY: "#ffd166",
    NodeKind.CONCEPT: "#b7e4c7",
    NodeKind.LITERAL: "#e9ecef",
    NodeKind.SCENE: "#f4a261",
}
ACCENT = "#d62828"
"""Of the path that made the answer."""
