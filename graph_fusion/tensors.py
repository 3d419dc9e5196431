"""From a graph and a question to tensors, and many of them to one batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph, Span
from kg.vocabulary import EdgeKind, NodeKind

READ_AS = {
    NodeKind.TEXT: NodeKind.ATTRIBUTE,
    NodeKind.EVENT: NodeKind.ATTRIBUTE,
    NodeKind.TURN: NodeKind.ENTITY,
    NodeKind.SIGNAL: NodeKind.OBJECT,
}
"""Kinds of nodes that came after the networks were designed, and what they are read as."""
NODE_KINDS = [kind for kind in NodeKind if kind not in READ_AS]
"""Kinds of nodes that the networks tell apart."""
EDGE_KINDS: list[EdgeKind] = [kind for kind in EdgeKind if kind != EdgeKind.DIALOG]
"""Kinds of edges that the networks tell apart; an edge of a dialog is of none of them."""
ANSWER_TYPES = ("object", "concept", "attribute", "number", "yes/no")

GEOMETRY_FEATURES = 6
"""x1, y1, x2, y2 as shares of the photograph, area share, detector's score."""
EDGE_FEATURES = len(EDGE_KINDS) + 7
"""Kind; backward; score; inherited; definite, indefinite, bare entity at one end; focus there."""
IS_BACKWARD = len(EDGE_KINDS)
TRUST = IS_BACKWARD + 1
"""Columns of the edge features: whether a message runs against its edge, and the edge's score."""

_DEFINITE = {"the", "this", "that", "these", "those", "it", "its", "they"}
_INDEFINITE = {"a", "an", "any", "some"}


@dataclass(frozen=True, slots=True)
class Query:
    """What of a question the model reads beside the graph.

    frame: the question with the names of things taken out: "what does it need to run?".
    answer_type: one of `ANSWER_TYPES`, as the parser sees it.
    focus: the span of the noun that the question asks for, if there is one.
    topic: id of the node that the question asks something about, if there is one.
    wordings: texts that are read in place of relation labels.
    options: what the question lets choose between, if it does: ("left", "right").
    written: what kind of text in the photograph it asks for: "words", "number", "time", "name" or
        "brand"; None where it asks for no text.
    of_now: whether it asks what is being done in the photograph: "is it swimming".
    about: the span of the words for the topic, with what describes it; (0, 0) without one.
    """

    text: str
    frame: str
    answer_type: str
    focus: Span | None = None
    topic: str | None = None
    wordings: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    written: str | None = None
    of_now: bool = False
    about: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class GraphTensors:
    """One graph with one question; texts are kept as rows of a `TextTable`.

    Every edge stands twice, forward and backward: messages may go either way.

    Shapes (N nodes, E messages = twice the edges, F region features):
        node_text [N], node_kind [N]: row of the label; index into `NODE_KINDS`
        geometry [N, 6], region [N, F]: zeros where a node has none
        senders, receivers [E]: node indexes
        relation [E]: row of the relation's text; edge_features [E, 12]
        question [2]: rows of the question and of its frame; answer_type [5]: one-hot
    """

    node_text: Tensor
    node_kind: Tensor
    geometry: Tensor
    region: Tensor
    senders: Tensor
    receivers: Tensor
    relation: Tensor
    edge_features: Tensor
    question: Tensor
    answer_type: Tensor


@dataclass(frozen=True, slots=True)
class Batch(GraphTensors):
    """Graphs one after another; question [B, 2], answer_type [B, 5].

    graph_of_node [N], graph_of_edge [E]: which graph each belongs to; size = B.
    texts [T, D]: the vectors that all text rows point into.
    """

    graph_of_node: Tensor
    graph_of_edge: Tensor
    texts: Tensor
    size: int


