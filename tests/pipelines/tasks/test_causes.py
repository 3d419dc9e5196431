"""The table of what failed, from written answers and causes named by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kg.errors import SightGraphError
from pipelines.tasks.causes import CAUSES, main, table


def answers() -> list[dict[str, Any]]:
    return [
        {"id": "a", "type": "use", "right": True},
        {"id": "b", "type": "use", "right": False},
        {"id": "c", "type": "part", "right": False},
        {"id": "d", "type": "use", "right": False},
    ]


def cells(text: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_shares_are_of_the_wrong_and_of_all_with_the_types() -> None:
    found = cells(table(answers(), {"b": "not known", "c": "not known", "d": "seen wrong"}))
    assert found["not known"] == ["2", "66.7 %", "50.0 %", "use 1, part 1"]
    assert found["seen wrong"] == ["1", "33.3 %", "25.0 %", "use 1"]
    assert found["ranked wrong"] == ["0", "0.0 %", "0.0 %", ""]
    assert found["wrong"][2] == "75.0 %"
    assert found["right"][:3] == ["1", "", "25.0 %"]
    assert "not looked at" not in found


def test_wrong_answers_without_a_cause_are_shown_as_such() -> None:
    assert cells(table(answers(), {"b": "not known"}))["not looked at"][0] == "2"


def test_every_cause_has_a_row_even_where_all_is_right() -> None:
    assert set(CAUSES) <= set(cells(table(answers()[:1], {})))


@pytest.mark.parametrize(
    ("causes", "named"),
    [
        ({"b": "sen wrong"}, "'seen wrong'"),
        ({"z": "seen wrong"}, "'z'"),
        ({"a": "seen wrong"}, "'a' was answered rightly"),
    ],
)
def test_cause_that_fits_no_wrong_answer_is_named(causes: dict[str, str], named: str) -> None:
    with pytest.raises(SightGraphError, match=named):
        table(answers(), causes)


def test_command_prints_the_table_or_one_line(tmp_path: Path) -> None:
    file, causes = tmp_path / "answers.json", tmp_path / "causes.json"
    file.write_text(json.dumps({"answers": answers()}))
    causes.write_text('{"b": "read wrong"}')
    done = CliRunner().invoke(main, [str(file), str(causes)])
    assert done.exit_code == 0
    assert done.stdout == table(answers(), {"b": "read wrong"})
    file.write_text("{}")
    failed = CliRunner().invoke(main, [str(file), str(causes)])
    assert failed.exit_code == 2
    assert str(file) in failed.stderr
