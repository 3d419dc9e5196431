"""What is trained: how examples become a batch, a batch a loss, and which figures tell of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from torch import Tensor, nn

from graph_fusion.training.config import TrainingConfig

Model = TypeVar("Model", bound=nn.Module)
Batch = TypeVar("Batch")

Figures: TypeAlias = Mapping[str, tuple[float | Tensor, int]]
"""By name the sum of a figure and the count it is divided by, added up over batches and
processes: right answers and answers; for an F1 2 * hits and found + wanted."""


class Objective(ABC, Generic[Model, Batch]):
    """What a training needs to know of its task; only `collate` and `loss` have no default.

    Batches are tensors, dataclasses (frozen ones, too), mappings and sequences of such, or
    anything with a method `to(device)`. Chance (dropout, augmentation in `collate`) may be drawn
    from torch, numpy and random: all three are seeded for each batch, so that what is drawn
    depends on seed, epoch and batch only.

    uses_all: whether each batch uses each trained parameter. Where it does, several processes
        need not search for those without a gradient.
    """

    uses_all: bool = False

    @abstractmethod
    def collate(self, examples: list[Any]) -> Batch:
        """Return one batch of `examples`, on the CPU."""

    @abstractmethod
    def loss(self, model: Model, batch: Batch) -> Tensor | tuple[Tensor, Figures]:
        """Return the mean loss of the batch [], and with it figures of training, if any."""

    def figures(self, model: Model, batch: Batch) -> Figures:
        """Return the figures of a validation batch, the loss apart."""
        return {}

    def measured(self, model: Model, batch: Batch, size: int) -> Figures:
        """Return all that validation adds up over its batches of `size` examples."""
        loss = self.loss(model, batch)
        loss = loss[0] if isinstance(loss, tuple) else loss
        return {"loss": (loss.detach() * size, size), **self.figures(model, batch)}

    def groups(self, model: Model, config: TrainingConfig) -> list[dict[str, Any]]:
        """Return the optimizer's groups: lists of "params", with "lr" where it is their own."""
        return [{"params": [one for one in model.parameters() if one.requires_grad]}]

    def changing(self, model: Model, config: TrainingConfig) -> set[str]:
        """Return what of the model's state training can change: all but frozen parameters.

        Only this is kept in checkpoints; the rest comes with the model, each time.
        """
        trained = {id(one) for group in self.groups(model, config) for one in group["params"]}
        parameters = model.named_parameters(remove_duplicate=False)
        frozen = {name for name, one in parameters if id(one) not in trained}
        return set(model.state_dict()) - frozen

    def rate(self, step: int, steps: int, config: TrainingConfig) -> float:
        """Return the share of each learning rate at `step`, counted from 0, of `steps`."""
        return config.rate(step, steps)

    def start_epoch(self, model: Model, epoch: int) -> None:
        """Make the model ready for the steps of `epoch`, counted from 0: train mode."""
        model.train()
