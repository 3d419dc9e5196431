"""Any networkx graph as PyG's `HeteroData`, and back to an equal graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any

import networkx as nx
import torch
from torch_geometric.data import HeteroData

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
    SCHEMA,
    Attributes,
    Ends,
    Field,
    Origin,
    Schema,
    TypeNames,
    edge_name,
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

UNTYPED_NODE = "node"
UNTYPED_EDGE = "to"
"""What nodes and edges without a type are called; "to" is PyG's own word."""

EdgeType = tuple[str, str, str]


def to_hetero(
    graph: nx.Graph[Any], node_type: str | None = "kind", edge_type: str | None = "relation"
) -> HeteroData:
    """Return a networkx graph of any kind as `HeteroData`; `from_hetero` gives it back equal.

    The attribute `node_type` of a node becomes its type, `edge_type` of an edge its relation
    (None: all are of one type). An attribute that all nodes of a type share becomes a tensor
    where one holds the values exactly (`columns.pack`), else a `Column`. `node_row` and
    `edge_row` are the places in `graph.nodes` and `graph.edges`. An undirected edge stands in
    both directions.

    Shapes (N nodes of a type, E edges of a triple of types):
        data[type].node_row [N], each tensor attribute [N, ...]
        data[source, relation, target].edge_index [2, E], .edge_row [E], attributes [E, ...]

    >>> graph = nx.MultiDiGraph()
    >>> graph.add_node("cat:0", kind="object", label="cat", score=0.9)
    >>> graph.add_node("pet", kind="concept", label="pet")
    >>> _ = graph.add_edge("cat:0", "pet", relation="is a")
    >>> data = to_hetero(graph)
    >>> data["object"].score, list(data["concept"].label)
    (tensor([0.9000], dtype=torch.float64), ['pet'])
    >>> data["object", "is a", "concept"].edge_index.tolist()
    [[0], [0]]
    >>> nx.utils.graphs_equal(from_hetero(data), graph)
    True
    """
    nodes = [attributes for _, attributes in graph.nodes(data=True)]
    row_of = {node: row for row, node in enumerate(graph)}
    keyed = graph.is_multigraph()
    edges = list(graph.edges(data=True))
    kinds = TypeNames(nodes, node_type, UNTYPED_NODE)
    relations = TypeNames((edge[-1] for edge in edges), edge_type, UNTYPED_EDGE)

    members: dict[str, list[int]] = {} if nodes else {kinds.default: []}
    for row, attributes in enumerate(nodes):
        members.setdefault(kinds.of(attributes), []).append(row)
    links: defaultdict[EdgeType, list[tuple[int, Ends]]] = defaultdict(list)
    for row, (source, target, attributes) in enumerate(edges):
        ends = row_of[source], row_of[target]
        for way in both_ways(graph.is_directed(), row, ends):
            first, last = (kinds.of(nodes[end]) for end in way[1])
            links[first, relations.of(attributes), last].append(way)

    data = HeteroData()
    fields = _named_fields(members, links, nodes, [edge[-1] for edge in edges], kinds, relations)
    for kind, rows in members.items():
        type_ = kinds.value(nodes[rows[0]]) if rows else None
        _write_nodes(data.get_node_store(kind), rows, fields[kind], type_)
    place = {row: place for rows in members.values() for place, row in enumerate(rows)}
    for triple, ways in links.items():
        type_ = relations.value(edges[ways[0][0]][-1])
        _write_edges(data.get_edge_store(*triple), ways, place, fields[triple], type_)
    taken = {*members, ORIGIN}
    (own,) = name_fields([(graph_fields(graph.graph), graph_name)], taken)
    write_fields(data, own)
    data[ORIGIN] = Origin(
        directed=graph.is_directed(),
        multigraph=keyed,
        ids=tuple(graph),
        keys=tuple(key for *_, key in graph.edges(keys=True)) if keyed else (),
        schemas={"graph": schema_of(own)},
        node_type=node_type,
        edge_type=edge_type,
    )
    return data


def from_hetero(data: HeteroData) -> nx.Graph[Any]:
    """Return the networkx graph that `data` came from, with what has changed since.

    Attributes that were added, changed or deleted in `data`, nodes and edges that were
    selected (`subgraph`, loaders) and added (`ToUndirected`) are so in the graph. A new node's
    id is (type, place). Data that never was a graph gives a `MultiDiGraph` with the types as
    attributes `kind` and `relation`.

    Raises:
        SightGraphError: `data` is a batch, or holds what no graph can hold; says which part.
    """
    if not isinstance(data, HeteroData):
        raise SightGraphError(
            f"from_hetero takes HeteroData, not {type(data).__name__}. For Data, use from_data."
        )
    origin = data._global_store.get(ORIGIN, Origin())
    if not isinstance(origin, Origin):
        raise SightGraphError(
            "this is a batch of several graphs. Convert each of `batch.to_data_list()`."
        )
    found: dict[str, list[FoundNode]] = {}
    for kind, store in data.node_items():
        found[kind] = _read_nodes(kind, store, origin)
    edges = [
        edge
        for triple, store in data.edge_items()
        for edge in _read_edges(triple, store, origin, found)
    ]
    own = read_graph_fields(data._global_store, origin.schemas.get("graph", Schema()))
    return restore(origin, [node for nodes in found.values() for node in nodes], edges, own)


