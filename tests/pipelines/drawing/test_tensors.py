"""pipelines/drawing/tensors: scene graphs as numbers, with and without their parts."""

from __future__ import annotations

import torch

from graph_fusion.layout_model import BESIDES, IS_A
from kg.linking import Linker
from pipelines.build.builder import GraphBuilder
from pipelines.drawing.tensors import LayoutReader, random_vectors

LABELS, SAID = ("dog", "cat", "xyzzy"), [(0, "left of", 1)]


def reader(builder: GraphBuilder, linker: Linker, *without: str) -> LayoutReader:
    return LayoutReader(builder.knowledge, linker, without)


def test_things_come_first_then_their_categories(builder: GraphBuilder, linker: Linker) -> None:
    read = reader(builder, linker)
    graph = read(LABELS, (1, 0, 0), SAID, 0.3)
    texts = read.table.texts()
    names = [texts[row] for row in graph.text]
    assert names[: graph.things] == list(LABELS)
    assert "pet" in names[graph.things :]
    edges = {
        (a, texts[r], b)
        for a, r, b in zip(graph.senders, graph.relation, graph.receivers, strict=True)
    }
    pet = names.index("pet")
    assert {(0, IS_A, pet), (1, IS_A, pet), (0, BESIDES, 1), (0, "left of", 1)} <= edges
    assert not any(one == IS_A and a == 2 for a, one, _ in edges)  # nobody knows a xyzzy
    assert graph.size[0] == 1


def test_what_is_left_out_is_not_there(builder: GraphBuilder, linker: Linker) -> None:
    bare = reader(builder, linker, "edges", "knowledge")(LABELS, (0, 0, 0), SAID, 0.0)
    assert (len(bare.text), bare.senders) == (3, ())
    silent = reader(builder, linker, "said")(LABELS, (0, 0, 0), SAID, 0.0)
    whole = reader(builder, linker)(LABELS, (0, 0, 0), SAID, 0.0)
    assert len(silent.senders) == len(whole.senders) - 1


def test_random_vectors_depend_on_the_text_alone() -> None:
    both = random_vectors(["dog", "cat"], 16)
    assert torch.equal(both[1], random_vectors(["cat"], 16)[0])
    assert torch.allclose(both.norm(dim=1), torch.ones(2))
    assert abs(float(both[0] @ both[1])) < 0.9
