"""DOT, for Graphviz."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kg.formats import ACCENT, COLOURS, Highlights
from kg.graph import SceneGraph

if TYPE_CHECKING:
    from PIL import Image


def write_dot(graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights) -> None:
    """Write a digraph with a colour for each kind of node; the highlighted path is bold."""
    lines = ["digraph sightgraph {", "  rankdir=LR; node [shape=box, style=filled];"]
    if view.title:
        lines.append(f"  label={quote(f'{view.title}  {view.subtitle}')};")
    for node in graph.nodes():
        about = f"{node.kind} from {node.origin}, score {node.score:.2f}"
        lines.append(
            f"  {quote(node.id)} [label={quote(node.label)}, comment={quote(about)}, "
            f"fillcolor={quote(COLOURS[node.kind])}];"
        )
    for edge in graph.edges():
        about = f", comment={quote(edge.predicate)}" if edge.predicate else ""
        bold = f", penwidth=3, color={quote(ACCENT)}" if edge in view.edges else ""
        lines.append(
            f"  {quote(edge.source)} -> {quote(edge.target)} "
            f"[label={quote(edge.relation)}{about}{bold}];"
        )
    target.write_text("\n".join([*lines, "}"]) + "\n", encoding="utf-8")


def quote(text: str) -> str:
    """Return `text` as a DOT string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + escaped.replace("\0", "") + '"'
