"""pipelines/batch/questions: what is asked, and what is left to ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from pipelines.batch.questions import BatchQuestion, read_questions, unanswered


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
    [("{", "line 2"), ("[]", "line 2"), ('{"photo": "a"}', "'question' is missing")],
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
