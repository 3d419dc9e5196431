"""`fit`: train a model on one machine from a config; resumes a run that was stopped."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from graph_fusion.training.batches import own_random_state
from graph_fusion.training.checkpoint import load_state
from graph_fusion.training.config import TrainingConfig, recorded
from graph_fusion.training.objective import Objective
from graph_fusion.training.record import (
    KEEPER,
    Row,
    RunFolder,
    best_row,
    check_same,
    is_finished,
)
from graph_fusion.weights import deterministic
from kg.errors import SightGraphError

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from graph_fusion.training.keeper import Keeper
    from graph_fusion.training.learner import Learner

OWN_ERROR = re.compile(r"^kg\.errors\.\w+: ([^\n]*)\s*\Z", re.MULTILINE)
"""End of the traceback of another process; torch passes on nothing else."""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Outcome of a training.

    rows: one for each epoch, as in metrics.csv; best: index of the epoch whose weights are kept.
    stopped_early: patience ran out before the last epoch.
    """

    run: Path
    rows: tuple[Row, ...]
    best: int
    stopped_early: bool

    @property
    def figures(self) -> Row:
        """The best epoch's figures: "train loss", "validation loss", "validation accuracy"."""
        return self.rows[self.best]


@deterministic()
def fit(
    model: nn.Module,
    objective: Objective[Any, Any],
    train: Sequence[Any],
    validation: Sequence[Any],
    config: TrainingConfig,
    run: Path,
    log: Callable[[str], None] = print,
    *,
    about: Mapping[str, Any] | None = None,
    progress: bool | None = None,
) -> TrainingReport:
    """Train `model` in place; it ends with the weights of the best epoch.

    The same seed gives the same weights, on the CPU bit for bit, even if the run was killed and
    resumed. The folder `run` holds config.json, metrics.csv, curves.png and checkpoints/.

    With several devices the processes are forked: `log` is called in the first of them, and on
    the CPU each computes on one thread, because OpenMP's threads do not survive a fork.

    about: what else the weights depend on, as JSON; a run is only resumed with the same.
    progress: whether to show bars; None: on a terminal.

    Raises:
        SightGraphError: there are no examples; the run in the folder has another setup; the
            devices or the precision are not available; the loss is not finite.
        KeyboardInterrupt: Ctrl-C; the checkpoint is written, and the same call resumes.
    """
    if not train:
        raise SightGraphError("there are no examples to train on. Is the data folder right?")
    accelerator = choose_accelerator(config)
    if accelerator == "cpu" and config.precision == "bf16-mixed" and not computes_bf16():
        log(IMITATED)
    folder = RunFolder(run)
    setup = _setup(config, len(train), len(validation), about)
    resumes = folder.last.is_file() and not config.restart
    earlier = _read_checkpoint(folder.last) if resumes else {}
    done = earlier["callbacks"][KEEPER]["rows"] if earlier else []
    if earlier:
        check_same(earlier["callbacks"][KEEPER]["setup"], setup, run, objective.shares_batches)
        _check_weights(model, objective.changing(model, config), earlier["state_dict"], run)
    folder.start(setup, config.restart)
    if not is_finished(done, config):
        # Lightning takes seconds to import, and sets its loggers' levels then.
        from graph_fusion.training.keeper import Keeper
        from graph_fusion.training.learner import Learner, Position

        with _quiet(), _own_environment(), own_random_state():
            start = Position(**earlier["position"]) if earlier else Position()
            learner = Learner(model, objective, train, validation, config, start)
            keeper = Keeper(folder, config, setup, log)
            searches = not objective.uses_all
            trainer = _trainer(config, accelerator, keeper, bool(validation), searches, progress)
            _run(trainer, learner, keeper, folder.last if earlier else None)
        earlier = _read_checkpoint(folder.last)
    rows = tuple(earlier["callbacks"][KEEPER]["rows"])
    model.load_state_dict(_best_weights(folder, earlier), strict=False)
    return TrainingReport(run, rows, best_row(rows, config), len(rows) < config.epochs)


def _read_checkpoint(file: Path) -> dict[str, Any]:
    """Return the state of an interrupted training.

    Raises:
        SightGraphError: the file is damaged, or holds other values than `fit` saves.
    """
    state = load_state(file)
    try:
        run = state["callbacks"][KEEPER]
        parts = {"rows": list, "setup": dict}
        right = all(isinstance(run[name], kind) for name, kind in parts.items())
        right = right and all(isinstance(row, dict) for row in run["rows"])
        right = right and all(
            isinstance(state[name], dict) for name in ("state_dict", "position", "average")
        )
    except (KeyError, TypeError, IndexError):
        right = False
    if not right:
        raise SightGraphError(f"'{file}' is no checkpoint of a training. Delete it to start over.")
    return dict(state)


