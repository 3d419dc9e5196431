"""pipelines/evaluate/answering/rules.py: what is lost without each rule is counted."""

from __future__ import annotations

from pipelines.answering.rules import RULES
from pipelines.datasets.questions import PhotoQuestion
from pipelines.evaluate.answering.rules import gains
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph


def test_a_rule_gains_the_answers_that_are_right_with_it_only(sightgraph: SightGraph) -> None:
    absent = PhotoQuestion("1", "example:coffee", "What colour is the dog?", ("I see no dog",), "")
    wrong = PhotoQuestion("2", "example:coffee", "What colour is the dog?", ("blue",), "")
    photo = Photo.open("example:coffee")
    found = gains(sightgraph, [(absent, photo), (wrong, photo)])
    assert {rule for rule in RULES if f"{rule}, gained" in found} == set(RULES)
    assert found["absence, gained"] == 1
    assert found["absence, changed"] == 2
    assert (found["absence, decided"], found["absence, decided rightly"]) == (2, 1)
    assert found["written, gained"] == 0
    assert "written, decided" not in found
