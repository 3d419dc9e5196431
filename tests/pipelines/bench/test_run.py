"""pipelines/bench/run.py: what is trained, in which order, and what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from graph_fusion.fusion import DEFAULT_FUSION, FUSIONS
from graph_fusion.fusion_model import CONTROLS, FusionModel
from graph_fusion.layers import LAYERS
from graph_fusion.training import Figures
from kg.errors import SightGraphError
from pipelines.bench import BENCH_TASKS
from pipelines.bench.run import BenchConfig, Result, Run, bench, plan
from pipelines.bench.sort_of_clevr import ShapesBatch, ShapesObjective
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, Prepared, measured

NEED_DATA = {"knowledge-scenes", "okvqa", "daquar", "folder", "coco-captions", "cora", "citeseer"}
"""Tested where their data are made, such as test_knowledge_scenes and test_planetoid."""
GENERATED = {"sort-of-clevr"}


def config_of(task: BenchTask, **options: object) -> BenchConfig:
    defaults = BenchConfig(seeds=2, control_seeds=1, sizes=task.sizes, training=task.training)
    return replace(defaults, **options)  # type: ignore[arg-type]


def test_every_task_that_users_type_is_covered() -> None:
    assert set(BENCH_TASKS) == NEED_DATA | GENERATED


@pytest.mark.parametrize("name", sorted(BENCH_TASKS))
def test_a_task_goes_by_its_own_name_and_says_what_it_needs(name: str, tmp_path: Path) -> None:
    task = BENCH_TASKS.make(name)
    assert task.name == name
    assert task.needs_data == (name in NEED_DATA)
    if task.needs_data:
        with pytest.raises(SightGraphError, match=f"{name} needs --data"):
            task.prepare(None, tmp_path)


@pytest.mark.parametrize("name", sorted(BENCH_TASKS))
def test_the_plan_has_every_fusion_control_and_seed_once(name: str) -> None:
    task = BENCH_TASKS.make(name)
    runs = plan(task, config_of(task, seeds=3, control_seeds=2))
    compared = LAYERS if name in ("cora", "citeseer") else FUSIONS
    assert {run for run in runs if run.control is None} == {
        Run(one, None, seed) for one in compared for seed in range(3)
    }
    assert {run for run in runs if run.control} == {
        Run(one, control, seed)
        for one in compared
        for control in task.controls(one)
        for seed in range(2)
    }
    assert len(set(runs)) == len(runs)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)


def test_every_fusion_has_question_only_and_those_that_read_the_graph_have_all_controls() -> None:
    task = BENCH_TASKS.make("sort-of-clevr")
    for name in FUSIONS:
        readers = {"gcn", "rgcn", "gat", "graph", "graph_attention", "language_graph"}
        wanted = set(CONTROLS) if name in readers else {"question_only"}
        assert set(task.controls(name)) == wanted


def test_the_plan_can_be_narrowed(tiny: BenchTask) -> None:
    def planned(**options: object) -> list[Run]:
        return plan(tiny, config_of(tiny, **options))

    assert {run.fusion for run in planned(fusions=("early",))} == {"early"}
    assert not any(run.control for run in planned(controls=False))
    assert not any(run.control for run in planned(control_seeds=0))
    assert {run.seed for run in planned(control_seeds=None) if run.control} == {0, 1}


def test_some_controls_can_be_named(tiny: BenchTask) -> None:
    runs = plan(tiny, BenchConfig(fusions=("graph_attention",), seeds=1, controls=("no_edges",)))
    assert [run.control for run in runs] == [None, "no_edges"]
    with pytest.raises(SightGraphError, match="no_edges"):
        BenchConfig(controls=("no_edge",))


def test_a_fusion_that_is_not_compared_is_named(tiny: BenchTask) -> None:
    with pytest.raises(SightGraphError, match=r"compares no 'late'.* early, graph_attention"):
        plan(tiny, config_of(tiny, fusions=("early", "late")))


Done = tuple[Path, list[Result], list[str]]


@pytest.fixture(scope="module")
def done(tiny: BenchTask, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A finished bench: ten trainings."""
    out, lines = tmp_path_factory.mktemp("bench"), list[str]()
    return out, bench(tiny, None, config_of(tiny), out, log=lines.append), lines


