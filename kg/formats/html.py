"""HTML: one file that shows and corrects a graph beside its photograph, and needs nothing else.

The page's script, style and frame are data/inspector/, built from pipelines/inspector/web/.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.files import bundled
from kg.formats import ACCENT, COLOURS, Highlights
from kg.formats.json import as_json
from kg.graph import SceneGraph

if TYPE_CHECKING:
    from PIL import Image

MAX_SIDE = 1280
"""Longer side of the embedded photograph, in pixels."""
_MARK = re.compile(r"%([A-Z]+)%")


def write_html(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the inspector with the graph in it; nothing is loaded from elsewhere."""
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
    content["effects"] = list(view.effects)
    content["image"] = None if image is None else _data_url(image)
    page = inspector_page(content, view.title or "A scene graph", view.subtitle)
    target.write_text(page, encoding="utf-8")


def live_page(album: bool = False) -> str:
    """Return the inspector without a graph, for a service that answers its requests.

    album: the service has an album, which the page searches.
    """
    return inspector_page({"live": True, "album": album}, "SightGraph")


def inspector_page(content: Mapping[str, Any], title: str, subtitle: str = "") -> str:
    """Return the page that shows `content`.

    Its policy allows no script but its own, and no request; a page of a service
    (`content["live"]`) may talk to this service.
    """
    script = _part("inspector.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    colours = {kind.value: colour for kind, colour in COLOURS.items()}
    values = {
        "POLICY": _policy(digest, bool(content.get("live"))),
        "TITLE": html.escape(title),
        "SUBTITLE": html.escape(subtitle),
        "STYLE": _part("inspector.css"),
        "LICENCES": _part("THIRD_PARTY.txt"),
        "CONTENT": script_safe({**content, "colours": colours, "accent": ACCENT}),
        "SCRIPT": script,
    }
    return _MARK.sub(lambda mark: values[mark[1]], _part("page.html"))


def script_safe(content: Any) -> str:
    """Return JSON that cannot end the script element that it stands in."""
    text = json.dumps(content, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(script_digest: str, live: bool) -> str:
    """Return the Content-Security-Policy of the page.

    Styles are 'unsafe-inline' because Cytoscape.js adds a style element of its own.
    """
    service = "'self'" if live else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'sha256-{script_digest}'",
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            f"connect-src {service}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _part(name: str) -> str:
    return bundled("inspector", name).read_text(encoding="utf-8")


def _data_url(image: Image.Image) -> str:
    small = image.convert("RGB")
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
