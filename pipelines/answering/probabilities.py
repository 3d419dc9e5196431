"""The output of the networks for one question: probabilities, and answers from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

from graph_fusion.heads.graph import COUNT, NO, POINTER, YES, YES_NO
from kg.english import all_forms
from kg.graph import Node
from kg.vocabulary import KNOWLEDGE, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Candidate, completed

MAX_CANDIDATES = 5
"""Candidates of an answer: chosen by hand."""
MIN_SCORE = 0.001
"""Min probability of a candidate: chosen by hand."""


@dataclass(frozen=True)
class Probabilities:
    """Probabilities of one question about a graph of N nodes.

    Shapes:
        route: [3] pointer, yes/no or count
        node: [N + 1] each node as the answer; the last that none is
        yes_no: [3] yes, no, unknown
        counted: [N] whether each node is one of those counted

    vocabulary_scores: the vocabulary's answers with probabilities; share: their weight in [0, 1].
    options: the alternatives that the question names; other answers are left out if one is found.
    alike: groups of ids of nodes that answer the question equally well.
    stated: whether facts state yes or no (`pipelines.answering.stated_yes_no`).
    """

    nodes: list[Node]
    route: Tensor
    node: Tensor
    yes_no: Tensor
    counted: Tensor
    vocabulary_scores: Mapping[str, float] = field(default_factory=dict)
    share: float = 0.0
    options: tuple[str, ...] = ()
    alike: tuple[frozenset[str], ...] = ()
    stated: bool = False

    @property
    def answer_route(self) -> int:
        """The most probable route: `POINTER`, `YES_NO` or `COUNT`."""
        return int(self.route.argmax())

    @property
    def no_answer(self) -> float:
        """Probability that the answer is a graph node but none of the nodes is right."""
        none = self.route[POINTER] * self.node[-1]
        return (1 - self.share) * float(none + self.route[YES_NO] * self.yes_no[2])

    @property
    def user_concepts(self) -> float:
        """The graph's probability that the answer is a concept of the user's own knowledge."""
        places = [
            place
            for place, node in enumerate(self.nodes)
            if node.kind == NodeKind.CONCEPT and not node.id.startswith(KNOWLEDGE)
        ]
        return float(self.route[POINTER] * self.node[places].sum())

    def candidates(self) -> tuple[Candidate, ...]:
        """Return the answer, the most probable others, and "I don't know" for all the rest.

        Answers that are equally right are counted with the answer, and not listed again.
        """
        scores, (best, score) = self.scores(), self.best()
        included = self._counted_with(best)
        names = sorted(included, key=lambda text: (-scores[text], text))
        includes = tuple(one for one in names if scores[one] >= MIN_SCORE)
        others = {text: s for text, s in scores.items() if text != best and text not in included}
        named = _most_probable(_ranked(others), MAX_CANDIDATES - 1)
        return completed([Candidate(best, score, includes), *named])

    def guesses(self) -> tuple[Candidate, ...]:
        """Return the candidates of "I don't know": this first, then each answer by itself."""
        scores, (best, _) = self.scores(), self.best()
        others = {text: score for text, score in scores.items() if text != best}
        ranked = [Candidate(best, scores[best]), *_ranked(others)]
        named = _most_probable(ranked, MAX_CANDIDATES)
        *guesses, unknown = completed(named)
        return (unknown, *guesses)

    def of(self, text: str) -> float:
        """Return the probability that the answer is `text`, also where it is not the best."""
        return self.scores().get(text, 0.0)

    def group_scores(self) -> dict[str, float]:
        """Return the probability of each answer, summed with those that are equally right."""
        scores = self.scores()
        rated = dict(scores)
        for group in self.equal_answers():
            texts = [text for text in group if text in scores]
            total = sum(scores[text] for text in texts)
            rated |= {text: max(rated[text], total) for text in texts}
        return rated

    def best(self) -> tuple[str, float]:
        """Return the answer with the highest summed probability (`group_scores`), and that sum.

        Among equally right answers, the one with the highest probability of its own is returned.
        """
        rated, scores = self.group_scores(), self.scores()
        best = min(rated, key=lambda text: (-rated[text], -scores[text], text))
        return best, rated[best]

    def _counted_with(self, best: str) -> frozenset[str]:
        """Return the other answers whose probability is part of the score of `best`."""
        scores = self.scores()
        groups = [[one for one in group if one in scores] for group in self.equal_answers()]
        totals = {
            frozenset(group) - {best}: sum(scores[one] for one in group)
            for group in groups
            if best in group
        }
        return max(totals, key=lambda group: (totals[group], sorted(group)), default=frozenset())

    def graph_best(self) -> float:
        """Return the highest probability of the graph alone, summed over equally right answers."""
        scores = self.graph_scores()
        groups = [sum(scores[text] for text in group) for group in self.equal_answers()]
        return max([*scores.values(), *groups], default=0.0)

    def equal_answers(self) -> list[list[str]]:
        """Return the names of the answers that are equally right, in groups."""
        if self.answer_route != POINTER or not self.alike:
            return []
        label = {node.id: node.label for node in self.nodes if node.kind != NodeKind.ENTITY}
        return [sorted({label[one] for one in group if one in label}) for group in self.alike]

    def target(self, text: str) -> Node | None:
        """Return the most probable node with the label `text` that is no word of the question."""
        matching = [
            place
            for place, node in enumerate(self.nodes)
            if node.label == text and node.kind != NodeKind.ENTITY
        ]
        if not matching:
            return None
        return self.nodes[max(matching, key=lambda place: float(self.node[place]))]

    def counted_objects(self) -> list[Node]:
        """Return the objects that are counted."""
        chosen = zip(self.nodes, self.counted.tolist(), strict=True)
        return [node for node, share in chosen if node.kind == NodeKind.OBJECT and share > 0.5]

    def scores(self) -> dict[str, float]:
        """Return the probability of each answer by graph and vocabulary together."""
        mixed = {text: (1 - self.share) * score for text, score in self.graph_scores().items()}
        for text, score in self.vocabulary_scores.items():
            mixed[text] = mixed.get(text, 0.0) + self.share * score
        mixed.pop(DONT_KNOW, None)  # in case a node has this label
        if not self.options:
            return mixed
        return restrict_to_options(mixed, self.options) or mixed

    def graph_scores(self) -> Mapping[str, float]:
        """Return the probability of each answer by the graph alone."""
        return self._graph_scores

    @cached_property
    def _graph_scores(self) -> dict[str, float]:
        scores: dict[str, float] = defaultdict(float)
        pointed = (self.route[POINTER] * self.node).tolist()
        for node, score in zip(self.nodes, pointed, strict=False):
            if node.kind != NodeKind.ENTITY:
                scores[node.label] += score
        scores["yes"] += float(self.route[YES_NO] * self.yes_no[YES])
        scores["no"] += float(self.route[YES_NO] * self.yes_no[NO])
        count = len(self.counted_objects())
        scores[str(count)] += float(self.route[COUNT]) * self._count_probability()
        return scores

    def _count_probability(self) -> float:
        """Return the probability that every object is rightly counted or left out."""
        product = 1.0
        for node, share in zip(self.nodes, self.counted.tolist(), strict=True):
            if node.kind == NodeKind.OBJECT:
                product *= max(share, 1 - share)
        return product


def restrict_to_options(scores: Mapping[str, float], options: tuple[str, ...]) -> dict[str, float]:
    """Return those of `scores` (by text) that are one of `options`; empty, where none is.

    A text is an option in any form of its words ("tree" is "trees"). The probability that is on no
    option says nothing of which of them is right: each has an equal share of it. So two options
    of which hardly anything is known have a half each.

    >>> restrict_to_options({"tree": 0.3, "yes": 0.6, "ground": 0.1}, ("trees", "ground"))
    {'tree': 0.6, 'ground': 0.4}
    """
    forms = {text: set(all_forms(text)) for text in scores}
    named = [[t for t in scores if forms[t] & set(all_forms(one))] for one in options]
    matching = {text: scores[text] for texts in named for text in texts}
    rest = max(0.0, 1 - sum(matching.values()))
    for texts in filter(None, named):
        matching[max(texts, key=lambda text: scores[text])] += rest / len(options)
    return matching


def _ranked(scores: Mapping[str, float]) -> list[Candidate]:
    ranked = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    return [Candidate(text, score) for text, score in ranked]


def _most_probable(ranked: list[Candidate], most: int) -> list[Candidate]:
    return [one for one in ranked[:most] if one.score >= MIN_SCORE]
