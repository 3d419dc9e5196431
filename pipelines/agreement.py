"""How well objects of the photograph agree with what a text says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kg.graph import Box, Node, SceneGraph
from kg.vocabulary import EdgeKind
from pipelines.reading.constraints import SUPERLATIVES, is_colour
from pipelines.reading.predicates import canonical
from pipelines.reading.sentence import Constraint
from pipelines.seeing.seen import HAS_COLOUR

DISAGREES = 0.35
"""What is left of the score of an object that does not agree."""
LARGE_WORDS = frozenset({"large", "big", "huge", "giant", "tall", "long", "enormous"})
SMALL_WORDS = frozenset({"small", "little", "tiny", "short", "mini"})
SAME_COLOUR = {"gray": "grey", "golden": "yellow", "beige": "brown", "maroon": "red"}
NEAR = frozenset({"near", "next to", "close to", "with", "at", "by", "beside", "around"})
"""Predicates that two neighbouring objects satisfy."""
HELD = frozenset({"hold", "carry", "ride", "wear", "use", "in", "on", "have", "sit on", "eat"})
"""Predicates that two objects satisfy which overlap, where nothing surer is known."""


def agreement(
    graph: SceneGraph, objects: Sequence[str], constraint: Constraint, others: set[str]
) -> list[float]:
    """Return for each of `objects` (node ids) what is left of its score, in [`DISAGREES`, 1].

    Where nothing is known that could disagree, everything stays. others: the objects that a
    relation's other end may mean.
    """
    nodes = [graph.node(one) for one in objects]
    if constraint.kind == "relation":
        return _related(graph, objects, constraint.value, others)
    if constraint.kind == "attribute":
        return _attributed(graph, nodes, constraint.value)
    if any(node.box is None for node in nodes) or graph.photo is None or len(nodes) < 2:
        return [1.0] * len(nodes)
    if constraint.kind == "position":
        width, height = graph.photo.width, graph.photo.height
        shares = [_placed(_box(node), constraint.value, width, height) for node in nodes]
        return [DISAGREES + (1 - DISAGREES) * share for share in shares]
    if constraint.kind == "superlative":
        return _best(nodes, constraint.value)
    if constraint.kind == "order":
        number, _, side = constraint.value.split()
        order = sorted(nodes, key=lambda node: _ORDER[side](_box(node)))
        chosen = order[int(number) - 1] if int(number) <= len(order) else None
        return [1.0 if node is chosen else DISAGREES for node in nodes]
    if constraint.kind == "other":
        return [DISAGREES] + [1.0] * (len(nodes) - 1)
    return [1.0] * len(nodes)


_ORDER: dict[str, Callable[[Box], float]] = {
    "left": lambda box: box[0] + box[2],
    "right": lambda box: -box[0] - box[2],
    "top": lambda box: box[1] + box[3],
    "bottom": lambda box: -box[1] - box[3],
}
_MEASURES: dict[str, Callable[[Box], float]] = {
    "size": lambda box: (box[2] - box[0]) * (box[3] - box[1]),
    "height": lambda box: box[3] - box[1],
    "width": lambda box: box[2] - box[0],
    "distance": lambda box: -box[3],
    "left": lambda box: -box[0] - box[2],
    "right": lambda box: box[0] + box[2],
    "top": lambda box: -box[1] - box[3],
    "bottom": lambda box: box[1] + box[3],
}


def _box(node: Node) -> Box:
    assert node.box is not None
    return node.box


def _attributed(graph: SceneGraph, nodes: Sequence[Node], word: str) -> list[float]:
    if word in LARGE_WORDS | SMALL_WORDS and all(node.box is not None for node in nodes):
        areas = [_MEASURES["size"](_box(node)) for node in nodes]
        most = max(areas, default=1.0)
        shares = [area / most if word in LARGE_WORDS else 1 - 0.9 * area / most for area in areas]
        return [DISAGREES + (1 - DISAGREES) * max(share, 0.0) for share in shares]
    if not is_colour(word):
        return [1.0] * len(nodes)
    colour = SAME_COLOUR.get(word, word)
    found = []
    for node in nodes:
        seen = {
            graph.node(edge.target).label: edge.score
            for edge in graph.edges_from(node.id)
            if edge.relation == HAS_COLOUR
        }
        found.append(1.0 if colour in seen or not seen else DISAGREES)
    return found


def _placed(box: Box, place: str, width: int, height: int) -> float:
    """Return how much a box is at `place`, in [0, 1]."""
    x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
    share = {
        "left": 1 - x,
        "right": x,
        "top": 1 - y,
        "bottom": y,
        "middle": 1 - 2 * max(abs(x - 0.5), abs(y - 0.5)),
        "foreground": box[3] / height,
        "background": 1 - box[3] / height,
    }.get(place, 1.0)
    return min(max(share, 0.0), 1.0)


def _best(nodes: Sequence[Node], word: str) -> list[float]:
    compared, end = SUPERLATIVES[word]
    measure = _MEASURES.get(compared)
    if measure is None:
        return [1.0] * len(nodes)
    values = [measure(_box(node)) for node in nodes]
    best = max(values) if end == "most" else min(values)
    return [1.0 if value == best else DISAGREES for value in values]


def _related(
    graph: SceneGraph, objects: Sequence[str], predicate: str, others: set[str]
) -> list[float]:
    """Which objects have an edge like `predicate` to one of `others`."""
    if not others or not objects:
        return [1.0] * len(objects)
    form = canonical(predicate)
    agreed = [
        any(_holds(graph, one, form.text, form.exchanged, other) for other in others - {one})
        for one in objects
    ]
    if not any(agreed):
        return [1.0] * len(objects)
    return [1.0 if yes else DISAGREES for yes in agreed]


def _holds(graph: SceneGraph, one: str, form: str, exchanged: bool, other: str) -> bool:
    source, target = (other, one) if exchanged else (one, other)
    names = {
        canonical(edge.relation).text
        for edge in graph.edges_between(source, target)
        if edge.kind in (EdgeKind.SPATIAL, EdgeKind.SEMANTIC)
    }
    if form in names or form.rsplit(" ", 1)[-1] in names:
        return True
    if form in NEAR:
        return "near" in names
    return form in HELD and bool(names & {"in", "on", "around", "under"})
