"""Property graphs: GraphML as Neo4j, Gephi, yEd and networkx write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kg.english import identifier_words
from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.text_files import (
    LONGEST_LINE,
    NOTHING_IMPORTED,
    XSD,
    Once,
    Reading,
    name_of,
    name_of_relation,
    path_part,
    without_endings,
    wording,
)
from kg.sources.tsv import OWN, OWN_RELATIONS, KnownRelations, iri_of, slug
from kg.vocabulary import ALIAS_IRI, IS_A_IRI
from kg.xml_files import CHUNK, feed, plain_parser

NAMES = ("label", "name", "title", "caption", "displayname", "labels")
"""Attributes of a node that name it, the best first."""
TYPES = ("labels", "label", "type", "kind")
"""Attributes of a node that name its class; of "label" and "labels" only what begins with ":"."""
RELATIONS = ("label", "type", "relation")
"""Attributes of an edge that name its relation, the best first."""
WEIGHTS = ("weight", "strength")
UNNAMED_RELATION = "related to"

_ALWAYS_TYPES = {"type", "kind"}
_STRUCTURE = {"id", "source", "target", "directed", "sourceport", "targetport"}
"""Attributes of the elements themselves, which give their position in the graph."""
_DRAWN_TEXT = {"NodeLabel", "EdgeLabel"}
"""Elements in which yEd keeps the label."""
_LOOKS = "Realizers"
"""Element in which yEd keeps the looks of a group, open and closed; `active` is the shown one."""
_DRAWING = "yfiles."
"""Attributes of yEd's own: kind of folder, drawing. They say nothing of the world."""
_DATATYPES = {
    "int": (XSD + "integer", re.compile(r"[+-]?[0-9]+")),
    "long": (XSD + "integer", re.compile(r"[+-]?[0-9]+")),
    "float": (XSD + "double", re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")),
    "double": (XSD + "double", re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")),
    "boolean": (XSD + "boolean", re.compile(r"true|false|0|1")),
}
"""GraphML's types with those of RDF, and how such a value is written."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What a `<key>` declares: the name, the type, and whose attribute it is."""

    name: str
    type: str
    of: str


@dataclass(frozen=True, slots=True)
class _Element:
    """A node or an edge. line: where it begins; structure: its id or ends; values: by name."""

    tag: str
    line: int
    structure: dict[str, str]
    values: dict[str, str]


def read_graphml(path: Path, choice: Choice, report: ReadReport) -> Iterator[ImportedTriple]:
    """Read a property graph as GraphML (http://graphml.graphdrawing.org/primer/).

    A node whose id is no IRI becomes `https://sightgraph.org/own/<file>/<id>`. Its label or
    name is its name, its type or Neo4j label (":Person") its category, and every other
    attribute a plain value under `https://sightgraph.org/own/relation/<name>`. An edge's label
    or type is its relation, found by name as in `read_tsv`; its weight, where it lies between
    0 and 1, is the strength.

    Raises:
        SightGraphError: the XML is broken, is no GraphML, or declares a document type.
    """
    own = f"{OWN}{slug(without_endings(path.name))}/"
    builder, known, is_new = _Builder(path), KnownRelations(), Once()
    nameless, first = 0, ""
    with Reading(path, report) as file:
        chunk = None
        while chunk != b"":
            chunk = file.read(CHUNK)
            for element in builder.feed(chunk):
                try:
                    if element.tag == "node":
                        if not _names(element) and element.structure.get("id"):
                            nameless, first = nameless + 1, first or element.structure["id"]
                        yield from _node(element, own, builder.types, is_new, choice.language)
                    else:
                        yield from _edge(element, own, known, is_new, choice.language)
                except ValueError as error:
                    report.skip(path, element.line, str(error))
    if nameless:
        report.left_out = (
            f"names of {nameless:,} nodes, which are called by their id, such as '{first}'"
        )


def _node(
    node: _Element, own: str, types: dict[str, str], is_new: Once, language: str
) -> Iterator[ImportedTriple]:
    iri = _thing(node.structure, "id", own)
    names = _names(node)
    yield name_of(iri, names[0] if names else node.structure["id"], language)
    for name in names[1:]:
        yield wording(iri, ALIAS_IRI, name, language)
    for kind in _kinds({name.lower(): value for name, value in node.values.items()}):
        category = iri_of(kind)
        if category.startswith(OWN) and is_new(category):
            yield name_of(category, identifier_words(kind), language)
        yield ImportedTriple(iri, IS_A_IRI, category)
    for name, value in node.values.items():
        if name.lower() in NAMES or name.lower() in TYPES:
            continue
        relation = OWN_RELATIONS + slug(identifier_words(name))
        if is_new(relation):
            yield name_of_relation(relation, identifier_words(name), language)
        yield ImportedTriple(iri, relation, value, True, "", _datatype(value, types.get(name, "")))


def _names(node: _Element) -> list[str]:
    """Return the names of a node, the best first; a label such as ":Person" is none."""
    values = {name.lower(): value for name, value in node.values.items()}
    return [values[name] for name in NAMES if not values.get(name, ":").startswith(":")]


def _kinds(values: dict[str, str]) -> Iterator[str]:
    """Yield the classes of a node: ":Person:Actor" is both a person and an actor."""
    for name in TYPES:
        text = values.get(name, "")
        if text.startswith(":"):
            yield from (kind.strip() for kind in text.split(":") if kind.strip())
        elif text and name in _ALWAYS_TYPES:
            yield text


def _edge(
    edge: _Element, own: str, known: KnownRelations, is_new: Once, language: str
) -> Iterator[ImportedTriple]:
    ends = _thing(edge.structure, "source", own), _thing(edge.structure, "target", own)
    values = {name.lower(): value.strip(": ") for name, value in edge.values.items()}
    name = next((values[name] for name in RELATIONS if values.get(name)), UNNAMED_RELATION)
    relation = known.iri_of(name)
    if relation in known.datatypes:  # a relation to plain values cannot lead to a node
        relation = OWN_RELATIONS + slug(identifier_words(name))
    if relation.startswith(OWN_RELATIONS) and is_new(relation):
        yield name_of_relation(relation, identifier_words(name), language)
    yield ImportedTriple(ends[0], relation, ends[1], strength=_strength(values))


def _thing(structure: dict[str, str], attribute: str, own: str) -> str:
    """Return the IRI of the node that an attribute names.

    Raises:
        ValueError: the attribute is missing, or looks like an IRI and is none.
    """
    name = structure.get(attribute, "").strip()
    if not name:
        raise ValueError(f"the element has no {attribute}")
    return iri_of(name) if "://" in name else own + path_part(name)


def _strength(values: dict[str, str]) -> float:
    for name in WEIGHTS:
        try:
            weight = float(values.get(name, ""))
        except ValueError:
            continue
        if 0 <= weight <= 1:
            return weight
    return 1.0


def _datatype(value: str, kind: str) -> str:
    """Return the RDF type of a value that is declared as `kind`, "" for text."""
    datatype, form = _DATATYPES.get(kind, ("", None))
    return datatype if form is not None and form.fullmatch(value) else ""


class _Builder:
    """Puts nodes and edges together from the XML as it comes; keeps only what is open.

    types: the declared type of each attribute.
    """

    def __init__(self, path: Path) -> None:
        self.types: dict[str, str] = {}
        self._path = path
        self._keys: dict[str, _Key] = {}
        self._defaults: dict[str, str] = {}
        self._declared = ""
        self._open: list[_Element] = []
        self._done: list[_Element] = []
        self._tags: list[str] = []
        self._looks: list[
            list[int]
        ] = []  # of each open _LOOKS: its depth, the active one, the last
        self._attribute = ""
        self._text: list[str] = []
        self._length = self._read = 0
        self._parser = plain_parser(path)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, chunk: bytes) -> list[_Element]:
        """Return the nodes and edges that end within `chunk`, which is empty at the file's end."""
        try:
            feed(self._parser, chunk, self._path)
        except SightGraphError as error:
            raise SightGraphError(f"{error} {NOTHING_IMPORTED}") from error
        self._read += len(chunk)
        if self._read - self._parser.CurrentByteIndex > LONGEST_LINE:
            raise self._too_long()
        done, self._done = self._done, []
        return done

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self._tags and name != "graphml":
            raise SightGraphError(f"'{self._path}' is no GraphML: it begins with <{tag}>.")
        self._tags.append(name)
        if name == "key":
            self._declare(attributes)
        elif name == "default":
            self._listen(self._declared)
        elif name in ("node", "edge"):
            self._open.append(self._element(name, attributes))
        elif name == "data":
            self._listen(attributes.get("key", ""))
        elif name == _LOOKS:
            active = attributes.get("active", "")[:9]
            self._looks.append([len(self._tags), int(active) if active.isdecimal() else 0, -1])
        elif self._looks and len(self._tags) == self._looks[-1][0] + 1:
            self._looks[-1][2] += 1
        elif name in _DRAWN_TEXT:
            shown = all(number == at for _, number, at in self._looks)
            self._listen("label" if shown else "")

    def _end(self, tag: str) -> None:
        name = self._tags.pop()
        if name == _LOOKS:
            self._looks.pop()
        text = "".join(self._text).strip()
        if name == "default":
            self._defaults[self._declared] = text
        elif name == "data" or name in _DRAWN_TEXT:
            if self._open and self._attribute and text:
                key = self._keys.get(self._attribute)
                self._open[-1].values[key.name if key else self._attribute] = text
        elif name in ("node", "edge"):
            self._done.append(self._open.pop())
        if name in _DRAWN_TEXT or name in ("data", "default"):
            self._listen("")

    def _listen(self, attribute: str) -> None:
        """Take the text from here on as the value of an attribute; of none where it is ""."""
        self._attribute, self._text, self._length = attribute, [], 0

    def _characters(self, text: str) -> None:
        if self._attribute:
            self._length += len(text)
            if self._length > LONGEST_LINE:
                raise self._too_long()
            self._text.append(text)

    def _declare(self, attributes: dict[str, str]) -> None:
        self._declared = attributes.get("id", "")
        name = attributes.get("attr.name", self._declared)
        key = _Key(name, attributes.get("attr.type", "string"), attributes.get("for", "all"))
        self._keys[self._declared] = key
        if key.of in ("node", "all"):
            self.types[name] = key.type

    def _element(self, tag: str, attributes: dict[str, str]) -> _Element:
        values = {
            self._keys[name].name: text
            for name, text in self._defaults.items()
            if text and self._keys[name].of in (tag, "all")
        }
        structure = {name: text for name, text in attributes.items() if name in _STRUCTURE}
        values |= {
            name: text
            for name, text in attributes.items()
            if name not in _STRUCTURE and not name.startswith(_DRAWING)
        }
        return _Element(tag, self._parser.CurrentLineNumber, structure, values)

    def _too_long(self) -> SightGraphError:
        return SightGraphError(
            f"{self._path}, line {self._parser.CurrentLineNumber}: a value is longer than "
            f"{LONGEST_LINE >> 20} MB. {NOTHING_IMPORTED}"
        )
