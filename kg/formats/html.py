"""HTML: one file that shows photograph, boxes and graph, and needs nothing else."""

from __future__ import annotations

import base64
import html
import io
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.formats import ACCENT, COLOURS, Highlights
from kg.formats.json import as_json
from kg.graph import SceneGraph

if TYPE_CHECKING:
    from PIL import Image

MAX_SIDE = 1280
"""Longer side of the embedded photograph, in pixels."""


def write_html(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Fill the page `graph.html` with the graph; nothing is loaded from elsewhere."""
    content: dict[str, Any] = as_json(graph)
    content["highlight"] = {
        "nodes": sorted(view.nodes),
        "edges": [number for number, edge in enumerate(graph.edges()) if edge in view.edges],
        "node_weights": {key: view.weight(key) for key in sorted(view.nodes & view.weights.keys())},
        "edge_weights": {
            number: view.weight(edge)
            for number, edge in enumerate(graph.edges())
            if edge in view.edges and edge in view.weights
        },
    }
    content["colours"] = {kind.value: colour for kind, colour in COLOURS.items()}
    content["image"] = None if image is None else _data_url(image)
    page = files("kg.formats").joinpath("graph.html").read_text(encoding="utf-8")
    for mark, value in (
        ("%TITLE%", html.escape(view.title or "A scene graph")),
        ("%SUBTITLE%", html.escape(view.subtitle)),
        ("%ACCENT%", ACCENT),
        ("%CONTENT%", script_safe(content)),
    ):
        page = page.replace(mark, value)
    target.write_text(page, encoding="utf-8")


def script_safe(content: Any) -> str:
    """Return JSON that cannot end the script element that it stands in."""
    text = json.dumps(content, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data_url(image: Image.Image) -> str:
    small = image.convert("RGB")
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
