"""The networkx graph behind stores whose nodes and edges may since have been chosen or added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import torch
from torch import Tensor

from graph_fusion.converters.tables import Ends, Origin, Schema
from kg.errors import SightGraphError


@dataclass(frozen=True, slots=True, eq=False)
class FoundNode:
    """One node of a store: its row number (None: new), and its id."""

    row: int | None
    id: Hashable
    attributes: dict[Hashable, Any]


@dataclass(frozen=True, slots=True, eq=False)
class FoundEdge:
    """One edge of a store: its row number (None: new), and the ids at its ends."""

    row: int | None
    source: Hashable
    target: Hashable
    attributes: dict[Hashable, Any]


def node_ids(
    origin: Origin, rows: Sequence[int | None], new: Callable[[int], Hashable]
) -> list[Hashable]:
    """Return the id of each node of a store; new(place) where it has no row number.

    Raises:
        SightGraphError: a row number is none of the graph's.
    """
    for row in rows:
        if row is not None and not 0 <= row < len(origin.ids):
            raise SightGraphError(
                f"'node_row' says {row}, but the graph had {len(origin.ids)} nodes. Delete the "
                "store's 'node_row' where its nodes are new."
            )
    return [new(place) if row is None else origin.ids[row] for place, row in enumerate(rows)]


def match_edges(
    schema: Schema, rows: Sequence[int | None], ends: Sequence[tuple[int | None, int | None]]
) -> list[int | None]:
    """Return the row number of each edge of a store, None where the edge is new.

    Transforms that merge edges add up their row numbers, so a number counts only where the
    edge has the ends that it had; an edge whose number does not fit is found by its ends.
    """
    free: defaultdict[tuple[int | None, int | None], dict[int, None]] = defaultdict(dict)
    for row, known in zip(schema.rows, schema.ends, strict=True):
        free[known][row] = None
    found: list[int | None] = [None] * len(rows)
    for position, (number, pair) in enumerate(zip(rows, ends, strict=True)):
        if number is not None and number in free.get(pair, ()):
            del free[pair][number]
            found[position] = number
    for position, (number, pair) in enumerate(zip(rows, ends, strict=True)):
        if number is not None and found[position] is None and free.get(pair):
            found[position] = first = next(iter(free[pair]))
            del free[pair][first]
    return found


def restore(
    origin: Origin,
    nodes: Sequence[FoundNode],
    edges: Sequence[FoundEdge],
    attributes: dict[Hashable, Any],
) -> nx.Graph[Any]:
    """Return the graph of these nodes and edges; old ones in their old order, new ones last.

    Raises:
        SightGraphError: a node stands twice, or the graph's kind cannot hold an edge.
    """
    graph = empty_graph(origin.directed, origin.multigraph)
    graph.graph.update(attributes)
    for node in _in_order(nodes):
        if node.id in graph:
            raise SightGraphError(
                f"the node {node.id!r} stands twice. Keep one of them, or delete 'node_row' of the "
                "other's store so that it is a new one."
            )
        graph.add_node(node.id)
        graph.nodes[node.id].update(node.attributes)
    if not origin.directed:
        edges = _once(edges, origin.edge_type)
    for edge in _in_order(edges):
        _add_edge(graph, origin, edge)
    return graph


def empty_graph(directed: bool, multigraph: bool) -> nx.Graph[Any]:
    """Return an empty networkx graph of that kind."""
    if multigraph:
        return nx.MultiDiGraph() if directed else nx.MultiGraph()
    return nx.DiGraph() if directed else nx.Graph()


def both_ways(directed: bool, row: int, ends: Ends) -> list[tuple[int, Ends]]:
    """Return an edge as messages go along it: one way, or both where it has no direction."""
    if directed or ends[0] == ends[1]:
        return [(row, ends)]
    return [(row, ends), (row, (ends[1], ends[0]))]


def _in_order(found: Sequence[Any]) -> list[Any]:
    return sorted(found, key=lambda one: (one.row is None, one.row or 0))


def _once(edges: Sequence[FoundEdge], edge_type: str | None) -> list[FoundEdge]:
    """Return each undirected edge once: a store lists both of its directions."""
    kept: list[FoundEdge] = []
    waiting: defaultdict[Any, list[FoundEdge]] = defaultdict(list)
    for edge in edges:
        which = edge.row if edge.row is not None else repr(edge.attributes.get(edge_type))
        back = waiting[which, edge.target, edge.source]
        if back and edge.source != edge.target:
            _check_alike(back.pop(0), edge)
            continue
        kept.append(edge)
        waiting[which, edge.source, edge.target].append(edge)
    return kept


def _check_alike(edge: FoundEdge, back: FoundEdge) -> None:
    for name in edge.attributes.keys() | back.attributes.keys():
        absent = name not in edge.attributes or name not in back.attributes
        if absent or not _alike(edge.attributes[name], back.attributes[name]):
            raise SightGraphError(
                f"the undirected edge {edge.source!r} - {edge.target!r} has a {name!r} for each "
                "direction, and they differ. Make them equal (for example their mean)."
            )


def _alike(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and bool(_bits(one).equal(_bits(other)))
    return repr(one) == repr(other)  # equal also where both are NaN


def _bits(tensor: Tensor) -> Tensor:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


def _add_edge(graph: nx.Graph[Any], origin: Origin, edge: FoundEdge) -> None:
    ends = edge.source, edge.target
    if origin.multigraph:
        key = None if edge.row is None else origin.keys[edge.row]
        key = graph.add_edge(*ends, key=key)
        graph.edges[(*ends, key)].update(edge.attributes)
        return
    if graph.has_edge(*ends):
        raise SightGraphError(
            f"a {type(graph).__name__} holds one edge from {edge.source!r} to {edge.target!r}, but "
            "here are two. Delete one, or convert a multigraph to begin with."
        )
    graph.add_edge(*ends)
    graph.edges[ends].update(edge.attributes)
