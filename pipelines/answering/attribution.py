"""Attribution by deletion: the paths and facts of the graph that an answer rests on.

A path with high gates need not be one that the answer uses. All paths and facts that lead to the
answer are deleted; a fact or a path is cited only if restoring it alone restores the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from graph_fusion.heads.graph import COUNT, YES_NO
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import Evidence
from pipelines.answering.paths import best_path, min_strength, with_retracted
from pipelines.answering.probabilities import Probabilities
from pipelines.answering.query import denoted_by

Deletion = frozenset[Edge]
"""Edges that are deleted together."""
_NOTHING: Deletion = frozenset()
EdgePath = tuple[Edge, ...]
"""Edges that lead from the question to an answer, in order."""
Without = Callable[[str, Sequence[Collection[Edge]]], list[float]]
"""Returns the probability of an answer's text after each of several deletions."""

MIN_TOPIC_SHARE = 0.5
"""Use the path from the topic if its minimal weight is at least this fraction of the best path's.
This and the following figures were chosen by hand."""
MIN_EFFECT = 0.05
"""Min change of the answer's probability by a relevant piece, as a fraction of it."""
MIN_PATH_SHARE = 0.8
"""Cite the first path with at least this fraction of the greatest effect."""
MIN_OTHER_SHARE = 0.95
"""Cite a fact about another thing than the topic from this fraction of the greatest effect."""
MAX_PATHS, MAX_FACTS = 4, 6
"""Paths and further facts that are tested, by falling weight."""
MAX_WORDS = 8
"""Words of the question between which paths are searched: with their pairs the time grows."""
STATING = (EdgeKind.FACT, EdgeKind.SPATIAL, EdgeKind.SEMANTIC)
"""Edge kinds that state a fact, as opposed to links between mentions and concepts."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Chooses the evidence for the answers of one question.

    strength: the gate of each edge, in (0, 1).
    topic: id of the node that the question asks something about, if there is one.
    """

    graph: SceneGraph
    output: Probabilities
    strength: Mapping[Edge, float]
    topic: str | None
    without: Without

    def __call__(self, text: str) -> Evidence:
        """Return the evidence for the answer `text`."""
        if self.output.answer_route == COUNT:
            return self._counted()
        if self.output.answer_route == YES_NO:
            return self._tested(text, self._paths_between_entities(), ())
        target = self.output.target(text)
        if target is None:
            return self.words()
        if target.kind == NodeKind.SCENE:  # no path of an object leads to it
            return self._evidence((), [target])
        return self._tested(text, self._paths_to(target), [target])

    def words(self) -> Evidence:
        """Return what the words denote: the evidence where there is no answer."""
        return self._evidence(self._denotations())

    def _tested(self, text: str, paths: Sequence[EdgePath], also: Sequence[Node]) -> Evidence:
        """Return the relevant path, with the other relevant facts that lead to the answer."""
        facts = self._facts_beside(paths, also)
        trial = self._trial(
            text, [*map(_statements, paths), *(frozenset({fact}) for fact in facts)]
        )
        cited = self._cited(facts, trial)
        path = _first_relevant(paths, trial)
        if not path and not cited and trial.with_all - trial.without_all >= trial.min_effect:
            cited = facts  # no single piece is sufficient
        if len(_statements(path)) != 1:
            path = self._path_by_fact(cited, trial, also) or path
        known = frozenset(edge for edge in (*path, *cited) if edge.kind == EdgeKind.FACT)
        after = trial.after if known in trial.after else self._after(text, [known])
        if known and trial.with_all - after[known] < trial.min_effect:
            cited, path = [], () if known & set(path) else path
        if not path and not cited:
            path = next(filter(_without_facts, paths), ()) or self._denotations()
        return self._evidence(path, also, cited)

    def _after(self, text: str, deletions: Iterable[Deletion]) -> dict[Deletion, float]:
        """Return the probability of `text` after each deletion, of nothing too."""
        different = [one for one in dict.fromkeys(deletions) if one]
        found = self.without(text, [with_retracted(self.graph, one) for one in different])
        return {_NOTHING: self.output.of(text), **dict(zip(different, found, strict=True))}

    def _cited(self, facts: Sequence[Edge], trial: _Trial) -> list[Edge]:
        """Return the relevant facts; those about other things only with nearly the best effect.

        The bowl beside the cup is of ceramic too, and the network uses that fact; but the answer
        about the cup should cite the facts about the cup.
        """
        relevant = [fact for fact in facts if trial.relevant({fact})]
        denoted = denoted_by(self.graph, self.topic)
        threshold = MIN_OTHER_SHARE * max((trial.effect({fact}) for fact in relevant), default=0.0)
        return [
            fact
            for fact in relevant
            if denoted & {fact.source, fact.target} or trial.effect({fact}) >= threshold
        ]

    def _trial(self, text: str, pieces: Sequence[frozenset[Edge]]) -> _Trial:
        """Delete all of `pieces`, and then all but each."""
        every = frozenset(edge for piece in pieces for edge in piece)
        after = self._after(text, [every, *(every - piece for piece in pieces)])
        effects = {piece: after[every - piece] - after[every] for piece in pieces}
        return _Trial(after, after[every], effects)

    def _path_by_fact(
        self, facts: Sequence[Edge], trial: _Trial, targets: Sequence[Node]
    ) -> EdgePath:
        """Return the path that ends with the most relevant fact; () if none is relevant."""
        anchors = [pair for target in targets for pair in self._anchors(target)]
        for fact in sorted(facts, key=lambda one: -trial.effect({one})):
            for anchor, rest in anchors:
                if anchor in (fact.source, fact.target):
                    start = fact.source if fact.target == anchor else fact.target
                    if path := self._without_node(anchor)._path_to(start):
                        return (*path, fact, *rest)
        return ()

    def _without_node(self, node_id: str) -> Attribution:
        """Return the attribution over the graph without the edges of `node_id`."""
        edges = (*self.graph.edges_from(node_id), *self.graph.edges_to(node_id))
        return replace(self, graph=self.graph.without(*edges))

    def _evidence(
        self, path: EdgePath, also: Sequence[Node] = (), facts: Iterable[Edge] = ()
    ) -> Evidence:
        return Evidence.from_path(self.graph, path, *also, facts=facts, strength=self.strength)

    def _paths_to(self, target: Node) -> list[EdgePath]:
        """Return the path from the topic, and the one with the highest weights."""
        return _distinct([self._path_to(target.id), self._best_path(target.id)])

    def _anchors(self, target: Node) -> list[tuple[str, EdgePath]]:
        """Return the nodes linked to `target`, each with the edge between the two."""
        found: list[tuple[str, EdgePath]] = [(target.id, ())]
        links = (EdgeKind.LINK, EdgeKind.MENTION)
        found += [
            (edge.target, (edge,))
            for edge in self.graph.edges_from(target.id)
            if edge.kind in links
        ]
        found += [
            (edge.source, (edge,))
            for edge in self.graph.edges_to(target.id)
            if edge.kind in links and self.graph.node(edge.source).kind == NodeKind.ATTRIBUTE
        ]
        return found

    def _paths_between_entities(self) -> list[EdgePath]:
        """Return the paths between pairs of entities, the most informative first."""
        words = [node.id for node in self.output.nodes if node.kind == NodeKind.ENTITY][:MAX_WORDS]
        paths = [
            path
            for first, second in combinations(words, 2)
            for path in (self._between([first], second), self._to_concept(first, second))
        ]
        return _distinct(sorted(paths, key=self._informativeness, reverse=True))[:MAX_PATHS]

    def _facts_beside(self, paths: Sequence[EdgePath], targets: Sequence[Node]) -> list[Edge]:
        """Return the facts beside the paths: those at the answer's node; without such a node,
        those between two nodes of a path."""
        anchors = [anchor for target in targets for anchor, _ in self._anchors(target)]
        found = dict.fromkeys(fact for one in anchors for fact in self._facts_touching(one))
        for path in () if targets else paths:
            nodes = {end for edge in path for end in (edge.source, edge.target)}
            between = (one for node in nodes for one in self._facts_touching(node))
            found.update(dict.fromkeys(one for one in between if {one.source, one.target} <= nodes))
        return sorted(found, key=self._weight, reverse=True)[:MAX_FACTS]

    def _facts_touching(self, node_id: str) -> list[Edge]:
        touching = [*self.graph.edges_to(node_id), *self.graph.edges_from(node_id)]
        return [edge for edge in touching if edge.kind == EdgeKind.FACT]

    def _path_to(self, node_id: str) -> EdgePath:
        """Return the path to a node: from the topic, if its weight suffices (`MIN_TOPIC_SHARE`)."""
        best = self._best_path(node_id)
        if self.topic is None or self.topic not in self.graph:
            return best
        from_topic = self._between([self.topic], node_id)
        threshold = MIN_TOPIC_SHARE * min_strength(best, self.strength)
        found = from_topic and min_strength(from_topic, self.strength) >= threshold
        return from_topic if found else best

    def _best_path(self, node_id: str) -> EdgePath:
        words = [node.id for node in self.output.nodes if node.kind == NodeKind.ENTITY]
        seen = [node.id for node in self.output.nodes if node.kind == NodeKind.OBJECT]
        return self._between(words or seen, node_id)

    def _between(self, sources: Sequence[str], target: str) -> EdgePath:
        return best_path(self.graph, self.strength, sources, target)

    def _to_concept(self, first: str, second: str) -> EdgePath:
        """Return the path to the concept that `second` names, without `second`'s objects."""
        links = [edge for edge in self.graph.edges_from(second) if edge.kind == EdgeKind.LINK]
        if not links:
            return ()
        link = max(links, key=self._weight)
        path = self._between([first], link.target)
        return (*path, link) if path else ()

    def _informativeness(self, path: EdgePath) -> tuple[bool, float]:
        """Return a sort key: paths with facts or spatial relations come before mere links."""
        stating = (EdgeKind.FACT, EdgeKind.SPATIAL)
        weight = min_strength(path, self.strength)
        return any(edge.kind in stating for edge in path) and weight > 0.1, weight

    def _counted(self) -> Evidence:
        counted = self.output.counted_objects()
        ids = {node.id for node in counted}
        mentions = self.graph.edges(EdgeKind.MENTION)
        return self._evidence(tuple(edge for edge in mentions if edge.target in ids), counted)

    def _denotations(self) -> EdgePath:
        """Return for each entity the edge to the object, or else the concept, it denotes."""
        chosen = []
        for node in self.output.nodes:
            if node.kind != NodeKind.ENTITY:
                continue
            edges = self.graph.edges_from(node.id)
            seen = [edge for edge in edges if edge.kind == EdgeKind.MENTION]
            known = [edge for edge in edges if edge.kind == EdgeKind.LINK]
            if best := max(seen or known, key=self._weight, default=None):
                chosen.append(best)
        return tuple(chosen)

    def _weight(self, edge: Edge) -> float:
        return self.strength.get(edge, 0.0) * edge.score


