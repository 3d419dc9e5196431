"""graph_fusion/training/fit.py: the same bits for the same seed, through kills and stops."""

from __future__ import annotations

import importlib
import json
import math
import multiprocessing
import os
import random
import signal
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_fusion.training import Figures, Objective, TrainingConfig, fit
from graph_fusion.training.checkpoint import load_state
from graph_fusion.training.config import Precision
from kg.errors import SightGraphError

QUICK = TrainingConfig(epochs=3, batch_size=4, learning_rate=0.02, log="none")
Example = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Lines:
    x: Tensor
    y: Tensor


class Sums(Objective[nn.Module, Lines]):
    """Learn the sum of four numbers, seen through noise."""

    uses_all = True
    shares_batches = True

    def __init__(self, noise: float = 0.0, pause: float = 0.0) -> None:
        self.noise, self.pause = noise, pause

    def collate(self, examples: list[Example]) -> Lines:
        x = torch.stack([one for one, _ in examples])
        return Lines(x + self.noise * torch.randn_like(x), torch.stack([y for _, y in examples]))

    def loss(self, model: nn.Module, batch: Lines) -> tuple[Tensor, Figures]:
        time.sleep(self.pause)
        difference = model(batch.x) - batch.y
        return difference.square().mean(), {"error": self.error(difference)}

    def figures(self, model: nn.Module, batch: Lines) -> Figures:
        return {"error": self.error(model(batch.x) - batch.y)}

    @staticmethod
    def error(difference: Tensor) -> tuple[Tensor, int]:
        return difference.detach().abs().sum(), len(difference)


def network(dropout: float = 0.2) -> nn.Module:
    torch.manual_seed(4)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 1))


def examples(amount: int, seed: int = 0) -> list[Example]:
    x = torch.randn(amount, 4, generator=torch.Generator().manual_seed(seed))
    return list(zip(x, x.sum(1, keepdim=True), strict=True))


def trained(
    run: Path,
    config: TrainingConfig = QUICK,
    objective: Objective[Any, Any] | None = None,
    dropout: float = 0.2,
    log: Callable[[str], None] = lambda line: None,
    **options: Any,
) -> dict[str, Tensor]:
    model, objective = network(dropout), objective or Sums(noise=0.1)
    fit(model, objective, examples(24), examples(10, 1), config, run, log, **options)
    return model.state_dict()


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in b)


