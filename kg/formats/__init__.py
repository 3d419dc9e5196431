"""Graphs as files, written and read back, by file ending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kg.errors import SightGraphError
from kg.files import atomic_path, check_writable
from kg.graph import Edge, SceneGraph
from kg.registry import Registry
from kg.vocabulary import NodeKind

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Highlights:
    """The title of a picture of a graph, and its highlighted nodes and edges.

    nodes: ids; edges: the answer's path and facts.
    weights: how much a highlighted node or edge counted, in [0, 1], by node id and by edge;
        1 for those that are not in it.
    effects: what the deletion of each piece of the evidence does, as `sightgraph explain --json`
        gives it (docs/answer-format.md).
    """

    title: str = ""
    subtitle: str = ""
    nodes: frozenset[str] = frozenset()
    edges: frozenset[Edge] = frozenset()
    weights: Mapping[str | Edge, float] = field(default_factory=dict)
    effects: Sequence[Mapping[str, Any]] = ()

    def weight(self, key: str | Edge) -> float:
        """Return how much a highlighted node or edge counted, in [0, 1]."""
        return min(max(self.weights.get(key, 1.0), 0.0), 1.0)


class Exporter(Protocol):
    """Writes a graph to the file `target`.

    image: the photograph, for formats that show it. view: for formats that are looked at.
    """

    def __call__(
        self, graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
    ) -> None: ...


EXPORTERS: Registry[Exporter] = Registry("export format")
EXPORTERS.add(".json", "kg.formats.json:write_json")
EXPORTERS.add(".graphml", "kg.formats.graphml:write_graphml")
EXPORTERS.add(".dot", "kg.formats.dot:write_dot")
EXPORTERS.add(".gv", "kg.formats.dot:write_dot")
EXPORTERS.add(".ttl", "kg.formats.rdf:write_turtle")
EXPORTERS.add(".jsonld", "kg.formats.rdf:write_jsonld")
EXPORTERS.add(".png", "kg.formats.png:write_png")
EXPORTERS.add(".svg", "kg.formats.png:write_svg")
EXPORTERS.add(".gexf", "kg.formats.gexf:write_gexf")
EXPORTERS.add(".cypher", "kg.formats.cypher:write_cypher")
EXPORTERS.add(".zip", "kg.formats.neo4j:write_neo4j")
EXPORTERS.add(".html", "kg.formats.html:write_html")


def export(
    graph: SceneGraph,
    targets: Iterable[str | Path],
    image: Image.Image | None = None,
    view: Highlights | None = None,
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
            exporter(graph, path, image, view or Highlights())  # type: ignore[call-arg]


COLOURS = {
    NodeKind.OBJECT: "#8ecae6",
    NodeKind.ATTRIBUTE: "#cdb4db",
    NodeKind.ENTITY: "#ffd166",
    NodeKind.CONCEPT: "#b7e4c7",
    NodeKind.LITERAL: "#e9ecef",
    NodeKind.SCENE: "#f4a261",
    NodeKind.TEXT: "#ffafcc",
    NodeKind.EVENT: "#f28482",
    NodeKind.TURN: "#cfd8dc",
    NodeKind.SIGNAL: "#90be6d",
}
ACCENT = "#d62828"
"""Of the path that made the answer."""


MAX_BYTES = 200_000_000
"""Larger files are refused: a scene graph has thousands of edges, not millions."""


class Importer(Protocol):
    """Reads the graph that the exporter of the same ending wrote."""

    def __call__(self, source: Path) -> SceneGraph: ...


IMPORTERS: Registry[Importer] = Registry("import format")
IMPORTERS.add(".json", "kg.formats.json:read_json")
IMPORTERS.add(".graphml", "kg.formats.graphml:read_graphml")
IMPORTERS.add(".gexf", "kg.formats.gexf:read_gexf")
IMPORTERS.add(".ttl", "kg.formats.rdf:read_turtle")
IMPORTERS.add(".jsonld", "kg.formats.rdf:read_jsonld")


def read_graph(source: str | Path) -> SceneGraph:
    """Return the graph in the file `source`; its format goes by the ending.

    Raises:
        SightGraphError: the file is missing, too large or broken; the message gives the place.
    """
    path = Path(source)
    importer = IMPORTERS.resolve(path.suffix.lower())
    if not path.is_file():
        raise SightGraphError(f"there is no graph at '{path}'.")
    if path.stat().st_size > MAX_BYTES:
        raise SightGraphError(f"'{path}' is larger than {MAX_BYTES // 1_000_000} MB.")
    return importer(path)  # type: ignore[call-arg, return-value]


__all__ = [
    "ACCENT",
    "COLOURS",
    "EXPORTERS",
    "IMPORTERS",
    "Exporter",
    "Highlights",
    "Importer",
    "export",
    "read_graph",
]
