"""Knowledge scenes as a task: tokens in, a node of the graph out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from graph_fusion.encoders.text import encode_once, sentence_encoder
from graph_fusion.fusion import Fused, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.heads import HEADS
from graph_fusion.parts import make_part, name_and_options
from graph_fusion.tensors import GEOMETRY_FEATURES, TextTable, box_shares, places
from graph_fusion.training import Figures, Objective, TrainingConfig
from kg.errors import SightGraphError, unknown_name
from kg.graph import Node, SceneGraph
from kg.vocabulary import MEANS, EdgeKind, NodeKind
from pipelines.bench.task import (
    DEFAULT_CHOICE,
    MEASURE_BATCH,
    BenchTask,
    ModelChoice,
    Prepared,
    measured,
)
from pipelines.datasets.coco import VAL_SPLIT
from pipelines.datasets.splits import PARTS, Divided
from pipelines.generate.knowledge_scenes import SceneQuestion, read_parts, read_photos, write_parts
from pipelines.generate.scene_noise import noises

KINDS = (NodeKind.OBJECT, NodeKind.CONCEPT)
EDGES = (EdgeKind.MENTION, EdgeKind.LINK, EdgeKind.SPATIAL, EdgeKind.FACT)
EDGE_FEATURES = len(EDGES) + 1
"""Kind of the edge, and the likeness of its relation to the question."""
TEXTS = 2
"""Text tokens: the question, and the words that name an object."""


@dataclass(frozen=True, slots=True)
class SceneExample:
    """One question's graph; every edge stands twice, forward and backward.

    Shapes (N nodes, E messages):
        node_text, node_kind [N]; geometry [N, 6]; answers [N]: which nodes answer, bool
        senders, receivers [E]: nodes, and N + 1 for the words that name an object
        relation [E]: text row; kind [E]: index into `EDGES`; backward [E]
        texts [2]: rows of the question and of the name
    """

    node_text: Tensor
    node_kind: Tensor
    geometry: Tensor
    answers: Tensor
    senders: Tensor
    receivers: Tensor
    relation: Tensor
    kind: Tensor
    backward: Tensor
    texts: Tensor
    relations: int


@dataclass(frozen=True, slots=True)
class KnowledgeSceneBatch:
    """Examples one after another, padded to I nodes when they become tokens.

    Shapes: as `SceneExample`, with sample and place of each node [N], texts [B, 2],
    relations [B], rows of `vectors` [T, D]; senders and receivers are token numbers.
    """

    node_text: Tensor
    node_kind: Tensor
    geometry: Tensor
    answers: Tensor
    sample: Tensor
    place: Tensor
    senders: Tensor
    receivers: Tensor
    relation: Tensor
    kind: Tensor
    backward: Tensor
    texts: Tensor
    relations: Tensor
    vectors: Tensor


def example(question: SceneQuestion, table: TextTable) -> SceneExample:
    """Return the tensors of a question; new texts are added to `table`."""
    graph = question.graph
    nodes = graph.nodes()
    index = {node.id: number for number, node in enumerate(nodes)}
    name = len(nodes) + 1
    ends, rows, kinds = [], [], []
    for node in nodes:
        if node.kind == NodeKind.OBJECT and node.label == question.named:
            ends.append((name, index[node.id]))
            rows.append(table.row(MEANS))
            kinds.append(EDGES.index(EdgeKind.MENTION))
    for edge in graph.edges():
        ends.append((index[edge.source], index[edge.target]))
        rows.append(table.row(edge.relation))
        kinds.append(EDGES.index(edge.kind))
    forward = torch.tensor(ends, dtype=torch.long).view(-1, 2)
    relation, kind = torch.tensor(rows, dtype=torch.long), torch.tensor(kinds, dtype=torch.long)
    return SceneExample(
        node_text=torch.tensor([table.row(node.label) for node in nodes], dtype=torch.long),
        node_kind=torch.tensor([_kind(node) for node in nodes], dtype=torch.long),
        geometry=torch.tensor([_geometry(graph, node) for node in nodes]).view(
            -1, GEOMETRY_FEATURES
        ),
        answers=torch.tensor([_is_answer(node, question) for node in nodes], dtype=torch.bool),
        senders=torch.cat([forward[:, 0], forward[:, 1]]),
        receivers=torch.cat([forward[:, 1], forward[:, 0]]),
        relation=relation.repeat(2),
        kind=kind.repeat(2),
        backward=torch.arange(2 * len(ends)) >= len(ends),
        texts=torch.tensor([table.row(question.text), table.row(question.named)]),
        relations=question.relations,
    )


@dataclass(frozen=True, slots=True)
class SceneInputs(Inputs):
    """And the vectors of the nodes' labels: [B, I, D]."""

    labels: Tensor


