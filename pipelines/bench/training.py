"""One task, one fusion: trained, kept, and measured again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from graph_fusion.controls import CONTROLS
from graph_fusion.fusion import DEFAULT_FUSION, FusionConfig
from graph_fusion.training import TrainingConfig, fit, read_config
from graph_fusion.weights import loading
from kg.files import atomic_path, write_text
from pipelines.bench.task import BenchTask, ModelChoice


@dataclass(frozen=True, slots=True)
class TaskTraining:
    """What `sightgraph train TASK --config FILE` reads: `ModelChoice`, and how it is trained."""

    fusion: str = DEFAULT_FUSION
    control: str | None = None
    missing: float = 0.0
    sizes: FusionConfig = field(default_factory=FusionConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def choice(self) -> ModelChoice:
        """Return the model that is trained."""
        return ModelChoice(self.fusion, self.sizes, self.control, self.missing)


def read_training(task: BenchTask, file: Path | None, **given: Any) -> TaskTraining:
    """Return the task's own settings, then the file's, then what is given.

    Raises:
        SightGraphError: the file cannot be read, or holds what is not understood.
    """
    fusion = task.fusion if task.fusion in task.choices() else task.choices()[0]
    defaults = TaskTraining(fusion=fusion, sizes=task.sizes, training=task.training)
    return read_config(TaskTraining, file, defaults, **given)


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
    prepared = task.prepare(data, out)
    torch.manual_seed(options.training.seed)
    model = task.model(options.choice(), prepared)
    about = {"task": task.name, **asdict(options)}
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
    with atomic_path(out / "model.safetensors") as path:
        save_file({key: value.contiguous() for key, value in model.state_dict().items()}, path)
    write_text(out / "model.json", json.dumps(about, indent=1) + "\n")
    task.export(model, prepared, options.choice(), out)
    return prepared.test_figures(model)


def evaluate_task(
    task: BenchTask, data: Path | None, folder: Path, control: str | None = None
) -> dict[str, float]:
    """Return the test figures of the model that `train_task` wrote to `folder`.

    control: asks under this control, whatever it was trained under.

    Raises:
        SightGraphError: there is none, or it is another task's.
        UnknownNameError: there is no such control.
    """
    if control is not None:
        CONTROLS.resolve(control)
    prepared = task.prepare(data, folder)
    with loading(task.name, folder):
        kept = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if kept.pop("task") != task.name:
            raise ValueError("it was trained on another task")
        choice = read_config(TaskTraining, kept).choice()
        if control is not None:
            choice = replace(choice, control=control)
        model = task.model(choice, prepared)
        model.load_state_dict(load_file(folder / "model.safetensors"))
    return prepared.test_figures(model)
