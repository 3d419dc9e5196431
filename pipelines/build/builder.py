"""Objects, entities and knowledge into one graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from kg.english import normalise
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge.facts import Fact, KnowledgeGraph
from kg.linking import Candidate, Linker
from kg.vocabulary import ACTIVITY, MEANS, EdgeKind, NodeKind
from pipelines.build.grounding import GENERIC_NOUNS, Grounder, Grounding
from pipelines.build.retrieval import FactFinder
from pipelines.detections import Detection
from pipelines.reading.activities import Doing, doings
from pipelines.reading.constraints import constraints_of
from pipelines.reading.parser import Entity, Sentence
from pipelines.seeing.geometry import relations
from pipelines.seeing.perception_types import HAS_COLOUR, MAY_BE_MADE_OF, MAY_HAVE_SHAPE, Seen

MAX_OBJECTS = 20
"""Objects kept, surest first: spatial edges grow with the square."""
MAX_INCOMING_FACTS = 20
"""Facts kept that point to a concept that only the words name."""
NEAR_ACTIVITY = 0.76
"""Least score of an activity whose name is only near in meaning to the words."""
INHERITED_SCORE, OUTDONE_SCORE = 0.9, 0.6
"""What holds of a category holds of a member a little less surely; much less where something is
stated of the member itself: a motorcycle runs on petrol, whatever else drives motor vehicles."""


class GraphBuilder:
    """Builds the one graph of a photograph, a text and what is known of both."""

    def __init__(
        self,
        knowledge: KnowledgeGraph,
        linker: Linker | None = None,
        finders: Sequence[FactFinder] = (),
    ) -> None:
        """Build with all that `knowledge` says of what is seen and said.

        linker: for the words of the text; by name alone if None.
        finders: bring facts of stores that are too large to be used whole.
        """
        self.knowledge = knowledge
        self.linker = linker or Linker(knowledge)
        self.grounder = Grounder(knowledge, Linker(knowledge))
        self.finders = finders

    def __call__(
        self,
        detections: Sequence[Detection],
        photo: PhotoInfo | None = None,
        sentence: Sentence | None = None,
        seen: Seen | None = None,
    ) -> SceneGraph:
        """Return the graph; the i-th kept detection is the node `object:i`.

        detections: in any order; the surest `MAX_OBJECTS` are kept in order of score.
        seen: what else the photograph shows of the kept detections.
        """
        graph = SceneGraph(photo, sentence.text if sentence else None)
        self._add_objects(graph, kept(detections))
        self._add_spatial(graph)
        if seen is not None:
            self._add_seen(graph, seen)
        return graph if sentence is None else self._asked(graph, sentence)

    def asked(self, graph: SceneGraph, sentence: Sentence) -> SceneGraph:
        """Return a copy of a photograph's graph with a text: the same as building both at once."""
        copy = SceneGraph(graph.photo, sentence.text)
        copy.networkx = graph.networkx.copy()
        return self._asked(copy, sentence)

    def _asked(self, graph: SceneGraph, sentence: Sentence) -> SceneGraph:
        self._add_text(graph, sentence)
        for finder in self.finders:
            self._add_found(graph, finder, sentence)
        return graph

    def _add_objects(self, graph: SceneGraph, detections: Sequence[Detection]) -> None:
        for index, one in enumerate(detections):
            node = graph.add(
                Node(f"object:{index}", NodeKind.OBJECT, one.label, one.origin, one.score, one.box)
            )
            for concept in self._link(graph, node, one.label, None):
                self._add_facts(graph, self.knowledge.facts(concept))

    def _add_spatial(self, graph: SceneGraph) -> None:
        if graph.photo is None:
            return
        located = [node for node in graph.nodes(NodeKind.OBJECT) if node.box is not None]
        for a, b in permutations(located, 2):
            assert a.box is not None
            assert b.box is not None
            found = relations(a.box, b.box, graph.photo.width, graph.photo.height)
            for name, score in found.items():
                graph.connect(Edge(a.id, b.id, EdgeKind.SPATIAL, name, "geometry", score))

    def _add_seen(self, graph: SceneGraph, seen: Seen) -> None:
        """Add attributes, one node a word, the relations between objects, and the scenes."""
        for index, attributes in enumerate(seen.attributes):
            for one in attributes:
                said = graph.add(
                    Node(f"seen:{one.label}", NodeKind.ATTRIBUTE, one.label, one.origin)
                )
                source = f"object:{index}"
                graph.connect(
                    Edge(source, said.id, EdgeKind.SEMANTIC, one.relation, one.origin, one.score)
                )
                if one.relation in LINKED_ATTRIBUTES:
                    self._link(graph, said, one.label, None)
        for relation in seen.relations:
            source, target = f"object:{relation.subject}", f"object:{relation.object}"
            name, score = relation.predicate, relation.score
            graph.connect(Edge(source, target, EdgeKind.SEMANTIC, name, "relations", score))
        for scene in seen.scenes:
            node = graph.add(
                Node(f"scene:{scene.label}", NodeKind.SCENE, scene.label, "scenes", scene.score)
            )
            self._link(graph, node, scene.label, None)

    def _add_text(self, graph: SceneGraph, sentence: Sentence) -> None:
        entities = [self._whole_name(entity, sentence.text) for entity in sentence.entities]
        for entity, node, meant in zip(
            entities,
            [_entity_node(index, entity) for index, entity in enumerate(entities)],
            self._groundings(graph, entities, sentence),
            strict=True,
        ):
            graph.add(node)
            self._add_attributes(graph, node, entity)
            self._tie(graph, node, entity, meant)
        self._add_activities(graph, entities, sentence)
        for relation in sentence.relations:
            graph.connect(
                Edge(
                    f"entity:{relation.subject}",
                    f"entity:{relation.object}",
                    EdgeKind.SEMANTIC,
                    relation.predicate,
                    "parser",
                    span=(relation.start, relation.end),
                )
            )

    def _add_activities(
        self, graph: SceneGraph, entities: Sequence[Entity], sentence: Sentence
    ) -> None:
        """Tie the verbs of a question to the activities that they name: "swim" to swimming.

        A verb that is no entity yet becomes one, if it names an activity.
        """
        said = {one.start: f"entity:{at}" for at, one in enumerate(entities)}
        count = len(entities)
        for doing in doings(sentence):
            name, end, meant = self._activity(doing)
            if not meant:
                continue
            id_ = said.get(doing.start)
            if id_ is None:
                id_ = f"entity:{count}"
                graph.add(_entity_node(count, doing.entity(sentence.text, name, end)))
                count += 1
            for one in meant:
                self._add_concept(graph, one.concept)
                if not graph.edges_between(id_, one.concept):
                    graph.connect(Edge(id_, one.concept, EdgeKind.LINK, MEANS, "linker", one.score))
                self._add_facts(graph, self.knowledge.facts_to(one.concept)[:MAX_INCOMING_FACTS])

    def _activity(self, doing: Doing) -> tuple[str, int, list[Candidate]]:
        """Return the longest name of an activity that is known, its end, and what it means.

        Failing that, a name near in meaning to the verb with what it is done to.
        """
        for name, end in doing.names:
            if self.linker.knows(name):
                meant = self._activities(name)
                if meant:
                    return name, end, meant
        if doing.whole is None:
            return "", 0, []
        near = [one for one in self._activities(doing.whole[0]) if one.score >= NEAR_ACTIVITY]
        return (*doing.whole, near)

    def _activities(self, name: str) -> list[Candidate]:
        """Return the best of the activities that `name` may mean."""
        found = [one for one in self.linker.link(name) if self._is_activity(one.concept)]
        return [one for one in found if one.score == found[0].score]

    def _is_activity(self, concept: str) -> bool:
        return ACTIVITY in self.knowledge.categories(concept)

    def _add_found(self, graph: SceneGraph, finder: FactFinder, sentence: Sentence) -> None:
        """Add the best facts of a large store, tied to the words and objects they are about."""
        of_words = {node.id: finder.nodes(node.label) for node in graph.nodes(NodeKind.ENTITY)}
        of_objects = {node.id: finder.nodes(node.label) for node in graph.nodes(NodeKind.OBJECT)}
        asked = [one for found in of_words.values() for one in found]
        seen = [one for found in of_objects.values() for one in found]
        facts = finder(sentence.text, asked, seen)
        self._add_facts(graph, facts, finder.store)
        for source, nodes in (of_words | of_objects).items():
            for term in map(finder.store.index.term, nodes):
                if term in graph:
                    graph.connect(Edge(source, term, EdgeKind.LINK, MEANS, "linker", 1.0))

    def _groundings(
        self, graph: SceneGraph, entities: Sequence[Entity], sentence: Sentence
    ) -> list[list[Grounding]]:
        """Return the objects that each entity may mean.

        "The object next to the cup" is not the cup: a word for anything does not mean what
        the other end of its relation names.
        """
        constraints = constraints_of(sentence.text, sentence.tokens, entities, sentence.relations)
        meant = self.grounder(entities, graph, constraints)
        for relation in sentence.relations:
            named = {one.object_id for one in meant[relation.object] if one.how in NAMED}
            meant[relation.subject] = [
                one
                for one in meant[relation.subject]
                if one.how != "generic" or one.object_id not in named
            ]
        return meant

    def _whole_name(self, entity: Entity, text: str) -> Entity:
        """Take attributes into the name where it is known so: "polar bear", "washing machine"."""
        for attribute in entity.attributes:
            name = text[attribute.start : entity.end]
            if attribute.end <= entity.start and self.linker.knows(name):
                return replace(
                    entity,
                    text=name,
                    start=attribute.start,
                    lemma=f"{text[attribute.start : entity.start]}{entity.lemma}".lower(),
                    attributes=tuple(
                        one for one in entity.attributes if one.end <= attribute.start
                    ),
                )
        return entity

    def _add_attributes(self, graph: SceneGraph, node: Node, entity: Entity) -> None:
        for attribute in entity.attributes:
            span = (attribute.start, attribute.end)
            said = graph.add(
                Node(
                    f"attribute:{attribute.start}",
                    NodeKind.ATTRIBUTE,
                    attribute.lemma or attribute.text,
                    "parser",
                    span=span,
                )
            )
            graph.connect(Edge(node.id, said.id, EdgeKind.SEMANTIC, "is", "parser", span=span))
            self._link(graph, said, attribute.text, attribute.lemma)

    def _tie(
        self, graph: SceneGraph, node: Node, entity: Entity, meant: Sequence[Grounding]
    ) -> None:
        """Tie words to the objects that they mean and to the concepts that they name.

        "This animal" is the cat in the photograph and not animals at large: it is not tied
        to that concept, since the cat's own facts include what it inherits. "The object on
        the left" means nothing where there is none.
        """
        for one in meant:
            graph.connect(
                Edge(node.id, one.object_id, EdgeKind.MENTION, MEANS, "grounder", one.score)
            )
        generic = normalise(entity.lemma or entity.text) in GENERIC_NOUNS
        if entity.determiner in DEFINITE and (meant or generic):
            return
        context = [one.label for one in graph.nodes() if one.kind in CONTEXT and one != node]
        for concept in self._link(graph, node, entity.text, entity.lemma, context):
            self._add_facts(graph, self.knowledge.facts(concept))
            self._add_facts(graph, self.knowledge.facts_to(concept)[:MAX_INCOMING_FACTS])

    def _link(
        self,
        graph: SceneGraph,
        node: Node,
        name: str,
        lemma: str | None,
        context: Sequence[str] = (),
    ) -> list[str]:
        found = self.linker.best(name, lemma, head=True, context=context)
        for one in found:
            self._add_concept(graph, one.concept)
            graph.connect(Edge(node.id, one.concept, EdgeKind.LINK, MEANS, "linker", one.score))
        return [one.concept for one in found]

    def _add_concept(
        self, graph: SceneGraph, term: str, knowledge: KnowledgeGraph | None = None
    ) -> None:
        knowledge = knowledge or self.knowledge
        concept = knowledge.concept(term)
        kind = NodeKind.CONCEPT if concept else NodeKind.LITERAL
        origin = concept.source if concept else "knowledge"
        graph.add(Node(term, kind, knowledge.label(term), origin))

    def _add_facts(
        self, graph: SceneGraph, facts: Sequence[Fact], source: KnowledgeGraph | None = None
    ) -> None:
        knowledge = source or self.knowledge
        stated = {(fact.subject, fact.relation) for fact in facts if not fact.via}
        for fact in facts:
            outdone = (fact.subject, fact.relation) in stated
            inherited = OUTDONE_SCORE if outdone else INHERITED_SCORE
            self._add_concept(graph, fact.subject, knowledge)
            self._add_concept(graph, fact.object, knowledge)
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


LINKED_ATTRIBUTES = {HAS_COLOUR, MAY_BE_MADE_OF, MAY_HAVE_SHAPE}
"""Attributes that the knowledge graph knows as concepts."""


CONTEXT = (NodeKind.OBJECT, NodeKind.ENTITY)
"""Kinds of nodes by whose labels the meaning of a word is chosen."""


DEFINITE = {"the", "this", "that", "these", "those", "its", "their"}
"""Determiners that point at something in the photograph."""


NAMED = {"label", "synonym"}
"""How an object is grounded whose name was said."""


def _entity_node(index: int, entity: Entity) -> Node:
    name = entity.lemma or entity.text
    span = (entity.start, entity.end)
    return Node(f"entity:{index}", NodeKind.ENTITY, name, "parser", span=span)


def kept(detections: Sequence[Detection]) -> list[Detection]:
    """Return the detections that become nodes, in the order of their nodes."""
    return sorted(detections, key=lambda one: -one.score)[:MAX_OBJECTS]
