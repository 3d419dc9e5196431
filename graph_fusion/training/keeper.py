"""The Lightning callback: checkpoints, the record of figures, early stopping, Ctrl-C.

Imports Lightning: slow.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.plugins.io import CheckpointIO

from graph_fusion.training.batches import Portion
from graph_fusion.training.checkpoint import load_state, save_state
from graph_fusion.training.config import TrainingConfig
from graph_fusion.training.learner import Learner
from graph_fusion.training.record import (
    KEEPER,
    Row,
    RunFolder,
    as_line,
    best_row,
    draw_curves,
    is_finished,
    is_watched,
)
from kg.errors import SightGraphError

LOGGED_EVERY = 10
"""Steps between the points of TensorBoard's step curves."""

DRAWN_EVERY = 60.0
"""Seconds between pictures of the curves so far."""


class SafetensorsIO(CheckpointIO):
    """Writes and reads checkpoints with `save_state` and `load_state`; nothing is pickled."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        save_state(checkpoint, Path(path))

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        return dict(load_state(Path(path)))

    def remove_checkpoint(self, path: Any) -> None:
        """Remove the file that one process handed to another, and its folder if it is empty."""
        Path(path).unlink(missing_ok=True)
        with suppress(OSError):
            Path(path).parent.rmdir()


class StoppedError(Exception):
    """Raised after Ctrl-C, once the checkpoint is written."""


class StopSignal:
    """Is true once Ctrl-C was pressed; all processes of the training share it."""

    def __init__(self) -> None:
        self._flag = multiprocessing.RawValue("b", 0)
        self._owner = os.getpid()

    def __bool__(self) -> bool:
        return bool(self._flag.value)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle Ctrl-C: the first one stops after the current batch, a second one at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            return  # a terminal signals all processes; only the first one reacts
        if self:
            raise KeyboardInterrupt
        self._flag.value = 1


class Keeper(Callback):
    """Saves the last and the best weights and the record with its curves; stops early."""

    def __init__(
        self,
        folder: RunFolder,
        config: TrainingConfig,
        setup: Mapping[str, Any],
        log: Callable[[str], None],
    ) -> None:
        self.folder, self.config, self.setup_at_start = folder, config, setup
        self.report, self.stop_signal = log, StopSignal()  # Lightning sets `log` on its callbacks
        self.rows: list[Row] = []
        self._spent, self._since = 0.0, time.monotonic()
        self._drawn = self._since

    def state_dict(self) -> dict[str, Any]:
        spent = self._spent + time.monotonic() - self._since
        return {"rows": self.rows, "setup": dict(self.setup_at_start), "seconds": spent}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.rows, self._spent = list(state["rows"]), state["seconds"]

    @property
    def state_key(self) -> str:
        return KEEPER

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if trainer.world_size > 1:
            torch.set_num_threads(1)  # OpenMP's threads do not survive the fork: more would hang

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._since = time.monotonic()
        if trainer.world_size > 1:
            # Lightning would go on, and the process that waits for another would never end.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Portion,
        batch_idx: int,
    ) -> None:
        learner = _learner(pl_module)
        if trainer.loggers and trainer.global_step % LOGGED_EVERY == 0:
            self._log_step(trainer, outputs)
        if learner.position.number == 0:
            return  # on_train_epoch_end saves more
        stop = self._should_stop(trainer)
        if stop or learner.position.number % self.config.save_every == 0:
            self._check_finite(trainer, learner)
            trainer.save_checkpoint(self.folder.last)
        if stop:
            raise StoppedError

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        learner = _learner(pl_module)
        self.rows.append(self._row(trainer, learner))
        best = best_row(self.rows, self.config)
        is_best = best == len(self.rows) - 1 and is_watched(self.rows[-1], self.config)
        if is_best and trainer.is_global_zero:
            save_state(learner.weights(), self.folder.best)
        trainer.save_checkpoint(self.folder.last)
        if is_finished(self.rows, self.config):
            trainer.should_stop = True
        if trainer.is_global_zero:
            self._publish(trainer, best)
        if self._should_stop(trainer) and not trainer.should_stop:
            raise StoppedError

    def _row(self, trainer: Trainer, learner: Learner) -> Row:
        train = self._check_finite(trainer, learner)
        validation = learner.validation_sums.means(trainer.world_size)
        now = time.monotonic()
        self._spent, self._since = self._spent + now - self._since, now
        return {
            "epoch": len(self.rows) + 1,
            "step": trainer.global_step,
            "learning rate": trainer.optimizers[0].param_groups[-1]["lr"],
            "seconds": round(self._spent, 2),
            **{f"train {name}": value for name, value in train.items()},
            **{f"validation {name}": value for name, value in validation.items()},
        }

    def _check_finite(self, trainer: Trainer, learner: Learner) -> dict[str, float]:
        """Return the means of the epoch so far; all processes call this together.

        Raises:
            SightGraphError: the loss is not finite, or the last step has left weights that are
                not, whose loss no step has computed yet. No checkpoint may hold these.
        """
        train = learner.training_sums.means(trainer.world_size)
        what = "loss" if not _is_finite(train["loss"]) else "weights"
        if what == "weights" and all(bool(one.isfinite().all()) for one in learner.parameters()):
            return train
        raise SightGraphError(
            f"the {what} became {train['loss'] if what == 'loss' else 'infinite'} in epoch "
            f"{len(self.rows) + 1}. Lower learning_rate, or set clip, and start over (--restart)."
        )

    def _publish(self, trainer: Trainer, best: int) -> None:
        row = self.rows[-1]
        if self.config.log != "none":
            self.folder.write_metrics(self.rows)
            if trainer.should_stop or time.monotonic() - self._drawn > DRAWN_EVERY:
                draw_curves(self.rows, best, self.folder.curves)
                self._drawn = time.monotonic()
        for logger in trainer.loggers:
            figures = {n.replace(" ", "/", 1): v for n, v in row.items() if _is_figure(n)}
            logger.log_metrics(figures, int(row["epoch"]))
        self._report_above_bars(as_line(row, self.config.epochs))

    def _report_above_bars(self, line: str) -> None:
        """Report `line` above the progress bar, if there is one.

        Rich's bar moves what is printed, but not what another of its consoles prints.
        """
        terminal = getattr(sys.stdout, "rich_proxied_file", None)
        if terminal is None or not terminal.isatty():
            self.report(line)
            return
        with redirect_stdout(io.StringIO()) as printed:
            self.report(line)
        print(printed.getvalue(), end="")

    def _log_step(self, trainer: Trainer, outputs: Any) -> None:
        rate = trainer.optimizers[0].param_groups[-1]["lr"]
        for logger in trainer.loggers:
            figures = {"step/loss": float(outputs["loss"]), "step/learning rate": rate}
            logger.log_metrics(figures, trainer.global_step)

    def _should_stop(self, trainer: Trainer) -> bool:
        """Return whether to stop: the same in all processes, since they save together."""
        stop = bool(self.stop_signal)
        if trainer.world_size == 1:
            return stop
        return trainer.strategy.reduce_boolean_decision(stop, all=False)


def _learner(module: LightningModule) -> Learner:
    assert isinstance(module, Learner)
    return module


def _is_finite(value: float) -> bool:
    return bool(torch.isfinite(torch.tensor(value)))


def _is_figure(name: str) -> bool:
    return name.startswith(("train ", "validation "))
