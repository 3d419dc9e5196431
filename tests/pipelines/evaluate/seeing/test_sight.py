"""pipelines/evaluate/seeing/sight.py: one report of several evaluations."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from kg.errors import SightGraphError
from pipelines.evaluate import EVALUATORS, OPTIONS
from pipelines.evaluate.protocol import Evaluator
from pipelines.evaluate.seeing import sight
from pipelines.evaluate.seeing.sight import MEASUREMENTS, Figure, Measurement, SightEvaluator

LINKING = Measurement(
    "linking", "linking_cases.json", "our cases", (Figure("unseen: precision", 0.5, 0.9),)
)
MISSING = Measurement("detection", "nowhere", "nothing", (Figure("AP50", 0.3),))
CASES = Path(__file__).parents[3] / "kg"


def test_each_figure_stands_with_its_command_and_the_value_before() -> None:
    report = SightEvaluator((LINKING,))(None, CASES)
    (row,) = report.rows
    assert row["command"] == "sightgraph evaluate linking --data DATASETS/linking_cases.json"
    assert (row["before"], row["goal"]) == (0.5, 0.9)
    assert report.figures == {"linking: unseen: precision": row["value"]}


def test_data_that_is_missing_is_reported_and_the_rest_measured() -> None:
    report = SightEvaluator((MISSING, LINKING))(None, CASES)
    assert set(report.figures) == {"linking: unseen: precision"}
    assert report.rows[0]["value"] is None
    assert "nowhere" in report.rows[0]["not measured"]


def test_ctrl_c_reports_what_was_measured_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(name: str) -> Evaluator:
        if name == "detection":
            raise KeyboardInterrupt
        return make(name)

    make = EVALUATORS.make
    monkeypatch.setattr(sight, "EVALUATORS", SimpleNamespace(make=stopped))
    report = SightEvaluator((LINKING, MISSING, LINKING))(None, CASES)
    assert list(report.figures) == ["linking: unseen: precision"]
    assert ["Ctrl-C" in row.get("not measured", "") for row in report.rows] == [False, True, True]
    with pytest.raises(KeyboardInterrupt):
        SightEvaluator((MISSING,))(None, CASES)


def test_nothing_to_measure_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="Set --data"):
        SightEvaluator((MISSING,))(None, tmp_path)


def test_every_measurement_names_an_evaluation_and_the_data_that_it_takes() -> None:
    for one in MEASUREMENTS:
        assert one.evaluation in EVALUATORS
        assert one.split is None or OPTIONS[one.evaluation].split
