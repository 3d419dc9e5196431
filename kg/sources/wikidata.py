"""Wikidata: the everyday part of its truthy dump, out of thousands of millions of lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat

from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.rdf import literal_fields, parse_line, reason
from kg.sources.text_files import (
    NOTHING_IMPORTED,
    name_of,
    name_of_relation,
    not_inherited,
    read_blocks,
    wording,
)
from kg.vocabulary import ALIAS_IRI, GLOSS_IRI, IS_A_IRI, LABEL_IRI, RDFS, local_name

ENTITY = "http://www.wikidata.org/entity/"
DIRECT = "http://www.wikidata.org/prop/direct/"

CATEGORIES = ("P31", "P279")
"""Instance of, subclass of: stated as skos:broader."""
EVERYDAY = {
    "P361": "part of",
    "P527": "has part",
    "P2670": "has parts of the class",
    "P186": "made from material",
    "P366": "has use",
    "P2283": "uses",
    "P1535": "used by",
    "P462": "color",
    "P1419": "shape",
    "P495": "country of origin",
    "P1056": "product or material produced",
    "P1672": "this taxon is source of",
    "P1582": "natural product of taxon",
    "P1034": "main food source",
    "P789": "edibility",
    "P2079": "fabrication method",
    "P618": "source of energy",
    "P1542": "has effect",
    "P828": "has cause",
    "P461": "opposite of",
    "P641": "sport",
    "P2974": "habitat",
    "P1552": "has characteristic",
    "P425": "field of this occupation",
    "P2012": "cuisine",
}
"""Relations that are read where the choice names none, with Wikidata's English labels."""
NOT_INHERITED = {"P361", "P461"}
"""What holds of a category by these need not hold of its kinds."""

_LABELS = tuple(
    f"<{iri}>".encode()
    for iri in (
        RDFS + "label",
        LABEL_IRI,
        "http://schema.org/name",
        "https://schema.org/name",
    )
)
_ALIAS = f"<{ALIAS_IRI}>".encode()
_GLOSSES = (b"<http://schema.org/description>", b"<https://schema.org/description>")
_TEXTS = {ALIAS_IRI: ALIAS_IRI} | {gloss[1:-1].decode(): GLOSS_IRI for gloss in _GLOSSES}
_ENTITIES = (f"<{ENTITY}Q".encode(), f"<{ENTITY}P".encode())
_ALL_LANGUAGES = "mul"
"""The tag of a name that holds in all languages that have none of their own."""


def read_wikidata(path: Path, choice: Choice, report: ReadReport) -> Iterator[ImportedTriple]:
    """Read a truthy dump: https://www.wikidata.org/wiki/Wikidata:Database_download.

    Of `latest-truthy.nt` (also .gz, .bz2) the names, further names and descriptions in the
    choice's language are taken, and the relations of the choice ("P186"), or everyday ones.
    All other lines are passed over unparsed. An item has one name: the language's own before
    those of its variants ("en-gb") and the one for all languages ("mul"); the others become
    further names. Values that are only known to exist are left out.

    Raises:
        SightGraphError: the file does not begin like N-Triples.
    """
    reader = _Triples(choice)
    for number, line in _matching_lines(path, choice, report):
        try:
            quads = parse_line(line, RdfFormat.N_TRIPLES)
        except SyntaxError as error:
            report.skip(path, number, reason(error))
            continue
        for quad in quads:
            yield from reader.of(quad)
    yield from reader.names()
    yield from reader.unnamed_relations()


