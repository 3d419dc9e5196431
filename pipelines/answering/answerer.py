"""The answerer: runs the networks on a graph and a question, returns answer and evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.heads.graph import Scores
from graph_fusion.model import GraphAnswerer
from graph_fusion.tensors import GraphTensors, Query, TextTable, collate, graph_tensors
from kg.errors import SightGraphError
from kg.graph import Edge, SceneGraph
from pipelines.answering.attribution import Attribution, Without
from pipelines.answering.evidence import DONT_KNOW, Candidate, Evidence, completed
from pipelines.answering.prediction import Prediction
from pipelines.answering.probabilities import Probabilities
from pipelines.answering.query import equally_right
from pipelines.answering.stated_yes_no import STATED_CONFIDENCE, stated_yes_no
from pipelines.answering.vocabulary_answerer import (
    NamedGraph,
    VocabularyPredictor,
    merged_by_stem,
)

BATCH = 24
"""Graphs in one batch: chosen by hand, for memory."""


@dataclass(frozen=True, slots=True)
class FusedQuestion:
    """A graph and a question after fusion: the input of answer and evidence.

    output: the networks' probabilities; None for an empty graph.
    gates: the gate of each edge, in (0, 1).
    without: the probability of an answer after deletions of edges.
    """

    graph: SceneGraph
    query: Query
    output: Probabilities | None
    gates: Mapping[Edge, float]
    without: Without


@dataclass(frozen=True)
class Answerer:
    """Encodes the graph's texts, runs the networks, and chooses answer and evidence.

    vocabulary: answers from a closed vocabulary beside the graph network, if there is one.
    without_rules: names of `pipelines.answering.rules.RULES` that are switched off.
    """

    model: GraphAnswerer
    encoder: TextEncoder
    vocabulary: VocabularyPredictor | None = None
    without_rules: frozenset[str] = frozenset()

    @classmethod
    def load(cls, folder: Path) -> Answerer:
        """Load what `sightgraph train answerer` wrote to `folder`, with a vocabulary if it has one.

        Raises:
            SightGraphError: a file is missing or does not fit, or the network is a control.
        """
        model = GraphAnswerer.load(folder)
        if model.config.control is not None:
            raise SightGraphError(
                f"the network in {folder} was trained under the control '{model.config.control}', "
                "and cannot say what its answers rest on. It can be measured by 'sightgraph "
                "evaluate answerer --model'."
            )
        encoder = TEXT_ENCODERS.make(model.config.text_encoder)
        return cls(model, encoder, VocabularyPredictor.load(folder, encoder))

    @property
    def name(self) -> str:
        return f"{self.model.config.fusion} fusion"

    @torch.inference_mode()
    def __call__(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray] | None = None
    ) -> Prediction:
        """Answer `query` from `graph`; regions: region feature [F] by node id."""
        fused = self.fuse(graph, query, regions or {})
        text, candidates = self.answer(fused)
        return Prediction(text, candidates, self.cite(fused, text))

    @torch.inference_mode()
    def fuse(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray]
    ) -> FusedQuestion:
        """Run the networks over the graph and the question."""
        if len(graph) == 0:
            return FusedQuestion(graph, query, None, {}, lambda _, sets: [0.0] * len(sets))
        encoded = self._encode(graph, query, regions)
        return FusedQuestion(graph, query, *encoded.outputs(), encoded.without)

    def applies(self, rule: str) -> bool:
        """Whether a rule is not switched off."""
        return rule not in self.without_rules

    def answer(self, fused: FusedQuestion) -> tuple[str, tuple[Candidate, ...]]:
        """Return the answer and its candidates.

        "I don't know" if the graph is empty or, without a vocabulary, if most likely no node is
        right. An improbable answer is given: its confidence says how improbable it is.
        """
        output = fused.output
        if output is None:
            return DONT_KNOW, completed(())
        best, score = output.best()
        if self.vocabulary is None and output.no_answer > score:
            return DONT_KNOW, output.guesses()
        return best, output.candidates()

    @torch.inference_mode()
    def cite(self, fused: FusedQuestion, text: str) -> Evidence:
        """Return the evidence for the answer `text`; for "I don't know", what the words denote."""
        if fused.output is None:
            return Evidence()
        attribution = Attribution(
            fused.graph, fused.output, fused.gates, fused.query.topic, fused.without
        )
        return attribution.words() if text == DONT_KNOW else attribution(text)

    @torch.inference_mode()
    def graph_alone(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray]
    ) -> Probabilities:
        """Return the output of the graph network, without the vocabulary."""
        return replace(self, vocabulary=None)._encode(graph, query, regions).outputs()[0]

    def probability(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray], text: str
    ) -> float:
        """Return the probability of the answer `text`, which need not be the best."""
        output = self.fuse(graph, query, regions).output
        return 0.0 if output is None else output.of(text)

    @torch.inference_mode()
    def probabilities_without(
        self,
        graph: SceneGraph,
        query: Query,
        regions: Mapping[str, np.ndarray],
        text: str,
        deletions: Sequence[Collection[Edge]],
    ) -> list[float]:
        """Return the probability of `text` after each of `deletions` (sets of edges).

        This equals `probability` of `graph.without(*edges)`, for many deletions at once.
        """
        return self._encode(graph, query, regions).without(text, deletions)

    def _encode(
        self, graph: SceneGraph, query: Query, regions: Mapping[str, np.ndarray]
    ) -> EncodedQuestion:
        table = TextTable()
        tensors = graph_tensors(graph, query, table, regions, self.model.config.region_features)
        texts = self.encoder(table.texts())
        named = None if self.vocabulary is None else self.vocabulary.read(graph, query.text)
        return EncodedQuestion(self, graph, query, tensors, texts, named)


@dataclass(frozen=True, slots=True)
class EncodedQuestion:
    """A graph and a question as tensors, to be answered whole or in parts.

    texts: [T, D] the vectors that the tensors' text rows point into.
    named: what the vocabulary's network reads of the graph, where there is one.
    """

    answerer: Answerer
    graph: SceneGraph
    query: Query
    tensors: GraphTensors
    texts: Tensor
    named: NamedGraph | None = None

    def outputs(self) -> tuple[Probabilities, dict[Edge, float]]:
        """Return the networks' output, and the gate of each edge in (0, 1)."""
        scores, fused = self.answerer.model(collate([self.tensors], self.texts))
        edges = self.graph.edges()
        gates = fused.weights["gates"].amax(dim=1).view(2, len(edges)).amax(dim=0)
        (output,) = self._probabilities(scores, [()])
        return output, dict(zip(edges, gates.tolist(), strict=True))

    def without(self, text: str, deletions: Sequence[Collection[Edge]]) -> list[float]:
        """Return the probability of `text` after each of `deletions`."""
        place = {edge: number for number, edge in enumerate(self.graph.edges())}
        found: list[float] = []
        for start in range(0, len(deletions), BATCH):
            some = deletions[start : start + BATCH]
            cut = [_cut(self.tensors, [place[e] for e in one if e in place]) for one in some]
            scores, _ = self.answerer.model(collate(cut, self.texts))
            found += [output.of(text) for output in self._probabilities(scores, some)]
        return found

    def _probabilities(
        self, scores: Scores, deletions: Sequence[Collection[Edge]]
    ) -> list[Probabilities]:
        """Return the probabilities after each of `deletions`, for which `scores` are."""
        graphs = [self.graph.without(*one) if one else self.graph for one in deletions]
        answerer, topic = self.answerer, self.query.topic
        pointer, yes_no, route = answerer.model.config.temperatures
        nodes, amount = self.graph.nodes(), len(graphs)
        node = torch.cat([scores.node.view(amount, -1), scores.none.view(amount, 1)], dim=1)
        parts = zip(
            torch.softmax(scores.route / route, 1),
            torch.softmax(node / pointer, 1),
            torch.softmax(scores.yes_no / yes_no, 1),
            torch.sigmoid(scores.counted).view(amount, -1),
            strict=True,
        )
        outputs = [
            self._with_stated(
                Probabilities(
                    nodes,
                    *part,
                    options=self.query.options if answerer.applies("options") else (),
                    alike=equally_right(graph, topic) if answerer.applies("equal-answers") else (),
                ),
                graph,
            )
            for part, graph in zip(parts, graphs, strict=True)
        ]
        vocabulary = answerer.vocabulary
        if vocabulary is None or self.named is None:
            return outputs
        said = vocabulary(self.named, deletions, answerer.applies("repeated"))
        if answerer.applies("same-word"):
            said = list(map(merged_by_stem, outputs, said))
        return [
            replace(one, vocabulary_scores=words, share=vocabulary.share(one, words, self.query))
            for one, words in zip(outputs, said, strict=True)
        ]

    def _with_stated(self, output: Probabilities, graph: SceneGraph) -> Probabilities:
        """Return `output`, with yes and no set where facts state what is asked."""
        true = stated_yes_no(graph, self.query)
        if true is None or not self.answerer.applies("stated"):
            return output
        yes = STATED_CONFIDENCE if true else 1 - STATED_CONFIDENCE
        return replace(output, yes_no=output.yes_no.new_tensor([yes, 1 - yes, 0.0]), stated=True)


def _cut(tensors: GraphTensors, deleted: list[int]) -> GraphTensors:
    """Return `tensors` without the messages of the edges in these places."""
    remaining = torch.ones(2, len(tensors.senders) // 2, dtype=torch.bool)
    remaining[:, deleted] = False
    remaining = remaining.flatten()
    return replace(
        tensors,
        senders=tensors.senders[remaining],
        receivers=tensors.receivers[remaining],
        relation=tensors.relation[remaining],
        edge_features=tensors.edge_features[remaining],
    )
