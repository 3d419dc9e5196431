"""Graphs as files, by file ending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kg.files import atomic_path, check_writable
from kg.graph import Edge, SceneGraph
from kg.registry import Registry

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class View:
    """What a picture of a graph shows beside it: words above, and what to highlight.

    nodes: ids; edges: the answer's path and facts.
    weights: how much a highlighted node or edge counted, in [0, 1], by node id and by edge;
        1 for those that are not in it.
    """

    title: str = ""
    subtitle: str = ""
    nodes: frozenset[str] = frozenset()
    edges: frozenset[Edge] = frozenset()
    weights: Mapping[str | Edge, float] = field(default_factory=dict)

    def weight(self, key: str | Edge) -> float:
        """Return how much a highlighted node or edge counted, in [0, 1]."""
        return min(max(self.weights.get(key, 1.0), 0.0), 1.0)


class Exporter(Protocol):
    """Writes a graph to the file `target`.

    image: the photograph, for formats that show it. view: for formats that are looked at.
    """

    def __call__(
        self, graph: SceneGraph, target: Path, image: Image.Image | None, view: View
    ) -> None: ...


EXPORTERS: Registry[Exporter] = Registry("export format")
EXPORTERS.add(".json", "kg.exporters.json:write_json")
EXPORTERS.add(".graphml", "kg.exporters.graphml:write_graphml")
EXPORTERS.add(".dot", "kg.exporters.dot:write_dot")
EXPORTERS.add(".gv", "kg.exporters.dot:write_dot")
EXPORTERS.add(".ttl", "kg.exporters.rdf:write_turtle")
EXPORTERS.add(".jsonld", "kg.exporters.rdf:write_jsonld")
EXPORTERS.add(".png", "kg.exporters.png:write_png")
EXPORTERS.add(".html", "kg.exporters.html:write_html")


def export(
    graph: SceneGraph,
    targets: Iterable[str | Path],
    image: Image.Image | None = None,
    view: View | None = None,
) -> None:
    """Write `graph` to every target, in the format that its ending names.

    Every target is checked before the first is written; each is written whole or not at all.

    Raises:
        SightGraphError: an ending is unknown, or a folder is missing or not writable.
    """
    chosen = [(Path(target), EXPORTERS.resolve(Path(target).suffix.lower())) for target in targets]
    for target, _ in chosen:
        check_writable(target)
    for target, exporter in chosen:
        with atomic_path(target) as path:
            exporter(graph, path, image, view or View())  # type: ignore[call-arg]


__all__ = ["EXPORTERS", "Exporter", "View", "export"]
