"""pipelines/dialog/turn_graph.py: turns are nodes, and every format carries them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.formats import EXPORTERS, IMPORTERS, export, read_graph
from kg.graph import SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.corrected import CorrectedGraph
from pipelines.dialog import Dialog
from pipelines.sightgraph import SightGraph


@pytest.fixture(scope="module")
def graph(sightgraph: SightGraph, photo: object) -> SceneGraph:
    dialog = Dialog.about(sightgraph, photo)
    for line in ("What is the cup made of?", "there are two cups", "What is it used for?"):
        dialog.ask(line)
    return dialog.graph


def edges(graph: SceneGraph) -> set[tuple[str, str, str]]:
    return {(one.source, one.relation, one.target) for one in graph.edges(EdgeKind.DIALOG)}


def test_turns_refer_answer_and_follow(graph: SceneGraph) -> None:
    turns = [node.id for node in graph.nodes(NodeKind.TURN)]
    assert turns == ["said:0", "reply:0", "said:1", "reply:1", "said:2", "reply:2"]
    found = edges(graph)
    assert ("reply:0", "answers", "said:0") in found
    assert ("reply:0", "refers to", "object:3") in found
    assert ("said:1", "follows", "reply:0") in found
    assert ("said:1", "changes", "object:5") in found
    assert ("said:2", "refers to", "object:3") in found


@pytest.mark.parametrize("ending", sorted(IMPORTERS))
def test_every_format_that_is_read_back_keeps_the_turns(
    graph: SceneGraph, ending: str, tmp_path: Path
) -> None:
    export(graph, [tmp_path / f"dialog{ending}"])
    assert read_graph(tmp_path / f"dialog{ending}") == graph


@pytest.mark.parametrize("ending", sorted(set(EXPORTERS) - set(IMPORTERS) - {".gv"}))
def test_every_other_format_shows_them(graph: SceneGraph, ending: str, tmp_path: Path) -> None:
    target = tmp_path / f"dialog{ending}"
    export(graph, [target])
    assert target.stat().st_size > 0
    if ending in (".cypher", ".dot", ".html"):
        assert "What is the cup made of?" in target.read_text(encoding="utf-8")


def test_another_question_does_not_read_the_turns(
    graph: SceneGraph, sightgraph: SightGraph, photo: object
) -> None:
    answer = CorrectedGraph(graph).in_place_of_eyes(sightgraph).ask(photo, "Is there a dog?")
    assert not answer.graph.nodes(NodeKind.TURN)
