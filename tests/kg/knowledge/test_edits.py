"""kg/knowledge/edits.py: facts set and unset over knowledge that stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.knowledge.edits import EDIT, EditedKnowledge, Edits
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge


def edited(knowledge: KnowledgeGraph, *set_: str, unset: tuple[str, ...] = ()) -> EditedKnowledge:
    return EditedKnowledge(knowledge, Edits(set_, unset))


def objects(knowledge: KnowledgeGraph, name: str, relation: str) -> set[str]:
    return {
        knowledge.label(fact.object)
        for iri in knowledge.named(name)
        for fact in knowledge.facts(iri)
        if knowledge.relations[fact.relation].label == relation
    }


def test_a_fact_that_is_set_joins_the_others(bundled: Knowledge) -> None:
    before = objects(bundled, "cat", "eats")
    after = edited(bundled, "cat eats moon dust", "cat eats cheese")
    assert objects(after, "cat", "eats") == before | {"moon dust", "cheese"}
    assert objects(bundled, "cat", "eats") == before
    assert after.named("cheese") == bundled.named("cheese")
    (fact,) = after.facts_to(after.named("moon dust")[0])
    assert fact.source == EDIT
    assert after.label(fact.subject) == "cat"


@pytest.mark.parametrize("fact", ["cat | has part | tail", "cat | is | warm-blooded"])
def test_a_fact_that_is_unset_is_gone_stated_or_inherited(bundled: Knowledge, fact: str) -> None:
    subject, relation, object_ = fact.split(" | ")
    before = objects(bundled, subject, relation)
    assert object_ in before
    after = edited(bundled, unset=(fact,))
    assert objects(after, subject, relation) == before - {object_}
    assert objects(after, "dog", relation) == objects(bundled, "dog", relation)


def test_without_the_category_nothing_comes_through_it(bundled: Knowledge) -> None:
    after = edited(bundled, unset=("cat is a mammal",))
    assert "mammal" not in objects(after, "cat", "is a")
    assert "feline" in objects(after, "cat", "is a")
    (cat,) = after.named("cat")
    assert "mammal" not in [after.label(one) for one in after.categories(cat)]
    through = [via for fact in after.facts(cat) for via in fact.via]
    assert "mammal" not in [after.label(one) for one in through]
    assert "mammal" in objects(after, "dog", "is a")


def test_what_a_category_loses_its_members_lose(bundled: Knowledge) -> None:
    after = edited(bundled, "mammal eats stardust", unset=("mammal is warm-blooded",))
    assert "stardust" in objects(after, "cat", "eats")
    assert "warm-blooded" not in objects(after, "cat", "is")
    (fact,) = [one for one in after.facts(after.named("cat")[0]) if one.source == EDIT]
    assert "mammal" in [after.label(one) for one in fact.via]


def test_the_way_over_a_category_is_not_shown_to_what_lost_the_fact(bundled: Knowledge) -> None:
    (grazing,) = bundled.named("grazing")
    kinds = set(bundled.categories(bundled.named("zebra")[0]))
    assert kinds & {fact.subject for fact in bundled.facts_to(grazing)}
    for after in (
        edited(bundled, unset=("zebra can graze",)),
        edited(bundled, "zebra cannot graze"),
    ):
        told = after.facts_to(grazing)
        assert not kinds & {fact.subject for fact in told if fact.source != EDIT}


def test_a_denial_that_is_set_wins_over_what_is_inherited_or_stated(bundled: Knowledge) -> None:
    assert "grazing" in objects(bundled, "zebra", "can")
    after = edited(bundled, "zebra cannot graze", "banana is crunchy")
    assert "grazing" not in objects(after, "zebra", "can")
    assert "grazing" in objects(after, "zebra", "cannot")
    assert "crunchy" in objects(bundled, "banana", "is not")
    assert "crunchy" not in objects(after, "banana", "is not")


def test_a_fact_that_is_set_wins_over_an_inherited_denial(bundled: Knowledge) -> None:
    (cat,) = bundled.named("cat")
    denied = [f for f in bundled.facts(cat) if bundled.relations[f.relation].label == "cannot"]
    ability = next(bundled.label(one.object) for one in denied if one.via)
    after = edited(bundled, f"cat | can | {ability}")
    assert ability in objects(after, "cat", "can")
    assert ability not in objects(after, "cat", "cannot")


def test_a_number_that_is_set_takes_the_place_of_the_other(bundled: Knowledge) -> None:
    for text in ("zebra has 6 legs", "zebra | number of legs | 6", "zebra numberOfLegs 6"):
        after = edited(bundled, text)
        assert objects(after, "zebra", "number of legs") == {"6"}
    inherited = edited(bundled, unset=("zebra has 4 legs",))
    assert "4" not in objects(inherited, "zebra", "number of legs")


def test_words_that_are_not_known_become_concepts(bundled: Knowledge) -> None:
    after = edited(bundled, "a Unicorn is a horse", "unicorn eats Moon dust")
    (unicorn,) = after.named("unicorn")
    assert after.label(unicorn) == "unicorn"
    assert after.concept(unicorn)
    assert "mammal" in objects(after, "unicorn", "is a")
    assert objects(after, "unicorn", "eats") >= {"Moon dust"}
    assert not bundled.named("unicorn")


def test_what_is_set_keeps_the_name_that_the_person_gave_it(bundled: Knowledge) -> None:
    knowledge = EditedKnowledge(bundled, Edits(set=["cat | eats | seaweed"]))
    (fact,) = knowledge.set_facts()
    assert (knowledge.label(fact.object), knowledge.said(fact)) == ("water plant", "seaweed")
    stated = next(one for one in bundled.facts(fact.subject) if one.relation == fact.relation)
    assert knowledge.said(stated) == bundled.label(stated.object)


def test_another_form_of_the_words_means_the_same_only_where_it_fits(bundled: Knowledge) -> None:
    after = edited(bundled, "zebras can fly", "baseball bat playedIn fencing", "bear eats apples")
    assert "flying" in objects(after, "zebra", "can")
    assert "fencing" in objects(after, "baseball bat", "used in the sport")
    assert "apple" in objects(after, "bear", "eats")


def test_a_name_of_several_concepts_means_each_of_them(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(
        "@prefix : <https://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
        ':crane1 rdfs:label "crane" ; :eats :frog . :crane2 rdfs:label "crane" ; :lifts :frog .'
        ':frog rdfs:label "frog" .'
    )
    after = edited(Knowledge.load([file], with_bundled=False), "crane eats hay")
    assert len(after.named("crane")) == 2
    assert all(
        "hay" in [after.label(fact.object) for fact in after.facts(iri)]
        for iri in after.named("crane")
    )


@pytest.mark.parametrize(
    ("set_", "unset", "reason"),
    [
        ((), ("cat eats moon dust",), "Known: cat eats: bird, "),
        ((), ("zebraa eats grass",), "Did you mean 'zebra'?"),
        ((), ("florbus eats fish",), "nothing is called 'florbus'"),
        (("cat eats fish",), ("cat eats fish",), "both set and unset"),
        (("cat eats ???",), (), "'???' is no name"),
    ],
)
def test_an_edit_that_cannot_be_made_is_named(
    bundled: Knowledge, set_: tuple[str, ...], unset: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(SightGraphError) as refused:
        EditedKnowledge(bundled, Edits(set_, unset))
    assert reason in str(refused.value)


def test_an_edit_that_bears_on_nothing_is_noted(bundled: Knowledge) -> None:
    after = edited(bundled, "cat eats bananna", "dog eats hay")
    (cat,) = after.named("cat")
    unused, misspelt = after.notes({cat})
    assert "'dog eats hay' was not used" in unused
    assert "Did you mean 'banana'?" in misspelt
    assert not edited(bundled, "cat eats hay").notes({cat})


def test_what_no_edit_is_about_stays_the_same_object(bundled: Knowledge) -> None:
    after = edited(bundled, "zebra eats moon dust", unset=("zebra is a mammal",))
    for name in ("dog", "cup", "mammal"):
        for iri in bundled.named(name):
            assert after.facts(iri) == bundled.facts(iri)
            assert after.stated(iri) == bundled.stated(iri)
            assert after.categories(iri) == bundled.categories(iri)
            assert after.facts(iri, inherited=False) == bundled.facts(iri, inherited=False)
    assert after.relations == bundled.relations
    assert after.statistics() == bundled.statistics()


def test_edits_go_over_edits(bundled: Knowledge) -> None:
    first = edited(bundled, "cat eats moon dust")
    second = edited(first, "cat eats sand", unset=("cat eats moon dust",))
    assert "sand" in objects(second, "cat", "eats")
    assert "moon dust" not in objects(second, "cat", "eats")
    assert "moon dust" in objects(first, "cat", "eats")


def test_sparql_is_refused_rather_than_answered_without_the_edits(bundled: Knowledge) -> None:
    with pytest.raises(SightGraphError, match="Ask without them"):
        edited(bundled, "cat eats moon dust").query("ASK { ?a ?b ?c }")


def test_no_edits_are_false() -> None:
    assert not Edits()
    assert Edits(unset=("cat eats fish",))
