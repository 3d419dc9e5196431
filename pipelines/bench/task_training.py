"""One model of a task is trained, loaded and measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from graph_fusion.fusion import DEFAULT_FUSION
from graph_fusion.fusion_model import CONTROLS
from graph_fusion.training import fit, read_config, recorded
from graph_fusion.training.record import RunFolder
from graph_fusion.weights import loading, read_weights, restored, shrunk
from kg.files import atomic_path, write_text
from pipelines.bench.task import BenchTask, ModelChoice, ModelOptions, Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTraining(ModelOptions):
    """What `sightgraph train TASK --config FILE` reads."""

    fusion: str = DEFAULT_FUSION
    control: str | None = None

    def choice(self) -> ModelChoice:
        """Return the model that is trained."""
        return self.chosen(self.fusion, self.control)


def read_training(task: BenchTask, file: Path | None, **given: Any) -> TaskTraining:
    """Return the task's own settings, then the file's, then what is given.

    Raises:
        SightGraphError: the file cannot be read, or holds what is not understood.
    """
    fusion = task.fusion if task.fusion in task.choices() else task.choices()[0]
    defaults = TaskTraining(fusion=fusion, sizes=task.sizes, training=task.training)
    options = read_config(TaskTraining, file, defaults, **given)
    task.check(options)
    return options


def train_task(
    task: BenchTask,
    data: Path | None,
    options: TaskTraining,
    out: Path,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train, write model.safetensors and model.json to `out`, and return test figures.

    Raises:
        SightGraphError: `data` lacks what is needed, or `out` holds another run.
    """
    begins = options.training.restart or not RunFolder(out / "training").last.is_file()
    with _moved_away([out / name for name in task.determined] if begins else []):
        prepared = task.prepare(data, out, options.choice())
    torch.manual_seed(options.training.seed)
    model = task.model(options.choice(), prepared)
    about = {"task": task.name, **recorded(options)}
    if data is not None:
        about["data"] = prepared.digest()
    task.warm_up(model, prepared, options.training, out / "warm-up", log)
    fit(
        model,
        prepared.objective,
        prepared.train,
        prepared.validation,
        options.training,
        out / "training",
        log,
        about=about,
    )
    small = shrunk(model.state_dict())
    with atomic_path(out / "model.safetensors") as path:
        save_file(small, path)
    model.load_state_dict(restored(small))  # the figures are those of the file
    write_text(out / "model.json", json.dumps(about, indent=1) + "\n")
    task.export(model, prepared, options.choice(), out)
    return prepared.test_figures(model)


@contextmanager
def _moved_away(files: Sequence[Path]) -> Iterator[None]:
    """Move `files` aside; they come back if the block fails, since a model may need them."""
    aside = [(file, file.with_name(f"{file.name}.before")) for file in files if file.is_file()]
    for file, before in aside:
        file.replace(before)
    try:
        yield
    except BaseException:
        for file, before in aside:
            before.replace(file)
        raise
    for _, before in aside:
        before.unlink()


def load_task(
    task: BenchTask, data: Path | None, folder: Path, control: str | None = None
) -> tuple[nn.Module, Prepared]:
    """Return the model that `train_task` wrote to `folder`, and its prepared examples.

    control: the model is evaluated under this control, whatever it was trained under.

    Raises:
        SightGraphError: there is none, or it is another task's.
        UnknownNameError: there is no such control.
    """
    if control is not None:
        CONTROLS.resolve(control)
    with loading(task.name, folder):
        saved = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if saved.pop("task") != task.name:
            raise ValueError("it was trained on another task")
        saved.pop("training", None)  # its options may have changed since
        saved.pop("data", None)  # it may be measured on other data
        choice = read_config(TaskTraining, saved).choice()
    if control is not None:
        choice = replace(choice, control=control)
    prepared = task.prepare(data, folder, choice)
    with loading(task.name, folder):
        model = task.model(choice, prepared)
        model.load_state_dict(read_weights(folder / "model.safetensors"))
    return model, prepared


def evaluate_task(
    task: BenchTask, data: Path | None, folder: Path, control: str | None = None
) -> dict[str, float]:
    """Return the test figures of the model that `load_task` loads."""
    model, prepared = load_task(task, data, folder, control)
    return prepared.test_figures(model)
