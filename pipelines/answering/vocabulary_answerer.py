"""The answerer with a closed vocabulary: its inputs from the graph, its gate, its answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from graph_fusion.encoders import TextEncoder
from graph_fusion.encoders.bert import Bert
from graph_fusion.heads.graph import COUNT, POINTER, YES_NO
from graph_fusion.packed import packed
from graph_fusion.tensors import ANSWER_TYPES, Query
from graph_fusion.vocabulary_model import VocabularyAnswerer
from graph_fusion.vocabulary_tensors import QUESTION, VocabularyInput
from graph_fusion.weights import loading
from kg.english import normalise, singular_forms
from kg.files import write_text
from kg.graph import Edge, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.probabilities import Probabilities

MAX_SEEN, MAX_KNOWN = 14, 8
"""Names of objects and of concepts in the input: chosen by hand, for speed."""
MIN_SCORE = 0.3
"""Min score of an object in the input: chosen by hand."""
EVERYWHERE = frozenset(
    {"person", "man", "woman", "people", "thing", "object", "picture", "image", "photo", "type"}
)
"""Names whose facts are left out, since they bear on no question in particular."""
INHERITED_PENALTY = 0.15
"""Subtracted from the similarity of an inherited fact: chosen by hand."""


@dataclass(frozen=True, slots=True)
class NamedFact:
    """A fact by names; `about` is the index of an object's name, or `QUESTION`."""

    about: int
    relation: str
    object: str
    inherited: bool = False


class Nearness:
    """Similarity of facts to a question: cosines of the vectors of their names."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder = encoder

    def __call__(self, question: str, facts: Sequence[NamedFact]) -> list[float]:
        """Return for each fact the cosine of its relation plus that of its object."""
        used = list(dict.fromkeys(name for fact in facts for name in (fact.relation, fact.object)))
        query = self.encoder([question.lower()])[0]
        vectors = zip(used, self.encoder(used), strict=True)
        near = {name: float(vector @ query) for name, vector in vectors}
        return [
            near[fact.relation] + near[fact.object] - INHERITED_PENALTY * fact.inherited
            for fact in facts
        ]


def nearest_facts(
    question: str, seen: Sequence[str], facts: Sequence[NamedFact], nearness: Nearness
) -> VocabularyInput:
    """Return the question with the names of objects and the facts most similar to it.

    A fact about two objects connects their names; another fact adds the name of its object.
    """
    return _joined(question, seen, [facts[place] for place in _order(question, facts, nearness)])


def _order(question: str, facts: Sequence[NamedFact], nearness: Nearness) -> list[int]:
    """Return the places of the facts, those most similar to the question first."""
    near = nearness(question, facts) if facts else []
    return sorted(range(len(facts)), key=lambda i: (-near[i], i))


def _joined(question: str, seen: Sequence[str], facts: Iterable[NamedFact]) -> VocabularyInput:
    """Return the input of a question, with the names that the first facts bring."""
    place = {name: number for number, name in reversed(list(enumerate(seen)))}
    known: dict[str, int] = {}
    edges: dict[tuple[int, int, str], None] = {}
    for fact in facts:
        target = place.get(fact.object)
        if target is None:
            if fact.object not in known and len(known) == MAX_KNOWN:
                continue
            target = len(seen) + known.setdefault(fact.object, len(known))
        if fact.about != target:
            edges[fact.about, target, fact.relation] = None
    return VocabularyInput(question, tuple(seen), tuple(known), tuple(edges))


@dataclass(frozen=True, slots=True)
class NamedGraph:
    """What a graph gives the vocabulary network to read about a question.

    facts: the most similar to the question first, each with the edges on which it stands: the link
        from a name to a concept, and what is stated of the concept.
    """

    question: str
    seen: tuple[str, ...]
    facts: tuple[tuple[NamedFact, frozenset[Edge]], ...]

    @classmethod
    def of(cls, graph: SceneGraph, question: str, nearness: Nearness) -> NamedGraph:
        """Read `graph`."""
        place: dict[str, int] = {}
        seen: dict[str, int] = {}
        for kind in (NodeKind.OBJECT, NodeKind.SCENE):
            for node in graph.nodes(kind):
                used = node.score >= MIN_SCORE or kind == NodeKind.SCENE
                if used and (node.label in seen or len(seen) < MAX_SEEN):
                    place[node.id] = seen.setdefault(node.label, len(seen))
        facts = _facts(graph, _positions(graph, place))
        order = _order(question, [fact for fact, _ in facts], nearness)
        return cls(question, tuple(seen), tuple(facts[number] for number in order))

    def without(self, deleted: Collection[Edge]) -> VocabularyInput:
        """Return the network's input after a deletion of edges."""
        gone = frozenset(deleted)
        left = (fact for fact, edges in self.facts if gone.isdisjoint(edges))
        return _joined(self.question, self.seen, left)


