"""sightgraph ask --graph and --edits: answers from a corrected graph and from a file of edits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from kg.formats import read_graph
from kg.vocabulary import NodeKind

Run = Callable[..., Result]
Mistake = Callable[..., str]


def write(file: Path, content: Any) -> Path:
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Two cups, a saucer, and a fact of a cup, as a person corrected them."""
    boxes = {"cup": [10, 10, 60, 60], "cup ": [100, 10, 160, 60], "saucer": [8, 40, 70, 90]}
    nodes = [
        {
            "id": f"object:{number}",
            "kind": "object",
            "label": label.strip(),
            "origin": "inspector",
            "score": 1.0,
            "box": box,
        }
        for number, (label, box) in enumerate(boxes.items())
    ]
    photo = {"source": "table.jpg", "width": 200, "height": 100}
    content = {"format": "sightgraph/1", "photo": photo, "nodes": nodes, "edges": []}
    return write(tmp_path / "graph.json", content)


def test_the_graph_and_the_edits_answer_without_a_photograph(
    run: Run, graph: Path, tmp_path: Path
) -> None:
    page, again = tmp_path / "answer.html", tmp_path / "answer.json"
    edits = write(tmp_path / "edits.json", {"set": ["cup | used for | growing herbs"]})
    question = "What are the cups used for?"
    done = run("ask", "--graph", graph, question, "--edits", edits, "--export", page, again)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("growing herbs  (confidence")
    assert "data:image" not in page.read_text(encoding="utf-8")
    assert len(read_graph(again).nodes(NodeKind.OBJECT)) == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [([], "the file"), ({"sets": []}, "'sets'"), ({"set": [3]}, "set"), ({"unset": "x"}, "unset")],
)
def test_a_wrong_file_of_edits_is_one_line(
    mistake: Mistake, tmp_path: Path, content: Any, reason: str
) -> None:
    edits = write(tmp_path / "edits.json", content)
    line = mistake("ask", "example:cat", "What is this?", "--edits", edits)
    assert reason in line
    assert "edits.json" in line


def test_a_wrong_graph_is_one_line(mistake: Mistake, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.json", {"format": "other"})
    assert "no SightGraph JSON" in mistake("ask", "--graph", graph, "What is this?")
    assert "there is no graph" in mistake("ask", "--graph", "none.json", "What is this?")
    assert "the question is empty" in mistake("ask", "--graph", graph, " ")


def test_a_missing_question_is_told(run: Run) -> None:
    done = run("ask", "example:cat")
    assert done.exit_code == 2
    assert "Missing argument 'QUESTION'" in done.stderr
