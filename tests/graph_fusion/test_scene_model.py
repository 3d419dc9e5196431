"""graph_fusion/scene_model: cells and nodes are tokens of one graph."""

from __future__ import annotations

import pytest
import torch

from graph_fusion.scene_model import (
    READS,
    SceneFront,
    covers,
    grid_geometry,
    mirrored,
    read_part,
)
from graph_fusion.tensors import TextTable
from kg.graph import Edge, Node
from kg.vocabulary import IS_DOING, EdgeKind, NodeKind
from tests.graph_fusion.scenes import CELLS, FEATURES, TEXT, batch, scene, scene_graph


def front() -> SceneFront:
    torch.manual_seed(0)
    return SceneFront(FEATURES, TEXT, hidden=16).eval()


def test_what_is_read_grows_from_cells_to_knowledge_and_never_holds_facts() -> None:
    read = {one: {node.id for node in read_part(scene_graph(), one).nodes()} for one in READS}
    assert read["cells"] == set()
    assert read["seen"] == {"object:0", "object:1", "seen:brown"}
    assert read["knowledge"] == read["seen"] | {"sg:dog"}


def test_what_somebody_is_doing_is_not_read() -> None:
    graph = scene_graph()
    before = read_part(graph)
    graph.add(Node("seen:running", NodeKind.ATTRIBUTE, "running", "activities"))
    doing = Edge("object:0", "seen:running", EdgeKind.SEMANTIC, IS_DOING, "activities")
    graph.connect(doing)
    after = read_part(graph)
    assert (after.nodes(), after.edges()) == (before.nodes(), before.edges())


def test_a_mirror_changes_sides_and_nothing_else() -> None:
    table = TextTable()
    there, back = scene(scene_graph(), table).graph, scene(scene_graph(left=False), table).graph
    turned = mirrored(there, table)
    torch.testing.assert_close(turned.geometry, back.geometry)
    assert turned.relation.equal(back.relation)
    assert turned.node_text.equal(back.node_text)
    again = mirrored(turned, table)
    torch.testing.assert_close(again.geometry, there.geometry)
    assert again.relation.equal(there.relation)


def test_an_object_is_joined_to_the_cells_that_its_box_covers() -> None:
    grid = grid_geometry(CELLS)
    box = torch.tensor([[0.0, 0.0, 40 / 90, 1.0, 0.4, 0.9]])
    nodes, cells = covers(box, grid)
    assert nodes.tolist() == [0, 0, 0]
    assert cells.tolist() == [0, 3, 6]


def test_a_node_without_a_box_covers_no_cell() -> None:
    nodes, _ = covers(torch.zeros(1, 6), grid_geometry(CELLS))
    assert nodes.tolist() == []


def test_tokens_are_cells_then_nodes_and_messages_stay_within_a_photograph() -> None:
    inputs = front()(batch(scene_graph(), scene_graph("cat", left=False)))
    assert inputs.image.shape == (2, CELLS + 4, 16)
    assert inputs.masks.image.all()
    length = inputs.image.shape[1] + inputs.text.shape[1]
    assert (inputs.graph.senders // length).equal(inputs.graph.receivers // length)
    # 3 edges of the graph and 3 covered cells, both ways, in each photograph
    assert len(inputs.graph) == 2 * 2 * (3 + 3)


def test_a_photograph_is_read_the_same_beside_others() -> None:
    reader = front()
    alone = reader(batch(scene_graph()))
    both = reader(batch(scene_graph(), scene_graph("cat")))
    torch.testing.assert_close(both.image[:1], alone.image, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("reads", READS)
def test_all_kinds_of_reading_give_tokens(reads: str) -> None:
    inputs = front()(batch(scene_graph(), reads=reads))
    assert inputs.image.shape[1] == CELLS + {"cells": 0, "seen": 3, "knowledge": 4}[reads]
    assert inputs.image.isfinite().all()