class SceneFront(nn.Module):
    """Label, kind and place of each node, and the question's texts, as tokens."""

    def __init__(self, text_features: int, hidden: int) -> None:
        super().__init__()
        self.label = nn.Linear(text_features, hidden)
        self.kind = nn.Embedding(len(KINDS), hidden)
        self.geometry = nn.Linear(GEOMETRY_FEATURES, hidden)
        self.text = nn.ModuleList(nn.Linear(text_features, hidden) for _ in range(TEXTS))

    def forward(self, batch: KnowledgeSceneBatch) -> SceneInputs:
        samples, longest = len(batch.texts), longest_of(batch.place)
        nodes = self.label(batch.vectors[batch.node_text]) + self.kind(batch.node_kind)
        nodes = torch.relu(nodes + self.geometry(batch.geometry))
        image = nodes.new_zeros(samples, longest, nodes.shape[1])
        image = image.index_put((batch.sample, batch.place), nodes)
        labels = batch.vectors.new_zeros(samples, longest, batch.vectors.shape[1])
        labels[batch.sample, batch.place] = batch.vectors[batch.node_text]
        there = torch.zeros(samples, longest, dtype=torch.bool, device=image.device)
        there[batch.sample, batch.place] = True
        texts = batch.vectors[batch.texts]
        text = torch.stack([layer(texts[:, i]) for i, layer in enumerate(self.text)], dim=1)
        masks = Masks(there, torch.ones_like(batch.texts, dtype=torch.bool))
        graph = self._graph(batch, longest + TEXTS)
        return SceneInputs(image, torch.relu(text), graph, masks, labels, names=image)

    def _graph(self, batch: KnowledgeSceneBatch, length: int) -> TokenGraph:
        used, relation = torch.unique(batch.relation, return_inverse=True)
        relations = batch.vectors[used]
        sample = torch.div(batch.receivers, length, rounding_mode="floor")
        question = batch.vectors[batch.texts[:, 0]]
        likeness = (question @ relations.T)[sample, relation].unsqueeze(1)
        kind = nn.functional.one_hot(batch.kind, len(EDGES)).to(likeness.dtype)
        return TokenGraph(
            senders=batch.senders,
            receivers=batch.receivers,
            weights=torch.ones_like(likeness).squeeze(1),
            relation=relation,
            backward=batch.backward,
            relations=relations,
            features=torch.cat([kind, likeness], dim=1),
        )


class LabelChoice(nn.Module):
    """Log-probability of each node [B, I], as candidates that are read by their labels alone."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, fused: Fused, inputs: SceneInputs) -> Tensor:
        logs: Tensor = self.head(fused, inputs.labels, inputs.candidates)
        return logs


class KnowledgeSceneObjective(Objective[FusionModel, KnowledgeSceneBatch]):
    """-log of the probability of all right nodes together; accuracy by number of relations.

    vectors: [T, D] of the whole text table, of which a batch takes its own rows.
    """

    shares_batches = True

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors

    def collate(self, examples: Sequence[SceneExample]) -> KnowledgeSceneBatch:
        counts = torch.tensor([len(one.node_text) for one in examples])
        sample = torch.arange(len(examples)).repeat_interleave(counts)
        place, _ = places(sample, len(examples))
        longest = longest_of(place)
        rows = torch.cat(
            [
                *(one.node_text for one in examples),
                *(one.relation for one in examples),
                *(one.texts for one in examples),
            ]
        )
        used, row = torch.unique(rows, return_inverse=True)
        edges = sum(len(one.relation) for one in examples)
        node_text, relation, texts = row.split([len(sample), edges, TEXTS * len(examples)])
        ends = [
            [
                _token(end, number, len(one.node_text), longest)
                for end in (one.senders, one.receivers)
            ]
            for number, one in enumerate(examples)
        ]
        return KnowledgeSceneBatch(
            node_text=node_text,
            node_kind=torch.cat([one.node_kind for one in examples]),
            geometry=torch.cat([one.geometry for one in examples]),
            answers=torch.cat([one.answers for one in examples]),
            sample=sample,
            place=place,
            senders=torch.cat([one[0] for one in ends]),
            receivers=torch.cat([one[1] for one in ends]),
            relation=relation,
            kind=torch.cat([one.kind for one in examples]),
            backward=torch.cat([one.backward for one in examples]),
            texts=texts.view(-1, TEXTS),
            relations=torch.tensor([one.relations for one in examples]),
            vectors=self.vectors[used],
        )

    def loss(self, model: FusionModel, batch: KnowledgeSceneBatch) -> tuple[Tensor, Figures]:
        logs = model(batch)
        right = _padded(batch, logs.shape[1])
        lowest = torch.finfo(logs.dtype).min
        return -torch.logsumexp(logs.masked_fill(~right, lowest), dim=1).mean(), {}

    def figures(self, model: FusionModel, batch: KnowledgeSceneBatch) -> Figures:
        logs = model(batch)
        right = _padded(batch, logs.shape[1])
        hit = right.gather(1, logs.argmax(1, keepdim=True)).squeeze(1)
        figures = {"accuracy": (hit.sum(), len(hit))}
        for relations in (1, 2, 3):
            chosen = batch.relations == relations
            figures[f"accuracy, {relations} relations"] = (hit[chosen].sum(), int(chosen.sum()))
        return figures


def longest_of(place: Tensor) -> int:
    """Return to how many nodes a batch is padded; at least 1, where nothing was seen."""
    return int(place.max()) + 1 if len(place) else 1


def _padded(batch: KnowledgeSceneBatch, longest: int) -> Tensor:
    """Return which token is an answer, as [B, I]."""
    right = torch.zeros(len(batch.texts), longest, dtype=torch.bool, device=batch.answers.device)
    right[batch.sample, batch.place] = batch.answers
    return right


def _token(end: Tensor, number: int, nodes: int, longest: int) -> Tensor:
    """Return the token numbers of one example's nodes and texts in a padded batch."""
    shifted = torch.where(end >= nodes, end - nodes + longest, end)
    return shifted + number * (longest + TEXTS)


