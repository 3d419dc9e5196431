"""ConceptNet: everyday knowledge, mostly crowd-sourced and therefore noisy."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from kg.english import identifier_words
from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.text_files import (
    NOTHING_IMPORTED,
    Once,
    as_iri,
    name_of,
    name_of_relation,
    not_inherited,
    open_text,
    path_part,
)
from kg.vocabulary import IS_A_IRI, ONTOLOGY, SKOS

CONCEPTS = "http://conceptnet.io/c/"
RELATIONS = "http://conceptnet.io/r/"
MERGED_HEADER = "subject\trelation\tobject\tweight\tsource"

_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
"""What no IRI may hold either, as "#" in its fragment: links come from the pages of others."""
CATEGORIES = {"IsA", "InstanceOf"}
"""Stated as skos:broader; ConceptNet 5.5 merged InstanceOf into IsA."""
LABELS = {
    "Antonym": "opposite of",
    "AtLocation": "at location",
    "CapableOf": "capable of",
    "Causes": "causes",
    "CausesDesire": "makes want",
    "CreatedBy": "created by",
    "DefinedAs": "defined as",
    "DerivedFrom": "derived from",
    "DesireOf": "desire of",
    "Desires": "desires",
    "DistinctFrom": "distinct from",
    "Entails": "entails",
    "EtymologicallyDerivedFrom": "word derived from",
    "EtymologicallyRelatedTo": "word of the same root as",
    "FormOf": "form of",
    "HasA": "has",
    "HasContext": "used in the context of",
    "HasFirstSubevent": "begins with",
    "HasLastSubevent": "ends with",
    "HasPainCharacter": "has pain character",
    "HasPainIntensity": "has pain intensity",
    "HasPrerequisite": "has prerequisite",
    "HasProperty": "has property",
    "HasSubevent": "has subevent",
    "InheritsFrom": "inherits from",
    "LocatedNear": "located near",
    "LocationOfAction": "location of action",
    "MadeOf": "made of",
    "MannerOf": "manner of",
    "MotivatedByGoal": "motivated by goal",
    "ObstructedBy": "obstructed by",
    "PartOf": "part of",
    "ReceivesAction": "can be",
    "RelatedTo": "related to",
    "SimilarSize": "similar in size to",
    "SimilarTo": "similar to",
    "SymbolOf": "symbol of",
    "Synonym": "synonym of",
    "UsedFor": "used for",
    "dbpedia": "related in DBpedia to",
}
NEGATED_LABELS = {
    "NotAtLocation": "not at location",
    "NotCapableOf": "not capable of",
    "NotCauses": "does not cause",
    "NotCausesDesire": "does not make want",
    "NotCreatedBy": "not created by",
    "NotDesires": "does not desire",
    "NotHasA": "does not have",
    "NotHasFirstSubevent": "does not begin with",
    "NotHasLastSubevent": "does not end with",
    "NotHasPrerequisite": "does not have prerequisite",
    "NotHasProperty": "does not have property",
    "NotHasSubevent": "does not have subevent",
    "NotIsA": "is not a",
    "NotMadeOf": "not made of",
    "NotMotivatedByGoal": "not motivated by goal",
    "NotPartOf": "not part of",
    "NotUsedFor": "not used for",
}
"""Relations "Not..." with the wording that denies."""

_LINKED = re.compile(
    r"https?://(wordnet-rdf\.princeton\.edu|(www\.)?wikidata\.org|([a-z]+\.)?dbpedia\.org)/"
)
"""Vocabularies whose links are read."""
_WEAKEST, _STRONGEST = 0.01, 0.99


class _Edge(NamedTuple):
    """One assertion; `link` is the other vocabulary's IRI where there is no object."""

    subject: str
    relation: str
    object: str
    strength: float
    origin: str
    link: str = ""


class _BadLineError(Exception):
    """Why a line states nothing."""


def read_conceptnet(path: Path, choice: Choice, report: ReadReport) -> Iterator[ImportedTriple]:
    """Read ConceptNet's assertions, or several releases of it merged into a table.

    Assertions (https://github.com/commonsense/conceptnet5/wiki/Downloads): five columns, the
    URIs of assertion, relation, start and end, and JSON with weight and data set. Word senses
    ("/n/wn/animal") are dropped. Merged: columns `subject relation object weight source`, the
    first line says so.

    Each relation is described at its first use: its name, what it negates, and that it does not
    inherit down, for a crowd-sourced fact of a category rarely holds for every kind of it. Of the
    choice's relations the names are ConceptNet's ("UsedFor").

    Raises:
        SightGraphError: the first line is of neither format.
    """
    lines = open_text(path, report)
    number, first = next(lines, (0, ""))
    if first.startswith("/a/"):
        edges = _assertions(chain([(number, first)], lines), path, choice, report)
        return (yield from _statements(edges, choice))
    if first != MERGED_HEADER:
        raise SightGraphError(
            f"'{path}' is not ConceptNet: its first line begins with neither '/a/' nor the "
            f"columns 'subject relation object weight source'. {NOTHING_IMPORTED}"
        )
    if choice.language != "en":
        raise SightGraphError(f"'{path}' is English, but '{choice.language}' is asked for.")
    yield from _statements(_merged(lines, path, report), choice)


