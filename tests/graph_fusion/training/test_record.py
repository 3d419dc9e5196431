"""record.py, options.py and curves.py of graph_fusion/training: what a run says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from graph_fusion.training import TrainingConfig, TrainingOptions
from graph_fusion.training.record import (
    Row,
    RunFolder,
    as_line,
    best_row,
    check_same,
    draw_curves,
    figure_names,
    is_finished,
)
from kg.errors import SightGraphError


def rows(*losses: float) -> list[Row]:
    return [
        {"epoch": n + 1, "train loss": 1.0 / (n + 1), "validation loss": loss}
        for n, loss in enumerate(losses)
    ]


def test_the_best_epoch_has_the_least_or_the_most_of_the_watched_figure() -> None:
    found = rows(3.0, 1.0, 1.0, 2.0)
    assert best_row(found, TrainingConfig()) == 1
    assert best_row(found, TrainingConfig(watch_for="max")) == 0


def test_a_figure_that_is_no_number_is_never_best() -> None:
    assert best_row(rows(float("nan"), 2.0, float("nan")), TrainingConfig()) == 1


def test_without_validation_the_last_epoch_is_best() -> None:
    assert best_row([{"epoch": 1, "train loss": 1.0}] * 3, TrainingConfig()) == 2


def test_where_nothing_is_watched_the_last_epoch_is_best() -> None:
    assert best_row(rows(1.0, 2.0), TrainingConfig(watch=None)) == 1
    with pytest.raises(SightGraphError, match="patience needs a figure to watch"):
        TrainingConfig(watch=None, patience=2)


def test_a_recipe_gives_its_config_and_what_is_beside_it() -> None:
    @dataclass(frozen=True, slots=True)
    class Own(TrainingOptions):
        epochs: int = 4
        side: int = 9

    assert Own(seed=3).config(clip=None) == TrainingConfig(
        epochs=4, seed=3, clip=None, accelerator="cpu"
    )
    assert Own().others() == {"side": 9}


def test_watching_an_unknown_figure_names_the_nearest() -> None:
    with pytest.raises(SightGraphError, match="Did you mean 'loss'"):
        best_row(rows(1.0), TrainingConfig(watch="los"))


def test_a_run_is_finished_after_its_epochs_or_when_patience_runs_out() -> None:
    patient = TrainingConfig(epochs=9, patience=2)
    assert not is_finished([], patient)
    assert not is_finished(rows(2.0, 1.0, 1.5), patient)
    assert is_finished(rows(2.0, 1.0, 1.5, 1.2), patient)
    assert is_finished(rows(*range(9)), TrainingConfig(epochs=9))
    assert not is_finished(rows(*range(8)), TrainingConfig(epochs=9))


def test_going_on_otherwise_names_the_key_and_both_values(tmp_path: Path) -> None:
    before = {"training": {"epochs": 2, "log": "csv"}, "about": {"side": 3}}
    check_same(before, {"training": {"epochs": 2, "log": "none"}, "about": {"side": 3}}, tmp_path)
    with pytest.raises(SightGraphError, match=r"began with about.side = 3, and now it is 4"):
        check_same(before, before | {"about": {"side": 4}}, tmp_path)
    with pytest.raises(SightGraphError, match=r"began with about.more = None, and now it is 1"):
        check_same(before, before | {"about": {"side": 3, "more": 1}}, tmp_path)


def test_a_run_that_did_not_record_its_data_goes_on_and_one_that_did_only_with_the_same(
    tmp_path: Path,
) -> None:
    before, now = {"about": {"task": "folder"}}, {"about": {"task": "folder", "data": "1f"}}
    check_same(before, now, tmp_path)
    with pytest.raises(SightGraphError, match=r"began with about\.data = 1f"):
        check_same(now, {"about": {"task": "folder", "data": "2f"}}, tmp_path)


def test_metrics_have_one_line_an_epoch(tmp_path: Path) -> None:
    RunFolder(tmp_path).write_metrics(rows(2.0, 1.5))
    assert (tmp_path / "metrics.csv").read_text() == (
        "epoch,train loss,validation loss\n1,1.0,2.0\n2,0.5,1.5\n"
    )


def test_an_epoch_is_one_line_for_people() -> None:
    line = as_line(rows(0.25)[0], 5)
    assert line == "epoch 1 of 5: train loss 1, validation loss 0.25"


def test_the_rate_rises_then_falls_as_the_schedule_says() -> None:
    cosine = TrainingConfig(warmup=0.2)
    assert [round(cosine.rate(step, 10), 3) for step in (0, 1, 2, 6, 10)] == [0.5, 1, 1, 0.5, 0]
    assert [TrainingConfig(schedule="linear").rate(s, 4) for s in range(5)] == [
        1,
        0.75,
        0.5,
        0.25,
        0,
    ]
    assert TrainingConfig(schedule="constant").rate(9, 10) == 1


def test_curves_draw_each_figure_beside_the_others(tmp_path: Path) -> None:
    found = [row | {"validation accuracy": 0.5} for row in rows(2.0, 1.0, 1.5)]
    assert figure_names(found) == ["loss", "accuracy"]
    draw_curves(rows(2.0), 0, tmp_path / "one.png")
    draw_curves(found, 1, tmp_path / "two.png")
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "two.png") as two:
        assert two.width == 2 * one.width
        assert two.height == one.height
        assert len(two.convert("RGB").getcolors(two.width * two.height) or []) > 10
