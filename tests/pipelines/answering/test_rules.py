"""pipelines/answering/rules.py: a rule that is switched off decides nothing any more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kg.errors import UnknownNameError
from pipelines.answering.rules import RULES, checked
from pipelines.detections import Detection
from pipelines.reading.parser import Parser
from pipelines.sightgraph import SightGraph

ROOT = Path(__file__).resolve().parents[3]


def test_a_name_that_is_no_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'absence'"):
        checked(["abscence"])


def test_every_rule_is_read_somewhere() -> None:
    """A name that no code asks for would switch nothing off."""
    code = "".join(file.read_text("utf-8") for file in (ROOT / "pipelines").rglob("*.py"))
    for rule in RULES:
        named = re.findall(rf'applies\("{rule}"\)|"{rule}": [^R]', code)
        assert named, f"no code asks whether '{rule}' applies"


def test_what_is_absent_is_guessed_at_without_the_rule(
    sightgraph: SightGraph, parser: Parser
) -> None:
    graph = sightgraph.graph("example:coffee", "What colour is the dog?")
    fused = sightgraph.answerer.fuse(graph, sightgraph.query(graph, parser(graph.text or "")), {})
    by_rule = sightgraph.answer(fused)
    assert (by_rule.text, by_rule.rule) == ("I see no dog", "absence")
    without = sightgraph.without_rules(["absence"]).answer(fused)
    assert without.text != "I see no dog"
    assert without.rule == ""


def test_rules_that_are_switched_off_stay_so_after_edits(sightgraph: SightGraph) -> None:
    once = sightgraph.without_rules(["absence"])
    assert once.without_rules(["options"]).answerer.without_rules == {"absence", "options"}


def test_equal_answers_are_counted_alone_without_the_rule(
    sightgraph: SightGraph, parser: Parser
) -> None:
    sentence = parser("What is the cup used for?")
    detections = [Detection("cup", 0.9, "test")]
    graph = sightgraph.graph_of(None, detections, sentence)
    query = sightgraph.query(graph, sentence)
    together = sightgraph.answerer.fuse(graph, query, {}).output
    alone = sightgraph.without_rules(["equal-answers"]).answerer.fuse(graph, query, {}).output
    assert together is not None
    assert alone is not None
    assert together.best()[1] > alone.best()[1]


def test_the_pages_say_what_each_rule_does_and_is_worth() -> None:
    described = (ROOT / "docs" / "answer-format.md").read_text(encoding="utf-8")
    measured = (ROOT / "docs" / "experiments" / "answering.md").read_text(encoding="utf-8")
    for name, rule in RULES.items():
        assert f"| `{name}` | {rule.about} |" in described
        assert f"| `{name}` | {rule.about} | {rule.gain} |" in measured
