"""pipelines/build/set_facts.py: what was set of a concept is in the graph if the concept is."""

from __future__ import annotations

from kg.graph import SceneGraph
from kg.knowledge.edits import EditedKnowledge, Edits
from kg.vocabulary import EdgeKind
from pipelines.build.builder import GraphBuilder
from pipelines.reading.parser import Parser


def facts(graph: SceneGraph) -> set[tuple[str, str, str]]:
    label = {node.id: node.label for node in graph.nodes()}
    return {
        (label[one.source], one.relation, label[one.target]) for one in graph.edges(EdgeKind.FACT)
    }


def test_a_fact_two_steps_away_is_there_only_if_it_was_set(
    builder: GraphBuilder, parser: Parser
) -> None:
    edits = Edits(("wood | comes from | whale", "tusk | comes from | moon"))
    sentence = parser("What is a bench made of?")
    edited = builder.edited(EditedKnowledge(builder.knowledge, edits))
    found = facts(edited([], None, sentence))
    assert ("bench", "made of", "wood") in found
    assert ("wood", "comes from", "whale") in found
    assert ("wood", "comes from", "tree") not in found
    assert ("tusk", "comes from", "moon") not in found
