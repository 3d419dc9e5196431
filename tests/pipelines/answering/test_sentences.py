"""Facts and paths read as English sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.sentences import PathText, seen_verb, stated

QUESTION = "What does this vehicle need?"
MENTION = Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder", 0.8)
LINK = Edge("object:0", "kg:motorcycle", EdgeKind.LINK, "means", "linker")
KIND = Edge("object:0", "kg:scooter", EdgeKind.LINK, "means", "linker")
WORD = Edge("entity:0", "kg:scooter", EdgeKind.LINK, "means", "linker")
FACT = Edge("kg:motorcycle", "kg:fuel", EdgeKind.FACT, "needs", "own.ttl")
NEAR = Edge("object:1", "object:0", EdgeKind.SPATIAL, "near", "geometry")
RIDES = Edge("object:1", "object:0", EdgeKind.SEMANTIC, "riding", "relations")
RED = Edge("object:0", "attribute:0", EdgeKind.SEMANTIC, "has colour", "colours")


@pytest.mark.parametrize(
    ("subject", "relation", "object_", "sentence"),
    [
        ("cat", "can", "seeing in the dark", "a cat can see in the dark"),
        ("scooter", "used for", "riding", "a scooter is used for riding"),
        ("penguin", "cannot", "flying", "a penguin cannot fly"),
        ("bird", "can", "swimming upstream", "a bird can swim upstream"),
        ("umbrella", "has part", "handle", "an umbrella has a handle"),
        ("dog", "has part", "fur", "a dog has fur"),
        ("motorcycle", "is a", "motor vehicle", "a motorcycle is a motor vehicle"),
        ("riding a horse", "is a", "sport", "riding a horse is a sport"),
        ("frisbee", "made of", "plastic", "a frisbee is made of plastic"),
        ("ice", "is", "cold", "ice is cold"),
        ("scissors", "used by", "tailor", "scissors are used by a tailor"),
        ("jeans", "worn on", "legs", "jeans are worn on legs"),
        ("glass", "contains", "water", "glass contains water"),
        ("horse", "number of legs", "4", "a horse has 4 legs"),
        ("horse", "has young called", "foal", "a horse has young called foal"),
        ("kangaroo", "comes from", "Australia", "a kangaroo comes from Australia"),
        ("Eiffel Tower", "is a", "tower", "Eiffel Tower is a tower"),
        ("bus", "has the colour", "red", "a bus has the colour red"),
        ("orange", "has the colour", "orange colour", "an orange has the colour orange"),
        ("apple", "comes from", "apple tree", "an apple comes from an apple tree"),
        ("orange", "contains", "vitamin C", "an orange contains vitamin C"),
        ("cat", "can", "purring", "a cat can purr"),
        ("bear", "can", "hibernating", "a bear can hibernate"),
        ("people", "eats", "rice", "people eat rice"),
        ("dining table", "made of", "wood", "a dining table is made of wood"),
        ("building", "has part", "ceiling", "a building has a ceiling"),
        ("unicycle", "used for", "riding a unicycle", "a unicycle is used for riding a unicycle"),
        ("buses", "needs", "fuel", "buses need fuel"),
        ("painting", "painted by", "Vermeer", "a painting painted by Vermeer"),
    ],
)
def test_a_fact_is_a_sentence(subject: str, relation: str, object_: str, sentence: str) -> None:
    assert stated(subject, relation, object_) == sentence


def path_text(*path: Edge) -> str:
    graph = SceneGraph(PhotoInfo("example:motorcycle", 741, 497), QUESTION)
    graph.add(Node("entity:0", NodeKind.ENTITY, "vehicle", "parser", span=(15, 22)))
    box = (12.4, 30.0, 400.0, 379.6)
    graph.add(Node("object:0", NodeKind.OBJECT, "motorcycle", "bundled", 0.912, box=box))
    graph.add(Node("object:1", NodeKind.OBJECT, "person", "precomputed", 0.4))
    graph.add(Node("attribute:0", NodeKind.ATTRIBUTE, "red", "colours", 0.9))
    for name in ("motorcycle", "fuel", "scooter"):
        graph.add(Node(f"kg:{name}", NodeKind.CONCEPT, name, "own.ttl"))
    return PathText(graph, QUESTION)(path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (
            (MENTION, LINK, FACT),
            '"vehicle" is the motorcycle [12, 30, 400, 380]; a motorcycle needs fuel',
        ),
        ((FACT, LINK), "a motorcycle needs fuel"),
        ((MENTION, KIND), '"vehicle" is the motorcycle [12, 30, 400, 380]; the motorcycle '
         "[12, 30, 400, 380] is a scooter"),
        ((LINK,), "the motorcycle [12, 30, 400, 380] is a motorcycle"),
        ((WORD,), '"vehicle" means scooter'),
        ((NEAR,), "the person is near the motorcycle [12, 30, 400, 380]"),
        ((RIDES,), "the person is riding the motorcycle [12, 30, 400, 380]"),
        ((RED,), "the motorcycle [12, 30, 400, 380] is red"),
    ],
)  # fmt: skip
def test_a_path_is_sentences_in_order_and_says_no_name_twice(
    path: tuple[Edge, ...], text: str
) -> None:
    assert path_text(*path) == text


def test_what_the_question_itself_says_is_no_evidence_to_read() -> None:
    said = replace(NEAR, kind=EdgeKind.SEMANTIC, origin="parser", span=(0, 4))
    assert path_text(said) == ""
    assert path_text(said, LINK, FACT) == "a motorcycle needs fuel"


def test_a_place_in_the_photograph_is_said_as_one() -> None:
    graph = SceneGraph(PhotoInfo("photo", 640, 480), "Where is it?")
    graph.add(Node("object:0", NodeKind.OBJECT, "bus", "bundled"))
    for name in ("left", "foreground"):
        graph.add(Node(name, NodeKind.ATTRIBUTE, name, "geometry"))
        edge = Edge("object:0", name, EdgeKind.SEMANTIC, "has position", "geometry")
        place = {"left": "on the left", "foreground": "in the foreground"}[name]
        assert PathText(graph, "Where is it?")((edge,)) == f"the bus is {place}"


@pytest.mark.parametrize(
    ("activity", "sentence"),
    [("jumping", "the man is jumping"), ("football game", "the man is playing football game")],
)
def test_an_activity_is_said_as_a_verb(activity: str, sentence: str) -> None:
    graph = SceneGraph(None, "What is the man doing?")
    graph.add(Node("object:0", NodeKind.OBJECT, "man", "test"))
    graph.add(Node("seen:0", NodeKind.ATTRIBUTE, activity, "test"))
    edge = Edge("object:0", "seen:0", EdgeKind.SEMANTIC, "is doing", "activities")
    graph.connect(edge)
    assert PathText(graph, "What is the man doing?")((edge,)) == sentence


@pytest.mark.parametrize(
    ("relation", "verb"),
    [
        ("next to", "is next to"),
        ("sitting on", "is sitting on"),
        ("has size", "is"),
        ("has", "has"),
    ],
)
def test_what_stands_between_two_objects_is_a_verb(relation: str, verb: str) -> None:
    assert seen_verb(relation) == verb
