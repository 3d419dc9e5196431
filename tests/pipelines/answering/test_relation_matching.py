"""relation_matching.py: a question asks for the relation that has the likest wording."""

from __future__ import annotations

import pytest

from graph_fusion.encoders import TEXT_ENCODERS
from kg.knowledge.memory import Knowledge
from kg.vocabulary import RelationType
from pipelines.answering.relation_matching import RelationMatcher, usual_wordings


@pytest.fixture(scope="module")
def matcher() -> RelationMatcher:
    return RelationMatcher(Knowledge.bundled().relations, TEXT_ENCODERS.make("minilm"))


@pytest.fixture(scope="module")
def iri(matcher: RelationMatcher) -> dict[str, str]:
    return {relation.label: iri for iri, relation in matcher.relations.items()}


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("what do you feed it", "eats"),
        ("which country did it first come from", "comes from"),
        ("what do they have to fill in so it drives", "powered by"),
        ("what noise would it make at night", "makes the sound"),
        ("what do you call the little ones of it", "has young called"),
    ],
)
def test_a_question_in_words_of_its_own_finds_its_relation(
    matcher: RelationMatcher, iri: dict[str, str], question: str, label: str
) -> None:
    assert iri[label] in matcher.likest(question, set(matcher.relations))


def test_of_two_relations_in_a_row_the_described_one_comes_first(
    matcher: RelationMatcher, iri: dict[str, str]
) -> None:
    there, back = (iri["made of"], iri["comes from"]), (iri["comes from"], iri["made of"])
    scores = matcher.scores_of_two("where do they get the stuff it is made of", {there, back})
    assert scores[there] > 0.8
    assert scores[there] > scores[back] + 0.1


def test_nothing_describes_where_the_subject_stands_alone(
    matcher: RelationMatcher, iri: dict[str, str]
) -> None:
    pair = (iri["made of"], iri["comes from"])
    assert matcher.scores_of_two("name the country", {pair}) == {}
    assert matcher.scores_of_two("where does it come from", set()) == {}


def test_every_bundled_relation_has_usual_wordings_about_it(matcher: RelationMatcher) -> None:
    for relation in matcher.relations.values():
        wordings = usual_wordings(relation.label)
        assert len(wordings) > 10, relation.label
        assert not [one for one in wordings if "{" in one]
    assert "what shape is it" in usual_wordings("is")  # of the narrower questions


def test_a_relation_of_ones_own_is_asked_for_as_it_declares() -> None:
    built = RelationType("ex:built", "built by", "built", asks=("who was the architect of it",))
    encoder = TEXT_ENCODERS.make("minilm")
    own = RelationMatcher({"ex:built": built}, encoder)
    assert usual_wordings("built by") == ()
    assert own.scores("who was the architect of it", {"ex:built"})["ex:built"] > 0.99