def in_a_process(work: Callable[[], Any]) -> Any:
    """Start a real process, by fork: what imports cost is paid once."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    return process


def test_the_weights_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    config = replace(QUICK, watch="error", clip=0.5, warmup=0.25)
    found = trained(tmp_path, config, Sums(), dropout=0.0)

    from graph_fusion.training.batches import Plan

    model, data, steps = network(0.0), examples(24), 18
    optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=0.01)
    for step in range(steps):
        batch = Plan(24, 4, 0, True).batches(step // 6)[step % 6]
        optimizer.param_groups[0]["lr"] = config.learning_rate * config.rate(step, steps)
        optimizer.zero_grad()
        Sums().loss(model, Sums().collate([data[i] for i in batch]))[0].backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
    assert same(found, model.state_dict())


def test_the_same_seed_gives_the_same_bits_and_another_other_weights(tmp_path: Path) -> None:
    first = trained(tmp_path / "a")
    assert same(first, trained(tmp_path / "b"))
    assert not same(first, trained(tmp_path / "c", replace(QUICK, seed=1)))


@pytest.mark.parametrize("attempt", range(2))
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bits(tmp_path: Path, attempt: int) -> None:
    config = replace(QUICK, save_every=2, average=0.9)
    whole = trained(tmp_path / "whole", config)
    slow = Sums(noise=0.1, pause=0.02)
    trained(tmp_path / "warm up", replace(config, epochs=1))  # its imports are not what is timed
    kills = 0
    for _ in range(3):
        process = in_a_process(lambda: trained(tmp_path / "parts", config, slow))
        time.sleep(0.1 + random.random() * 0.5)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        kills += process.exitcode == -signal.SIGKILL
    assert kills
    assert same(trained(tmp_path / "parts", config), whole)
    rows = [
        load_state(tmp_path / run / "checkpoints" / "last.safetensors")
        for run in ("whole", "parts")
    ]
    losses = [[row["train loss"] for row in one["callbacks"]["keeper"]["rows"]] for one in rows]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("lines", [1, 2])
def test_an_error_between_epochs_loses_nothing(tmp_path: Path, lines: int) -> None:
    class KilledError(Exception):
        pass

    heard = []

    def log(line: str) -> None:
        heard.append(line)
        if len(heard) == lines:
            raise KilledError

    with pytest.raises(KilledError):
        trained(tmp_path / "parts", log=log)
    assert same(trained(tmp_path / "parts", log=heard.append), trained(tmp_path / "whole"))
    assert [line.split(":")[0] for line in heard] == [f"epoch {n} of 3" for n in (1, 2, 3)]


def test_ctrl_c_leaves_a_checkpoint_in_the_middle_of_an_epoch(tmp_path: Path) -> None:
    class Interrupted(Sums):
        def start_epoch(self, model: nn.Module, epoch: int) -> None:
            super().start_epoch(model, epoch)
            if epoch == 1:
                os.kill(os.getpid(), signal.SIGINT)

    heard: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "parts", objective=Interrupted(noise=0.1), log=heard.append)
    assert signal.getsignal(signal.SIGINT) is before
    assert "The same command goes on" in heard[-1]
    kept = load_state(tmp_path / "parts" / "checkpoints" / "last.safetensors")
    assert kept["position"] == {"epoch": 1, "number": 1}
    assert same(trained(tmp_path / "parts"), trained(tmp_path / "whole"))


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = trained(tmp_path)
    heard: list[str] = []
    assert same(trained(tmp_path, log=heard.append), first)
    assert heard == []


def test_going_on_with_another_config_or_other_data_is_refused(tmp_path: Path) -> None:
    trained(tmp_path, about={"side": 3})
    with pytest.raises(SightGraphError, match=r"training\.learning_rate = 0\.02, and now it is 0"):
        trained(tmp_path, replace(QUICK, learning_rate=0.5), about={"side": 3})
    with pytest.raises(SightGraphError, match=r"about\.side = 3, and now it is 4"):
        trained(tmp_path, about={"side": 4})
    with pytest.raises(SightGraphError, match=r"examples\.train = 24, and now it is 5"):
        fit(network(), Sums(), examples(5), examples(10, 1), QUICK, tmp_path, about={"side": 3})
    other = nn.Sequential(*network()[:3], nn.Linear(8, 2))  # type: ignore[index]
    with pytest.raises(SightGraphError, match=r"trained another model: 'model\.3\.bias'"):
        fit(other, Sums(), examples(24), examples(10, 1), QUICK, tmp_path, about={"side": 3})


def test_restart_forgets_the_earlier_run(tmp_path: Path) -> None:
    trained(tmp_path / "a", replace(QUICK, learning_rate=0.5))
    again = trained(tmp_path / "a", replace(QUICK, restart=True))
    assert same(again, trained(tmp_path / "b"))


def test_patience_stops_early_and_the_model_has_the_best_weights(tmp_path: Path) -> None:
    config = replace(
        QUICK, epochs=40, learning_rate=0.5, schedule="constant", patience=2, clip=None
    )
    model = network(0.0)
    report = fit(model, Sums(), examples(24), examples(10, 1), config, tmp_path, lambda line: None)
    losses = [row["validation loss"] for row in report.rows]
    assert report.stopped_early
    assert report.best == losses.index(min(losses)) == len(losses) - 3
    lines = Sums().collate(examples(10, 1))
    with torch.no_grad():
        assert math.isclose(float(Sums().loss(model.eval(), lines)[0]), min(losses), rel_tol=1e-5)
    again = fit(network(), Sums(), examples(24), examples(10, 1), config, tmp_path)
    assert again == report


def test_validation_figures_are_exact_means_over_all_examples(tmp_path: Path) -> None:
    model = network(0.0)
    report = fit(
        model, Sums(), examples(24), examples(7, 1), replace(QUICK, epochs=1), tmp_path,
        lambda line: None,
    )  # fmt: skip
    lines = Sums().collate(examples(7, 1))
    with torch.no_grad():
        loss, figures = Sums().loss(model, lines)
    assert math.isclose(report.figures["validation loss"], float(loss), rel_tol=1e-5)
    assert math.isclose(
        report.figures["validation error"], float(figures["error"][0]) / 7, rel_tol=1e-5
    )


def test_the_moving_average_is_what_is_kept(tmp_path: Path) -> None:
    config = replace(QUICK, average=0.8, watch="error")
    weights: list[Tensor] = []

    class Watched(Sums):
        def loss(self, model: nn.Module, batch: Lines) -> tuple[Tensor, Figures]:
            if model.training:
                weights.append(model[0].bias.detach().clone())  # type: ignore[index]
            return super().loss(model, batch)

    model = network(0.0)
    fit(model, Watched(), examples(24), [], config, tmp_path, lambda line: None)
    average = weights[0]
    for step, value in enumerate([*weights[1:]]):
        average = average.lerp(value, 1 - min(0.8, (step + 1) / (step + 10)))
    # The last step's weights were never seen by a loss; the average is on its way to them.
    kept = load_state(tmp_path / "checkpoints" / "last.safetensors")
    last = kept["state_dict"]["model.0.bias"]
    average = average.lerp(last, 1 - min(0.8, 18 / 27))
    assert torch.allclose(model[0].bias, average, atol=1e-6)  # type: ignore[index]


def test_frozen_weights_stay_and_are_in_no_checkpoint(tmp_path: Path) -> None:
    model = network(0.0)
    model[0].requires_grad_(False)  # type: ignore[index]
    start = {name: value.clone() for name, value in model.state_dict().items()}
    config = replace(QUICK, average=0.5)
    report = fit(model, Sums(), examples(24), examples(10, 1), config, tmp_path, lambda line: None)
    assert report.best == 2
    changed = {n for n, value in model.state_dict().items() if not torch.equal(value, start[n])}
    assert changed == {"3.weight", "3.bias"}
    assert set(load_state(tmp_path / "checkpoints" / "best.safetensors")) == changed
    kept = load_state(tmp_path / "checkpoints" / "last.safetensors")
    assert set(kept["state_dict"]) == {f"model.{name}" for name in changed}
    assert set(kept["average"]) == changed


def test_a_run_keeps_config_metrics_curves_and_no_pickle(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(tmp_path / "run", replace(QUICK, log="tensorboard"))
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert [one.name for one in tmp_path.iterdir()] == ["run"]
    files = {str(p.relative_to(tmp_path / "run")) for p in (tmp_path / "run").rglob("*")}
    files = {file for file in files if not file.startswith("tensorboard/")}
    assert files == {
        "config.json", "metrics.csv", "curves.png", "tensorboard",
        "checkpoints", "checkpoints/last.safetensors", "checkpoints/best.safetensors",
    }  # fmt: skip
    assert json.loads((tmp_path / "run" / "config.json").read_text())["training"]["epochs"] == 3
    lines = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    assert lines[0] == (
        "epoch,step,learning rate,seconds,train loss,train error,validation loss,validation error"
    )
    assert [line.split(",")[:2] for line in lines[1:]] == [["1", "6"], ["2", "12"], ["3", "18"]]
    assert list((tmp_path / "run" / "tensorboard").glob("events.out.tfevents.*"))


def test_two_processes_equal_one_with_twice_the_batch(tmp_path: Path) -> None:
    one = trained(tmp_path / "one", QUICK, Sums(), dropout=0.0)
    two = trained(
        tmp_path / "two", replace(QUICK, devices=2, batch_size=2, accelerator="cpu"), Sums(), 0.0
    )
    assert all(torch.allclose(one[name], two[name], atol=1e-6) for name in one)
    assert "MASTER_PORT" not in os.environ


class Killed(Sums):
    """Kills its process at the fourth batch of the run in a folder."""

    def __init__(self, run: Path, noise: float = 0.0) -> None:
        super().__init__(noise=noise)
        self.last = run / "checkpoints" / "last.safetensors"

    def loss(self, model: nn.Module, batch: Lines) -> tuple[Tensor, Figures]:
        if self.last.exists() and load_state(self.last)["position"] == {"epoch": 0, "number": 4}:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().loss(model, batch)


def test_two_processes_go_on_to_the_same_bits_after_a_kill(tmp_path: Path) -> None:
    config = replace(QUICK, devices=2, batch_size=2, accelerator="cpu", save_every=1, epochs=2)
    whole = trained(tmp_path / "whole", config)

    with pytest.raises(Exception, match="SIGKILL"):
        trained(tmp_path / "parts", config, Killed(tmp_path / "parts", noise=0.1))
    assert same(trained(tmp_path / "parts", config), whole)


def test_what_two_processes_began_one_finishes_with_twice_the_batch(tmp_path: Path) -> None:
    two = replace(QUICK, devices=2, batch_size=2, accelerator="cpu", save_every=1)
    one = replace(QUICK, accelerator="cpu", save_every=1)
    whole = trained(tmp_path / "whole", one, Sums(), dropout=0.0)

    with pytest.raises(Exception, match="SIGKILL"):
        trained(tmp_path / "parts", two, Killed(tmp_path / "parts"), dropout=0.0)
    found = trained(tmp_path / "parts", one, Sums(), dropout=0.0)
    assert all(torch.allclose(whole[name], found[name], atol=1e-6) for name in whole)
    with pytest.raises(SightGraphError, match=r"training\.batch_size = 4, and now it is 3"):
        trained(tmp_path / "parts", replace(one, batch_size=3), Sums(), dropout=0.0)


def test_ctrl_c_stops_two_processes_together(tmp_path: Path) -> None:
    config = replace(QUICK, devices=2, batch_size=2, accelerator="cpu")

    whole = trained(tmp_path / "whole", config)
    ctrl_c = threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT))
    ctrl_c.start()
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "parts", config, Sums(noise=0.1, pause=0.1))
    ctrl_c.join()
    kept = load_state(tmp_path / "parts" / "checkpoints" / "last.safetensors")
    assert len(kept["callbacks"]["keeper"]["rows"]) < config.epochs
    assert same(trained(tmp_path / "parts", config), whole)


def test_an_error_in_another_process_is_the_callers_and_leaves_none_behind(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = replace(QUICK, devices=2, accelerator="cpu", watch="errors")
    with pytest.raises(SightGraphError, match="unknown figure to watch 'errors'"):
        trained(tmp_path, config)
    assert multiprocessing.active_children() == []
    assert capfd.readouterr().err == ""


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path) -> None:
    class Broken(Sums):
        def loss(self, model: nn.Module, batch: Lines) -> tuple[Tensor, Figures]:
            loss, figures = super().loss(model, batch)
            return loss * float("nan"), figures

    with pytest.raises(SightGraphError, match="the loss became nan in epoch 1"):
        trained(tmp_path, objective=Broken())


def test_no_checkpoint_holds_weights_that_are_no_numbers(tmp_path: Path) -> None:
    """The first step breaks the weights, and the second one's loss would be the first to say so."""

    class Bursting(Sums):
        def loss(self, model: nn.Module, batch: Lines) -> tuple[Tensor, Figures]:
            loss, figures = super().loss(model, batch)
            return loss * torch.full_like(loss, 1e38, requires_grad=True).sqrt() ** 2, figures

    config = replace(QUICK, save_every=1, clip=None, learning_rate=1e30, optimiser="sgd")
    with pytest.raises(SightGraphError, match=r"became .* in epoch 1.*\(--restart\)"):
        trained(tmp_path, config, Bursting())
    assert not (tmp_path / "checkpoints" / "last.safetensors").exists()


