"""sightgraph evaluate: figures on stdout and, where asked for, in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pipelines.cli.evaluate import evaluate
from pipelines.cli.task import TASKS as OF_THE_BENCH

TASKS = {
    "answerer",
    "colours",
    "detection",
    "grounding",
    "linking",
    "linking-coverage",
    "parser",
    "question-parsing",
    "relations",
    "scenes",
    "text-graph",
}
OF_A_STORE = {"retrieval"}
"""Tasks that need a store too."""
OF_A_FILE = {"deletion", "edits", "questions"}
"""Tasks that need photographs beside their file: test_evaluate_questions.py, ..._edits.py."""
CONLLU = """\
# text = Cats sleep .
1	Cats	cat	NOUN	NNS	Number=Plur	2	nsubj	_	_
2	sleep	sleep	VERB	VBP	_	0	root	_	_
3	.	.	PUNCT	.	_	2	punct	_	_

"""


def test_every_task_can_be_measured() -> None:
    assert set(evaluate.commands) == TASKS | OF_A_STORE | OF_A_FILE | set(OF_THE_BENCH)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_missing_data_is_named(mistake: Callable[..., str], tmp_path: Path, task: str) -> None:
    nowhere = tmp_path / "nowhere"
    assert str(nowhere) in mistake("evaluate", task, "--data", nowhere)


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
    assert set(printed) == set(figures)
    for name, value in figures.items():
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
