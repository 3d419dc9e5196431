"""What happens to a training from outside: checkpoints, the record, early stopping, Ctrl-C."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from graph_fusion.training.batches import Portion
from graph_fusion.training.checkpoint import save_state
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


class StoppedError(Exception):
    """Somebody pressed Ctrl-C; the checkpoint is written."""


class Asked:
    """Whether somebody asked to stop; all processes of the training see it."""

    def __init__(self) -> None:
        self._flag = multiprocessing.RawValue("b", 0)
        self._owner = os.getpid()

    def __bool__(self) -> bool:
        return bool(self._flag.value)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take Ctrl-C as a wish to stop after the batch; a second one stops at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            return  # a terminal tells all processes; the one that was started speaks for them
        if self:
            raise KeyboardInterrupt
        self._flag.value = 1


class Keeper(Callback):
    """Keeps the last and the best weights, the record and its curves; ends the training early."""

    def __init__(
        self,
        folder: RunFolder,
        config: TrainingConfig,
        setup: Mapping[str, Any],
        log: Callable[[str], None],
    ) -> None:
        self.folder, self.config, self.begun_with = folder, config, setup
        self.say, self.asked = log, Asked()  # Lightning sets `log` on its callbacks
        self.rows: list[Row] = []
        self._spent, self._since = 0.0, time.monotonic()
        self._drawn = self._since

    def state_dict(self) -> dict[str, Any]:
        spent = self._spent + time.monotonic() - self._since
        return {"rows": self.rows, "setup": dict(self.begun_with), "seconds": spent}

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
            return  # the epoch's end keeps more
        stop = self._is_asked(trainer)
        if stop or learner.position.number % self.config.save_every == 0:
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
        if self._is_asked(trainer) and not trainer.should_stop:
            raise StoppedError

    def _row(self, trainer: Trainer, learner: Learner) -> Row:
        train = learner.training_sums.means(trainer.world_size)
        if not _is_finite(train["loss"]):
            raise SightGraphError(
                f"the loss became {train['loss']} in epoch {len(self.rows) + 1}. Lower "
                "learning_rate, or set clip; the last checkpoint is from before."
            )
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
        self._say_beside_bars(as_line(row, self.config.epochs))

    def _say_beside_bars(self, line: str) -> None:
        """Say `line` above the progress bar, if there is one.

        Rich's bar moves what is printed, but not what another of its consoles prints.
        """
        terminal = getattr(sys.stdout, "rich_proxied_file", None)
        if terminal is None or not terminal.isatty():
            self.say(line)
            return
        with redirect_stdout(io.StringIO()) as heard:
            self.say(line)
        print(heard.getvalue(), end="")

    def _log_step(self, trainer: Trainer, outputs: Any) -> None:
        rate = trainer.optimizers[0].param_groups[-1]["lr"]
        for logger in trainer.loggers:
            figures = {"step/loss": float(outputs["loss"]), "step/learning rate": rate}
            logger.log_metrics(figures, trainer.global_step)

    def _is_asked(self, trainer: Trainer) -> bool:
        """Tell whether to stop; all processes hear the same, since they save together."""
        asked = bool(self.asked)
        if trainer.world_size == 1:
            return asked
        return trainer.strategy.reduce_boolean_decision(asked, all=False)


def _learner(module: LightningModule) -> Learner:
    assert isinstance(module, Learner)
    return module


def _is_finite(value: float) -> bool:
    return bool(torch.isfinite(torch.tensor(value)))


def _is_figure(name: str) -> bool:
    return name.startswith(("train ", "validation "))
