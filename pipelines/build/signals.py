"""Steps of the builder: modalities beside the photograph, and the words that mean them."""

from __future__ import annotations

from kg.english import normalise
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import IS_A_IRI, MEANS, EdgeKind, NodeKind
from pipelines.build.context import LINKER, BuildContext, add_concept, add_facts
from pipelines.build.grounding import GENERIC_NOUNS

HEARD = frozenset({"sound", "audio", "noise", "recording"})
"""Words that mean a modality of any of these names."""
MIN_NAMED = 0.3
"""A signal is called by its most probable name from this probability on: set by hand."""
KIND_SCORE = 0.8
"""Score of a mention of a signal by a kind of what it is, such as "this animal": set by hand."""


def words_for(modality: str) -> frozenset[str]:
    """Return the words that mean a modality, in lower case: its name, for sounds also others."""
    name = normalise(modality)
    return HEARD | {name} if name in HEARD else frozenset({name})


def add_signals(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add each modality as the node `signal:NAME`, with what its most probable name denotes.

    A name that is less probable than `MIN_NAMED` is not used: the node then has the name of the
    modality. Further names become links that the namer states, with the kinds of what they denote.
    """
    concepts, knowledge = context.concepts, context.concepts.knowledge
    for one in context.signals:
        sure = one.score >= MIN_NAMED
        label, score = (one.label, one.score) if sure else (one.name, 1.0)
        node = graph.add(
            Node(
                *(f"signal:{one.name}", NodeKind.SIGNAL, label, one.origin, score),
                intervals=one.intervals,
                recording=one.recording,
            )
        )
        linked: set[str] = set()
        for name in one.names if sure else ():
            for concept, likeness in concepts.of_name(name):
                if concept in linked:
                    continue
                linked.add(concept)
                by = LINKER if name.label == label else one.origin
                add_concept(graph, concept, knowledge)
                score = likeness * name.probability
                graph.connect(Edge(node.id, concept, EdgeKind.LINK, MEANS, by, score))
                known = knowledge.facts(concept)
                if name.label != label:
                    known = [fact for fact in known if fact.relation == IS_A_IRI]
                add_facts(graph, known, knowledge)
    return graph


def add_signal_mentions(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Connect words with the signals that they mean.

    "This sound" means the sound. "The dog" and "this animal" mean a sound that is named dog, if
    they mean no object of the photograph.
    """
    for word in graph.nodes(NodeKind.ENTITY):
        if any(edge.kind == EdgeKind.MENTION for edge in graph.edges_from(word.id)):
            continue
        for signal in graph.nodes(NodeKind.SIGNAL):
            score = _likeness(graph, word, signal, context)
            if score:
                graph.connect(Edge(word.id, signal.id, EdgeKind.MENTION, MEANS, "grounder", score))
    return graph


def _likeness(graph: SceneGraph, word: Node, signal: Node, context: BuildContext) -> float:
    """Return how surely a word means a signal, in [0, 1]."""
    assert signal.recording is not None
    name = signal.recording.modality
    plain = normalise(word.label)
    if plain in words_for(name):
        return 1.0
    if signal.label == name:
        return 0.0
    if plain == normalise(signal.label):
        return signal.score
    concepts = [one for one in graph.edges_from(signal.id) if one.kind == EdgeKind.LINK]
    kinds = {
        context.concepts.knowledge.label(category)
        for one in concepts[:1]
        for category in context.concepts.knowledge.categories(one.target)
    }
    return KIND_SCORE * signal.score if plain in kinds | GENERIC_NOUNS else 0.0
