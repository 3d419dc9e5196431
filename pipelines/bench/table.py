"""What the bench found, as a table and a plot."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from kg.files import atomic_path, write_text
from pipelines.bench.run import Result, spread
from pipelines.bench.task import BenchTask

MATCHES = 2.0
"""Standard errors of the difference, by which a fusion must be better than its control."""
MIN_RUNS = 2
"""Of the fusion and of the control: fewer have no standard error."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fusion, with or without a control, over its seeds.

    figures: mean and standard deviation by name; matched_by: the controls that do as well.
    unjudged: whether there are controls of which that cannot be said: a single run has no spread.
    """

    fusion: str
    control: str | None
    seeds: int
    figures: dict[str, tuple[float, float]]
    parameters: int
    seconds: float
    memory: float
    matched_by: tuple[str, ...] = ()
    unjudged: bool = False


def rows(results: Sequence[Result], measures: Sequence[str]) -> list[Row]:
    """Return one row for each fusion and control, the best fusion first."""
    groups: dict[tuple[str, str | None], list[Result]] = {}
    for result in results:
        groups.setdefault((result.run.fusion, result.run.control), []).append(result)
    found = {key: _row(group, measures) for key, group in groups.items()}
    main = measures[0]
    whole = [row for row in found.values() if row.control is None]
    ordered: list[Row] = []
    for row in sorted(whole, key=lambda one: -one.figures[main][0]):
        own = [one for one in found.values() if one.control and one.fusion == row.fusion]
        judged = [one for one in own if min(one.seeds, row.seeds) >= MIN_RUNS]
        matched = tuple(one.control for one in judged if one.control and _matches(one, row, main))
        ordered += [replace(row, matched_by=matched, unjudged=len(judged) < len(own)), *own]
    return ordered


def _row(group: Sequence[Result], measures: Sequence[str]) -> Row:
    return Row(
        fusion=group[0].run.fusion,
        control=group[0].run.control,
        seeds=len(group),
        figures={
            name: spread([one.figures[name] for one in group if name in one.figures])
            for name in measures
        },
        parameters=group[0].parameters,
        seconds=spread([one.seconds for one in group])[0],
        memory=max(one.memory for one in group),
    )


def _matches(control: Row, row: Row, measure: str) -> bool:
    """Whether the control's mean is not clearly below, by the standard error of the difference."""
    (mean, deviation), (below, other) = row.figures[measure], control.figures[measure]
    error = math.sqrt(deviation**2 / row.seeds + other**2 / control.seeds)
    return mean - below <= MATCHES * error


def cells(row: Row) -> list[str]:
    """Return the texts of a row: name, figures in per cent, size, cost, what matches it."""
    name = f"  {row.control}" if row.control else row.fusion
    figures = [_per_cent(*figure, row.seeds) for figure in row.figures.values()]
    matched = "= " + ", ".join(row.matched_by) if row.matched_by else "?" if row.unjudged else ""
    cost = [f"{row.parameters:,}", f"{row.seconds:.0f} s", f"{row.memory:.0f} MiB"]
    return [name, *figures, *cost, str(row.seeds), matched]


def _per_cent(mean: float, deviation: float, seeds: int) -> str:
    """Return mean and deviation; one seed has none, and a figure may be missing."""
    if math.isnan(mean):
        return "-"
    return f"{100 * mean:.1f}" + (f" ± {100 * deviation:.1f}" if seeds > 1 else "")


def headings(measures: Sequence[str]) -> list[str]:
    """Return the headings of `cells`."""
    return ["fusion", *measures, "parameters", "training", "memory", "seeds", "matched by"]


def markdown(table: Sequence[Row], measures: Sequence[str]) -> str:
    """Return the table in Markdown."""
    head = headings(measures)
    lines = [head, ["---"] * len(head), *(cells(row) for row in table)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def save(task: BenchTask, results: Sequence[Result], table: Sequence[Row], out: Path) -> list[Path]:
    """Write table.md, results.json and plot.png to `out`, and curve.png where there is a curve."""
    files = [out / "table.md", out / "results.json", out / "plot.png"]
    write_text(files[0], markdown(table, task.measures))
    write_text(files[1], json.dumps([asdict(one) for one in results], indent=1) + "\n")
    with atomic_path(files[2]) as path:
        _plot(task, table, path)
    curve = noise_curve(results)
    if curve:
        with atomic_path(out / "curve.png") as path:
            _plot_curve(task, curve, path)
        files.append(out / "curve.png")
    return files


def noise_curve(results: Sequence[Result]) -> dict[str, tuple[float, float]]:
    """Return mean and deviation of each point of the noise curve, in order."""
    curves = [one.curve for one in results if one.curve]
    names = list(curves[0]) if curves else []
    return {name: spread([curve[name] for curve in curves if name in curve]) for name in names}


def _plot(task: BenchTask, table: Sequence[Row], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.28 * len(table) + 1.2), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(reversed(table)):
        mean, deviation = row.figures[task.measures[0]]
        colour = "#b0b0b0" if row.control else "#d08030" if row.matched_by else "#2a6f97"
        axes.barh(place, 100 * mean, xerr=100 * deviation, color=colour)
    axes.set_yticks(range(len(table)), [cells(row)[0] for row in reversed(table)], fontsize=7)
    axes.set_xlabel(f"{task.name}: {task.measures[0]} on the test part, %")
    axes.set_title("grey: controls; orange: matched by a control", fontsize=8)
    figure.savefig(path, format="png", dpi=150)


def _plot_curve(task: BenchTask, curve: dict[str, tuple[float, float]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    places = range(len(curve))
    means = [100 * mean for mean, _ in curve.values()]
    axes.bar(places, means, yerr=[100 * sd for _, sd in curve.values()], color="#2a6f97")
    axes.set_xticks(places, list(curve), rotation=30, ha="right", fontsize=8)
    axes.set_ylabel(f"{task.measures[0]}, %")
    figure.savefig(path, format="png", dpi=150)
