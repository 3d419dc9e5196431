"""An album: the graphs of many photographs in one store, beside the knowledge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pyoxigraph

from kg.errors import SightGraphError
from kg.formats.rdf import Names, as_rdf, scene_of
from kg.graph import SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.integrity import corruption_as_damage
from kg.knowledge.memory import Knowledge
from kg.knowledge.sparql import open_triples, select
from kg.linking import Linker
from kg.vocabulary import SCENE, SOURCE
from pipelines.reading.descriptions import entities_of, seen_relation
from pipelines.reading.sentence import Attribute, Entity, Sentence

ANYTHING = frozenset({"something", "anything", "thing", "object", "someone", "somebody"})
MADE_OF = frozenset({"make of", "made of", "make from"})
"""Predicates of the parser for what something consists of."""
SECONDS = 60.0
"""After which a search is ended."""
_TRIPLES = "triples"
_KNOWLEDGE = SOURCE + "album/knowledge?sha256="


@dataclass(frozen=True, slots=True)
class Found:
    """A photograph that a search found.

    score: the lowest of the objects that it needs, each its score times that of the meaning by
        which it was found: what is surely a mammal may be a bench, but that is improbable.
    """

    photo: str
    sha256: str
    score: float
    labels: tuple[str, ...]


class Album:
    """Each photograph's graph is a named graph, called by the photograph's content.

    Adding a photograph again therefore changes nothing, and removing it leaves nothing of it.
    """

    def __init__(self, folder: Path, create: bool = False) -> None:
        """Open the album in `folder`.

        Raises:
            SightGraphError: there is none and `create` is False, or it is in use or damaged.
        """
        triples = folder / _TRIPLES if create else _triples(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._store = pyoxigraph.Store(str(triples))
        except OSError as error:
            raise SightGraphError(
                f"the album '{folder}' cannot be opened, or is being written: {error}."
            ) from error

    def add_knowledge(self, knowledge: Knowledge) -> None:
        """Put the knowledge beside the photographs, in place of what was there before."""
        triples = "\n".join(sorted(knowledge.rdf.serialize(format="nt").split("\n")))
        name = _KNOWLEDGE + hashlib.sha256(triples.encode()).hexdigest()
        named = [one.value for one in self._store.named_graphs()]
        if name in named:
            return
        for one in named:
            if one.startswith(_KNOWLEDGE):
                self._store.remove_graph(pyoxigraph.NamedNode(one))
        self._load(triples, name)

    def add(self, graph: SceneGraph) -> bool:
        """Add a photograph's graph; return whether it was new."""
        name = Names.of(graph).photo
        if self._store.contains_named_graph(pyoxigraph.NamedNode(name)):
            return False
        self._load(as_rdf(graph).serialize(format="nt"), name)
        return True

    def holds(self, sha256: str) -> bool:
        """Whether the photograph of that content is in the album."""
        return self._store.contains_named_graph(pyoxigraph.NamedNode(f"{SCENE}{sha256}/"))

    def remove(self, sha256: str) -> bool:
        """Remove all that came from a photograph; return whether it was there."""
        if not self.holds(sha256):
            return False
        self._store.remove_graph(pyoxigraph.NamedNode(f"{SCENE}{sha256}/"))
        return True

    def photographs(self) -> list[str]:
        """Return the SHA-256 of every photograph, sorted."""
        names = (one.value for one in self._store.named_graphs())
        return sorted(one.removeprefix(SCENE).strip("/") for one in names if one.startswith(SCENE))

    def compact(self) -> None:
        """Write the album anew without what was overwritten: half the size after thousands."""
        self._store.optimize()

    def close(self) -> None:
        """Write what is left to write, and let others open it."""
        self._store.flush()
        del self._store

    def _load(self, triples: str, name: str) -> None:
        self._store.load(
            triples.encode(),
            format=pyoxigraph.RdfFormat.N_TRIPLES,
            to_graph=pyoxigraph.NamedNode(name),
        )


