"""sightgraph evaluate: one command for each evaluation, made from the options that it declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from kg.files import check_writable, write_text
from pipelines.bench import BENCH_TASKS
from pipelines.cli.options import FILE, Command, TaskGroup, check_targets
from pipelines.cli.output import print_figures
from pipelines.evaluate import EVALUATORS, OPTIONS, Evaluator, Option, Options, Source

if TYPE_CHECKING:
    from pipelines.evaluate import Report

OF_A_TASK = Options(
    data="folder of the task's data, if it needs any",
    model="folder that train wrote",
    required=("model",),
    more=(
        Option("control", "take away what this control of the bench does", metavar="NAME"),
        Option(
            "without_modality",
            "leave modalities out: image, text or one of the data's own, with commas between; "
            "'each' measures each one missing and each one alone",
            metavar="NAME",
        ),
    ),
)
"""Options of a task of the bench that has no evaluation of its own."""
WITH_ATTENTION = replace(
    OF_A_TASK,
    more=(
        *OF_A_TASK.more,
        Option(
            "plot_attention",
            "draw the attention over regions and words in one test example",
            Path,
            "FILE.png",
            writes=".png",
        ),
        Option("item", "the test example that is drawn, counted from 0", int, default=0),
    ),
)
"""Options of a task that draws attention."""
DRAWN = ("folder", "coco-captions")
"""The tasks that do; their classes say so, too, but listing the commands imports none."""


@click.group(cls=TaskGroup)
def evaluate() -> None:
    """Measure one of the models on data that it was not trained on."""


def command_of(
    name: str, make: Callable[..., Evaluator], about: str, options: Options
) -> click.Command:
    """Return the command `sightgraph evaluate NAME`.

    make: returns the evaluator from its further options.
    """
    example = f"\n\n\b\nsightgraph evaluate {name} {options.example}" if options.example else ""

    def run(
        report: Path | None,
        data: Any = None,
        split: str | None = None,
        images: Path | None = None,
        model: Path | tuple[Path, ...] | None = None,
        **more: Any,
    ) -> None:
        check_outputs(report, options.more, more)
        evaluator = make(**more)
        models = model if isinstance(model, tuple) else (model,) if model is not None else ()
        dataset = evaluator.dataset(Source(data, split, images))
        show(evaluator(evaluator.system(*models), dataset), report)

    return Command(
        name,
        callback=run,
        params=list(_parameters(options)),
        help=about + example,
        short_help=about,
    )


def _parameters(options: Options) -> Iterator[click.Option]:
    """Yield the options of a command; its callback takes a value for each."""
    form = "DIR" if options.data.startswith("folder") else "FILE"
    needed = set(options.required)
    if options not in (OF_A_TASK, WITH_ATTENTION):
        needed.add("data")
    several = options.several
    common = (
        ("data", options.data, form, FILE, False),
        ("split", options.split, "NAME", None, False),
        ("images", options.images, "DIR", FILE, False),
        ("model", options.model, "DIR", FILE, several),
    )
    for name, text, metavar, kind, multiple in common:
        if text:
            yield click.Option(
                [f"--{name}"],
                help=_sentence(text),
                metavar=metavar,
                type=kind,
                multiple=multiple,
                required=name in needed,
            )
    for option in options.more:
        yield _parameter(option)
    yield click.Option(
        ["--json", "report"],
        type=FILE,
        metavar="FILE",
        help="Also write the figures and a row for each item there.",
    )


def _parameter(option: Option) -> click.Option:
    kind: Any = FILE if option.kind is Path else option.kind
    if option.kind is int:
        kind = click.IntRange(min=0 if option.name in ("seed", "item") else 1)
    return click.Option(
        [f"--{option.name.replace('_', '-')}"],
        help=_sentence(option.help),
        metavar=option.metavar,
        is_flag=option.kind is bool,
        type=click.Choice(option.choices) if option.choices else None if kind is bool else kind,
        default=option.default,
        show_default=option.default is not None,
        required=option.required,
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def check_outputs(report: Path | None, options: Iterable[Option], given: dict[str, Any]) -> None:
    """Check before long work that every requested file can be written."""
    if report is not None:
        check_writable(report)
    for option in options:
        if option.writes and given[option.name] is not None:
            check_targets([given[option.name]], [option.writes])


def show(report: Report, file: Path | None) -> None:
    """Print the figures, and write the whole report to `file`."""
    print_figures(report.figures)
    if file is not None:
        content = json.dumps(report.as_json(), indent=1, ensure_ascii=False, allow_nan=False)
        write_text(file, content + "\n")


def of_task(name: str, **options: Any) -> Evaluator:
    """Return the evaluator of a task of the bench; `name` is its name or "module:Class"."""
    from pipelines.bench.evaluator import TaskEvaluator

    return TaskEvaluator(BENCH_TASKS.make(name), **options)


def of_own_class(name: str) -> click.Command:
    """Return the command for --task MODULE:CLASS: a task of the bench, or an evaluator.

    Raises:
        SightGraphError: it cannot be imported.
    """
    from pipelines.bench.task import BenchTask

    found: Any = EVALUATORS.resolve(name)
    about = (found.__doc__ or "An evaluation of your own.").strip().split("\n")[0]
    if isinstance(found, type) and issubclass(found, BenchTask):
        offered = WITH_ATTENTION if found.draws_attention else OF_A_TASK
        return command_of(name, partial(of_task, name), about, offered)
    if not callable(getattr(found, "dataset", None)):
        raise SightGraphError(
            f"'{name}' is neither a BenchTask nor an evaluator: it has no method 'dataset'. See "
            "pipelines/evaluate/protocol.py."
        )
    return command_of(name, found, about, getattr(found, "options", Options()))


evaluate.own = of_own_class
for _name in EVALUATORS:
    evaluate.add_command(
        command_of(_name, partial(EVALUATORS.make, _name), EVALUATORS.about(_name), OPTIONS[_name])
    )
for _name in BENCH_TASKS:
    if _name not in EVALUATORS:
        _options = WITH_ATTENTION if _name in DRAWN else OF_A_TASK
        evaluate.add_command(
            command_of(_name, partial(of_task, _name), BENCH_TASKS.about(_name), _options)
        )
