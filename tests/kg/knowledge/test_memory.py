"""kg/knowledge/memory.py: reading, inheritance, denial, and knowledge of one's own."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from kg.vocabulary import IS_A_IRI

PREFIXES = """
@prefix : <https://example.org/> .
@prefix sg: <https://sightgraph.org/kg/> .
@prefix sgo: <https://sightgraph.org/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""


def write(folder: Path, turtle: str, name: str = "own.ttl") -> Path:
    file = folder / name
    file.write_text(PREFIXES + turtle, encoding="utf-8")
    return file


def objects(knowledge: Knowledge, subject: str, relation: str) -> set[str]:
    return {
        knowledge.label(fact.object)
        for fact in knowledge.facts(subject)
        if knowledge.relations[fact.relation].label == relation
    }


def iri(knowledge: Knowledge, label: str) -> str:
    return next(one.iri for one in knowledge.concepts.values() if one.label == label)


def test_members_inherit_from_categories_and_say_through_which(bundled: Knowledge) -> None:
    cat = iri(bundled, "cat")
    facts = [fact for fact in bundled.facts(cat) if bundled.label(fact.object) == "warm-blooded"]
    assert facts
    assert "mammal" in [bundled.label(category) for category in facts[0].via]
    assert not bundled.facts(cat, inherited=False)[0].via


def test_a_nearer_denial_rules_out_an_inherited_ability(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        sgo:can rdfs:label "can" ; rdfs:domain skos:Concept .
        sgo:cannot rdfs:label "cannot" ; rdfs:domain skos:Concept ; sgo:negates sgo:can .
        :bird sgo:can :flying, :singing . :penguin skos:broader :bird ; sgo:cannot :flying .
        """,
    )
    knowledge = Knowledge.load([file], with_bundled=False)
    assert objects(knowledge, "https://example.org/penguin", "can") == {"singing"}


def test_the_nearest_number_holds(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        sgo:legs rdfs:label "legs" ; rdfs:domain skos:Concept .
        :animal sgo:legs 4 . :bird skos:broader :animal ; sgo:legs 2 . :duck skos:broader :bird .
        """,
    )
    knowledge = Knowledge.load([file], with_bundled=False)
    assert objects(knowledge, "https://example.org/duck", "legs") == {"2"}


def test_own_facts_replace_the_bundled_ones_stated_or_inherited(
    tmp_path: Path, bundled: Knowledge
) -> None:
    motorcycle = iri(bundled, "motorcycle")
    assert "petrol" in objects(bundled, motorcycle, "powered by")
    file = write(tmp_path, "sg:motorcycle sgo:poweredBy sg:hydrogen .")
    own = Knowledge.load([file])
    assert objects(own, motorcycle, "powered by") == {"hydrogen"}
    assert objects(own, motorcycle, "used for") == objects(bundled, motorcycle, "used for")
    petrol = f"ASK {{ <{motorcycle}> ?relation <{iri(bundled, 'petrol')}> }}"
    assert own.query(petrol) == [{"ask": "false"}]


def test_any_vocabulary_is_read_with_readable_relation_names(tmp_path: Path) -> None:
    file = write(tmp_path, ':sunflowers rdfs:label "Sunflowers" ; :paintedBy :VincentVanGogh .')
    knowledge = Knowledge.load([file], with_bundled=False)
    (fact,) = knowledge.facts("https://example.org/sunflowers")
    assert knowledge.relations[fact.relation].label == "painted by"
    assert knowledge.label(fact.object) == "vincent van gogh"
    assert fact.source == "own.ttl"


@pytest.mark.parametrize(("language", "names"), [("en", "cup"), ("de", "Tasse"), ("fr", "cup")])
def test_names_are_in_the_language_or_else_what_there_is(
    tmp_path: Path, language: str, names: str
) -> None:
    turtle = ':a rdfs:label "cup"@en, "Tasse"@de ; :made :b .\n:b rdfs:label "谷"@ja .'
    file = write(tmp_path, turtle)
    known = Knowledge.load([file], with_bundled=False, language=language)
    assert {one.label for one in known.concepts.values()} == {names, "谷"}


