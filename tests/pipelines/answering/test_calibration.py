"""pipelines/answering/calibration.py: confidences change, and neither order nor sum does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from pipelines.answering.calibration import CALIBRATION_FILE, Calibration, logit
from pipelines.answering.evidence import DONT_KNOW, Candidate, completed

shares = st.lists(st.floats(0.001, 1.0), min_size=1, max_size=5)
calibrations = st.builds(Calibration, st.floats(0.05, 3.0), st.floats(-3.0, 3.0))


@given(shares, st.floats(0.0, 1.0), calibrations, st.booleans())
def test_order_and_sum_stay(
    given_shares: list[float], unknown: float, calibration: Calibration, unknown_first: bool
) -> None:
    total = sum(given_shares) + unknown
    ranked = sorted((one / total for one in given_shares), reverse=True)
    *named, rest = completed([Candidate(f"a{i}", one) for i, one in enumerate(ranked)])
    before = (rest, *named) if unknown_first else (*named, rest)
    after = calibration(before)
    assert [one.text for one in after] == [one.text for one in before]
    assert sum(one.score for one in after) == pytest.approx(1.0)
    scores = [one.score for one in after if one.text != DONT_KNOW]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= one.score <= 1 for one in after)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), calibrations)
def test_what_was_surer_stays_surer(one: float, other: float, calibration: Calibration) -> None:
    low, high = sorted((one, other))
    assert calibration.probability(low) <= calibration.probability(high)


def test_what_is_not_calibrated_stays_bit_for_bit() -> None:
    candidates = completed([Candidate("cup", 0.6), Candidate("table", 0.2)])
    assert Calibration()(candidates) == candidates


def test_what_the_answer_gains_is_taken_from_all_others_alike() -> None:
    candidates = completed([Candidate("cup", 0.2), Candidate("table", 0.1)])
    found = Calibration(1.0, logit(0.6) - logit(0.2))(candidates)
    assert [round(one.score, 6) for one in found] == [0.6, 0.05, 0.35]


def test_what_it_loses_goes_to_not_knowing() -> None:
    candidates = completed([Candidate("cup", 0.8), Candidate("table", 0.1)])
    found = Calibration(1.0, logit(0.4) - logit(0.8))(candidates)
    assert [round(one.score, 6) for one in found] == [0.4, 0.05, 0.55]


def test_it_is_what_was_saved(tmp_path: Path) -> None:
    Calibration(0.5, 0.25).save(tmp_path)
    assert Calibration.load(tmp_path) == Calibration(0.5, 0.25)


def test_a_folder_without_one_changes_nothing(tmp_path: Path) -> None:
    assert Calibration.load(tmp_path) == Calibration()


@pytest.mark.parametrize(
    "content", ['{"slope": 0, "offset": 0}', '{"slope": 1}', '{"slope": 1, "offset": NaN}', "[]"]
)
def test_one_that_would_turn_answers_round_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / CALIBRATION_FILE).write_text(content)
    with pytest.raises(SightGraphError, match="cannot be loaded"):
        Calibration.load(tmp_path)
