"""Reading RDF files, with errors that name the file and the line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Triple
from pyoxigraph import Literal as OxigraphLiteral
from rdflib import OWL, RDF, SKOS, BNode, Graph, Literal, URIRef
from rdflib.term import Node as Term

from kg.errors import SightGraphError
from kg.sources import ImportedTriple, ReadReport
from kg.sources.normal_form import BLANK, normal_form
from kg.sources.rdf import FORMATS, file_ending, literal_fields, quads_of
from kg.sources.text_files import NOTHING_IMPORTED
from kg.vocabulary import GLOSS_IRI, LABEL_IRI

IN_FOLDERS = frozenset({".ttl", ".nt", ".n3", ".jsonld", ".rdf", ".owl"})
"""File endings that are read where a folder is given."""
ROUNDS = 3
"""Steps away that other nodes without an IRI tell one such node from another."""
_NOTHING_READ = "Nothing was read from this file."


def rdf_files(path: Path) -> list[Path]:
    """Return `path` itself, or the RDF files of the folder `path`, sorted by name.

    Raises:
        SightGraphError: there is nothing to read at `path`.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file_ending(file) in IN_FOLDERS)
        if not files:
            raise SightGraphError(
                f"the folder '{path}' holds no file of {', '.join(sorted(IN_FOLDERS))}."
            )
        return files
    if not path.is_file():
        shown = str(path).replace("http:/", "http://").replace("https:/", "https://")
        hint = " An endpoint begins with http:// or https://." if "/" in shown else ""
        raise SightGraphError(
            f"there is no knowledge graph at '{path}'. Give a file or a folder.{hint}"
        )
    if file_ending(path) not in FORMATS:
        raise SightGraphError(
            f"cannot read '{path}': the ending '{path.suffix}' is not one of {', '.join(FORMATS)}. "
            f"Bring it into a store: sightgraph kg import {path.name} -o my.store"
        )
    return [path]


def in_normal_form(triples: Graph) -> list[tuple[Term, Term, Term]]:
    """Return the triples in the terms of `kg.vocabulary` (`kg.sources.normal_form`), sorted.

    Reified statements, ontologies and concept schemes are left out. The order of an rdflib graph,
    and its names of nodes without an IRI, differ between processes.
    """
    about_files = {OWL.Ontology, SKOS.ConceptScheme, RDF.Statement}
    left_out = {one for kind in about_files for one in triples.subjects(RDF.type, kind)}
    names = _stable_names(triples)
    statements = sorted(_statement(one, names) for one in triples if one[0] not in left_out)
    found: list[tuple[Term, Term, Term]] = []
    for one in normal_form(statements):
        value = (
            Literal(one.object, lang=one.language or None, datatype=one.datatype or None)
            if one.literal
            else URIRef(one.object)
        )
        found.append((URIRef(one.subject), URIRef(one.predicate), value))
    return found


def _stable_names(triples: Graph) -> dict[Term, str]:
    """Return a name for each node without an IRI, made of what is stated of it.

    It is made again of the names of the nodes beside it, so that nodes that differ only there,
    up to `ROUNDS` steps away, have different names.
    """
    touching = [one for one in triples if BNode in (type(one[0]), type(one[2]))]
    names: dict[Term, str] = {}
    for _ in range(ROUNDS):
        about: dict[Term, list[str]] = {}
        for subject, predicate, value in touching:
            if isinstance(subject, BNode):
                plain = names.get(value, "") if isinstance(value, BNode) else _written(value)
                about.setdefault(subject, []).append(f"{predicate} {plain}")
            if isinstance(value, BNode):
                plain = names.get(subject, "") if isinstance(subject, BNode) else str(subject)
                about.setdefault(value, []).append(f"{plain} {predicate}")
        names = {node: BLANK + _digest(sorted(stated)) for node, stated in about.items()}
    return names


def _written(term: Term) -> str:
    """Return a term as N-Triples writes it; rdflib's `n3` refuses IRIs with signs of no IRI."""
    return f"<{term}>" if isinstance(term, URIRef) else term.n3()


def _digest(lines: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


def _statement(triple: tuple[Term, Term, Term], names: Mapping[Term, str]) -> ImportedTriple:
    subject, predicate, value = triple
    about = names.get(subject, str(subject))
    if isinstance(value, Literal):
        language, datatype = value.language or "", str(value.datatype or "")
        return ImportedTriple(about, str(predicate), str(value), True, language, datatype)
    return ImportedTriple(about, str(predicate), names.get(value, str(value)))


def text_rank(
    predicate: str, text: Term, language: str = "en"
) -> tuple[bool, str, bool, bool, str]:
    """Return a sort key of names and glosses; ends in the text itself.

    SKOS comes before other vocabularies; the language before no language before the language of
    some place.
    """
    tag = (getattr(text, "language", None) or "").lower()
    other = predicate not in (LABEL_IRI, GLOSS_IRI)
    return other, predicate, tag != language.lower(), tag != "", str(text)


class _Strict(ReadReport):
    """Refuses a file for its first broken statement."""

    def skip(self, path: Path, line: int, reason: str) -> None:
        raise SightGraphError(f"{path}, line {line}: {reason}. {_NOTHING_READ}")


def parse_file(path: Path) -> Graph:
    """Parse one RDF file, by pyoxigraph; a context of JSON-LD is never fetched.

    Triples about triples (RDF-star) are left out.

    Raises:
        SightGraphError: the file is broken; the message gives the place. Nothing of it is used.
    """
    graph = Graph()
    try:
        quads, prefixes = quads_of(path, _Strict())
        for quad in quads:
            if not isinstance(quad.subject, Triple) and not isinstance(quad.object, Triple):
                triple = _term(quad.subject), URIRef(quad.predicate.value), _term(quad.object)
                graph.add(triple)
    except SightGraphError as error:
        raise SightGraphError(str(error).replace(NOTHING_IMPORTED, _NOTHING_READ)) from error
    for prefix, namespace in prefixes().items():
        if " " not in prefix:  # JSON-LD allows it, rdflib does not
            graph.bind(prefix, namespace)
    return graph


def _term(term: NamedNode | BlankNode | OxigraphLiteral) -> URIRef | BNode | Literal:
    if isinstance(term, NamedNode):
        return URIRef(term.value)
    if isinstance(term, BlankNode):
        return BNode(term.value)
    text, _, language, datatype = literal_fields(term)
    return Literal(text, lang=language or None, datatype=datatype or None)
