"""Compiling a store's quads into the arrays and tries that `kg.index.open` opens."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from heapq import merge
from math import isfinite
from pathlib import Path

import marisa_trie
import numpy as np

from kg.english import identifier_words
from kg.index.edges import MEMORY, Edges, SortedEdges
from kg.index.names import Labels, one_line, save_names, trie_of
from kg.index.open import FORMAT, SAME_AS, STRENGTHS
from kg.index.runs import LINES, SortedLines
from kg.vocabulary import (
    ALIAS_TERMS,
    GLOSS_TERMS,
    IMPLIES_TERMS,
    IS_A,
    IS_A_IRI,
    LITERAL,
    NAME_TERMS,
    ONTOLOGY,
    OWL,
    RDF,
    RDF_TYPE,
    RDFS,
    SAME_TERMS,
    STANDARD_VOCABULARIES,
    RelationType,
    local_name,
    relation_of,
)

CHUNK = 100_000
"""Facts that are turned into arrays at a time."""
_PROPERTY_TERMS = {
    ONTOLOGY + name
    for name in (
        "inverseLabel",
        "asks",
        "inheritsDown",
        "negates",
        "subjectCategory",
        "objectCategory",
    )
}

_STRENGTH = ONTOLOGY + "strength"
_REIFIED_OBJECT = RDF + "object"
_REIFICATION = (RDF + "subject", RDF + "predicate", _REIFIED_OBJECT)
_ENDS = (RDFS + "domain", RDFS + "range")
_OWN_LABELS = {IS_A_IRI: IS_A, SAME_AS: "same as"}
_OWN_INVERSES = {IS_A_IRI: "kind", SAME_AS: "same as"}

Quad = tuple[str, str, str, bool, str, float]
"""subject, predicate, object, whether the object is a literal, source, strength."""


@dataclass(slots=True)
class _Schema:
    """What the quads state about relations, collected in the first pass."""

    used: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)
    stated: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    strengths: dict[str, float] = field(default_factory=dict)
    implies: dict[str, set[str]] = field(default_factory=dict)
    statements: dict[str, dict[str, str]] = field(default_factory=dict)
    """Reified facts by the name of the statement: what its three parts are."""

    def note(self, subject: str, predicate: str, value: str) -> None:
        if predicate == _STRENGTH:
            with suppress(ValueError):  # a value that is no number is ignored
                strength = float(value)
                if isfinite(strength):
                    self.strengths[subject] = min(max(strength, 0.0), 1.0)
        elif predicate in _REIFICATION:
            self.statements.setdefault(subject, {})[predicate] = value
        elif predicate in _ENDS:
            self.declared.add(subject)
        elif predicate == RDF_TYPE:
            if value.startswith(STANDARD_VOCABULARIES) and value.endswith("Property"):
                self.declared.add(subject)
        elif predicate in IMPLIES_TERMS:
            self.implies.setdefault(subject, set()).add(value)
            if predicate == OWL + "equivalentProperty":
                self.implies.setdefault(value, set()).add(subject)
        elif predicate in _PROPERTY_TERMS:
            self.declared.add(subject)
            self.stated.setdefault((subject, predicate), []).append(value)

    def iris(self) -> set[str]:
        """Return all relations; statements about them describe the vocabulary."""
        return self.declared | self.used

    def relation(self, iri: str) -> RelationType:
        def one(name: str) -> str | None:
            return min(self.stated.get((iri, ONTOLOGY + name), []), default=None)

        label = self.labels.get(iri) or identifier_words(local_name(iri))
        return RelationType(
            iri=iri,
            label=_OWN_LABELS.get(iri, label),
            inverse=one("inverseLabel") or _OWN_INVERSES.get(iri, f"{label} of"),
            inherits=iri != SAME_AS and one("inheritsDown") != "false",
            asks=tuple(sorted(self.stated.get((iri, ONTOLOGY + "asks"), []))),
            denies=one("negates"),
            strength=self.strengths.get(iri, 1.0),
            implies=tuple(sorted(self.implies.get(iri, ()))),
        )


def build_index(
    folder: Path,
    quads: Callable[[], Iterable[Quad]],
    progress: Callable[[int], None] = lambda done: None,
    memory: int = MEMORY,
) -> None:
    """Write the index of `quads` into the empty folder `folder`.

    Facts that several sources state become one, with the maximum of their strengths. Terms, names
    and facts are sorted on disk; the index is the same whatever the memory.

    quads: called twice, and must give the same quads in the same order both times.
    progress: called with how many quads have been read, over both readings.
    memory: bytes for sorting facts. What marisa-trie needs for each term and each name comes on
        top of it.
    """
    schema = _Schema()
    terms, count = _read_terms(_counted(quads(), progress, 0), schema, folder)
    relations = sorted(schema.used)
    strengths = FactStrengths(schema, terms, relations)
    with Labels(folder / "labels.txt") as labels, SortedEdges(folder, memory) as edges:
        read = _counted(quads(), progress, count)
        for chunk in _read_facts(read, schema, terms, relations, labels, edges.sources):
            strengths.apply(chunk)
            edges.add(chunk)
        save_names(folder, labels, terms)
        count = edges.save(len(terms), len(relations))
    terms.save(str(folder / "terms.marisa"))
    about = {
        "format": FORMAT,
        "nodes": len(terms),
        "edges": count,
        "relations": [schema.relation(iri)._asdict() for iri in relations],
        "sources": edges.source_sets,
    }
    (folder / "index.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _counted(quads: Iterable[Quad], progress: Callable[[int], None], start: int) -> Iterator[Quad]:
    for number, quad in enumerate(quads, start + 1):
        if number % 10_000 == 0:
            progress(number)
        yield quad


def _read_terms(
    quads: Iterable[Quad], schema: _Schema, folder: Path
) -> tuple[marisa_trie.Trie, int]:
    """First reading: all terms, the schema, the number of quads."""
    subjects: set[str] = set()
    objects: set[str] = set()
    count = 0
    with SortedLines(folder) as written_subjects, SortedLines(folder) as written_objects:
        for subject, predicate, value, literal, *_ in quads:
            count += 1
            kind = _kind(predicate, value, literal)
            if kind is _Kind.SCHEMA:
                plain = literal and predicate == _REIFIED_OBJECT
                schema.note(subject, predicate, _object(value, plain))
                continue
            if kind is _Kind.FACT:
                schema.used.add(_relation(predicate))
                if predicate in SAME_TERMS:  # makes no node: most lead out of the graph
                    continue
                objects.add(_object(value, literal))
            subjects.add(subject)
            if len(subjects) + len(objects) >= LINES:
                written_subjects.write(map(str.encode, subjects))
                written_objects.write(map(str.encode, objects))
                subjects.clear()
                objects.clear()
        # A relation is a term only where it is the object of a fact.
        relations = {f"{iri}\n".encode() for iri in schema.iris()}
        of_subjects = written_subjects.merged(map(str.encode, subjects))
        others = (line for line in of_subjects if line not in relations)
        terms = trie_of(merge(others, written_objects.merged(map(str.encode, objects))))
    return terms, count


def _read_facts(
    quads: Iterable[Quad],
    schema: _Schema,
    terms: marisa_trie.Trie,
    relations: list[str],
    labels: Labels,
    sources: dict[str, int],
) -> Iterator[Edges]:
    """Second reading: yield the facts as numbers; the labels go to `labels`.

    sources: the number of each source, filled as they come.
    """
    number = {iri: position for position, iri in enumerate(relations)}
    described = schema.iris()
    columns = _columns()
    for subject, predicate, value, literal, source, strength in quads:
        kind = _kind(predicate, value, literal)
        if kind is _Kind.SCHEMA:
            continue
        if subject in described:
            if predicate in NAME_TERMS:
                schema.labels.setdefault(subject, value)
        elif kind is _Kind.NAME:
            labels.add(terms[subject], value, predicate in ALIAS_TERMS)
        elif predicate not in SAME_TERMS or (subject in terms and value in terms):
            columns[0].append(terms[subject])
            columns[1].append(number[_relation(predicate)])
            columns[2].append(terms[_object(value, literal)])
            columns[3].append(round(strength * STRENGTHS))
            columns[4].append(sources.setdefault(source, len(sources)))
            if len(columns[0]) == CHUNK:
                yield _chunk(columns)
                columns = _columns()
    yield _chunk(columns)


def _columns() -> list[array[int]]:
    return [array("i"), array("i"), array("i"), array("B"), array("i")]


def _chunk(columns: list[array[int]]) -> Edges:
    return Edges(*(np.array(column, column.typecode) for column in columns))


class _Kind(Enum):
    NAME = auto()
    FACT = auto()
    SCHEMA = auto()
    """What describes the vocabulary, and glosses."""


def _kind(predicate: str, value: str, literal: bool) -> _Kind:
    if predicate in NAME_TERMS or predicate in ALIAS_TERMS:
        return _Kind.NAME if literal else _Kind.SCHEMA
    if predicate in SAME_TERMS:
        return _Kind.SCHEMA if literal else _Kind.FACT
    if predicate in GLOSS_TERMS or predicate in _PROPERTY_TERMS or predicate == _STRENGTH:
        return _Kind.SCHEMA
    if relation_of(predicate) is None:
        return _Kind.SCHEMA
    return _Kind.SCHEMA if value.startswith(STANDARD_VOCABULARIES) else _Kind.FACT


def _relation(predicate: str) -> str:
    return SAME_AS if predicate in SAME_TERMS else relation_of(predicate) or predicate


def _object(value: str, literal: bool) -> str:
    return f"{LITERAL}{one_line(value)}" if literal else value


class FactStrengths:
    """The strengths of facts that are stated of their reification or of their relation."""

    def __init__(self, schema: _Schema, terms: marisa_trie.Trie, relations: list[str]) -> None:
        number_of = {iri: number for number, iri in enumerate(relations)}
        self._of_relation = np.full(len(relations), STRENGTHS, np.uint8)
        for iri in schema.strengths.keys() & number_of.keys():
            self._of_relation[number_of[iri]] = round(schema.strengths[iri] * STRENGTHS)
        self._single: dict[tuple[int, int, int], int] = {}
        for name, parts in schema.statements.items():
            if name in schema.strengths and len(parts) == len(_REIFICATION):
                subject, predicate, object_ = (parts[part] for part in _REIFICATION)
                relation = number_of.get(_relation(predicate))
                ends = terms.get(subject), terms.get(object_)
                if relation is not None and None not in ends:
                    key = (ends[0], relation, ends[1])
                    self._single[key] = round(schema.strengths[name] * STRENGTHS)
        self._subjects = np.array(sorted({key[0] for key in self._single}), np.int32)

    def apply(self, facts: Edges) -> None:
        """Give each fact without a strength of its own that of its reification or relation."""
        unsaid = facts.strength == STRENGTHS
        facts.strength[unsaid] = self._of_relation[facts.relation[unsaid]]
        for place in np.flatnonzero(unsaid & np.isin(facts.subject, self._subjects)).tolist():
            key = (
                int(facts.subject[place]),
                int(facts.relation[place]),
                int(facts.object[place]),
            )
            facts.strength[place] = self._single.get(key, int(facts.strength[place]))
