"""RDF files of all usual formats, statement by statement, with pyoxigraph's parsers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from kg.errors import SightGraphError
from kg.sources import LANGUAGE_TAG, Choice, ImportedTriple, ReadReport
from kg.sources.normal_form import LeftOut, normal_form
from kg.sources.text_files import (
    LONGEST_LINE,
    NOTHING_IMPORTED,
    XSD,
    Reading,
    admits,
    path_part,
    read_blocks,
)
from kg.vocabulary import NAME_TERMS, RDF, local_name
from kg.xml_files import refuse_entities

FORMATS = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".n3": RdfFormat.N3,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
"""File endings that are read; each may be followed by .gz or .bz2."""
OWN_BASE = "https://sightgraph.org/own/"
"""What relative IRIs are relative to, followed by the file's name."""

_LINE_FORMATS = {RdfFormat.N_TRIPLES, RdfFormat.N_QUADS}
_RECOVERING = {RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.N3}
"""Formats whose parser finds the next statement after a broken one."""
_COMPRESSED = {".gz", ".bz2"}
_BATCH = 1000
"""Lines that are parsed at once while none is broken."""
_PLACE = re.compile(r"^Parser error (at|between) line .*?: ")
_TEXTS = frozenset({XSD + "string", RDF + "langString", RDF + "dirLangString"})
"""Datatypes of plain texts, with a language or without."""
_MAX_NAMES = 1_000_000
"""Concepts with names in a language that are told apart from those without one."""
_TRIPLE_TERM = b"<<("
_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACES = re.compile(rb"[^{}]+")
_OPENING = ord("{")
_DEEPEST = 500
"""Objects of JSON, or triples about triples, within each other; the parser bears some 2,000."""
_TOO_DEEP = f"it nests more than {_DEEPEST} JSON objects or triples about triples"
_MADE_UP = re.compile(r"[0-9a-f]{20,32}")
"""What the parser calls a node without a label; another one at each run."""
_MAX_MADE_UP = 200_000
"""Blank nodes distinguished at a time; their scope is one statement."""


def read_rdf(path: Path, choice: Choice, report: ReadReport) -> Iterator[ImportedTriple]:
    """Read Turtle, N-Triples, N-Quads, TriG, N3, RDF/XML or JSON-LD, or a folder of such files.

    The formats: https://www.w3.org/TR/turtle/, /n-triples/, /n-quads/, /trig/,
    /rdf-syntax-grammar/, /json-ld11/ and https://w3c.github.io/N3/spec/.

    Broken statements are skipped where the format lets the next one be found (all but RDF/XML
    and JSON-LD). Blank nodes become IRIs `urn:bnode:...` that are the same at each import. The
    name of a graph, or in a folder that of the file, is the origin of its statements. Left out:
    literals in other languages (but a name of what has none in this one), triples about triples,
    and the rules of N3 with what it quotes between braces.

    Raises:
        SightGraphError: an RDF/XML or JSON-LD file is broken, XML declares an entity, or a
            JSON-LD file wants a context from the network.
    """
    before, left_out, names = 0, LeftOut(), _OtherNames()
    for file in _files(path):
        origin = file.name if path.is_dir() else ""
        statements = _statements(file, report, before, origin, left_out)
        for statement in normal_form(statements, left_out):
            if admits(choice.language, statement.language):
                names.admit(statement)
                yield statement
            else:
                names.keep(statement)
        before += file.stat().st_size
    yield from names.of_nameless()
    report.left_out = str(left_out)


class _OtherNames:
    """Names in other languages, of concepts that have none in the language that is read.

    At most `_MAX_NAMES` concepts with names in several languages are told apart; of further ones
    no other name is kept.
    """

    def __init__(self) -> None:
        self._named: set[int] = set()
        self._others: dict[str, ImportedTriple] = {}

    def admit(self, statement: ImportedTriple) -> None:
        """Note a statement that is read: a name of its subject makes others needless."""
        if statement.language and statement.predicate in NAME_TERMS:
            self._others.pop(statement.subject, None)
            if len(self._named) < _MAX_NAMES:
                self._named.add(hash(statement.subject))

    def keep(self, statement: ImportedTriple) -> None:
        """Keep a name in another language: of several of one concept the first by language."""
        subject = statement.subject
        if statement.predicate not in NAME_TERMS or hash(subject) in self._named:
            return
        known = self._others.get(subject)
        if known is None and len(self._others) + len(self._named) >= _MAX_NAMES:
            return
        if known is None or (statement.language, statement.object) < (known.language, known.object):
            self._others[subject] = statement

    def of_nameless(self) -> Iterator[ImportedTriple]:
        """Yield the names of what has none in the language that is read."""
        yield from self._others.values()


