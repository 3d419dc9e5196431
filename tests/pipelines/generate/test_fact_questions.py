"""pipelines/generate/fact_questions.py: questions whose answers the knowledge states."""

from __future__ import annotations

import pytest

from kg.knowledge.memory import Knowledge
from pipelines.generate.fact_questions import KnowledgeAsker, knowledge_questions


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.bundled()


def facts(knowledge: Knowledge, name: str) -> set[tuple[str, str]]:
    return {
        (knowledge.relations[fact.relation].label, knowledge.label(fact.object))
        for iri in knowledge.named(name)
        for fact in knowledge.facts(iri)
    }


def test_the_answer_to_which_thing_is_the_only_one_that_the_fact_holds_of(
    knowledge: Knowledge,
) -> None:
    for one in KnowledgeAsker(knowledge).subjects(60):
        (answer,) = one.scores
        assert answer in one.seen
        known = facts(knowledge, answer)
        wording = one.question.replace(" here?", "?").replace(" in it?", "?")
        asked = max((end for _, end in known if wording.endswith(f" {end}?")), key=len)
        relations = {relation for relation, end in known if end == asked}
        for other in set(one.seen) - {answer}:
            held = facts(knowledge, other)
            assert not all((relation, asked) in held for relation in relations), one


def test_yes_and_no_are_balanced_and_follow_the_facts(knowledge: Knowledge) -> None:
    questions = list(KnowledgeAsker(knowledge).abilities_of(80))
    answers = [next(iter(one.scores)) for one in questions]
    assert answers.count("yes") == answers.count("no") == 40


def test_objects_are_all_that_the_knowledge_says(knowledge: Knowledge) -> None:
    for one in KnowledgeAsker(knowledge).objects(40):
        assert any(
            set(one.scores) <= {end for _, end in facts(knowledge, name)} for name in one.seen
        ), one


def test_the_same_seed_asks_the_same(knowledge: Knowledge) -> None:
    first = knowledge_questions(knowledge, 5, 5, 5, seed=4)
    assert first == knowledge_questions(knowledge, 5, 5, 5, seed=4)
    assert first != knowledge_questions(knowledge, 5, 5, 5, seed=5)
    assert len(first) == 15


def test_abilities_are_asked_for_by_verbs_that_exist(knowledge: Knowledge) -> None:
    verbs = KnowledgeAsker(knowledge).verbs
    assert (verbs["grazing"], verbs["singing"]) == ("graze", "sing")
