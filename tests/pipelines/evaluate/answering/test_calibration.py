"""Calibration and risk-coverage, by hand and by their promises."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kg.errors import SightGraphError
from pipelines.evaluate.answering.calibration import (
    Judged,
    adaptive_calibration_error,
    calibration_error,
    error_by_chance,
    figures,
    plot,
    risk_coverage,
)

answers = st.lists(
    st.builds(Judged, st.floats(0, 1), st.booleans(), st.booleans()), min_size=1, max_size=60
)


def test_equal_width_error_is_the_weighted_gap_of_each_bin() -> None:
    judged = [Judged(0.9, True), Judged(0.9, False), Judged(0.25, False), Judged(0.75, True)]
    # bins of width a half: (0.25; 0), and (0.75, 0.9, 0.9; 1, 1, 0)
    assert calibration_error(judged, bins=2) == pytest.approx((0.25 + abs(2 - 2.55)) / 4)


def test_equal_width_bins_hold_their_upper_end() -> None:
    assert calibration_error([Judged(0.5, True), Judged(0.4, False)], 2) == pytest.approx(0.1 / 2)


def test_adaptive_error_shares_the_answers_out_evenly() -> None:
    judged = [Judged(0.91, True), Judged(0.92, False), Judged(0.98, True), Judged(0.99, True)]
    in_pairs = (abs(1 - 1.83) + abs(2 - 1.97)) / 4
    assert adaptive_calibration_error(judged, bins=2) == pytest.approx(in_pairs)
    assert calibration_error(judged, bins=2) == pytest.approx(abs(3 - 3.80) / 4)


def test_who_is_as_often_right_as_sure_is_calibrated() -> None:
    judged = [Judged(0.75, number % 4 > 0) for number in range(40)]
    assert calibration_error(judged) == pytest.approx(0)
    assert adaptive_calibration_error(judged) == pytest.approx(0)


def test_two_fair_coins_differ_from_one_success_by_half_of_one_on_average() -> None:
    # 0, 1, 1 or 2 successes of 2, where 1 is expected: a gap of 1 in every second case
    assert error_by_chance([Judged(0.5, True), Judged(0.5, True)]) == pytest.approx(0.5 / 2)


def test_error_by_chance_falls_with_the_number_of_answers_and_not_with_what_is_right() -> None:
    few, many = ([Judged(0.3, right=False)] * number for number in (20, 320))
    assert error_by_chance(many) == pytest.approx(error_by_chance(few) / 4, rel=0.05)
    assert error_by_chance([Judged(0.3, right=True)] * 20) == error_by_chance(few)


def test_error_by_chance_is_the_mean_error_of_confidences_that_are_true() -> None:
    chance = Random(3)
    sure = [chance.random() for _ in range(60)]
    imagined = [
        calibration_error([Judged(one, chance.random() < one) for one in sure]) for _ in range(400)
    ]
    expected = error_by_chance([Judged(one, right=True) for one in sure])
    assert expected == pytest.approx(sum(imagined) / len(imagined), abs=0.01)


def test_abstentions_rank_below_every_answer_however_sure() -> None:
    judged = [Judged(0.95, False, abstained=True), Judged(0.1, True), Judged(0.2, True)]
    curve = risk_coverage(judged)
    assert curve.right.tolist() == pytest.approx([1, 1, 2 / 3])
    assert curve.coverage.tolist() == pytest.approx([1 / 3, 2 / 3, 1])


def test_ratio_compares_the_surest_half_with_all() -> None:
    judged = [Judged(0.9, True), Judged(0.8, True), Judged(0.3, False), Judged(0.2, True)]
    found = figures(judged)
    assert found["accuracy at 50 % coverage"] == 1.0
    assert found["accuracy at 100 % coverage"] == 0.75
    assert found["50 % over 100 % coverage"] == pytest.approx(4 / 3)


def test_ratio_is_left_out_where_nothing_is_right() -> None:
    assert "50 % over 100 % coverage" not in figures([Judged(0.9, False)])


@given(answers, st.randoms())
def test_no_figure_depends_on_the_order_of_the_answers(
    judged: list[Judged], chance: Random
) -> None:
    mixed = list(judged)
    chance.shuffle(mixed)
    assert figures(mixed) == pytest.approx(figures(judged))


@given(answers)
def test_errors_and_risks_are_shares_and_all_answers_end_at_the_share_right(
    judged: list[Judged],
) -> None:
    curve = risk_coverage(judged)
    assert ((curve.risk >= -1e-12) & (curve.risk <= 1 + 1e-12)).all()
    assert curve.accuracy(1.0) == pytest.approx(sum(one.right for one in judged) / len(judged))
    for error in (calibration_error(judged), adaptive_calibration_error(judged)):
        assert 0 <= error <= 1 + 1e-12


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_confidence_that_is_no_probability_is_refused(confidence: float) -> None:
    with pytest.raises(SightGraphError, match="no probability"):
        Judged(confidence, True)


def test_no_answers_are_refused() -> None:
    with pytest.raises(SightGraphError, match="at least one"):
        calibration_error([])


def test_plot_is_a_png_that_shows_the_curve(tmp_path: Path) -> None:
    plot([Judged(0.9, True), Judged(0.8, False), Judged(0.4, True, True)], tmp_path / "a.png")
    plot([Judged(0.9, False), Judged(0.8, False), Judged(0.4, True, True)], tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as one, Image.open(tmp_path / "b.png") as other:
        assert one.format == "PNG"
        assert one.tobytes() != other.tobytes()
