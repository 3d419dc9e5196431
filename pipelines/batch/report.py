"""A page of all answers of a batch: each photograph with its boxes, and what was answered."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.files import write_text
from pipelines.photo import Photo

SIDE = 480
"""Longer side of an embedded photograph, in pixels."""
QUALITY = 75
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }
section { display: grid; grid-template-columns: minmax(12em, 30em) 1fr; gap: 1.5em;
  border-top: 1px solid #8888; padding: 1.5em 0 }
figure { margin: 0; position: relative } svg { width: 100%; height: auto; display: block }
figcaption, small, li { color: #666; overflow-wrap: anywhere } h2 { font-size: 1em; margin: 0 }
article + article { margin-top: 1.2em } .answer { font-size: 1.3em } .error { color: #c1121f }
ul { margin: .2em 0; padding-left: 1.2em } rect { fill: none; stroke: #d62828; stroke-width: 2 }
text { font: bold 14px sans-serif; fill: #d62828; paint-order: stroke; stroke: #fff;
  stroke-width: 3 }
@media (max-width: 45em) { section { grid-template-columns: 1fr } }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #eee }
  figcaption, small, li { color: #aaa } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"

Row = Mapping[str, Any]


def read_answers(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file of answers.

    Raises:
        SightGraphError: it is missing, or a line is no answer of a batch (with its number).
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise SightGraphError(f"there are no answers at '{path}': {error.strerror}.") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _answer(line)
            if row is None:
                raise SightGraphError(
                    f"{path}, line {number}: no answer. Make one with 'sightgraph ask --batch'."
                )
            rows.append(row)
    return rows


def write_report(rows: Iterable[Row], target: Path, title: str = "Answers") -> None:
    """Write one HTML file that needs nothing else; a photograph that is gone is left out."""
    listed = list(rows)
    groups: dict[str, list[Row]] = {}
    for row in listed:
        groups.setdefault(str(row["photo"]), []).append(row)
    failed = sum("error" in row for row in listed)
    about = f"{len(listed)} questions about {len(groups)} photographs, {failed} errors"
    body = "\n".join(_section(photo, answers) for photo, answers in groups.items())
    write_text(
        target,
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{_safe(title)}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{_safe(title)}</h1>\n<p>{about}</p>\n{body}\n</html>\n",
    )


def _answer(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(row, dict) and {"photo", "question"} <= row.keys()
    return row if known and ("answer" in row or "error" in row) else None


def _section(photo: str, rows: list[Row]) -> str:
    boxes: dict[str, list[float]] = {}
    for row in rows:
        for one in _part(row, "objects"):
            if one.get("box"):
                boxes.setdefault(f"{one['label']} {one['box']}", [*map(float, one["box"])])
    articles = "\n".join(_article(row, list(boxes)) for row in rows)
    return f"<section><figure>{_figure(photo, boxes)}</figure><div>{articles}</div></section>"


def _figure(photo: str, boxes: Mapping[str, list[float]]) -> str:
    caption = f"<figcaption>{_safe(photo)}</figcaption>"
    try:
        image = Photo.open(photo).image
    except SightGraphError as error:
        return f'<p class="error">{_safe(error)}</p>{caption}'
    width = image.width
    image.thumbnail((SIDE, SIDE))
    scale = image.width / width
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    url = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    shapes = "".join(
        f'<rect x="{x1 * scale:.1f}" y="{y1 * scale:.1f}" width="{(x2 - x1) * scale:.1f}" '
        f'height="{(y2 - y1) * scale:.1f}"/>'
        f'<text x="{x1 * scale + 4:.1f}" y="{y1 * scale + 16:.1f}">{number}</text>'
        for number, (x1, y1, x2, y2) in enumerate(boxes.values(), start=1)
    )
    return (
        f'<svg viewBox="0 0 {image.width} {image.height}" role="img">'
        f'<image href="{url}" width="{image.width}" height="{image.height}"/>'
        f"{shapes}</svg>{caption}"
    )


def _article(row: Row, boxes: list[str]) -> str:
    question = f"<h2>{_safe(row['question'])}</h2>"
    if "error" in row:
        return f'<article>{question}<p class="error">{_safe(row["error"])}</p></article>'
    facts = "".join(f"<li>{line}</li>" for line in _evidence(row, boxes))
    confidence = f"{float(row.get('confidence', 0)):.2f}"
    return (
        f'<article>{question}<div class="answer">{_safe(row["answer"])} '
        f"<small>confidence {confidence}</small></div><ul>{facts}</ul></article>"
    )


def _evidence(row: Row, boxes: list[str]) -> Iterator[str]:
    for one in _part(row, "objects"):
        key = f"{one['label']} {one.get('box')}"
        number = f"box {boxes.index(key) + 1}: " if key in boxes else ""
        yield _safe(f"{number}{one['label']} ({float(one.get('score', 0)):.2f})")
    for one in _part(row, "facts"):
        yield _safe(f"{one['subject']} {one['relation']} {one['object']} ({one['source']})")


def _part(row: Row, name: str) -> list[Any]:
    found: list[Any] = (row.get("evidence") or {}).get(name) or []
    return found


def _safe(text: object) -> str:
    return html.escape(str(text))
