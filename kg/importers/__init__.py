"""Graphs read back from files, by file ending."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from kg.errors import SightGraphError
from kg.graph import SceneGraph
from kg.registry import Registry

MAX_BYTES = 200_000_000
"""Larger files are refused: a scene graph has thousands of edges, not millions."""


class Importer(Protocol):
    """Reads the graph that the exporter of the same ending wrote."""

    def __call__(self, source: Path) -> SceneGraph: ...


IMPORTERS: Registry[Importer] = Registry("import format")
IMPORTERS.add(".json", "kg.importers.json:read_json")
IMPORTERS.add(".graphml", "kg.importers.graphml:read_graphml")
IMPORTERS.add(".ttl", "kg.importers.rdf:read_turtle")
IMPORTERS.add(".jsonld", "kg.importers.rdf:read_jsonld")


def read_graph(source: str | Path) -> SceneGraph:
    """Return the graph in the file `source`; its format goes by the ending.

    Raises:
        SightGraphError: the file is missing, too large or broken; says where.
    """
    path = Path(source)
    importer = IMPORTERS.resolve(path.suffix.lower())
    if not path.is_file():
        raise SightGraphError(f"there is no graph at '{path}'.")
    if path.stat().st_size > MAX_BYTES:
        raise SightGraphError(f"'{path}' is larger than {MAX_BYTES // 1_000_000} MB.")
    return importer(path)  # type: ignore[call-arg, return-value]


__all__ = ["IMPORTERS", "Importer", "read_graph"]
