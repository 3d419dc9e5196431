"""Answers as HTML: the photograph with its boxes, and what was answered and why.

The rows are the JSON objects of docs/answer-format.md with a `photo`, as batches write them. Every
text is escaped, and nothing is loaded from elsewhere.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kg import schema
from kg.errors import SightGraphError
from pipelines.photo import Photo

SIDE = 480
"""Longer side of an embedded photograph, in pixels."""
QUALITY = 75
"""Of its JPEG."""
MAX_CANDIDATES = 5
SUPPORT = {
    "stated": "a fact states it",
    "inferred": "follows from facts, or from a fact and what is seen",
    "seen": "the photograph shows it",
    "guess": "nothing cited leads to it",
}
"""The kinds of support (pipelines/answering/support.py) and what they mean."""
STYLE = """
.sightgraph { display: grid; grid-template-columns: minmax(12em, 30em) 1fr; gap: 1.5em;
  font: 15px/1.45 system-ui, sans-serif; border-top: 1px solid #8888; padding: 1.5em 0 }
.sightgraph figure { margin: 0 } .sightgraph svg { width: 100%; height: auto; display: block }
.sightgraph figcaption, .sightgraph small, .sightgraph li { color: #666; overflow-wrap: anywhere }
.sightgraph h2 { font-size: 1em; margin: 0 } .sightgraph article + article { margin-top: 1.2em }
.sightgraph .answer { font-size: 1.3em } .sightgraph .error { color: #c1121f }
.sightgraph ul { margin: .2em 0; padding-left: 1.2em }
.sightgraph rect { fill: none; stroke: #d62828; stroke-width: 2 }
.sightgraph text { font: bold 14px sans-serif; fill: #d62828; paint-order: stroke; stroke: #fff;
  stroke-width: 3 }
.sightgraph .support { font-size: 12px; border: 1px solid #8888; border-radius: 1em;
  padding: 0 .6em; vertical-align: middle }
.sightgraph .guess { border-style: dashed }
@media (max-width: 45em) { .sightgraph { grid-template-columns: 1fr } }
@media (prefers-color-scheme: dark) {
  .sightgraph figcaption, .sightgraph small, .sightgraph li { color: #aaa } }
"""

Row = Mapping[str, Any]


def check_row(row: Row) -> None:
    """Find out whether `section` can show a row that comes from outside.

    Raises:
        ValueError: a value is of another type than docs/answer-format.md says; names it.
    """
    if row.get("confidence") is not None:
        schema.finite(row["confidence"], "confidence")
    schema.text(row.get("support") or "", "support")
    schema.texts(row.get("missing"), "missing")
    for one in schema.sequence(row.get("candidates") or (), "candidates"):
        schema.text(schema.mapping(one, "a candidate").get("text"), "a candidate's text")
        schema.finite(one.get("score"), "a candidate's score")
    evidence = schema.mapping(row.get("evidence") or {}, "evidence")
    parts = {
        name: [
            schema.mapping(one, f"one of {name}")
            for one in schema.sequence(evidence.get(name) or (), name)
        ]
        for name in ("objects", "signals", "facts")
    }
    for one in (*parts["objects"], *parts["signals"]):
        schema.text(one.get("label"), "a label")
        schema.finite(one.get("score", 0), "a score")
        if one.get("box"):
            schema.corners(one["box"], "a box")
    for one in parts["facts"]:
        for field in ("subject", "relation", "object", "source"):
            schema.text(one.get(field), f"the {field} of a fact")


def section(photo: str, rows: Iterable[Row]) -> str:
    """Return the photograph, if `photo` names one, and all answers about it.

    A photograph that is gone is left out.
    """
    listed = list(rows)
    boxes: dict[str, list[float]] = {}
    for row in listed:
        for one in _part(row, "objects"):
            if one.get("box"):
                boxes.setdefault(_key(one), [*map(float, one["box"])])
    articles = "\n".join(_article(row, list(boxes)) for row in listed)
    figure = _figure(photo, boxes) if photo else ""
    return f'<section class="sightgraph"><figure>{figure}</figure><div>{articles}</div></section>'


def safe(text: object) -> str:
    """Return a text without meaning to a browser."""
    return html.escape(str(text))


def _figure(photo: str, boxes: Mapping[str, list[float]]) -> str:
    caption = f"<figcaption>{safe(photo)}</figcaption>"
    try:
        image = Photo.open(photo).image
    except SightGraphError as error:
        return f'<p class="error">{safe(error)}</p>{caption}'
    width, height = image.size
    image.thumbnail((SIDE, SIDE))
    # A very narrow photograph is not narrower than a pixel, so that its scales differ.
    across, down = image.width / width, image.height / height
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    url = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    shapes = "".join(
        f'<rect x="{x1 * across:.1f}" y="{y1 * down:.1f}" width="{(x2 - x1) * across:.1f}" '
        f'height="{(y2 - y1) * down:.1f}"/>'
        f'<text x="{x1 * across + 4:.1f}" y="{y1 * down + 16:.1f}">{number}</text>'
        for number, (x1, y1, x2, y2) in enumerate(boxes.values(), start=1)
    )
    return (
        f'<svg viewBox="0 0 {image.width} {image.height}" role="img">'
        f'<image href="{url}" width="{image.width}" height="{image.height}"/>'
        f"{shapes}</svg>{caption}"
    )


def _article(row: Row, boxes: list[str]) -> str:
    question = f"<h2>{safe(row['question'])}</h2>"
    if "error" in row:
        return f'<article>{question}<p class="error">{safe(row["error"])}</p></article>'
    lines = "".join(f"<li>{line}</li>" for line in _evidence(row, boxes))
    confidence = row.get("confidence")
    sure = "" if confidence is None else f"<small>confidence {float(confidence):.2f}</small>"
    return (
        f'<article>{question}<div class="answer">{safe(row["answer"])} {sure} {_support(row)}</div>'
        f"<ul>{lines}</ul>{_others(row)}{_missing(row)}</article>"
    )


def _support(row: Row) -> str:
    kind = row.get("support")
    if kind not in SUPPORT:
        return ""
    return f'<span class="support {kind}" title="{safe(SUPPORT[kind])}">{kind}</span>'


def _evidence(row: Row, boxes: list[str]) -> Iterator[str]:
    for one in _part(row, "objects"):
        number = f"box {boxes.index(_key(one)) + 1}: " if _key(one) in boxes else ""
        yield safe(f"{number}{one['label']} ({float(one.get('score', 0)):.2f})")
    for one in _part(row, "signals"):
        score = f"{float(one.get('score', 0)):.2f}"
        yield safe(f"{one.get('modality')}: {one['label']} ({score}, {one.get('source')})")
    for one in _part(row, "facts"):
        yield safe(f"{one['subject']} {one['relation']} {one['object']} ({one['source']})")


def _missing(row: Row) -> str:
    """Return what was not given, one line each."""
    listed = "; ".join(row.get("missing") or ())
    return f"<small>missing: {safe(listed)}</small>" if listed else ""


def _others(row: Row) -> str:
    """Return the further candidates in one line."""
    found = [one for one in row.get("candidates") or () if one["text"] != row["answer"]]
    listed = ", ".join(f"{one['text']} {float(one['score']):.2f}" for one in found[:MAX_CANDIDATES])
    return f"<small>other candidates: {safe(listed)}</small>" if listed else ""


def _key(one: Mapping[str, Any]) -> str:
    return f"{one['label']} {one.get('box')}"


def _part(row: Row, name: str) -> list[Any]:
    found: list[Any] = (row.get("evidence") or {}).get(name) or []
    return found
