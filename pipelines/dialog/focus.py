"""Which objects the words of a question mean in its dialog, and what the next turn can refer to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import MEANS, EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Answer
from pipelines.answering.support import Support
from pipelines.build.context import BuildContext
from pipelines.build.grounding import GENERIC_NOUNS
from pipelines.build.steps import whole_names
from pipelines.datasets.questions import same_answer
from pipelines.dialog.changes import DIALOG
from pipelines.dialog.kinds import Kinds
from pipelines.dialog.references import PLURAL_TAGS
from pipelines.dialog.turns import MarkedText, Referent
from pipelines.reading.lexicon import WH_WORDS
from pipelines.reading.sentence import Entity, Sentence

NEARLY = 0.5
"""A plural means the objects whose score is at least this share of the best one's: by hand."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A step of the builder: each reference means what it was resolved to, and nothing else."""

    marked: MarkedText

    def __call__(self, graph: SceneGraph, context: BuildContext) -> SceneGraph:
        """Return the graph in which references mention their objects only."""
        sentence = context.sentence
        assert sentence is not None
        dropped: list[Edge] = []
        new: list[Edge] = []
        for index, entity in enumerate(whole_names(sentence, context.concepts.linker)):
            resolved = self.marked.at((entity.start, entity.end))
            nodes = () if resolved is None else _objects(resolved.nodes, graph)
            if nodes:
                word = f"entity:{index}"
                dropped += _mentions(graph, word)
                new += [Edge(word, one, EdgeKind.MENTION, MEANS, DIALOG) for one in nodes]
        settled = graph.without(*dropped) if dropped else graph
        for edge in new:
            settled.connect(edge)
        return settled


def _objects(nodes: Iterable[str], graph: SceneGraph) -> tuple[str, ...]:
    found = [one for one in nodes if one in graph and graph.node(one).kind == NodeKind.OBJECT]
    return tuple(found)


def _mentions(graph: SceneGraph, word: str) -> list[Edge]:
    return [one for one in graph.edges_from(word) if one.kind == EdgeKind.MENTION]


def is_plural(sentence: Sentence, entity: Entity) -> bool:
    """Whether the text speaks of several: "dogs", "these", "two cups"."""
    tags = [one.tag for one in sentence.tokens if entity.start <= one.start < entity.end]
    counted = any(one.lemma.isdigit() and one.lemma != "1" for one in entity.attributes)
    return counted or bool(tags and tags[-1] in PLURAL_TAGS) or entity.determiner in ("these",)


def focus_of(
    answer: Answer, sentence: Sentence, marked: MarkedText, kinds: Kinds
) -> list[Referent]:
    """Return what the next turn can refer to: a thing that is the answer, the topic, the rest."""
    graph = answer.graph
    topic = None if sentence.question is None else sentence.question.topic
    spoken: list[Referent] = []
    for index in range(len(sentence.entities)):
        one = _referent(graph, sentence, index, marked, kinds)
        if one is not None:
            spoken.insert(0 if index == topic else len(spoken), one)
    if answer.text in ("no", DONT_KNOW):
        spoken = [one for one in spoken if one.nodes]
    found = _answered(answer, spoken, kinds)
    wanted = sentence.question is not None and sentence.question.answer_type == "object"
    if found is not None and (wanted or not spoken or found.nodes[0].startswith("object:")):
        spoken = [found, *(one for one in spoken if one.nodes != found.nodes)]
    elif found is not None:
        spoken.append(found)
    once = {one.nodes: one for one in reversed(spoken)}
    return [one for one in spoken if once[one.nodes] is one]


def _referent(
    graph: SceneGraph, sentence: Sentence, index: int, marked: MarkedText, kinds: Kinds
) -> Referent | None:
    """Return what an entity of the question means; None for activities and properties."""
    entity = sentence.entities[index]
    question = sentence.question
    asked_for = entity.determiner in WH_WORDS  # what vehicle is this? the answer is
    if entity.kind != "thing" or (asked_for and question and question.answer_type != "number"):
        return None
    word = f"entity:{index}"
    name = entity.lemma or entity.text
    mentions = sorted(_mentions(graph, word), key=lambda one: -one.score)
    reference = marked.at((entity.start, entity.end))
    several = is_plural(sentence, entity)
    if mentions:
        best = mentions[0].score
        resolved = reference is not None and reference.nodes
        chosen = [one.target for one in mentions if one.score >= NEARLY * best]
        nodes = chosen if several or resolved else chosen[:1]
        label = graph.node(nodes[0]).label
        finer = kinds.is_a(name, label) and not kinds.denoted(name) & kinds.denoted(label)
        said = name if finer and name not in GENERIC_NOUNS else label
        plural = (several or bool(resolved)) and len(nodes) > 1
        return Referent(said, tuple(nodes), plural, kinds.is_person(said))
    links = [one.target for one in graph.edges_from(word) if one.kind == EdgeKind.LINK]
    if not links or name in GENERIC_NOUNS or not kinds.is_thing(name):
        return None
    return Referent(name, tuple(links[:1]), several, kinds.is_person(name))


def _answered(answer: Answer, spoken: Sequence[Referent], kinds: Kinds) -> Referent | None:
    """Return the thing that the answer is: an object, or a concept of a thing.

    A guess that is no object is none: nothing says that there is such a thing.
    """
    graph, text = answer.graph, answer.text
    if text == DONT_KNOW or not kinds.is_thing(text):
        return None
    seen = [node for node in _cited(answer) if same_answer(node.label, [text])]
    known = {node for one in spoken for node in one.nodes}
    fresh = [node for node in seen if node.id not in known] or seen
    fresh = fresh or [one for one in graph.nodes(NodeKind.OBJECT) if same_answer(one.label, [text])]
    if fresh:
        return Referent(fresh[0].label, (fresh[0].id,), False, kinds.is_person(text), True)
    named = [one for one in graph.nodes(NodeKind.CONCEPT) if same_answer(one.label, [text])]
    if not named:
        return None
    meant = [o for o in spoken if len(o.nodes) == 1 and kinds.is_a(text, o.name) and not o.plural]
    if meant and meant[0].nodes[0].startswith("object:"):  # what animal is this? a cat
        return Referent(text, meant[0].nodes, False, kinds.is_person(text), True)
    if answer.support == Support.GUESS:
        return None
    return Referent(named[0].label, (named[0].id,), False, kinds.is_person(text), True)


def _cited(answer: Answer) -> list[Node]:
    return [*answer.evidence.objects, *answer.evidence.scenes]


__all__ = ["Settled", "focus_of", "is_plural"]
