"""pipelines/corrected.py: answers from a corrected graph, in place of what the eyes see."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from kg.errors import SightGraphError
from kg.formats import export
from kg.formats.json import as_json
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge.edits import Edits
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.corrected import CorrectedGraph
from pipelines.detections import Detection, Name
from pipelines.explain import explain
from pipelines.modalities import Modality
from pipelines.photo import Photo
from pipelines.seeing.seen import SeenPhotographs
from pipelines.sightgraph import SightGraph

STREET = Photo(Image.new("RGB", (320, 240), "grey"), "street.jpg")
QUESTION = "What is this animal?"


class Seen:
    """A detector that has seen one zebra."""

    name = "seen"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [Detection("zebra", 0.9, "seen", (20, 30, 160, 190))]


class NeverAsked(SeenPhotographs):
    """What these eyes saw before, which counts no more."""

    def detections(self, photo: Photo, look: Callable[[], Sequence[Detection]]) -> list[Detection]:
        raise AssertionError("the graph is given")


@pytest.fixture(scope="module")
def sightgraph() -> SightGraph:
    torch.set_num_threads(1)
    return replace(SightGraph.from_pretrained(Seen()), text_reader=None)


@pytest.fixture(scope="module")
def street(sightgraph: SightGraph) -> dict[str, Any]:
    """The JSON of the photograph's graph, with a question about something else in it."""
    return as_json(sightgraph.graph(STREET, "Where is the teapot?"))


def corrected(document: dict[str, Any], **nodes: Any) -> CorrectedGraph:
    return CorrectedGraph.of_document({**document, **nodes})


def without(document: dict[str, Any], edges: Any) -> dict[str, Any]:
    return {**document, "edges": [one for one in document["edges"] if not edges(one)]}


def test_an_uncorrected_graph_gives_the_photographs_graph_and_answer(
    sightgraph: SightGraph, street: dict[str, Any]
) -> None:
    given = corrected(street)
    answering = given.in_place_of_eyes(sightgraph)
    for question in ("Is this animal a mammal?", "How many zebras are there?"):
        seen, read = sightgraph.ask(STREET, question), answering.ask(given.photo(), question)
        assert read.graph == seen.graph
        assert read.candidates == seen.candidates
    assert read.models["detector"] == "corrected graph"
    eyes = (sightgraph.detector, sightgraph.namer)
    remembering = replace(sightgraph, seen=NeverAsked("before", eyes=eyes))
    assert given.in_place_of_eyes(remembering).detect(STREET) == []


def test_a_renamed_object_is_linked_to_what_its_new_name_denotes(
    sightgraph: SightGraph, street: dict[str, Any]
) -> None:
    nodes = [{**one, "label": "cow"} if one["kind"] == "object" else one for one in street["nodes"]]
    document = without({**street, "nodes": nodes}, lambda one: one["kind"] == "link")
    given = corrected(document)
    answer = given.in_place_of_eyes(sightgraph).ask(given.photo(), "How many cows are there?")
    assert "https://sightgraph.org/kg/cow" in answer.graph
    assert "https://sightgraph.org/kg/zebra" not in answer.graph
    assert answer.text == "1"


def test_an_added_object_counts_and_has_its_place(
    sightgraph: SightGraph, street: dict[str, Any]
) -> None:
    drawn = Node("object:1", NodeKind.OBJECT, "zebra", "inspector", 1.0, (200, 40, 310, 200))
    more = SceneGraph()
    more.add(drawn)
    given = corrected(street, nodes=[*street["nodes"], *as_json(more)["nodes"]])
    answering = given.in_place_of_eyes(sightgraph)
    answer = answering.ask(given.photo(), "How many zebras are there?")
    assert answer.text == "2"
    left = answer.graph.edges_between("object:0", "object:1")
    assert "left of" in {edge.relation for edge in left}


def test_what_was_taken_from_the_photograph_stays_away(
    sightgraph: SightGraph, street: dict[str, Any]
) -> None:
    given = corrected(without(street, lambda one: one["relation"] == "has size"))
    graph = given.in_place_of_eyes(sightgraph).ask(given.photo(), QUESTION).graph
    assert "has size" not in {edge.relation for edge in graph.edges()}
    assert "has position" in {edge.relation for edge in graph.edges()}