def test_subclass_and_type_count_as_is_a(tmp_path: Path) -> None:
    file = write(tmp_path, ":rex a :Dog . :Dog rdfs:subClassOf :Animal .")
    knowledge = Knowledge.load([file], with_bundled=False)
    assert knowledge.categories("https://example.org/rex") == [
        "https://example.org/Dog",
        "https://example.org/Animal",
    ]


def test_a_circle_of_categories_ends(tmp_path: Path) -> None:
    file = write(tmp_path, ":a skos:broader :b . :b skos:broader :a .")
    knowledge = Knowledge.load([file], with_bundled=False)
    assert knowledge.categories("https://example.org/a") == ["https://example.org/b"]


def test_broken_turtle_names_file_and_line(tmp_path: Path) -> None:
    file = write(tmp_path, ":a skos:broader :b\n:c skos:broader :d .")
    line = (PREFIXES + ":a skos:broader :b\n").count("\n") + 1
    with pytest.raises(SightGraphError, match=rf"own\.ttl, line {line}:"):
        Knowledge.load([file], with_bundled=False)


@pytest.mark.parametrize("name", ["nothing.ttl", "empty-folder", "notes.docx"])
def test_what_is_no_knowledge_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "notes.docx").write_text("x")
    with pytest.raises(SightGraphError, match=name):
        Knowledge.load([tmp_path / name], with_bundled=False)


def test_two_loads_give_the_same_order(bundled: Knowledge) -> None:
    again = Knowledge.bundled()
    assert list(again.concepts) == list(bundled.concepts)
    cat = iri(bundled, "cat")
    assert again.facts(cat) == bundled.facts(cat)


def test_statistics_count_what_is_there(tmp_path: Path) -> None:
    file = write(tmp_path, ":a skos:broader :b ; :likes :c, :d .")
    assert Knowledge.load([file], with_bundled=False).statistics() == {
        "concepts": 4,
        "aliases": 0,
        "relations": 2,
        "facts": 3,
        "likes": 2,
        "is a": 1,
    }


def test_category_links_are_one_relation(bundled: Knowledge) -> None:
    assert bundled.relations[IS_A_IRI].label == "is a"
    assert [one.label for one in bundled.relations.values()].count("asks") == 0


def test_the_best_path_goes_by_sure_facts_rather_than_few(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        sgo:likes rdfs:label "likes" ; rdfs:domain skos:Concept ; sgo:strength 0.9 .
        :a sgo:likes :b, :d . :b sgo:likes :c . :c sgo:likes :e . :d sgo:likes :e .
        [] a rdf:Statement ; rdf:subject :a ; rdf:predicate sgo:likes ; rdf:object :d ;
            sgo:strength 0.1 .
        """,
    )
    knowledge = Knowledge.load([file], with_bundled=False)
    a, e = "https://example.org/a", "https://example.org/e"
    assert [knowledge.label(fact.object) for fact in knowledge.path(a, e)] == ["d", "e"]
    assert [knowledge.label(fact.object) for fact in knowledge.best_path(a, e)] == ["b", "c", "e"]
    assert len(knowledge.best_path(e, a)) == 3
    assert knowledge.best_path(a, a) == []
    assert knowledge.best_path(a, "https://example.org/nowhere") == []


def test_a_value_with_signs_of_no_iri_beside_a_nameless_node_is_read_or_refused(
    tmp_path: Path,
) -> None:
    file = tmp_path / "own.jsonld"
    file.write_text(
        '[{"@id": "_:b", "https://example.org/eats": [{"@id": "https://ex<<ample.org/fish"}]}]'
    )
    with suppress(SightGraphError):
        Knowledge.load([file], with_bundled=False)


def test_a_prefix_with_a_space_is_read(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonld"
    file.write_text(
        '{"@context": {"a b": "https://example.org/"}, "@id": "https://example.org/cup", '
        '"https://example.org/madeOf": {"@id": "https://example.org/clay"}}'
    )
    assert Knowledge.load([file], with_bundled=False).statistics()["facts"] == 1
