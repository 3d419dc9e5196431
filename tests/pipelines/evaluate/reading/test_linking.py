"""pipelines/evaluate/reading/linking.py: how well names are linked in given cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from kg.linking import Linker
from kg.vocabulary import KNOWLEDGE
from pipelines.build.builder import GraphBuilder
from pipelines.evaluate.protocol import Source
from pipelines.evaluate.reading.linking import (
    PARTS,
    CoverageEvaluator,
    LinkingEvaluator,
    calibration_error,
    read_cases,
)

ROOT = Path(__file__).parents[4]
CASES = {
    ROOT / "tests" / "kg" / "linking_cases.json": {"development", "unseen"},
    ROOT / "data" / "questions" / "links.json": {"development", "sealed"},
}
"""Files of cases, and their parts."""


def case(name: str, concept: str | None, kind: str = "label", part: str = "unseen") -> dict:  # type: ignore[type-arg]
    return {"name": name, "context": [], "concept": concept, "kind": kind, "part": part}


def written(folder: Path, *cases: dict) -> Path:  # type: ignore[type-arg]
    file = folder / "cases.json"
    file.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    return file


def test_right_wrong_and_missed_names_are_counted(builder: GraphBuilder, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        case("cat", "sg:cat"),
        case("dogs", "sg:dog", "inflected"),
        case("knife", "sg:spoon"),
        case("florb", "sg:fork", "synonym"),
        case("qwertyuiop", None, "nil"),
        case("table", None, "nil", "development"),
    )
    found = LinkingEvaluator()(Linker(builder.knowledge), read_cases(file)).figures
    assert found["unseen: cases"] == 5
    assert found["unseen: precision"] == pytest.approx(2 / 3)
    assert found["unseen: recall"] == pytest.approx(2 / 4)
    assert found["unseen: NIL F1"] == pytest.approx(2 * 1 / (2 + 1))
    kinds = {"label": 1 / 2, "inflected": 1, "synonym": 0, "nil": 1}
    assert {kind: found[f"unseen: {kind}"] for kind in kinds} == kinds
    assert found["development: precision"] == found["development: NIL F1"] == 0


def test_no_cases_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="holds no cases"):
        read_cases(written(tmp_path))


def test_cases_of_a_part_of_ones_own_are_measured(builder: GraphBuilder, tmp_path: Path) -> None:
    own = {"name": "cat", "concept": "sg:cat"}
    file = written(tmp_path, case("cat", "sg:cat", part="held-back"), own)
    evaluator = LinkingEvaluator()
    found = evaluator(Linker(builder.knowledge), evaluator.dataset(Source(file)))
    assert found.figures["held-back: cases"] == found.figures["cases: cases"] == 1
    assert found.figures[found.primary] == 1.0


def test_what_a_case_lacks_is_named_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="case 2 has no 'concept'"):
        read_cases(written(tmp_path, case("cat", "sg:cat"), {"name": "dog"}))
    sealed = written(tmp_path, case("cat", "sg:cat", part="sealed"))
    with pytest.raises(SightGraphError, match="--split sealed"):
        LinkingEvaluator().dataset(Source(sealed))


def test_coverage_of_no_names_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"categories": []}')
    with pytest.raises(SightGraphError, match="holds no names"):
        CoverageEvaluator().dataset(Source(tmp_path / "none.json"))


@pytest.mark.parametrize("content", [None, "", "{}", "[]"])
def test_cases_that_cannot_be_read_are_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "cases.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SightGraphError, match=r"cases\.json"):
        read_cases(file)


def test_being_as_right_as_sure_is_calibrated() -> None:
    assert calibration_error([]) == 0
    assert calibration_error([(1.0, True)] * 3) == 0
    assert calibration_error([(1.0, False)] * 3) == 1
    assert calibration_error([(0.5, True), (0.5, False)]) == 0
    assert calibration_error([(0.9, True), (0.9, True), (0.1, False)]) == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_the_calibration_error_is_a_share(judged: list[tuple[float, bool]]) -> None:
    assert 0 <= calibration_error(judged) <= 1


def test_sealed_cases_are_measured_only_when_they_are_named(
    builder: GraphBuilder, tmp_path: Path
) -> None:
    file = written(
        tmp_path, case("cat", "sg:cat", part="development"), case("dog", "sg:cat", part="sealed")
    )
    evaluator, linker = LinkingEvaluator(), Linker(builder.knowledge)
    usual = evaluator(linker, evaluator.dataset(Source(file)))
    assert usual.figures[usual.primary] == usual.figures["development: precision"] == 1.0
    assert not any(name.startswith("sealed") for name in usual.figures)
    sealed = evaluator(linker, evaluator.dataset(Source(file, split="sealed")))
    assert sealed.primary == "sealed: precision"
    assert sealed.figures["sealed: precision"] == 0.0
    with pytest.raises(SightGraphError, match=r"'seeled'.*sealed"):
        evaluator.dataset(Source(file, split="seeled"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_the_cases_name_concepts_that_there_are(builder: GraphBuilder, file: Path) -> None:
    cases = read_cases(file)
    parts = sorted({one["part"] for one in cases})
    assert set(parts) == CASES[file] <= set(PARTS)
    named = {one["concept"].replace("sg:", KNOWLEDGE) for one in cases if one["concept"]}
    assert not {one for one in named if builder.knowledge.concept(one) is None}
    assert all((one["concept"] is None) == (one["kind"] == "nil") for one in cases)
    by_part = [
        {(one["name"].lower(), *sorted(one["context"])) for one in cases if one["part"] == part}
        for part in parts
    ]
    assert not by_part[0] & by_part[1]
