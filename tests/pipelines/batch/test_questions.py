"""pipelines/batch/questions: what is asked, and what is left to ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import SightGraphError
from pipelines.batch.questions import Answers, BatchQuestion, read_questions, unanswered
from pipelines.sightgraph import SightGraph


def write(path: Path, *rows: Any) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_questions_are_read_with_edits_names_and_what_else_is_given(tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").touch()
    first = {"photo": "cat.jpg", "question": "What\u2028is it?", "id": 7, "set": ["a b c"]}
    path = write(tmp_path / "q.jsonl", first, {"photo": "x.jpg", "question": "Why?", "split": "a"})
    assert read_questions(path) == [
        BatchQuestion(1, str(tmp_path / "cat.jpg"), "What\u2028is it?", "7", ("a b c",)),
        BatchQuestion(2, "x.jpg", "Why?", given={"split": "a"}),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        ('{"photo": "a"}', "'question' is missing"),
        ('{"question": "b"}', "'photo' is missing"),
        ('{"question": "b", "modalities": "a.wav"}', "modalities"),
        ('{"question": "b", "modalities": {"sound": 1}}', "the file of 'sound'"),
        ('{"photo": "a", "question": "b", "weight": NaN}', "line 2: NaN is no number of JSON"),
    ],
)
def test_a_broken_line_is_named_before_anything_is_asked(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"photo": "a", "question": "b"}\n' + line)
    with pytest.raises(SightGraphError, match=reason):
        read_questions(path)


def test_what_is_answered_is_not_asked_again_whatever_line_it_is_on() -> None:
    asked = [
        BatchQuestion(1, "a", "Why?"),
        BatchQuestion(2, "a", "Why?"),
        BatchQuestion(3, "b", "Why?"),
    ]
    rows = [one.row for one in asked]
    assert unanswered(asked, rows) == []
    assert unanswered(asked, rows[:1]) == asked[1:]
    moved = [BatchQuestion(5, "b", "Why?"), BatchQuestion(6, "b", "Why?", to_set=("x is y",))]
    assert unanswered(moved, rows) == moved[1:]
    heard = BatchQuestion(7, "b", "Why?", modalities=(("sound", "b.wav"),))
    assert unanswered([heard], rows) == [heard]
    assert unanswered([heard], [heard.row]) == []


def test_a_question_is_made_of_its_row_again() -> None:
    given = {"split": "a", "answers": ["b", {"c": None}]}
    full = BatchQuestion(
        3, None, "Why\u2028?", "7", ("a b c",), ("d e f",), (("sound", "b.wav"),), given
    )
    for task in (full, BatchQuestion(1, "a\udc80.jpg", "Why?")):
        assert BatchQuestion.of_row(json.loads(json.dumps(task.row))) == task


def test_modalities_stand_beside_a_photograph_or_in_its_place(tmp_path: Path) -> None:
    np.save(tmp_path / "depth.npy", np.ones((3, 4), np.float32))
    files = {"depth": "depth.npy"}
    path = write(
        tmp_path / "q.jsonl",
        {"photo": "example:cat", "question": "What is this?", "modalities": files},
        {"question": "What is a cup made of?", "modalities": files},
    )
    both, alone = read_questions(path)
    assert both.modalities == alone.modalities == (("depth", str(tmp_path / "depth.npy")),)
    assert alone.photo is None
    row = Answers(SightGraph.from_pretrained, with_graph=True)()(alone)
    assert [one["label"] for one in row["graph"]["nodes"] if one["kind"] == "signal"] == ["depth"]
    assert "no photograph was given" in row["missing"][0]