def _named_fields(
    members: dict[str, list[int]],
    links: dict[EdgeType, list[tuple[int, Ends]]],
    nodes: list[Attributes],
    edges: list[Attributes],
    kinds: TypeNames,
    relations: TypeNames,
) -> dict[str | EdgeType, dict[str, Field]]:
    """Return the fields of every store by the store's type."""
    tables: dict[str | EdgeType, tuple[list[Field], Callable[[Hashable], str]]] = {}
    for kind, rows in members.items():
        things = [kinds.without(nodes[row]) for row in rows]
        tables[kind] = fields_of(rows, things), node_name
    for triple, ways in links.items():
        rows = [row for row, _ in ways]
        tables[triple] = fields_of(rows, [relations.without(edges[row]) for row in rows]), edge_name
    return dict(zip(tables, name_fields(list(tables.values()), set()), strict=True))


def _write_nodes(
    store: Any, rows: list[int], fields: dict[str, Field], type_: tuple[str, Hashable] | None
) -> None:
    store.num_nodes = len(rows)
    store[NODE_ROW] = torch.tensor(rows, dtype=torch.long)
    store[SCHEMA] = schema_of(fields, type_)
    write_fields(store, fields)


def _write_edges(
    store: Any,
    ways: list[tuple[int, Ends]],
    place: dict[int, int],
    fields: dict[str, Field],
    type_: tuple[str, Hashable] | None,
) -> None:
    rows, ends = zip(*ways, strict=True)
    places = [[place[first] for first, _ in ends], [place[last] for _, last in ends]]
    store.edge_index = torch.tensor(places, dtype=torch.long)
    store[EDGE_ROW] = torch.tensor(rows, dtype=torch.long)
    store[SCHEMA] = schema_of(fields, type_, rows, ends)
    write_fields(store, fields)


def _read_nodes(kind: str, store: Any, origin: Origin) -> list[FoundNode]:
    schema, what = store.get(SCHEMA, Schema()), f"data['{kind}']"
    rows = row_numbers(store, NODE_ROW, _size(kind, store), what)
    things = read_fields(store, schema, rows, what)
    for thing in things:
        _give_type(thing, kind, SCHEMA in store, schema, origin.node_type)
    ids = node_ids(origin, rows, lambda place: (kind, place))
    return [FoundNode(*one) for one in zip(rows, ids, things, strict=True)]


def _read_edges(
    triple: EdgeType, store: Any, origin: Origin, nodes: dict[str, list[FoundNode]]
) -> list[FoundEdge]:
    what = f"data{list(triple)}"
    if "edge_index" not in store or not {triple[0], triple[2]} <= nodes.keys():
        raise SightGraphError(
            f"{what} lacks its 'edge_index', or data['{triple[0]}'] or data['{triple[2]}'] its "
            "nodes. Give both (an adjacency matrix is not read)."
        )
    sources, targets = store.edge_index.tolist()
    schema = store.get(SCHEMA, Schema())
    starts = [nodes[triple[0]][place] for place in sources]
    stops = [nodes[triple[2]][place] for place in targets]
    rows = match_edges(
        schema,
        row_numbers(store, EDGE_ROW, len(sources), what),
        [(start.row, stop.row) for start, stop in zip(starts, stops, strict=True)],
    )
    things = read_fields(store, schema, rows, what)
    for thing in things:
        _give_type(thing, triple[1], SCHEMA in store, schema, origin.edge_type)
    return [
        FoundEdge(row, start.id, stop.id, thing)
        for row, start, stop, thing in zip(rows, starts, stops, things, strict=True)
    ]


def _give_type(
    thing: dict[Hashable, Any], name: str, ours: bool, schema: Schema, attribute: str | None
) -> None:
    """Say the type of `thing` as an attribute, as it was or as it is called now."""
    if attribute is None or (ours and schema.type is None):
        return
    known = schema.type is not None and schema.type[0] == name
    thing.setdefault(attribute, schema.type[1] if known and schema.type else name)


def _size(kind: str, store: Any) -> int:
    """Return how many nodes a store has, without guessing from what it is not sure of."""
    if store.can_infer_num_nodes and (size := store.num_nodes) is not None:
        return int(size)
    for value in store.values():
        if isinstance(value, torch.Tensor) and value.dim():
            return len(value)
    raise SightGraphError(f"data['{kind}'] says nowhere how many nodes it has: set its num_nodes.")
