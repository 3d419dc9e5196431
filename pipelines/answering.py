"""From one graph and one question to an answer with its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.heads.graph import COUNT, NO, POINTER, YES, YES_NO
from graph_fusion.model import GraphAnswerer
from graph_fusion.tensors import Query, TextTable, collate, graph_tensors
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.evidence import Candidate, Evidence
from pipelines.grounding import GENERIC_NOUNS
from pipelines.paths import best_path, openness

DONT_KNOW = "I don't know"
MAX_CANDIDATES = 5
TOPIC_OPEN = 0.5
"""A way from what is asked about is shown if it is this share as open as the openest."""
OPEN = 0.3
"""A way counts as evidence for yes when its narrowest edge is at least this open."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of one graph; see `pipelines.evidence.Answer`."""

    text: str
    confidence: float
    candidates: tuple[Candidate, ...]
    evidence: Evidence


class Answerer:
    """Encodes the graph's texts, runs the network, and reads answer and evidence off it."""

    def __init__(self, model: GraphAnswerer, encoder: TextEncoder | None = None) -> None:
        self.model = model
        self.encoder = encoder or TEXT_ENCODERS.make(model.config.text_encoder)

    @classmethod
    def load(cls, folder: Path) -> Answerer:
        """Load the model that `sightgraph train answerer` wrote to `folder`."""
        return cls(GraphAnswerer.load(folder))

    @torch.inference_mode()
    def __call__(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray] | None = None
    ) -> Reply:
        """Answer `query` from `graph`; regions: region feature [F] by node id."""
        if len(graph) == 0:
            return Reply(DONT_KNOW, 1.0, (), Evidence())
        result = self._run(graph, query, regions or {})
        if int(result.route.argmax()) == POINTER and _points_nowhere(graph, query.topic):
            return Reply(DONT_KNOW, 1.0, (), result.evidence_of_words())
        candidates = result.candidates()
        best = candidates[0] if candidates else Candidate(DONT_KNOW, 0.0)
        sure = result.confidence(best)
        if sure < self.model.config.threshold or result.unsure > sure:
            return Reply(DONT_KNOW, 1.0 - sure, candidates, result.evidence_of_words())
        return Reply(best.text, sure, candidates, result.evidence(best.text))

    def _run(self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray]) -> _Result:
        table = TextTable()
        tensors = graph_tensors(graph, query, table, regions, self.model.config.region_features)
        batch = collate([tensors], self.encoder(table.texts()))
        scores, fused = self.model(batch)
        pointer, yes_no, route = self.model.config.temperatures
        node = torch.cat([scores.node, scores.none]) / pointer
        edges = graph.edges()
        gates = fused.weights["gates"].amax(dim=1).view(2, len(edges)).amax(dim=0)
        return _Result(
            graph=graph,
            nodes=graph.nodes(),
            route=torch.softmax(scores.route[0] / route, 0),
            node=torch.softmax(node, 0),
            yes_no=torch.softmax(scores.yes_no[0] / yes_no, 0),
            counted=torch.sigmoid(scores.counted),
            attention=scores.attention,
            topic=query.topic,
            strength=dict(zip(edges, gates.tolist(), strict=True)),
        )


def _points_nowhere(graph: SceneGraph, topic: str | None) -> bool:
    """Whether the question is about "the object ..." or "this thing", and there is none."""
    if topic is None or topic not in graph or graph.node(topic).label not in GENERIC_NOUNS:
        return False
    return all(edge.kind != EdgeKind.MENTION for edge in graph.edges_from(topic))


