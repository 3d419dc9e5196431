"""The options of a training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from kg.errors import SightGraphError

Precision: TypeAlias = Literal["32-true", "bf16-mixed", "16-mixed"]
Accelerator: TypeAlias = Literal["auto", "cpu", "gpu"]
Log: TypeAlias = Literal["csv", "tensorboard", "none"]
MAX_NUMBER = 10**9
"""Of any count or size in a config."""
BESIDE: Mapping[str, bool] = {"beside": True}
"""Metadata of the field of an option that the weights do not depend on: where something is kept."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How to train, with defaults that work for small models.

    batch_size: examples per step and process; `devices` processes average their gradients, each
        of its own mean loss (`Objective.shares_batches` says when that is the loss of them all).
    optimiser: by name; sgd has momentum 0.9.
    learning_rate: the peak; it rises over the `warmup` share of all steps, then falls to zero
        along a half cosine ("cosine") or a line ("linear"), or stays ("constant").
    clip: maximum norm of the gradient of all parameters together; None: no clipping.
    average: decay of the moving average of the weights, which is then validated and saved; it
        starts low, (t + 1) / (t + 10) at step t. 0: no average.
    watch, watch_for: the validation figure that chooses the best epoch, and whether its minimum
        or its maximum is best; None, or no validation examples: the last epoch is kept.
    patience: stop after so many epochs without improvement of the watched figure; None: never.
    devices: number of processes, each on its own GPU, or on one thread of the CPU.
    log: where figures are written: "csv": metrics.csv and curves.png; "tensorboard": these and
        TensorBoard's event files; "none": nowhere.
    workers: processes that prepare batches; 0: the training process prepares them itself.
    save_every: steps between checkpoints within an epoch; each epoch ends with one as well.
    restart: forget an earlier run in the folder, once there is something to train on.
    """

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = 0.0
    clip: float | None = 1.0
    average: float = 0.0
    watch: str | None = "loss"
    watch_for: Literal["min", "max"] = "min"
    patience: int | None = None
    precision: Precision = "32-true"
    devices: int = 1
    accelerator: Accelerator = "auto"
    log: Log = "csv"
    workers: int = 0
    save_every: int = 1000
    seed: int = 0
    restart: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "devices", "save_every"):
            right = 1 <= getattr(self, name) <= MAX_NUMBER
            self._check(name, right, f"at least 1, and at most {MAX_NUMBER}")
        self._check("patience", self.patience is None or self.patience >= 1, "at least 1, or null")
        if self.patience is not None and self.watch is None:
            raise SightGraphError("patience needs a figure to watch. Set watch, say to 'loss'.")
        self._check("learning_rate", 0 < self.learning_rate < math.inf, "above 0, and finite")
        self._check("clip", self.clip is None or self.clip > 0, "above 0, or null")
        self._check("weight_decay", 0 <= self.weight_decay < math.inf, "at least 0, and finite")
        for name in ("workers", "seed"):
            right = 0 <= getattr(self, name) <= MAX_NUMBER
            self._check(name, right, f"at least 0, and at most {MAX_NUMBER}")
        self._check("warmup", 0 <= self.warmup <= 1, "a share in [0, 1]")
        self._check("average", 0 <= self.average < 1, "a share in [0, 1)")

    def _check(self, name: str, right: bool, expected: str) -> None:
        if not right:
            raise SightGraphError(f"'{name}' is {getattr(self, name)}; it must be {expected}.")

    def rate(self, step: int, steps: int) -> float:
        """Return the factor on the learning rate at `step`, counted from 0, of `steps`."""
        warm = round(self.warmup * steps)
        if step < warm:
            return (step + 1) / warm
        if self.schedule == "constant":
            return 1.0
        done = (step - warm) / max(steps - warm, 1)
        return 1 - done if self.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2

    def is_better(self, figure: float, best: float) -> bool:
        """Return whether the watched `figure` is strictly better than the `best` so far."""
        better = figure < best if self.watch_for == "min" else figure > best
        return better or (math.isnan(best) and not math.isnan(figure))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """Options that all trainings share; the subclass of a model adds its own and its defaults.

    `TrainingConfig` documents the fields. The bundled models were trained on the CPU, so it is
    the default here.
    """

    precision: Precision = "32-true"
    devices: int = 1
    accelerator: Accelerator = "cpu"
    log: Log = "csv"
    workers: int = 0
    seed: int = 0
    restart: bool = False

    def __post_init__(self) -> None:
        self.config()  # checks what it shares
        for name, value in self.others().items():
            for number in value if isinstance(value, tuple) else (value,):
                if type(number) in (int, float) and not 0 <= number <= MAX_NUMBER:
                    raise SightGraphError(
                        f"'{name}' is {number}; it must be at least 0, and at most {MAX_NUMBER}."
                    )

    def config(self, **others: Any) -> TrainingConfig:
        """Return a config with the values of the fields of the same name, and `others`."""
        known = {field.name for field in fields(TrainingConfig)}
        mine = {name: value for name, value in asdict(self).items() if name in known}
        return TrainingConfig(**(mine | others))

    def others(self) -> dict[str, Any]:
        """Return the options that `TrainingConfig` does not have; the weights depend on them."""
        known = {field.name for field in fields(TrainingConfig)}
        left = known | {field.name for field in fields(self) if field.metadata == BESIDE}
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
            if name not in left
        }


def recorded(options: Any) -> dict[str, Any]:
    """Return the fields as they stand beside weights: without `restart`, which is one command's."""
    return asdict(options, dict_factory=lambda pairs: {k: v for k, v in pairs if k != "restart"})
