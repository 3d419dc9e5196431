"""Printing for people: colours on a terminal only, and never a wrapped line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.text import Text


def print_line(*parts: str | tuple[str, str]) -> None:
    """Print one line; a part may be a (text, rich style) pair."""
    # Made anew each time, since it holds on to the stdout of its making.
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    console.print(Text.assemble(*parts))


def print_json(value: Any) -> None:
    """Print `value` as JSON, refusing what strict readers refuse (NaN)."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def print_columns(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows with their columns in line, the first one bold."""
    if not rows:
        return
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        print_line(indent, *_spaced([*cells, row[-1]]))


def box_text(box: Iterable[float]) -> str:
    """Return a box as whole pixels: [12, 30, 400, 380]."""
    return f"[{', '.join(str(round(x)) for x in box)}]"


def _spaced(cells: Sequence[str]) -> list[str | tuple[str, str]]:
    first, *others = cells
    return [(first, "bold"), *(f"  {cell}" for cell in others)]