class TextTable:
    """Gives each text a row number, so that a text is encoded once."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}

    def row(self, text: str) -> int:
        return self._rows.setdefault(text, len(self._rows))

    def texts(self) -> list[str]:
        return list(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)


def graph_tensors(
    graph: SceneGraph,
    query: Query,
    table: TextTable,
    regions: Mapping[str, np.ndarray] | None = None,
    region_features: int = 0,
) -> GraphTensors:
    """Return the tensors of `graph` and `query`; new texts are added to `table`.

    regions: region features [F] by node id, where the detector gives them.
    """
    nodes = graph.nodes()
    index = {node.id: i for i, node in enumerate(nodes)}
    edges = graph.edges()
    ends = [[index[edge.source], index[edge.target]] for edge in edges]
    forward = torch.tensor(ends, dtype=torch.long).view(-1, 2)  # long also without any edge
    senders, receivers = forward[:, 0], forward[:, 1]
    features = torch.tensor([_edge_features(graph, query, edge) for edge in edges])
    features = features.view(-1, EDGE_FEATURES)
    backward = features.clone()
    backward[:, IS_BACKWARD] = 1.0
    relations = [query.wordings.get(edge.predicate, edge.relation) for edge in edges]
    relation = torch.tensor([table.row(text) for text in relations], dtype=torch.long)
    region = torch.zeros(len(nodes), region_features)
    for node_id, feature in (regions or {}).items():
        if node_id in index and feature.shape == (region_features,):  # others mean nothing
            region[index[node_id]] = torch.from_numpy(feature)
    return GraphTensors(
        node_text=torch.tensor([table.row(node.label) for node in nodes], dtype=torch.long),
        node_kind=torch.tensor([_kind(n) for n in nodes], dtype=torch.long),
        geometry=torch.tensor([_geometry(graph, n) for n in nodes]).view(-1, GEOMETRY_FEATURES),
        region=region,
        senders=torch.cat([senders, receivers]),
        receivers=torch.cat([receivers, senders]),
        relation=relation.repeat(2),
        edge_features=torch.cat([features, backward]),
        question=torch.tensor([table.row(query.text.lower()), table.row(query.frame.lower())]),
        answer_type=torch.tensor([float(query.answer_type == kind) for kind in ANSWER_TYPES]),
    )


def collate(graphs: Sequence[GraphTensors], texts: Tensor) -> Batch:
    """Put `graphs` one after another; `texts` [T, D] are the vectors of their text table."""
    counts = torch.tensor([len(one.node_text) for one in graphs])
    edges = torch.tensor([len(one.senders) for one in graphs])
    offsets = torch.cumsum(counts, 0) - counts
    order = torch.arange(len(graphs))
    shift = offsets.repeat_interleave(edges)
    return Batch(
        node_text=torch.cat([one.node_text for one in graphs]),
        node_kind=torch.cat([one.node_kind for one in graphs]),
        geometry=torch.cat([one.geometry for one in graphs]),
        region=torch.cat([one.region for one in graphs]),
        senders=torch.cat([one.senders for one in graphs]) + shift,
        receivers=torch.cat([one.receivers for one in graphs]) + shift,
        relation=torch.cat([one.relation for one in graphs]),
        edge_features=torch.cat([one.edge_features for one in graphs]),
        question=torch.stack([one.question for one in graphs]),
        answer_type=torch.stack([one.answer_type for one in graphs]),
        graph_of_node=order.repeat_interleave(counts),
        graph_of_edge=order.repeat_interleave(edges),
        texts=texts,
        size=len(graphs),
    )


def box_shares(box: Box, photo: PhotoInfo) -> list[float]:
    """Return x1, y1, x2, y2 and the area of `box` as shares of the photograph."""
    width, height = photo.width, photo.height
    x1, y1, x2, y2 = box
    area = (x2 - x1) * (y2 - y1) / (width * height)
    return [x1 / width, y1 / height, x2 / width, y2 / height, area]


def _kind(node: Node) -> int:
    return NODE_KINDS.index(READ_AS.get(node.kind, node.kind))


def _geometry(graph: SceneGraph, node: Node) -> list[float]:
    if node.box is None or graph.photo is None:
        return [0.0] * (GEOMETRY_FEATURES - 1) + [node.score]
    return [*box_shares(node.box, graph.photo), node.score]


def _edge_features(graph: SceneGraph, query: Query, edge: Edge) -> list[float]:
    kind = [float(edge.kind == one) for one in EDGE_KINDS]
    reference = [0.0, 0.0, 0.0, 0.0]
    entity = graph.node(edge.source)
    if entity.kind == NodeKind.ENTITY and entity.span is not None and graph.text is not None:
        word = _determiner(graph.text, entity.span)
        definite, indefinite = word in _DEFINITE, word in _INDEFINITE
        focus = query.focus is not None and _overlap(entity.span, query.focus)
        bare = not definite and not indefinite
        reference = [float(definite), float(indefinite), float(bare), float(focus)]
    return [*kind, 0.0, edge.score, float(bool(edge.via)), *reference]


def _determiner(text: str, span: Span) -> str:
    """Return the span's first word if it is a determiner or pronoun, else the word before it."""
    words: list[str] = re.findall(r"\w+", text[span[0] : span[1]].lower())
    if words and words[0] in _DEFINITE | _INDEFINITE:
        return words[0]
    before: list[str] = re.findall(r"\w+", text[: span[0]].lower())
    return before[-1] if before else ""


def _overlap(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def segment_sum(values: Tensor, segment: Tensor, size: int) -> Tensor:
    """Sum `values` [N, H] by `segment` [N] into [size, H]."""
    return values.new_zeros(size, *values.shape[1:]).index_add(0, segment, values)


def segment_max(values: Tensor, segment: Tensor, size: int) -> Tensor:
    """Largest of `values` [N] by `segment` [N], as [size]; -inf for an empty segment."""
    start = values.new_full((size,), float("-inf"))
    return start.scatter_reduce(0, segment, values, "amax")


def segment_softmax(logits: Tensor, segment: Tensor, size: int) -> Tensor:
    """Softmax of `logits` [N] within each segment, as [N]."""
    shifted = (logits - segment_max(logits.detach(), segment, size)[segment]).exp()
    total = segment_sum(shifted, segment, size)
    return shifted / total[segment]


def places(segment: Tensor, size: int) -> tuple[Tensor, int]:
    """Return each row's place [N] within its segment, and how long the longest segment is.

    Shapes: segment [N], rising: the rows of a segment stand together.
    """
    counts = torch.bincount(segment, minlength=size)
    first = counts.cumsum(0) - counts
    longest = int(counts.max()) if size else 0
    return torch.arange(len(segment), device=segment.device) - first[segment], longest
