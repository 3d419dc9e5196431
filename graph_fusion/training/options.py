"""How to train: what every training has in common."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias

from kg.errors import SightGraphError

Precision: TypeAlias = Literal["32-true", "bf16-mixed", "16-mixed"]
Accelerator: TypeAlias = Literal["auto", "cpu", "gpu"]
Log: TypeAlias = Literal["csv", "tensorboard", "none"]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How to train, with defaults that work for small models.

    batch_size: examples of one step of one process; `devices` processes average their gradients.
    learning_rate: at its highest; it rises over the `warmup` share of all steps, then falls to
        zero along a half cosine or a line, or stays.
    clip: longest gradient, all parameters taken together; None: as they are.
    average: share of the old in the moving average of the weights, which is what is measured and
        kept; it starts low, (t + 1) / (t + 10) at step t. 0: no average.
    watch, watch_for: the validation figure that chooses the best epoch, and whether the least or
        the most of it is best; None, or no validation: the last epoch's weights are kept.
    patience: stop when the watched figure has not got better for so many epochs; None: never.
    devices: processes, each on its own GPU, or on one thread of the CPU.
    log: where figures go: metrics.csv and curves.png; TensorBoard's files as well; or nowhere.
    workers: processes that prepare batches; 0: none beside the training itself.
    save_every: steps between checkpoints inside an epoch; there is one after each epoch, too.
    """

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = 0.0
    clip: float | None = 1.0
    average: float = 0.0
    watch: str | None = "loss"
    watch_for: Literal["least", "most"] = "least"
    patience: int | None = None
    precision: Precision = "32-true"
    devices: int = 1
    accelerator: Accelerator = "auto"
    log: Log = "csv"
    workers: int = 0
    save_every: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "devices", "save_every"):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        self._check("patience", self.patience is None or self.patience >= 1, "at least 1, or null")
        if self.patience is not None and self.watch is None:
            raise SightGraphError("patience needs a figure to watch. Set watch, say to 'loss'.")
        self._check("learning_rate", self.learning_rate > 0, "above 0")
        self._check("clip", self.clip is None or self.clip > 0, "above 0, or null")
        for name in ("weight_decay", "workers", "seed"):
            self._check(name, getattr(self, name) >= 0, "at least 0")
        self._check("warmup", 0 <= self.warmup <= 1, "a share in [0, 1]")
        self._check("average", 0 <= self.average < 1, "a share in [0, 1)")

    def _check(self, name: str, right: bool, expected: str) -> None:
        if not right:
            raise SightGraphError(f"'{name}' is {getattr(self, name)}; it must be {expected}.")

    def rate(self, step: int, steps: int) -> float:
        """Return the share of the learning rate at `step`, counted from 0, of `steps`."""
        warm = round(self.warmup * steps)
        if step < warm:
            return (step + 1) / warm
        if self.schedule == "constant":
            return 1.0
        done = (step - warm) / max(steps - warm, 1)
        return 1 - done if self.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2

    def is_better(self, figure: float, best: float) -> bool:
        """Tell whether the watched `figure` is strictly better than the `best` so far."""
        better = figure < best if self.watch_for == "least" else figure > best
        return better or (math.isnan(best) and not math.isnan(figure))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the options of every task share: where to train, and where its figures go.

    A task's options are a subclass with its own fields and defaults. They were found on the
    CPU, which is why that is where they train; `TrainingConfig` says what each means.
    """

    precision: Precision = "32-true"
    devices: int = 1
    accelerator: Accelerator = "cpu"
    log: Log = "csv"
    workers: int = 0
    seed: int = 0

    def config(self, **others: Any) -> TrainingConfig:
        """Return the config that has the same values under the same names, and `others`."""
        known = {field.name for field in fields(TrainingConfig)}
        mine = {name: value for name, value in asdict(self).items() if name in known}
        return TrainingConfig(**(mine | others))

    def beside(self) -> dict[str, Any]:
        """Return the options that are no config's: what else the result depends on."""
        known = {field.name for field in fields(TrainingConfig)}
        return {name: value for name, value in asdict(self).items() if name not in known}