def _positions(graph: SceneGraph, place: Mapping[str, int]) -> dict[str, list[tuple[int, Edge]]]:
    """Return for each concept the positions of the names linked to it, with the links.

    The position of words of the question is `QUESTION`.
    """
    positions: dict[str, list[tuple[int, Edge]]] = {}
    for edge in graph.edges(EdgeKind.LINK):
        in_text = graph.node(edge.source).kind == NodeKind.ENTITY
        about = QUESTION if in_text else place.get(edge.source)
        if about is not None and graph.node(edge.target).label not in EVERYWHERE:
            positions.setdefault(edge.target, []).append((about, edge))
    return positions


def _facts(
    graph: SceneGraph, positions: Mapping[str, Sequence[tuple[int, Edge]]]
) -> list[tuple[NamedFact, frozenset[Edge]]]:
    return [
        (
            NamedFact(about, edge.relation, graph.node(edge.target).label, bool(edge.via)),
            frozenset((link, edge)),
        )
        for edge in graph.edges(EdgeKind.FACT)
        for about, link in positions.get(edge.source, ())
    ]


GATE_FILE = "mixing.json"
FEATURES = (
    "pointer",
    "yes/no route",
    "count route",
    "graph unsure",
    "graph's best",
    "graph's best with equally right ones",
    "vocabulary's best",
    "vocabulary's lead",
    "vocabulary on the graph's best",
    "graph on the vocabulary's best",
    "vocabulary on yes and no",
    *(f"asks for {kind}" for kind in ANSWER_TYPES),
)


@dataclass(frozen=True, slots=True)
class Gate:
    """The vocabulary's share 1 / (1 + exp(-(w · x + b))); the graph's is the rest.

    weights: one for each of `FEATURES`, found by the likelihood of right answers
        (`pipelines.training.answering.gate`).
    """

    weights: tuple[float, ...]
    bias: float

    def share(
        self, graph: Probabilities, vocabulary_scores: Mapping[str, float], answer_type: str
    ) -> float:
        """Return the share of the vocabulary in [0, 1]."""
        values = features(graph, vocabulary_scores, answer_type)
        total = self.bias + sum(w * x for w, x in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))

    def save(self, folder: Path) -> None:
        write_text(folder / GATE_FILE, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Gate:
        """Read what `save` wrote.

        Raises:
            SightGraphError: the file is missing or does not fit.
        """
        with loading("answerer", folder):
            stored = json.loads((folder / GATE_FILE).read_text(encoding="utf-8"))
            gate = cls(tuple(map(float, stored["weights"])), float(stored["bias"]))
            if len(gate.weights) != len(FEATURES):
                raise ValueError(
                    f"{GATE_FILE} has {len(gate.weights)} weights, not {len(FEATURES)}"
                )
        return gate


def features(
    graph: Probabilities, vocabulary_scores: Mapping[str, float], answer_type: str
) -> tuple[float, ...]:
    """Return the numbers that `FEATURES` names."""
    seen = graph.graph_scores()
    known = max(seen, key=lambda text: seen[text], default="")
    ranked = sorted(vocabulary_scores, key=lambda text: -vocabulary_scores[text])[:2]
    first, second = (vocabulary_scores[text] for text in ranked) if len(ranked) == 2 else (0.0, 0.0)
    return (
        float(graph.route[POINTER]),
        float(graph.route[YES_NO]),
        float(graph.route[COUNT]),
        graph.no_answer,
        seen.get(known, 0.0),
        graph.graph_best(),
        first,
        first - second,
        vocabulary_scores.get(known, 0.0),
        seen.get(ranked[0], 0.0) if ranked else 0.0,
        vocabulary_scores.get("yes", 0.0) + vocabulary_scores.get("no", 0.0),
        *(float(answer_type == kind) for kind in ANSWER_TYPES),
    )


MAX_ANSWERS = 50
"""Answers with the highest probability that are read for each question: chosen by hand."""


class VocabularyPredictor:
    """Predicts answers of a closed vocabulary; the objects and facts of the graph are its input."""

    def __init__(self, network: VocabularyAnswerer, gate: Gate) -> None:
        self.network = network
        self.gate = gate
        self.nearness = Nearness(network.wording.encoder)

    @classmethod
    def load(cls, folder: Path, encoder: TextEncoder) -> VocabularyPredictor | None:
        """Load the vocabulary network of an answerer's folder; None if the folder has none."""
        if not (folder / GATE_FILE).is_file():
            return None
        network = VocabularyAnswerer.load(folder, encoder)
        for part in [one for model in network.models for one in model.modules()]:
            if isinstance(part, Bert):
                packed(part)
        return cls(network, Gate.load(folder))

    def read(self, graph: SceneGraph, question: str) -> NamedGraph:
        """Return what the network reads of `graph`."""
        return NamedGraph.of(graph, question, self.nearness)

    def __call__(
        self,
        graph: NamedGraph,
        deletions: Sequence[Collection[Edge]] = ((),),
        holds_back: bool = True,
    ) -> list[Mapping[str, float]]:
        """Return the most probable answers from the graph, after each deletion of edges.

        holds_back: whether answers that only repeat the question are held back.
        """
        inputs = [graph.without(one) for one in deletions]
        different = {one: number for number, one in enumerate(dict.fromkeys(inputs))}
        chances = self.network(list(different), holds_back)
        best = chances.topk(min(MAX_ANSWERS, chances.shape[1]), dim=1)
        names, words = self.network.config.answers, self.network.config.words
        answers: list[dict[str, float]] = []
        for row, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True):
            spoken: dict[str, float] = {}
            for number, share in zip(row, shares, strict=True):
                name = in_whole_words(names[number], words, graph.question)
                spoken[name] = spoken.get(name, 0.0) + share
            answers.append(spoken)
        return [answers[different[one]] for one in inputs]

    def share(
        self, graph: Probabilities, vocabulary_scores: Mapping[str, float], query: Query
    ) -> float:
        """Return the share of the vocabulary in the answer, in [0, 1].

        It is lowered by the probability of user concepts, which the vocabulary network cannot
        know, and 0 where a fact states the answer.
        """
        if graph.stated:
            return 0.0
        share = self.gate.share(graph, vocabulary_scores, query.answer_type)
        return share * (1 - graph.user_concepts)


