"""joined.py: several graphs that answer as one, the user's facts before bundled ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.joined import JoinedKnowledge, load_knowledge
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.linking import Linker
from kg.vocabulary import IS_A_IRI

SG = "https://sightgraph.org/kg/"
SGO = "https://sightgraph.org/ontology#"
EX = "https://example.org/"
PREFIXES = """
@prefix ex: <https://example.org/> .
@prefix sg: <https://sightgraph.org/kg/> .
@prefix sgo: <https://sightgraph.org/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""


def write(folder: Path, turtle: str, name: str) -> Path:
    file = folder / name
    file.write_text(PREFIXES + turtle, encoding="utf-8")
    return file


def store_of(folder: Path, turtle: str, name: str = "own") -> Path:
    import_source(write(folder, turtle, f"{name}.ttl"), folder / f"{name}.store")
    return folder / f"{name}.store"


def objects(graph: KnowledgeGraph, subject: str, relation: str) -> set[str]:
    return {fact.object for fact in graph.facts(subject) if fact.relation == relation}


def with_store(folder: Path, turtle: str, bundled: Knowledge) -> JoinedKnowledge:
    """Return the bundled knowledge and a store of `turtle` as one."""
    return JoinedKnowledge([bundled, Store(store_of(folder, turtle))])


def test_the_users_facts_take_the_place_of_bundled_ones(tmp_path: Path, bundled: Knowledge) -> None:
    assert objects(bundled, SG + "motorcycle", SGO + "poweredBy") != {SG + "hydrogen"}
    joined = with_store(tmp_path, "sg:motorcycle sgo:poweredBy sg:hydrogen .", bundled)
    assert objects(joined, SG + "motorcycle", SGO + "poweredBy") == {SG + "hydrogen"}
    used_for = SGO + "usedFor"
    assert objects(joined, SG + "motorcycle", used_for) == objects(
        bundled, SG + "motorcycle", used_for
    )


def test_what_a_store_says_reads_like_what_a_file_says(tmp_path: Path, bundled: Knowledge) -> None:
    turtle = """
    sg:motorcycle sgo:poweredBy sg:hydrogen . sg:cat sgo:eats ex:grass .
    ex:moped skos:prefLabel "moped"@en ; skos:broader sg:motorcycle .
    """
    by_store = with_store(tmp_path, turtle, bundled)
    by_file = load_knowledge([tmp_path / "own.ttl"])
    for subject in (SG + "motorcycle", SG + "cat", EX + "moped", SG + "dog"):
        told = [
            {(one.relation, one.object, one.own, one.via) for one in graph.facts(subject)}
            for graph in (by_file, by_store)
        ]
        assert told[0] == told[1]


def test_a_fact_that_the_user_states_too_is_the_users(tmp_path: Path, bundled: Knowledge) -> None:
    both = objects(bundled, SG + "cat", IS_A_IRI)
    assert SG + "pet" in both
    joined = with_store(tmp_path, "sg:cat skos:broader sg:pet, ex:idol .", bundled)
    assert {fact.object for fact in joined.stated(SG + "cat") if fact.relation == IS_A_IRI} == {
        SG + "pet",
        EX + "idol",
    }


def test_replaced_facts_are_not_found_from_their_other_end(
    tmp_path: Path, bundled: Knowledge
) -> None:
    joined = with_store(tmp_path, "sg:motorcycle sgo:poweredBy sg:hydrogen .", bundled)
    assert bundled.facts_to(SG + "petrol")
    assert (SG + "motorcycle", SGO + "poweredBy") not in {
        (fact.subject, fact.relation) for fact in joined.facts_to(SG + "petrol")
    }


def test_files_and_a_store_are_read_together(tmp_path: Path, bundled: Knowledge) -> None:
    file = write(
        tmp_path, 'ex:moped skos:prefLabel "gyrobike" ; skos:broader ex:scooter .', "a.ttl"
    )
    store = store_of(
        tmp_path, 'ex:scooter skos:prefLabel "monobike"@en ; skos:broader sg:motorcycle .'
    )
    joined = load_knowledge([file, store])
    assert joined.named("gyrobike") == [EX + "moped"]
    assert joined.named("monobike") == [EX + "scooter"]
    categories = joined.categories(EX + "moped")
    assert categories[:2] == [EX + "scooter", SG + "motorcycle"]
    assert set(bundled.categories(SG + "motorcycle")) <= set(categories)
    petrol = next(one for one in joined.facts(EX + "moped") if one.object == SG + "petrol")
    assert petrol.via[:2] == (EX + "scooter", SG + "motorcycle")