@pytest.mark.parametrize("shares", [True, False])
def test_devices_and_batch_size_are_exchanged_only_where_processes_may_share_a_batch(
    shares: bool, tmp_path: Path
) -> None:
    objective = Sums()
    objective.shares_batches = shares
    trained(tmp_path, objective=objective)
    other = replace(QUICK, devices=2, batch_size=2)
    if shares:
        trained(tmp_path, other, objective)
    else:
        with pytest.raises(SightGraphError, match=r"began with training\.batch_size = 4"):
            trained(tmp_path, other, objective)


def test_bfloat16_trains_close_to_float32(tmp_path: Path) -> None:
    exact = trained(tmp_path / "a", dropout=0.0)
    mixed = trained(tmp_path / "b", replace(QUICK, precision="bf16-mixed"), dropout=0.0)
    assert all(mixed[name].dtype == torch.float32 for name in mixed)
    assert not same(exact, mixed)
    assert all(torch.allclose(exact[name], mixed[name], atol=0.05) for name in exact)


@pytest.mark.parametrize("computes", [True, False])
def test_a_processor_that_must_imitate_bf16_is_named(
    computes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("graph_fusion.training.fit")  # the package has a function fit
    monkeypatch.setattr(module, "computes_bf16", lambda: computes)
    precisions: tuple[Precision, ...] = ("bf16-mixed", "32-true")
    for precision in precisions:
        lines: list[str] = []
        config = replace(QUICK, precision=precision, epochs=1, accelerator="cpu")
        trained(tmp_path / precision, config, log=lines.append)
        warned = any("no instructions for bf16" in line for line in lines)
        assert warned == (precision == "bf16-mixed" and not computes)


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a GPU")
def test_a_gpu_that_is_not_there_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="devices is 1, and this machine has 0 GPUs"):
        trained(tmp_path / "run", replace(QUICK, accelerator="gpu"))
    with pytest.raises(SightGraphError, match="16-mixed needs a GPU"):
        trained(tmp_path / "run", replace(QUICK, precision="16-mixed"))
    with pytest.raises(SightGraphError, match="no examples to train on"):
        fit(network(), Sums(), [], [], QUICK, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_training_leaves_the_callers_chance_alone(tmp_path: Path) -> None:
    model = network()
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    fit(model, Sums(), examples(8), [], replace(QUICK, epochs=1), tmp_path, lambda line: None)
    assert torch.equal(torch.rand(3), wanted)
