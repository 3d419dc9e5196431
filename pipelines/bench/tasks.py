"""The tasks of the bench."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.fusion import FusionConfig
from graph_fusion.fusion_model import FusionModel
from graph_fusion.layers import LAYERS
from graph_fusion.tensors import TextTable
from graph_fusion.training import TrainingConfig
from kg.errors import SightGraphError
from pipelines.bench import knowledge_scenes as scenes
from pipelines.bench import sort_of_clevr as shapes
from pipelines.bench.planetoid import NodeClassifier, NodeObjective
from pipelines.bench.task import (
    DEFAULT_CHOICE,
    MEASURE_BATCH,
    BenchTask,
    ModelChoice,
    Prepared,
    measured,
)
from pipelines.datasets.coco import VAL_SPLIT
from pipelines.datasets.planetoid import read_planetoid
from pipelines.generate.knowledge_scenes import SceneQuestion, read_photos, write_parts
from pipelines.generate.scene_noise import noises
from pipelines.generate.sort_of_clevr import pictures
from pipelines.training.answerer_examples import encode_texts

TRAIN_SEED, VALIDATION_SEED, TEST_SEED = 1, 2, 3
"""Seeds of the pictures, so that the three parts never share one."""
TEXT_FEATURES = 384


class SortOfClevr(BenchTask):
    """Six coloured shapes, from pixels; relational and other questions."""

    name = "sort-of-clevr"
    measures = ("accuracy", "relational", "non-relational")
    published = "Relation Networks: above 94 both; CNN + MLP: 63 relational (Santoro et al., 2017)"
    needs_data = False
    sizes = FusionConfig(
        hidden=64,
        layers=3,
        dropout=0.0,
        relation_features=shapes.RELATION_FEATURES,
        edge_features=shapes.EDGE_FEATURES,
    )
    training = TrainingConfig(
        epochs=18,
        batch_size=32,
        learning_rate=2e-3,
        warmup=0.05,
        watch="accuracy",
        watch_for="max",
    )
    amounts = (9800, 200, 1000)
    """Pictures of train, validation and test; the published set has 9,800 and 200."""

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        seeds = (TRAIN_SEED, VALIDATION_SEED, TEST_SEED)
        train, validation, test = (
            list(pictures(n, seed)) for n, seed in zip(self.amounts, seeds, strict=True)
        )
        return Prepared(shapes.ShapesObjective(), train, validation, test)

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        hidden = choice.sizes.hidden
        return FusionModel(
            shapes.ShapesFront(hidden),
            choice.fusion,
            choice.sizes,
            shapes.ClosedAnswer(hidden),
            choice.missing,
            choice.control,
        )


class KnowledgeScenes(BenchTask):
    """Questions over one to three relations, with concepts that training never shows."""

    name = "knowledge-scenes"
    measures = (
        "accuracy",
        "accuracy, 1 relations",
        "accuracy, 2 relations",
        "accuracy, 3 relations",
    )
    sizes = FusionConfig(
        hidden=64, layers=5, relation_features=TEXT_FEATURES, edge_features=scenes.EDGE_FEATURES
    )
    training = TrainingConfig(
        epochs=8, batch_size=64, learning_rate=3e-3, watch="accuracy", watch_for="max"
    )
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
            [scenes.example(one, self.table) for one in self.parts[part]]
            for part in ("train", "validation", "test")
        )
        self.encoder = TEXT_ENCODERS.make("minilm")
        self.vectors = encode_texts(self.table, self.encoder, cache / "texts.safetensors")
        return Prepared(scenes.SceneObjective(self.vectors), train, validation, test)

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        hidden = choice.sizes.hidden
        return FusionModel(
            scenes.SceneFront(TEXT_FEATURES, hidden),
            choice.fusion,
            choice.sizes,
            scenes.NodeChoice(hidden),
            choice.missing,
            choice.control,
        )

    def curve(self, model: nn.Module, prepared: Prepared) -> dict[str, float]:
        photos = read_photos(self.data, VAL_SPLIT)
        points = {}
        for noise in noises(photos, self.data, seed=0):
            points[noise.name] = self._accuracy(model, noise.apply(self.parts["test"]))
        return points

    def _accuracy(self, model: nn.Module, questions: Sequence[SceneQuestion]) -> float:
        examples = [scenes.example(one, self.table) for one in questions]
        new = self.table.texts()[len(self.vectors) :]  # labels that only the noise brought in
        if new:
            self.vectors = torch.cat([self.vectors, self.encoder(new)])
        figures = measured(model, scenes.SceneObjective(self.vectors), examples, MEASURE_BATCH)
        return figures[self.measures[0]]


class Cora(BenchTask):
    """Papers by topic, from their words and citations, with Planetoid's fixed split."""

    name = "cora"
    published = "GCN: 81.5 (Kipf & Welling, ICLR 2017, table 2)"
    sizes = FusionConfig(hidden=16, layers=2, dropout=0.5)
    training = TrainingConfig(
        epochs=200,
        learning_rate=0.01,
        weight_decay=0.0,
        schedule="constant",
        clip=None,
        watch="loss",
        save_every=1000,
    )

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError(f"{self.name} needs --data, Planetoid's folder.")
        graph = [read_planetoid(data, self.name)]
        return Prepared(NodeObjective(), graph, graph, graph, NodeObjective("test"))

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        (graph,) = prepared.train
        sizes = choice.sizes
        return NodeClassifier(
            choice.fusion,
            graph.features.shape[1],
            sizes.hidden,
            graph.classes,
            sizes.dropout,
            choice.control,
        )

    def choices(self) -> list[str]:
        return list(LAYERS)

    def controls(self, name: str) -> list[str]:
        return ["no_edges", "random_graph", "shuffled_edges"]


class Citeseer(Cora):
    """As Cora, on Citeseer."""

    name = "citeseer"
    published = "GCN: 70.3 (Kipf & Welling, ICLR 2017, table 2)"