def check_album(folder: Path) -> None:
    """Raise unless there is an album.

    Raises:
        SightGraphError: there is none.
    """
    _triples(folder)


def _triples(folder: Path) -> Path:
    """Return where the triples of an album are.

    Raises:
        SightGraphError: there is no album.
    """
    if not (folder / _TRIPLES).is_dir():
        raise SightGraphError(
            f"there is no album at '{folder}'. Make one: sightgraph album add FOLDER "
            f"--store {folder}"
        )
    return folder / _TRIPLES


def query(folder: Path, sparql: str, seconds: float = SECONDS) -> list[dict[str, str]]:
    """Run a SELECT or ASK query over all photographs and the knowledge.

    Raises:
        SightGraphError: as `kg.knowledge.sparql.select`, or there is no album.
    """
    return select([_triples(folder)], sparql, seconds)


def graph_of(folder: Path, sha256: str) -> SceneGraph | None:
    """Return the graph of a photograph as it was added; None where it is not in the album.

    Raises:
        SightGraphError: there is no album, or the graph in it is damaged.
    """
    from rdflib import Graph

    store, name = open_triples(_triples(folder)), pyoxigraph.NamedNode(f"{SCENE}{sha256}/")
    with corruption_as_damage(folder):
        if not store.contains_named_graph(name):
            return None
        triples = store.dump(format=pyoxigraph.RdfFormat.N_TRIPLES, from_graph=name)
    return scene_of(Graph().parse(data=triples, format="nt"), folder)


def sources(folder: Path) -> dict[str, str]:
    """Return the file that each photograph was added from, by the SHA-256 of its content.

    Raises:
        SightGraphError: there is no album.
    """
    inside = "?p a sgo:Photograph ; rdfs:label ?photo"
    rows = query(folder, f"SELECT ?g ?photo WHERE {{ GRAPH ?g {{ {inside} }} }}")
    return {row["g"].removeprefix(SCENE).strip("/"): row["photo"] for row in rows}


def find(
    folder: Path, sentence: Sentence, knowledge: KnowledgeGraph, limit: int = 20
) -> list[Found]:
    """Return the photographs that show what a text describes, the surest first.

    Raises:
        SightGraphError: the text names nothing, or there is no album.
    """
    sparql, count = sparql_of(sentence, Linker(knowledge))
    found: dict[str, Found] = {}
    for row in query(folder, sparql):
        score = min(
            float(row[f"s{number}"]) * float(row.get(f"q{number}") or 1) for number in range(count)
        )
        labels = tuple(row[f"l{number}"] for number in range(count))
        sha256 = row["g"].removeprefix(SCENE).strip("/")
        if sha256 not in found or score > found[sha256].score:
            found[sha256] = Found(row["photo"], sha256, score, labels)
    ranked = sorted(found.values(), key=lambda one: (-one.score, one.photo))
    return ranked[:limit]


def sparql_of(sentence: Sentence, linker: Linker) -> tuple[str, int]:
    """Return the query for what a text describes, and how many objects it needs.

    Raises:
        SightGraphError: the text names nothing.
    """
    if not sentence.text.strip():
        raise SightGraphError('the text is empty. Write, for example, "a cup on a table".')
    sentence = _materials_as_attributes(sentence)
    entities = entities_of(sentence)
    seen: list[str] = []
    known: list[str] = []
    for number, entity in enumerate(entities):
        seen += [f"?e{number} a sgo:Object ; rdfs:label ?l{number} ; sgo:score ?s{number} ."]
        known += _constraints(entity, number, linker)
    for one in sentence.relations:
        name = quote(seen_relation(one.predicate), safe="")
        seen.append(f"?e{one.subject} <{SCENE}relation/{name}> ?e{one.object} .")
    for first in range(len(entities)):
        known += [f"FILTER(?e{first} != ?e{other})" for other in range(first)]
    names = " ".join(f"?s{number} ?l{number} ?q{number}" for number in range(len(entities)))
    inside = " ".join(["?p a sgo:Photograph ; rdfs:label ?photo .", *seen])
    return (
        f"SELECT DISTINCT ?g ?photo {names} WHERE {{ GRAPH ?g {{ {inside} }} {' '.join(known)} }}",
        len(entities),
    )


