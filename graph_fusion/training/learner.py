"""The Lightning module: a model and its objective, batch by batch. Imports Lightning: slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from graph_fusion.training.batches import (
    TRAINING,
    VALIDATING,
    Order,
    Plan,
    Portion,
    loader,
    moved,
    seed_all,
)
from graph_fusion.training.config import TrainingConfig
from graph_fusion.training.objective import Figures, Objective

POSITION, SUMS, AVERAGE = "position", "sums", "average"
"""Keys that we add to Lightning's checkpoint."""
OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": partial(torch.optim.SGD, momentum=0.9),
}


@dataclass(frozen=True, slots=True)
class Position:
    """The next batch: its epoch and its number in the epoch, both counted from 0."""

    epoch: int = 0
    number: int = 0


class Sums:
    """Sums of figures, on the device; `means` sums over processes as well."""

    def __init__(self, totals: dict[str, tuple[float | Tensor, int]] | None = None) -> None:
        self.totals = totals or {}

    def add(self, figures: Figures) -> None:
        for name, (value, count) in figures.items():
            value = value.detach().double() if isinstance(value, Tensor) else value
            total, counted = self.totals.get(name, (0.0, 0))
            self.totals[name] = (total + value, counted + count)

    def merged(self, ranks: int) -> dict[str, tuple[float, int]]:
        """Return the sums over all processes; all of them must call this together."""
        own = {name: (float(total), count) for name, (total, count) in self.totals.items()}
        if ranks == 1:
            return own
        parts: list[Any] = [None] * ranks
        torch.distributed.all_gather_object(parts, own)
        whole = Sums()
        for part in parts:
            whole.add(part)
        return {name: (float(total), count) for name, (total, count) in whole.totals.items()}

    def means(self, ranks: int) -> dict[str, float]:
        return {name: total / max(n, 1) for name, (total, n) in self.merged(ranks).items()}


class Learner(LightningModule):
    """Trains `model` for `objective`, from `start` on.

    After each step, `position` is the next batch. The checkpoint holds the position, the sums of
    the epoch so far and the moving average of the weights, but no frozen weights.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective[Any, Any],
        examples: Sequence[Any],
        validation: Sequence[Any],
        config: TrainingConfig,
        start: Position,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective, self.config = objective, config
        self.examples, self.validation = examples, validation
        self.start = self.position = start
        self.training_sums, self.validation_sums = Sums(), Sums()
        self.changing = objective.changing(model, config)
        self.strict_loading = False  # checkpoints hold no frozen weights
        self.average = self._floats() if config.average else {}
        self._own: dict[str, Tensor] = {}
        self._begun = -1

    def plan(self, shuffled: bool) -> Plan:
        """Return the division of the training examples (`shuffled`) or the validation examples."""
        return Plan(
            len(self.examples if shuffled else self.validation),
            self.config.batch_size,
            self.config.seed,
            shuffled,
            self.global_rank,
            self.trainer.world_size,
        )

    def train_dataloader(self) -> DataLoader[Portion]:
        order = Order(self.plan(True), self.start.epoch, self.start.number)
        return loader(self.examples, self.objective, order, self.config.workers)

    def val_dataloader(self) -> DataLoader[Portion]:
        # Always epoch 0: whatever its collating draws is the same each time.
        order = Order(self.plan(False))
        order.set_epoch = lambda epoch: None  # type: ignore[method-assign]
        return loader(self.validation, self.objective, order, self.config.workers)

    def transfer_batch_to_device(
        self, batch: Portion, device: torch.device, dataloader_idx: int
    ) -> Portion:
        return moved(batch, device)  # type: ignore[no-any-return]

    def configure_optimizers(self) -> Any:
        config, groups = self.config, self.objective.groups(self.model, self.config)
        optimizer = OPTIMISERS[config.optimiser](
            groups, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        steps = config.epochs * len(self.plan(True))
        schedule = LambdaLR(optimizer, lambda step: self.objective.rate(step, steps, config))
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def on_train_batch_start(self, batch: Portion, batch_idx: int) -> None:
        self.position = Position(batch.epoch, batch.number)
        if self._begun != batch.epoch:
            self._begun = batch.epoch
            self.objective.start_epoch(self.model, batch.epoch)
            if batch.number == 0:
                self.training_sums = Sums()
        seed_all(self.config.seed, batch.epoch, batch.number, self.global_rank, TRAINING)

    def training_step(self, batch: Portion, batch_idx: int) -> Tensor:
        found = self.objective.loss(self.model, batch.batch)
        loss, figures = found if isinstance(found, tuple) else (found, {})
        self.training_sums.add({"loss": (loss.detach() * batch.size, batch.size), **figures})
        self.log("loss", loss.detach(), prog_bar=True, logger=False, batch_size=batch.size)
        return loss

    def optimizer_step(
        self,
        epoch: int,
        batch_idx: int,
        optimizer: Any,
        optimizer_closure: Callable[[], Any] | None = None,
    ) -> None:
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        batches = len(self.plan(True))
        step = self.position.epoch * batches + self.position.number
        self._move_average(step)
        last = self.position.number + 1 == batches
        self.position = (
            Position(self.position.epoch + 1, 0)
            if last
            else Position(self.position.epoch, self.position.number + 1)
        )

    @torch.no_grad()
    def _move_average(self, step: int) -> None:
        keep = min(self.config.average, (step + 1) / (step + 10))
        state = self.model.state_dict() if self.average else {}
        for name, value in self.average.items():
            value.lerp_(state[name], 1 - keep)

    def on_fit_start(self) -> None:
        self.average = {name: value.to(self.device) for name, value in self.average.items()}

    def on_validation_start(self) -> None:
        self.validation_sums = Sums()
        if self.average:
            self._own = self._floats()
            self.model.load_state_dict(self.average, strict=False)

    def validation_step(self, batch: Portion, batch_idx: int) -> None:
        if batch.size:
            seed_all(self.config.seed, 0, batch.number, self.global_rank, VALIDATING)
            self.validation_sums.add(self.objective.measured(self.model, batch.batch, batch.size))

    def on_validation_end(self) -> None:
        if self.average:
            self.model.load_state_dict(self._own, strict=False)
            self._own = {}

    def weights(self) -> dict[str, Any]:
        """Return the trained weights, or their moving average; without frozen ones."""
        state = self.model.state_dict()
        return {name: self.average.get(name, state[name]) for name in sorted(self.changing)}

    def _floats(self) -> dict[str, Tensor]:
        """Return a copy of all floating-point weights that training changes."""
        state = self.model.state_dict()
        return {
            name: state[name].detach().clone()
            for name in sorted(self.changing)
            if state[name].dtype.is_floating_point
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        kept = {f"model.{name}" for name in self.changing}
        state = checkpoint["state_dict"]
        checkpoint["state_dict"] = {name: state[name] for name in state if name in kept}
        checkpoint[POSITION] = asdict(self.position)
        checkpoint[SUMS] = self.training_sums.merged(self.trainer.world_size)
        checkpoint[AVERAGE] = dict(self.average)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # The first process continues the sums of all.
        self.training_sums = Sums(dict(checkpoint[SUMS]) if self.global_rank == 0 else None)
        self.average = dict(checkpoint[AVERAGE])