def _statements(
    file: Path, report: ReadReport, before: int, origin: str, left_out: LeftOut
) -> Iterator[ImportedTriple]:
    nodes = _BlankNodes(file)
    for quad in _quads(file, report, before):
        statement = _statement(quad, nodes, origin)
        if statement is None:
            left_out.reasons["about other statements"] += 1
        else:
            yield statement


def quads_of(
    path: Path, report: ReadReport
) -> tuple[Iterator[Quad], Callable[[], Mapping[str, str]]]:
    """Return the quads of one file, and what gives its prefixes once they have been read.

    Raises:
        SightGraphError: as `read_rdf`, while the quads are read.
    """
    prefixes: dict[str, str] = {}
    return _quads(path, report, 0, prefixes), lambda: prefixes


def parse_line(line: bytes, form: RdfFormat) -> list[Quad]:
    """Return what one line of N-Triples or N-Quads states.

    Raises:
        SyntaxError: the line is broken.
    """
    if line.count(_TRIPLE_TERM) > _DEEPEST:
        raise SyntaxError(_TOO_DEEP)
    return list(parse(line, form))


def reason(error: SyntaxError) -> str:
    """Return why pyoxigraph could not go on, without the place."""
    return _PLACE.sub("", str(error.args[0]))


def literal_fields(value: Literal) -> tuple[str, bool, str, str]:
    """Return a literal as the fields of a statement: object, literal, language, datatype.

    What is no language tag, which pyoxigraph lets through from RDF/XML, is left out.
    """
    language, datatype = value.language or "", value.datatype.value
    if language and not LANGUAGE_TAG.fullmatch(language):
        language = ""
    return value.value, True, language, "" if datatype in _TEXTS else datatype


