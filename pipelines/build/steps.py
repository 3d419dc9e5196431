"""Steps of the builder: what the photograph shows, then what the text says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from kg.english import normalise
from kg.graph import Box, Edge, Node, SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import LinkCandidate, Linker
from kg.vocabulary import ACTIVITY, IS_DOING, MEANS, EdgeKind, NodeKind
from pipelines.build.context import BuildContext, ConceptLinker, add_facts
from pipelines.build.grounding import GENERIC_NOUNS, Grounding
from pipelines.detections import (
    HAS_COLOUR,
    HAS_TEXT,
    MAY_BE_MADE_OF,
    MAY_HAVE_SHAPE,
    Detection,
    Name,
)
from pipelines.reading.focus import ActivityVerb, activity_verbs
from pipelines.reading.sentence import Constraint, Entity, Sentence
from pipelines.seeing.geometry import relations, supported

LINKED_ATTRIBUTES = {HAS_COLOUR, IS_DOING, MAY_BE_MADE_OF, MAY_HAVE_SHAPE}
"""Attributes that the knowledge graph has as concepts."""


def add_objects(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the i-th detection as the node `object:i`, with its concepts and their facts.

    Every name adds the concepts that it denotes, with its probability. Left out are kinds of
    which the label is one, since its facts lead there, and kinds of the label, which are guesses.
    """
    for index, one in enumerate(context.detections):
        node = graph.add(
            Node(f"object:{index}", NodeKind.OBJECT, one.label, one.origin, one.score, one.box)
        )
        for concept in _link_names(graph, node, one, context.concepts):
            context.concepts.add_outgoing(graph, concept)
    return graph


def _link_names(
    graph: SceneGraph, node: Node, one: Detection, concepts: ConceptLinker
) -> list[str]:
    """Link an object to the concepts of its names, its label's first, and return them."""
    label = next((name for name in one.names if name.label == one.label), Name(one.label, 1.0))
    own = concepts.of_synset(label)
    found: dict[str, float] = {}
    above: set[str] = set()
    for name in [label, *(name for name in one.names if name is not label)]:
        share = 1.0 if name is label else name.probability
        for concept, score in concepts.of_name(name):
            kinds = concepts.knowledge.categories(concept)
            finer = name is not label and not {*found, own}.isdisjoint(kinds)
            if concept not in found and concept not in above and not finer:
                found[concept] = score * share
                above.update(kinds)
    for concept, score in found.items():
        concepts.connect(graph, node.id, concept, score)
    return list(found)


