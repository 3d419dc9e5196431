"""A page of all answers of a batch: each photograph with its boxes, and what was answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.files import write_text
from pipelines.answer_html import STYLE, check_row, safe, section
from pipelines.batch.parts import PARTS, read_parts
from pipelines.batch.questions import JOURNAL, latest

_STYLE = f"""
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16181c; color: #eee }} }}
{STYLE}"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"

Row = Mapping[str, Any]


def read_answers(path: Path, parts: Path | None = None) -> list[dict[str, Any]]:
    """Return the last row of each question, of a file of answers or of a folder of parts.

    parts: where the parts are, if not in the folder.

    Raises:
        SightGraphError: it is missing, or a line is no answer of a batch (with its number).
    """
    if path.is_dir():
        return [*read_parts(parts or path / PARTS, read_answers(path / JOURNAL))]
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
            try:
                check_row(row)
            except ValueError as error:
                raise SightGraphError(f"{path}, line {number}: {error}.") from error
            rows.append(row)
    return latest(rows)


def write_report(
    rows: Iterable[Row], target: Path, title: str = "Answers", about: str | None = None
) -> None:
    """Write one HTML file that needs nothing else; a photograph that is gone is left out.

    about: the line under the title; by default it counts questions, photographs and errors.
    """
    listed = list(rows)
    groups: dict[str, list[Row]] = {}
    for row in listed:
        groups.setdefault(str(row["photo"] or ""), []).append(row)
    failed = sum("error" in row for row in listed)
    shown = len(groups) - ("" in groups)  # those of other modalities have none
    about = about or f"{len(listed)} questions about {shown} photographs, {failed} errors"
    body = "\n".join(section(photo, answers) for photo, answers in groups.items())
    write_text(
        target,
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{safe(title)}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{safe(title)}</h1>\n<p>{safe(about)}</p>\n{body}\n</html>\n",
    )


def _answer(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(row, dict) and {"photo", "question"} <= row.keys()
    return row if known and ("answer" in row or "error" in row) else None
