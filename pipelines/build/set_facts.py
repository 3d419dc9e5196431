"""The step that adds what a person set of concepts that only a fact leads to.

Of what is linked to words and objects all facts are there. A question may also ask for the next
one: "where does the material of the bench come from?", of wood.
"""

from __future__ import annotations

from kg.graph import SceneGraph
from kg.knowledge.edits import EditedKnowledge
from kg.vocabulary import NodeKind
from pipelines.build.context import BuildContext, add_facts


def add_set_facts(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the facts that were set of each concept of the graph."""
    knowledge = context.concepts.knowledge
    if isinstance(knowledge, EditedKnowledge):
        there = {node.id for node in graph.nodes(NodeKind.CONCEPT)}
        facts = [fact for fact in knowledge.set_facts() if fact.subject in there]
        add_facts(graph, facts, knowledge)
    return graph