_DOING = re.compile(r"\b(?:doing|sport|activity|hobby)\b", re.IGNORECASE)
_TO_DO = re.compile(r"\b(?:do|does|did|can|could|would|should|will|to)\b.*\bdo\b", re.IGNORECASE)


def in_whole_words(answer: str, words: Mapping[str, Sequence[str]], question: str) -> str:
    """Return an answer as people say it, in the form that the question asks for.

    words: the forms of each answer, the most frequent first.

    >>> words = {"surf": ("surfing", "surf")}
    >>> [in_whole_words("surf", words, f"What {one}?") for one in ("is he doing", "can you do")]
    ['surfing', 'surf']
    """
    forms = words.get(answer, (answer,))
    if _DOING.search(question):
        return next((one for one in forms if _is_gerund(one)), forms[0])
    if _TO_DO.search(question):
        return next((one for one in forms if not _is_gerund(one)), forms[0])
    return forms[0]


def _is_gerund(form: str) -> bool:
    return form.partition(" ")[0].endswith("ing")


def merged_by_stem(
    graph: Probabilities, vocabulary_scores: Mapping[str, float]
) -> dict[str, float]:
    """Return the vocabulary's scores, each under the graph's answer that says the same, if any.

    "africa" becomes "Africa", and "cutting" becomes "cutting bread", where the graph has it. Graph
    and vocabulary then give one answer, which can rest on a fact.
    """
    scores = graph.graph_scores()
    labels = {label for group in graph.equal_answers() for label in group}
    with_form: dict[str, list[str]] = {}
    for label in labels:
        for form in _forms(label):
            with_form.setdefault(form, []).append(label)
    merged: dict[str, float] = {}
    for text, share in vocabulary_scores.items():
        forms = set() if text in labels else _forms(text)
        same = {label for form in forms for label in with_form.get(form, ())}
        name = max(same, key=lambda one: (scores[one], one), default=text)
        merged[name] = merged.get(name, 0.0) + share
    return merged


def _forms(name: str) -> set[str]:
    """Return a name in lower case, what it may be the plural of, and the gerund it begins with."""
    plain = normalise(name)
    doing = plain.partition(" ")[0] if _is_gerund(plain) else plain
    return {plain, doing, *singular_forms(plain)}
