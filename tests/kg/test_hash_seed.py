"""Every result is the same in every process, whatever Python's hash seed is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SEEDS = range(6)
OWN = """\
@prefix ex: <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix sgo: <https://sightgraph.org/ontology#> .
ex:isAbleTo rdfs:subPropertyOf sgo:capableOf, ex:does ; rdfs:label "is able to", "masters"@en ;
    sgo:inverseLabel "done by"@en, "mastered by"@en ; sgo:asks "what can it do"@en, "can it"@en .
ex:madeBy a owl:ObjectProperty ; rdfs:label "made by"@en, "crafted by"@en .
ex:globe skos:prefLabel "globe"@en, "world globe"@en-GB ; rdfs:label "Erdkugel"@de, "orb"@en ;
    schema:name "earth"@en ; skos:altLabel "ball"@en, "sphere"@en ;
    skos:definition "A round map."@en, "A model of the earth."@en ; rdfs:comment "Round."@en ;
    skos:exactMatch <http://a.org/globe>, <http://b.org/globe> ;
    skos:broader ex:thing ; rdfs:subClassOf ex:thing, ex:map ; a ex:thing ;
    ex:madeBy ex:coronelli, ex:blaeu ; ex:isAbleTo ex:turn, ex:stand ; ex:year 1688, "1688" .
ex:map rdfs:label "map"@en, "chart"@en ; ex:near ex:globe ; ex:shows ex:earth .
ex:turn rdfs:label "turn"@en, "rotate"@en . ex:stand rdfs:label "stand"@en .
[] rdf:subject ex:globe ; rdf:predicate ex:madeBy ; rdf:object ex:blaeu ; sgo:strength 0.5, 0.25 .
"""
SCRIPT = """\
import hashlib, re, sys
from pathlib import Path
from kg.files import bundled
from kg.formats import EXPORTERS, export
from kg.formats.rdf_networkx import rdf_to_networkx
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge.edits import EditedKnowledge, Edits
from kg.knowledge.joined import JoinedKnowledge
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.linking import Linker
from kg.vocabulary import MEANS, EdgeKind, NodeKind

own, folder = Path(sys.argv[1]), Path(sys.argv[2])
import_source(own, folder / "store")
memory = Knowledge.load([bundled("kg", "ontology.ttl"), own], with_bundled=False)
store = Store(folder / "store")
ALL = "SELECT ?s ?p ?o { ?s ?p ?o FILTER(!isBlank(?s)) }"

def shown(name, value):
    text = re.sub(r"\\d{4}-\\d\\d-\\d\\dT[\\d:+.]+", "a moment", repr(value))  # of the import
    print(name, hashlib.sha1(text.encode()).hexdigest(), text[:3000])

edited = EditedKnowledge(memory, Edits(set=["orb made by nobody"], unset=["globe made by blaeu"]))
for knowledge in (memory, store, JoinedKnowledge([memory, store]), edited):
    kind = type(knowledge).__name__
    shown(kind + " relations", list(knowledge.relations.items()))
    if kind != "EditedKnowledge":
        shown(kind + " statistics", list(knowledge.statistics().items()))
    names = ("globe", "orb", "earth", "world globe", "chart", "rotate", "ball")
    shown(kind + " names", [list(knowledge.named(name)) for name in names])
    shown(kind + " links", [Linker(knowledge).link(name) for name in (*names, "globs", "erth")])
    iris = [iri for name in names for iri in knowledge.named(name)]
    assert len(set(iris)) == 4
    shown(kind + " concepts", [knowledge.concept(iri) for iri in iris])
    for iri in iris:
        facts = [*knowledge.facts(iri), *knowledge.facts_to(iri)]
        shown(kind + " facts", [(fact, knowledge.statement(fact)) for fact in facts])
        shown(kind + " implied", [knowledge.implied(fact.relation) for fact in facts])
        shown(kind + " path", knowledge.path(iri, iris[-1]) + knowledge.best_path(iri, iris[-1]))
shown("rows", memory.query(ALL))
shown("networkx", list(rdf_to_networkx(store.rdf).edges(data=True)))

for knowledge in (memory, store, edited):
    graph = SceneGraph(PhotoInfo("hall.jpg", 80, 90), "Which map shows the orb?")
    for number, name in enumerate(("orb", "map")):
        graph.add(Node(f"object:{number}", NodeKind.OBJECT, name, "test", 0.9, (10, 20, 60, 70)))
        for one in Linker(knowledge).best(name):
            facts = knowledge.facts(one.concept)
            for term in (one.concept, *(fact.object for fact in facts)):
                graph.add(Node(term, NodeKind.CONCEPT, knowledge.label(term), "own.ttl"))
            graph.connect(Edge(f"object:{number}", one.concept, EdgeKind.LINK, MEANS, "linker"))
            for fact in facts:
                label = knowledge.relations[fact.relation].label
                about = {"predicate": fact.relation, "implied": knowledge.implied(fact.relation)}
                ends = fact.subject, fact.object, EdgeKind.FACT
                graph.connect(Edge(*ends, label, fact.source, **about))
    targets = [folder / f"graph{ending}" for ending in sorted(EXPORTERS) if ending != ".png"]
    export(graph, targets)
    for target in targets:
        shown(target.name, target.read_bytes().decode("utf-8", "replace"))
assert "torch" not in sys.modules
"""


def test_results_do_not_hang_on_the_hash_seed(tmp_path: Path) -> None:
    own = tmp_path / "own.ttl"
    own.write_text(OWN, encoding="utf-8")
    running = []
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        command = [sys.executable, "-c", SCRIPT, str(own), str(folder)]
        running.append(
            subprocess.Popen(
                command,
                env={**os.environ, "PYTHONHASHSEED": str(seed)},
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        )
    printed = [process.communicate()[0].splitlines() for process in running]
    assert not any(process.returncode for process in running)
    for other in printed[1:]:
        assert other == printed[0]
