"""Changes of a graph that a person states in a dialog: made on a copy of it, and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from kg.english import normalise, plural, with_article
from kg.graph import Edge, Node, SceneGraph
from kg.knowledge.edits import Edits
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.sentences import seen_verb, stated
from pipelines.detections import HAS_COLOUR, HAS_COUNT
from pipelines.dialog.turns import Action, Change
from pipelines.seeing.stated import HAS_ATTRIBUTE

DIALOG = "dialog"
"""The origin of what a person said in a dialog."""
OF_THE_KIND = "knowledge"
"""The origin of attributes that follow from an object's kind, and not from its pixels."""
OTHERWISE = "unknown thing"
"""What something is called of which is only known what it is not."""
ONE_ONLY = frozenset({HAS_COLOUR})
"""Relations of which an object that a person described has no other value."""


def changed(graph: SceneGraph, changes: Sequence[Change]) -> SceneGraph:
    """Return a copy of `graph` after `changes`; facts are left to `edits_of`.

    Objects that are named or added are not yet linked to concepts: `CorrectedGraph` does that.
    A change of a node that is not in the graph changes nothing.
    """
    nodes = {node.id: node for node in graph.nodes()}
    edges = graph.edges()
    for one in changes:
        edges = _change(one, nodes, edges)
    copy = SceneGraph(graph.photo, graph.text)
    for node in nodes.values():
        copy.add(replace(node))
    for edge in edges:
        if edge.source in copy and edge.target in copy:
            copy.connect(edge)
    return _recounted(copy) if changes else copy


def _change(one: Change, nodes: dict[str, Node], edges: list[Edge]) -> list[Edge]:
    """Make one change in `nodes`, and return the edges after it."""
    if one.action == Action.ADD:
        nodes[one.node] = Node(one.node, NodeKind.OBJECT, one.value, DIALOG)
    node = nodes.get(one.node)
    if node is None:
        return edges
    match one.action:
        case Action.NAME:
            nodes[one.node] = replace(node, label=one.value, origin=DIALOG, score=1.0)
            return [edge for edge in edges if not _follows_from_kind(edge, one.node)]
        case Action.REMOVE:
            del nodes[one.node]
            return [edge for edge in edges if one.node not in (edge.source, edge.target)]
        case Action.DESCRIBE:
            value = f"seen:{one.value}"
            nodes.setdefault(value, Node(value, NodeKind.ATTRIBUTE, one.value, DIALOG))
            kept = [edge for edge in edges if not _is_replaced(edge, one, value)]
            return [*kept, _stated(one, value)]
        case Action.DENY:
            return [edge for edge in edges if not _is_denied(edge, one, nodes)]
        case Action.RELATE:
            return [*edges, _stated(one, one.value)]
    return edges


def _stated(one: Change, target: str) -> Edge:
    return Edge(one.node, target, EdgeKind.SEMANTIC, one.relation, DIALOG)


def _follows_from_kind(edge: Edge, node: str) -> bool:
    """Whether an edge says what `node` is, or what follows from that."""
    return edge.source == node and (edge.kind == EdgeKind.LINK or edge.origin == OF_THE_KIND)


def _is_replaced(edge: Edge, one: Change, value: str) -> bool:
    same = edge.source == one.node and edge.relation == one.relation
    return same and (one.relation in ONE_ONLY or edge.target == value)


def _is_denied(edge: Edge, one: Change, nodes: dict[str, Node]) -> bool:
    """Whether an edge says what is denied; the value is a name, or the id of an object."""
    if edge.source != one.node or edge.relation != one.relation:
        return False
    end = nodes.get(edge.target)
    return edge.target == one.value or (end is not None and end.label == one.value)


def _recounted(graph: SceneGraph) -> SceneGraph:
    """Return the graph with the counts of its objects anew (`pipelines.seeing.geometry`)."""
    old = [edge for edge in graph.edges() if edge.relation == HAS_COUNT]
    counts = Counter(node.label for node in graph.nodes(NodeKind.OBJECT))
    graph = graph.without(*old)
    for node in graph.nodes(NodeKind.OBJECT):
        if counts[node.label] > 1:
            word = str(counts[node.label])
            value = graph.add(Node(f"seen:{word}", NodeKind.ATTRIBUTE, word, "geometry"))
            edge = Edge(node.id, value.id, EdgeKind.SEMANTIC, HAS_COUNT, "geometry")
            graph.connect(edge)
    return graph


def edits_of(changes: Iterable[Change]) -> Edits:
    """Return the facts that are set and unset after all `changes`; the last word counts."""
    known: dict[str, bool] = {}
    for one in changes:
        if one.action in (Action.SET, Action.UNSET):
            known[one.value] = one.action == Action.SET
    return Edits(
        tuple(text for text, is_set in known.items() if is_set),
        tuple(text for text, is_set in known.items() if not is_set),
    )


def counted(changes: Iterable[Change]) -> frozenset[str]:
    """Return the names of which a person said how many there are: the graph holds so many."""
    return frozenset(normalise(one.node) for one in changes if one.action == Action.COUNT)


def renamed(changes: Iterable[Change]) -> frozenset[str]:
    """Return the objects whose name a person gave: what their region looks like misled."""
    return frozenset(one.node for one in changes if one.action in (Action.NAME, Action.REMOVE))


def described(changes: Sequence[Change], before: SceneGraph) -> str:
    """Return in one line what `changes` change in the graph `before` them."""
    if not changes:
        return "The graph holds that already."
    labels = {node.id: node.label for node in before.nodes()}
    lines = [_line(one, labels) for one in changes if one.action != Action.UNSET]
    gone = [one.value.split(" | ") for one in changes if one.action == Action.UNSET]
    if lines and gone:
        lines.append(f"no longer: {', '.join(parts[2] for parts in gone)}")
    elif gone:
        lines = [f"it is not so that {stated(*parts)}" for parts in gone]
    return "Changed: " + "; ".join(dict.fromkeys(lines)) + "."


def _line(one: Change, labels: dict[str, str]) -> str:
    what = f"{labels.get(one.node, one.node)} ({one.node.replace(':', ' ')})"
    match one.action:
        case Action.NAME:
            return f"{what} is {with_article(one.value)}"
        case Action.REMOVE:
            return f"{what} is not there"
        case Action.ADD:
            labels[one.node] = one.value
            return f"{with_article(one.value)} ({one.node.replace(':', ' ')}) is there"
        case Action.COUNT:
            number = int(one.value)
            return f"there are {number} {plural(one.node)}" if number != 1 else f"1 {one.node}"
        case Action.DESCRIBE:
            return f"{what} is {one.value}"
        case Action.DENY:
            relation = "" if one.relation in (HAS_COLOUR, HAS_ATTRIBUTE) else f"{one.relation} "
            return f"{what} is not {relation}{labels.get(one.value, one.value)}"
        case Action.RELATE:
            verb = "has" if one.relation == "have" else seen_verb(one.relation)
            return f"{what} {verb} the {labels.get(one.value, one.value)}"
    return stated(*one.value.split(" | "))
