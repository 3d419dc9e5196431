"""The folder of a run: its figures for each epoch, its curves, and whether it may be resumed."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph_fusion.training.config import TrainingConfig
from kg.errors import SightGraphError, unknown_name
from kg.files import atomic_path, write_text

Row = dict[str, float]
"""One epoch: "epoch" (from 1), "step", "learning rate" (of the next step), "seconds" (of training
so far), "train loss", "validation loss", "validation accuracy" and so on."""
FREE = ("training.log", "training.workers", "training.accelerator", "training.save_every")
"""Options that may differ when a run is resumed: the weights do not depend on them."""
SHARED = ("training.devices", "training.batch_size")
"""Options that may differ together, if their product is the same: the examples of one step. Only
where processes may share a batch (`Objective.shares_batches`)."""
LATER = ("about.data",)
"""What runs of earlier versions did not record: resumed, they are taken to have the same."""

KEEPER = "keeper"
"""Key of the rows and the setup among the states of the callbacks in Lightning's checkpoint."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of a run's files."""

    path: Path

    @property
    def last(self) -> Path:
        """The last checkpoint: the whole state of the training."""
        return self.path / "checkpoints" / "last.safetensors"

    @property
    def best(self) -> Path:
        """The weights of the best epoch, if a figure is watched."""
        return self.path / "checkpoints" / "best.safetensors"

    @property
    def curves(self) -> Path:
        """The plot of the figures by epoch."""
        return self.path / "curves.png"

    def start(self, setup: Mapping[str, Any], restart: bool) -> None:
        """Make the folder and write config.json; `restart` removes the checkpoints."""
        self.last.parent.mkdir(parents=True, exist_ok=True)
        if restart or not self.last.is_file():
            self.forget()
        write_text(self.path / "config.json", json.dumps(setup, indent=1) + "\n")

    def forget(self) -> None:
        """Remove the checkpoints, so that training starts from the first epoch."""
        self.last.unlink(missing_ok=True)
        self.best.unlink(missing_ok=True)

    def write_metrics(self, rows: Sequence[Row]) -> None:
        """Write metrics.csv: one line an epoch."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.path / "metrics.csv", text.getvalue())


def check_same(
    before: Mapping[str, Any], now: Mapping[str, Any], run: Path, shares: bool = True
) -> None:
    """Check that a run is resumed with the setup it was started with.

    shares: whether processes may share the examples of a step otherwise than before.

    Raises:
        SightGraphError: an option that the weights depend on differs.
    """
    old, new = dict(_flat(before)), dict(_flat(now))
    a_step = [math.prod(setup.get(key, 1) for key in SHARED) for setup in (old, new)]
    free = FREE + (SHARED if shares and a_step[0] == a_step[1] else ())
    free += tuple(key for key in LATER if key not in old)
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in free and old.get(key) != new.get(key):
            raise SightGraphError(
                f"the run in '{run}' began with {key} = {old.get(key)}, and now it is "
                f"{new.get(key)}. Go on with the same, start over (--restart), or name another "
                "folder."
            )


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def is_watched(row: Row, config: TrainingConfig) -> bool:
    """Return whether a watched figure chooses the best epoch.

    Raises:
        SightGraphError: the watched figure was not measured.
    """
    part = "validation "
    measured = [name.removeprefix(part) for name in row if name.startswith(part)]
    if not measured or config.watch is None:
        return False
    if config.watch not in measured:
        raise SightGraphError(str(unknown_name("figure to watch", config.watch, measured)))
    return True


def best_row(rows: Sequence[Row], config: TrainingConfig) -> int:
    """Return the index of the best epoch; the last one if no figure is watched."""
    if not is_watched(rows[-1], config):
        return len(rows) - 1
    best = 0
    for index, row in enumerate(rows):
        if config.is_better(row[f"validation {config.watch}"], _watched(rows[best], config)):
            best = index
    return best


def _watched(row: Row, config: TrainingConfig) -> float:
    return row[f"validation {config.watch}"]


def is_finished(rows: Sequence[Row], config: TrainingConfig) -> bool:
    """Return whether all epochs are done, or patience has run out."""
    if not rows or config.patience is None:
        return len(rows) >= config.epochs
    waited = len(rows) - 1 - best_row(rows, config)
    return len(rows) >= config.epochs or waited >= config.patience


def as_line(row: Row, epochs: int) -> str:
    """Return an epoch as text: "epoch 2 of 5: train loss 0.3121, validation loss 0.4012"."""
    figures = [f"{name} {row[name]:.4g}" for name in row if name.startswith(("train ", "valid"))]
    return f"epoch {row['epoch']:.0f} of {epochs}: {', '.join(figures)}"


PARTS = {"train": "C0", "validation": "C1"}
"""Colours of matplotlib's cycle."""
WIDTH, HEIGHT, COLUMNS, DPI = 4.0, 3.0, 3, 120
"""Size of one plot in inches, and plots in a row."""


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
    """Return the names of the figures, the loss first: "loss", "accuracy"."""
    names = {
        key.split(" ", 1)[1]: None for row in rows for key in row if key.split(" ", 1)[0] in PARTS
    }
    return sorted(names, key=lambda name: name != "loss")
