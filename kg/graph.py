"""The scene graph: objects, words and knowledge, linked.

Every later step (tensors, answer, evidence, export) reads this class, and nothing
else; it knows none of the steps that fill it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from kg.errors import SightGraphError
from kg.vocabulary import EdgeKind, NodeKind, Triple

if TYPE_CHECKING:
    import networkx as nx

Span = tuple[int, int]
"""(start, end) in characters of the text, end exclusive."""


class Box(NamedTuple):
    """(x1, y1, x2, y2) in pixels of the original photograph, x right, y down.

    >>> Box(0, 0, 4, 2).iou(Box(2, 0, 6, 2)), Box(0, 0, 1, 1).gap(Box(4, 5, 6, 6))
    (0.3333333333333333, 5.0)
    """

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Square pixels; 0 for a box that is turned inside out."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, (x, y)."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def intersection(self, other: Box) -> float:
        """Return the area that both boxes cover."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Box) -> float:
        """Return intersection over union, in [0, 1]; 0 where both are empty."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def gap(self, other: Box) -> float:
        """Return the distance between the nearest points of the two boxes; 0 if they touch."""
        across = max(other.x1 - self.x2, self.x1 - other.x2, 0.0)
        down = max(other.y1 - self.y2, self.y1 - other.y2, 0.0)
        return float((across**2 + down**2) ** 0.5)


class Interval(NamedTuple):
    """(start, end) in seconds from the beginning of a video; equal for a moment.

    >>> Interval(1, 4).overlap(Interval(3, 9)), Interval(1, 4).length
    (1, 3)
    """

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds from the start to the end."""
        return self.end - self.start

    def overlap(self, other: Interval) -> float:
        """Return the seconds that both cover."""
        return max(min(self.end, other.end) - max(self.start, other.start), 0)


