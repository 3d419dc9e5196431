"""What the steps of the builder read and share: inputs, links to concepts, facts of concepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kg.graph import Edge, Node, SceneGraph
from kg.knowledge.facts import Fact, KnowledgeGraph
from kg.linking import Linker
from kg.vocabulary import MEANS, EdgeKind, NodeKind
from pipelines.build.grounding import Grounder
from pipelines.build.retrieval import FindsFacts
from pipelines.detections import Detection, Name, PerceptionResult
from pipelines.modalities import Modality
from pipelines.namers.labels import concept_of
from pipelines.reading.sentence import Sentence

LINKER = "linker"
"""The origin of links from a name to what it denotes."""
MAX_INCOMING_FACTS = 20
"""Facts that are added which have as their object what only the words name: for speed, by hand."""
INHERITED_SCORE = 0.9
"""Score of a fact that holds of a category, for a member of it: set by hand, a little below 1."""
OVERRIDDEN_SCORE = 0.6
"""Score of an inherited fact where the member itself has a fact of the same relation.

A motorcycle runs on petrol, whatever else powers motor vehicles. Set by hand."""


@dataclass(frozen=True)
class ConceptLinker:
    """Links nodes to concepts of `knowledge` and adds what is known of them."""

    knowledge: KnowledgeGraph
    linker: Linker

    def link(
        self,
        graph: SceneGraph,
        node: Node,
        name: str,
        lemma: str | None = None,
        context: Sequence[str] = (),
    ) -> list[str]:
        """Connect `node` with the concepts that its name denotes, and return these.

        context: labels by which an ambiguous name is resolved.
        """
        found = self.linker.best(name, lemma, head=True, context=context)
        for one in found:
            self.connect(graph, node.id, one.concept, one.score)
        return [one.concept for one in found]

    def of_name(self, name: Name) -> list[tuple[str, float]]:
        """Return the concepts that the name of an object denotes, with the score of each.

        A concept that carries the name's synset takes precedence over others of that name, unless
        the linker names it too: then the user's own concepts of the same name count as well.
        """
        found = [(one.concept, one.score) for one in self.linker.best(name.label, head=True)]
        concept = self.of_synset(name)
        return found if concept is None or concept in dict(found) else [(concept, 1.0)]

    def of_synset(self, name: Name) -> str | None:
        """Return the concept of that name that carries the name's synset, if there is one."""
        if name.synset is None:
            return None
        return concept_of(self.knowledge, name.label, name.synset)

    def connect(self, graph: SceneGraph, source: str, concept: str, score: float) -> None:
        """Add a concept and a link to it from the node `source`."""
        add_concept(graph, concept, self.knowledge)
        graph.connect(Edge(source, concept, EdgeKind.LINK, MEANS, LINKER, score))

    def add_outgoing(self, graph: SceneGraph, concept: str) -> None:
        """Add the facts of `concept`, inherited ones included."""
        add_facts(graph, self.knowledge.facts(concept), self.knowledge)

    def add_incoming(self, graph: SceneGraph, concept: str) -> None:
        """Add the first facts that have `concept` as their object."""
        facts = self.knowledge.facts_to(concept)[:MAX_INCOMING_FACTS]
        add_facts(graph, facts, self.knowledge)


@dataclass(frozen=True)
class BuildContext:
    """The inputs of one graph, and the parts of the builder that its steps use.

    detections: as `pipelines.detections.strongest` orders them; perceived: of the same order.
    signals: the modalities beside the photograph.
    sentence: the parsed text; None where there is none, and no step of the text runs.
    """

    concepts: ConceptLinker
    grounder: Grounder
    finders: Sequence[FindsFacts]
    detections: Sequence[Detection] = ()
    perceived: PerceptionResult = field(default_factory=PerceptionResult)
    signals: Sequence[Modality] = ()
    sentence: Sentence | None = None


def add_concept(graph: SceneGraph, term: str, knowledge: KnowledgeGraph) -> None:
    """Add the node of a concept or of a literal."""
    concept = knowledge.concept(term)
    kind = NodeKind.CONCEPT if concept else NodeKind.LITERAL
    origin = concept.source if concept else "knowledge"
    graph.add(Node(term, kind, knowledge.label(term), origin))


def add_facts(graph: SceneGraph, facts: Sequence[Fact], knowledge: KnowledgeGraph) -> None:
    """Add facts with their ends; an inherited fact scores below a stated one."""
    stated = {(fact.subject, fact.relation) for fact in facts if not fact.via}
    for fact in facts:
        overridden = (fact.subject, fact.relation) in stated
        inherited = OVERRIDDEN_SCORE if overridden else INHERITED_SCORE
        add_concept(graph, fact.subject, knowledge)
        add_concept(graph, fact.object, knowledge)
        graph.connect(
            Edge(
                fact.subject,
                fact.object,
                EdgeKind.FACT,
                knowledge.relations[fact.relation].label,
                fact.source,
                inherited if fact.via else 1.0,
                via=tuple(knowledge.label(category) for category in fact.via),
                predicate=fact.relation,
                implied=knowledge.implied(fact.relation),
                statement=knowledge.statement(fact),
            )
        )
