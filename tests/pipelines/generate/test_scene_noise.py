"""pipelines/generate/scene_noise.py: as much noise as is said, in the graph only."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.datasets.coco import VAL_SPLIT
from pipelines.generate.knowledge_scenes import Photos, SceneQuestion, read_photos
from pipelines.generate.scene_noise import SHARES, Noise, add_edges, drop_edges, noises

Parts = dict[str, list[SceneQuestion]]


@st.composite
def graphs(draw: st.DrawFn) -> SceneGraph:
    """Graphs of eight things, with up to twenty edges; parallel ones and loops among them."""
    graph = SceneGraph()
    ids = [graph.add(Node(f"n{i}", NodeKind.CONCEPT, f"thing {i}", "test")).id for i in range(8)]
    end = st.sampled_from(ids)
    edges = st.tuples(end, end, st.sampled_from(["left of", "used for", "has part"]))
    for source, target, relation in draw(st.lists(edges, max_size=20)):
        graph.connect(Edge(source, target, EdgeKind.FACT, relation, "test"))
    return graph


@given(graphs(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), st.integers(0, 99))
def test_dropping_takes_exactly_that_share_of_the_edges(
    graph: SceneGraph, share: float, seed: int
) -> None:
    edges = graph.edges()
    worse = drop_edges(graph, share, Random(seed))
    assert len(worse.edges()) == len(edges) - round(share * len(edges))
    assert set(worse.edges()) <= set(edges)
    assert worse.nodes() == graph.nodes()
    assert graph.edges() == edges


@given(graphs(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), st.integers(0, 99))
def test_adding_brings_exactly_that_share_of_false_edges(
    graph: SceneGraph, share: float, seed: int
) -> None:
    edges = graph.edges()
    worse = add_edges(graph, share, Random(seed))
    new = [edge for edge in worse.edges() if edge not in edges]
    assert len(new) == round(share * len(edges))
    assert len(worse.edges()) == len(edges) + len(new)
    said = {(edge.source, edge.relation, edge.target) for edge in edges}
    for edge in new:
        assert (edge.source, edge.relation, edge.target) not in said
        assert edge.relation in {one.relation for one in edges}
        assert edge.source != edge.target
    assert worse.nodes() == graph.nodes()
    assert graph.edges() == edges


@pytest.mark.parametrize("change", [drop_edges, add_edges])
def test_no_noise_is_the_same_graph(change: type, scene_parts: Parts) -> None:
    for question in scene_parts["held-out"][:10]:
        assert change(question.graph, 0.0, Random(0)) == question.graph


def test_where_two_nodes_leave_no_room_fewer_edges_are_added() -> None:
    graph = SceneGraph()
    for name in "ab":
        graph.add(Node(name, NodeKind.CONCEPT, name, "test"))
    for source, target in ("ab", "ba"):
        graph.connect(Edge(source, target, EdgeKind.FACT, "near", "test"))
    assert add_edges(graph, 1.0, Random(0)) == graph


@pytest.fixture(scope="module")
def photos(scenes_folder: Path) -> Photos:
    return read_photos(scenes_folder, VAL_SPLIT)


@pytest.fixture(scope="module")
def points(scenes_folder: Path, photos: Photos) -> dict[str, Noise]:
    return {noise.name: noise for noise in noises(photos, scenes_folder, seed=0)}


def test_the_points_run_from_the_perfect_graph_to_the_detector_s(points: dict[str, Noise]) -> None:
    assert list(points) == [
        "perfect graph",
        "10% of edges dropped", "25% of edges dropped", "50% of edges dropped",
        "10% false edges more", "25% false edges more", "50% false edges more",
        "10% of labels wrong", "25% of labels wrong", "50% of labels wrong",
        "the detector's graph",
    ]  # fmt: skip


def test_every_noise_leaves_the_questions_and_their_answers(
    points: dict[str, Noise], scene_parts: Parts
) -> None:
    questions = scene_parts["held-out"][:10]
    for noise in points.values():
        worse = noise.apply(questions)
        assert len(worse) == len(questions)
        for one, true in zip(worse, questions, strict=True):
            assert (one.text, one.named, one.answers) == (true.text, true.named, true.answers)
            assert (one.place, one.facts) == (true.place, true.facts)
            assert one.graph.photo == true.graph.photo
            assert (one.graph == true.graph) == (noise.name == "perfect graph")


@pytest.mark.parametrize("kind", ["of edges dropped", "false edges more"])
def test_shares_are_those_that_the_names_say(
    points: dict[str, Noise], scene_parts: Parts, kind: str
) -> None:
    questions = scene_parts["held-out"][:10]
    for share in SHARES:
        for one, true in zip(
            points[f"{share:.0%} {kind}"].apply(questions), questions, strict=True
        ):
            edges = len(true.graph.edges())
            more = len(one.graph.edges()) - edges
            assert more == round(share * edges) * (-1 if kind == "of edges dropped" else 1)


@pytest.mark.parametrize("share", SHARES)
def test_wrong_labels_are_as_many_as_said_and_boxes_stay(
    points: dict[str, Noise], scene_parts: Parts, share: float
) -> None:
    questions = scene_parts["held-out"]
    worse = points[f"{share:.0%} of labels wrong"].apply(questions)
    wrong: dict[object, bool] = {}
    for one, true in zip(worse, questions, strict=True):
        seen, truth = (q.graph.nodes(NodeKind.OBJECT) for q in (one, true))
        assert [node.box for node in seen] == [node.box for node in truth]
        assert one.graph.photo is not None
        for node, right in zip(seen, truth, strict=True):
            wrong[(one.graph.photo.source, node.box)] = node.label != right.label
    assert abs(sum(wrong.values()) / len(wrong) - share) < 0.12


def test_with_the_right_labels_the_graph_built_again_still_answers(
    points: dict[str, Noise], scene_parts: Parts, photos: Photos
) -> None:
    """What is asked for stands in it; only the facts beside that are drawn anew."""
    rebuilt = points["10% of labels wrong"].apply(scene_parts["held-out"])
    same = 0
    for one, true in zip(rebuilt, scene_parts["held-out"], strict=True):
        named = [[node.label for node in q.graph.nodes(NodeKind.OBJECT)] for q in (one, true)]
        if named[0] != named[1]:
            continue
        same += 1
        spatial = [set(q.graph.edges(EdgeKind.SPATIAL)) for q in (one, true)]
        asked = [
            {edge for edge in q.graph.edges(EdgeKind.FACT) if edge.relation in true.facts[:1]}
            for q in (one, true)
        ]
        assert spatial[0] == spatial[1]
        assert asked[0] == asked[1]
        assert true.answers <= {node.label for node in one.graph.nodes()}
    assert same > 5


@pytest.mark.parametrize("name", ["25% of edges dropped", "25% of labels wrong"])
def test_the_same_seed_makes_the_same_noise(
    points: dict[str, Noise], scene_parts: Parts, name: str
) -> None:
    questions = scene_parts["held-out"][:10]
    assert points[name].apply(questions) == points[name].apply(questions)


def test_a_grey_photograph_has_nothing_for_the_detector(
    points: dict[str, Noise], scene_parts: Parts
) -> None:
    (blind,) = points["the detector's graph"].apply(scene_parts["held-out"][:1])
    assert len(blind.graph) == 0
