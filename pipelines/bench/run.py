"""Runs the bench: every choice, control and seed in a process of its own, and goes on later."""

from __future__ import annotations

import json
import math
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from graph_fusion.fusion_model import CONTROLS
from graph_fusion.training import fit, recorded
from kg.errors import SightGraphError, unknown_name
from kg.files import write_text
from pipelines.bench.task import CHOOSABLE, BenchTask, ModelOptions, Prepared

DATA = "data"
"""Key of the digest of the examples in bench.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchConfig(ModelOptions):
    """What is compared, and the budget that all share.

    fusions: names, or none for all of the task's; fusion: one name, as in the config of a
        training, if there are no `fusions`; seeds: each is trained with 0, 1, ...
    controls: whether each is also trained under the controls that apply to it, or their names.
    control_seeds: seeds of the controls; None: as many as the fusions.
    curve: whether the default fusion's noise curve is drawn, where the task has one.

    Raises:
        SightGraphError: there are no seeds.
        UnknownNameError: there is no such control.
    """

    fusions: tuple[str, ...] = ()
    fusion: str | None = None
    seeds: int = 5
    controls: bool | tuple[str, ...] = True
    control_seeds: int | None = None
    curve: bool = True

    def __post_init__(self) -> None:
        ModelOptions.__post_init__(self)  # a dataclass with slots has no `super()`
        if self.seeds < 1:
            raise SightGraphError(f"'seeds' is {self.seeds}; it must be at least 1.")
        if self.control_seeds is not None and self.control_seeds < 0:
            raise SightGraphError(
                f"'control_seeds' is {self.control_seeds}; it must be at least 0."
            )
        for name in () if isinstance(self.controls, bool) else self.controls:
            if name not in CONTROLS:
                raise unknown_name("control", name, CONTROLS)

    def chosen_controls(self, task: BenchTask, fusion: str) -> list[str]:
        """Return the controls under which a fusion is trained as well."""
        wanted = self.controls
        if isinstance(wanted, bool):
            return task.controls(fusion) if wanted else []
        return [one for one in task.controls(fusion) if one in wanted]


@dataclass(frozen=True, slots=True)
class Run:
    """One training: a choice under a control (or none) with one seed."""

    fusion: str
    control: str | None
    seed: int

    def folder(self, out: Path) -> Path:
        return out / self.fusion / (self.control or "graph") / str(self.seed)


@dataclass(frozen=True, slots=True)
class Result:
    """What one training gave.

    figures: the test's, by name; curve: the main figure under noise; parameters: trained
    numbers; seconds: of training; memory: the process's peak above its start, in MiB.
    """

    run: Run
    figures: dict[str, float]
    curve: dict[str, float]
    parameters: int
    seconds: float
    memory: float


def plan(task: BenchTask, config: BenchConfig) -> list[Run]:
    """Return all trainings, seed by seed, so that an interrupted bench has whole rounds.

    Raises:
        SightGraphError: a fusion is not the task's.
    """
    known = task.choices()
    task.check(config)
    chosen = config.fusions or ((config.fusion,) if config.fusion else ())
    for name in chosen:
        if name not in known:
            raise SightGraphError(
                f"{task.name} compares no '{name}'. It compares: {', '.join(known)}."
            )
    names = [name for name in known if not chosen or name in chosen]
    limit = config.seeds if config.control_seeds is None else config.control_seeds
    runs = []
    for seed in range(config.seeds):
        runs += [Run(name, None, seed) for name in names]
        if seed < limit:
            controls = {name: config.chosen_controls(task, name) for name in names}
            runs += [Run(name, one, seed) for name in names for one in controls[name]]
    return runs


def bench(
    task: BenchTask,
    data: Path | None,
    config: BenchConfig,
    out: Path,
    jobs: int = 1,
    log: Callable[[str], None] = print,
) -> list[Result]:
    """Return the results of `plan`; those that stand in `out` already are not trained again.

    Raises:
        SightGraphError: `out` holds results of another config or of other data, or a training
            failed.
    """
    runs = plan(task, config)
    setup = json.loads(json.dumps(_setup(config) | {"task": task.name}))
    _check_same(out, setup)
    torch.set_num_threads(1)  # also what makes forking sound
    waiting = [run for run in runs if not (run.folder(out) / "result.json").is_file()]
    read = waiting or data is not None
    prepared = task.prepare(data, out, config.chosen(task.fusion)) if read else None
    if prepared and data is not None:
        setup[DATA] = prepared.digest()
    _check_data(out, setup)
    write_text(out / "bench.json", json.dumps(setup, indent=1) + "\n")
    log(f"{len(runs)} trainings, {len(runs) - len(waiting)} of them done before")
    if prepared and waiting:
        import_module("graph_fusion.training.learner")  # Lightning: seconds, but not for each
        _in_processes(waiting, jobs, lambda run: _train(task, prepared, config, run, out), log)
    return list(_read(runs, out))


def _setup(config: BenchConfig) -> dict[str, Any]:
    """Return what a result depends on; how many there are of it may change."""
    values = recorded(config)
    setup = {key: values[key] for key in ("sizes", "training", "missing")}
    return setup | {key: values[key] for key in CHOOSABLE if values[key] is not None}


def _check_same(out: Path, setup: dict[str, Any]) -> None:
    earlier = _earlier(out)
    earlier.pop(DATA, None)
    if earlier and earlier != setup:
        raise SightGraphError(
            f"'{out}' holds results of another task, size or training. Give another --out."
        )
    out.mkdir(parents=True, exist_ok=True)


def _check_data(out: Path, setup: dict[str, Any]) -> None:
    """Refuse other examples than those of before; take over their digest where none is given.

    A bench.json of before December 2026 has no digest: its data are taken for the same, and it
    gets the digest of those given now.
    """
    before, now = _earlier(out).get(DATA), setup.get(DATA)
    if before and now and before != now:
        raise SightGraphError(f"'{out}' holds results of other data. Give another --out.")
    if before:
        setup[DATA] = before


def _earlier(out: Path) -> dict[str, Any]:
    """Return the content of bench.json; empty without one."""
    file = out / "bench.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _train(task: BenchTask, prepared: Prepared, config: BenchConfig, run: Run, out: Path) -> None:
    """Train and measure one model; write result.json. Runs in a process of its own."""
    before = _resident()
    torch.manual_seed(run.seed)
    model = task.model(config.chosen(run.fusion, run.control), prepared)
    training = replace(config.training, seed=run.seed, log="none")
    began = time.perf_counter()
    fit(
        model,
        prepared.objective,
        prepared.train,
        prepared.validation,
        training,
        run.folder(out),
        lambda line: None,
        about={"run": asdict(run)},
        progress=False,
    )
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    curved = config.curve and run.fusion == task.fusion and run.control is None
    result = Result(
        run=run,
        figures=prepared.test_figures(model),
        curve=task.curve(model, prepared) if curved else {},
        parameters=sum(one.numel() for one in model.parameters() if one.requires_grad),
        seconds=round(seconds, 2),
        memory=round(max(peak - before, 0.0), 1),
    )
    write_text(run.folder(out) / "result.json", json.dumps(asdict(result), indent=1) + "\n")


def _resident() -> float:
    """Return this process's memory in MiB; 0 where the system does not tell."""
    file = Path("/proc/self/statm")
    if not file.is_file():
        return 0.0
    return int(file.read_text().split()[1]) * resource.getpagesize() / 2**20


