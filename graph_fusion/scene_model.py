"""A photograph as one set of tokens, the cells of its picture and the nodes of its graph.

The captioner and the search fuse these tokens; neither has a question.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion import Masks, TokenGraph
from graph_fusion.fusion_model import Inputs
from graph_fusion.tensors import (
    EDGE_FEATURES,
    GEOMETRY_FEATURES,
    IS_BACKWARD,
    NODE_KINDS,
    TRUST,
    Batch,
    GraphTensors,
    Query,
    TextTable,
    collate,
    graph_tensors,
    places,
)
from kg.graph import SceneGraph
from kg.vocabulary import IS_DOING, EdgeKind, NodeKind

SHOWS = "shows"
"""Relation from a cell to the objects whose boxes hold its centre."""
NO_QUERY = Query("", "", "object")
SEEN = (NodeKind.OBJECT, NodeKind.ATTRIBUTE, NodeKind.SCENE, NodeKind.TEXT)
READS = ("knowledge", "seen", "cells")
"""How much of a graph is read: also the concepts that nodes mean; what is seen; nothing."""
MOST_NODES = 48
"""Nodes of one photograph that are read; crowds have more. The first ones are the surest."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One photograph. Shapes (C cells in rows from the top, F features):

    cells [C, F]: what the picture shows in each cell of a square grid
    graph: what of its graph is read, by `read_part`; its regions have F features, too
    """

    cells: Tensor
    graph: GraphTensors


@dataclass(frozen=True, slots=True)
class SceneBatch:
    """B photographs. Shapes: cells [B, C, F]; style [B]: index into the front's styles."""

    cells: Tensor
    graphs: Batch
    style: Tensor


def scene_of(
    graph: SceneGraph,
    cells: np.ndarray,
    regions: Mapping[str, np.ndarray],
    table: TextTable,
    reads: str = "knowledge",
) -> Scene:
    """Return the tensors of a photograph; new texts are added to `table`.

    Shapes: cells [side, side, F] or [C, F]; regions: [F] by node id
    reads: one of `READS`
    """
    flat = torch.from_numpy(np.ascontiguousarray(cells)).flatten(0, -2)
    part = read_part(graph, reads)
    regions = {name: value.astype(np.float32) for name, value in regions.items()}
    tensors = graph_tensors(part, NO_QUERY, table, regions, flat.shape[-1])
    return Scene(flat, replace(tensors, region=tensors.region.half()))


def read_part(graph: SceneGraph, reads: str = "knowledge") -> SceneGraph:
    """Return what is seen, and the concepts that it means: at most `MOST_NODES` nodes.

    reads: one of `READS`.

    Facts are left out: a caption tells what is seen, and what things are for is not. So is what
    somebody is doing, which the bundled models were trained without: of 200 photographs of
    Flickr8k's dev list CIDEr was 0.631 with it, and 0.650 without.
    """
    doing = {edge.target for edge in graph.edges() if edge.relation == IS_DOING}
    seen = [
        node
        for node in graph.nodes()
        if node.kind in SEEN and node.id not in doing and reads != "cells"
    ]
    chosen = {node.id for node in seen[:MOST_NODES]}
    linked = [edge for edge in graph.edges() if edge.kind == EdgeKind.LINK]
    for edge in sorted(linked, key=lambda edge: -edge.score) if reads == "knowledge" else ():
        if edge.source in chosen and len(chosen) < MOST_NODES:
            chosen.add(edge.target)
    part = SceneGraph(graph.photo)
    for node in graph.nodes():
        if node.id in chosen:
            part.add(node)
    for edge in graph.edges():
        if edge.source in chosen and edge.target in chosen and edge.kind != EdgeKind.FACT:
            part.connect(edge)
    return part


def mirrored(graph: GraphTensors, table: TextTable) -> GraphTensors:
    """Return the graph of the photograph's mirror image; `Scene.cells` are not changed."""
    turned = {table.row(a): table.row(b) for a, b in MIRROR.items()}

    def rows(before: Tensor) -> Tensor:
        after = before.clone()
        for a, b in turned.items():
            after[before == a] = b
        return after

    geometry = graph.geometry.clone()
    located = geometry[:, :4].any(1)
    geometry[located, 0] = 1 - graph.geometry[located, 2]
    geometry[located, 2] = 1 - graph.geometry[located, 0]
    return replace(
        graph,
        node_text=rows(graph.node_text),
        relation=rows(graph.relation),
        geometry=geometry,
    )


MIRROR = {"left": "right", "right": "left", "left of": "right of", "right of": "left of"}
"""Labels and relations that change places in a mirror."""


def scene_batch(scenes: Sequence[Scene], texts: Tensor, style: Tensor) -> SceneBatch:
    """Put photographs together; texts [T, D]: the vectors of their text table."""
    cells = torch.stack([one.cells for one in scenes])
    return SceneBatch(cells, collate([one.graph for one in scenes], texts), style)