def test_a_path_leads_through_several_parts(tmp_path: Path) -> None:
    file = write(tmp_path, "ex:moped skos:broader ex:scooter .", "a.ttl")
    store = store_of(tmp_path, "ex:scooter ex:parkedAt ex:kerb .")
    path = load_knowledge([file, store], with_bundled=False).path(EX + "moped", EX + "kerb")
    assert [(fact.subject, fact.object) for fact in path] == [
        (EX + "moped", EX + "scooter"),
        (EX + "scooter", EX + "kerb"),
    ]
    assert [fact.source for fact in path] == ["a.ttl", "own"]


def test_names_lead_to_the_concepts_of_all_parts_once(tmp_path: Path, bundled: Knowledge) -> None:
    joined = with_store(
        tmp_path, 'ex:tom skos:altLabel "cat"@en . sg:cat ex:likes ex:tom .', bundled
    )
    found = joined.named("cat")
    assert found[0] == SG + "cat"
    assert EX + "tom" in found
    assert len(found) == len(set(found))
    best = Linker(joined).link("cats")[0]
    assert best.concept == SG + "cat"


def test_a_part_that_only_mentions_a_concept_does_not_name_it(tmp_path: Path) -> None:
    file = write(tmp_path, "ex:book ex:author ex:Q42 .", "a.ttl")
    store = store_of(tmp_path, 'ex:Q42 skos:prefLabel "Douglas Adams"@en .')
    joined = load_knowledge([file, store], with_bundled=False)
    assert joined.label(EX + "Q42") == "Douglas Adams"


def test_relations_are_those_of_all_parts(tmp_path: Path, bundled: Knowledge) -> None:
    joined = with_store(tmp_path, "ex:a ex:parkedAt ex:b .", bundled)
    assert joined.relations[EX + "parkedAt"].label == "parked at"
    assert set(bundled.relations) < set(joined.relations)
    assert joined.relations[IS_A_IRI] == bundled.relations[IS_A_IRI]


def test_sparql_asks_files_and_a_store_together(tmp_path: Path, bundled: Knowledge) -> None:
    joined = with_store(tmp_path, "ex:moped skos:broader sg:motorcycle .", bundled)
    query = "SELECT ?fuel WHERE { <https://example.org/moped> skos:broader* / sgo:poweredBy ?fuel }"
    for seconds in (None, 30.0):
        assert {"fuel": SG + "petrol"} in joined.query(query, seconds)


def test_two_stores_answer_but_not_to_one_query(tmp_path: Path) -> None:
    stores = [
        store_of(tmp_path, "ex:a ex:p ex:b .", "first"),
        store_of(tmp_path, "ex:b ex:p ex:c .", "second"),
    ]
    joined = load_knowledge(stores, with_bundled=False)
    assert len(joined.path(EX + "a", EX + "c")) == 2
    with pytest.raises(SightGraphError, match="Import the sources into one store"):
        joined.query("SELECT ?s WHERE { ?s ?p ?o }")


def test_one_part_alone_is_itself(tmp_path: Path) -> None:
    store = store_of(tmp_path, "ex:a ex:p ex:b .")
    assert isinstance(load_knowledge([store], with_bundled=False), Store)
    assert isinstance(load_knowledge([str(store)], with_bundled=False), Store)
    file = tmp_path / "own.ttl"
    assert isinstance(load_knowledge([file], with_bundled=False), Knowledge)


def test_knowledge_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="nowhere"):
        load_knowledge([tmp_path / "nowhere"], with_bundled=False)


def test_statistics_add_up_the_parts(tmp_path: Path, bundled: Knowledge) -> None:
    joined = with_store(tmp_path, "ex:a ex:parkedAt ex:b ; skos:broader ex:c .", bundled)
    counts, of_bundled = joined.statistics(), bundled.statistics()
    assert counts["facts"] == of_bundled["facts"] + 2
    assert counts["is a"] == of_bundled["is a"] + 1
    assert counts["parked at"] == 1
