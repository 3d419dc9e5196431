"""PNG and SVG: the photograph with its boxes beside the drawn graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.formats import ACCENT, COLOURS, Highlights
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

if TYPE_CHECKING:
    from PIL import Image

INK, FAINT = "#1d3557", "#adb5bd"
THIN, WIDE = 1.4, 5.0
"""Line widths of what counted nothing and of what counted all, in points."""
PALEST = 0.4
"""Opacity of what counted nothing."""
MAX_NODES = 24
MAX_LABEL = 40
"""Characters of a label in the graph: what was said in a dialog is longer."""
MAX_NEIGHBOURS = 6
"""Facts shown beside the path of each concept on it."""

COLUMNS = {
    NodeKind.ENTITY: 0,
    NodeKind.ATTRIBUTE: 0,
    NodeKind.TURN: 0,
    NodeKind.OBJECT: 1,
    NodeKind.SCENE: 1,
    NodeKind.TEXT: 1,
    NodeKind.EVENT: 0,
    NodeKind.SIGNAL: 1,
    NodeKind.CONCEPT: 2,
    NodeKind.LITERAL: 3,
}
"""Words stand left of objects, objects left of what is known."""


def write_png(graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights) -> None:
    """Draw the photograph, if it is given, and the part of the graph that fits a picture."""
    _figure(graph, image, view).savefig(target, format="png")


def write_svg(graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights) -> None:
    """Draw the same as `write_png`, with lines and letters instead of pixels."""
    from matplotlib import rc_context

    same_bytes_each_time = {"svg.hashsalt": "sightgraph"}
    with rc_context({"svg.fonttype": "none", **same_bytes_each_time}):
        _figure(graph, image, view).savefig(target, format="svg", metadata={"Date": None})


def _figure(graph: SceneGraph, image: Image.Image | None, view: Highlights) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 7.5), dpi=110, facecolor="white")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.25])
    _draw_photo(left, graph, image, view)
    _draw_graph(right, graph, view)
    if view.title:
        figure.suptitle(
            f"{_plain(view.title)}   →   {_plain(view.subtitle)}", fontsize=15, color=INK
        )
    figure.tight_layout()
    return figure


def _draw_photo(axes: Any, graph: SceneGraph, image: Image.Image | None, view: Highlights) -> None:
    from matplotlib.patches import Rectangle

    axes.axis("off")
    if image is not None:
        axes.imshow(image)
    elif graph.photo is not None:
        axes.set_xlim(0, graph.photo.width)
        axes.set_ylim(graph.photo.height, 0)
        axes.set_aspect("equal")
    for node in (*graph.nodes(NodeKind.OBJECT), *graph.nodes(NodeKind.TEXT)):
        if node.box is None:
            continue
        x1, y1, x2, y2 = node.box
        chosen = node.id in view.nodes
        colour = ACCENT if chosen else COLOURS[node.kind]
        box = Rectangle(
            (x1, y1),
            x2 - x1,
            y2 - y1,
            fill=False,
            edgecolor=colour,
            linewidth=_width(view, node.id) if chosen else 1.2,
            alpha=_opacity(view, node.id) if chosen else 1.0,
        )
        axes.add_patch(box)
        axes.text(
            x1,
            y1,
            _plain(_box_label(node, view)),
            fontsize=10 if chosen else 7.5,
            color="white" if chosen else INK,
            verticalalignment="bottom",
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5, "alpha": 0.9},
        )


def _draw_graph(axes: Any, graph: SceneGraph, view: Highlights) -> None:
    axes.axis("off")
    nodes, edges = shown(graph, view)
    places = _places(nodes, view)
    for edge in sorted(edges, key=lambda one: one in view.edges):
        _draw_edge(axes, edge, places, view)
    for node in nodes:
        x, y = places[node.id]
        chosen = node.id in view.nodes
        axes.text(
            x,
            y,
            _plain(_short(node.label)),
            ha="center",
            va="center",
            fontsize=11 if chosen else 9,
            color=INK,
            zorder=3,
            bbox={
                "boxstyle": "round,pad=0.35",
                "facecolor": COLOURS[node.kind],
                "edgecolor": ACCENT if chosen else "white",
                "linewidth": 2.2 if chosen else 1,
            },
        )
    axes.set_xlim(-0.15, 1.15)
    axes.set_ylim(-0.06, 1.08)
    for title, x in (("words", 0.0), ("objects", 1 / 3), ("knowledge", 0.85)):
        axes.text(x, 1.06, title, ha="center", color=FAINT, fontsize=11)


def _places(nodes: list[Node], view: Highlights) -> dict[str, tuple[float, float]]:
    """Put nodes into columns by kind, what is highlighted on top."""
    columns: dict[int, list[Node]] = {}
    starts = {edge.source for edge in view.edges}
    for node in sorted(nodes, key=lambda one: one.id not in view.nodes):
        column = COLUMNS[node.kind]
        if node.kind == NodeKind.CONCEPT and view.nodes:
            inner = node.id in starts
            column = 2 if inner else 3
        columns.setdefault(column, []).append(node)
    places = {}
    for column, members in columns.items():
        for row, node in enumerate(members):
            places[node.id] = (column / 3, 1 - (row + 0.5) / max(len(members), 3))
    return places


def _draw_edge(
    axes: Any, edge: Edge, places: dict[str, tuple[float, float]], view: Highlights
) -> None:
    start, end = places[edge.source], places[edge.target]
    chosen = edge in view.edges
    axes.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": ACCENT if chosen else FAINT,
            "linewidth": _width(view, edge) if chosen else 0.9,
            "alpha": _opacity(view, edge) if chosen else 1.0,
            "shrinkA": 22,
            "shrinkB": 26,
            "connectionstyle": "arc3,rad=0.08",
        },
        zorder=2 if chosen else 1,
    )
    axes.text(
        start[0] * 0.5 + end[0] * 0.5,
        start[1] * 0.5 + end[1] * 0.5 + 0.012,
        _plain(
            f"{edge.relation} {view.weight(edge):.2f}" if edge in view.weights else edge.relation
        ),
        ha="center",
        fontsize=9.5 if chosen else 7,
        color=ACCENT if chosen else "#6c757d",
        zorder=4,
    )


def _width(view: Highlights, key: str | Edge) -> float:
    return THIN + (WIDE - THIN) * view.weight(key)


def _opacity(view: Highlights, key: str | Edge) -> float:
    return PALEST + (1 - PALEST) * view.weight(key)


def _box_label(node: Node, view: Highlights) -> str:
    """Return label and score, and the weight where one was measured."""
    weight = f"  weight {view.weight(node.id):.2f}" if node.id in view.weights else ""
    return f"{node.label} {node.score:.2f}{weight}"


def _plain(text: str) -> str:
    """Return `text` without control characters, and with `$` that starts no formula."""
    return "".join(one for one in text if one >= " ").replace("$", r"\$")


def _short(label: str) -> str:
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 3]}..."


def shown(graph: SceneGraph, view: Highlights) -> tuple[list[Node], list[Edge]]:
    """Return the nodes and edges that fit a picture: the highlight first, then what is near it.

    Without a highlight: objects, words, what they denote, and the strongest relations.
    """
    chosen: dict[str, None] = dict.fromkeys(sorted(view.nodes))
    edges: dict[Edge, None] = dict.fromkeys(e for e in graph.edges() if e in view.edges)
    links = graph.edges(EdgeKind.DIALOG) + graph.edges(EdgeKind.MENTION)
    links += graph.edges(EdgeKind.LINK)
    if not view.nodes:
        for edge in links + graph.edges(EdgeKind.SEMANTIC):
            if len(chosen) < MAX_NODES:
                chosen |= {edge.source: None, edge.target: None}
        links = links + _surest_spatial(graph)
    for node in graph.nodes(NodeKind.OBJECT)[: MAX_NODES // 2]:
        chosen[node.id] = None
    for edge in _facts_beside(graph, view):
        if len(chosen) < MAX_NODES:
            chosen[edge.target] = None
            edges[edge] = None
    for edge in links + graph.edges(EdgeKind.SEMANTIC):
        if edge.source in chosen and edge.target in chosen:
            edges[edge] = None
    return [graph.node(node_id) for node_id in chosen], list(edges)


def _facts_beside(graph: SceneGraph, view: Highlights) -> list[Edge]:
    """Return a few stated facts of each concept on the path."""
    found = []
    for node in graph.nodes(NodeKind.CONCEPT):
        if node.id in view.nodes:
            facts = [edge for edge in graph.edges_from(node.id) if edge.kind == EdgeKind.FACT]
            facts.sort(key=lambda one: (bool(one.via), one.relation))
            found.extend(facts[:MAX_NEIGHBOURS])
    return found


def _surest_spatial(graph: SceneGraph) -> list[Edge]:
    """Return one edge for each pair of objects: on, in and near before left and above."""
    order = {"on": 0, "in": 0, "near": 1, "above": 2, "left of": 3}
    best: dict[frozenset[str], Edge] = {}
    for edge in graph.edges(EdgeKind.SPATIAL):
        pair = frozenset((edge.source, edge.target))
        rank = order.get(edge.relation, 9)
        known = best.get(pair)
        if rank < 9 and (known is None or rank < order[known.relation]):
            best[pair] = edge
    return sorted(best.values(), key=lambda edge: order[edge.relation])[:12]
