"""PNG: the photograph with its boxes beside the drawn graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.formats.display import ACCENT, COLOURS, COLUMNS, shown
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import NodeKind

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import View

INK, FAINT = "#1d3557", "#adb5bd"
THIN, WIDE = 1.4, 5.0
"""Line widths of what counted nothing and of what counted all, in points."""
PALEST = 0.4
"""Opacity of what counted nothing."""


def write_png(graph: SceneGraph, target: Path, image: Image.Image | None, view: View) -> None:
    """Draw the photograph, if it is given, and the part of the graph that fits a picture."""
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
    figure.savefig(target, format="png")


def _draw_photo(axes: Any, graph: SceneGraph, image: Image.Image | None, view: View) -> None:
    from matplotlib.patches import Rectangle

    axes.axis("off")
    if image is not None:
        axes.imshow(image)
    elif graph.photo is not None:
        axes.set_xlim(0, graph.photo.width)
        axes.set_ylim(graph.photo.height, 0)
        axes.set_aspect("equal")
    for node in graph.nodes(NodeKind.OBJECT):
        if node.box is None:
            continue
        x1, y1, x2, y2 = node.box
        chosen = node.id in view.nodes
        colour = ACCENT if chosen else COLOURS[NodeKind.OBJECT]
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


def _draw_graph(axes: Any, graph: SceneGraph, view: View) -> None:
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
            _plain(node.label),
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


def _places(nodes: list[Node], view: View) -> dict[str, tuple[float, float]]:
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


def _draw_edge(axes: Any, edge: Edge, places: dict[str, tuple[float, float]], view: View) -> None:
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


def _width(view: View, key: str | Edge) -> float:
    return THIN + (WIDE - THIN) * view.weight(key)


def _opacity(view: View, key: str | Edge) -> float:
    return PALEST + (1 - PALEST) * view.weight(key)


def _box_label(node: Node, view: View) -> str:
    """Return label and score, and the weight where one was measured."""
    weight = f"  weight {view.weight(node.id):.2f}" if node.id in view.weights else ""
    return f"{node.label} {node.score:.2f}{weight}"


def _edge_label(edge: Edge, view: View) -> str:
    return f"{edge.relation} {view.weight(edge):.2f}" if edge in view.weights else edge.relation


def _plain(text: str) -> str:
    """Return `text` without control characters, and with `$` that starts no formula."""
    return "".join(one for one in text if one >= " ").replace("$", r"\$")
