"""From one graph and one question to an answer with its evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.heads.graph import POINTER, Scores
from graph_fusion.model import GraphAnswerer
from graph_fusion.tensors import GraphTensors, Query, TextTable, collate, graph_tensors
from kg.graph import Edge, SceneGraph
from kg.vocabulary import EdgeKind
from pipelines.answering.abilities import SURE, stated_ability
from pipelines.answering.attribution import Citing
from pipelines.answering.evidence import DONT_KNOW, Candidate, Evidence, completed, score_of
from pipelines.answering.probabilities import Probabilities
from pipelines.answering.query import equally_right, others_attributes
from pipelines.answering.vocabulary_answerer import Speaker, in_the_graphs_words
from pipelines.build.grounding import GENERIC_NOUNS

BATCH = 24
"""Graphs that are answered at once."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer of one graph; see `pipelines.answering.evidence.Answer`."""

    text: str
    candidates: tuple[Candidate, ...]
    evidence: Evidence

    @property
    def confidence(self) -> float:
        return score_of(self.text, self.candidates)


class Answerer:
    """Encodes the graph's texts, runs the networks, and reads answer and evidence off them.

    speaker: answers from a closed vocabulary beside the graph network, if there is one.
    """

    def __init__(
        self,
        model: GraphAnswerer,
        encoder: TextEncoder | None = None,
        speaker: Speaker | None = None,
    ) -> None:
        self.model = model
        self.encoder = encoder or TEXT_ENCODERS.make(model.config.text_encoder)
        self.speaker = speaker

    @classmethod
    def load(cls, folder: Path) -> Answerer:
        """Load what `sightgraph train answerer` wrote to `folder`, with a vocabulary if it has one.

        Raises:
            SightGraphError: a file is missing or does not fit.
        """
        model = GraphAnswerer.load(folder)
        encoder = TEXT_ENCODERS.make(model.config.text_encoder)
        return cls(model, encoder, Speaker.load(folder, encoder))

    @torch.inference_mode()
    def __call__(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray] | None = None
    ) -> Prediction:
        """Answer `query` from `graph`; regions: region feature [F] by node id."""
        if len(graph) == 0:
            return Prediction(DONT_KNOW, completed(()), Evidence())
        reading = self._read(graph, query, regions or {})
        said, strength = reading.answered()
        citing = Citing(graph, said, strength, query.topic, reading.without)
        if said.way == POINTER and _points_nowhere(graph, query.topic):
            return Prediction(DONT_KNOW, completed(()), citing.words())
        best, sure = said.best()
        lacking = self.speaker is None and said.unsure > sure
        if sure < self.model.config.threshold or lacking:
            return Prediction(DONT_KNOW, said.guesses(), citing.words())
        return Prediction(best, said.candidates(), citing(best))

    @torch.inference_mode()
    def graph_alone(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray]
    ) -> Probabilities:
        """Return what the graph network says, without the vocabulary."""
        return replace(self._read(graph, query, regions), speaker=None).answered()[0]

    @torch.inference_mode()
    def probability(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray], text: str
    ) -> float:
        """Return the probability that `text` answers `query`, whether or not it is the best."""
        if len(graph) == 0:
            return 0.0
        said, _ = self._read(graph, query, regions).answered()
        return said.of(text)

    @torch.inference_mode()
    def probabilities_without(
        self,
        graph: SceneGraph,
        query: Query,
        regions: Mapping[str, np.ndarray],
        text: str,
        deletions: Sequence[Collection[Edge]],
    ) -> list[float]:
        """Return the probability of `text` after each of `deletions`: edges that are taken out.

        The same as `probability` of `graph.without(*edges)`, for many deletions at once.
        """
        return self._read(graph, query, regions).without(text, deletions)

    def _read(self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray]) -> _Reading:
        table = TextTable()
        tensors = graph_tensors(graph, query, table, regions, self.model.config.region_features)
        texts = self.encoder(table.texts())
        return _Reading(self.model, graph, query, tensors, texts, self.speaker)