def _matching_lines(path: Path, choice: Choice, report: ReadReport) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with a target predicate; most lines cost one split and one look-up."""
    texts = {*_LABELS, _ALIAS, *_GLOSSES}
    target = texts | {f"<{DIRECT}{name}>".encode() for name in _relations(choice)}
    tongue = choice.language.lower().encode()
    tags = (tongue + b" ", tongue + b"-", b"mul ") if tongue else (b"",)
    passed = 0
    for lines in read_blocks(path, report):
        for number, line in enumerate(lines, passed + 1):
            try:
                subject, predicate, value = line.split(b" ", 2)
            except ValueError:
                _check_bad(line, path, number, report)
                continue
            if predicate not in target or not subject.startswith(_ENTITIES):
                continue
            if predicate in texts:
                if value[value.rfind(b'"@') + 2 :].lower().startswith(tags):
                    yield number, line
            elif not value.startswith(b"_:"):
                yield number, line
        passed += len(lines)


def _relations(choice: Choice) -> tuple[str, ...]:
    return choice.relations or (*CATEGORIES, *EVERYDAY)


def _check_bad(line: bytes, path: Path, number: int, report: ReadReport) -> None:
    """Report a line that is no triple; a first line of this kind ends the import."""
    if not line.strip() or line.startswith(b"#"):
        return
    if number == 1:
        raise SightGraphError(
            f"'{path}' is no N-Triples file. {NOTHING_IMPORTED} Fetch latest-truthy.nt.bz2 or "
            ".gz from https://dumps.wikimedia.org/wikidatawiki/entities/."
        )
    report.skip(path, number, "fewer than three terms")


class _Triples:
    """Turns the triples of one item after the other into statements.

    A dump states all names of an item together; they wait here until the next item begins.
    """

    def __init__(self, choice: Choice) -> None:
        self._language = choice.language
        self._unnamed = dict.fromkeys(_relations(choice), False)
        """Relations without a name so far, and whether they have been used."""
        self._item = ""
        self._names: dict[str, str] = {}

    def of(self, quad: Quad) -> Iterator[ImportedTriple]:
        """Yield what a triple states, and the names of the item before where a new one begins."""
        subject, predicate, value = quad.subject, quad.predicate.value, quad.object
        if not isinstance(subject, NamedNode):
            return
        if subject.value != self._item:
            yield from self.names()
            self._item = subject.value
        if predicate.startswith(DIRECT):
            yield from self._fact(predicate, value)
        elif isinstance(value, Literal):
            yield from self._text(predicate, value)

    def names(self) -> Iterator[ImportedTriple]:
        """Yield the names of the item so far, the best first."""
        names, self._names = self._names, {}
        own = self._language.lower()
        ranked = sorted(names, key=lambda tag: (tag != own, tag == _ALL_LANGUAGES, tag))
        different = list(dict.fromkeys(names[tag] for tag in ranked))
        if not different:
            return
        if self._item.startswith(ENTITY + "P"):
            if self._unnamed.pop(local_name(self._item), None) is not None:
                relation = DIRECT + local_name(self._item)
                yield name_of_relation(relation, different[0], self._language)
            return
        yield name_of(self._item, different[0], self._language)
        for name in different[1:]:
            yield wording(self._item, ALIAS_IRI, name, self._language)

    def unnamed_relations(self) -> Iterator[ImportedTriple]:
        """Yield names for the relations that were used and that the file does not name."""
        for relation, used in self._unnamed.items():
            if used:
                yield name_of_relation(DIRECT + relation, relation)

    def _text(self, predicate: str, value: Literal) -> Iterator[ImportedTriple]:
        """Keep a name until the item ends; yield a further name or a description."""
        kind = _TEXTS.get(predicate)
        if kind is None:
            self._names.setdefault(value.language or "", value.value)
        elif self._item.startswith(ENTITY + "Q"):
            yield wording(self._item, kind, value.value, self._language)

    def _fact(self, predicate: str, value: object) -> Iterator[ImportedTriple]:
        relation = local_name(predicate)
        if relation in CATEGORIES:
            predicate = IS_A_IRI
        elif relation in EVERYDAY and self._unnamed.pop(relation, None) is not None:
            yield name_of_relation(predicate, EVERYDAY[relation])
            if relation in NOT_INHERITED:
                yield not_inherited(predicate)
        elif relation in self._unnamed:
            self._unnamed[relation] = True
        if isinstance(value, NamedNode):
            if value.value.startswith(ENTITY):
                yield ImportedTriple(self._item, predicate, value.value)
        elif isinstance(value, Literal):
            yield ImportedTriple(self._item, predicate, *literal_fields(value))