def add_spatial(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the spatial relations of all pairs of boxes, if the photograph's size is known."""
    if graph.photo is None:
        return graph
    located = [node for node in graph.nodes(NodeKind.OBJECT) if node.box is not None]
    supports = context.perceived.supports
    for a, b in permutations(located, 2):
        assert a.box is not None
        assert b.box is not None
        found = relations(a.box, b.box, graph.photo.width, graph.photo.height)
        pair = number_of(a), number_of(b)
        if pair in supports:
            found = supported(found, supports[pair], supports[pair[::-1]])
        for name, score in found.items():
            graph.connect(Edge(a.id, b.id, EdgeKind.SPATIAL, name, "geometry", score))
    return graph


def number_of(node: Node) -> int:
    """Return which detection a node `object:i` stands for."""
    return int(node.id.removeprefix("object:"))


def add_attributes(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the attributes that perception found of each object: one node a word."""
    for index, attributes in enumerate(context.perceived.attributes):
        for one in attributes:
            node = graph.add(Node(f"seen:{one.label}", NodeKind.ATTRIBUTE, one.label, one.origin))
            graph.connect(
                Edge(
                    f"object:{index}",
                    node.id,
                    EdgeKind.SEMANTIC,
                    one.relation,
                    one.origin,
                    one.score,
                )
            )
            if one.relation in LINKED_ATTRIBUTES:
                context.concepts.link(graph, node, one.label)
    return graph


def add_visual_relations(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the relations between objects that perception found."""
    for one in context.perceived.relations:
        source, target = f"object:{one.subject}", f"object:{one.object}"
        graph.connect(Edge(source, target, EdgeKind.SEMANTIC, one.predicate, one.origin, one.score))
    return graph


def add_scenes(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the scenes that the whole photograph shows, with their concepts."""
    for one in context.perceived.scenes:
        node = graph.add(Node(f"scene:{one.label}", NodeKind.SCENE, one.label, "scenes", one.score))
        context.concepts.link(graph, node, one.label)
    return graph


MIN_COVERED = 0.5
"""A text stands on an object whose box contains at least this share of it: chosen by hand."""


def add_texts(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the i-th text as the node `text:i`, with the object it stands on and what it names."""
    for index, one in enumerate(context.perceived.texts):
        node = graph.add(
            Node(f"text:{index}", NodeKind.TEXT, one.text, one.origin, one.score, one.box)
        )
        carrier = _carrier(graph, one.box)
        if carrier is not None:
            graph.connect(
                Edge(carrier.id, node.id, EdgeKind.SEMANTIC, HAS_TEXT, one.origin, one.score)
            )
        if context.concepts.linker.knows(one.text):
            for concept in context.concepts.link(graph, node, one.text):
                context.concepts.add_outgoing(graph, concept)
    return graph


def _carrier(graph: SceneGraph, box: Box) -> Node | None:
    """Return the object with the smallest box that contains most of `box`; None if none does."""
    around = [
        node
        for node in graph.nodes(NodeKind.OBJECT)
        if node.box is not None and node.box.intersection(box) >= MIN_COVERED * box.area > 0
    ]
    return min(around, key=lambda node: node.box.area if node.box else 0.0, default=None)


NEAR_ACTIVITY = 0.76
"""Min score of an activity whose name is only near in meaning to the words: set by hand."""
CONTEXT_KINDS = (NodeKind.OBJECT, NodeKind.ENTITY)
"""Kinds of nodes by whose labels an ambiguous word is resolved."""
DEFINITE = {"the", "this", "that", "these", "those", "its", "their"}
"""Determiners that point at something in the photograph."""
BY_NAME = {"label", "synonym"}
"""Ways to ground an object by its own name."""


def add_entities(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add each entity of the text, its attributes, the objects and the concepts it denotes."""
    assert context.sentence is not None
    linker = context.concepts.linker
    entities = whole_names(context.sentence, linker)
    groundings = _groundings(graph, entities, context)
    for index, (entity, denoted) in enumerate(zip(entities, groundings, strict=True)):
        node = graph.add(_entity_node(index, entity))
        _add_attributes(graph, node, entity, context)
        _add_mentions(graph, node, denoted)
        _add_concepts(graph, node, entity, bool(denoted), context)
    return graph


def add_activities(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Link the verbs of a question to the activities that they name: "swim" to swimming.

    A verb that is no entity yet becomes one, if it names an activity.
    """
    assert context.sentence is not None
    entities = whole_names(context.sentence, context.concepts.linker)
    at_start = {one.start: f"entity:{at}" for at, one in enumerate(entities)}
    count = len(entities)
    for verb in activity_verbs(context.sentence):
        name, end, denoted = _activity(verb, context)
        if not denoted:
            continue
        id_ = at_start.get(verb.start)
        if id_ is None:
            id_ = f"entity:{count}"
            graph.add(_entity_node(count, verb.entity(context.sentence.text, name, end)))
            count += 1
        for one in denoted:
            linked = one.concept in graph and graph.edges_between(id_, one.concept)
            if not linked:
                context.concepts.connect(graph, id_, one.concept, one.score)
            context.concepts.add_incoming(graph, one.concept)
    return graph


def add_stated_relations(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the relations between entities that the text states."""
    assert context.sentence is not None
    for one in context.sentence.relations:
        source, target = f"entity:{one.subject}", f"entity:{one.object}"
        span = (one.start, one.end)
        graph.connect(Edge(source, target, EdgeKind.SEMANTIC, one.predicate, "parser", span=span))
    return graph


def retrieve(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the best facts of each large store, linked to the words and objects they are about."""
    assert context.sentence is not None
    for finder in context.finders:
        of_words = {node.id: finder.nodes(node.label) for node in graph.nodes(NodeKind.ENTITY)}
        of_objects = {node.id: finder.nodes(node.label) for node in graph.nodes(NodeKind.OBJECT)}
        in_text = [one for found in of_words.values() for one in found]
        in_photo = [one for found in of_objects.values() for one in found]
        facts = finder(context.sentence.text, in_text, in_photo)
        add_facts(graph, facts, finder.store)
        for source, nodes in (of_words | of_objects).items():
            for term in map(finder.store.index.term, nodes):
                if term in graph:
                    graph.connect(Edge(source, term, EdgeKind.LINK, MEANS, "linker", 1.0))
    return graph


def whole_names(sentence: Sentence, linker: Linker) -> list[Entity]:
    """Return the entities, with attributes taken into names that are known: "polar bear"."""
    return [_whole_name(entity, sentence.text, linker) for entity in sentence.entities]


def _whole_name(entity: Entity, text: str, linker: Linker) -> Entity:
    for attribute in entity.attributes:
        name = text[attribute.start : entity.end]
        if attribute.end <= entity.start and linker.knows(name):
            return replace(
                entity,
                text=name,
                start=attribute.start,
                lemma=f"{text[attribute.start : entity.start]}{entity.lemma}".lower(),
                attributes=tuple(one for one in entity.attributes if one.end <= attribute.start),
            )
    return entity


def _groundings(
    graph: SceneGraph, entities: Sequence[Entity], context: BuildContext
) -> list[list[Grounding]]:
    """Return the objects that each entity may denote.

    "The object next to the cup" is not the cup: a generic noun does not denote what the other
    end of its relation names.
    """
    assert context.sentence is not None
    constraints = _outside_names(context.sentence, entities)
    denoted = context.grounder(entities, graph, constraints)
    for relation in context.sentence.relations:
        named = {one.object_id for one in denoted[relation.object] if one.how in BY_NAME}
        denoted[relation.subject] = [
            one
            for one in denoted[relation.subject]
            if one.how != "generic" or one.object_id not in named
        ]
    return denoted


def _outside_names(sentence: Sentence, entities: Sequence[Entity]) -> list[Constraint]:
    """Return the constraints whose words were not taken into their entity's whole name."""
    return [
        one
        for one in sentence.constraints
        if one.entity is None
        or not entities[one.entity].start <= one.start < sentence.entities[one.entity].start
    ]


def _add_attributes(graph: SceneGraph, node: Node, entity: Entity, context: BuildContext) -> None:
    for one in entity.attributes:
        span = (one.start, one.end)
        name = one.lemma or one.text
        added = graph.add(
            Node(f"attribute:{one.start}", NodeKind.ATTRIBUTE, name, "parser", span=span)
        )
        graph.connect(Edge(node.id, added.id, EdgeKind.SEMANTIC, "is", "parser", span=span))
        context.concepts.link(graph, added, one.text, one.lemma)


def _add_mentions(graph: SceneGraph, node: Node, denoted: Sequence[Grounding]) -> None:
    for one in denoted:
        graph.connect(Edge(node.id, one.object_id, EdgeKind.MENTION, MEANS, "grounder", one.score))


def _add_concepts(
    graph: SceneGraph, node: Node, entity: Entity, grounded: bool, context: BuildContext
) -> None:
    """Link words to the concepts that they name, unless they point at something.

    "This animal" is the cat in the photograph and not animals at large: it is not linked to
    that concept, since the cat's own facts include what it inherits. "The object on the left"
    denotes nothing where there is none.
    """
    generic = normalise(entity.lemma or entity.text) in GENERIC_NOUNS
    if entity.determiner in DEFINITE and (grounded or generic):
        return
    nearby = [one.label for one in graph.nodes() if one.kind in CONTEXT_KINDS and one != node]
    for concept in context.concepts.link(graph, node, entity.text, entity.lemma, nearby):
        context.concepts.add_outgoing(graph, concept)
        context.concepts.add_incoming(graph, concept)


def _activity(verb: ActivityVerb, context: BuildContext) -> tuple[str, int, list[LinkCandidate]]:
    """Return the longest name of an activity that is known, its end, and what it denotes.

    Failing that, a name near in meaning to the verb with its object.
    """
    linker, knowledge = context.concepts.linker, context.concepts.knowledge
    for name, end in verb.names:
        if linker.knows(name):
            denoted = _activities(name, linker, knowledge)
            if denoted:
                return name, end, denoted
    if verb.with_object is None:
        return "", 0, []
    found = _activities(verb.with_object[0], linker, knowledge)
    return (*verb.with_object, [one for one in found if one.score >= NEAR_ACTIVITY])


def _activities(name: str, linker: Linker, knowledge: KnowledgeGraph) -> list[LinkCandidate]:
    """Return the best of the activities that `name` may denote."""
    found = [one for one in linker.link(name) if _is_activity(one.concept, knowledge)]
    return [one for one in found if one.score == found[0].score]


def _is_activity(concept: str, knowledge: KnowledgeGraph) -> bool:
    return ACTIVITY in knowledge.categories(concept)


def _entity_node(index: int, entity: Entity) -> Node:
    name = entity.lemma or entity.text
    span = (entity.start, entity.end)
    return Node(f"entity:{index}", NodeKind.ENTITY, name, "parser", span=span)
