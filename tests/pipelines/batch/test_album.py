"""An album: photographs are added once, found by what they show, and removed whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.formats import export
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge.joined import load_knowledge
from kg.knowledge.memory import Knowledge
from kg.vocabulary import KNOWLEDGE, EdgeKind, NodeKind
from pipelines.batch.album import Album, Found, find, graph_of, query
from pipelines.reading.sentence import Attribute, Entity, Sentence, SentenceRelation

TURTLE = """
@prefix sg: <https://sightgraph.org/kg/> . @prefix sgo: <https://sightgraph.org/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
sg:spoon skos:prefLabel "spoon" ; skos:broader sg:tool ; sgo:madeOf sg:steel .
sg:tool skos:prefLabel "tool" . sg:metal skos:prefLabel "metal" .
sg:steel skos:prefLabel "steel" ; skos:broader sg:metal .
sg:table skos:prefLabel "table" . sg:cup skos:prefLabel "cup" .
"""
BEINGS = """
@prefix sg: <https://sightgraph.org/kg/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
sg:cat skos:prefLabel "cat" ; skos:broader sg:mammal . sg:table skos:prefLabel "table" .
sg:woman skos:prefLabel "woman" ; skos:broader sg:person .
sg:person skos:prefLabel "person" ; skos:broader sg:mammal .
sg:mammal skos:prefLabel "mammal" ; skos:broader sg:animal .
sg:animal skos:prefLabel "animal" ; skos:broader sg:being . sg:being skos:prefLabel "being" .
"""
ADDING = """
import sys, time
from pathlib import Path
from kg.formats import read_graph
from pipelines.batch.album import Album
folder = Path(sys.argv[1])
album = Album(folder / "album", create=True)
for file in folder.glob("*.json"):
    album.add(read_graph(file))
