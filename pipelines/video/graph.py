"""The temporal scene graph: things, relations and events, each with its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from kg.graph import Box, Edge, Interval, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.detections import HAS_COUNT, HAS_POSITION, MAX_OBJECTS
from pipelines.seeing.geometry import relations
from pipelines.video.events import Event
from pipelines.video.tracking import Track

WHO, WHAT = "who", "what"
"""Relations of an event to the things that take part in it."""
RULES = "rules"
"""The origin of events."""
SPACING = 0.5
"""Seconds between the moments at which spatial relations are measured."""
BRIDGED = 1.0
"""Interruptions of a relation that are shorter are closed, in seconds. By hand."""
HELD = 0.5
"""Seconds that a relation lasts at least. By hand."""
OF_A_MOMENT = {HAS_POSITION, HAS_COUNT}
"""Attributes that one frame gives a thing and the next one takes away."""


@dataclass(frozen=True)
class Look:
    """A frame that was looked at like a photograph.

    graph: of this frame. tracks: the track of each of its objects, by their order.
    """

    seconds: float
    graph: SceneGraph
    tracks: Sequence[int]


def temporal_graph(
    video: PhotoInfo, tracks: Sequence[Track], events: Sequence[Event], looks: Sequence[Look]
) -> SceneGraph:
    """Return the graph of a video; the i-th track is `object:i`, the i-th event `event:i`.

    What a look adds (names, colours, concepts and their facts, scenes) has no time; what it sees
    two things do to each other has the moment of the look.
    """
    graph = SceneGraph(video)
    labels = _names(looks)
    for place, track in enumerate(tracks):
        box = Box(*(round(float(side), 2) for side in track.boxes[track.best]))
        name, origin, score = labels.get(place, (track.label, "tracker", track.score))
        node = Node(object_id(place), NodeKind.OBJECT, name, origin, score, box)
        graph.add(replace(node, intervals=track.intervals))
    for look in looks:
        _add_look(graph, look)
    for edge in _spatial(tracks, video):
        graph.connect(edge)
    for place, event in enumerate(events):
        _add_event(graph, f"event:{place}", event)
    return graph


def object_id(track: int) -> str:
    """Return the id of a track's node."""
    return f"object:{track}"


def _names(looks: Iterable[Look]) -> Mapping[int, tuple[str, str, float]]:
    """Return label, origin and score of each track, of the first look at it."""
    found: dict[int, tuple[str, str, float]] = {}
    for look in looks:
        for place, track in enumerate(look.tracks):
            node = look.graph.node(object_id(place))
            found.setdefault(track, (node.label, node.origin, node.score))
    return found


def _add_look(graph: SceneGraph, look: Look) -> None:
    ids = {object_id(place): object_id(track) for place, track in enumerate(look.tracks)}
    moment = (Interval(look.seconds, look.seconds),)
    for node in look.graph.nodes():
        if node.kind not in (NodeKind.OBJECT, NodeKind.TEXT):
            graph.add(node)
    for edge in look.graph.edges():
        source, target = ids.get(edge.source, edge.source), ids.get(edge.target, edge.target)
        is_known = source in graph and target in graph
        if not is_known or edge.kind == EdgeKind.SPATIAL or edge.relation in OF_A_MOMENT:
            continue
        if edge.source in ids and edge.target in ids:
            edge = replace(edge, intervals=moment)
        graph.connect(replace(edge, source=source, target=target))


def _add_event(graph: SceneGraph, name: str, event: Event) -> None:
    times = (event.interval,)
    graph.add(Node(name, NodeKind.EVENT, event.name, RULES, score=event.score, intervals=times))
    parties = ((WHO, event.who), (WHAT, event.what))
    for relation, track in parties:
        if track is not None:
            target = object_id(track)
            edge = Edge(name, target, EdgeKind.SEMANTIC, relation, RULES, event.score)
            graph.connect(replace(edge, intervals=times))


def _spatial(tracks: Sequence[Track], video: PhotoInfo) -> Iterator[Edge]:
    """Yield the spatial relations of the tracks that are seen most, with their intervals."""
    most = sorted(range(len(tracks)), key=lambda one: -len(tracks[one].times))[:MAX_OBJECTS]
    for one, other in permutations(sorted(most), 2):
        found: dict[str, list[tuple[float, float]]] = {}
        first = max(tracks[one].times[0], tracks[other].times[0])
        last = min(tracks[one].times[-1], tracks[other].times[-1])
        for seconds in np.arange(np.ceil(first / SPACING) * SPACING, last + 1e-6, SPACING):
            a, b = tracks[one].box_at(float(seconds)), tracks[other].box_at(float(seconds))
            if a is not None and b is not None:
                for name, score in relations(a, b, video.width, video.height).items():
                    found.setdefault(name, []).append((float(seconds), score))
        for name, measured in found.items():
            intervals = _intervals([seconds for seconds, _ in measured])
            if intervals:
                score = round(float(np.mean([score for _, score in measured])), 4)
                ends = object_id(one), object_id(other)
                edge = Edge(*ends, EdgeKind.SPATIAL, name, "geometry", score)
                yield replace(edge, intervals=intervals)


def _intervals(moments: Sequence[float]) -> tuple[Interval, ...]:
    """Return the stretches of moments, without short interruptions and short stretches."""
    found: list[list[float]] = []
    for moment in moments:
        if found and moment - found[-1][1] <= BRIDGED + 1e-6:
            found[-1][1] = moment
        else:
            found.append([moment, moment])
    return tuple(Interval(*one) for one in found if one[1] - one[0] >= HELD)
