"""From what is seen, said and known to the names that the vocabulary answerer reads."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from graph_fusion.encoders import TextEncoder
from graph_fusion.heads.graph import COUNT, POINTER, YES_NO
from graph_fusion.tensors import ANSWER_TYPES, Query
from graph_fusion.vocabulary_model import VocabularyAnswerer
from graph_fusion.vocabulary_tensors import QUESTION, VocabularyInput
from graph_fusion.weights import loading
from kg.english import all_forms
from kg.files import write_text
from kg.graph import SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.probabilities import Probabilities

MAX_SEEN, MAX_KNOWN = 14, 8
"""Names of what is seen and known that are read; the best are taken."""
MIN_SCORE = 0.3
"""Objects that are less sure are not read."""
EVERYWHERE = frozenset(
    {"person", "man", "woman", "people", "thing", "object", "picture", "image", "photo", "type"}
)
"""Names whose facts say nothing about one question more than about another."""
INHERITED = 0.15
"""What a fact of a category is farther from the question than the thing's own."""


@dataclass(frozen=True, slots=True)
class NamedFact:
    """A fact by names; `about` is a number among what is seen, or `QUESTION`."""

    about: int
    relation: str
    object: str
    inherited: bool = False


class Nearness:
    """How near the names of facts are to a question: cosines of their vectors."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder = encoder

    def keep(self, names: Iterable[str]) -> None:
        """Encode `names` all at once; the encoder keeps their vectors."""
        self.encoder(list(dict.fromkeys(names)))

    def __call__(self, question: str, facts: Sequence[NamedFact]) -> list[float]:
        """Return for each fact the cosine of its relation plus that of its object."""
        used = list(dict.fromkeys(name for fact in facts for name in (fact.relation, fact.object)))
        asked = self.encoder([question.lower()])[0]
        vectors = zip(used, self.encoder(used), strict=True)
        near = {name: float(vector @ asked) for name, vector in vectors}
        return [
            near[fact.relation] + near[fact.object] - INHERITED * fact.inherited for fact in facts
        ]


def chosen(
    question: str, seen: Sequence[str], facts: Sequence[NamedFact], nearness: Nearness
) -> VocabularyInput:
    """Return the question with what is seen and the facts nearest to it.

    A fact whose object is seen joins the two; others bring a name of what is known.
    """
    place = {name: number for number, name in reversed(list(enumerate(seen)))}
    known: dict[str, int] = {}
    edges: dict[tuple[int, int, str], None] = {}
    near = nearness(question, facts) if facts else []
    for number in sorted(range(len(facts)), key=lambda i: (-near[i], i)):
        fact = facts[number]
        target = place.get(fact.object)
        if target is None:
            if fact.object not in known and len(known) == MAX_KNOWN:
                continue
            target = len(seen) + known.setdefault(fact.object, len(known))
        if fact.about != target:
            edges[fact.about, target, fact.relation] = None
    return VocabularyInput(question, tuple(seen), tuple(known), tuple(edges))


def worded(graph: SceneGraph, question: str, nearness: Nearness) -> VocabularyInput:
    """Return what the vocabulary answerer reads of the one graph."""
    place: dict[str, int] = {}
    seen: dict[str, int] = {}
    for kind in (NodeKind.OBJECT, NodeKind.SCENE):
        for node in graph.nodes(kind):
            sure = node.score >= MIN_SCORE or kind == NodeKind.SCENE
            if sure and (node.label in seen or len(seen) < MAX_SEEN):
                place[node.id] = seen.setdefault(node.label, len(seen))
    return chosen(question, list(seen), _facts(graph, _meant(graph, place)), nearness)


def _meant(graph: SceneGraph, place: Mapping[str, int]) -> dict[str, list[int]]:
    """Return for each concept who means it: names of what is seen, and the question."""
    meant: dict[str, list[int]] = {}
    for edge in graph.edges(EdgeKind.LINK):
        said = graph.node(edge.source).kind == NodeKind.ENTITY
        about = QUESTION if said else place.get(edge.source)
        if about is not None and graph.node(edge.target).label not in EVERYWHERE:
            meant.setdefault(edge.target, []).append(about)
    return meant


def _facts(graph: SceneGraph, meant: Mapping[str, Sequence[int]]) -> list[NamedFact]:
    return [
        NamedFact(about, edge.relation, graph.node(edge.target).label, bool(edge.via))
        for edge in graph.edges(EdgeKind.FACT)
        for about in meant.get(edge.source, ())
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
    """share = 1 / (1 + exp(-(w · x + b))), the vocabulary's; the rest is the graph's.

    weights: one for each of `FEATURES`, found by the likelihood of right answers
        (`pipelines.training.gate`).
    """

    weights: tuple[float, ...]
    bias: float

    def share(self, graph: Probabilities, spoken: Mapping[str, float], answer_type: str) -> float:
        """Return the share of the vocabulary, whose probabilities are `spoken`, in [0, 1]."""
        values = features(graph, spoken, answer_type)
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
            kept = json.loads((folder / GATE_FILE).read_text(encoding="utf-8"))
            mixing = cls(tuple(map(float, kept["weights"])), float(kept["bias"]))
            if len(mixing.weights) != len(FEATURES):
                raise ValueError(
                    f"{GATE_FILE} has {len(mixing.weights)} weights, not {len(FEATURES)}"
                )
        return mixing


def features(
    graph: Probabilities, spoken: Mapping[str, float], answer_type: str
) -> tuple[float, ...]:
    """Return the numbers that `FEATURES` names."""
    seen = graph.graph_scores()
    known = max(seen, key=lambda text: seen[text], default="")
    ranked = sorted(spoken, key=lambda text: -spoken[text])[:2]
    first, second = (spoken[text] for text in ranked) if len(ranked) == 2 else (0.0, 0.0)
    return (
        float(graph.route[POINTER]),
        float(graph.route[YES_NO]),
        float(graph.route[COUNT]),
        graph.unsure,
        seen.get(known, 0.0),
        graph.graphs_best(),
        first,
        first - second,
        spoken.get(known, 0.0),
        seen.get(ranked[0], 0.0) if ranked else 0.0,
        spoken.get("yes", 0.0) + spoken.get("no", 0.0),
        *(float(answer_type == kind) for kind in ANSWER_TYPES),
    )


KEPT = 50
"""Answers that are kept of each question, the best."""


class VocabularyPredictor:
    """Answers from a closed list of words, with what the graph shows and knows as input."""

    def __init__(self, vocabulary: VocabularyAnswerer, mixing: Gate) -> None:
        self.vocabulary = vocabulary
        self.mixing = mixing
        self.nearness = Nearness(vocabulary.wording.encoder)

    @classmethod
    def load(cls, folder: Path, encoder: TextEncoder) -> VocabularyPredictor | None:
        """Load the vocabulary of an answerer's folder; None where it has none."""
        if not (folder / GATE_FILE).is_file():
            return None
        return cls(VocabularyAnswerer.load(folder, encoder), Gate.load(folder))

    def __call__(self, graphs: Sequence[SceneGraph], question: str) -> list[Mapping[str, float]]:
        """Return the most probable answers to `question` from each of `graphs`."""
        named = [worded(graph, question, self.nearness) for graph in graphs]
        different = {one: number for number, one in enumerate(dict.fromkeys(named))}
        chances = self.vocabulary(list(different))[[different[one] for one in named]]
        best = chances.topk(min(KEPT, chances.shape[1]), dim=1)
        answers = self.vocabulary.config.answers
        return [
            {answers[number]: share for number, share in zip(row, shares, strict=True)}
            for row, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def share(self, said: Probabilities, spoken: Mapping[str, float], query: Query) -> float:
        """Return how far the vocabulary counts, in [0, 1].

        It was trained before the user's own things were known, and can say nothing of them; and
        what a fact states needs no guess.
        """
        if said.stated:
            return 0.0
        share = self.mixing.share(said, spoken, query.answer_type)
        return share * (1 - said.users_own)


def merged_by_stem(said: Probabilities, spoken: Mapping[str, float]) -> dict[str, float]:
    """Return `spoken` with words of one stem called as what is known of what is asked about.

    "drink" is said as "drinking", and "cut" as "cutting bread", where the graph knows these uses;
    so both sources speak of one answer, which can then rest on a fact.
    """
    scores = said.graph_scores()
    labels = {label for group in said.equal_answers() for label in group}
    heard: dict[str, float] = {}
    for text, share in spoken.items():
        same = [] if text in labels else [one for one in labels if _one_stem(text, one)]
        name = max(same, key=lambda one: (scores[one], one), default=text)
        heard[name] = heard.get(name, 0.0) + share
    return heard


def _one_stem(text: str, label: str) -> bool:
    doing = label.partition(" ")[0]
    same = all_forms(label) + (all_forms(doing) if doing.endswith("ing") else ())
    return not set(all_forms(text)).isdisjoint(same)
