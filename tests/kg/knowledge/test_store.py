"""store.py: a store answers as the knowledge in memory does, and stays as it was when opened."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from rdflib import Literal, URIRef
from rdflib.namespace import SKOS

from kg.errors import SightGraphError
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import CURRENT, MAX_FACTS, Store, is_store
from kg.knowledge.store_import import import_source
from kg.linking import Linker
from kg.sources import SOURCES, Choice, ImportedTriple, ReadReport
from kg.vocabulary import IS_A_IRI

EX = "https://example.org/"
MUSEUM = """
@prefix : <https://example.org/> .
@prefix sgo: <https://sightgraph.org/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
:astrolabe skos:prefLabel "Astrolabe"@en ; skos:altLabel "star taker"@en, "planisphere"@en ;
    skos:definition "An old instrument."@en ;
    skos:broader :instrument ; :madeOf :brass, :copper ; :parts 5 .
:instrument skos:prefLabel "instrument"@en ; skos:broader :tool ; :usedFor :measuring ; :parts 2 .
:tool a :Thing ; :can :break, :rust ; :parts 1 .
:pot rdfs:subClassOf :tool ; :cannot :rust .
:brass rdfs:label "brass" .
:usedFor rdfs:label "is used for"@en ; sgo:inverseLabel "use of" ; sgo:asks "what is it for" .
:can a owl:ObjectProperty ; rdfs:label "can" .
:cannot a owl:ObjectProperty ; rdfs:label "cannot" ; sgo:negates :can .
:parts a owl:DatatypeProperty .
:madeOf a owl:ObjectProperty ; sgo:inheritsDown false .
"""
SUBJECTS = ["astrolabe", "instrument", "tool", "pot", "brass", "Thing", "measuring"]
ANIMALS = "cat\tis a\tmammal\t0.9\ncat\teats\tfish\t0.5\n"


def write(folder: Path, text: str, name: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def import_text(folder: Path, text: str, name: str) -> Store:
    import_source(write(folder, text, name), folder / "store")
    return Store(folder / "store")


@pytest.fixture(scope="module")
def museum(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Knowledge]:
    """The same Turtle file in a store and in memory."""
    folder = tmp_path_factory.mktemp("museum")
    store = import_text(folder, MUSEUM, "museum.ttl")
    return store, Knowledge.load([folder / "museum.ttl"], with_bundled=False)


def told(graph: KnowledgeGraph, subject: str) -> set[tuple[object, ...]]:
    return {
        (fact.subject, fact.relation, fact.object, fact.via, fact.own, fact.strength)
        for fact in graph.facts(EX + subject)
    }


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_store_holds_the_facts_of_the_knowledge_in_memory(
    museum: tuple[Store, Knowledge], subject: str
) -> None:
    store, memory = museum
    assert told(store, subject) == told(memory, subject)
    assert store.label(EX + subject) == memory.label(EX + subject)
    assert store.categories(EX + subject) == memory.categories(EX + subject)
    assert {(one.subject, one.relation) for one in store.facts_to(EX + subject)} == {
        (one.subject, one.relation) for one in memory.facts_to(EX + subject)
    }


def test_a_store_describes_relations_as_the_knowledge_in_memory_does(
    museum: tuple[Store, Knowledge],
) -> None:
    store, memory = museum
    for iri, relation in store.relations.items():
        assert relation == memory.relations[iri]


@pytest.mark.parametrize(
    "name", ["astrolabe", "astrolabes", "star taker", "can", "used for", "parts", "thing", "?"]
)
def test_names_mean_the_same_in_a_store_and_in_memory(
    museum: tuple[Store, Knowledge], name: str
) -> None:
    store, memory = museum
    assert Linker(store).link(name) == Linker(memory).link(name)


def test_a_concept_has_its_aliases_gloss_and_source(museum: tuple[Store, Knowledge]) -> None:
    store, memory = museum
    found, expected = store.concept(EX + "astrolabe"), memory.concept(EX + "astrolabe")
    assert found is not None
    assert expected is not None
    assert (found.label, found.aliases) == (expected.label, expected.aliases)
    assert (found.definition, found.source) == (expected.definition, "museum")


@pytest.mark.parametrize("iri", [EX + "nothing", "", "no iri", "literal:x"])
def test_what_is_unknown_is_none_and_has_no_facts(
    museum: tuple[Store, Knowledge], iri: str
) -> None:
    store, _ = museum
    assert store.concept(iri) is None
    assert store.stated(iri) == []
    assert store.neighbours(iri) == []
    assert store.path(iri, EX + "tool") == []
    assert store.facts_to(iri) == []


@pytest.mark.parametrize("ends", [("astrolabe", "tool"), ("pot", "measuring"), ("brass", "copper")])
def test_a_path_is_as_short_as_in_memory_and_connected(
    museum: tuple[Store, Knowledge], ends: tuple[str, str]
) -> None:
    store, memory = museum
    start, end = EX + ends[0], EX + ends[1]
    path = store.path(start, end)
    assert len(path) == len(memory.path(start, end))
    node = start
    for fact in path:
        assert node in (fact.subject, fact.object)
        assert fact in store.stated(fact.subject)
        node = fact.object if node == fact.subject else fact.subject
    assert node == end
    assert store.path(start, start) == []


def test_strengths_that_a_turtle_file_states_hold_in_a_store(tmp_path: Path) -> None:
    text = MUSEUM + (
        ":usedFor sgo:strength 0.6 . [] a rdf:Statement ; rdf:subject :astrolabe ; "
        "rdf:predicate :madeOf ; rdf:object :brass ; sgo:strength 0.7 ."
    )
    store = import_text(tmp_path, text, "museum.ttl")
    memory = Knowledge.load([tmp_path / "museum.ttl"], with_bundled=False)
    assert told(store, "astrolabe") == told(memory, "astrolabe")


def test_strengths_of_plain_values_hold_and_no_number_is_none(tmp_path: Path) -> None:
    text = MUSEUM + (
        ":astrolabe :year 1602 . [] a rdf:Statement ; rdf:subject :astrolabe ; "
        "rdf:predicate :year ; rdf:object 1602 ; sgo:strength 0.3 . "
        ':usedFor sgo:strength "NaN"^^<http://www.w3.org/2001/XMLSchema#double> .'
    )
    store = import_text(tmp_path, text, "museum.ttl")
    strengths = {fact.strength for fact in store.stated(store.named("astrolabe")[0])}
    assert any(abs(one - 0.3) < 0.01 for one in strengths)


def test_a_table_brings_strengths_and_facts_come_strongest_first(tmp_path: Path) -> None:
    lines = [f"cat\teats\tfood {n}\t{n / 20}" for n in range(1, 20)]
    store = import_text(tmp_path, "\n".join(lines), "food.tsv")
    cat = store.named("cat")[0]
    assert [fact.strength for fact in store.stated(cat)] == [n / 20 for n in range(19, 0, -1)]
    assert store.neighbours(cat)[0] == store.named("food 19")[0]
    (fact,) = store.facts_to(store.named("food 7")[0])
    assert (fact.subject, fact.strength, fact.own) == (cat, 0.35, True)


def test_every_fact_is_the_same_from_both_ends(museum: tuple[Store, Knowledge]) -> None:
    store, _ = museum
    forward = [store.fact(edge) for edge in range(store.index.edges)]
    backward = [store.fact_to(edge) for edge in range(store.index.edges)]
    assert sorted(forward, key=repr) == sorted(backward, key=repr)
    assert len(set(forward)) == len(forward)


def test_an_alias_of_two_sources_is_one_alias(tmp_path: Path) -> None:
    for name in ("museum.ttl", "copy.ttl"):
        store = import_text(tmp_path, MUSEUM, name)
    found = store.concept(EX + "astrolabe")
    assert found is not None
    assert found.aliases == ["planisphere", "star taker"]


def test_a_concept_without_facts_of_its_own_names_the_source_that_speaks_of_it(
    tmp_path: Path,
) -> None:
    import_text(tmp_path, ANIMALS, "animals.tsv")
    store = import_text(tmp_path, MUSEUM, "museum.ttl")
    found = store.concept(EX + "brass")
    assert found is not None
    assert found.source == "museum"


def test_of_a_hub_the_strongest_facts_of_each_relation_are_told(tmp_path: Path) -> None:
    many = MAX_FACTS + 50
    lines = [f"person {n}\tis a\tperson\t{n / many:.2f}" for n in range(many)]
    lines += [f"person\tlikes\tthing {n}\t{n / many:.2f}" for n in range(many)]
    lines += ["person\tneeds\tfood\t0.1", "crowd\tcontains\tperson\t0.1"]
    store = import_text(tmp_path, "\n".join(lines), "people.tsv")
    person = store.named("person")[0]
    for found in (store.stated(person), store.facts_to(person)):
        assert len(found) == MAX_FACTS + 1
        many_of_one = [fact.strength for fact in found if fact.strength > 0.1]
        assert many_of_one == sorted(many_of_one, reverse=True)
        assert min(many_of_one) >= 0.33
    assert len(store.neighbours(person)) == many + 1


def test_statistics_count_facts_by_relation(tmp_path: Path) -> None:
    counts = import_text(tmp_path, MUSEUM + ":a :says 'x', 'y' .", "museum.ttl").statistics()
    memory = Knowledge.load([tmp_path / "museum.ttl"], with_bundled=False).statistics()
    for name in ("facts", "relations", "is a", "made of", "says"):
        assert counts[name] == memory[name]


def test_concepts_are_counted_as_in_memory(museum: tuple[Store, Knowledge]) -> None:
    store, memory = museum
    assert store.statistics()["concepts"] == memory.statistics()["concepts"]


def test_relations_of_the_same_label_are_counted_together(tmp_path: Path) -> None:
    text = MUSEUM + ":a <https://example.com/madeOf> :b ; <https://example.com/facts> :c ."
    counts = import_text(tmp_path, text, "museum.ttl").statistics()
    assert counts["made of"] == 3
    assert counts["facts"] > 3


def test_what_other_vocabularies_call_a_concept_is_no_fact_but_a_way(tmp_path: Path) -> None:
    text = MUSEUM + ":pot skos:exactMatch :vessel . :vessel :madeOf :clay ."
    store = import_text(tmp_path, text, "museum.ttl")
    memory = Knowledge.load([tmp_path / "museum.ttl"], with_bundled=False)
    pot, vessel = EX + "pot", EX + "vessel"
    assert told(store, "pot") == told(memory, "pot")
    assert set(store.neighbours(pot)) == {EX + "tool", EX + "rust"}
    assert store.facts_to(vessel) == []
    assert store.statistics()["facts"] == memory.statistics()["facts"]
    found = store.concept(pot)
    assert found is not None
    assert found.same == [vessel]
    assert [fact.object for fact in store.path(pot, EX + "clay")] == [vessel, EX + "clay"]


def test_the_store_is_an_rdflib_dataset(museum: tuple[Store, Knowledge]) -> None:
    store, memory = museum
    rdf = store.rdf
    astrolabe = URIRef(EX + "astrolabe")
    for triple in memory.rdf.triples((astrolabe, None, None)):
        assert triple in rdf
    assert rdf.value(astrolabe, SKOS.prefLabel) == Literal("Astrolabe", lang="en")
    assert set(rdf.objects(astrolabe, URIRef(EX + "madeOf"))) == {
        URIRef(EX + "brass"),
        URIRef(EX + "copper"),
    }
    rows = rdf.query(f"SELECT ?what WHERE {{ <{EX}astrolabe> <{EX}madeOf> ?what }} ORDER BY ?what")
    assert [str(row[0]) for row in rows] == [EX + "brass", EX + "copper"]


def test_the_dataset_cannot_change_the_store(museum: tuple[Store, Knowledge]) -> None:
    store, _ = museum
    before = len(store.triples)
    with pytest.raises(Exception, match="read-write"):
        store.rdf.add((URIRef(EX + "a"), URIRef(EX + "b"), URIRef(EX + "c")))
    assert len(Store(store.folder).triples) == before


def test_sparql_finds_statements_with_their_source(tmp_path: Path) -> None:
    import_text(tmp_path, MUSEUM, "museum.ttl")
    store = import_text(tmp_path, ANIMALS, "animals.tsv")
    query = "SELECT ?g WHERE { GRAPH ?g { ?s skos:broader ?o } } ORDER BY ?g"
    graphs = {row["g"] for row in store.query(query)}
    assert graphs == {
        "https://sightgraph.org/source/museum/?strength=1.00",
        "https://sightgraph.org/source/animals/?strength=0.90",
    }
    told = store.query("SELECT ?title WHERE { ?s <http://purl.org/dc/terms/title> ?title }")
    assert sorted(row["title"] for row in told) == ["animals", "museum"]


def test_the_parts_of_a_source_are_named_and_the_surest_strength_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reader(path: Path, choice: Choice, report: ReadReport) -> list[ImportedTriple]:
        cat, mammal = EX + "cat", EX + "mammal"
        return [
            ImportedTriple(cat, IS_A_IRI, mammal, strength=0.5, origin="web"),
            ImportedTriple(cat, IS_A_IRI, mammal, strength=0.8, origin="people"),
            ImportedTriple(cat, EX + "eats", EX + "fish", strength=0.333),
        ]

    with monkeypatch.context() as patched:
        patched.setattr(SOURCES, "resolve", lambda name: reader)
        store = import_text(tmp_path, "", "wide.tsv")
    facts = {fact.relation: fact for fact in store.stated(EX + "cat")}
    assert facts[IS_A_IRI].source == "wide/people, wide/web"
    assert facts[IS_A_IRI].strength == 0.8
    assert facts[EX + "eats"].strength == 0.33


@pytest.mark.parametrize("used_before", [True, False], ids=["asked before", "never asked before"])
def test_an_open_store_keeps_its_answers_while_another_import_replaces_it(
    tmp_path: Path, used_before: bool
) -> None:
    store = import_text(tmp_path, ANIMALS, "animals.tsv")
    cat = store.named("cat")[0]
    query = f"SELECT ?o WHERE {{ <{cat}> ?p ?o }} ORDER BY ?o"
    expected = [store.stated(cat), store.label(cat)]
    if used_before:
        before = (store.concept(cat), store.query(query), len(list(store.rdf)))
    import_text(tmp_path, ANIMALS.replace("fish", "grass"), "animals.tsv")
    assert [store.stated(cat), store.label(cat)] == expected
    assert [store.label(one) for one in store.neighbours(cat)] == ["mammal", "fish"]
    after = (store.concept(cat), store.query(query), len(list(store.rdf)))
    assert {row["o"].rpartition("/")[2] for row in after[1]} == {"cat", "fish", "mammal"}
    if used_before:
        assert after == before


def test_a_replaced_store_is_removed_once_nobody_reads_it(tmp_path: Path) -> None:
    store = import_text(tmp_path, ANIMALS, "animals.tsv")
    read = store.index.folder.parent
    import_text(tmp_path, ANIMALS, "animals.tsv")
    import_text(tmp_path, ANIMALS, "animals.tsv")
    assert read.exists()
    assert len(list((tmp_path / "store").glob("generation-*"))) == 2
    del store
    import_text(tmp_path, ANIMALS, "animals.tsv")
    assert len(list((tmp_path / "store").glob("generation-*"))) == 1


def test_a_store_can_be_opened_at_any_time_during_imports(tmp_path: Path) -> None:
    import_text(tmp_path, ANIMALS, "animals.tsv")
    errors: list[str] = []
    done = threading.Event()

    def keep_opening() -> None:
        while not done.is_set():
            try:
                assert Store(tmp_path / "store").named("cat")
            except Exception as error:
                errors.append(str(error))

    readers = [threading.Thread(target=keep_opening) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(5):
        import_text(tmp_path, ANIMALS, "animals.tsv")
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []


def test_reading_a_store_changes_no_file(museum: tuple[Store, Knowledge]) -> None:
    folder = museum[0].folder
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    store = Store(folder)
    store.query("SELECT ?s WHERE { ?s ?p ?o }")
    assert store.concept(EX + "astrolabe")
    assert len(list(store.rdf)) > 0
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


def test_what_is_no_store_says_how_to_make_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nowhere", write(tmp_path, "x", "file")):
        assert not is_store(folder)
        with pytest.raises(SightGraphError, match=r"sightgraph kg import SOURCE -o .*"):
            Store(folder)


@pytest.mark.parametrize("about", ["", "{", "[]", "{}", '{"format": 999, "sources": []}'])
def test_a_damaged_store_or_one_of_another_format_is_an_error(tmp_path: Path, about: str) -> None:
    store = import_text(tmp_path, ANIMALS, "animals.tsv")
    (store.index.folder.parent / "store.json").write_text(about, encoding="utf-8")
    with pytest.raises(SightGraphError, match=r"damaged|format"):
        Store(store.folder)


def test_a_store_that_lost_its_files_is_an_error(tmp_path: Path) -> None:
    store = import_text(tmp_path, ANIMALS, "animals.tsv")
    for name in (b"generation-0123456789ab\n", b"generation-gone", b"\xff\xfe", b""):
        (store.folder / CURRENT).write_bytes(name)
        with pytest.raises(SightGraphError, match="damaged"):
            Store(store.folder)


def test_lost_triples_are_an_error_that_can_be_read(tmp_path: Path) -> None:
    store = import_text(tmp_path, ANIMALS, "animals.tsv")
    for file in store.triples_folder.iterdir():
        file.unlink()
    with pytest.raises(SightGraphError):
        Store(store.folder).query("SELECT ?s WHERE { ?s ?p ?o }")


def test_the_about_file_lists_the_sources(tmp_path: Path) -> None:
    import_text(tmp_path, MUSEUM, "museum.ttl")
    store = import_text(tmp_path, ANIMALS, "animals.tsv")
    assert [(one.name, one.file, one.format) for one in store.sources] == [
        ("museum", "museum.ttl", "rdf"),
        ("animals", "animals.tsv", "tsv"),
    ]
    about = json.loads((store.index.folder.parent / "store.json").read_text("utf-8"))
    assert len(about["sources"]) == 2


def test_a_file_of_labels_alone_makes_a_store(tmp_path: Path) -> None:
    store = import_text(tmp_path, f'<{EX}a> <{SKOS.prefLabel}> "The Thing" .', "labels.nt")
    assert store.named("thing") == [EX + "a"]
    assert store.stated(EX + "a") == []
    assert store.path(EX + "a", EX + "b") == []