@dataclass(frozen=True, slots=True)
class _Trial:
    """The effect of deletions on an answer.

    after: the answer's probability after each deletion that was tried.
    without_all: the same without all pieces.
    effects: rise of the probability when one piece is restored after all were deleted.
    """

    after: Mapping[Deletion, float]
    without_all: float
    effects: Mapping[Deletion, float]

    @property
    def with_all(self) -> float:
        return self.after[_NOTHING]

    @property
    def min_effect(self) -> float:
        return MIN_EFFECT * self.with_all

    def effect(self, piece: Iterable[Edge]) -> float:
        return self.effects.get(frozenset(piece), 0.0)

    def relevant(self, piece: Iterable[Edge]) -> bool:
        return self.effect(piece) >= self.min_effect


def _first_relevant(paths: Sequence[EdgePath], trial: _Trial) -> EdgePath:
    """Return the first path with `MIN_PATH_SHARE` the greatest effect; () if none is relevant."""
    greatest = max((trial.effect(_statements(path)) for path in paths), default=0.0)
    threshold = max(trial.min_effect, MIN_PATH_SHARE * greatest)
    return next((path for path in paths if trial.effect(_statements(path)) >= threshold), ())


def _without_facts(path: EdgePath) -> bool:
    return all(edge.kind != EdgeKind.FACT for edge in path)


def _statements(path: EdgePath) -> frozenset[Edge]:
    return frozenset(edge for edge in path if edge.kind in STATING)


def _distinct(paths: Iterable[EdgePath]) -> list[EdgePath]:
    """Return the paths that state something, each set of statements once."""
    distinct = {_statements(path): path for path in reversed(list(paths)) if _statements(path)}
    return list(distinct.values())[::-1]
