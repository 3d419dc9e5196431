"""pipelines/bench/task.py: one model of a task, trained, kept and measured again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.bench import BENCH_TASKS
from pipelines.bench.planetoid import Cora
from pipelines.bench.task import BenchTask, ModelChoice
from pipelines.bench.task_training import TaskTraining, evaluate_task, read_training, train_task

Trained = tuple[Path, dict[str, float]]


@pytest.fixture(scope="module")
def trained(tiny: BenchTask, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    out = tmp_path_factory.mktemp("trained")
    return out, train_task(tiny, None, read_training(tiny, None), out, log=str)


def test_evaluation_gives_the_figures_of_training(tiny: BenchTask, trained: Trained) -> None:
    out, figures = trained
    assert set(figures) == set(tiny.measures)
    assert evaluate_task(tiny, None, out) == figures


def test_the_model_is_kept_without_pickle(trained: Trained) -> None:
    assert (trained[0] / "model.safetensors").is_file()
    assert (trained[0] / "model.json").is_file()


def test_fusion_control_and_sizes_are_kept_with_the_model(tiny: BenchTask, tmp_path: Path) -> None:
    sizes = {"hidden": 12, "heads": 3}
    options = read_training(tiny, None, fusion="early", control="question_only", sizes=sizes)
    figures = train_task(tiny, None, options, tmp_path, log=str)
    assert evaluate_task(tiny, None, tmp_path) == figures


def test_a_trained_model_can_be_asked_under_a_control(
    tiny: BenchTask, trained: Trained, tmp_path: Path
) -> None:
    kept = json.loads((trained[0] / "model.json").read_text())
    folder = shutil.copytree(trained[0], tmp_path / "copy")
    (folder / "model.json").write_text(json.dumps(kept | {"control": "question_only"}))
    asked = evaluate_task(tiny, None, trained[0], "question_only")
    assert asked == evaluate_task(tiny, None, folder)
    with pytest.raises(SightGraphError, match="question_only"):
        evaluate_task(tiny, None, trained[0], "question_onyl")


def test_a_folder_without_a_model_is_named(tiny: BenchTask, tmp_path: Path) -> None:
    with pytest.raises(SightGraphError) as caught:
        evaluate_task(tiny, None, tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_the_model_of_another_task_is_refused(trained: Trained) -> None:
    other = BENCH_TASKS.make("sort-of-clevr")
    other.amounts = (1, 1, 1)  # type: ignore[attr-defined]
    with pytest.raises(SightGraphError, match="another task"):
        evaluate_task(other, None, trained[0])


@pytest.mark.parametrize("damage", ["model.json", "model.safetensors"])
def test_a_damaged_model_is_refused(
    tiny: BenchTask, trained: Trained, tmp_path: Path, damage: str
) -> None:
    folder = shutil.copytree(trained[0], tmp_path / "copy")
    file = folder / damage
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(SightGraphError):
        evaluate_task(tiny, None, folder)


def test_settings_are_the_task_s_then_the_file_s_then_those_given(
    tiny: BenchTask, tmp_path: Path
) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("fusion: early\nmissing: 0.3\nsizes:\n  hidden: 16\n")
    found = read_training(tiny, file, missing=0.1, training={"epochs": 7})
    assert found == TaskTraining(
        fusion="early",
        missing=0.1,
        sizes=replace(tiny.sizes, hidden=16),
        training=replace(tiny.training, epochs=7),
    )
    assert found.choice() == ModelChoice("early", found.sizes, None, 0.1)
    assert read_training(tiny, None).fusion == "graph_attention"
    assert read_training(Cora(), None).fusion in Cora().choices()


def test_an_unknown_setting_is_named(tiny: BenchTask, tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("fusoin: early\n")
    with pytest.raises(SightGraphError, match="Did you mean 'fusion'"):
        read_training(tiny, file)
    with pytest.raises(SightGraphError, match="Did you mean 'early'"):
        train_task(tiny, None, read_training(tiny, None, fusion="erly"), tmp_path, log=str)


@pytest.mark.parametrize("encoder", ["small_cnn", {"name": "hog", "resize": 32}])
def test_sort_of_clevr_takes_an_image_encoder(
    tiny: BenchTask, encoder: object, tmp_path: Path
) -> None:
    options = read_training(tiny, None, image_encoder=encoder)
    figures = train_task(tiny, None, options, tmp_path, log=str)
    assert evaluate_task(tiny, None, tmp_path) == figures


@pytest.mark.parametrize(
    ("name", "key"),
    [("sort-of-clevr", "text_encoder"), ("cora", "layer"), ("okvqa", "head"), ("daquar", "head")],
)
def test_a_component_that_a_task_fixes_is_refused(name: str, key: str) -> None:
    task = BENCH_TASKS.make(name)
    with pytest.raises(SightGraphError, match=f"{name} has a fixed {key}"):
        read_training(task, None, **{key: "x"})
