"""Graphs with one kind of nodes and edges as PyG's `Data`, and chains from scenes and RDF."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import networkx as nx
import torch
from rdflib import Graph
from torch_geometric.data import Data, HeteroData

from graph_fusion.converters.hetero import from_hetero, to_hetero
from graph_fusion.converters.restore import (
    FoundEdge,
    FoundNode,
    both_ways,
    match_edges,
    node_ids,
    restore,
)
from graph_fusion.converters.tables import (
    EDGE_ROW,
    NODE_ROW,
    ORIGIN,
    OURS,
    Origin,
    Schema,
    fields_of,
    graph_fields,
    graph_name,
    name_fields,
    node_name,
    read_fields,
    read_graph_fields,
    row_numbers,
    schema_of,
    write_fields,
)
from kg.errors import SightGraphError
from kg.formats.networkx import from_networkx, to_networkx
from kg.formats.rdf_networkx import networkx_to_rdf, rdf_to_networkx
from kg.graph import SceneGraph

_PARTS = ("node", "edge", "graph")


def to_data(graph: nx.Graph[Any]) -> Data:
    """Return a networkx graph of any kind as `Data`; `from_data` gives it back equal.

    Nodes, edges and the graph share one store: an edge's attribute is called `edge_...` unless
    it says "edge" itself, and "edge" in a node's attribute becomes "link", since PyG tells the
    two apart by that word. Tensors and columns are as in `to_hetero`; types stay attributes.

    Shapes (N nodes, E edges, undirected ones counted in both directions):
        node_row [N], edge_row [E], edge_index [2, E]; attributes [N, ...], [E, ...], [1, ...]

    >>> graph = nx.path_graph(3, create_using=nx.Graph)
    >>> nx.set_edge_attributes(graph, 0.5, "weight")
    >>> data = to_data(graph)
    >>> data.edge_weight, data.edge_index.tolist()
    (tensor([0.5000, 0.5000, 0.5000, 0.5000], dtype=torch.float64), [[0, 1, 1, 2], [1, 0, 2, 1]])
    >>> nx.utils.graphs_equal(from_data(data), graph)
    True
    """
    nodes = [attributes for _, attributes in graph.nodes(data=True)]
    edges = [edge[-1] for edge in graph.edges(data=True)]
    row_of = {node: row for row, node in enumerate(graph)}
    ways = [
        way
        for row, (source, target, *_) in enumerate(graph.edges)
        for way in both_ways(graph.is_directed(), row, (row_of[source], row_of[target]))
    ]
    rows = [row for row, _ in ways]
    node_fields = fields_of(range(len(nodes)), nodes)
    edge_fields = fields_of(rows, [edges[row] for row in rows])
    taken: set[str] = set()
    (of_nodes,) = name_fields([(node_fields, node_name)], taken)
    (of_edges,) = name_fields([(edge_fields, _of_an_edge)], taken)
    (of_graph,) = name_fields([(graph_fields(graph.graph), graph_name)], taken)
    ends = [pair for _, pair in ways]
    data = Data(edge_index=torch.tensor(ends, dtype=torch.long).view(-1, 2).t().contiguous())
    data.num_nodes = len(nodes)
    data[NODE_ROW], data[EDGE_ROW] = torch.arange(len(nodes)), torch.tensor(rows, dtype=torch.long)
    for fields in (of_nodes, of_edges, of_graph):
        write_fields(data, fields)
    keyed = graph.is_multigraph()
    data[ORIGIN] = Origin(
        directed=graph.is_directed(),
        multigraph=keyed,
        ids=tuple(graph),
        keys=tuple(key for *_, key in graph.edges(keys=True)) if keyed else (),
        schemas={
            "node": schema_of(of_nodes),
            "edge": schema_of(of_edges, None, rows, ends),
            "graph": schema_of(of_graph),
        },
        node_type=None,
        edge_type=None,
        typed=False,
    )
    return data


def from_data(data: Data) -> nx.Graph[Any]:
    """Return the networkx graph that `data` came from, with what has changed since.

    As `from_hetero`. A new attribute belongs to the nodes, the edges or the graph as PyG's
    `is_node_attr` and `is_edge_attr` say. Data that never was a graph gives a `MultiDiGraph`
    whose nodes are numbers.

    Raises:
        SightGraphError: `data` is a batch, or `HeteroData` made homogeneous, or not `Data`.
    """
    if not isinstance(data, Data):
        raise SightGraphError(
            f"from_data takes Data, not {type(data).__name__}. For HeteroData, use from_hetero."
        )
    origin = data._store.get(ORIGIN, Origin(node_type=None, edge_type=None, typed=False))
    if not isinstance(origin, Origin):
        raise SightGraphError(
            "this is a batch of several graphs. Convert each of `batch.to_data_list()`."
        )
    if origin.typed:
        raise SightGraphError(
            "to_homogeneous() has filled gaps of this graph with NaN and -1. Convert the "
            "HeteroData itself with from_hetero."
        )
    parts = _parts(data, origin)
    nodes = _read_nodes(parts["node"], data, origin)
    edges = _read_edges(parts["edge"], data, origin, nodes)
    own = read_graph_fields(parts["graph"], origin.schemas.get("graph", Schema()))
    return restore(origin, nodes, edges, own)


def _of_an_edge(name: Hashable) -> str:
    return str(name) if "edge" in str(name) else f"edge_{name}"


def _parts(data: Data, origin: Origin) -> dict[str, dict[str, Any]]:
    """Return the one store of `data` as what nodes, edges and the graph have."""
    parts: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
    part_of = {stored: part for part in _PARTS for stored in _names(origin, part)}
    for stored, value in data._store.items():
        if stored in OURS:
            continue
        part = part_of.get(stored, "graph")
        if stored not in part_of and data.is_node_attr(stored):
            part = "node"
        elif stored not in part_of and data.is_edge_attr(stored):
            part = "edge"
        parts[part][stored] = value
    return parts


def _names(origin: Origin, part: str) -> list[str]:
    return list(origin.schemas.get(part, Schema()).names)


def _read_nodes(store: dict[str, Any], data: Data, origin: Origin) -> list[FoundNode]:
    size = data.num_nodes
    if size is None:
        raise SightGraphError("the data says nowhere how many nodes it has: set its num_nodes.")
    rows = row_numbers(data._store, NODE_ROW, int(size), "data")
    things = read_fields(store, origin.schemas.get("node", Schema()), rows, "data")
    ids = node_ids(origin, rows, lambda place: ("node", place) if origin.ids else place)
    return [FoundNode(*one) for one in zip(rows, ids, things, strict=True)]


def _read_edges(
    store: dict[str, Any], data: Data, origin: Origin, nodes: list[FoundNode]
) -> list[FoundEdge]:
    index = data._store.get("edge_index")
    sources, targets = ([], []) if index is None else index.tolist()
    starts, stops = [nodes[place] for place in sources], [nodes[place] for place in targets]
    schema = origin.schemas.get("edge", Schema())
    rows = match_edges(
        schema,
        row_numbers(data._store, EDGE_ROW, len(sources), "data"),
        [(start.row, stop.row) for start, stop in zip(starts, stops, strict=True)],
    )
    things = read_fields(store, schema, rows, "data")
    return [
        FoundEdge(row, start.id, stop.id, thing)
        for row, start, stop, thing in zip(rows, starts, stops, things, strict=True)
    ]


def scene_to_hetero(scene: SceneGraph) -> HeteroData:
    """Return a scene graph with its node kinds and relations as types."""
    return to_hetero(to_networkx(scene))


def hetero_to_scene(data: HeteroData) -> SceneGraph:
    """Undo `scene_to_hetero`.

    Raises:
        SightGraphError: `data` holds an attribute that a scene graph has no field for.
    """
    return from_networkx(from_hetero(data))


def scene_to_data(scene: SceneGraph) -> Data:
    """Return a scene graph as one kind of nodes and edges."""
    return to_data(to_networkx(scene))


def data_to_scene(data: Data) -> SceneGraph:
    """Undo `scene_to_data`; raises as `hetero_to_scene`."""
    return from_networkx(from_data(data))


def rdf_to_hetero(rdf: Graph) -> HeteroData:
    """Return an RDF graph or dataset; classes and datatypes are node types, predicates relations.

    Classes and predicates are named with the graph's prefixes: data["foaf:Person"],
    data["foaf:Person", "foaf:age", "xsd:integer"]. A literal's number is `value`.
    """
    return to_hetero(rdf_to_networkx(rdf), node_type="class")


def hetero_to_rdf(data: HeteroData) -> Graph:
    """Undo `rdf_to_hetero`.

    Raises:
        SightGraphError: `data` holds an attribute or a node that RDF has no place for.
    """
    return networkx_to_rdf(from_hetero(data))


def rdf_to_data(rdf: Graph) -> Data:
    """Return an RDF graph or dataset as one kind of nodes and edges."""
    return to_data(rdf_to_networkx(rdf))


def data_to_rdf(data: Data) -> Graph:
    """Undo `rdf_to_data`; raises as `hetero_to_rdf`."""
    return networkx_to_rdf(from_data(data))