def _best_weights(folder: RunFolder, last: Mapping[str, Any]) -> dict[str, Any]:
    if folder.best.is_file():
        return dict(load_state(folder.best))
    state = {name.removeprefix("model."): value for name, value in last["state_dict"].items()}
    return {**state, **last["average"]}


def choose_accelerator(config: TrainingConfig) -> str:
    """Return "gpu" or "cpu".

    Raises:
        SightGraphError: there are too few GPUs, or the precision needs one.
    """
    gpus = torch.cuda.device_count()  # unlike is_available, starts no CUDA, which forks forbid
    accelerator = config.accelerator
    if accelerator == "auto":
        accelerator = "gpu" if gpus else "cpu"
    if accelerator == "gpu" and gpus < config.devices:
        raise SightGraphError(
            f"devices is {config.devices}, and this machine has {gpus} GPUs. Ask for fewer, or "
            "set accelerator to cpu."
        )
    started = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    if accelerator == "gpu" and config.devices > 1 and started:
        raise SightGraphError(
            "several GPUs need a process that has not used one yet. Load models on the CPU before "
            "training, or set devices to 1."
        )
    if accelerator == "cpu" and config.precision == "16-mixed":
        raise SightGraphError("precision 16-mixed needs a GPU. On the CPU take bf16-mixed.")
    return accelerator


IMITATED = (
    "This processor has no instructions for bf16, and PyTorch imitates them: the training may take "
    "many times as long as with precision 32-true."
)


def computes_bf16() -> bool:
    """Whether this processor has instructions for bf16."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _setup(
    config: TrainingConfig, train: int, validation: int, about: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what the weights depend on, as JSON."""
    setup = {
        "training": recorded(config),
        "examples": {"train": train, "validation": validation},
        "about": dict(about or {}),
    }
    return dict(json.loads(json.dumps(setup)))  # as it will be read back: tuples become lists


def _check_weights(
    model: nn.Module, changing: set[str], kept: Mapping[str, Any], run: Path
) -> None:
    state = model.state_dict()
    now = {f"model.{name}": getattr(state[name], "shape", None) for name in sorted(changing)}
    before = {name: getattr(value, "shape", None) for name, value in kept.items()}
    for name in [*now, *before]:
        if now.get(name) != before.get(name):
            raise SightGraphError(
                f"the run in '{run}' trained another model: '{name}' differs. Start over "
                "(--restart), or name another folder."
            )


def _trainer(
    config: TrainingConfig,
    accelerator: str,
    keeper: Keeper,
    validates: bool,
    searches: bool,
    bars: bool | None,
) -> Trainer:
    from lightning.fabric.plugins.environments.lightning import LightningEnvironment
    from lightning.pytorch import Trainer
    from lightning.pytorch.callbacks import RichProgressBar
    from lightning.pytorch.loggers import TensorBoardLogger
    from lightning.pytorch.strategies import DDPStrategy

    from graph_fusion.training.keeper import SafetensorsIO

    bars = sys.stderr.isatty() if bars is None else bars
    bar = RichProgressBar(console_kwargs={"stderr": True}) if bars else None
    board = config.log == "tensorboard"
    ddp = DDPStrategy(find_unused_parameters=searches, start_method="fork")
    return Trainer(
        accelerator=accelerator,
        devices=config.devices,
        strategy=ddp if config.devices > 1 else "auto",
        precision=config.precision,
        max_epochs=config.epochs,
        gradient_clip_val=config.clip,
        limit_val_batches=None if validates else 0,
        num_sanity_val_steps=0,
        callbacks=[bar, keeper] if bar else [keeper],
        logger=TensorBoardLogger(keeper.folder.path, "tensorboard", "") if board else False,
        plugins=[SafetensorsIO(), LightningEnvironment()],
        use_distributed_sampler=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=bars,
        deterministic="warn",
        default_root_dir=keeper.folder.path,
    )


def _run(trainer: Trainer, learner: Learner, keeper: Keeper, checkpoint: Path | None) -> None:
    try:
        with keeper.stop_signal.listening():
            trainer.fit(learner, ckpt_path=checkpoint)
    except BaseException as error:
        for process in getattr(trainer.strategy.launcher, "procs", []):
            process.kill()
        if keeper.stop_signal:
            keeper.report(
                f"stopped; {keeper.folder.last} holds what was done. The same command goes on."
            )
            raise KeyboardInterrupt from None
        if (own_error := OWN_ERROR.search(str(error))) and not isinstance(error, SightGraphError):
            raise SightGraphError(own_error[1]) from error
        raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the log messages of Lightning; the warnings of torch stay."""
    names = ("lightning.pytorch", "lightning.fabric", "torch.multiprocessing.spawn")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning(\.|$)")
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def _own_environment() -> Iterator[None]:
    """Remove the environment variables that Lightning sets: ports and ranks."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