def test_set_facts_answer_and_unset_facts_stay_away(
    sightgraph: SightGraph, street: dict[str, Any]
) -> None:
    graph = CorrectedGraph.of_document(street).graph
    concept = "https://sightgraph.org/kg/zebra"
    graph.add(Node("https://sightgraph.org/edit/parades", NodeKind.CONCEPT, "parades", "edit"))
    fact = Edge(concept, "https://sightgraph.org/edit/parades", EdgeKind.FACT, "used for", "edit")
    graph.connect(fact)
    given = CorrectedGraph(graph, ("zebra | is a | mammal", "zebra | used for | what nobody knows"))
    answering = given.in_place_of_eyes(sightgraph, Edits(set=["zebra | can | sing"]))
    assert answering.ask(given.photo(), "What is this zebra used for?").text == "parades"
    assert answering.ask(given.photo(), "Is this zebra a mammal?").text == "no"
    assert answering.ask(given.photo(), "Can this zebra sing?").text == "yes"


def test_a_set_fact_that_cannot_be_read_is_named(
    sightgraph: SightGraph, street: dict[str, Any]
) -> None:
    graph = CorrectedGraph.of_document(street).graph
    graph.connect(Edge("object:0", "object:0", EdgeKind.FACT, "frobs", "edit"))
    with pytest.raises(SightGraphError, match="frobs"):
        CorrectedGraph(graph).in_place_of_eyes(sightgraph)


def test_the_answer_can_be_explained(sightgraph: SightGraph, street: dict[str, Any]) -> None:
    given = corrected(street)
    answering = given.in_place_of_eyes(sightgraph)
    explanation = explain(answering, given.photo(), "Is this animal a mammal?", draws=1)
    assert "box" in {effect.piece.kind for effect in explanation.effects}


def test_files_of_every_format_and_broken_ones(street: dict[str, Any], tmp_path: Path) -> None:
    given = corrected(street, unset=["zebra is a mammal"])
    export(given.graph, [tmp_path / "street.ttl"])
    assert CorrectedGraph.read(tmp_path / "street.ttl") == CorrectedGraph(given.graph)
    file = tmp_path / "street.json"
    file.write_text(json.dumps({**street, "unset": ["zebra is a mammal"]}))
    assert CorrectedGraph.read(file) == given
    assert (given.photo().width, given.photo().source) == (320, "street.jpg")
    for wrong, reason in (("zebra", "unset is 'zebra'"), ([1], "unset")):
        file.write_text(json.dumps({**street, "unset": wrong}))
        with pytest.raises(SightGraphError, match=reason):
            CorrectedGraph.read(file)
    with pytest.raises(SightGraphError, match="there is no graph"):
        CorrectedGraph.read(tmp_path / "missing.json")


def test_a_graph_with_a_sound_is_corrected_and_asked_about(
    sightgraph: SightGraph, street: dict[str, Any]
) -> None:
    """The signal of the graph stays, another one is added."""
    dog = Modality("sound", np.zeros((9, 4), np.float32), "a.wav", names=(Name("dog", 0.9),))
    graph = as_json(sightgraph.graph(STREET, None, {"sound": dog}))
    models = CorrectedGraph.of_document(graph).in_place_of_eyes(sightgraph)
    assert models.ask(STREET, "What do you hear?").text == "dog"
    with_depth = models.ask(STREET, "What do you hear?", modalities={"depth": [1.0, 2.0]})
    assert with_depth.text == "dog"
    assert "signal:depth" in with_depth.graph


def test_a_very_wide_graph_keeps_its_size(sightgraph: SightGraph) -> None:
    wide = SceneGraph(PhotoInfo("pano.jpg", 8000, 3000, "ab"))
    wide.add(Node("object:0", NodeKind.OBJECT, "cat", "seen", 0.9, Box(7000, 100, 7900, 2900)))
    given = CorrectedGraph(wide)
    graph = given.in_place_of_eyes(sightgraph).ask(given.photo(), QUESTION).graph
    assert graph.photo == wide.photo
