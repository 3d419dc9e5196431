"""pipelines/evaluate/answering/wups.py: likeness in WordNet, by hand-computed cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from pipelines.evaluate.answering.wups import Nouns, wups

ABOVE = {
    "object": ["entity"],
    "furniture": ["object"],
    "lamp": ["object"],
    "chair": ["furniture"],
    "table": ["furniture"],
    "desk": ["table"],
    "sofa": ["furniture"],
    "bedroom furniture": ["furniture"],
    "bed": ["bedroom furniture"],
    "sofa bed": ["sofa", "bed"],
    "daybed": ["sofa bed"],
    "meal": ["entity"],
}
"""entity 1; object 2; furniture, lamp 3; chair, table, sofa 4; desk, bed 5; sofa bed 5 or 6."""
SYNSETS = {name: [name] for name in (*ABOVE, "entity", "box")} | {"board": ["table", "meal"]}


@pytest.fixture
def nouns() -> Nouns:
    return Nouns(SYNSETS, ABOVE)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("chair", "table", 2 * 3 / (4 + 4)),
        ("chair", "desk", 2 * 3 / (4 + 5)),
        ("table", "desk", 2 * 4 / (4 + 5)),
        ("chair", "lamp", 2 * 2 / (4 + 3)),
        ("chair", "entity", 2 * 1 / (4 + 1)),
        ("sofa_bed", "sofa", 2 * 4 / (5 + 4)),
        ("sofa bed", "bed", 2 * 5 / (6 + 5)),
        ("daybed", "sofa bed", 2 * 6 / (7 + 6)),  # the common one counts by its longest way up
        ("chairs", "table", 2 * 3 / (4 + 4)),
        ("boxes", "box", 1.0),
        ("desk", "board", 2 * 4 / (5 + 4)),  # the nearest of board's two senses
        ("chair", "box", 0.0),  # no common synset
        ("chair", "2", 0.0),
        ("2", "2", 1.0),
    ],
)
def test_likeness_is_what_hand_computing_gives(
    nouns: Nouns, first: str, second: str, expected: float
) -> None:
    assert nouns.likeness(first, second) == pytest.approx(expected)
    assert nouns.likeness(second, first) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "right", "threshold", "expected"),
    [
        ({"chair"}, {"chair"}, 0.9, 1.0),
        ({"chair"}, {"table"}, 0.9, 0.075),
        ({"chair"}, {"table"}, 0.0, 0.75),
        ({"chair", "lamp"}, {"chair"}, 0.0, 4 / 7),
        ({"chair", "lamp"}, {"chair"}, 0.9, 0.4 / 7),
        ({"chair"}, {"chair", "lamp", "table"}, 0.0, 4 / 7 * 0.75),
        ({"chair"}, set(), 0.0, 0.0),
        (set(), set(), 0.9, 1.0),
    ],
)
def test_sets_count_by_the_worse_of_both_products(
    nouns: Nouns, given: set[str], right: set[str], threshold: float, expected: float
) -> None:
    assert wups(nouns, given, right, threshold) == pytest.approx(expected)


WORDS = st.sets(st.sampled_from([*SYNSETS, "3", "red"]), min_size=1, max_size=4)


@given(first=WORDS, second=WORDS)
def test_wups_is_symmetric_within_bounds_and_no_less_without_a_threshold(
    first: set[str], second: set[str]
) -> None:
    nouns = Nouns(SYNSETS, ABOVE)
    strict, lenient = wups(nouns, first, second, 0.9), wups(nouns, first, second, 0.0)
    assert strict == pytest.approx(wups(nouns, second, first, 0.9))
    assert float(first == second) <= strict <= lenient <= 1


def test_a_circle_ends() -> None:
    assert 0 < Nouns({"a": ["a"], "b": ["b"]}, {"a": ["b"], "b": ["a"]}).likeness("a", "b") <= 1


def test_only_nouns_of_a_wordnet_are_read(tmp_path: Path) -> None:
    (tmp_path / "noun.artifact.yaml").write_text(
        "00000001-n:\n  definition:\n  - a thing\n  members:\n  - thing\n  partOfSpeech: n\n"
        "00000002-n:\n  definition:\n  - to sit on\n  hypernym:\n  - 00000001-n\n"
        "  members:\n  - Seat\n  - sitting place\n  partOfSpeech: n\n",
        encoding="utf-8",
    )
    (tmp_path / "verb.body.yaml").write_text(
        "00000003-v:\n  definition:\n  - to sit\n  members:\n  - seat\n  partOfSpeech: v\n",
        encoding="utf-8",
    )
    nouns = Nouns.read(tmp_path)
    assert set(nouns.synsets) == {"thing", "seat", "sitting place"}
    assert len(nouns.synsets["seat"]) == 1
    assert nouns.likeness("sitting_places", "thing") == pytest.approx(2 / 3)


def test_a_folder_without_wordnet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="noun"):
        Nouns.read(tmp_path)