def test_every_planned_training_has_its_result(tiny: BenchTask, done: Done) -> None:
    out, results, lines = done
    assert [one.run for one in results] == plan(tiny, config_of(tiny))
    assert lines[0] == "10 trainings, 0 of them done before"
    assert len(lines) == 11
    assert lines[-1].endswith("; 0 to go")
    for one in results:
        assert set(one.figures) == set(tiny.measures)
        assert all(0 <= share <= 1 for share in one.figures.values())
        assert one.seconds > 0
        assert one.memory >= 0
        assert (one.run.folder(out) / "result.json").is_file()


def test_only_the_default_fusion_without_control_has_the_noise_curve(done: Done) -> None:
    for one in done[1]:
        curved = one.run.fusion == DEFAULT_FUSION and one.run.control is None
        assert list(one.curve) == (["all pictures", "one picture"] if curved else [])
        if curved:
            assert one.curve["all pictures"] == one.figures["accuracy"]


def test_parameters_are_those_of_the_model(tiny: BenchTask, done: Done, tmp_path: Path) -> None:
    prepared = tiny.prepare(None, tmp_path)
    for one in done[1]:
        choice = ModelChoice(one.run.fusion, tiny.sizes, one.run.control)
        model = tiny.model(choice, prepared)
        assert one.parameters == sum(weight.numel() for weight in model.parameters())


def test_results_are_read_back_and_only_a_missing_one_is_trained_again(
    tiny: BenchTask, done: Done
) -> None:
    out, results, _ = done
    lost = results[3].run.folder(out) / "result.json"
    times = {run.run: (run.run.folder(out) / "result.json").stat().st_mtime_ns for run in results}
    lost.unlink()
    lines: list[str] = []
    again = bench(tiny, None, config_of(tiny), out, log=lines.append)
    assert lines[0] == "10 trainings, 9 of them done before"
    assert len(lines) == 2
    for one in again:
        time = (one.run.folder(out) / "result.json").stat().st_mtime_ns
        assert (time != times[one.run]) == (one.run == results[3].run)
    assert [(one.run, one.figures) for one in again] == [(one.run, one.figures) for one in results]


class Unwilling(BenchTask):
    """Has all its results already, and cannot prepare."""

    def __init__(self, task: BenchTask) -> None:
        self.task, self.name = task, task.name

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        raise AssertionError("nothing is waiting to be trained")

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        raise AssertionError("nothing is waiting to be trained")

    def choices(self) -> list[str]:
        return self.task.choices()


def test_a_finished_bench_does_not_even_read_the_data(tiny: BenchTask, done: Done) -> None:
    out, results, _ = done
    assert len(bench(Unwilling(tiny), None, config_of(tiny), out, log=str)) == len(results)


def test_more_seeds_go_on_from_those_that_are_done(tiny: BenchTask, done: Done) -> None:
    lines: list[str] = []
    narrow = config_of(tiny, seeds=3, fusions=("early",), controls=False)
    results = bench(tiny, None, narrow, done[0], log=lines.append)
    assert lines[0] == "3 trainings, 2 of them done before"
    assert [one.run.seed for one in results] == [0, 1, 2]


@pytest.mark.parametrize("changed", ["sizes", "training", "missing"])
def test_another_config_in_the_same_folder_is_refused(
    tiny: BenchTask, done: Done, changed: str
) -> None:
    other = {
        "sizes": replace(tiny.sizes, hidden=16),
        "training": replace(tiny.training, epochs=2),
        "missing": 0.5,
    }
    before = (done[0] / "bench.json").read_text()
    with pytest.raises(SightGraphError, match="holds results of another task, size or training"):
        bench(tiny, None, config_of(tiny, **{changed: other[changed]}), done[0], log=str)
    assert (done[0] / "bench.json").read_text() == before


def test_another_task_in_the_same_folder_is_refused(tiny: BenchTask, done: Done) -> None:
    with pytest.raises(SightGraphError, match="another task"):
        bench(BENCH_TASKS.make("sort-of-clevr"), None, config_of(tiny), done[0], log=str)


def test_results_of_other_data_are_refused_and_an_older_bench_takes_over_the_digest(
    tiny: BenchTask, tmp_path: Path
) -> None:
    config = config_of(tiny, controls=False, seeds=1, fusions=("early",))
    other = type(tiny)()
    other.amounts = (12, 4, 7)  # type: ignore[attr-defined]
    bench(tiny, tmp_path, config, tmp_path, log=str)
    file = tmp_path / "bench.json"
    setup = json.loads(file.read_text())
    with pytest.raises(SightGraphError, match="holds results of other data"):
        bench(other, tmp_path, config, tmp_path, log=str)
    assert json.loads(file.read_text()) == setup
    file.write_text(json.dumps({key: one for key, one in setup.items() if key != "data"}))
    assert bench(tiny, tmp_path, config, tmp_path, log=str)
    assert json.loads(file.read_text()) == setup


