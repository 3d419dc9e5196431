"""pipelines/video/graph: things, relations and events with their times, in every format."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import SDO, TIME, Graph

from kg.formats import IMPORTERS, export, read_graph
from kg.graph import SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from tests.pipelines.video.conftest import PICKS_UP, Seen


@pytest.fixture
def graph(seen: Seen) -> SceneGraph:
    return seen(PICKS_UP)[1].graph


def test_every_thing_and_event_has_its_time(graph: SceneGraph) -> None:
    assert graph.photo is not None
    duration = graph.photo.duration
    for kind in (NodeKind.OBJECT, NodeKind.EVENT):
        assert graph.nodes(kind)
        for node in graph.nodes(kind):
            assert node.intervals
            assert all(0 <= one.start <= one.end <= duration for one in node.intervals)


def test_an_event_says_who_and_what_and_when(graph: SceneGraph) -> None:
    (picks_up,) = (one for one in graph.nodes(NodeKind.EVENT) if one.label == "picks up")
    parties = {one.relation: one for one in graph.edges_from(picks_up.id)}
    assert graph.node(parties["who"].target).label == "person"
    assert graph.node(parties["what"].target).label == "sports ball"
    assert parties["who"].intervals == picks_up.intervals


def test_relations_hold_while_they_hold(graph: SceneGraph) -> None:
    labels = {one.label: one.id for one in graph.nodes(NodeKind.OBJECT)}
    near = [
        one
        for one in graph.edges_between(labels["person"], labels["sports ball"])
        if one.relation == "near"
    ]
    assert [one.kind for one in near] == [EdgeKind.SPATIAL]
    ((start, end),) = near[0].intervals
    assert 1 < start < 5  # when the ball is reached
    assert end > 7


def test_things_are_linked_to_what_is_known(graph: SceneGraph) -> None:
    ball = next(one for one in graph.nodes(NodeKind.OBJECT) if one.label == "sports ball")
    assert any(one.kind == EdgeKind.LINK for one in graph.edges_from(ball.id))


@pytest.mark.parametrize("ending", sorted(IMPORTERS))
def test_the_graph_of_a_video_comes_back_equal(
    graph: SceneGraph, tmp_path: Path, ending: str
) -> None:
    target = tmp_path / f"video{ending}"
    export(graph, [target])
    assert read_graph(target) == graph


def test_in_turtle_times_are_clips_of_the_video(graph: SceneGraph, tmp_path: Path) -> None:
    export(graph, [tmp_path / "video.ttl"])
    rdf = Graph().parse(tmp_path / "video.ttl")
    (video,) = set(rdf.subjects(None, SDO.VideoObject))
    clips = set(rdf.subjects(None, SDO.Clip))
    assert clips == set(rdf.objects(None, TIME.hasTime))
    for clip in clips:
        start, end = (float(str(rdf.value(clip, one))) for one in (SDO.startOffset, SDO.endOffset))
        assert 0 <= start <= end
        assert rdf.value(clip, SDO.isPartOf) == video