def _materials_as_attributes(sentence: Sentence) -> Sentence:
    """Return the sentence in which "something made of metal" is one entity, like "metal thing"."""
    made = [one for one in sentence.relations if one.predicate in MADE_OF]
    materials = {one.object for one in made}
    entities = list(sentence.entities)
    for one in made:
        material = entities[one.object]
        attribute = Attribute(material.text, material.start, material.end, material.lemma)
        subject = entities[one.subject]
        entities[one.subject] = replace(subject, attributes=(*subject.attributes, attribute))
    kept = [number for number in range(len(entities)) if number not in materials]
    place = {number: at for at, number in enumerate(kept)}
    return replace(
        sentence,
        entities=tuple(entities[number] for number in kept),
        relations=tuple(
            replace(one, subject=place[one.subject], object=place[one.object])
            for one in sentence.relations
            if one not in made and one.subject in place and one.object in place
        ),
    )


def _constraints(entity: Entity, number: int, linker: Linker) -> Iterator[str]:
    name, kinds = entity.lemma or entity.text, "skos:broader*"
    made = f"{kinds} / (sgo:madeOf | sgo:hasProperty) / {kinds}"
    if name not in ANYTHING:
        concepts = [f"<{one.concept}>" for one in linker.best(name)]
        same = f"{{ ?e{number} rdfs:label {_literal(name)} }}"
        known = [_means(number, kinds, one) for one in concepts]
        yield " UNION ".join([same, *known])
        for person in _people_to_leave_out([one.concept for one in linker.best(name)], linker):
            inner = f"{{ SELECT DISTINCT ?m{number} WHERE {{ ?m{number} {kinds} <{person}> }} }}"
            yield f"MINUS {{ ?e{number} rel:means ?m{number} . {inner} }}"
    for attribute in entity.attributes:
        held = f"?a{number} a sgo:Attribute ; rdfs:label {_literal(attribute.text)} ."
        ways = [f"{{ ?e{number} ?has{number} ?a{number} . {held} }}"]
        ways += [_means(number, made, f"<{one.concept}>") for one in linker.best(attribute.text)]
        yield " UNION ".join(ways)


def _means(number: int, path: str, concept: str) -> str:
    """Return the pattern that an object means something from which `path` leads to `concept`.

    What it may mean is asked once, from the concept backwards; followed from each object of
    thousands of photographs, the same path takes minutes. ?q is the score of the meaning.
    """
    meant, link = f"?c{number}", f"?link{number}"
    inner = f"{{ SELECT DISTINCT {meant} WHERE {{ {meant} {path} {concept} }} }}"
    return (
        f"{{ {inner} {link} sgo:target {meant} ; sgo:source ?e{number} ; "
        f"sgo:relation rel:means ; sgo:score ?q{number} }}"
    )


def _people_to_leave_out(concepts: Sequence[str], linker: Linker) -> list[str]:
    """Return the concepts of people where `concepts` are animals of which people are a kind.

    People are mammals to the knowledge, but nobody who looks for an animal means a person.
    """
    knowledge = linker.knowledge
    animals = {one.concept for one in linker.best("animal")}
    people = [one.concept for one in linker.best("person")]
    kinds = {category for one in people for category in knowledge.categories(one)}
    is_animal = any(
        one in kinds and animals & {one, *knowledge.categories(one)} for one in concepts
    )
    return people if is_animal else []


def _literal(text: str) -> str:
    from rdflib import Literal

    return Literal(text).n3()


__all__ = ["Album", "Found", "check_album", "find", "graph_of", "query", "sources", "sparql_of"]