def _statements(edges: Iterable[_Edge], choice: Choice) -> Iterator[ImportedTriple]:
    is_new = Once()
    for edge in edges:
        if choice.relations and edge.relation not in choice.relations:
            continue
        subject = _concept(edge.subject, choice.language)
        if is_new(subject):
            yield name_of(subject, edge.subject, choice.language)
        if edge.link:
            yield ImportedTriple(subject, SKOS + "exactMatch", edge.link, origin=edge.origin)
            continue
        relation, value = _relation(edge.relation), _concept(edge.object, choice.language)
        if relation != IS_A_IRI and is_new(relation):
            yield from _description(edge.relation)
        if is_new(value):
            yield name_of(value, edge.object, choice.language)
        yield ImportedTriple(subject, relation, value, strength=edge.strength, origin=edge.origin)


def _description(name: str) -> Iterator[ImportedTriple]:
    """Yield what is to be known of the relation `name`."""
    relation = _relation(name)
    label = (
        LABELS.get(name) or NEGATED_LABELS.get(name) or identifier_words(name.rpartition("/")[2])
    )
    yield name_of_relation(relation, label)
    if name in NEGATED_LABELS:
        yield ImportedTriple(relation, ONTOLOGY + "negates", _relation(name.removeprefix("Not")))
    yield not_inherited(relation)


def _assertions(
    lines: Iterable[tuple[int, str]], path: Path, choice: Choice, report: ReadReport
) -> Iterator[_Edge]:
    """Yield the edges within the language, and its links to other vocabularies."""
    prefix = f"/c/{choice.language}/"
    for number, line in lines:
        columns = line.split("\t")
        if len(columns) != 5:
            report.skip(path, number, f"{len(columns)} columns instead of 5")
            continue
        _, relation, start, end, _ = columns
        if not start.startswith(prefix) or not (
            end.startswith(prefix) or relation == "/r/ExternalURL"
        ):
            continue
        try:
            edge = _assertion(columns)
        except _BadLineError as error:
            report.skip(path, number, str(error))
            continue
        if edge.subject != edge.object and (not edge.link or _LINKED.match(edge.link)):
            yield edge


def _assertion(columns: list[str]) -> _Edge:
    _, relation, start, end, details = columns
    if not relation.startswith("/r/"):
        raise _BadLineError(f"'{relation}' is no relation")
    if start == end:
        raise _BadLineError(f"'{start}' is related to itself")
    try:
        known = json.loads(details)
        weight, dataset = known["weight"], str(known.get("dataset", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _BadLineError("the last column is no JSON with a weight") from error
    name, strength = relation.removeprefix("/r/"), _strength(weight)
    origin = dataset.removeprefix("/d/").replace("/", "-")
    if name == "ExternalURL":
        whole, mark, fragment = as_iri(_STRAY_PERCENT.sub("%25", end)).partition("#")
        link = whole + mark + fragment.replace("#", "%23")
        return _Edge(_term(_words(start)), name, "", strength, origin, link)
    return _Edge(_term(_words(start)), name, _term(_words(end)), strength, origin)


def _merged(lines: Iterable[tuple[int, str]], path: Path, report: ReadReport) -> Iterator[_Edge]:
    for number, line in lines:
        try:
            yield _merged_edge(line.split("\t"))
        except _BadLineError as error:
            report.skip(path, number, str(error))


def _merged_edge(columns: list[str]) -> _Edge:
    if len(columns) != 5:
        raise _BadLineError(f"{len(columns)} columns instead of 5")
    relation = columns[1].strip()
    if not relation:
        raise _BadLineError("the relation is empty")
    subject, value = _term(columns[0]), _term(columns[2])
    if subject == value:
        raise _BadLineError(f"'{subject}' is related to itself")
    return _Edge(subject, relation, value, _strength(columns[3]), columns[4].strip())


def _words(uri: str) -> str:
    """Return the words of "/c/en/hot_dog/n/wn/food": "hot dog"."""
    return uri.split("/")[3].replace("_", " ")


def _term(text: str) -> str:
    """Return a term as all releases write it: lower case, one space, no quotes or full stops."""
    term = " ".join(text.lower().split()).strip("'\"`. ")
    if not term:
        raise _BadLineError(f"the term '{text}' is empty")
    return term


def _strength(weight: object) -> float:
    """Return weight / (weight + 1) within [0.01, 0.99], for weights have no upper end."""
    try:
        number = float(str(weight))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _BadLineError(f"the weight '{weight}' is no number")
    number = max(number, 0.0)
    return min(max(round(number / (number + 1), 2), _WEAKEST), _STRONGEST)


def _concept(term: str, language: str) -> str:
    return f"{CONCEPTS}{language}/{path_part(term.replace(' ', '_'))}"


def _relation(name: str) -> str:
    if name in CATEGORIES:
        return IS_A_IRI
    return RELATIONS + "/".join(map(path_part, name.split("/")))