def _in_processes(
    runs: Sequence[Run], jobs: int, train: Callable[[Run], None], log: Callable[[str], None]
) -> None:
    """Run `train` for each, up to `jobs` at once, each in a forked process."""
    fork = multiprocessing.get_context("fork")
    waiting = list(runs)
    going: list[tuple[Run, BaseProcess]] = []
    try:
        while waiting or going:
            while waiting and len(going) < jobs:
                run = waiting.pop(0)
                started = fork.Process(target=train, args=(run,))
                started.start()
                going.append((run, started))
            time.sleep(0.2)
            for ended in [one for one in going if not one[1].is_alive()]:
                going.remove(ended)
                run, process = ended
                if process.exitcode:
                    raise SightGraphError(
                        f"training {run} ended with code {process.exitcode}; its output stands "
                        "above. The same command goes on from here."
                    )
                left = len(waiting) + len(going)
                log(f"{run.fusion}, {run.control or 'graph'}, seed {run.seed}; {left} to go")
    finally:
        for _, left_over in going:
            left_over.terminate()


def _read(runs: Sequence[Run], out: Path) -> Iterator[Result]:
    for run in runs:
        values = json.loads((run.folder(out) / "result.json").read_text(encoding="utf-8"))
        yield Result(run=Run(**values.pop("run")), **values)


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation (of a sample; 0 where there is only one, NaN of none)."""
    if not values:
        return math.nan, math.nan
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0
