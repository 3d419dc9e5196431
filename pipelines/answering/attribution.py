"""Which part of the graph an answer is said to rest on: the ways to it, tried by deletion.

A way that the question opens need not be one that the answer uses. So all that leads to the answer
is deleted, and a fact or a way is cited only where it alone brings the answer back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from graph_fusion.heads.graph import COUNT, YES_NO
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import Evidence
from pipelines.answering.paths import best_path, openness, with_retracted
from pipelines.answering.probabilities import Probabilities
from pipelines.answering.query import denoted_by

Way = tuple[Edge, ...]
"""Edges that lead from the question to an answer, in order."""
Without = Callable[[str, Sequence[Collection[Edge]]], list[float]]
"""The probability of an answer's text after each of several deletions."""

TOPIC_OPEN = 0.5
"""A way from what is asked about is taken if it is this share as open as the openest."""
MATTERS = 0.05
"""A piece matters if it changes the answer's probability by at least this share."""
NEARLY = 0.8
"""The first way is shown that does at least this share of the most that one does."""
AS_MUCH = 0.95
"""A fact about something else is cited if it does at least this share of the most."""
MAX_WAYS, MAX_FACTS = 4, 6
"""Ways and further facts that are tried, the most open first."""
TELLING = (EdgeKind.FACT, EdgeKind.SPATIAL, EdgeKind.SEMANTIC)
"""Edges that say something; the others only tell what is meant."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Chooses the evidence for the answers of one question.

    strength: how far the question opens each edge, in (0, 1).
    topic: id of the node that the question asks something about, if there is one.
    """

    graph: SceneGraph
    output: Probabilities
    strength: Mapping[Edge, float]
    topic: str | None
    without: Without

    def __call__(self, text: str) -> Evidence:
        """Return what the answer `text` rests on."""
        if self.output.answer_route == COUNT:
            return self._counted()
        if self.output.answer_route == YES_NO:
            return self._tried(text, self._ways_between_words(), ())
        target = self.output.target(text)
        if target is None:
            return self.words()
        if target.kind == NodeKind.SCENE:  # said of the whole photograph, by no object's way
            return self._evidence((), [target])
        return self._tried(text, self._ways_to(target), [target])

    def words(self) -> Evidence:
        """Return what the words were found to mean: all that can be shown without an answer."""
        return self._evidence(self._meanings())

    def _tried(self, text: str, ways: Sequence[Way], also: Sequence[Node]) -> Evidence:
        """Return the way that matters, with the other facts that lead to the answer."""
        facts = self._facts_beside(ways, also)
        trial = self._trial(text, [*map(_telling, ways), *(frozenset({fact}) for fact in facts)])
        cited = self._cited(facts, trial)
        way = _first_that_matters(ways, trial)
        if not way and not cited and trial.before - trial.bare >= trial.least:
            cited = facts  # none does it alone
        if len(_telling(way)) != 1:
            way = self._way_by_fact(cited, trial, also) or way
        known = {edge for edge in (*way, *cited) if edge.kind == EdgeKind.FACT}
        if known and trial.before - self._left(text, [known])[0] < trial.least:
            cited, way = [], () if known & set(way) else way
        if not way and not cited:
            way = next(filter(_seen_or_read, ways), ()) or self._meanings()
        return self._evidence(way, also, cited)

    def _left(self, text: str, deletions: Sequence[Iterable[Edge]]) -> list[float]:
        """Return the probability that each deletion leaves to `text`."""
        return self.without(text, [with_retracted(self.graph, one) for one in deletions])

    def _cited(self, facts: Sequence[Edge], trial: _Trial) -> list[Edge]:
        """Return the facts that matter; those of other things only if they do as much as any.

        The bowl beside the cup is of ceramic too, and the network leans on that; but the answer
        about the cup rests on what is known of the cup.
        """
        mattering = [fact for fact in facts if trial.matters({fact})]
        meant = denoted_by(self.graph, self.topic)
        least = AS_MUCH * max((trial.effect({fact}) for fact in mattering), default=0.0)
        return [
            fact
            for fact in mattering
            if meant & {fact.source, fact.target} or trial.effect({fact}) >= least
        ]

    def _trial(self, text: str, pieces: Sequence[frozenset[Edge]]) -> _Trial:
        """Delete all of `pieces`, and then all but each."""
        every = frozenset(edge for piece in pieces for edge in piece)
        sets = list(dict.fromkeys(pieces))
        bare, *alone = self._left(text, [every, *(every - piece for piece in sets)])
        effects = {piece: back - bare for piece, back in zip(sets, alone, strict=True)}
        return _Trial(self.output.of(text), bare, effects)

    def _way_by_fact(self, facts: Sequence[Edge], trial: _Trial, targets: Sequence[Node]) -> Way:
        """Return the way that ends with the fact that matters most; () if no fact does."""
        anchors = [pair for target in targets for pair in self._anchors(target)]
        for fact in sorted(facts, key=lambda one: -trial.effect({one})):
            for anchor, rest in anchors:
                if anchor in (fact.source, fact.target):
                    start = fact.source if fact.target == anchor else fact.target
                    if way := self._past(anchor)._path_to(start):
                        return (*way, fact, *rest)
        return ()

    def _past(self, node_id: str) -> Attribution:
        """Return the same with no way over the node `node_id`."""
        edges = (*self.graph.edges_from(node_id), *self.graph.edges_to(node_id))
        return replace(self, graph=self.graph.without(*edges))

    def _evidence(
        self, path: Way, also: Sequence[Node] = (), facts: Iterable[Edge] = ()
    ) -> Evidence:
        return Evidence.from_path(self.graph, path, *also, facts=facts, strength=self.strength)

    def _ways_to(self, target: Node) -> list[Way]:
        """Return the way from what is asked about, and the most open one."""
        return _different([self._path_to(target.id), self._openest(target.id)])

    def _anchors(self, target: Node) -> list[tuple[str, Way]]:
        """Return the nodes that stand for `target`, each with the edges from it to `target`."""
        found: list[tuple[str, Way]] = [(target.id, ())]
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

    def _ways_between_words(self) -> list[Way]:
        """Return the ways between two things that the question relates, the most telling first."""
        words = [node.id for node in self.output.nodes if node.kind == NodeKind.ENTITY]
        ways = [
            way
            for first, second in combinations(words, 2)
            for way in (self._between([first], second), self._to_meaning(first, second))
        ]
        return _different(sorted(ways, key=self._tells, reverse=True))[:MAX_WAYS]

    def _facts_beside(self, ways: Sequence[Way], targets: Sequence[Node]) -> list[Edge]:
        """Return facts that may do what a way does: those to the answer; without an answering
        node, those between two nodes of a way."""
        anchors = [anchor for target in targets for anchor, _ in self._anchors(target)]
        found = dict.fromkeys(fact for one in anchors for fact in self._facts_touching(one))
        for way in () if targets else ways:
            nodes = {end for edge in way for end in (edge.source, edge.target)}
            between = (one for node in nodes for one in self._facts_touching(node))
            found.update(dict.fromkeys(one for one in between if {one.source, one.target} <= nodes))
        return sorted(found, key=self._weight, reverse=True)[:MAX_FACTS]

    def _facts_touching(self, node_id: str) -> list[Edge]:
        touching = [*self.graph.edges_to(node_id), *self.graph.edges_from(node_id)]
        return [edge for edge in touching if edge.kind == EdgeKind.FACT]

    def _path_to(self, node_id: str) -> Way:
        """Return the way to a node: from what is asked about, if that is open too."""
        path = self._openest(node_id)
        if self.topic is None or self.topic not in self.graph:
            return path
        asked = self._between([self.topic], node_id)
        wide = TOPIC_OPEN * openness(path, self.strength)
        return asked if asked and openness(asked, self.strength) >= wide else path

    def _openest(self, node_id: str) -> Way:
        words = [node.id for node in self.output.nodes if node.kind == NodeKind.ENTITY]
        seen = [node.id for node in self.output.nodes if node.kind == NodeKind.OBJECT]
        return self._between(words or seen, node_id)

    def _between(self, sources: Sequence[str], target: str) -> Way:
        return best_path(self.graph, self.strength, sources, target)

    def _to_meaning(self, first: str, second: str) -> Way:
        """Return the way to the concept that `second` names, without `second`'s objects."""
        links = [edge for edge in self.graph.edges_from(second) if edge.kind == EdgeKind.LINK]
        if not links:
            return ()
        link = max(links, key=self._weight)
        path = self._between([first], link.target)
        return (*path, link) if path else ()

    def _tells(self, way: Way) -> tuple[bool, float]:
        """A way that holds a fact or a place says more than one that only names things."""
        telling = (EdgeKind.FACT, EdgeKind.SPATIAL)
        open_ = openness(way, self.strength)
        return any(edge.kind in telling for edge in way) and open_ > 0.1, open_

    def _counted(self) -> Evidence:
        counted = self.output.counted_objects()
        ids = {node.id for node in counted}
        mentions = self.graph.edges(EdgeKind.MENTION)
        return self._evidence(tuple(edge for edge in mentions if edge.target in ids), counted)

    def _meanings(self) -> Way:
        """For each word of the question, the object or else the concept that it most means."""
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
    """What deleting pieces of the graph did to an answer.

    before, bare: the answer's probability with the whole graph, and without all pieces.
    effects: how much more probable each piece alone makes the answer, after all were deleted.
    """

    before: float
    bare: float
    effects: Mapping[frozenset[Edge], float]

    @property
    def least(self) -> float:
        return MATTERS * self.before

    def effect(self, piece: Iterable[Edge]) -> float:
        return self.effects.get(frozenset(piece), 0.0)

    def matters(self, piece: Iterable[Edge]) -> bool:
        return self.effect(piece) >= self.least


def _first_that_matters(ways: Sequence[Way], trial: _Trial) -> Way:
    """Return the first way that matters nearly as much as any; () if none does."""
    most = max((trial.effect(_telling(way)) for way in ways), default=0.0)
    least = max(trial.least, NEARLY * most)
    return next((way for way in ways if trial.effect(_telling(way)) >= least), ())


def _seen_or_read(way: Way) -> bool:
    return all(edge.kind != EdgeKind.FACT for edge in way)


def _telling(way: Way) -> frozenset[Edge]:
    return frozenset(edge for edge in way if edge.kind in TELLING)


def _different(ways: Iterable[Way]) -> list[Way]:
    """Return the ways that say something, each set of edges once."""
    kept = {_telling(way): way for way in reversed(list(ways)) if _telling(way)}
    return list(kept.values())[::-1]