@dataclass(frozen=True, slots=True)
class Recording:
    """The file behind a signal: feature vectors of a modality that is not the photograph.

    modality: its name, e.g. "sound". source: the file's name, or where else it came from.
    sha256: of the file, in hexadecimal; of vectors in memory, of their numbers.
    rows, features: T vectors of D numbers each.
    rate: vectors a second; None where they do not follow each other in time.
    """

    modality: str
    source: str
    sha256: str
    rows: int
    features: int
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One thing in the graph.

    id: unique within the graph, e.g. "object:0" or a concept's IRI.
    label: what a person calls it.
    origin: the source: a detector's, parser's or knowledge graph's name.
    score: confidence of the origin, in [0, 1].
    box: where in the photograph, for objects that were located.
    span: where in the text, for entities and attributes that were read.
    intervals: when in the video it is seen or happens, or from when to when a signal lasts, in
        order; () for what has no time.
    recording: the file of a signal.
    """

    id: str
    kind: NodeKind
    label: str
    origin: str
    score: float = 1.0
    box: Box | None = None
    span: Span | None = None
    intervals: tuple[Interval, ...] = ()
    recording: Recording | None = None

    def __post_init__(self) -> None:
        """Let a box be given as any four numbers, and an interval as any two."""
        if self.box is not None and not isinstance(self.box, Box):
            object.__setattr__(self, "box", Box(*self.box))
        if self.intervals:
            object.__setattr__(self, "intervals", intervals_of(self.intervals))


@dataclass(frozen=True, slots=True)
class Edge:
    """One statement that links two nodes.

    source, target: node ids; the statement reads source - relation - target.
    relation: a short phrase, e.g. "left of", "used for".
    origin: the source, e.g. "geometry", "parser", "animals.ttl".
    score: confidence of the origin, in [0, 1].
    span: the words that state it, if it was read from the text.
    via: for an inherited fact, the labels of the categories it came through.
    predicate: the IRI of the relation of a fact; "" for an edge of another kind.
    implied: the IRIs of the relations that follow from it (rdfs:subPropertyOf).
    statement: the triple from which a fact comes, as the source `origin` states it: of an
        inherited fact, the triple about the category.
    intervals: when in the video it holds, in order; () for what has no time.
    """

    source: str
    target: str
    kind: EdgeKind
    relation: str
    origin: str
    score: float = 1.0
    span: Span | None = None
    via: tuple[str, ...] = ()
    predicate: str = field(default="", hash=False)
    implied: tuple[str, ...] = field(default=(), hash=False)
    statement: Triple | None = field(default=None, hash=False)
    intervals: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        """Let an interval be given as any two numbers."""
        if self.intervals:
            object.__setattr__(self, "intervals", intervals_of(self.intervals))

    def states(self, relation: str) -> bool:
        """Whether the edge states the relation with that IRI, by itself or by implication."""
        return relation == self.predicate or relation in self.implied


def intervals_of(pairs: Iterable[tuple[float, float]]) -> tuple[Interval, ...]:
    """Return pairs of seconds as intervals."""
    return tuple(Interval(*pair) for pair in pairs)


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """The photograph or video that a graph describes; width and height in pixels.

    sha256: of its content, in hexadecimal; "" where it is not known.
    duration: of a video, in seconds; 0 for a photograph.
    """

    source: str
    width: int
    height: int
    sha256: str = ""
    duration: float = 0.0


class SceneGraph:
    """A directed graph with named nodes and parallel edges.

    Wraps a `networkx.MultiDiGraph` (`.networkx`), whose nodes carry a `Node` and whose
    edges carry an `Edge`. Iteration follows insertion, so the same input gives the same
    graph in the same order.

    photo: the photograph described, if there is one.
    text: the question or caption that entity spans point into.

    >>> graph = SceneGraph()
    >>> cat = graph.add(Node("object:0", NodeKind.OBJECT, "cat", "bundled", 0.9))
    >>> pet = graph.add(Node("sg:pet", NodeKind.CONCEPT, "pet", "animals.ttl"))
    >>> _ = graph.connect(Edge(cat.id, pet.id, EdgeKind.LINK, "means", "linker"))
    >>> [edge.relation for edge in graph.edges_from("object:0")]
    ['means']
    """

    def __init__(self, photo: PhotoInfo | None = None, text: str | None = None) -> None:
        import networkx as nx  # a tenth of a second, which no help page waits for

        self.networkx: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self.photo = photo
        self.text = text

    def add(self, node: Node) -> Node:
        """Add `node`; a node of the same id stays as it is and is returned instead."""
        if node.id in self:
            return self.node(node.id)
        self.networkx.add_node(node.id, node=node)
        return node

    def connect(self, edge: Edge) -> Edge:
        """Add `edge`; parallel edges are retained, an equal edge is added once.

        Raises:
            SightGraphError: one of its two nodes is not in the graph.
        """
        for end in (edge.source, edge.target):
            if end not in self:
                raise SightGraphError(
                    f"the edge {edge.source} - {edge.relation} - {edge.target} needs the node "
                    f"'{end}'. Add the node first."
                )
        if edge not in self.edges_between(edge.source, edge.target):
            self.networkx.add_edge(edge.source, edge.target, edge=edge)
        return edge

    def node(self, node_id: str) -> Node:
        """Return the node of that id.

        Raises:
            SightGraphError: there is none.
        """
        try:
            node: Node = self.networkx.nodes[node_id]["node"]
        except KeyError:
            raise SightGraphError(f"the graph has no node '{node_id}'.") from None
        return node

    def nodes(self, kind: NodeKind | None = None) -> list[Node]:
        """Return all nodes, or those of one kind, in order of insertion."""
        every: list[Node] = [data["node"] for data in self.networkx._node.values()]
        return every if kind is None else [node for node in every if node.kind == kind]

    def edges(self, kind: EdgeKind | None = None) -> list[Edge]:
        """Return all edges, or those of one kind, grouped by source in order of insertion."""
        every = [edge for _, ends in self.networkx.adjacency() for edge in _edges_to_each(ends)]
        return every if kind is None else [edge for edge in every if edge.kind == kind]

    def edges_from(self, node_id: str) -> list[Edge]:
        """Return the edges whose source is `node_id`."""
        return _edges_to_each(self.networkx._succ.get(node_id, {}))

    def edges_to(self, node_id: str) -> list[Edge]:
        """Return the edges whose target is `node_id`."""
        return _edges_to_each(self.networkx._pred.get(node_id, {}))

    def edges_between(self, source: str, target: str) -> list[Edge]:
        """Return the edges from `source` to `target`."""
        parallel: dict[Any, Any] = self.networkx.get_edge_data(source, target, default={})
        return [data["edge"] for data in parallel.values()]

    def without(self, *edges: Edge) -> SceneGraph:
        """Return a copy that lacks `edges`: the deletion test's step.

        It is made in networkx's own tables, as `edges` reads them: an answer needs a dozen copies,
        and most pairs of nodes keep all their edges.
        """
        dropped: dict[tuple[str, str], list[Edge]] = {}
        for edge in edges:
            dropped.setdefault((edge.source, edge.target), []).append(edge)
        copy = SceneGraph(self.photo, self.text)
        copy.networkx.add_nodes_from((node.id, {"node": node}) for node in self.nodes())
        outgoing, incoming = copy.networkx._succ, copy.networkx._pred
        for source, ends in self.networkx._succ.items():
            row = outgoing[source]
            for target, parallel in ends.items():
                gone = dropped.get((source, target), ())
                kept = {
                    key: {"edge": data["edge"]}
                    for key, data in parallel.items()
                    if data["edge"] not in gone
                }
                if kept:
                    row[target] = incoming[target][source] = kept
        return copy

    def __contains__(self, node_id: object) -> bool:
        return node_id in self.networkx

    def __len__(self) -> int:
        return len(self.networkx)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SceneGraph):
            return NotImplemented
        return (
            self.photo == other.photo
            and self.text == other.text
            and {node.id: node for node in self.nodes()}
            == {node.id: node for node in other.nodes()}
            and set(self.edges()) == set(other.edges())
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"SceneGraph({len(self)} nodes, {self.networkx.number_of_edges()} edges)"


def _edges_to_each(ends: Mapping[str, Mapping[int, Mapping[str, Edge]]]) -> list[Edge]:
    """Return the edges to or from each of `ends`, read from networkx's own tables.

    Its views take three times as long, and an answer reads all edges a hundred times.
    """
    return [data["edge"] for parallel in ends.values() for data in parallel.values()]