@dataclass(frozen=True, slots=True)
class _Result:
    """Probabilities of one question: route [3], node [N + 1] with none last, yes_no [3]."""

    graph: SceneGraph
    nodes: list[Node]
    route: Tensor
    node: Tensor
    yes_no: Tensor
    counted: Tensor
    attention: Tensor
    topic: str | None
    strength: dict[Edge, float]

    @property
    def unsure(self) -> float:
        """The probability that the graph does not hold the answer."""
        none = self.route[POINTER] * self.node[-1]
        return float(none + self.route[YES_NO] * self.yes_no[2])

    def candidates(self) -> tuple[Candidate, ...]:
        scores: dict[str, float] = defaultdict(float)
        for node, score in zip(
            self.nodes, (self.route[POINTER] * self.node).tolist(), strict=False
        ):
            if node.kind != NodeKind.ENTITY:
                scores[node.label] += score
        scores["yes"] += float(self.route[YES_NO] * self.yes_no[YES])
        scores["no"] += float(self.route[YES_NO] * self.yes_no[NO])
        count, sureness = self._count()
        scores[str(count)] += float(self.route[COUNT]) * sureness
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        best = [Candidate(text, score) for text, score in ranked[:MAX_CANDIDATES]]
        return tuple(one for one in best if one.score >= 0.001)

    def evidence(self, text: str) -> Evidence:
        route = int(self.route.argmax())
        if route == COUNT:
            return self._evidence_of_count()
        if route == YES_NO:
            return self._evidence_of_yes_no()
        target = self._target(text)
        if target is None:
            return self.evidence_of_words()
        if target.kind == NodeKind.SCENE:  # said of the whole photograph, by no object's way
            return Evidence.from_path(self.graph, (), target)
        return Evidence.from_path(self.graph, self._path_to(target), target)

    def confidence(self, best: Candidate) -> float:
        """Return the probability that `best` is right.

        All facts of one subject and relation answer a question equally well, and training
        counts them as right together; so the probabilities of these are added up.
        """
        target = self._target(best.text) if int(self.route.argmax()) == POINTER else None
        if target is None:
            return best.score
        path = self._path_to(target)
        if not path or (path[-1].kind, path[-1].target) != (EdgeKind.FACT, target.id):
            return best.score
        alike = {
            edge.target
            for edge in self.graph.edges_from(path[-1].source)
            if (edge.kind, edge.relation) == (EdgeKind.FACT, path[-1].relation)
        }
        among = [i for i, node in enumerate(self.nodes) if node.id in alike]
        return max(best.score, float(self.route[POINTER] * self.node[among].sum()))

    def _target(self, text: str) -> Node | None:
        """Return the most probable node that is called `text` and is no word of the question."""
        matching = [
            i
            for i, node in enumerate(self.nodes)
            if node.label == text and node.kind != NodeKind.ENTITY
        ]
        if not matching:
            return None
        return self.nodes[max(matching, key=lambda i: float(self.node[i]))]

    def _path_to(self, target: Node) -> tuple[Edge, ...]:
        """Return the way to the answer: from what is asked about, if that is open too."""
        path = best_path(self.graph, self.strength, self._sources(), target.id)
        if self.topic is None or self.topic not in self.graph:
            return path
        asked = best_path(self.graph, self.strength, [self.topic], target.id)
        wide = TOPIC_OPEN * openness(path, self.strength)
        return asked if asked and openness(asked, self.strength) >= wide else path

    def evidence_of_words(self) -> Evidence:
        """What the words were found to mean: all that can be shown without an answer."""
        return Evidence.from_path(self.graph, self._meanings())

    def _evidence_of_count(self) -> Evidence:
        counted = [node for node in self._objects() if self._is_counted(node)]
        ids = {node.id for node in counted}
        mentions = self.graph.edges(EdgeKind.MENTION)
        return Evidence.from_path(
            self.graph, tuple(edge for edge in mentions if edge.target in ids), *counted
        )

    def _evidence_of_yes_no(self) -> Evidence:
        """The way between the two things that the question relates, if it is open."""
        words = [node for node in self.nodes if node.kind == NodeKind.ENTITY]
        paths = [
            path
            for i, first in enumerate(words)
            for second in words[i + 1 :]
            for path in (self._path_to_word(first, second), self._path_to_meaning(first, second))
        ]
        best = max(paths, key=self._tells, default=())
        if openness(best, self.strength) >= OPEN or self.yes_no[YES] > self.yes_no[NO]:
            return Evidence.from_path(self.graph, best or self._meanings())
        return self.evidence_of_words()

    def _path_to_word(self, first: Node, second: Node) -> tuple[Edge, ...]:
        return best_path(self.graph, self.strength, [first.id], second.id)

    def _path_to_meaning(self, first: Node, second: Node) -> tuple[Edge, ...]:
        """Return the way to the concept that `second` names, without `second`'s objects."""
        links = [e for e in self.graph.edges_from(second.id) if e.kind == EdgeKind.LINK]
        if not links:
            return ()
        link = max(links, key=self._weight)
        path = best_path(self.graph, self.strength, [first.id], link.target)
        return (*path, link) if path else ()

    def _tells(self, path: tuple[Edge, ...]) -> tuple[bool, float]:
        """A way that holds a fact or a place says more than one that only names things."""
        telling = (EdgeKind.FACT, EdgeKind.SPATIAL)
        open_ = openness(path, self.strength)
        return any(edge.kind in telling for edge in path) and open_ > 0.1, open_

    def _meanings(self) -> tuple[Edge, ...]:
        """For each word of the question, the object or else the concept that it most means."""
        chosen = []
        for node in self.nodes:
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

    def _sources(self) -> list[str]:
        words = [node.id for node in self.nodes if node.kind == NodeKind.ENTITY]
        return words or [node.id for node in self._objects()]

    def _objects(self) -> list[Node]:
        return [node for node in self.nodes if node.kind == NodeKind.OBJECT]

    def _is_counted(self, node: Node) -> bool:
        return bool(self.counted[self.nodes.index(node)] > 0.5)

    def _count(self) -> tuple[int, float]:
        """Return how many objects count, and the probability that each is judged rightly."""
        count, sureness = 0, 1.0
        for node, probability in zip(self.nodes, self.counted.tolist(), strict=True):
            if node.kind == NodeKind.OBJECT:
                count += probability > 0.5
                sureness *= max(probability, 1 - probability)
        return count, sureness