@pytest.mark.parametrize("seeds", [{"seeds": 0}, {"seeds": -1}, {"control_seeds": -1}])
def test_a_bench_without_seeds_is_refused(tiny: BenchTask, seeds: dict[str, int]) -> None:
    with pytest.raises(SightGraphError, match=r"seeds' is .*; it must be at least"):
        config_of(tiny, **seeds)
    with pytest.raises(SightGraphError, match="missing"):
        config_of(tiny, missing=2.0)


def test_a_bench_that_could_not_begin_does_not_bind_the_folder(
    tiny: BenchTask, tmp_path: Path
) -> None:
    cora = BENCH_TASKS.make("cora")
    with pytest.raises(SightGraphError, match="needs --data"):
        bench(cora, None, config_of(cora), tmp_path, log=str)
    with pytest.raises(SightGraphError, match="compares no"):
        bench(cora, None, config_of(cora, fusions=("early",)), tmp_path, log=str)
    assert bench(tiny, None, config_of(tiny, fusions=("early",), seeds=1), tmp_path, log=str)


def test_two_at_once_give_the_same_figures_as_one_after_another(
    tiny: BenchTask, done: Done, tmp_path: Path
) -> None:
    config = config_of(tiny, controls=False, seeds=1)
    found = bench(tiny, None, config, tmp_path, jobs=2, log=str)
    wanted = {one.run: one.figures for one in done[1]}
    assert len(found) == 2
    assert all(one.figures == wanted[one.run] for one in found)


def test_a_training_that_fails_is_an_error_and_the_rest_is_kept(
    tiny: BenchTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(tiny, controls=False, seeds=1)
    sound = type(tiny).model

    def model(task: BenchTask, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        if choice.fusion == "graph_attention":
            raise SystemExit(7)
        return sound(task, choice, prepared)

    with monkeypatch.context() as broken:
        broken.setattr(type(tiny), "model", model)
        with pytest.raises(SightGraphError, match=r"graph_attention.* ended with code 7"):
            bench(tiny, None, config, tmp_path, log=str)
    assert (tmp_path / "early" / "graph" / "0" / "result.json").is_file()
    lines: list[str] = []
    assert len(bench(tiny, None, config, tmp_path, log=lines.append)) == 2
    assert lines[0] == "2 trainings, 1 of them done before"


def test_figures_are_over_all_examples_whatever_the_batch_size(
    tiny: BenchTask, tmp_path: Path
) -> None:
    prepared = tiny.prepare(None, tmp_path)
    torch.manual_seed(0)
    model = tiny.model(ModelChoice("graph_attention", tiny.sizes), prepared)
    found = [measured(model, prepared.objective, prepared.test, size) for size in (1, 4, 6)]
    assert found[0] == found[1] == found[2]


class OnlyRelational(ShapesObjective):
    def figures(self, model: FusionModel, batch: ShapesBatch) -> Figures:
        return {"relational": super().figures(model, batch)["relational"]}


def test_the_test_is_counted_by_its_own_objective_where_it_has_one(
    tiny: BenchTask, tmp_path: Path
) -> None:
    prepared = tiny.prepare(None, tmp_path)
    torch.manual_seed(0)
    model = tiny.model(ModelChoice("graph_attention", tiny.sizes), prepared)
    figures = prepared.test_figures(model)
    assert figures == measured(model, prepared.objective, prepared.test, len(prepared.test))
    otherwise = replace(prepared, test_objective=OnlyRelational())
    assert otherwise.test_figures(model) == {"relational": figures["relational"]}


def test_measuring_under_a_control_draws_the_same_each_time_and_leaves_chance_alone(
    tiny: BenchTask, tmp_path: Path
) -> None:
    prepared = tiny.prepare(None, tmp_path)
    torch.manual_seed(0)
    model = tiny.model(ModelChoice("graph_attention", tiny.sizes, "shuffled_edges"), prepared)
    before = torch.get_rng_state()
    first = measured(model, prepared.objective, prepared.test, 4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert measured(model, prepared.objective, prepared.test, 4) == first


def test_what_stands_in_the_folder_says_what_it_depends_on(tiny: BenchTask, done: Done) -> None:
    setup = json.loads((done[0] / "bench.json").read_text(encoding="utf-8"))
    assert set(setup) == {"sizes", "training", "missing", "task"}
    assert setup["task"] == tiny.name
    assert setup["sizes"]["hidden"] == tiny.sizes.hidden
