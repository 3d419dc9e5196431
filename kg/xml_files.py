"""Checks untrusted XML: its declarations could exhaust memory or read local files."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn, Protocol
from xml.parsers import expat

from kg.errors import SightGraphError

CHUNK = 1 << 16
"""Bytes passed to the parser at a time."""

MAX_ENTITIES, MAX_ENTITY = 100, 1000
"""Entities of a file, and characters of each: those of OWL editors abbreviate namespaces."""
MAX_DEPTH = 1000
"""Maximum nesting of elements; much deeper nesting would crash or stall a parser."""


class Readable(Protocol):
    """A file opened for bytes."""

    def read(self, size: int = -1, /) -> bytes: ...


def plain_parser(source: Path) -> expat.XMLParserType:
    """Return a parser that ends with an error where a document type is declared."""
    parser = expat.ParserCreate()
    _refuse(parser, source, document_type=True)
    return parser


def refuse_document_type(file: Readable, source: Path) -> None:
    """Read the XML of `file` once with every declaration forbidden.

    Raises:
        SightGraphError: there is a document type, or the XML is broken.
    """
    _read_through(plain_parser(source), file, source)


def refuse_entities(file: Readable, source: Path) -> None:
    """Read the XML of `file` once with dangerous entities forbidden.

    A few short texts without a reference to others are allowed, as in the files of OWL editors.

    Raises:
        SightGraphError: another entity is declared, or the XML is broken or nests too deep.
    """
    parser = expat.ParserCreate()
    _refuse(parser, source, document_type=False)
    depth = 0

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise SightGraphError(
                f"{source}, line {parser.CurrentLineNumber}: elements nest deeper than {MAX_DEPTH}."
            )

    def leave(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    _read_through(parser, file, source)


def _refuse(parser: expat.XMLParserType, source: Path, document_type: bool) -> None:
    def refuse_type(*_: object) -> NoReturn:
        raise SightGraphError(f"'{source}' declares a document type, which is not read.")

    declared = 0

    def check_entity(name: str, parameter: bool, value: str | None, *_: object) -> None:
        nonlocal declared
        declared += 1
        short = value is not None and len(value) <= MAX_ENTITY and not set("&%<") & set(value)
        if short and not parameter and not document_type and declared <= MAX_ENTITIES:
            return
        raise SightGraphError(
            f"{source}, line {parser.CurrentLineNumber}: declares the entity '{name}'; entities "
            "are not read, for they can fill the memory or read files. "
            "Write their text out, or convert the file to Turtle."
        )

    parser.EntityDeclHandler = check_entity
    if document_type:
        parser.StartDoctypeDeclHandler = refuse_type


def _read_through(parser: expat.XMLParserType, file: Readable, source: Path) -> None:
    while chunk := file.read(CHUNK):
        feed(parser, chunk, source)
    feed(parser, b"", source)


def feed(parser: expat.XMLParserType, chunk: bytes, source: Path) -> None:
    """Parse the next bytes of a file; none at its end.

    Raises:
        SightGraphError: the XML is broken, or in an encoding that nobody knows.
    """
    try:
        parser.Parse(chunk, not chunk)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise SightGraphError(f"{source}, line {error.lineno}: broken XML: {reason}.") from error
    except (LookupError, UnicodeError) as error:  # an encoding that Python does not know
        raise SightGraphError(f"'{source}' cannot be decoded: {error}.") from error
