"""Reading RDF files, with errors that name the file and the line."""

from __future__ import annotations

from pathlib import Path

from rdflib import Graph, Literal, URIRef
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node as Term

from kg.errors import SightGraphError
from kg.vocabulary import GLOSS_IRI, LABEL_IRI

FORMATS = {".ttl": "turtle", ".nt": "nt", ".n3": "n3", ".jsonld": "json-ld"}
"""File endings that are read, and rdflib's names for them."""


def rdf_files(path: Path) -> list[Path]:
    """Return `path` itself, or the RDF files of the folder `path`, sorted by name.

    Raises:
        SightGraphError: there is nothing to read at `path`.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in FORMATS)
        if not files:
            raise SightGraphError(f"the folder '{path}' holds no file of {', '.join(FORMATS)}.")
        return files
    if not path.is_file():
        raise SightGraphError(f"there is no knowledge graph at '{path}'. Give a file or a folder.")
    if path.suffix not in FORMATS:
        raise SightGraphError(
            f"cannot read '{path}': the ending '{path.suffix}' is not one of {', '.join(FORMATS)}."
        )
    return [path]


def in_order(triples: Graph) -> list[tuple[Term, Term, Term]]:
    """Return the triples sorted: the order of an rdflib graph differs between processes."""
    return sorted(triples, key=lambda triple: (str(triple[0]), str(triple[1]), triple[2].n3()))


def text_rank(predicate: str, text: Term) -> tuple[bool, str, bool, bool, str]:
    """Return a sort key of names and glosses; ends in the text itself.

    SKOS comes before other vocabularies; English before no language before English of some place.
    """
    language = (getattr(text, "language", None) or "").lower()
    other = predicate not in (LABEL_IRI, GLOSS_IRI)
    return other, predicate, language != "en", language != "", str(text)


def parse_file(path: Path) -> Graph:
    """Parse one RDF file.

    Raises:
        SightGraphError: the file is broken; the message gives the place. Nothing of it is used.
    """
    if path.suffix == ".jsonld":
        return _parse_json_ld(path)
    try:
        return Graph().parse(path, format=FORMATS[path.suffix])
    except BadSyntax as error:
        raise SightGraphError(
            f"{path}, line {error.lines + 1}: {_reason(error)}. Nothing was read from this file."
        ) from error
    except IndexError as error:  # rdflib's error for text that ends too early
        last = path.read_text(encoding="utf-8", errors="replace").rstrip().count("\n") + 1
        raise SightGraphError(
            f"{path}, line {last}: the file ends within a statement. "
            "Nothing was read from this file."
        ) from error
    except Exception as error:  # rdflib's parsers raise dozens of kinds
        raise SightGraphError(
            f"{path} cannot be read as {FORMATS[path.suffix]}: {error}. "
            "Nothing was read from this file."
        ) from error


def _parse_json_ld(path: Path) -> Graph:
    """Parse JSON-LD with a reader that never fetches a context, as rdflib's would."""
    from kg.sources import Choice, ReadReport
    from kg.sources.rdf import read_rdf

    graph = Graph()
    for one in read_rdf(path, Choice(language=""), ReadReport(strict=True)):
        value = (
            Literal(one.object, lang=one.language or None, datatype=one.datatype or None)
            if one.literal
            else URIRef(one.object)
        )
        graph.add((URIRef(one.subject), URIRef(one.predicate), value))
    return graph


def _reason(error: BadSyntax) -> str:
    """Return rdflib's reason and the text at which it stopped."""
    reason = str(getattr(error, "_why", "syntax error"))
    text, position = getattr(error, "_str", b""), getattr(error, "_i", 0)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    near = " ".join(text[position : position + 60].split())[:40]
    return f"{reason} near '{near}'" if near else reason
