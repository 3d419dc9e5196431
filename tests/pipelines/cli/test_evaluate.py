"""sightgraph evaluate: figures on stdout and, where asked for, in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from kg.registry import Registry
from pipelines.bench import BENCH_TASKS
from pipelines.cli.evaluate import evaluate
from pipelines.evaluate import EVALUATORS, OPTIONS, Evaluator, Options, Report, Source

ALONE = sorted(name for name, options in OPTIONS.items() if not options.required)
"""Evaluations that need no photographs beside their file."""
CONLLU = """\
# text = Cats sleep .
1	Cats	cat	NOUN	NNS	Number=Plur	2	nsubj	_	_
2	sleep	sleep	VERB	VBP	_	0	root	_	_
3	.	.	PUNCT	.	_	2	punct	_	_

"""


def test_every_task_can_be_measured() -> None:
    assert set(evaluate.commands) == set(EVALUATORS) | set(BENCH_TASKS)


@pytest.mark.parametrize("name", sorted(EVALUATORS))
def test_the_declared_options_are_the_evaluator_s(name: str) -> None:
    options = OPTIONS[name]
    made = EVALUATORS.make(name, **{one.name: one.default for one in options.more})
    for one in options.more:
        assert getattr(made, one.name) == one.default
    assert callable(made)
    assert callable(made.dataset)
    assert callable(made.system)


@pytest.mark.parametrize("task", ALONE)
def test_missing_data_is_named(mistake: Callable[..., str], tmp_path: Path, task: str) -> None:
    nowhere = tmp_path / "nowhere"
    more = ["--kg", tmp_path] if task == "retrieval" else []
    assert str(nowhere) in mistake("evaluate", task, "--data", nowhere, *more)


@pytest.mark.parametrize("task", sorted(set(BENCH_TASKS) - set(EVALUATORS)))
def test_a_task_of_the_bench_is_measured_only_with_a_model(
    run: Callable[..., Result], task: str
) -> None:
    assert "--model" in run("evaluate", task).stderr


class Words:
    """The share of lines that the system, a number, is as long as: an evaluation of one's own."""

    options = Options(data="file of lines", model="", example="--data lines.txt")

    def dataset(self, source: Source) -> list[str]:
        return source.data.read_text(encoding="utf-8").splitlines()

    def system(self) -> int:
        return 3

    def __call__(self, system: int, dataset: list[str]) -> Report:
        rows = [{"line": line, "right": len(line) == system} for line in dataset]
        return Report("right", {"right": sum(row["right"] for row in rows) / len(rows)}, rows)


def test_an_evaluation_of_one_s_own_is_run_by_module_and_class(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lines.txt").write_text("abc\nabcd\n")
    report = tmp_path / "out.json"
    monkeypatch.setitem(sys.modules, "words_of_mine", sys.modules[Words.__module__])
    own: Evaluator = Words()
    assert callable(own)
    done = run(
        "evaluate", "--task", "words_of_mine:Words", "--data", tmp_path / "lines.txt",
        "--json", report,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    content = json.loads(report.read_text())
    assert (content["primary"], content["figures"], content["right"]) == (
        "right",
        {"right": 0.5},
        0.5,
    )
    assert [row["right"] for row in content["items"]] == [True, False]


def test_a_class_that_is_not_there_is_named(mistake: Callable[..., str]) -> None:
    assert "No module named 'nowhere'" in mistake("evaluate", "--task", "nowhere:Words")
    assert "neither a BenchTask nor an evaluator" in mistake("evaluate", "--task", "math:sqrt")


def test_listing_the_evaluations_imports_none() -> None:
    assert isinstance(EVALUATORS, Registry)
    assert all(EVALUATORS.about(name) for name in EVALUATORS)
    assert all(BENCH_TASKS.about(name) for name in BENCH_TASKS)


def test_unwritable_report_is_found_before_the_data_is_read(
    mistake: Callable[..., str], tmp_path: Path
) -> None:
    report = tmp_path / "missing" / "figures.json"
    line = mistake("evaluate", "parser", "--data", tmp_path / "nowhere", "--json", report)
    assert str(report) in line


def test_report_holds_the_printed_figures(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "en_ewt-ud-dev.conllu").write_text(CONLLU, encoding="utf-8")
    report = tmp_path / "figures.json"
    done = run("evaluate", "parser", "--data", tmp_path, "--json", report)
    assert done.exit_code == 0, done.stderr
    figures = json.loads(report.read_text())
    printed = dict(line.split() for line in done.stdout.splitlines())
    assert set(printed) == set(figures["figures"])
    assert figures["primary"] in printed
    assert [row["sentence"] for row in figures["items"]] == ["Cats sleep . "]
    for name, value in figures["figures"].items():
        assert figures[name] == value
        assert float(printed[name]) == pytest.approx(value, abs=1e-4)


def test_split_that_is_not_there_is_named_with_those_that_are(
    mistake: Callable[..., str], tmp_path: Path
) -> None:
    images = [{"id": 1, "file_name": "a.jpg", "width": 8, "height": 8, "split": "train2017"}]
    content = {"images": images, "annotations": [], "categories": []}
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    line = mistake("evaluate", "detection", "--data", tmp_path, "--split", "dev")
    assert "'dev'" in line
    assert "train2017" in line
