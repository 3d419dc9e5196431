"""Finding out from a path which reader of `kg.sources` fits."""

from __future__ import annotations

from pathlib import Path

from kg.errors import SightGraphError
from kg.sources import SOURCES, Report
from kg.sources.text_files import Reading

_CONCEPTNET_COLUMNS = [b"subject", b"relation", b"object", b"weight", b"source"]
LONGEST_HEADER = 10_000
"""Bytes of a table that are looked at."""
_PACKED = (".gz", ".bz2")
_RDF = (".ttl", ".nt", ".nq", ".trig", ".rdf", ".owl", ".xml", ".n3", ".jsonld", ".json")


def format_of(path: Path) -> str:
    """Return the name of the reader for `path`, by its ending and, for tables, its first line.

    Raises:
        SightGraphError: there is nothing at `path`, or nothing tells what it is.
    """
    if path.is_dir():
        names = {file.name for file in path.iterdir()}
        wordnet = "data.noun" in names or any(name.startswith("noun.") for name in names)
        return "wordnet" if wordnet else "rdf"
    if not path.is_file():
        raise SightGraphError(f"there is nothing to import at '{path}'. Give a file or a folder.")
    name = path.name.lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    if name.endswith((".tar", ".yaml", ".yml")):
        return "wordnet"
    if name.endswith(".graphml"):
        return "graphml"
    if name.endswith(_RDF):
        return "wikidata" if "wikidata" in name else "rdf"
    if name.endswith((".csv", ".tsv", ".txt", ".tab")):
        return "conceptnet" if _is_conceptnet(path) else "tsv"
    raise SightGraphError(
        f"the ending of '{path}' does not tell what it is. Name the format with --format: "
        f"{', '.join(SOURCES)}."
    )


def _is_conceptnet(path: Path) -> bool:
    with Reading(path, Report()) as file:
        first = file.read(LONGEST_HEADER).partition(b"\n")[0]
    return first.startswith(b"/a/") or first.split() == _CONCEPTNET_COLUMNS
