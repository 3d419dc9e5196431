"""pipelines/batch/report: a page that needs nothing else and runs no script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.batch.parts import PartFolder
from pipelines.batch.questions import BatchQuestion
from pipelines.batch.report import read_answers, write_report

HOSTILE = "<script>alert(1)</script>\"'&"
ANSWER = {
    "photo": "example:cat",
    "question": HOSTILE,
    "answer": HOSTILE,
    "confidence": 0.5,
    "support": "guess",
    "evidence": {
        "objects": [{"label": HOSTILE, "score": 0.9, "box": [10, 20, 110, 220]}],
        "facts": [{"subject": "cat", "relation": HOSTILE, "object": "fish", "source": "x"}],
    },
}


def test_the_page_shows_boxes_answers_and_errors_and_runs_nothing(tmp_path: Path) -> None:
    rows = [ANSWER, {"photo": "gone.jpg", "question": "Why?", "error": HOSTILE}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    write_report(read_answers(tmp_path / "a.jsonl"), tmp_path / "r.html", HOSTILE)
    page = (tmp_path / "r.html").read_text()
    assert "<script" not in page
    assert page.count("<rect") == 1
    assert ">guess</span>" in page
    assert "box 1: " in page
    assert "there is no photograph at &#x27;gone.jpg&#x27;" in page
    assert "2 questions about 2 photographs, 1 errors" in page


def test_an_error_that_was_mended_is_not_told(tmp_path: Path) -> None:
    row = {"line": 1, "photo": None, "question": "Why?"}
    rows = [{**row, "error": "busy"}, {**row, **ANSWER, "photo": None, "question": "Why?"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_answers(tmp_path / "a.jsonl") == rows[1:]
    write_report(rows[1:], tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "1 questions about 0 photographs, 0 errors" in page
    assert "there is no photograph" not in page


def test_answers_in_parts_that_lie_elsewhere_are_told(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    question, folder = BatchQuestion(1, "example:cat", "Why?"), tmp_path / "answers"
    elsewhere = PartFolder.of(str(tmp_path / "far"), folder, "parquet")
    answer = {name: ANSWER[name] for name in ("answer", "confidence", "support", "evidence")}
    (row,) = elsewhere.filled_by(lambda: lambda _: answer)().of_group([question])
    folder.mkdir()
    (folder / "answers.jsonl").write_text(json.dumps({**question.row, **row}) + "\n")
    assert read_answers(folder, tmp_path / "far") == [{**question.row, **answer}]
    with pytest.raises(SightGraphError, match="give --parts"):
        read_answers(folder)


@pytest.mark.parametrize("line", ["{", "[]", '{"photo": "a", "question": "b"}'])
def test_what_is_no_answer_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text("\n" + line)
    with pytest.raises(SightGraphError, match="line 2: no answer"):
        read_answers(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"evidence": {"objects": [{"label": "a", "box": [1, 2]}]}}, "a box"),
        ({"evidence": {"objects": [{"label": "a", "box": "1234"}]}}, "a box"),
        ({"evidence": {"objects": [{"box": [1, 2, 3, 4]}]}}, "a label"),
        ({"evidence": {"objects": [{"label": "a", "score": None}]}}, "a score"),
        ({"evidence": {"facts": [{"subject": "cat"}]}}, "the relation of a fact"),
        ({"evidence": [1]}, "evidence"),
        ({"candidates": [{"text": "b", "score": None}]}, "a candidate's score"),
        ({"confidence": "high"}, "confidence"),
        ({"missing": "abc"}, "missing"),
        ({"support": ["x"]}, "support"),
    ],
)
def test_an_odd_row_is_named_with_its_line_and_reason(
    tmp_path: Path, odd: dict[str, object], reason: str
) -> None:
    row = {"photo": None, "question": "Why?", "answer": "so"} | odd
    (tmp_path / "a.jsonl").write_text("\n" + json.dumps(row))
    with pytest.raises(SightGraphError, match=f"line 2: {reason}"):
        read_answers(tmp_path / "a.jsonl")


def test_a_row_without_a_confidence_is_shown(tmp_path: Path) -> None:
    row = {"photo": None, "question": "Why?", "answer": "so", "confidence": None}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    write_report(read_answers(tmp_path / "a.jsonl"), tmp_path / "r.html")
    assert "confidence" not in (tmp_path / "r.html").read_text()
