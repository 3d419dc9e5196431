"""sightgraph graph and ask for many, killed and continued, and sightgraph report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from kg.formats import read_graph
from kg.graph import Node, PhotoInfo, SceneGraph
from kg.knowledge.edits import Edits
from kg.vocabulary import NodeKind
from pipelines.answering.evidence import Answer, Candidate, Evidence, completed
from pipelines.photo import Photo

Run = Callable[..., Result]
Mistake = Callable[..., str]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Quick:
    """Answers without models, except that the question "Why?" is interrupted once."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def graph(self, photo: Photo) -> SceneGraph:
        graph = SceneGraph(PhotoInfo(photo.source, photo.width, photo.height))
        graph.add(Node("object:0", NodeKind.OBJECT, "cat", "quick"))
        return graph

    def ask(self, photo: str, question: str, edits: Edits | None, modalities: None) -> Answer:
        self.asked.append(question)
        if question == "Why?" and self.asked.count(question) == 1:
            raise KeyboardInterrupt
        graph = self.graph(Photo.open(photo))
        return Answer(question, "yes", completed([Candidate("yes", 0.75)]), Evidence(), graph)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Quick:
    found = Quick()
    monkeypatch.setattr("pipelines.cli.batch.load_sightgraph", lambda *_: found)
    return found


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    asked = [
        ("example:cat", "Is the cat a mammal?"),
        ("gone.jpg", "Why?"),
        ("example:cat", "What is it?"),
    ]
    lines = [json.dumps({"photo": photo, "question": text}) for photo, text in asked]
    path.write_text("\n".join(lines))
    return path


def test_graphs_of_many_are_written_and_none_is_made_twice(
    run: Run, tmp_path: Path, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, broken = tmp_path / "out", tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    arguments = ("graph", "example:cat", broken, "-o", out)
    done = run(*arguments, "--format", "json,ttl")
    assert done.exit_code == 2
    assert "1 done, 1 errors" in done.stdout
    assert read_graph(out / "cat.json") == read_graph(out / "cat.ttl")
    first, second = rows_of(out / "graphs.jsonl")
    assert first["files"] == [str(out / "cat.json"), str(out / "cat.ttl")]
    assert "broken.jpg" in second["error"]
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.cli.batch.load_sightgraph", lambda *_: pytest.fail("loaded"))
        again = run(*arguments, "--format", "ttl")
    assert "0 done, 0 errors, 2 were done before (1 with an error: --retry" in again.stdout
    broken.write_bytes(b"something else")
    assert "0 done, 1 errors, 1 were done before" in run(*arguments).stdout


def test_a_killed_batch_of_questions_goes_on_where_it_was(
    run: Run, tmp_path: Path, quick: Quick, questions: Path
) -> None:
    out = tmp_path / "answers.jsonl"
    arguments = ("ask", "--batch", questions, "-o", out)
    assert run(*arguments).exit_code == 130
    assert [row["answer"] for row in rows_of(out)] == ["yes"]
    done = run(*arguments)
    assert "1 done, 1 errors, 1 were done before" in done.stdout
    assert quick.asked == ["Is the cat a mammal?", "Why?", "Why?", "What is it?"]
    assert [row["line"] for row in rows_of(out)] == [1, 2, 3]
    assert "there is no photograph" in rows_of(out)[1]["error"]


def test_answers_are_not_added_to_the_questions(
    mistake: Mistake, quick: Quick, questions: Path
) -> None:
    before = questions.read_bytes()
    assert "holds the questions" in mistake("ask", "--batch", questions, "-o", questions)
    other = questions.with_name("other.jsonl")
    other.write_bytes(before + b"\n")
    assert "line 1: no row of such" in mistake("ask", "--batch", questions, "-o", other)
    assert questions.read_bytes() == before


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"photo": "gone.jpg", "question": "Why?", "error": "gone"}))
    return path


def test_a_report_is_written_of_answers(run: Run, answers: Path, tmp_path: Path) -> None:
    done = run("report", answers, "-o", tmp_path / "report.html")
    assert done.exit_code == 0, done.stderr
    assert "1 questions" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--batch", "q.jsonl"], "go together"),
        (["-o", "a.jsonl"], "go together"),
        (["--batch", "q.jsonl", "-o", "a.jsonl", "photo.jpg"], "the argument PHOTO out"),
        (["--batch", "q.jsonl", "-o", "a.jsonl", "--set", "a b c"], "the option --set out"),
        (["--batch", "q.jsonl", "-o", "a.jsonl", "--modality", "a=b.npy"], '"modalities": {'),
        (["--batch", "q.jsonl", "-o", "a.jsonl", "--parts", "x"], "Give --engine ray"),
        (["--batch", "q.jsonl", "-o", "a.jsonl", "--engine", "rai"], "Did you mean 'ray'"),
        (["--batch", "gone.jsonl", "-o", "a.jsonl"], "no questions at 'gone.jsonl'"),
    ],
)
def test_what_does_not_go_together_is_a_mistake(
    mistake: Mistake, arguments: list[str], reason: str
) -> None:
    assert reason in mistake("ask", *arguments)


def test_many_graphs_need_one_folder_and_known_formats(mistake: Mistake, tmp_path: Path) -> None:
    two = ("example:cat", "example:coffee")
    assert "one folder" in mistake("graph", *two, "-o", tmp_path / "a", "-o", tmp_path / "b")
    assert "Did you mean '.json'" in mistake("graph", *two, "-o", tmp_path, "--format", "jsn")
    assert "--text" in mistake("graph", *two, "-o", tmp_path, "--text", "a cat")
    assert list(tmp_path.iterdir()) == []
