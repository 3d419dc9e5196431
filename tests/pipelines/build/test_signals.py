"""Modalities beside the photograph: their nodes, what they denote, and the words that mean them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg.formats import IMPORTERS, export, read_graph
from kg.graph import PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection, Name
from pipelines.modalities import Modality
from pipelines.reading.parser import Parser

DOG, CAT = Name("dog", 0.7), Name("cat", 0.2)
CUP = Detection("cup", 0.9, "test", (100, 200, 200, 300))


def bark(*names: Name, name: str = "sound") -> Modality:
    return Modality(
        name,
        np.zeros((50, 4), np.float32),
        "bark.wav",
        "ab" * 32,
        100.0,
        names=names,
        origin="ears",
    )


def mentioned(graph: SceneGraph) -> set[str]:
    """Return the words that mean a signal."""
    return {
        graph.node(edge.source).label
        for edge in graph.edges(EdgeKind.MENTION)
        if graph.node(edge.target).kind == NodeKind.SIGNAL
    }


def test_a_modality_is_a_node_with_its_file_and_its_time(builder: GraphBuilder) -> None:
    graph = builder([CUP], PhotoInfo("a.jpg", 640, 480), signals=[bark(DOG, CAT)])
    node = graph.node("signal:sound")
    assert (node.label, node.score, node.origin) == ("dog", 0.7, "ears")
    assert node.intervals == ((0, 0.5),)
    assert node.recording is not None
    assert node.recording.source == "bark.wav"
    assert (node.recording.rows, node.recording.features, node.recording.rate) == (50, 4, 100)
    assert graph.node("object:0").label == "cup"


def test_its_names_are_links_and_only_the_first_adds_what_is_known(builder: GraphBuilder) -> None:
    graph = builder([], signals=[bark(DOG, CAT)])
    links = {graph.node(e.target).label: e for e in graph.edges_from("signal:sound")}
    assert links.keys() == {"dog", "cat"}
    assert (links["dog"].origin, links["cat"].origin) == ("linker", "ears")
    assert links["dog"].score > links["cat"].score
    relations = {
        graph.node(edge.source).label: {
            other.relation for other in graph.edges_from(edge.source) if other.kind == EdgeKind.FACT
        }
        for edge in graph.edges(EdgeKind.FACT)
    }
    assert relations["cat"] == {"is a"}
    assert len(relations["dog"]) > 1


def test_what_nothing_names_surely_has_the_name_of_the_modality(builder: GraphBuilder) -> None:
    for one in (bark(), bark(Name("dog", 0.2))):
        graph = builder([], signals=[one])
        assert graph.node("signal:sound").label == "sound"
        assert not graph.edges()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Which animal makes this sound?", {"animal", "sound"}),
        ("What is in the recording?", {"recording"}),
        ("What does the dog eat?", {"dog"}),
        ("What is this animal?", {"animal"}),
        ("What is a cup made of?", set()),
    ],
)
def test_words_mean_the_sound_by_its_name_and_by_its_kinds(
    builder: GraphBuilder, parser: Parser, text: str, words: set[str]
) -> None:
    assert mentioned(builder([], None, parser(text), signals=[bark(DOG)])) == words


def test_what_is_seen_is_meant_before_what_is_heard(builder: GraphBuilder, parser: Parser) -> None:
    seen = Detection("dog", 0.9, "test", (10, 10, 90, 90))
    info = PhotoInfo("a.jpg", 100, 100)
    graph = builder([seen], info, parser("What does the dog eat?"), signals=[bark(DOG)])
    assert mentioned(graph) == set()


def test_another_modality_is_meant_by_its_own_name(builder: GraphBuilder, parser: Parser) -> None:
    graph = builder([], None, parser("What is the depth?"), signals=[bark(name="depth")])
    assert mentioned(graph) == {"depth"}


@pytest.mark.parametrize("ending", sorted(IMPORTERS))
def test_the_graph_with_a_modality_comes_back_from_every_format(
    builder: GraphBuilder, parser: Parser, tmp_path: Path, ending: str
) -> None:
    graph = builder([CUP], PhotoInfo("a.jpg", 640, 480), parser("this sound"), None, [bark(DOG)])
    export(graph, [tmp_path / f"a{ending}"])
    assert read_graph(tmp_path / f"a{ending}") == graph
