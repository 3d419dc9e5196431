"""Answers that a person gave in the dialog: what was stated takes precedence over what is seen.

The networks weigh a corrected graph as any other; a person who has said that there are two cups
does not want to hear of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph_fusion.tensors import Query
from kg.english import normalise
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.edit_answers import by_statement
from pipelines.answering.evidence import DONT_KNOW, Evidence
from pipelines.answering.prediction import Prediction, Strategy
from pipelines.dialog.changes import DIALOG, OTHERWISE
from pipelines.dialog.kinds import Kinds
from pipelines.reading.lexicon import PLACE_PREPOSITIONS
from pipelines.reading.sentence import Sentence
from pipelines.reading.triples import canonical
from pipelines.seeing.stated import SPELLINGS


@dataclass(frozen=True, slots=True)
class StatedAnswers:
    """Finds the answer among what a person stated of the photograph, or of the knowledge.

    counts: how many of a name there are, where that was stated. edits: answers from facts that
    were set; None if none were.
    """

    sentence: Sentence
    counts: Mapping[str, int]
    kinds: Kinds
    edits: Strategy | None = None

    def __call__(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Return the stated answer to `query`; None if nothing stated answers it."""
        found = None if self.edits is None else self.edits(graph, query)
        for stated in (self._count, self._kind, self._property, self._related):
            found = found or stated(graph, query)
        return found

    def _count(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Answer "how many cups are there?" and "is there a cup?"."""
        question = self.sentence.question
        exists = question is not None and question.relation == "is there"
        if query.answer_type not in ("number", "yes/no") or not exists:
            return None
        for word in self._things(graph):
            number = self.counts.get(normalise(word.label))
            if number is None or self._is_restricted(word):
                continue
            seen = self._denoted(graph, word)
            evidence = Evidence.from_path(graph, tuple(seen), word)
            if query.answer_type == "yes/no":
                return by_statement("yes" if number else "no", evidence)
            return by_statement(str(number), evidence)
        return None

    def _is_restricted(self, word: Node) -> bool:
        """Whether the question asks for some of them only: the red ones."""
        entities = self.sentence.entities
        return any(
            one.entity is not None and one.kind != "negation" and word.id == f"entity:{one.entity}"
            for one in self.sentence.constraints
        ) or any(one.kind == "property" for one in entities)

    def _kind(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Answer "what animal is this?" and "is it a dog?" by the name that a person gave to it."""
        question = self.sentence.question
        if question is None or question.relation != "is a" or question.topic is None:
            return None
        for mention in self._denoted(graph, graph.node(f"entity:{question.topic}"))[:1]:
            node = graph.node(mention.target)
            if node.origin != DIALOG:
                return None
            evidence = Evidence.from_path(graph, (mention,))
            if query.answer_type == "yes/no":
                others = [
                    one.lemma
                    for at, one in enumerate(self.sentence.entities)
                    if at != question.topic and self.kinds.above(one.lemma)
                ]
                right = [one for one in others if self.kinds.is_a(node.label, one)]
                if query.options:
                    return by_statement(right[0], evidence) if right else None
                return by_statement("yes" if right else "no", evidence) if others else None
            asked = question.focus or OTHERWISE
            known = node.label not in (asked, OTHERWISE) and (
                question.focus is None or self.kinds.is_a(node.label, asked)
            )
            return by_statement(node.label if known else DONT_KNOW, evidence)
        return None

    def _property(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Answer "what colour is the dog?" and "is the dog brown?" by what was stated of it."""
        question = self.sentence.question
        if question is None or question.topic is None:
            return None
        topic = graph.node(f"entity:{question.topic}")
        for mention in self._denoted(graph, topic)[:1]:
            said = self._said(graph, mention.target, NodeKind.ATTRIBUTE)
            colours = [one for one in said if self.kinds.is_colour(graph.node(one.target).label)]
            focus = question.focus or ""
            if query.answer_type == "attribute" and focus in ("colour", "color") and colours:
                path = (mention, colours[-1])
                return by_statement(
                    graph.node(colours[-1].target).label, Evidence.from_path(graph, path)
                )
            if query.answer_type == "yes/no" and question.relation == "is":
                return self._is_so(graph, query, mention, said, colours)
        return None

    def _is_so(
        self,
        graph: SceneGraph,
        query: Query,
        mention: Edge,
        said: Sequence[Edge],
        colours: Sequence[Edge],
    ) -> Prediction | None:
        words = {one.lemma for one in self.sentence.entities if one.kind == "property"}
        asked = {SPELLINGS.get(one, one) for one in words}
        for edge in said:
            label = graph.node(edge.target).label
            if label in asked:
                text = label if query.options else "yes"
                return by_statement(text, Evidence.from_path(graph, (mention, edge)))
        if query.options:
            return None
        other = any(self.kinds.is_colour(one) for one in asked)
        if colours and other:
            return by_statement("no", Evidence.from_path(graph, (mention, colours[-1])))
        return None

    def _related(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Answer "what is the man holding?" and "is it on the table?" by a stated relation."""
        question = self.sentence.question
        if question is None or query.answer_type not in ("object", "concept", "yes/no"):
            return None
        where = query.text.lower().startswith("where")
        asked = canonical(question.relation or "").text
        words = self._things(graph)
        meant = {edge.target: edge for word in words for edge in self._denoted(graph, word)}
        for node, mention in meant.items():
            said = self._said(graph, node, NodeKind.OBJECT)
            if query.answer_type != "yes/no" and not where:
                said += [one for one in graph.edges_to(node) if _is_said(one)]
            for edge in said:
                same = canonical(edge.relation).text == asked
                if not same and not (where and edge.relation in PLACE_PREPOSITIONS):
                    continue
                end = edge.target if edge.source == node else edge.source
                text = graph.node(end).label
                if query.answer_type == "yes/no":
                    if end not in meant:
                        continue
                    text = "yes"
                return by_statement(text, Evidence.from_path(graph, (mention, edge)))
        return None

    def _things(self, graph: SceneGraph) -> list[Node]:
        kept = {f"entity:{at}" for at, one in enumerate(self.sentence.entities)}
        return [one for one in graph.nodes(NodeKind.ENTITY) if one.id in kept]

    def _denoted(self, graph: SceneGraph, word: Node) -> list[Edge]:
        found = [one for one in graph.edges_from(word.id) if one.kind == EdgeKind.MENTION]
        return sorted(found, key=lambda one: -one.score)

    def _said(self, graph: SceneGraph, node: str, kind: NodeKind) -> list[Edge]:
        return [
            one
            for one in graph.edges_from(node)
            if _is_said(one) and graph.node(one.target).kind == kind
        ]


def _is_said(edge: Edge) -> bool:
    return edge.origin == DIALOG and edge.kind == EdgeKind.SEMANTIC