def _files(path: Path) -> list[Path]:
    """Return `path`, or the RDF files of the folder `path`, sorted by name."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file_ending(file) in FORMATS)
        if not files:
            raise SightGraphError(f"the folder '{path}' holds no file of {', '.join(FORMATS)}.")
        return files
    if file_ending(path) not in FORMATS:
        raise SightGraphError(
            f"cannot read '{path}' as RDF: its ending is not one of {', '.join(FORMATS)} "
            "(and .gz or .bz2 after it)."
        )
    return [path]


def file_ending(path: Path) -> str:
    """Return the ending that names the format, in lower case: "a.TTL.gz" is ".ttl"."""
    name = path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path
    return name.suffix.lower()


def _quads(
    path: Path, report: ReadReport, before: int, prefixes: dict[str, str] | None = None
) -> Iterator[Quad]:
    form = FORMATS[file_ending(path)]
    if form in _LINE_FORMATS:
        return _quads_of_lines(path, form, report, before)
    if form == RdfFormat.RDF_XML:
        with Reading(path, ReadReport()) as file:
            refuse_entities(file, path)
    return _quads_of_document(path, form, report, before, prefixes)


def _quads_of_lines(path: Path, form: RdfFormat, report: ReadReport, before: int) -> Iterator[Quad]:
    """Parse many lines at once, and each by itself only where one of them is broken."""
    passed = 0
    for block in read_blocks(path, report, before):
        for start in range(0, len(block), _BATCH):
            lines = block[start : start + _BATCH]
            try:
                yield from parse_line(b"\n".join(lines), form)
            except SyntaxError:
                yield from _good_lines(lines, form, path, passed + start, report)
        passed += len(block)


def _good_lines(
    lines: list[bytes], form: RdfFormat, path: Path, passed: int, report: ReadReport
) -> Iterator[Quad]:
    for number, line in enumerate(lines, passed + 1):
        try:
            yield from parse_line(line, form)
        except SyntaxError as error:
            report.skip(path, number, reason(error))


def _quads_of_document(
    path: Path, form: RdfFormat, report: ReadReport, before: int, prefixes: dict[str, str] | None
) -> Iterator[Quad]:
    last_bad = 0
    with Reading(path, report, before) as file:
        shallow = _SHALLOW.get(form, _Shallow)(file, path)
        base = OWN_BASE + path_part(path.name)
        # rdflib writes prefixes that end within a percent encoding, which is no valid IRI.
        lenient = prefixes is not None
        quads = parse(cast(IO[bytes], shallow), form, base_iri=base, lenient=lenient)
        while True:
            try:
                quad = next(quads, None)
            except SyntaxError as error:
                if form == RdfFormat.N3 and error.lineno is None:
                    continue  # a rule's variable, which no fact can hold
                if form not in _RECOVERING or error.lineno is None:
                    raise _broken(path, error) from error
                if error.lineno != last_bad:  # one broken statement often is several errors
                    report.skip(path, error.lineno, reason(error))
                last_bad = error.lineno
                continue
            except MemoryError as error:
                raise SightGraphError(
                    f"'{path}' holds a statement of over {LONGEST_LINE >> 20} MB. Shorten it. "
                    f"{NOTHING_IMPORTED}"
                ) from error
            if quad is None:
                if prefixes is not None:
                    prefixes |= quads.prefixes
                return
            if form != RdfFormat.N3 or not isinstance(quad.graph_name, BlankNode):
                yield quad


def _broken(path: Path, error: SyntaxError) -> SightGraphError:
    if "LoadDocumentCallback" in str(error):
        return SightGraphError(
            f"'{path}' takes a JSON-LD context from the network, which is never fetched. "
            f"{NOTHING_IMPORTED} Put the context itself into the file."
        )
    place = "" if error.lineno is None else f", line {error.lineno}"
    return SightGraphError(f"{path}{place}: {reason(error)}. {NOTHING_IMPORTED}")


def _statement(quad: Quad, nodes: _BlankNodes, file: str) -> ImportedTriple | None:
    """Return what a quad states, or None where it is about another triple.

    file: the origin of what stands in no named graph.
    """
    subject, value, graph = quad.subject, quad.object, quad.graph_name
    if isinstance(subject, Triple) or isinstance(value, Triple):
        return None
    about = nodes.iri(subject) if isinstance(subject, BlankNode) else subject.value
    origin = local_name(graph.value) if isinstance(graph, NamedNode) else file
    predicate = quad.predicate.value
    if isinstance(value, Literal):
        return ImportedTriple(about, predicate, *literal_fields(value), origin=origin)
    named = nodes.iri(value) if isinstance(value, BlankNode) else value.value
    return ImportedTriple(about, predicate, named, origin=origin)


class _Shallow:
    """Reads a file until it nests deeper than the parser can bear, which would end the process."""

    def __init__(self, file: Reading, path: Path) -> None:
        self._file, self._path = file, path
        self._rest = b""
        self._depth = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes.

        Raises:
            SightGraphError: they nest too deep.
        """
        block = self._file.read(size)
        if self._deepest(block) > _DEEPEST:
            raise SightGraphError(f"'{self._path}': {_TOO_DEEP}. {NOTHING_IMPORTED}")
        return block

    def _deepest(self, block: bytes) -> int:
        """Return how deep it can be by now: each triple term may lie within the one before."""
        block = self._rest + block
        self._rest = block[-len(_TRIPLE_TERM) + 1 :]
        self._depth += block.count(_TRIPLE_TERM)
        return self._depth


class _ShallowJson(_Shallow):
    """The same for objects within objects."""

    def _deepest(self, block: bytes) -> int:
        plain = _JSON_STRING.sub(b"", self._rest + block)
        outside, quote, within = plain.partition(b'"')
        self._rest = quote + within
        deepest = self._depth
        for brace in _NO_BRACES.sub(b"", outside):
            self._depth += 1 if brace == _OPENING else -1
            deepest = max(deepest, self._depth)
        return deepest


_SHALLOW = {RdfFormat.JSON_LD: _ShallowJson}


class _BlankNodes:
    """Gives the blank nodes of one file IRIs that are the same at each import.

    A labelled node is known by its label; one without by how many such nodes came before it,
    except in line formats, where every node has a label.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.name
        self._labels_only = FORMATS[file_ending(path)] in _LINE_FORMATS
        self._numbers: dict[str, int] = {}
        self._met = 0

    def iri(self, node: BlankNode) -> str:
        label = node.value
        if not self._labels_only and _MADE_UP.fullmatch(label):
            label = f"[{self._number(label)}]"
        digest = hashlib.sha1(f"{self._file} {label}".encode(), usedforsecurity=False)
        return f"urn:bnode:{digest.hexdigest()[:16]}"

    def _number(self, label: str) -> int:
        if label not in self._numbers:
            if len(self._numbers) >= _MAX_MADE_UP:
                del self._numbers[next(iter(self._numbers))]
            self._met += 1
            self._numbers[label] = self._met
        return self._numbers[label]
