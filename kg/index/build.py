"""Compiling a store's quads into the arrays and tries that `kg.index.open` opens."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from kg.english import identifier_words
from kg.index.names import Labels, one_line, row_starts, save, save_names
from kg.index.open import FORMAT, SAME_AS, STRENGTHS
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

REMEMBERED = 500_000
"""Strings that are remembered so as not to be written twice; memory stays bounded."""
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
_REIFICATION = (RDF + "subject", RDF + "predicate", RDF + "object")
_ENDS = (RDFS + "domain", RDFS + "range")
_OWN_LABELS = {IS_A_IRI: IS_A, SAME_AS: "same as"}
_OWN_INVERSES = {IS_A_IRI: "kind", SAME_AS: "same as"}
_SUBJECT = "\t"
"""What a line of a subject begins with, in the file of all terms."""

Quad = tuple[str, str, str, bool, str, float]
"""subject, predicate, object, whether the object is a literal, source, strength."""


@dataclass(slots=True)
class _Edges:
    """The facts as columns, one entry each."""

    subject: NDArray[np.int32]
    relation: NDArray[np.int32]
    object: NDArray[np.int32]
    strength: NDArray[np.uint8]
    source: NDArray[np.int32]

    def ordered(self, order: NDArray[np.intp]) -> _Edges:
        return _Edges(
            self.subject[order],
            self.relation[order],
            self.object[order],
            self.strength[order],
            self.source[order],
        )


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
                self.strengths[subject] = min(max(float(value), 0.0), 1.0)
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
) -> None:
    """Write the index of `quads` into the empty folder `folder`.

    Facts that several sources state become one, with the maximum of their strengths. Memory: the
    names and terms, compressed, and about 40 bytes for each fact.

    quads: called twice, and must give the same quads in the same order both times.
    progress: called with how many quads have been read, over both readings.
    """
    schema = _Schema()
    terms, count = _read_terms(_counted(quads(), progress, 0), schema, folder / "terms.txt")
    relations = sorted(schema.used)
    with Labels(folder / "labels.txt") as labels:
        edges, source_sets = _read_edges(
            _counted(quads(), progress, count), schema, terms, relations, labels
        )
        save_names(folder, labels, terms)
    _apply_strengths(edges, schema, terms, relations)
    edges = _without_repeats(edges, source_sets)
    _save_edges(folder, edges, len(terms), len(relations), len(source_sets))
    terms.save(str(folder / "terms.marisa"))
    about = {
        "format": FORMAT,
        "nodes": len(terms),
        "edges": len(edges.subject),
        "relations": [asdict(schema.relation(iri)) for iri in relations],
        "sources": source_sets,
    }
    (folder / "index.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _counted(quads: Iterable[Quad], progress: Callable[[int], None], start: int) -> Iterator[Quad]:
    for number, quad in enumerate(quads, start + 1):
        if number % 10_000 == 0:
            progress(number)
        yield quad


def _read_terms(
    quads: Iterable[Quad], schema: _Schema, listed: Path
) -> tuple[marisa_trie.Trie, int]:
    """First reading: all terms, by way of the file `listed`, the schema, the number of quads."""
    recent: set[str] = set()
    count = 0
    with listed.open("w", encoding="utf-8", newline="\n") as file:
        for subject, predicate, value, literal, *_ in quads:
            count += 1
            kind = _kind(predicate, value, literal)
            if kind is _Kind.SCHEMA:
                schema.note(subject, predicate, value)
                continue
            lines = [_SUBJECT + subject]
            if kind is _Kind.FACT:
                schema.used.add(_relation(predicate))
                if predicate in SAME_TERMS:  # makes no node: most lead out of the graph
                    continue
                lines.append(_object(value, literal))
            for line in lines:
                if line not in recent:
                    recent.add(line)
                    file.write(line + "\n")
            if len(recent) >= REMEMBERED:
                recent.clear()
    terms = marisa_trie.Trie(_listed_terms(listed, schema.iris()))
    listed.unlink()
    return terms, count


def _listed_terms(listed: Path, relations: set[str]) -> Iterator[str]:
    """Yield the terms of a file; a relation is one only where it is the object of a fact."""
    with listed.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            term = line.removesuffix("\n")
            if not term.startswith(_SUBJECT):
                yield term
            elif (subject := term.removeprefix(_SUBJECT)) not in relations:
                yield subject


def _read_edges(
    quads: Iterable[Quad],
    schema: _Schema,
    terms: marisa_trie.Trie,
    relations: list[str],
    labels: Labels,
) -> tuple[_Edges, list[list[str]]]:
    """Second reading: the facts as numbers, with who states each; the labels go to `labels`."""
    number = {iri: position for position, iri in enumerate(relations)}
    described = schema.iris()
    sources: dict[str, int] = {}
    columns = [array("i"), array("i"), array("i"), array("B"), array("i")]
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
    edges = _Edges(*(np.array(column, column.typecode) for column in columns))
    return edges, [[name] for name in sources]


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


def _apply_strengths(
    edges: _Edges, schema: _Schema, terms: marisa_trie.Trie, relations: list[str]
) -> None:
    """Give each fact without its own strength that of its reification or relation."""
    unsaid = edges.strength == STRENGTHS
    for number, iri in enumerate(relations):
        if iri in schema.strengths:
            of_relation = unsaid & (edges.relation == number)
            edges.strength[of_relation] = round(schema.strengths[iri] * STRENGTHS)
    number_of = {iri: number for number, iri in enumerate(relations)}
    single: dict[tuple[int, int, int], int] = {}
    for name, parts in schema.statements.items():
        if name in schema.strengths and len(parts) == len(_REIFICATION):
            subject, predicate, object_ = (parts[part] for part in _REIFICATION)
            relation = number_of.get(_relation(predicate))
            ends = terms.get(subject), terms.get(object_)
            if relation is not None and None not in ends:
                key = (ends[0], relation, ends[1])
                single[key] = round(schema.strengths[name] * STRENGTHS)
    subjects = np.array(sorted({key[0] for key in single}), np.int32)
    for edge in np.flatnonzero(unsaid & np.isin(edges.subject, subjects)).tolist():
        key = (int(edges.subject[edge]), int(edges.relation[edge]), int(edges.object[edge]))
        edges.strength[edge] = single.get(key, int(edges.strength[edge]))


def _without_repeats(edges: _Edges, source_sets: list[list[str]]) -> _Edges:
    """Join the facts that are stated more than once; sorts by subject, relation and object."""
    order = np.lexsort(
        (
            edges.source,
            -edges.strength.astype(np.int16),
            edges.object,
            edges.relation,
            edges.subject,
        )
    )
    edges = edges.ordered(order)
    same = np.zeros(len(edges.subject), bool)
    same[1:] = (
        (edges.subject[1:] == edges.subject[:-1])
        & (edges.relation[1:] == edges.relation[:-1])
        & (edges.object[1:] == edges.object[:-1])
    )
    known = {tuple(names): number for number, names in enumerate(source_sets)}
    first = 0
    for position in np.flatnonzero(same):
        if not same[position - 1]:
            first = int(position) - 1
        joined = {*source_sets[edges.source[first]], *source_sets[edges.source[position]]}
        key = tuple(sorted(joined))
        if key not in known:
            known[key] = len(source_sets)
            source_sets.append(list(key))
        edges.source[first] = known[key]
    return edges.ordered(np.flatnonzero(~same))


def _save_edges(folder: Path, edges: _Edges, nodes: int, relations: int, sources: int) -> None:
    weakness = -edges.strength.astype(np.int16)
    small_relation, small_source = _smallest(relations), _smallest(sources)
    out = edges.ordered(np.lexsort((edges.object, weakness, edges.relation, edges.subject)))
    save(folder, "out_start", row_starts(out.subject, nodes))
    save(folder, "out_relation", out.relation.astype(small_relation))
    save(folder, "out_object", out.object)
    save(folder, "out_strength", out.strength)
    save(folder, "out_source", out.source.astype(small_source))
    back = edges.ordered(np.lexsort((edges.subject, weakness, edges.relation, edges.object)))
    save(folder, "in_start", row_starts(back.object, nodes))
    save(folder, "in_relation", back.relation.astype(small_relation))
    save(folder, "in_subject", back.subject)
    save(folder, "in_strength", back.strength)


def _smallest(count: int) -> Any:
    return np.uint8 if count <= 256 else np.uint16 if count <= 65_536 else np.uint32
