"""pipelines/bench/table.py: order, marks, Markdown and plots, from results written by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from PIL import Image

from pipelines.bench.run import Result, Run, spread
from pipelines.bench.sort_of_clevr import SortOfClevr
from pipelines.bench.table import cells, headings, markdown, noise_curve, rows, save

MEASURES = SortOfClevr.measures


def result(
    fusion: str, accuracy: float, seed: int = 0, control: str | None = None, **more: float
) -> Result:
    figures = {"accuracy": accuracy, "relational": accuracy - 0.1, "non-relational": accuracy}
    return Result(Run(fusion, control, seed), figures, more, 1234, 10.0 + seed, 100.0 + seed)


def runs(fusion: str, accuracies: list[float], control: str | None = None) -> list[Result]:
    return [result(fusion, one, seed, control) for seed, one in enumerate(accuracies)]


def marks(*results: list[Result]) -> dict[str, tuple[str, ...]]:
    table = rows([one for group in results for one in group], MEASURES)
    return {row.fusion: row.matched_by for row in table if row.control is None}


def test_the_best_stands_first_and_controls_under_their_fusion() -> None:
    table = rows(
        [
            *runs("early", [0.5, 0.5]),
            *runs("graph", [0.9, 0.8]),
            *runs("early", [0.4, 0.4], "question_only"),
            *runs("gcn", [0.7, 0.7]),
            *runs("graph", [0.3, 0.3], "no_edges"),
            *runs("graph", [0.95, 0.95], "all_ones"),
        ],
        MEASURES,
    )
    assert [(row.fusion, row.control) for row in table] == [
        ("graph", None), ("graph", "no_edges"), ("graph", "all_ones"),
        ("gcn", None), ("early", None), ("early", "question_only"),
    ]  # fmt: skip


def test_figures_are_means_and_deviations_over_seeds() -> None:
    (row,) = rows(runs("graph", [0.7, 0.8, 0.9]), MEASURES)
    assert row.figures["accuracy"] == (pytest.approx(0.8), pytest.approx(0.1))
    assert row.figures["relational"] == (pytest.approx(0.7), pytest.approx(0.1))
    assert (row.seeds, row.parameters, row.seconds, row.memory) == (3, 1234, 11.0, 102.0)


def test_a_fusion_that_a_control_matches_is_marked() -> None:
    graph = runs("graph", [0.80, 0.82, 0.78])
    assert marks(graph, runs("graph", [0.79, 0.80, 0.81], "no_edges")) == {"graph": ("no_edges",)}
    assert marks(graph, runs("graph", [0.90, 0.91, 0.92], "all_ones")) == {"graph": ("all_ones",)}


def test_a_fusion_that_is_clearly_better_is_not_marked() -> None:
    graph = runs("graph", [0.80, 0.82, 0.78])
    assert marks(graph, runs("graph", [0.60, 0.62, 0.58], "no_edges")) == {"graph": ()}


def test_two_standard_errors_of_the_difference_decide() -> None:
    graph = runs("graph", [0.82, 0.80, 0.78])  # each mean's standard error: 0.02 / sqrt(3)
    error = math.hypot(0.02 / math.sqrt(3), 0.02 / math.sqrt(3))
    for errors, matched in ((1.9, ("no_edges",)), (2.1, ())):
        lower = [one - errors * error for one in (0.82, 0.80, 0.78)]
        assert marks(graph, runs("graph", lower, "no_edges")) == {"graph": matched}


@pytest.mark.parametrize(("fusion", "control"), [(1, 1), (5, 1), (1, 5)])
def test_a_single_run_on_either_side_gives_no_verdict(fusion: int, control: int) -> None:
    few = [0.50, 0.52, 0.48, 0.51, 0.49]
    row, _ = rows(
        [*runs("graph", few[:fusion]), *runs("graph", few[:control], "no_edges")], MEASURES
    )
    assert row.matched_by == ()
    assert cells(row)[-1] == "?"
    alone, _ = rows([*runs("graph", few), *runs("graph", few, "no_edges")], MEASURES)
    assert cells(alone)[-1] == "= no_edges"
    assert cells(rows(runs("graph", few), MEASURES)[0])[-1] == ""


def test_a_fusion_is_compared_with_its_own_controls_alone() -> None:
    found = marks(
        runs("graph", [0.9, 0.91]),
        runs("early", [0.5, 0.51]),
        runs("gcn", [0.7, 0.71]),
        runs("graph", [0.5, 0.51], "question_only"),
        runs("early", [0.5, 0.51], "question_only"),
        runs("gcn", [0.7, 0.71], "no_edges"),
    )
    assert found == {"graph": (), "early": ("question_only",), "gcn": ("no_edges",)}


def test_one_seed_has_no_deviation_and_a_measure_that_nothing_has_is_a_dash() -> None:
    results = [Result(Run("graph", None, 0), {"accuracy": 0.5}, {}, 1, 1.0, 1.0)]
    (row,) = rows(results, MEASURES)
    assert cells(row)[:4] == ["graph", "50.0", "-", "-"]


def test_spread_is_the_sample_s() -> None:
    assert spread([1.0, 3.0]) == (2.0, pytest.approx(math.sqrt(2)))
    assert spread([0.4]) == (0.4, 0.0)
    assert all(math.isnan(one) for one in spread([]))


def test_markdown_has_a_line_for_each_row_and_a_cell_for_each_heading() -> None:
    table = rows(
        [*runs("graph", [0.8123, 0.8123]), *runs("graph", [0.8, 0.9], "no_edges")], MEASURES
    )
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in markdown(table, MEASURES).splitlines()
    ]
    assert lines[0] == headings(MEASURES)
    assert set(lines[1]) == {"---"}
    assert lines[2] == [
        "graph", "81.2 ± 0.0", "71.2 ± 0.0", "81.2 ± 0.0", "1,234", "10 s", "101 MiB", "2",
        "= no_edges",
    ]  # fmt: skip
    assert lines[3][0] == "no_edges"
    assert {len(line) for line in lines} == {len(headings(MEASURES))}


def test_the_noise_curve_keeps_its_order_and_averages_over_seeds() -> None:
    results = [
        result("graph_attention", 0.8, 0, **{"perfect graph": 0.8, "half dropped": 0.4}),
        result("graph_attention", 0.9, 1, **{"perfect graph": 0.9, "half dropped": 0.6}),
        *runs("early", [0.5]),
    ]
    curve = noise_curve(results)
    assert list(curve) == ["perfect graph", "half dropped"]
    assert curve["half dropped"] == (pytest.approx(0.5), pytest.approx(math.sqrt(0.02)))
    assert noise_curve(runs("early", [0.5])) == {}


@pytest.mark.parametrize("curved", [True, False])
def test_table_results_and_plots_are_written(tmp_path: Path, curved: bool) -> None:
    results = [
        result("graph_attention", 0.8, 0, **({"perfect": 0.8, "worse": 0.4} if curved else {})),
        *runs("graph_attention", [0.8], "no_edges"),
        *runs("early", [0.5]),
    ]
    table = rows(results, MEASURES)
    files = save(SortOfClevr(), results, table, tmp_path)
    names = ["table.md", "results.json", "plot.png"] + (["curve.png"] if curved else [])
    assert [file.name for file in files] == names
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)
    for file in files[2:]:
        with Image.open(file) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 100
            assert len(set(picture.convert("RGB").resize((200, 100)).getdata())) > 10
    assert files[0].read_text(encoding="utf-8") == markdown(table, MEASURES)
    kept = json.loads(files[1].read_text(encoding="utf-8"))
    assert [Result(run=Run(**one.pop("run")), **one) for one in kept] == results
