"""Triples in a table: what people write by hand or export from a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, parse

from kg.english import identifier_words
from kg.files import bundled
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.text_files import (
    XSD,
    Once,
    as_iri,
    name_of,
    name_of_relation,
    open_text,
    path_part,
)
from kg.vocabulary import IS_A_IRI, OWL, RDF_TYPE, RDFS, local_name

OWN = "https://sightgraph.org/own/"
OWN_RELATIONS = OWN + "relation/"

_LOOKS_LIKE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://\S+")
_INTEGER = XSD + "integer"
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
_COLUMNS = (
    ("subject", "head", "source", "from", "start"),
    ("relation", "predicate", "label", "rel", "type"),
    ("object", "tail", "target", "to", "end"),
    ("strength", "weight", "score"),
)
"""Names of the four columns in headers; where a header has several, the first one counts."""
_DELIMITERS = "\t;,"
_IS_A_NAMES = ("is a", "isa")
_PROPERTIES = {OWL + "ObjectProperty", OWL + "DatatypeProperty"}


def read_tsv(path: Path, choice: Choice, report: ReadReport) -> Iterator[ImportedTriple]:
    """Read lines `subject <tab> relation <tab> object [<tab> strength]`, or such a CSV file.

    The delimiter is a tab, a semicolon or a comma, whichever parts the first line into three.
    A header may name the columns in another order, as those of Gephi's edges do.

    Subjects and objects that look like `scheme://...` are IRIs; other words name a concept of
    one's own, `https://sightgraph.org/own/golden_retriever`. Relations are found by name in
    the bundled ontology ("used for", "usedFor", "is a"); a new name makes a new relation. The
    objects of relations that have plain values there ("number of legs") stay values. Lines
    beginning with # and empty lines are passed over.

    Raises:
        SightGraphError: the file cannot be read, or a line is bad and the import strict.
    """
    known, is_new = KnownRelations(), Once()
    for number, columns in _rows(path, report):
        try:
            strength = _checked(columns)
            subject, relation = iri_of(columns[0]), known.iri_of(columns[1])
            datatype = known.datatypes.get(relation)
            value = iri_of(columns[2]) if datatype is None else _value(columns[2], datatype)
        except ValueError as error:
            report.skip(path, number, str(error))
            continue
        named = [(subject, columns[0])]
        if datatype is None:
            named.append((value, columns[2]))
        for concept, words in named:
            if not is_iri(words) and is_new(concept):
                yield name_of(concept, words, choice.language)
        if relation.startswith(OWN_RELATIONS) and is_new(relation):
            yield name_of_relation(relation, identifier_words(columns[1]), choice.language)
        if datatype is None:
            yield ImportedTriple(subject, relation, value, strength=strength)
        else:
            yield ImportedTriple(subject, relation, value, True, "", datatype, strength)


def _rows(path: Path, report: ReadReport) -> Iterator[tuple[int, list[str]]]:
    """Yield the columns of each line with its number: subject, relation, object, strength."""
    delimiter, order = "", None
    for number, line in open_text(path, report):
        if not line.strip() or line.startswith("#"):
            continue
        first = not delimiter
        if first:
            delimiter = _delimiter(line)
        columns = _columns(line, delimiter)
        if first and (order := _order(columns)) is not None:
            continue
        if order is None:
            yield number, columns
        elif len(columns) > max(order[:3]):
            yield number, [columns[place] for place in order if place < len(columns)]
        else:
            report.skip(path, number, f"{len(columns)} columns, fewer than the header has")


def _delimiter(line: str) -> str:
    return next((one for one in _DELIMITERS if len(_columns(line, one)) >= 3), "\t")


def _columns(line: str, delimiter: str) -> list[str]:
    if delimiter == "\t":
        parts = line.split("\t")
    else:
        try:
            parts = next(csv.reader([line], delimiter=delimiter))
        except csv.Error:  # such as a carriage return within the line
            parts = [line]
    return [" ".join(part.split()) for part in parts]


def _order(columns: list[str]) -> list[int] | None:
    """Return where a header has the four columns, the last if it has it; None if it is none."""
    names = [name.lower() for name in columns]
    found = [
        next((names.index(name) for name in known if name in names), None) for known in _COLUMNS
    ]
    if None in found[:3]:
        return None
    return [place for place in found if place is not None]


class KnownRelations:
    """The relations of the bundled ontology, by label and by local name.

    datatypes: of relations with plain values, the type of the values.
    """

    def __init__(self) -> None:
        self.datatypes: dict[str, str] = {}
        self._by_words = dict.fromkeys(_IS_A_NAMES, IS_A_IRI)
        labels: dict[str, str] = {}
        ranges: dict[str, str] = {}
        kinds: dict[str, set[str]] = {}
        for quad in parse(path=bundled("kg", "ontology.ttl"), format=RdfFormat.TURTLE):
            iri, value = str(quad.subject.value), str(quad.object.value)
            if quad.predicate.value == RDF_TYPE:
                kinds.setdefault(iri, set()).add(value)
            elif quad.predicate.value == RDFS + "label":
                labels[iri] = value
            elif quad.predicate.value == RDFS + "range":
                ranges[iri] = value
        for iri in (iri for iri in kinds if kinds[iri] & _PROPERTIES):
            for name in (labels[iri], local_name(iri)):
                self._by_words.setdefault(identifier_words(name), iri)
            if OWL + "DatatypeProperty" in kinds[iri]:
                self.datatypes[iri] = ranges[iri]

    def iri_of(self, name: str) -> str:
        """Return the relation that is called `name`: given as IRI, known, or new.

        Raises:
            ValueError: it looks like an IRI, but is none.
        """
        if is_iri(name):
            return _checked_iri(name)
        words = identifier_words(name)
        return self._by_words.get(words) or OWN_RELATIONS + slug(words)


def iri_of(text: str) -> str:
    """Return the concept that `text` names: an IRI as it is, or one of one's own.

    Raises:
        ValueError: it looks like an IRI, but is none.
    """
    return _checked_iri(text) if is_iri(text) else OWN + slug(text)


def is_iri(text: str) -> bool:
    """Tell whether `text` looks like an IRI rather than like words."""
    return "://" in text and _LOOKS_LIKE_IRI.fullmatch(text) is not None


def slug(text: str) -> str:
    """Return words as the last part of an IRI: "Golden Retriever" -> "golden_retriever"."""
    return path_part("_".join(text.lower().split()))


def _checked_iri(text: str) -> str:
    try:
        return str(NamedNode(as_iri(text)).value)
    except ValueError as error:
        raise ValueError(f"'{text}' is no IRI: {error}") from error


def _value(text: str, datatype: str) -> str:
    if datatype == _INTEGER and not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError(f"'{text}' is no whole number")
    return text


def _checked(columns: list[str]) -> float:
    """Return the strength of a line, 1 where it names none.

    Raises:
        ValueError: a column is missing, empty or too much, or the strength is none.
    """
    if not 3 <= len(columns) <= 4:
        raise ValueError(f"{len(columns)} columns instead of 3 or 4")
    for place, column in zip(("subject", "relation", "object"), columns, strict=False):
        if not column:
            raise ValueError(f"the {place} is empty")
    if len(columns) == 3 or not columns[3]:
        return 1.0
    text = columns[3].replace(",", ".")
    try:
        strength = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        strength = -1.0
    if not 0 <= strength <= 1:
        raise ValueError(f"the strength '{columns[3]}' is no number between 0 and 1")
    return strength
