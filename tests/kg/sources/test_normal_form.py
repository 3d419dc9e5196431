"""kg/sources/normal_form.py: the vocabularies of others are understood, in files and in imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.linking import Linker

PREFIXES = """
@prefix : <http://museum.example/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xl: <http://www.w3.org/2008/05/skos-xl#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix gvp: <http://vocab.getty.edu/ontology#> .
@prefix ontolex: <http://www.w3.org/ns/lemon/ontolex#> . @prefix schema: <http://schema.org/> .
@prefix wn: <https://globalwordnet.github.io/schemas/wn#> .
@prefix dbo: <http://dbpedia.org/ontology/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
:tool rdfs:label "tool" . :tin rdfs:label "tin" .
"""
CASES: dict[str, tuple[str, str, set[tuple[str, str]]]] = {
    "narrower": (':tool skos:narrower :pot . :pot rdfs:label "pot" .', "pot", {("is a", "tool")}),
    "broader of Getty": (
        ':pot gvp:broaderGeneric :tool ; gvp:prefLabelGVP :t . :t gvp:term "pot"@en .',
        "pot",
        {("is a", "tool")},
    ),
    "related": (':pot rdfs:label "pot" ; skos:related :tin .', "pot", {("related to", "tin")}),
    "SKOS-XL": (
        ':pot xl:prefLabel [ xl:literalForm "pot"@en ] ; skos:broader :tool .',
        "pot",
        {("is a", "tool")},
    ),
    "OntoLex": (
        ':e ontolex:canonicalForm [ ontolex:writtenRep "pot"@en ] ; ontolex:sense :s . '
        ":s ontolex:isLexicalizedSenseOf :pot . :pot wn:hypernym :tool .",
        "pot",
        {("is a", "tool")},
    ),
    "Dublin Core": (
        ':pot dct:title "pot" ; dct:medium "copper" ; dct:modified "2020" .',
        "pot",
        {("medium", "copper")},
    ),
    "FOAF": (':ada foaf:name "Ada" ; foaf:knows :tin .', "Ada", {("knows", "tin")}),
    "schema.org by http": (':pot schema:name "pot" ; :made_of :tin .', "pot", {("made of", "tin")}),
    "a value with its unit": (
        ':pot rdfs:label "pot" ; :height [ :unit "cm" ; rdf:value 12 ] .',
        "pot",
        {("height", "12 cm")},
    ),
    "a node with a name": (
        ':pot rdfs:label "pot" ; :made_by [ rdfs:label "a potter" ] .',
        "pot",
        {("made by", "a potter")},
    ),
    "a restriction of OWL": (
        ':pot rdfs:label "pot" ; rdfs:subClassOf :tool , [ a owl:Restriction ; '
        "owl:onProperty :made_of ; owl:someValuesFrom :tin ] .",
        "pot",
        {("is a", "tool")},
    ),
    "housekeeping": (
        ':pot rdfs:label "pot" ; dbo:wikiPageID 4 ; dbo:thumbnail <http://e/p.jpg> ; '
        "foaf:isPrimaryTopicOf <http://e/w> ; :made_of :tin .",
        "pot",
        {("made of", "tin")},
    ),
    "hidden labels": (
        ':pot skos:prefLabel "jar"@en ; skos:hiddenLabel "pot"@en ; :made_of :tin .',
        "pot",
        {("made of", "tin")},
    ),
    "a node without an IRI that others name": (
        ':tool :maker [ foaf:name "pot" ; :made_of :tin ] .',
        "pot",
        {("made of", "tin")},
    ),
}


def stated(known: KnowledgeGraph, name: str) -> set[tuple[str, str]]:
    (found, *_) = Linker(known).best(name)
    facts = known.stated(found.concept)
    return {(known.relations[one.relation].label, known.label(one.object)) for one in facts}


@pytest.mark.parametrize("case", CASES)
def test_a_file_is_understood_in_memory_and_in_a_store(tmp_path: Path, case: str) -> None:
    text, name, expected = CASES[case]
    file = tmp_path / "own.ttl"
    file.write_text(PREFIXES + text, encoding="utf-8")
    assert stated(Knowledge.load([file], with_bundled=False), name) == expected
    import_source(file, tmp_path / "store")
    assert stated(Store(tmp_path / "store"), name) == expected


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    left = ':pot rdfs:label "pot" ; dct:license <http://e/l> ; rdfs:subClassOf [ a owl:Class ] .'
    file.write_text(f"{PREFIXES}{left}\n[] :made_of :tin .", encoding="utf-8")
    done = import_source(file, tmp_path / "store")
    assert done.left_out == (
        "1 about nodes without a name, 1 about the record, 1 to nodes without a name"
    )


def test_nodes_without_an_iri_that_differ_a_step_away_are_two(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    wheels = ", ".join(
        f'[ rdfs:label "wheel" ; :tyre [ rdfs:label "{season} tyre" ] ]'
        for season in ("summer", "winter")
    )
    file.write_text(f"{PREFIXES} :car :wheel {wheels} .", encoding="utf-8")
    known = Knowledge.load([file], with_bundled=False)
    found = known.named("wheel")
    assert len(found) == 2
    assert [len(known.stated(one)) for one in found] == [1, 1]
