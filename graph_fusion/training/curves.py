"""A training's curves as a picture: the loss and each figure, over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graph_fusion.training.record import Row
from kg.files import atomic_path

PARTS = {"train": "C0", "validation": "C1"}
"""Colours of matplotlib's cycle."""
WIDTH, HEIGHT, COLUMNS, DPI = 4.0, 3.0, 3, 120
"""Inches of one curve, curves in a row."""


def draw_curves(rows: Sequence[Row], best: int, target: Path) -> None:
    """Draw all figures of `rows` into the PNG `target`; a line marks the `best` row's epoch."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    names = figure_names(rows)
    columns = min(COLUMNS, len(names))
    lines = -(-len(names) // columns)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * lines), dpi=DPI, layout="constrained")
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(lines, columns, place, title=name, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for part, colour in PARTS.items():
            points = [(r["epoch"], r[f"{part} {name}"]) for r in rows if f"{part} {name}" in r]
            if points:
                axes.plot(*zip(*points, strict=True), ".-", color=colour, label=part)
        axes.axvline(rows[best]["epoch"], color="0.7", linewidth=1, zorder=0, label="best")
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    with atomic_path(target) as path:
        FigureCanvasAgg(figure).print_png(path)


def figure_names(rows: Sequence[Row]) -> list[str]:
    """Return what was measured, the loss first: "loss", "accuracy"."""
    names = {
        key.split(" ", 1)[1]: None for row in rows for key in row if key.split(" ", 1)[0] in PARTS
    }
    return sorted(names, key=lambda name: name != "loss")
