"""Small scenes for the tests of the networks that read them."""

from __future__ import annotations

import numpy as np
import torch

from graph_fusion.scene_model import Scene, SceneBatch, scene_batch, scene_of
from graph_fusion.tensors import TextTable
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

CELLS, FEATURES, TEXT = 9, 8, 6


def scene_graph(label: str = "dog", left: bool = True) -> SceneGraph:
    """Return a dog in one half of the photograph, which is brown, and a ball without a box."""
    graph = SceneGraph(PhotoInfo("a.jpg", 90, 90))
    box = Box(0, 0, 40, 90) if left else Box(50, 0, 90, 90)
    graph.add(Node("object:0", NodeKind.OBJECT, label, "test", 0.9, box))
    graph.add(Node("object:1", NodeKind.OBJECT, "ball", "test", 0.6))
    graph.add(Node("seen:brown", NodeKind.ATTRIBUTE, "brown", "test"))
    graph.add(Node("sg:dog", NodeKind.CONCEPT, "dog", "test"))
    graph.add(Node("sg:pet", NodeKind.CONCEPT, "pet", "test"))
    side = "left of" if left else "right of"
    for source, target, kind, relation in (
        ("object:0", "object:1", EdgeKind.SPATIAL, side),
        ("object:0", "seen:brown", EdgeKind.SEMANTIC, "has colour"),
        ("object:0", "sg:dog", EdgeKind.LINK, "means"),
        ("sg:dog", "sg:pet", EdgeKind.FACT, "is a"),
    ):
        graph.connect(Edge(source, target, kind, relation, "test"))
    return graph


def scene(graph: SceneGraph, table: TextTable, reads: str = "knowledge", seed: int = 0) -> Scene:
    """Return the tensors of a graph, with random cells and a region for the dog."""
    chance = np.random.default_rng(seed)
    cells = chance.random((CELLS, FEATURES)).astype(np.float16)
    regions = {"object:0": chance.random(FEATURES).astype(np.float16)}
    return scene_of(graph, cells, regions, table, reads)


def batch(*graphs: SceneGraph, reads: str = "knowledge") -> SceneBatch:
    """Return scenes of graphs, with random vectors as their texts."""
    table = TextTable()
    scenes = [scene(one, table, reads, number) for number, one in enumerate(graphs)]
    texts = torch.rand(len(table), TEXT, generator=torch.Generator().manual_seed(1))
    return scene_batch(scenes, texts, torch.zeros(len(scenes), dtype=torch.long))
