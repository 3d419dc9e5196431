"""The objective of a training: how examples become a batch, a batch a loss, and its figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from torch import Tensor, nn

from graph_fusion.training.config import TrainingConfig

Model = TypeVar("Model", bound=nn.Module)
Batch = TypeVar("Batch")

Figures: TypeAlias = Mapping[str, tuple[float | Tensor, int]]
"""Numerator and denominator of each figure by name, summed over batches and processes. Accuracy:
number of right answers, number of answers; F1: 2 * hits, predicted + target."""


class Objective(ABC, Generic[Model, Batch]):
    """What `fit` needs to know of a task; only `collate` and `loss` have no default.

    Batches are tensors, dataclasses (frozen ones, too), mappings and sequences of such, or
    anything with a method `to(device)`. Random numbers (dropout, augmentation in `collate`) may
    come from torch, numpy and random: all three are seeded for each batch, so that they depend
    on seed, epoch and batch only.

    uses_all: whether every batch uses every trained parameter. If so, several processes need
        not search for parameters without a gradient.
    shares_batches: whether the loss of a batch is the mean of the losses of its equal parts. If so,
        a run may be resumed with other `devices` and `batch_size` whose product is the same. Not
        so where samples without a target are left out, words are counted, or samples are compared
        with each other: several processes average the means of their parts, and each part then
        counts alike, however many targets it has.
    """

    uses_all: bool = False
    shares_batches: bool = False

    @abstractmethod
    def collate(self, examples: list[Any]) -> Batch:
        """Return one batch of `examples`, on the CPU."""

    @abstractmethod
    def loss(self, model: Model, batch: Batch) -> Tensor | tuple[Tensor, Figures]:
        """Return the mean loss of the batch [], optionally with figures of the training."""

    def figures(self, model: Model, batch: Batch) -> Figures:
        """Return the figures of a validation batch, without the loss."""
        return {}

    def measured(self, model: Model, batch: Batch, size: int) -> Figures:
        """Return the figures and the loss of a validation batch of `size` examples."""
        loss = self.loss(model, batch)
        loss = loss[0] if isinstance(loss, tuple) else loss
        return {"loss": (loss.detach() * size, size), **self.figures(model, batch)}

    def groups(self, model: Model, config: TrainingConfig) -> list[dict[str, Any]]:
        """Return the parameter groups of the optimizer: "params", optionally with an own "lr"."""
        return [{"params": [one for one in model.parameters() if one.requires_grad]}]

    def changing(self, model: Model, config: TrainingConfig) -> set[str]:
        """Return the names in the model's state that training changes: all but frozen parameters.

        Only these are saved in checkpoints; the caller's model supplies the others.
        """
        trained = {id(one) for group in self.groups(model, config) for one in group["params"]}
        parameters = model.named_parameters(remove_duplicate=False)
        frozen = {name for name, one in parameters if id(one) not in trained}
        return set(model.state_dict()) - frozen

    def rate(self, step: int, steps: int, config: TrainingConfig) -> float:
        """Return the factor on all learning rates at `step`, counted from 0, of `steps`."""
        return config.rate(step, steps)

    def start_epoch(self, model: Model, epoch: int) -> None:
        """Prepare the model for the steps of `epoch`, counted from 0: train mode."""
        model.train()