def _points_nowhere(graph: SceneGraph, topic: str | None) -> bool:
    """Whether the question is about "the object ..." or "this thing", and there is none."""
    if topic is None or topic not in graph or graph.node(topic).label not in GENERIC_NOUNS:
        return False
    return all(edge.kind != EdgeKind.MENTION for edge in graph.edges_from(topic))


@dataclass(frozen=True, slots=True)
class _Reading:
    """A graph and a question as tensors, to be answered whole or in parts.

    texts: [T, D] the vectors that the tensors' text rows point into.
    """

    model: GraphAnswerer
    graph: SceneGraph
    query: Query
    tensors: GraphTensors
    texts: Tensor
    speaker: Speaker | None = None

    def answered(self) -> tuple[Probabilities, dict[Edge, float]]:
        """Return what the network says, and how far the question opens each edge, in (0, 1)."""
        scores, fused = self.model(collate([self.tensors], self.texts))
        edges = self.graph.edges()
        gates = fused.weights["gates"].amax(dim=1).view(2, len(edges)).amax(dim=0)
        (said,) = self._probabilities(scores, [self.graph])
        return said, dict(zip(edges, gates.tolist(), strict=True))

    def without(self, text: str, deletions: Sequence[Collection[Edge]]) -> list[float]:
        """Return the probability of `text` after each of `deletions`."""
        edges = self.graph.edges()
        found: list[float] = []
        for start in range(0, len(deletions), BATCH):
            some = deletions[start : start + BATCH]
            cut = [_cut(self.tensors, edges, set(one)) for one in some]
            scores, _ = self.model(collate(cut, self.texts))
            graphs = [self.graph.without(*one) for one in some]
            found += [said.of(text) for said in self._probabilities(scores, graphs)]
        return found

    def _probabilities(self, scores: Scores, graphs: Sequence[SceneGraph]) -> list[Probabilities]:
        """Divide the scores of `graphs`, all with this graph's nodes."""
        pointer, yes_no, route = self.model.config.temperatures
        nodes, amount = self.graph.nodes(), len(graphs)
        node = torch.cat([scores.node.view(amount, -1), scores.none.view(amount, 1)], dim=1)
        for row, graph in enumerate(graphs):
            others = others_attributes(graph, self.query.topic)
            places = [place for place, one in enumerate(nodes) if one.id in others]
            node[row, places] = -torch.inf
        parts = zip(
            torch.softmax(scores.route / route, 1),
            torch.softmax(node / pointer, 1),
            torch.softmax(scores.yes_no / yes_no, 1),
            torch.sigmoid(scores.counted).view(amount, -1),
            strict=True,
        )
        said = [
            Probabilities(
                nodes,
                *part,
                options=self.query.options,
                alike=equally_right(graph, self.query.topic),
            )
            for part, graph in zip(parts, graphs, strict=True)
        ]
        said = [self._with_ability(one, graph) for one, graph in zip(said, graphs, strict=True)]
        if self.speaker is None:
            return said
        spoken = map(in_the_graphs_words, said, self.speaker(graphs, self.query.text))
        return [
            replace(one, spoken=words, share=self.speaker.share(one, words, self.query))
            for one, words in zip(said, spoken, strict=True)
        ]

    def _with_ability(self, said: Probabilities, graph: SceneGraph) -> Probabilities:
        """Return `said`, but for yes and no where facts state the ability that is asked for."""
        able = stated_ability(graph, self.query)
        if able is None:
            return said
        yes = SURE if able else 1 - SURE
        return replace(said, yes_no=said.yes_no.new_tensor([yes, 1 - yes, 0.0]), stated=True)


def _cut(tensors: GraphTensors, edges: Sequence[Edge], deleted: set[Edge]) -> GraphTensors:
    """Return `tensors` without the messages of the `deleted` edges."""
    kept = torch.tensor([edge not in deleted for edge in edges], dtype=torch.bool).repeat(2)
    return replace(
        tensors,
        senders=tensors.senders[kept],
        receivers=tensors.receivers[kept],
        relation=tensors.relation[kept],
        edge_features=tensors.edge_features[kept],
    )
