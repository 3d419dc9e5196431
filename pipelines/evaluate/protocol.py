"""The protocol of all evaluations, `(system, dataset) -> Report`, and the options they declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an evaluation.

    primary: name of the figure by which systems are compared.
    figures: figures by name; shares are in [0, 1].
    rows: one for each item of the data set, as plain values for JSON; empty where an evaluation
        has only figures.
    lists: further keys of the JSON file, such as the names that it had for the rows before.
    """

    primary: str
    figures: Mapping[str, float]
    rows: list[dict[str, Any]] = field(default_factory=list)
    lists: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the content of the file that --json names; each figure also stands on its own."""
        return {
            **self.figures,
            **self.lists,
            "primary": self.primary,
            "figures": dict(self.figures),
            "items": self.rows,
        }


@dataclass(frozen=True, slots=True)
class Source:
    """Where a data set is read from: the values of --data, --split and --images."""

    data: Path
    split: str | None = None
    images: Path | None = None


class Evaluator(Protocol):
    """Measures a system on a data set.

    Further options, such as whether baselines are measured too, are fields of the class.
    """

    @property
    def dataset(self) -> Callable[[Source], Any]:
        """Reads the data set, and finds out before long work whether it is complete."""

    @property
    def system(self) -> Callable[..., Any]:
        """Takes the values of --model, and returns what is measured: the bundled, if none."""

    def __call__(self, system: Any, dataset: Any, /) -> Report: ...


@dataclass(frozen=True, slots=True)
class Option:
    """An option of one evaluation, which sets the evaluator's field of the same name.

    kind: the type of the value; `bool` makes a switch. choices: the only values allowed.
    writes: the ending of a file that is written, which is checked before the work.
    """

    name: str
    help: str
    kind: type = str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    writes: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an evaluation: the command line is made from them, without an import.

    data: what --data names, for the help; its first word, "file" or "folder", says which.
    split, images, model: help of --split, --images and --model; "" where there is no such option.
    required: names among "images" and "model" that must be given.
    several: whether --model may be repeated.
    more: options of this evaluation only.
    example: arguments after `sightgraph evaluate NAME` that show its use.
    """

    data: str = "folder or file of the data"
    split: str = ""
    images: str = ""
    model: str = "instead of the bundled model"
    required: tuple[str, ...] = ()
    several: bool = False
    more: tuple[Option, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An evaluation as the command line lists it.

    target: "module:Class" in pipelines, which is imported when it is asked for. about: its help.
    """

    name: str
    target: str
    about: str
    options: Options