def _kind(node: Node) -> int:
    return KINDS.index(NodeKind.OBJECT if node.kind == NodeKind.OBJECT else NodeKind.CONCEPT)


def _is_answer(node: Node, question: SceneQuestion) -> bool:
    return node.kind != NodeKind.OBJECT and node.label in question.answers


def _geometry(graph: SceneGraph, node: Node) -> list[float]:
    if node.box is None or graph.photo is None:
        return [0.0] * GEOMETRY_FEATURES
    return [*box_shares(node.box, graph.photo), node.score]


class KnowledgeScenes(BenchTask):
    """Questions over one to three relations, with concepts that training never shows."""

    name = "knowledge-scenes"
    measures = (
        "accuracy",
        "accuracy, 1 relations",
        "accuracy, 2 relations",
        "accuracy, 3 relations",
    )
    sizes = FusionConfig(hidden=64, layers=5, relation_features=384, edge_features=EDGE_FEATURES)
    training = TrainingConfig(
        epochs=8, batch_size=64, learning_rate=3e-3, watch="accuracy", watch_for="max"
    )
    configurable = ("text_encoder", "head", "layer")
    questions = 20
    """At most so many about each photograph."""

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError("knowledge-scenes needs --data, a folder like coco_mini.")
        self.data = data
        self.parts = write_parts(data, self.questions)
        self.table = TextTable()
        train, validation, test = (
            [example(one, self.table) for one in self.parts[part]] for part in PARTS
        )
        self.encoder = sentence_encoder(choice.text_encoder or "minilm", self.table.texts())
        self.vectors = encode_once(self.table.texts(), self.encoder)
        return Prepared(KnowledgeSceneObjective(self.vectors), train, validation, test)

    def training_records(self, data: Path) -> Sequence[Divided]:
        return read_parts(data)["train"]

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        hidden, features = choice.sizes.hidden, self.encoder.dim
        name, _ = name_and_options(choice.head or "pointer", HEADS.kind)
        if name not in ("pointer", "choice"):
            raise unknown_name("head of knowledge-scenes", name, ("pointer", "choice"))
        front = SceneFront(features, hidden)
        made = make_part(HEADS, choice.head or "pointer", hidden=hidden, text_features=features)
        head = made if name == "pointer" else LabelChoice(made)
        return FusionModel(
            front,
            choice.fusion,
            replace(choice.sizes, relation_features=features),
            head,
            choice.missing,
            choice.control,
        )

    def curve(self, model: nn.Module, prepared: Prepared) -> dict[str, float]:
        photos = read_photos(self.data, VAL_SPLIT)
        points = {}
        for noise in noises(photos, self.data, seed=0):
            points[noise.name] = self._accuracy(model, noise.apply(self.parts["held-out"]))
        return points

    def _accuracy(self, model: nn.Module, questions: Sequence[SceneQuestion]) -> float:
        examples = [example(one, self.table) for one in questions]
        new = self.table.texts()[len(self.vectors) :]  # labels that only the noise brought in
        if new:
            self.vectors = torch.cat([self.vectors, self.encoder(new)])
        figures = measured(model, KnowledgeSceneObjective(self.vectors), examples, MEASURE_BATCH)
        return figures[self.measures[0]]