print("added", flush=True)
time.sleep(60)
"""
"""A process of its own: what keeps the triples does not survive a fork."""
SHA = {"spoons.jpg": "a" * 64, "cups.jpg": "b" * 64}


def scene(photo: str, name: str, colour: str) -> SceneGraph:
    """Return a graph of something on a table."""
    graph = SceneGraph(PhotoInfo(photo, 64, 48, SHA[photo]))
    for number, label in enumerate((name, "table")):
        graph.add(Node(f"object:{number}", NodeKind.OBJECT, label, "bundled", 0.9 - number / 10))
        graph.add(Node(KNOWLEDGE + label, NodeKind.CONCEPT, label, "x"))
        edge = Edge(f"object:{number}", KNOWLEDGE + label, EdgeKind.LINK, "means", "linker")
        graph.connect(edge)
    graph.connect(Edge("object:0", "object:1", EdgeKind.SPATIAL, "on", "geometry"))
    graph.add(Node(f"seen:{colour}", NodeKind.ATTRIBUTE, colour, "colours"))
    has = Edge("object:0", f"seen:{colour}", EdgeKind.SEMANTIC, "has colour", "colours")
    graph.connect(has)
    return graph


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    file = tmp_path_factory.mktemp("kg") / "kitchen.ttl"
    file.write_text(TURTLE)
    found = load_knowledge((str(file),), with_bundled=False)
    assert isinstance(found, Knowledge)
    return found


@pytest.fixture
def folder(tmp_path: Path, knowledge: Knowledge) -> Path:
    album = Album(tmp_path / "album", create=True)
    album.add_knowledge(knowledge)
    assert album.add(scene("spoons.jpg", "spoon", "grey"))
    assert album.add(scene("cups.jpg", "cup", "red"))
    album.close()
    return tmp_path / "album"


def entity(name: str, *attributes: str) -> Entity:
    found = tuple(Attribute(one, 0, 0, one) for one in attributes)
    return Entity(name, 0, 0, name, found)


def made_of(first: Entity, second: Entity) -> Sentence:
    return Sentence("x", (first, second), (SentenceRelation(0, "make of", 1, 0, 0),))


def on(first: Entity, second: Entity) -> Sentence:
    return Sentence("x", (first, second), (SentenceRelation(0, "on", 1, 0, 0),))


SPOONS = Found("spoons.jpg", SHA["spoons.jpg"], 0.8, ("spoon", "table"))
CUPS = Found("cups.jpg", SHA["cups.jpg"], 0.8, ("cup", "table"))


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        (on(entity("something", "metal"), entity("table")), [SPOONS]),
        (
            made_of(entity("something"), entity("metal")),
            [Found("spoons.jpg", SHA["spoons.jpg"], 0.9, ("spoon",))],
        ),
        (on(entity("tool"), entity("table")), [SPOONS]),
        (on(entity("something", "red"), entity("table")), [CUPS]),
        (on(entity("something"), entity("table")), [CUPS, SPOONS]),
        (on(entity("table"), entity("tool")), []),
        (on(entity('x" } ASK'), entity("table")), []),
    ],
)
def test_photographs_are_found_by_what_is_seen_and_known(
    folder: Path, knowledge: Knowledge, sentence: Sentence, found: list[Found]
) -> None:
    assert find(folder, sentence, knowledge) == found


def test_what_is_found_by_an_improbable_name_comes_after_what_is_surely_it(
    folder: Path, knowledge: Knowledge
) -> None:
    graph = scene("cups.jpg", "cup", "blue")
    graph.add(Node(KNOWLEDGE + "spoon", NodeKind.CONCEPT, "spoon", "x"))
    graph.connect(Edge("object:0", KNOWLEDGE + "spoon", EdgeKind.LINK, "means", "linker", 0.25))
    album = Album(folder)
    album.remove(SHA["cups.jpg"])
    album.add(graph)
    album.close()
    spoons = find(folder, Sentence("a spoon", (entity("spoon"),)), knowledge)
    assert [one.photo for one in spoons] == ["spoons.jpg", "cups.jpg"]
    assert spoons[1].score == pytest.approx(0.9 * 0.25)


def test_a_graph_is_read_as_it_was_added(folder: Path) -> None:
    assert graph_of(folder, SHA["cups.jpg"]) == scene("cups.jpg", "cup", "red")
    assert graph_of(folder, "0" * 64) is None


def test_whoever_looks_for_an_animal_finds_no_people(tmp_path: Path) -> None:
    (tmp_path / "beings.ttl").write_text(BEINGS)
    knowledge = load_knowledge((str(tmp_path / "beings.ttl"),), with_bundled=False)
    album = Album(tmp_path / "album", create=True)
    album.add_knowledge(knowledge)  # type: ignore[arg-type]
    for photo, name in (("spoons.jpg", "woman"), ("cups.jpg", "cat")):
        album.add(scene(photo, name, "red"))
    album.close()

    def found(*names: str) -> list[str]:
        return [
            one.labels[0]
            for name in names
            for one in find(tmp_path / "album", Sentence("x", (entity(name),)), knowledge)
        ]

    assert found("animal", "mammal") == ["cat", "cat"]
    assert found("person", "woman") == ["woman", "woman"]
    assert found("being") == ["cat", "woman"]


COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def test_adding_again_changes_nothing_and_removing_leaves_nothing(
    folder: Path, knowledge: Knowledge
) -> None:
    before = query(folder, "SELECT ?g ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }")
    album = Album(folder)
    album.add_knowledge(knowledge)
    assert not album.add(scene("spoons.jpg", "spoon", "grey"))
    assert album.photographs() == sorted(SHA.values())
    assert album.remove(SHA["cups.jpg"])
    assert not album.remove(SHA["cups.jpg"])
    album.close()
    after = query(folder, "SELECT ?g ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }")
    left = [row for row in before if SHA["cups.jpg"] not in row["g"]]
    key = repr
    assert sorted(after, key=key) == sorted(left, key=key)


def test_a_compacted_album_holds_the_same(folder: Path) -> None:
    before = query(folder, "SELECT ?g ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }")
    album = Album(folder)
    album.compact()
    album.close()
    after = query(folder, "SELECT ?g ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }")
    assert sorted(after, key=repr) == sorted(before, key=repr)


def test_a_kill_loses_no_photograph_that_was_added(tmp_path: Path) -> None:
    for photo in SHA:
        export(scene(photo, "cup", "red"), [tmp_path / f"{photo}.json"])
    child = subprocess.Popen(
        [sys.executable, "-c", ADDING, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "added\n"
    child.kill()
    child.wait()
    album = Album(tmp_path / "album")
    assert album.photographs() == sorted(SHA.values())
    assert not album.add(scene("cups.jpg", "cup", "red"))
    album.close()


def test_a_folder_that_is_no_album_is_named_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="sightgraph album add"):
        query(tmp_path, COUNT)