class SceneFront(nn.Module):
    """Image tokens: cells, then nodes; the one text token says what style is wanted.

    The start feature of a cell is what it shows and where it lies; that of a node is the sum
    of its label, kind, region and geometry. Messages run along the graph's edges, and between
    an object and the cells that its box covers.
    """

    def __init__(
        self, features: int, text_features: int, hidden: int, styles: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.look = nn.Linear(features, hidden)
        self.label = nn.Linear(text_features, hidden)
        self.kind = nn.Embedding(len(NODE_KINDS) + 1, hidden)
        self.geometry = nn.Linear(GEOMETRY_FEATURES, hidden)
        self.style = nn.Embedding(styles, hidden)
        self.shows = nn.Parameter(torch.randn(text_features) * text_features**-0.5)
        self.norm = nn.LayerNorm(hidden)
        self.drop = nn.Dropout1d(dropout)

    def forward(self, batch: SceneBatch) -> Inputs:
        size, cells, features = batch.cells.shape
        grid = grid_geometry(cells).to(batch.cells.device)
        channels = self.drop(batch.cells.new_ones(size, features, 1, dtype=torch.float)).mT
        seen = self.look(scaled(batch.cells.float()) * channels) + self.geometry(grid)
        seen = seen + self.kind.weight[-1]
        nodes, there, rows = self._nodes(batch.graphs)
        image = self.norm(torch.cat([seen, nodes], dim=1))
        masks = Masks(
            torch.cat([there.new_ones(size, cells), there], dim=1), there.new_ones(size, 1)
        )
        length = image.shape[1] + 1
        graph = self._graph(batch.graphs, cells, length, rows, grid)
        return Inputs(image, self.style(batch.style).unsqueeze(1), graph, masks)

    def _nodes(self, graphs: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return node tokens [B, N, H], which are there [B, N], and each one's place."""
        used, text = torch.unique(graphs.node_text, return_inverse=True)
        start = self.label(scaled(graphs.texts[used]))[text] + self.kind(graphs.node_kind)
        start = start + self.geometry(graphs.geometry)
        regions = graphs.region.any(1)
        looked = self.look(scaled(graphs.region[regions].float()))
        start = start.index_add(0, regions.nonzero().squeeze(1), looked.to(start.dtype))
        place, longest = places(graphs.graph_of_node, graphs.size)
        at = (graphs.graph_of_node, place)
        there = torch.zeros(graphs.size, longest, dtype=torch.bool, device=start.device)
        nodes = start.new_zeros(graphs.size, longest, start.shape[1]).index_put(at, start)
        there = there.index_put(at, torch.ones_like(graphs.graph_of_node, dtype=torch.bool))
        return nodes, there, place

    def _graph(
        self, graphs: Batch, cells: int, length: int, place: Tensor, grid: Tensor
    ) -> TokenGraph:
        rows = graphs.graph_of_node * length + cells + place
        covered, cell = covers(graphs.geometry, grid)
        cell = graphs.graph_of_node[covered] * length + cell
        used, relation = torch.unique(graphs.relation, return_inverse=True)
        shown = torch.full_like(covered, len(used))
        trust = graphs.edge_features[:, TRUST]
        features = graphs.edge_features.new_zeros(2 * len(covered), EDGE_FEATURES)
        features[:, TRUST] = 1.0
        backward = graphs.edge_features[:, IS_BACKWARD] > 0
        return TokenGraph(
            senders=torch.cat([rows[graphs.senders], cell, rows[covered]]),
            receivers=torch.cat([rows[graphs.receivers], rows[covered], cell]),
            weights=torch.cat([trust, trust.new_ones(2 * len(covered))]),
            relation=torch.cat([relation, shown, shown]),
            backward=torch.cat(
                [backward, torch.zeros_like(covered).bool(), torch.ones_like(covered).bool()]
            ),
            relations=torch.cat([graphs.texts[used], self.shows.unsqueeze(0)]),
            features=torch.cat([graphs.edge_features, features]),
        )


def scaled(features: Tensor) -> Tensor:
    """Return vectors [..., F] at the length that layers are initialised for, √F; zeros stay."""
    return F.normalize(features, dim=-1) * math.sqrt(features.shape[-1])


def grid_geometry(cells: int) -> Tensor:
    """Return the geometry [C, 6] of the cells of a square grid, as that of nodes."""
    side = round(cells**0.5)
    row, column = torch.arange(cells) // side, torch.arange(cells) % side
    box = [column, row, column + 1, row + 1]
    shares = [one / side for one in box]
    return torch.stack([*shares, torch.full((cells,), 1 / cells), torch.ones(cells)], dim=1)


def covers(geometry: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pairs (node, cell) in which a node's box holds the cell's centre: [P], [P].

    Shapes: geometry [N, 6], grid [C, 6]
    """
    centre = (grid[:, :2] + grid[:, 2:4]) / 2
    inside = (centre >= geometry[:, None, :2]) & (centre <= geometry[:, None, 2:4])
    node, cell = inside.all(2).nonzero(as_tuple=True)
    return node, cell
